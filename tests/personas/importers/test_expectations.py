"""What is known of the shared sample files, checked against what the importers read from them."""

import json
import os
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from personas.importers import registry
from personas.importers.base import Member, Remark, SetImporter, Skipped, Utterance
from personas.importers.cards import character_card
from personas.importers.syntax import export_values
from tests.conftest import SHARED_DATA

_FILE = SHARED_DATA / "personas" / "expectations.json"
EXPECTED = json.loads(_FILE.read_text(encoding="utf-8")) if _FILE.is_file() else {}


def named(*formats: str) -> list[str]:
    return [name for name, expected in EXPECTED.items() if expected["format"] in formats] or [
        pytest.param("", marks=pytest.mark.skip(f"{_FILE} is not here; it lies where SHARED_DATA says."))
    ]


def records_of(name: str) -> list[Utterance | Skipped | Remark]:
    with (SHARED_DATA / "personas" / name).open("rb") as stream:
        return list(registry.choose(stream, os.path.basename(name)).parse(stream))


CHATS = ("whatsapp-txt", "whatsapp-zip", "plain-name-colon", "line-txt", "qq-txt", "wechat-txt", "signal-export-md")

# Formats that do not write these records, though the expectations count them.
NOT_WRITTEN = {
    "chats/signal_export_chat.md": {"deleted", "call"},
    "chats/qq_export.txt": {"call"},
    "chats/wechat_thirdparty.txt": {"call"},
}


@pytest.mark.parametrize("name", named(*CHATS))
def test_a_chat_gives_the_messages_that_people_wrote(name: str) -> None:
    expected, records = EXPECTED[name], records_of(name)
    said = [record for record in records if isinstance(record, Utterance)]
    skipped = Counter(record.reason for record in records if isinstance(record, Skipped))
    assert Counter(utterance.speaker for utterance in said) == expected["speakers"]
    times = [utterance.sent_at.strftime("%Y-%m-%dT%H:%M:%S") for utterance in said if utterance.sent_at]
    assert (min(times, default=None), max(times, default=None)) == (expected["first"], expected["last"])
    for reason, key in {"media": "media", "deleted": "deleted", "call": "calls", "system": "system"}.items():
        if key in expected and not (name in NOT_WRITTEN and reason in NOT_WRITTEN[name]):
            assert skipped[reason] == expected[key]
    if isinstance(spot := expected.get("spot"), dict):
        assert (said[spot["index"]].speaker, said[spot["index"]].text) == (spot["sender"], spot["text"])


STRUCTURED = (
    "telegram-json", "discordchatexporter-json", "sms-backup-restore-xml", "meta-messenger-json", "instagram-json",
)  # fmt: skip


def messages_of(name: str) -> list[Utterance | Skipped | Remark]:
    """The records of a file, or of the pages in a folder as an archive has them."""
    path = SHARED_DATA / "personas" / name
    if not path.is_dir():
        return records_of(name)
    messenger = registry.get("messenger")
    assert isinstance(messenger, SetImporter)
    paths = messenger.members([str(page.relative_to(path.parents[1])) for page in path.iterdir()])
    members = [Member(page, partial(open, path.parents[1] / page, "rb")) for page in paths]
    return list(messenger.parse_members(members))


@pytest.mark.parametrize("name", named(*STRUCTURED))
def test_a_structured_export_gives_the_messages_that_people_wrote(name: str) -> None:
    expected, records = EXPECTED[name], messages_of(name)
    said = [record for record in records if isinstance(record, Utterance)]
    owners = {"(owner)": export_values.ME}
    speakers = {owners.get(speaker, speaker): count for speaker, count in expected["speakers"].items()}
    assert Counter(utterance.speaker for utterance in said) == speakers
    if isinstance(spot := expected.get("spot"), dict):
        assert (said[spot["index"]].speaker, said[spot["index"]].text) == (
            owners.get(spot["sender"], spot["sender"]),
            spot["text"],
        )
    assert [moment.replace(microsecond=0) for moment in edges(said)] == expected_edges(expected)
    skipped = Counter(record.reason for record in records if isinstance(record, Skipped))
    if "media" in expected:
        assert skipped["media"] == expected["media"]


def edges(said: list[Utterance]) -> tuple[datetime, datetime]:
    times = [utterance.sent_at for utterance in said if utterance.sent_at]
    assert times == sorted(times)
    return times[0], times[-1]


def expected_edges(expected: dict[str, Any]) -> list[datetime]:
    """First and last time: of the clock, or counted since 1970 in seconds or milliseconds."""
    if "first_unix" in expected:
        return [datetime.fromtimestamp(expected[key], UTC) for key in ("first_unix", "last_unix")]
    if "first_ms" in expected:
        return [datetime.fromtimestamp(expected[key] / 1000, UTC) for key in ("first_ms", "last_ms")]
    return [
        datetime.fromtimestamp(int(expected[key]) / 1000, UTC) if expected[key].isdecimal() else datetime.fromisoformat(expected[key]).replace(tzinfo=UTC)
        for key in ("first", "last")
    ]  # fmt: skip


@pytest.mark.parametrize("name", named("x-archive-tweets-js"))
def test_an_archive_of_x_gives_what_its_owner_wrote(name: str) -> None:
    expected, folder = EXPECTED[name], (SHARED_DATA / "personas" / name).parents[1]
    x_archive = registry.get("x-archive")
    assert isinstance(x_archive, SetImporter)
    paths = x_archive.members([str(path.relative_to(folder)) for path in sorted(folder.rglob("*.js"))])
    records = list(x_archive.parse_members([Member(path, partial(open, folder / path, "rb")) for path in paths]))
    said = [record for record in records if isinstance(record, Utterance)]
    reposts = [record for record in records if isinstance(record, Skipped) and record.reason == "repost"]
    assert len(reposts) == expected["retweets"]
    assert {utterance.speaker for utterance in said} == set(expected["speakers"])
    assert len(said) + len(reposts) == expected["messages_text"]
    assert expected["spot"]["text"] in {utterance.text for utterance in said}
    assert [moment.strftime("%Y-%m-%dT%H:%M:%S") for moment in edges(said)] == [expected["first"], expected["last"]]


@pytest.mark.parametrize("name", named("whatsapp-txt", "line-txt", "qq-txt", "wechat-txt", "signal-export-md"))
def test_a_chat_line_quoted_inside_a_message_stays_part_of_it(name: str) -> None:
    quoting = [r for r in records_of(name) if isinstance(r, Utterance) and r.text.startswith("Note to self")]
    if not EXPECTED[name].get("messages_text"):
        pytest.skip("Only the generated chats hold a quoted line.")
    assert quoting[0].text.endswith("12/06/2023, 10:00 - still the same message")


def test_a_guessed_order_of_day_and_month_is_said(shared_data: Path) -> None:
    remarks = [record for record in records_of("real/chatistics_chat3.txt") if isinstance(record, Remark)]
    assert ["month, day, year" in remark.text for remark in remarks] == [True]


def test_letters_lose_what_their_editor_added_and_keep_their_words(shared_data: Path) -> None:
    records = records_of("letters/austen_letters_1796-1816.txt")
    skipped = Counter(record.reason for record in records if isinstance(record, Skipped))
    words = sum(len(record.text.split()) for record in records if isinstance(record, Utterance))
    assert skipped["heading"] == 78
    assert words == pytest.approx(76_321, rel=0.02)
    starts = [record.text for record in records if isinstance(record, Utterance)]
    opening = "MY DEAR CASSANDRA,--I shall be extremely anxious to hear the event of your ball"
    assert any(start.startswith(opening) for start in starts)


def test_letters_by_another_hand_come_out_under_their_own_signature(shared_data: Path) -> None:
    speakers = Counter(
        r.speaker for r in records_of("letters/austen_letters_1796-1816.txt") if isinstance(r, Utterance)
    )
    assert speakers.pop("") > 1000
    assert speakers
    assert all(speaker.startswith("CASS. ELIZ") for speaker in speakers)


def test_a_diary_gives_each_entry_its_day(shared_data: Path) -> None:
    records = records_of("letters/luxun_diary_1912-1914.txt")
    entries = [record for record in records if isinstance(record, Utterance)]
    assert Counter(record.reason for record in records if isinstance(record, Skipped)) == {"date line": 604}
    assert len(entries) == 604
    assert entries[0].text.startswith("五日 上午十一时舟抵天津")
    assert min(entry.sent_at.date().isoformat() for entry in entries if entry.sent_at) == "1912-05-05"


@pytest.mark.parametrize("name", named("character-card"))
def test_a_card_gives_its_fields_and_keeps_the_rest(name: str) -> None:
    expected = EXPECTED[name]
    with (SHARED_DATA / "personas" / name).open("rb") as stream:
        card = character_card.read(stream)
    book = card.card.get("data", {}).get("character_book", {})
    assert card.name == expected["name"]
    assert len(card.other_openings) == expected["alternate_greetings"]
    assert len(book.get("entries", [])) == expected["lorebook_entries"]
    assert card.examples
    if "ccv3" in name:
        assert card.description.endswith("(V3 text)")
    if "elizabeth" in name:
        assert card.card["data"]["extensions"]["unknown_vendor/key"] == {"keep": [1, 2, 3]}


@pytest.mark.parametrize("name", named("mbox"))
def test_a_mailbox_gives_what_each_sender_wrote(name: str) -> None:
    expected = EXPECTED[name]
    mails = [record for record in records_of(name) if isinstance(record, Utterance)]
    assert Counter(mail.speaker for mail in mails) == expected["speakers"]
    times = [mail.sent_at.isoformat() for mail in mails if mail.sent_at]
    assert (min(times), max(times)) == (expected["first"], expected["last"])
    spot = expected["spot"]
    window = "From the window I saw nothing."
    assert (mails[spot["index"]].speaker, mails[spot["index"]].text) == (spot["sender"], f"{spot['text']}\n\n{window}")
    assert all(mail.text.endswith(window) and "\n>" not in mail.text for mail in mails)


@pytest.mark.parametrize("name", named("docx", "pdf"))
def test_a_document_gives_its_authors_words(name: str) -> None:
    records = records_of(name)
    texts = [record.text for record in records if isinstance(record, Utterance)]
    assert {record.speaker for record in records if isinstance(record, Utterance)} == {""}
    assert sum(len(text.split()) for text in texts) == pytest.approx(EXPECTED[name]["words_about"], rel=0.02)
    # No paragraph begins in the middle of a sentence.
    assert {text for text in texts if text[:1].islower()} <= {"in a table", "last cell"}
    if "a 2x2 table" in EXPECTED[name]["note"]:
        assert {"in a table", "last cell"} <= set(texts)
