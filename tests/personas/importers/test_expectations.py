"""What is known of the shared sample files, checked against what the importers read from them."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from personas.importers import character_card, registry
from personas.importers.base import Remark, Skipped, Utterance
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


@pytest.mark.parametrize("name", named("whatsapp-txt", "whatsapp-zip", "plain-name-colon"))
def test_a_chat_gives_the_messages_that_people_wrote(name: str) -> None:
    expected, records = EXPECTED[name], records_of(name)
    said = [record for record in records if isinstance(record, Utterance)]
    skipped = Counter(record.reason for record in records if isinstance(record, Skipped))
    assert Counter(utterance.speaker for utterance in said) == expected["speakers"]
    times = [utterance.sent_at.strftime("%Y-%m-%dT%H:%M:%S") for utterance in said if utterance.sent_at]
    assert (min(times, default=None), max(times, default=None)) == (expected["first"], expected["last"])
    for reason, key in {"media": "media", "deleted": "deleted", "call": "calls", "system": "system"}.items():
        if key in expected:
            assert skipped[reason] == expected[key]
    if isinstance(spot := expected.get("spot"), dict):
        assert (said[spot["index"]].speaker, said[spot["index"]].text) == (spot["sender"], spot["text"])


@pytest.mark.parametrize("name", named("whatsapp-txt"))
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


@pytest.mark.parametrize("name", named("docx", "pdf"))
def test_a_document_is_refused_with_what_to_do(name: str) -> None:
    from personas.importers.base import UnknownFormat

    with pytest.raises(UnknownFormat, match=r"document\. Save it as plain text"):
        records_of(name)
