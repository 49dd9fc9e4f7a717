"""Messages of Facebook and Instagram."""

import io
from typing import Any

import pytest

from personas.importers import registry
from personas.importers.base import DamagedFile
from personas.importers.chats.messenger.app_words import AppWords
from tests.personas.importers.exports import archive, raw, records, remarks, said, skipped, times


def broken(text: str) -> str:
    """As Facebook writes it: the bytes of UTF-8 as characters."""
    return text.encode().decode("latin-1")


def message(seconds: int, content: str | None, sender: str = "Ada Brøgger", **fields: Any) -> dict[str, Any]:
    words = {} if content is None else {"content": broken(content)}
    return {"sender_name": broken(sender), "timestamp_ms": 1685985400000 + 1000 * seconds} | words | fields


def page(*messages: dict[str, Any]) -> dict[str, Any]:
    people = [{"name": broken("Ada Brøgger")}, {"name": "Bo"}]
    return {"participants": people, "messages": list(messages), "title": "Bo", "thread_path": "inbox/bo_1"}


def test_every_string_is_put_right_by_itself_and_the_newest_comes_last():
    halfway = {"sender_name": "Bo", "timestamp_ms": 1685985401000, "content": "Ã© and 日本"}
    read = records(page(message(9, "naïve 🐝 “yes”"), halfway, message(1, "plain")), format="messenger")
    assert said(read) == [("Ada Brøgger", "plain"), ("Bo", "Ã© and 日本"), ("Ada Brøgger", "naïve 🐝 “yes”")]


def test_a_thread_without_messages_says_so():
    with pytest.raises(DamagedFile) as refused:
        records(page(), format="messenger")
    assert refused.value.user_message == "This file of Messenger or Instagram holds no messages."


def test_messages_of_one_second_keep_their_order():
    read = records(page(message(5, "third"), message(5, "second"), message(5, "first"), message(1, "zeroth")), format="messenger")  # fmt: skip
    assert [text for _, text in said(read)] == ["zeroth", "first", "second", "third"]


def test_what_is_no_speech_is_counted_by_its_kind():
    read = records(
        page(
            message(20, "I sent an attachment to the office, did it arrive?"),
            message(19, "Ada sent an attachment.", share={"link": "https://example.org"}),
            message(18, "Ada Brøgger hat einen Anhang gesendet."),
            message(17, "You sent an attachment."),
            message(16, "Reacted ❤ to your message "),
            message(15, "Ada Brøgger a réagi avec 😆 à votre message "),
            message(14, "Liked a message"),
            message(13, "You missed a call from Ada Brøgger.", call_duration=0),
            message(12, "Ada Brøgger started a video chat."),
            message(11, "Ada Brøgger set the nickname for Bo to Bobby."),
            message(10, "Bo left the group.", type="Unsubscribe"),
            message(9, None, is_unsent=True),
            message(8, None, photos=[{"uri": "a.jpg"}]),
            message(7, None, sticker={"uri": "a.png"}),
            message(6, "Look at this", photos=[{"uri": "a.jpg"}]),
            message(5, None),
        ),
        format="messenger",
    )
    assert [text for _, text in said(read)] == ["Look at this", "I sent an attachment to the office, did it arrive?"]
    assert skipped(read) == {"media": 5, "reaction": 3, "call": 2, "system": 2, "deleted": 1, "empty": 1}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Du hast einen Anhang gesendet.", "media"), ("Enviaste un archivo adjunto.", "media"), ("Ada envió una foto.", "media"),
        ("Vous avez envoyé une pièce jointe.", "media"), ("Você enviou um anexo.", "media"), ("Hai inviato un allegato.", "media"),
        ("Je hebt een bijlage verzonden.", "media"), ("Użytkownik Ada wysłał załącznik.", "media"), ("Ada bir ek gönderdi.", "media"),
        ("Вы отправили вложение.", "media"), ("Ada skickade en bilaga.", "media"), ("Ada đã gửi một tệp đính kèm.", "media"),
        ("你傳送了附件。", "media"), ("Ada发送了一个附件。", "media"), ("Adaさんが添付ファイルを送信しました。", "media"), ("Ada님이 첨부 파일을 보냈습니다.", "media"),
        ("Reaccionó con 😂 a tu mensaje", "reaction"), ("Reagiu com ❤ à sua mensagem", "reaction"), ("Ha aggiunto la reazione ❤️ al tuo messaggio", "reaction"),
        ("Ada hat mit ❤ auf deine Nachricht reagiert", "reaction"), ("Ada liked your message", "reaction"), ("對你的訊息傳達了❤心情", "reaction"),
        ("Ada called you.", "call"), ("Ada hat dich angerufen.", "call"), ("Perdiste una llamada de Ada.", "call"), ("Vous avez manqué un appel de Ada.", "call"),
        ("Ada named the group Bees.", "system"), ("Ada created a poll: Tea?", "system"), ("You are now connected on Messenger.", "system"), ("Ada added Bo to the group.", "system"),
        ("Say hi to your new Facebook friend, Ada.", "system"), ("You unsent a message", "deleted"),
        ("You and Ada can now message and call each other and see info like Active Status and when you've read messages.", "system"),
        ("Has enviado un archivo adjunto.", "media"), ("对您的消息做出了❤的回应", "reaction"),
        ("This poll is no longer available.", "system"), ("Ada is now an admin of the group", "system"), ("Audio call ended", "call"), ("Ada sent a GIF from Tenor", "media"),
        ("أرسل Ada مرفقًا.", "media"), ("Ada ने एक अटैचमेंट भेजा.", "media"), ("Ada שלח/ה קובץ מצורף.", "media"), ("You missed a call from your boss, ring him", ""),
        ("I called you twice.", ""), ("Mum sent a photo of the bees, did you see it?", ""), ("She left the group", ""), ("you added sugar", ""),
        ("Ada, you sent an attachment without words", ""), ("Ada liked it.", ""), ("You and Ada can now call her", ""), ("I liked your message", ""),
    ],
)  # fmt: skip
def test_the_apps_sentences_are_known_and_those_of_people_stay(text, kind):
    assert AppWords(["Ada", "Bo"]).kind(text, "Ada") == kind


def test_instagram_has_no_participants_and_deleted_people_keep_what_they_wrote():
    read = records({"messages": [{"sender_name": "Instagram User", "timestamp_ms": 1579294140000, "content": "Hi."}]}, format="messenger")  # fmt: skip
    assert said(read) == [("Instagram User", "Hi.")]


def test_the_download_of_encrypted_chats_is_right_as_it_stands():
    export = {
        "participants": ["Ada Brøgger", "Bo"],
        "threadName": "Bo_1",
        "messages": [
            {"senderName": "Bo", "text": "Ã©", "timestamp": 1685985402000, "type": "text", "isUnsent": False, "media": [], "reactions": []},
            {"senderName": "Ada Brøgger", "text": "naïve", "timestamp": 1685985401000, "type": "text", "isUnsent": False, "media": []},
            {"senderName": "Ada Brøgger", "text": "", "timestamp": 1685985400000, "type": "media", "isUnsent": False, "media": [{"uri": "a.jpg"}]},
            {"senderName": "Ada Brøgger", "text": "", "timestamp": 1685985300000, "type": "placeholder", "isUnsent": True, "media": []},
        ],
    }  # fmt: skip
    read = records(export, format="messenger")
    assert said(read) == [("Ada Brøgger", "naïve"), ("Bo", "Ã©")]
    assert skipped(read) == {"media": 1, "deleted": 1}


def test_the_pages_of_an_archive_are_read_thread_by_thread_the_oldest_first():
    folder = "your_facebook_activity/messages/inbox"
    files = {
        f"{folder}/bo_1/message_{number}.json": page(message(20 - number, f"bo {number}")) for number in (1, 2, 10)
    }
    files[f"{folder}/cy_2/message_1.json"] = page(message(0, "cy"))
    files["your_facebook_activity/messages/autofill_information.json"] = {"x": 1}
    read = archive(files, format="messenger")
    assert [text for _, text in said(read)] == ["bo 10", "bo 2", "bo 1", "cy"]


def test_a_damaged_page_of_an_archive_is_named_and_the_others_are_read():
    files = {
        "messages/inbox/bo_1/message_1.json": raw(page(message(1, "one")))[:-30],
        "messages/inbox/cy_2/message_1.json": page(message(0, "cy")),
        "messages/inbox/dy_3/message_1.json": {"something": "else"},
    }
    read = archive(files, format="messenger")
    assert [text for _, text in said(read)] == ["cy"]
    assert skipped(read) == {"file that cannot be read": 1, "file of another kind": 1}
    assert [remark.partition(":")[0] for remark in remarks(read)] == ["bo_1/message_1.json"]


def test_pages_of_the_newer_download_give_name_words_and_time():
    written = """<html><head></head><body><main class="_a706" role="main">
    <div class="_3-95 _a6-g"><div class="_2ph_ _a6-h _a6-i">Ada</div>
      <div class="_2ph_ _a6-p"><div><div></div><div>At last &amp; more</div><div></div></div><ul class="_a6-q"><li>❤ Bo</li></ul></div>
      <div class="_3-94 _a6-o">Jun 15, 2023, 9:41:07 PM</div></div>
    <div class="_3-95 _a6-g"><div class="_2ph_ _a6-h _a6-i">Bo</div>
      <div class="_2ph_ _a6-p"><div><div></div><div><img class="_a6_o" src="photos/1.jpg"></div></div></div>
      <div class="_3-94 _a6-o">Jun 15, 2023, 9:40:07 PM</div></div>
    </main></body></html>"""
    read = records(written, format="messenger")
    assert (said(read), times(read), skipped(read)) == (
        [("Ada", "At last & more")],
        ["2023-06-15T21:41:07"],
        {"media": 1},
    )


def page_of_dates(*dates: str) -> str:
    entries = (
        f'<div class="_3-95 _a6-g"><div class="_2ph_ _a6-h">{name}</div><div class="_2ph_ _a6-p"><div>{number}</div></div>'
        f'<div class="_3-94 _a6-o">{date}</div></div>'
        for number, (name, date) in enumerate(zip(["Ada", "Bo"] * len(dates), dates, strict=False))
    )
    return f'<html><body><main class="_a706">{"".join(entries)}</main></body></html>'


@pytest.mark.parametrize(
    "date",
    ["15.06.2023, 21:41", "2023/06/15 21:41", "2023. 6. 15. 오후 9:41", "6月 15, 2023 9:41 下午", "15 giu 2023, 21:41"],
)
def test_pages_in_other_languages_keep_their_times(date):
    assert times(records(page_of_dates(date), format="messenger")) == ["2023-06-15T21:41:00"]


def test_the_dates_of_a_page_tell_which_number_is_the_month():
    read = records(page_of_dates("14/06/2023 21:41", "05/06/2023 21:40", "04/06/2023 21:39"), format="messenger")
    assert times(read) == ["2023-06-04T21:39:00", "2023-06-05T21:40:00", "2023-06-14T21:41:00"]
    assert remarks(read) == []
    guessed = records(page_of_dates("05/06/2023 21:40"), format="messenger")
    assert times(guessed) == ["2023-06-05T21:40:00"]
    assert remarks(guessed) == ["The dates were read as day, month, year; the file does not say."]


def test_the_old_page_has_all_threads_each_beginning_with_the_newest():
    def entry(name: str, date: str, text: str) -> str:
        return f'<div class="message"><div class="message_header"><span class="user">{name}</span><span class="meta">{date}</span></div></div><p>{text}</p>'  # fmt: skip

    written = (
        '<html><body><div class="contents"><div class="thread">Ada, Bo'
        + entry("Bo", "Sunday, 6 October 2013 at 10:05 UTC+01", "two")
        + entry("Ada", "Saturday, 5 October 2013 at 09:05 UTC+01", "one")
        + '</div><div class="thread">Ada, Cy'
        + entry("Cy", "Friday, October 4, 2012 at 12:05am PDT", "zero")
        + "</div></div></body></html>"
    )
    read = records(written, format="messenger")
    assert said(read) == [("Ada", "one"), ("Bo", "two"), ("Cy", "zero")]
    assert times(read) == ["2013-10-05T09:05:00", "2013-10-06T10:05:00", "2012-10-04T00:05:00"]


COPIED = [
    ("You", "Did the box arrive?"),
    ("Ada", "It did.\n\nThe bread as well."),
    ("You", "Good."),
    ("Ada", "Come over."),
]


def copied(heads: dict[str, str], end: str = "", said: list[tuple[str, str]] = COPIED) -> str:
    return "".join(f"{heads[name]}\n{words}\n{end}" for name, words in said)


@pytest.mark.parametrize("end", ["", "Enter\n", "\n"])
@pytest.mark.parametrize("other", ["Ada sent", "Ada\nAda sent", "Ada\nAda"])
def test_what_was_copied_in_the_browser_is_told_by_the_line_above_each_message(other, end):
    read = records(copied({"You": "You sent", "Ada": other}, end), format="messenger")
    assert said(read) == COPIED


@pytest.mark.parametrize("few", [COPIED[:2], COPIED[:3]])
def test_two_copied_messages_are_enough(few):
    assert said(records(copied({"You": "You sent", "Ada": "Ada sent"}, said=few), format="messenger")) == few


def test_names_alone_stand_where_messages_begin():
    read = records(copied({"You": "You sent", "Ada": "Ada Brown"}, "Enter\n"), format="messenger")
    assert said(read) == [(name.replace("Ada", "Ada Brown"), words) for name, words in COPIED]


@pytest.mark.parametrize(
    ("own", "own_head", "head"),
    [
        ("Du", "Du hast gesendet", "Ada hat gesendet"), ("Vous", "Vous avez envoyé", "Ada a envoyé"), ("Tú", "Enviaste", "Ada envió"),
        ("Вы", "Вы отправили", "Ada отправила"), ("你", "你傳送了", "Ada傳送了"), ("Você", "Você enviou", "Ada enviou"),
    ],
)  # fmt: skip
def test_copies_in_other_languages_are_read(own, own_head, head):
    read = records(copied({"You": own_head, "Ada": head}), format="messenger")
    assert said(read) == [(name.replace("You", own), words) for name, words in COPIED]


def test_a_copy_has_its_times_and_no_words_of_the_app_or_of_a_quoted_message():
    written = (
        "Ada's profile photo\nJun 15, 2023, 9:41 PM\nYou sent\nDid the box arrive?\nEnter\nAda replied to you\n"
        "Original message:\nDid the box arrive?\nIt did.\nEnter\n15.06.2023, 21:50\nYou replied to Ada\nOriginal message:\nIt did.\n"
        "Good.\nEnter\nAda sent\nAda sent an attachment.\nEnter\nSeen by Ada\n"
    )
    read = records(written, format="messenger")
    assert said(read) == [("You", "Did the box arrive?"), ("Ada", "It did."), ("You", "Good.")]
    assert times(read) == ["2023-06-15T21:41:00", "2023-06-15T21:41:00", "2023-06-15T21:50:00"]
    assert skipped(read) == {"system": 6, "time": 2, "quotation": 4, "media": 1}


@pytest.mark.parametrize(
    "text",
    [
        "You sent\nme a letter,\nand I sent\nyou one.\n",
        "Du hast auf mich gewartet.\nDu hast auf sie gewartet.\n",
        "God sent\nthe rain.\n\nMother sent\nthe bread.\n",
        "You sent\nDid it arrive?\nYou sent\nGood.\n",
        "You sent\nAda sent\nBo sent\n",
    ],
)
def test_lines_that_only_end_like_its_heads_are_no_copy(text):
    assert registry.choose(io.BytesIO(text.encode()), "words.txt").name != "messenger"
