"""Mailboxes and single mails: who wrote what, and nothing of what they only quoted."""

import base64

import pytest

from personas.importers.mail.own_text import own_words
from tests.personas.importers.builders import mail, mbox, read

QUOTED = "On Mon, 5 Jun 2023 at 17:02, Beto Ruiz <beto@example.org> wrote:\n> How is the tree?\n> B.\n"


def test_a_mailbox_gives_each_mail_to_its_address():
    reading = read(mbox(mail("The tree lives."), mail("Good.", sender="beto@example.org", minute=2)))
    assert reading.format == "mail"
    assert reading.said == [("Ana Reed", "The tree lives."), ("beto@example.org", "Good.")]
    assert reading.utterances[0].sent_at.isoformat() == "2023-06-05T17:01:00+01:00"


def test_a_single_mail_is_read_and_one_of_apple_mail_too():
    text = mail("The tree lives.")
    assert read(text).said == [("Ana Reed", "The tree lives.")]
    assert read(f"{len(text)}\n{text}").said == [("Ana Reed", "The tree lives.")]
    assert read(f"{len(text)}\n{text}<?xml version='1.0'?><plist/>\n").said == [("Ana Reed", "The tree lives.")]
    assert read("\ufeff" + text).said == [("Ana Reed", "The tree lives.")]
    assert read(text.replace("\n", "\r\n")).said == [("Ana Reed", "The tree lives.")]


def test_one_address_with_two_names_is_one_person():
    box = mbox(
        mail("one"), mail("two", sender="=?utf-8?b?5a6J5aic?= <ANA@example.org>", minute=2), mail("three", minute=3)
    )
    assert {speaker for speaker, _ in read(box).said} == {"Ana Reed"}


def test_two_addresses_of_one_name_stay_apart():
    box = mbox(mail("one"), mail("two", sender="Ana Reed <other@example.org>", minute=2))
    assert {speaker for speaker, _ in read(box).said} == {"Ana Reed <ana@example.org>", "Ana Reed <other@example.org>"}


def test_a_line_that_begins_with_from_is_given_back():
    box = mbox(mail(">From the window I saw nothing.\n\nFrom here, too."))
    assert read(box).texts == ["From the window I saw nothing.\n\nFrom here, too."]


@pytest.mark.parametrize(
    "attribution",
    [
        "On Mon, 5 Jun 2023 at 17:02, Beto Ruiz <beto@example.org> wrote:",
        "On Mon, Jun 5, 2023 at 5:02 PM Beto Ruiz <a.very.long.address.of.beto@example.org>\nwrote:",
        "Am 05.06.2023 um 17:02 schrieb Beto Ruiz:",
        "Am Mo., 5. Juni 2023 um 17:02 Uhr schrieb Beto Ruiz <\nbeto@example.org>:",
        "Le lun. 5 juin 2023 à 17:02, Beto Ruiz <beto@example.org> a écrit :",
        "El lun, 5 jun 2023 a las 17:02, Beto Ruiz (<beto@example.org>) escribió:",
        "Em seg., 5 de jun. de 2023 às 17:02, Beto Ruiz <beto@example.org> escreveu:",
        "Il giorno lun 5 giu 2023 alle ore 17:02 Beto Ruiz <beto@example.org> ha scritto:",
        "Op ma 5 jun 2023 om 17:02 schreef Beto Ruiz <beto@example.org>:",
        "пн, 5 июн. 2023 г. в 17:02, Beto Ruiz <beto@example.org>:",
        "Beto Ruiz <beto@example.org> 于2023年6月5日周一 17:02写道：",
        "在 2023年6月5日，17:02，Beto Ruiz <beto@example.org> 写道：",
        "2023年6月5日(月) 17:02 Beto Ruiz <beto@example.org>:",
        "2023년 6월 5일 (월) 오후 5:02, Beto Ruiz <beto@example.org>님이 작성:",
        "בתאריך יום ב׳, 5 ביוני 2023 ב-17:02 מאת \u202aBeto Ruiz\u202c\u200f <\u202abeto@example.org\u202c\u200f>:\u202c",
        "Ben <ben@example.org> wrote on 06/05/2023 05:01:00 PM:",
        "Zitat von Beto <beto@example.org>:",
        "Op 5 jun. 2023 om 17:02 heeft Beto <beto@example.org> het volgende geschreven:",
        "Vào Th 2, 5 thg 6, 2023 vào lúc 17:02 Beto <beto@example.org> đã viết:",
        "W dniu 5.06.2023 o 17:02, Beto pisze:",
        "सोम, 5 जून 2023 को 5:02 pm को Beto Ruiz <beto@example.org> ने लिखा:",
    ],
)
def test_a_quoted_mail_below_its_attribution_is_cut(attribution):
    assert own_words(f"The tree lives.\n\n{attribution}\n> How is it?\n> B.\n") == ("The tree lives.", True)


@pytest.mark.parametrize(
    "quotation",
    [
        "-----Original Message-----\nFrom: Beto\nHow is it?",
        "---------- Forwarded message ---------\nFrom: Beto <beto@example.org>\nDate: Mon\nSubject: x\n\nHow is it?",
        "From: Beto Ruiz <beto@example.org>\nSent: Monday, June 5, 2023 5:02 PM\nTo: Ana\nSubject: x\n\nHow is it?",
        "Von: Beto\nGesendet: Montag, 5. Juni 2023\nAn: Ana\nBetreff: x\n\nWie geht es?",
        "发件人: Beto\n发送时间: 2023年6月5日\n收件人: Ana\n主题: x\n\n怎么样",
        "------------------ 原始邮件 ------------------\n发件人: Beto\n\n怎么样",
        "Gesendet: Montag, 5. Juni 2023 um 17:02 Uhr\nVon: Beto <beto@example.org>\nAn: Ana\nBetreff: x\nWie geht es?",
        "----- Mail original -----\nDe: Beto\n\nComment ?",
        "------------------\xa0原始邮件\xa0------------------\n怎么样",
        "---- 回复的原邮件 ----\n| 发件人 | Beto<beto@example.org> |\n怎么样",
        "Понедельник, 5 июня 2023, 17:02 +03:00 от Beto <beto@example.org>:\nКак?",
        "  On Mon, Jun 5, 2023 at 5:02 PM, Beto<beto@example.org> wrote:   How is it?",
        "| |\n安娜\n|\n|\n邮箱：ana@example.org\n|",
        "-- \nAna Reed\nGardens Ltd",
        "获取 Outlook for iOS<https://aka.ms/o0ukef>",
        "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        "--\nAna Reed",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "发自我的iPhone",
        "This e-mail and any attachments are confidential and may be privileged.",
    ],
)
def test_forwarded_mails_signatures_and_notices_are_cut(quotation):
    assert own_words(f"The tree lives.\n\n{quotation}\n")[0] == "The tree lives."


def test_words_between_and_below_quotations_are_kept():
    text = f"Yes.\n\n{QUOTED}\nAnd the lemons?\n> ripe?\nNot yet.\n"
    assert own_words(text)[0] == "Yes.\n\n\nAnd the lemons?\nNot yet."


@pytest.mark.parametrize(
    "text",
    [
        "- milk\n- bread\n-- not a signature",
        "He wrote:\nnothing",
        "From: the beginning\nI knew.",
        "On Monday I wrote a letter.",
        "Datum: heute\nvon mir",
        "Get Outlook out of my life",
    ],
)
def test_what_only_looks_like_a_quotation_is_kept(text):
    assert own_words(text) == (text, False)


def alternative(plain: str, html: str, charset: str = "utf-8") -> str:
    return mail(
        f'--b\nContent-Type: text/plain; charset="{charset}"\n\n{plain}\n--b\nContent-Type: text/html; charset="{charset}"\n\n{html}\n--b--\n',
        Content_Type='multipart/alternative; boundary="b"',
    )


def test_the_plain_part_is_preferred_and_html_is_read_where_it_is_missing():
    assert read(alternative("The tree lives.", "<p>Not this</p>")).texts == ["The tree lives."]
    page = "<style>p{}</style><p>The tree<br>lives.</p><div class=gmail_quote><p>On Mon</p><blockquote>How?</blockquote></div>"
    assert read(alternative("", page)).texts == ["The tree\nlives."]


def test_attachments_and_mails_inside_are_not_read():
    parts = (
        "--b\nContent-Type: text/plain\n\nThe tree lives.\n--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nnot mine\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: x@example.org\n\nnot mine\n--b--\n"
    )
    assert read(mail(parts, Content_Type='multipart/mixed; boundary="b"')).texts == ["The tree lives."]


@pytest.mark.parametrize(
    ("claimed", "real"),
    [("gb18030", "gb18030"), ("gb2312", "gb18030"), ("utf-8", "utf-8"), ("big5", "big5"), ("no-such-charset", "utf-8"), ("iso-8859-1", "utf-8"), ("euc-kr", None)],
)  # fmt: skip
def test_a_charset_is_read_as_it_is_meant(claimed, real):
    words = "나무가 살아 있다" if real is None else "柠檬树还活着" if real != "big5" else "檸檬樹還活著"
    body = base64.b64encode(words.encode(real or "cp949")).decode()
    text = mail(body, Content_Type=f'text/plain; charset="{claimed}"', Content_Transfer_Encoding="base64")
    assert read(text).texts == [words]


def test_flowed_lines_are_joined():
    text = mail("The tree \nlives and \nbears.\n-- \nAna", Content_Type="text/plain; format=flowed")
    assert read(text).texts == ["The tree lives and bears."]
    apple = mail("The tree liv \nes.", Content_Type="text/plain; format=flowed; delsp=yes")
    assert read(apple).texts == ["The tree lives."]


def test_a_picture_within_the_text_leaves_no_mark():
    assert own_words("See [cid:image001.png@01D9] this.\n[image: tree.jpg]") == ("See  this.", False)


@pytest.mark.parametrize("line", ["From ", "From -", "From MAILER-DAEMON"])
def test_lines_between_mails_need_no_time(line):
    words = "From\n\nFrom -\nhere"
    box = f"{line}\n{mail(words)}\n\n{line}\nX-Mozilla-Status: 0001\n{mail('two', minute=2)}"
    assert read(box).texts == [words, "two"]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"X_Gmail_Labels": "Spam,Unread"}, "spam"), ({"X_Gmail_Labels": "=?utf-8?q?Entw=C3=BCrfe?="}, "draft"), ({"X_Gmail_Labels": "草稿"}, "draft"),
        ({"X_Spam_Flag": "YES"}, "spam"), ({"X_Mozilla_Status": "0009"}, "deleted"), ({"Auto_Submitted": "auto-replied"}, "automatic"),
    ],
)  # fmt: skip
def test_spam_drafts_and_automatic_mails_are_counted_and_not_read(headers, reason):
    reading = read(mbox(mail("The tree lives."), mail("Buy now", minute=2, **headers)))
    assert reading.texts == ["The tree lives."]
    assert reading.skipped == {reason: 1}


def test_a_mail_that_stands_twice_is_read_once():
    reading = read(mbox(mail("The tree lives."), mail("The tree lives.")))
    assert (len(reading.texts), reading.skipped) == (1, {"twice in the file": 1})


def test_mails_of_one_talk_stand_together_in_time_order():
    box = mbox(
        mail("third", minute=3, X_GM_THRID="1"),
        mail("other", minute=2, X_GM_THRID="2"),
        mail("first", minute=1, X_GM_THRID="1", sender="beto@example.org"),
    )
    assert read(box).texts == ["first", "third", "other"]


def test_a_mail_of_nothing_but_a_quotation_is_counted():
    reading = read(mbox(mail("The tree lives."), mail(QUOTED, minute=2)))
    assert (reading.texts, reading.skipped) == (["The tree lives."], {"only quoted or signed": 1})


def test_a_broken_header_does_not_stop_a_mailbox():
    odd = "From: =?utf-8?b?####?= <a@example.org>\nTo: b@example.org\nDate: yesterday\nSubject: x\n\nwords"
    reading = read(mbox(mail("The tree lives."), odd))
    assert sorted(reading.texts) == ["The tree lives.", "words"]
    assert sorted(reading.times)[0] == ""


def test_the_frame_of_a_signed_mail_is_cut():
    signed = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nThe tree lives.\n-----BEGIN PGP SIGNATURE-----\n\niQE\n-----END PGP SIGNATURE-----"
    assert own_words(signed) == ("The tree lives.", True)
