"""The head of a WhatsApp record, date and time, in every language's layout."""

import re
from dataclasses import dataclass
from functools import lru_cache

from personas.importers.encodings.folding import MARKS, fold
from personas.importers.times.clock import PERIOD, hour_of

_HEAD_CHARACTERS = 80

_HEAD = re.compile(
    rf"""
    (?P<open>\[)?
    (?P<a>\d{{1,4}})(?P<separator>[/.-]|\.\ )(?P<b>\d{{1,2}})(?P=separator)(?P<c>\d{{1,4}})\.?
    (?:\ ?г\.?)?(?P<comma>,)?
    \ ?(?P<word>klo|kl\.|às|à|alle|a\ las|um|at|u|о|la)?
    \ ?(?P<before>(?!\d)(?:{PERIOD}))?
    \ ?(?P<hour>\d{{1,2}})(?P<colon>[:.]|\ h\ )(?P<minute>[0-5]\d)
    (?:(?:(?P=colon)|\ min\ )(?P<second>[0-5]\d)(?:\ s(?=\]))?)?
    (?:\ ?(?P<after>(?![\d\]:-])(?:{PERIOD})|[^\W\d_][^\d\[\]:-]{{0,11}}(?=\ -\ |\])))?
    (?:\ \|\ [^\W\d_]{{3,20}}\ \d{{1,2}}:\d\d(?::\d\d)?(?:\ ?[ap]m)?(?=\]))?
    (?P<close>\])?
    (?P<dash>\ -\ |:\ |\ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_POSSIBLE = re.compile(rf"\A[{MARKS}]*+\[?[{MARKS}]*+\d")  # most lines that continue a message fail here


@dataclass(frozen=True)
class Head:
    """The beginning of a record: what stands there, how it is laid out, and the rest of the line."""

    fields: tuple[int, int, int]  # the date's three numbers, as they stand
    time: tuple[int, int, int]
    style: tuple[object, ...]
    padding: tuple[int, int, int]  # of the first two numbers and the hour: 1 "05", -1 "5", 0 cannot tell
    written: str
    rest: str


def read_head(line: str) -> Head | None:
    """The head of a record, matched with marks, odd spaces and other digits folded away."""
    start = line[:_HEAD_CHARACTERS]
    if not _POSSIBLE.match(start):
        return None
    folded, places = fold(start)
    match = _HEAD.match(folded)
    head = _read(match[0]) if match is not None else None
    if match is None or head is None:
        return None
    end = places[match.end() - 1] + 1
    return Head(*head, written=line[:end], rest=line[end:])


_Read = tuple[tuple[int, int, int], tuple[int, int, int], tuple[object, ...], tuple[int, int, int]]


@lru_cache(maxsize=1 << 14)  # messages of one minute have the same head, and a file is read twice
def _read(head: str) -> _Read | None:
    """A head's date, time, style and padding."""
    match = _HEAD.match(head)
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    hour = hour_of(int(match["hour"]), match["before"] or match["after"] or "")
    if hour is None:
        return None
    return (
        (int(match["a"]), int(match["b"]), int(match["c"])),
        (hour, int(match["minute"]), int(match["second"] or 0)),
        _style(match),
        (_padding(match["a"]), _padding(match["b"]), _padding(match["hour"])),
    )


def _style(match: re.Match[str]) -> tuple[object, ...]:
    return (
        bool(match["open"]),
        match["separator"],
        len(match["a"]) > 2,
        len(match["c"]) > 2,
        bool(match["comma"]),
        match["word"],
        bool(match["before"]),
        bool(match["after"]),
        match["colon"],
        match["second"] is not None,
        match["dash"],
    )


def _padding(digits: str) -> int:
    if len(digits) == 1:
        return -1
    return 1 if digits.startswith("0") and len(digits) == 2 else 0
