"""Telegram Desktop's export as JSON and as HTML."""

import io
import tracemalloc
from typing import Any

import pytest

from personas.importers import registry
from personas.importers.base import DamagedFile, Utterance
from tests.personas.importers.exports import archive, raw, records, said, skipped, times


def message(number: int, text: Any = "Hello.", **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": "message",
        "date": f"2023-06-05T17:17:{number % 60:02}",
        "date_unixtime": str(1685985420 + number),
        "from": "Ada",
        "from_id": "user11",
        "text": text,
        "text_entities": [],
    } | fields


def chat(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "Ada", "type": "personal_chat", "id": 11} | fields | {"messages": list(messages)}


EMPTY_PAGE = '<html><body><div class="page_wrap"><div class="page_body chat_page"><div class="history"></div></div></div></body></html>'


@pytest.mark.parametrize(
    "export",
    [
        chat(),
        {"about": "a", "chats": {"about": "b", "list": [chat()]}},
        {"about": "a", "personal_information": {}, "chats": {"about": "b", "list": []}},
        EMPTY_PAGE,
    ],
)
def test_a_chat_without_messages_says_so(export):
    with pytest.raises(DamagedFile) as refused:
        records(export, format="telegram")
    assert refused.value.user_message == (
        "This Telegram chat holds no messages. Export a chat in which somebody has written."
    )


def test_an_empty_chat_beside_another_is_passed_over():
    assert said(records({"about": "a", "chats": {"list": [chat(), chat(message(1))]}}, format="telegram")) == [
        ("Ada", "Hello.")
    ]


def test_text_may_be_in_pieces_and_keeps_what_is_in_links_and_emoji():
    pieces = ["See ", {"type": "text_link", "text": "this", "href": "https://example.org"}, " ", {"type": "custom_emoji", "text": "🐝", "document_id": "1"}]  # fmt: skip
    entities = message(2, "", text_entities=[{"type": "plain", "text": "Only "}, {"type": "bold", "text": "here"}])
    read = records(chat(message(1, pieces), entities | {"text": None}), format="telegram")
    assert said(read) == [("Ada", "See this 🐝"), ("Ada", "Only here")]


def test_only_what_the_sender_wrote_is_speech():
    read = records(
        chat(
            message(1, "Mine.", edited="2023-06-05T18:00:00", reply_to_message_id=9),
            message(2, "Theirs.", forwarded_from="Bo"),
            message(3, "Theirs, of an account that is gone.", forwarded_from=None),
            message(4, "A line of a bot.", via_bot="@gif"),
            message(5, "", photo="(File not included.)"),
            message(6, "A caption.", photo="photos/1.jpg"),
            message(7, "", media_type="voice_message", file="voice.ogg"),
            message(8, "", poll={"question": "Tea?", "answers": []}),
            message(9, "", location_information={"latitude": 1, "longitude": 2}),
            message(10, ""),
            {"id": 11, "type": "unsupported"},
            message(12, "", type="service", action="phone_call", actor="Ada"),
            message(13, "", type="service", action="pin_message", actor="Ada"),
        ),
        format="telegram",
    )
    assert said(read) == [("Ada", "Mine."), ("Ada", "A caption.")]
    assert skipped(read) == {"forwarded": 2, "from a bot": 1, "media": 5, "empty": 1, "call": 1, "system": 1}


def test_people_are_known_by_their_ids_under_their_latest_name():
    read = records(
        chat(
            message(1, "one"),
            message(2, "two", **{"from": "Ada Brown"}),
            message(3, "three", **{"from": "Ada Brown", "from_id": "user12"}),
            message(4, "four", **{"from": None, "from_id": "user13"}),
            message(5, "five", **{"from": "Bo", "from_id": 14}),
        ),
        format="telegram",
    )
    assert said(read) == [
        ("Ada Brown (user11)", "one"),
        ("Ada Brown (user11)", "two"),
        ("Ada Brown (user12)", "three"),
        ("Deleted account (user13)", "four"),
        ("Bo", "five"),
    ]


def test_a_whole_account_gives_all_of_its_chats_without_the_words_of_bots():
    account = {
        "about": "Here is the data you requested.",
        "personal_information": {"first_name": "Bo"},
        "contacts": {"list": [{"first_name": "x" * 200_000}]},
        "chats": {
            "about": "This page lists all chats.",
            "list": [
                chat(message(1, "Hello, Bo.")),
                chat(message(2, "I am a robot.", **{"from": "Robot", "from_id": "user77"}), message(3, "/start"), type="bot_chat", id=77, name="Robot"),
                {"name": None, "type": "personal_chat", "id": 9, "messages": [message(4, "Gone.", **{"from": None, "from_id": "user9"})]},
                chat(message(5, "To myself."), message(6, "Kept.", forwarded_from="Cy", saved_from="Cy"), type="saved_messages"),
            ],
        },
        "left_chats": {"list": [chat(message(7, "Left."), type="private_group")]},
    }  # fmt: skip
    read = records(account, format="telegram")
    assert [text for _, text in said(read)] == ["Hello, Bo.", "/start", "Gone.", "To myself.", "Left."]
    assert skipped(read) == {"from a bot": 1, "forwarded": 1}


BUTTONS = {"inline_bot_buttons": [[{"type": "callback", "text": "I am human"}]]}
ROBOT = {"from": "Guard", "from_id": "user77"}


def test_a_message_with_buttons_is_a_bots_and_no_other_of_its_sender():
    group = chat(
        message(1, "Welcome. Press the button.", **ROBOT),
        message(2, "Welcome.", **ROBOT, **BUTTONS),
        message(3, "Hello."),
        message(4, "Look at this.", forwarded_from="Guard", **BUTTONS),
        message(5, "A poll.", via_bot="@poll", **BUTTONS),
        message(6, "And me."),
        type="private_group",
    )
    read = records(group, format="telegram")
    assert said(read) == [("Guard", "Welcome. Press the button."), ("Ada", "Hello."), ("Ada", "And me.")]
    assert skipped(read) == {"from a bot": 2, "forwarded": 1}


def test_a_bot_of_one_chat_is_a_bot_in_all_of_them():
    codes = chat(message(1, "Your code is 123.", **{"from": "Codes", "from_id": "user9"}), type="verify_codes", id=9)
    with_bot = chat(message(2, "Hi, I am a bot.", **ROBOT), message(3, "/start"), type="bot_chat", id=77)
    group = chat(message(4, "Welcome.", **ROBOT), message(5, "Hello."), type="private_group", id=5)
    read = records({"chats": {"list": [group, codes, with_bot]}}, format="telegram")
    assert [text for _, text in said(read)] == ["Hello.", "/start"]
    assert skipped(read) == {"from a bot": 3}


def test_posts_of_a_channel_may_have_buttons():
    post = {"from": "Ada's news", "from_id": "channel5"}
    channel = chat(message(1, "Read on.", **post, **BUTTONS), message(2, "Tea.", **post), type="public_channel", id=5)
    assert [text for _, text in said(records(channel, format="telegram"))] == ["Read on.", "Tea."]


def test_times_are_those_of_the_clock_and_old_exports_have_no_other():
    old, new = message(1), message(2)
    del old["date_unixtime"], new["date"]
    assert times(records(chat(old, new), format="telegram")) == ["2023-06-05T17:17:01", "2023-06-05T17:17:02"]


def test_control_characters_are_read_as_telegram_writes_them():
    # Telegram Desktop writes them as \x0B, which is not JSON.
    written = raw(chat(message(1, "oneBELLtwo \\x41"), message(2, "three"))).replace(b"BELL", rb"\x07")
    assert said(records(written, format="telegram")) == [("Ada", "onetwo \\x41"), ("Ada", "three")]


@pytest.mark.slow
def test_a_large_export_is_read_in_bounded_memory():
    stream = io.BytesIO(raw(chat(*(message(number, "word " * 40) for number in range(8_000)))))  # 3 MB
    tracemalloc.start()
    count = sum(isinstance(record, Utterance) for record in registry.get("telegram").parse(stream))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 8_000
    assert peak < 2 * 1024**2


def test_a_cut_file_says_so():
    written = raw(chat(message(1), message(2)))
    with pytest.raises(DamagedFile, match=r"cut off or damaged.*Export it again"):
        records(written[:-40], format="telegram")


PAGE = """<!DOCTYPE html><html><head><title>Exported Data</title></head><body><div class="page_wrap">
<div class="page_body chat_page"><div class="history">{}</div></div></div></body></html>"""


def block(number: int, inside: str, *, classes: str = "default clearfix", name: str = "Ada") -> str:
    named = "" if "joined" in classes else f'<div class="from_name">\n{name}\n </div>'
    return f"""<div class="message {classes}" id="message{number}">
      <div class="pull_left userpic_wrap"><div class="userpic"><div class="initials">A</div></div></div>
      <div class="body"><div class="pull_right date details" title="15.06.2023 21:41:{number:02} UTC+01:00">21:41</div>
      {named}{inside}</div></div>"""


def test_pages_give_the_words_of_each_message_and_nothing_around_them():
    page = PAGE.format(
        '<div class="message service" id="message-1"><div class="body details">15 June 2023</div></div>'
        + block(1, '<div class="reply_to details">In reply to <a>this message</a></div><div class="text">One<br>two &amp; <strong>three</strong> </div>')
        + block(2, '<div class="text">Four</div><span class="reactions"><span class="reaction"><span class="emoji">👍</span></span></span>', classes="default clearfix joined")
        + block(3, '<div class="pull_left forwarded userpic_wrap"></div><div class="forwarded body"><div class="from_name">Cy <span class="date details" title="01.01.2020 10:00:00">x</span></div><div class="text">Not mine</div></div>', classes="default clearfix joined")
        + block(4, '<div class="media_wrap clearfix"><div class="media clearfix pull_left media_call"><div class="body"><div class="title bold">Bo</div></div></div></div>', name="Bo")
        + block(5, '<div class="media_wrap clearfix"><a class="photo_wrap"></a></div><div class="text">A caption</div>', classes="default clearfix joined")
        + block(6, '<div class="media_wrap clearfix"><a class="photo_wrap"></a></div>', classes="default clearfix joined")
        + block(7, '<div class="text">A gif of a bot</div>', name="Bo via @gif")
    )  # fmt: skip
    read = records(page, format="telegram")
    assert said(read) == [("Ada", "One\ntwo & three"), ("Ada", "Four"), ("Bo", "A caption")]
    assert skipped(read) == {"system": 1, "forwarded": 1, "call": 1, "media": 1, "from a bot": 1}
    assert times(read)[0] == "2023-06-15T21:41:01"


def test_the_pages_of_an_archive_are_read_in_their_order_and_not_beside_the_json():
    pages = {
        f"export/chats/chat_1/messages{number}.html": PAGE.format(
            block(1, f'<div class="text">page {number or 1}</div>')
        )
        for number in (10, 2, "")
    }
    assert [text for _, text in said(archive(pages, format="telegram"))] == ["page 1", "page 2", "page 10"]
    both = {"export/result.json": chat(message(1, "json")), **pages}
    assert [text for _, text in said(archive(both, format="telegram"))] == ["json"]
