"""Heads, date orders, names and placeholders of WhatsApp exports."""

import io
from collections import Counter

import pytest

from personas.importers.base import Remark, Skipped, Utterance
from personas.importers.chats.whatsapp.export import WhatsApp
from personas.importers.chats.whatsapp.heads import read_head

QUARTER_TO_TEN = (21, 41)


def parsed(text: str) -> tuple[list[Utterance], Counter[str], list[str]]:
    records = list(WhatsApp().parse(io.BytesIO(text.encode())))
    return (
        [record for record in records if isinstance(record, Utterance)],
        Counter(record.reason for record in records if isinstance(record, Skipped)),
        [record.text for record in records if isinstance(record, Remark)],
    )


@pytest.mark.parametrize(
    "head",
    [
        "[6/15/23, 9:41:07\u202fPM] ",
        "[15/06/2023, 21:41:07] ",
        "[15.06.23, 21:41:07] ",
        "[2023/6/15 下午9:41:07] ",
        "[2023. 6. 15. 오후 9:41:07] ",
        "[23-06-15 21:41:07] ",
        "6/15/23, 9:41\u202fPM - ",
        "15/06/23, 9:41 pm - ",
        "15/6/23 9:41 p.\u00a0m. - ",
        "15/06/2023 21:41 - ",
        "2023/6/15 晚上9:41 - ",
        "15.6.2023 klo 21.41 - ",
        "15. 6. 2023. 21:41:15 ",
        "15/06/23, 9:41 PM – ",
        "\u200f15\u200f/6\u200f/2023، 9:41 م - ",
        "١٥\u200f/٦\u200f/٢٠٢٣، ٩:٤١ م - ",
        "15/06/23, अपराह्न 9:41 - ",
        "15/06/2023 à 21:41 - ",
        "15/6/2566 21:41 - ",
        "\u200e[15/06/2023, 21:41:07] ",
    ],
)
def test_every_known_head_is_read(head):
    said, skipped, _ = parsed(f"{head}Ada: hello: you\n{head}Bo: hi\n")
    assert [(u.speaker, u.text) for u in said] == [("Ada", "hello: you"), ("Bo", "hi")]
    assert not skipped
    assert said[0].sent_at.date().isoformat() == "2023-06-15"
    assert (said[0].sent_at.hour, said[0].sent_at.minute) == QUARTER_TO_TEN


@pytest.mark.parametrize(
    "line", ["Meet me 15/06/2023, 21:41 - ok", "15/06/2023: Arrival", "[see 1]", "12:30 - lunch", ""]
)
def test_a_line_that_only_mentions_a_date_is_no_head(line):
    assert read_head(line) is None


@pytest.mark.parametrize(
    ("first", "second", "day"),
    [
        ("13/06/23", "14/06/23", "2023-06-13"),
        ("06/13/23", "06/14/23", "2023-06-13"),
        ("5/6/23", "6/6/23", "2023-06-05"),  # a day apart if the day stands first, a month if the month does
        ("6/5/23", "6/6/23", "2023-06-05"),
        ("23-06-05", "23-06-06", "2023-06-05"),
    ],
)
def test_day_and_month_are_told_apart_by_evidence(first, second, day):
    said, _, _ = parsed(f"{first}, 21:41 - Ada: a\n{second}, 00:01 - Bo: b\n")
    assert said[0].sent_at.date().isoformat() == day


def test_twelve_o_clock_is_noon_or_midnight():
    said, _, _ = parsed("6/15/23, 12:05 AM - A: a\n6/15/23, 12:05 PM - A: b\n")
    assert [u.sent_at.hour for u in said] == [0, 12]


def test_names_with_colons_are_whole_when_they_always_stand_so():
    said, _, _ = parsed("".join(f"15/06/23, 21:4{n} - Anna: work: note {n}\n" for n in range(4)))
    assert {u.speaker for u in said} == {"Anna: work"}
    assert said[2].text == "note 2"


def test_a_group_whose_name_has_a_colon_is_nobody_on_iphones():
    said, skipped, _ = parsed(
        "[14/06/2023, 21:41:07] Team: Ops: \u200eMessages and calls are end-to-end encrypted.\n"
        "[14/06/2023, 21:41:08] Team: Ops: \u200eAna created this group\n"
        "[14/06/2023, 21:41:09] Ana: look: \u200e<attached: 00000031-PHOTO-2023-06-14-21-45-39.jpg>\n"
    )
    assert [(one.speaker, one.text) for one in said] == [("Ana", "look:")]
    assert skipped == {"system": 2}


def test_a_document_with_its_number_of_pages_is_no_speech():
    said, skipped, _ = parsed(
        "[14/06/2023, 21:46:39] Ana: Doc.pdf • \u200e3 pages \u200e<attached: 00000033-Doc.pdf>\n"
        "[14/06/2023, 21:46:40] Ana: Doc.pdf • \u200e12 pages \u200edocument omitted\n"
        "[14/06/2023, 21:46:41] Ana: Doc.pdf has 3 pages\n"
    )
    assert [one.text for one in said] == ["Doc.pdf has 3 pages"]
    assert skipped == {"media": 2}


def test_what_a_reply_quotes_in_elements_text_is_left_out():
    said, _, _ = parsed(
        '6/15/2023, 9:41:07 PM - Ana: hello\n6/15/2023, 9:42:07 PM - Bo: <@ana:x.org "hello"> reply\n'
        "6/15/2023, 9:43:07 PM - Bo: <Ana> said so\n"
    )
    assert [one.text for one in said] == ["hello", "reply", "<Ana> said so"]


def test_a_name_that_comes_with_different_words_ends_at_its_first_colon():
    said, _, _ = parsed(
        "15/06/23, 21:41 - Ann: note: milk\n15/06/23, 21:42 - Ann: todo: bread\n15/06/23, 21:43 - Ann: x\n"
    )
    assert {u.speaker for u in said} == {"Ann"}
    assert said[0].text == "note: milk"


def test_unsaved_numbers_lose_their_invisible_marks():
    said, _, _ = parsed("15/06/23, 21:41 - \u202a+44\u00a07700\u00a0900123\u202c: hello\n15/06/23, 21:42 - ~ Bo: hi\n")
    assert [u.speaker for u in said] == ["+44 7700 900123", "~ Bo"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<Media omitted>", "media"),
        ("<Medien ausgeschlossen>", "media"),
        ("<Mídia oculta>", "media"),
        ("<已省略多媒體檔案>", "media"),
        ("\u200eimage omitted", "media"),
        ("image omitted", "media"),
        ("\u200eBild weggelassen", "media"),
        ("\u200e图像已忽略", "media"),
        ("\u200e<attached: 00000012-PHOTO.jpg>", "media"),
        ("IMG-20230615-WA0001.jpg (file attached)", "media"),
        ("null", "media"),
        ("This message was deleted", "deleted"),
        ("You deleted this message.", "deleted"),
        ("Diese Nachricht wurde gelöscht.", "deleted"),
        ("此訊息已刪除", "deleted"),
        ("\u200eMissed voice call", "call"),
        ("\u200eAda changed the group description", "system"),
        ("", "empty"),
    ],
)
def test_what_the_app_wrote_is_counted_and_not_speech(text, reason):
    said, skipped, _ = parsed(f"15/06/23, 21:40 - Ada: hello\n15/06/23, 21:41 - Ada: {text}\n")
    assert [u.text for u in said] == ["hello"]
    assert skipped == {reason: 1}


@pytest.mark.parametrize(
    "text", ["I added sugar and removed the eggs", "I <3 you", "call me", "we left <somewhere>", "nullify"]
)
def test_what_a_person_wrote_stays_speech(text):
    said, skipped, _ = parsed(f"15/06/23, 21:41 - Ada: {text}\n")
    assert [u.text for u in said] == [text]
    assert not skipped


def test_captions_and_edited_messages_keep_their_words():
    said, skipped, _ = parsed(
        "15/06/23, 21:41 - Ada: IMG-1.jpg (file attached)\nThe garden, today\n"
        "15/06/23, 21:42 - Ada: See you at six \u200e<This message was edited>\n"
        "15/06/23, 21:43 - Ada: Our boat\u200e<attached: 12-PHOTO.jpg>\n"
    )
    assert [u.text for u in said] == ["The garden, today", "See you at six", "Our boat"]
    assert not skipped


def test_lines_without_a_name_are_the_apps():
    _, skipped, _ = parsed(
        "15/06/23, 21:41 - Ada: hello\n15/06/23, 21:42 - Ada added Bo\n15/06/23, 21:43 - Missed video call\n"
    )
    assert skipped == {"system": 1, "call": 1}


def test_markup_in_names_and_texts_is_only_text():
    said, _, _ = parsed('15/06/23, 21:41 - <b onclick=x>Eve</b>: <script>alert("1")</script> hi\n')
    assert said[0].speaker == "<b onclick=x>Eve</b>"
    assert said[0].text == '<script>alert("1")</script> hi'


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030", "big5"])
def test_other_encodings_are_read(encoding):
    chat = "".join(f"2023/6/15 21:4{n} - 杰克: 你好，我今天收到了你的信，心裡很高興，謝謝你\n" for n in range(9))
    said = [u for u in WhatsApp().parse(io.BytesIO(chat.encode(encoding))) if isinstance(u, Utterance)]
    assert len(said) == 9
    assert said[0].speaker == "杰克"


def test_utf8_with_a_few_bad_bytes_stays_utf8():
    raw = ("15/06/23, 21:41 - Zoë: naïve café\n" * 200).encode() + b"15/06/23, 21:42 - Zo\xc3\xab: caf\xe9 bad\n"
    records = list(WhatsApp().parse(io.BytesIO(raw)))
    assert {r.speaker for r in records if isinstance(r, Utterance)} == {"Zoë"}
    assert any("damaged" in r.text for r in records if isinstance(r, Remark))


@pytest.mark.parametrize(
    "head",
    [
        "১৫/৬/২৩, ৯:৪১ PM - ", "၁၅/၆/၂၃၊ ၂၁:၄၁ - ", "15/6/23, பிற்பகல் 9:41 - ", "2023-06-15 21 h 41 - ", "[2023-06-15 21 h 41 min 07 s] ",
        "۱۴۰۲/۳/۲۵،\u200f ۲۱:۴۱ - ", "15.6.23, 9:41 e pasdites - ", "15/06/2023, 9:41 PTG - ",
    ],
)  # fmt: skip
def test_other_digits_clocks_and_calendars_are_read(head):
    utterances, _, _ = parsed("".join(f"{head}{name}: words\n" for name in ("Ana", "Ben") * 2))
    assert [one.speaker for one in utterances] == ["Ana", "Ben"] * 2
    assert {one.sent_at.strftime("%Y-%m-%d %H:%M") for one in utterances} == {"2023-06-15 21:41"}
