"""Chats of apps whose exports are read by what their records hold, and pages and texts of some more."""

import json
from pathlib import Path

import pytest

from personas.importers.base import ImportFailed
from tests import timing
from tests.personas.importers.builders import read

SAMPLES = Path(__file__).parents[2] / "contracts" / "importers"
ASKED, DID = "Did the lemon tree survive?", "It did."
AT = 1703408711  # 2023-12-24 09:05:11


def test_skype_gives_each_conversation_from_its_beginning():
    reading = read((SAMPLES / "skype.json").read_bytes())
    assert reading.said == [("ana", ASKED), ("Beto", "It did & bloomed")]
    assert reading.times == ["2023-12-24T09:05:00", "2023-12-24T09:06:00"]
    assert reading.skipped == {"call": 1}


def test_skype_names_the_owner_and_leaves_out_what_a_reply_quotes():
    quote = '<quote author="ana" authorname="Ana"><legacyquote>[1] Ana: </legacyquote>tree?<legacyquote>&lt;&lt;&lt; </legacyquote></quote>'
    messages = [
        {"from": "8:bo.s", "displayName": None, "messagetype": "RichText", "content": "", "properties": {"deletetime": "1"}},
        {"from": "8:bo.s", "displayName": "Bo", "messagetype": "RichText", "content": f"{quote}indeed &amp; more"},
        {"from": "8:bo.s", "displayName": None, "messagetype": "RichText", "content": 'Edited previous message: so<e_m ts="1"/>'},
        {"from": "8:ana", "displayName": "Ana", "messagetype": "RichText", "content": f"a <quote {ASKED}"},
    ]  # fmt: skip
    reading = read(json.dumps({"conversations": [{"id": "8:ana", "MessageList": messages}]}))
    assert reading.said[:2] == [("Bo", "indeed & more"), ("Bo", "so")]
    assert reading.skipped == {"deleted": 1}


def test_element_names_people_and_gives_the_last_version_of_a_message():
    def event(kind: str, sender: str, content: dict, **fields: object) -> dict:
        return {"type": kind, "sender": sender, "origin_server_ts": AT * 1000, "content": content} | fields

    edit = {"msgtype": "m.text", "body": " * new", "m.new_content": {"msgtype": "m.text", "body": "new"}}
    events = [
        event("m.room.member", "@ana:x.org", {"membership": "join", "displayname": "Ana"}, state_key="@ana:x.org"),
        event("m.room.message", "@ana:x.org", {"msgtype": "m.text", "body": "old"}, event_id="$1"),
        event("m.room.message", "@bo:x.org", {"msgtype": "m.text", "body": "yes"}, event_id="$2"),
        event("m.room.message", "@ana:x.org", edit | {"m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}}, event_id="$3"),
        event("m.room.message", "@bo:x.org", edit | {"m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}, "m.new_content": {"body": "false"}}),
        event("m.room.message", "@bo:x.org", {}, event_id="$4", unsigned={"redacted_because": {}}),
    ]  # fmt: skip
    reading = read(json.dumps({"room_name": "Garden", "messages": events}))
    assert reading.said == [("Ana", "new"), ("@bo:x.org", "yes")]
    assert reading.skipped == {"system": 1, "shown twice": 2, "deleted": 1}


@pytest.mark.slow
def test_the_time_for_a_room_is_in_proportion_to_its_length():
    message = {"type": "m.room.message", "sender": "@a0", "content": {"msgtype": "m.text", "body": "yes"}}

    def work(length: int) -> None:
        members = [
            {"type": "m.room.member", "state_key": f"@a{number}", "content": {"displayname": "Ana"}}
            for number in range(length)
        ]
        assert read(json.dumps({"messages": [message, *members, *[0] * 4 * length]})).said == [("Ana", "yes")]

    assert timing.grows_in_proportion(work, 12_000)


def test_the_time_for_a_message_of_skype_is_in_proportion_to_its_quotes():
    def work(length: int) -> None:
        message = {"from": "8:ana", "messagetype": "RichText", "content": "no"}
        quotes = message | {"content": "<quote ></quote>" * (length // 16) + "yes"}
        reading = read(json.dumps({"conversations": [{"MessageList": [message, quotes]}]}))
        assert reading.said == [("ana", "no"), ("ana", "yes")]

    assert timing.grows_in_proportion(work, 800_000)


HANGOUTS = {
    "conversations": [
        {
            "conversation": {
                "conversation": {
                    "participant_data": [
                        {"id": {"gaia_id": "1"}, "fallback_name": "Ana"},
                        {"id": {"gaia_id": "2"}, "fallback_name": "Beto"},
                    ]
                }
            },
            "events": [
                {"sender_id": {"gaia_id": "1"}, "timestamp": f"{AT}123456", "event_type": "REGULAR_CHAT_MESSAGE",
                 "chat_message": {"message_content": {"segment": [{"type": "TEXT", "text": "Did the lemon "}, {"type": "TEXT", "text": "tree survive?"}]}}},
                {"sender_id": {"gaia_id": "2"}, "timestamp": f"{AT + 1}123456", "event_type": "REGULAR_CHAT_MESSAGE",
                 "chat_message": {"message_content": {"segment": [{"type": "TEXT", "text": DID}]}}},
                {"sender_id": {"gaia_id": "2"}, "timestamp": f"{AT + 2}123456", "event_type": "HANGOUT_EVENT", "chat_message": {}},
            ],
        }
    ]
}  # fmt: skip
ELEMENT = {
    "room_name": "Garden",
    "messages": [
        {"type": "m.room.message", "sender": "@ana:x.org", "origin_server_ts": AT * 1000, "content": {"msgtype": "m.text", "body": ASKED}},
        {"type": "m.room.message", "sender": "@beto:x.org", "origin_server_ts": AT * 1000 + 1000,
         "content": {"msgtype": "m.text", "body": f"> <@ana:x.org> {ASKED}\n\n{DID}"}},
        {"type": "m.room.member", "sender": "@beto:x.org", "content": {"membership": "join"}},
        {"type": "m.room.message", "sender": "@ana:x.org", "content": {"msgtype": "m.image", "body": "tree.jpg"}},
    ],
}  # fmt: skip
CLAUDE = [
    {
        "uuid": "x", "name": "Trees", "chat_messages": [
            {"sender": "human", "text": ASKED, "created_at": "2023-12-24T09:05:11.1Z"},
            {"sender": "assistant", "text": DID, "created_at": "2023-12-24T09:05:12.1Z"},
        ],
    }
]  # fmt: skip
TURNS = {
    "turns": [
        {"author": {"name": "Beto", "is_human": True}, "create_time": "2023-12-24T09:05:11.1Z", "candidates": [{"raw_content": ASKED}]},
        {"author": {"name": "Ana"}, "create_time": "2023-12-24T09:05:12.1Z", "candidates": [{"raw_content": DID}, {"raw_content": "No."}]},
    ]
}  # fmt: skip
SIGTOP = [
    {"type": "incoming", "body": ASKED, "sent_at": AT * 1000},
    {"type": "outgoing", "body": DID, "sent_at": AT * 1000 + 1000},
]
ROLES = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": ASKED}, {"role": "assistant", "content": [{"type": "text", "text": DID}]}]  # fmt: skip


@pytest.mark.parametrize(
    ("export", "speakers", "skipped"),
    [
        (HANGOUTS, ("Ana", "Beto"), {"system": 1}),
        (ELEMENT, ("@ana:x.org", "@beto:x.org"), {"system": 1, "media": 1}),
        (CLAUDE, ("Me", "Assistant"), {}),
        (TURNS, ("Beto", "Ana"), {}),
        (SIGTOP, ("Contact", "Me"), {}),
        (ROLES, ("Me", "Assistant"), {"system": 1}),
    ],
    ids=["hangouts", "element", "claude", "turns", "sigtop", "roles"],
)
def test_a_chat_in_json_is_read_by_what_its_records_hold(export, speakers, skipped):
    reading = read(json.dumps(export))
    assert reading.format == "chat-json"
    assert reading.said == list(zip(speakers, (ASKED, DID), strict=True))
    assert reading.skipped == skipped
    if export is not ROLES:
        assert reading.times == ["2023-12-24T09:05:11", "2023-12-24T09:05:12"]


def test_a_conversation_longer_than_what_is_looked_at_first_is_read():
    long = [{"sender": "Ana", "text": f"{number} {'tea ' * 400}".strip()} for number in range(200)]
    assert len(read(json.dumps({"chats": [{"title": "x", "items": long}]})).utterances) == 200


@pytest.mark.parametrize(
    "content",
    [
        {"entries": [{"name": "Tree", "content": "A lemon tree.", "keys": ["tree"]}]},
        {"entries": {"0": {"key": ["tree"], "comment": "Tree", "content": "A lemon tree.", "name": "x"}}},
        [{"name": "Ana", "age": 3}],
    ],
)
def test_what_is_no_chat_is_refused_or_has_no_words(content):
    with pytest.raises(ImportFailed, match="JSON"):
        read(json.dumps(content))


def test_words_deep_inside_a_record_are_none():
    deep = json.dumps({"messages": [{"sender": "Ana", "text": {"body": [[[[[[[["x"]]]]]]]]}}]})
    assert read(deep).skipped == {"media": 1}


def test_sigtop_text_is_read_with_replies_and_lines_that_only_look_like_heads():
    reading = read((SAMPLES / "signal.txt").read_bytes())
    assert reading.said == [("Ana", ASKED), ("Me", "It did.\n\nFrom: the garden")]
    assert reading.times == ["2023-12-24T09:05:11", "2023-12-24T09:06:11"]
    assert reading.skipped == {"media": 1}


def test_a_page_of_google_voice_says_who_wrote_what():
    reading = read((SAMPLES / "google_voice.html").read_bytes())
    assert reading.said == [("Ana", ASKED), ("Me", "It did & bloomed\ntwice")]
    assert reading.times == ["2023-12-24T09:05:11", "2023-12-24T09:06:11"]
    with_picture = (SAMPLES / "google_voice.html").read_text().replace("Did the lemon tree survive?", "MMS Received")
    assert read(with_picture).skipped == {"media": 1}
    calls = '<html><body><div class="haudio"><abbr class="published" title="2023-12-24T09:05:11-08:00">x</abbr></div>'
    with pytest.raises(ImportFailed, match="no messages"):
        read(calls)


def tile(clock: str, body: str, *, name: str = "", kind: str = "", quoted: str = "") -> str:
    head = f'<span class="mx_DisambiguatedProfile_displayName">{name}</span>' if name else ""
    chain = (
        f'<blockquote class="mx_ReplyChain"><span class="mx_EventTile_body">{quoted}</span></blockquote>'
        if quoted
        else ""
    )
    return (
        f'<div class="mx_EventTile {kind}">{head}<span class="mx_MessageTimestamp">{clock}</span>{chain}'
        f'<div class="mx_EventTile_line"><span class="mx_EventTile_body">{body}</span></div></div>'
    )


def test_a_page_of_element_gives_a_message_without_a_name_to_the_one_before():
    page = (
        '<!DOCTYPE html><html><body><div class="mx_DateSeparator"><h2>Sunday, December 24, 2023</h2></div>'
        + tile("9:05 AM", ASKED, name="Ana")
        + tile("9:06 AM", "Well?")
        + tile("21:07", DID, name="Beto", quoted=ASKED)
        + tile("21:08", "Beto left", kind="mx_EventTile_info")
    )
    reading = read(page)
    assert reading.said == [("Ana", ASKED), ("Ana", "Well?"), ("Beto", DID)]
    assert reading.times == ["2023-12-24T09:05:00", "2023-12-24T09:06:00", "2023-12-24T21:07:00"]
    assert reading.skipped == {"system": 1}
