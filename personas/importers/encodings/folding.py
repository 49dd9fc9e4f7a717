"""Texts folded for comparison: without marks of direction, with plain spaces and the digits 0 to 9."""

from collections.abc import Sequence

MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
NO_MARKS = dict.fromkeys(map(ord, MARKS))
_FOLD = {ord(mark): None for mark in MARKS} | {
    **dict.fromkeys(map(ord, "\u202f\u00a0\u2009\u3000"), " "),
    **{ord(zero) + digit: str(digit) for zero in "٠۰०০੦૦୦௦౦೦൦๐໐༠၀០᠐０" for digit in range(10)},
    ord("،"): ",",
    ord("၊"): ",",
    ord("٫"): ".",
    ord("："): ":",
    ord("–"): "-",
}


def fold(text: str) -> tuple[str, Sequence[int]]:
    """A text without marks, odd spaces and other digits, and where each of its characters stood."""
    if text.isascii():
        return text, range(len(text))
    folded = text.translate(_FOLD)
    if len(folded) == len(text):
        return folded, range(len(text))
    return folded, [index for index, character in enumerate(text) if character not in MARKS]
