"""The records of an export's main layout, found in a block of lines by one pattern.

A file of a gigabyte has ten million lines, and reading each head with care takes some microseconds. Nearly all heads of
a file are laid out alike, and their dates and times come again and again. So each date and each time is read with care
once, and is known afterwards.
"""

import re
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from personas.importers.decoding import Block
from personas.importers.whatsapp_heads import MARKS, Head, read_head

T = TypeVar("T")
# Date, time, name, words. A line that may be of another layout is odd: it has only the last part.
Row = tuple[str, str, str, str, str]
ODD: Row = ("", "", "", "", "")

_MOST_KEPT = 100_000  # dates and times
_BLANK = "[ \u202f\u00a0\u2009\u3000]"
_SEPARATORS = {"/": "/", ".": r"\.", "-": "[-–]", ". ": rf"\.{_BLANK}"}
_POSSIBLE = rf"[{MARKS}]*+\[?[{MARKS}]*+\d"  # a line that begins otherwise continues a message
_TRIAL = "Ann: words"


class Rows(Generic[T]):
    """Finds the rows of a file's blocks.

    `value_of` gives what is kept for a date and a time, or None where a head has to be looked at with care. With CR LF
    as the end of a record, a head after a lone LF is an odd line.
    """

    def __init__(self, style: tuple[object, ...], value_of: Callable[[Head], T | None], *, record_end: str) -> None:
        self._pattern = _pattern(style, record_end)
        self._value_of = value_of
        self.dates: dict[str, T] = {}
        self.times: dict[str, T] = {}

    def find(self, block: Block, end_before: str) -> list[Row] | None:
        """The rows of a block; None where it has to be read line by line."""
        if self._pattern is None or not block.is_clean:
            return None
        before = "\r\n" if end_before == "\r\n" else "\n"
        rows: list[Row] = self._pattern.findall(before + block.text.removesuffix("\n"))
        times = {row[0]: row[1] for row in rows}
        dates = {row[1]: row[0] for row in rows}
        if times.keys() - self.dates.keys() <= {""} and dates.keys() - self.times.keys() <= {""}:
            return rows
        heads = [*times.items(), *((date, time) for time, date in dates.items())]
        return rows if self._learn(head for head in heads if head[0]) else None

    def _learn(self, heads: Iterable[tuple[str, str]]) -> bool:
        """Whether all these dates and times can be trusted."""
        if len(self.dates) + len(self.times) > _MOST_KEPT:
            self.dates.clear()
            self.times.clear()
        for date, time in heads:
            if date in self.dates and time in self.times:
                continue
            head = read_head(date + time + _TRIAL)
            value = self._value_of(head) if head is not None and head.rest == _TRIAL else None
            if value is None:
                return False
            self.dates.setdefault(date, value)
            self.times.setdefault(time, value)
        return True


def text_of(row: Row) -> str:
    date, time, name, words, odd = row
    return f"{date}{time}{name}: {words}\n" if name else f"{odd}\n"


def end_of(row: Row) -> str:
    """The line end behind a row. At the file's end there may be none, but nothing comes after it."""
    return "\r\n" if (row[3] or row[4]).endswith("\r") else "\n"


def _pattern(style: tuple[object, ...], record_end: str) -> re.Pattern[str] | None:
    """A pattern whose matches are rows, one after another; None for a layout whose heads have no clear end."""
    is_bracketed, dash = bool(style[0]), style[-1]
    if dash != (" " if is_bracketed else " - "):
        return None
    separator = _SEPARATORS[str(style[1])]
    opening, closing = (r"\[", rf"\]{_BLANK}") if is_bracketed else ("", rf"{_BLANK}[-–]{_BLANK}")
    date = rf"{opening}\d{{1,4}}{separator}\d{{1,2}}{separator}\d{{1,4}}"
    time = rf"[^\n\d]{{1,16}}?\d{{1,2}}[:.]\d\d(?:[:.]\d\d)?[^\n\d\[\]:]{{0,16}}?{closing}"
    name = r"[^:\s][^:\n]{0,99}"
    words = rf"[^\n]*+(?:\n(?!{_POSSIBLE})[^\n]*+)*+"
    behind = r"(?<=\r\n)" if record_end == "\r\n" else ""
    return re.compile(rf"\n(?:{behind}({date})({time})({name}): ({words})|([^\n]*+))")
