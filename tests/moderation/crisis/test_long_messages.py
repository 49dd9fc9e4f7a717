"""Letters: a message of many sentences is read in pieces, so one sentence in it counts, and its length raises no alarm.

`long_messages.jsonl` was written for this test: fourteen harmless messages, and six with one sentence of danger.
"""

from pathlib import Path

import pytest

from moderation.crisis import labelled, ladder, reading, tokens
from moderation.crisis.recognition import recogniser

pytestmark = pytest.mark.slow

ROWS = labelled.read(Path(__file__).parent / "long_messages.jsonl")
HARMLESS = [row.messages[0] for row in ROWS if row.step == "none"]
IN_DANGER = [row.messages[0] for row in ROWS if row.step != "none"]


def met(texts: list[str]) -> int:
    """How many of these messages the site answers."""
    return sum(ladder.is_for_the_site(each.step) for each in reading.read([[text] for text in texts]))


def test_a_letter_about_an_ordinary_day_is_answered_by_the_persona() -> None:
    assert met(HARMLESS) <= 1


def test_one_sentence_of_danger_in_a_letter_is_met() -> None:
    assert met(IN_DANGER) == len(IN_DANGER) == 6


def test_several_letters_in_one_message_are_no_danger_either() -> None:
    english, chinese = HARMLESS[:8], HARMLESS[8:]
    assert met([" ".join(english[:4]), " ".join(english[4:]), "".join(chinese[:3]), "".join(chinese[3:])]) <= 1


def test_the_pieces_of_a_message_are_the_message() -> None:
    tokenizer = recogniser()._first._loaded.tokenizer
    for text in [*HARMLESS, "", "Hello", "word " * 1600, "。" * 8000]:
        pieces = tokens.pieces(tokenizer, text)
        assert "".join(pieces) == text
        assert len(pieces) <= len(text) / 2 + 1
    assert len(tokens.pieces(tokenizer, HARMLESS[0])) == 4
