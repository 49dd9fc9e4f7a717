"""A cut never splits what a reader sees as one character."""

import pytest

from tests import timing
from text import graphemes

FAMILY = "👩‍👩‍👧‍👦"
FLAG = "🇺🇦"
ACCENTED = "e\u0301\u0323"
SYLLABLE = "நி"
WHOLE = [FAMILY, FLAG, ACCENTED, SYLLABLE, "👍🏽", "\r\n", "क्षि", "각"]


@pytest.mark.parametrize("whole", WHOLE)
def test_a_grapheme_is_kept_or_left_out(whole: str) -> None:
    text = whole * 5
    for most in range(len(whole), len(text) + 1):
        parts = most // len(whole)
        assert graphemes.beginning(text, most) == whole * parts
        assert graphemes.ending(text, most) == whole * parts
    assert graphemes.first(text) == whole


def test_a_short_text_stays_as_it_is() -> None:
    assert graphemes.beginning("Ada", 3) == graphemes.ending("Ada", 3) == "Ada"
    assert graphemes.beginning("", 3) == graphemes.ending("", 3) == graphemes.first("") == ""


def test_a_grapheme_that_is_longer_than_the_limit_is_cut() -> None:
    text = "a" + "\u0301" * 50
    assert graphemes.beginning(text, 10) == text[:10]
    assert graphemes.ending(text, 10) == text[-10:]


@pytest.mark.parametrize("text", ["a" + "\u0301" * 8_000, FAMILY * 1_143, FLAG * 4_000, "a" * 8_000, "\u200d" * 8_000])
def test_it_takes_no_longer_than_the_text_is_long(text: str) -> None:
    def cut() -> None:
        graphemes.beginning(text, 7_990)
        graphemes.ending(text, 7_990)

    assert timing.takes_at_most(0.5, cut)
