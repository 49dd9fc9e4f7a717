"""The heads of an export's main layout, known by their dates and times.

A file of a gigabyte has ten million lines, and reading each head with care takes some microseconds. Nearly all heads of
a file are laid out alike, and their dates and times come again and again. So each date and each time is read with care
once. Afterwards a line is cut at the characters that stand behind its date and its time, and both are looked up.
"""

import re
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from personas.importers.chats.whatsapp.heads import Head, read_head
from personas.importers.encodings.decoding import Block
from personas.importers.encodings.folding import MARKS

D = TypeVar("D")
T = TypeVar("T")

_MOST_KEPT = 100_000  # dates and times
_LONGEST_NAME = 100
_BLANK = "[ \u202f\u00a0\u2009\u3000]"
_SEPARATORS = {"/": "/", ".": r"\.", "-": "[-–]", ". ": rf"\.{_BLANK}"}
_TRIAL = "Ann: words"
_POSSIBLE = re.compile(rf"\A[{MARKS}]*+\[?[{MARKS}]*+\d")  # a line that begins otherwise continues a message

# The start of a message: its name, the words of its first line, and what `values_of` gives for its date and time.
MessageStart = tuple[str, str, D, T]


class KnownHeads(Generic[D, T]):
    """Dates and times with what `values_of` gives for them. It gives None for a head that needs a careful look.

    A line is `{date}{time}{after_time}{rest}`. It is cut at its first `after_time`, and what stands before that where
    `find` finds `before_time`, with which the time begins.
    """

    def __init__(self, sample: Head, values_of: Callable[[Head], tuple[D, T] | None]) -> None:
        """`sample` is a head of the main layout. `is_usable` is false for a layout whose parts have no clear ends."""
        separator = _SEPARATORS[str(sample.style[1])]
        self._date = re.compile(rf"\A[{MARKS}]*+\[?[{MARKS}]*+\d{{1,4}}{separator}\d{{1,2}}{separator}\d{{1,4}}")
        self._values_of = values_of
        self.dates: dict[str, D] = {}
        self.times: dict[str, T] = {}
        self.after_time = _after_time(sample)
        head = sample.written.removesuffix(self.after_time)
        date = self._date.match(head)
        end = date.end() if date is not None else 0
        self.before_time = head[end : end + 1]
        self.find = str.find if head.find(self.before_time) == end else str.rfind
        self.is_usable = bool(self.after_time and self.before_time) and self.learn(sample.written)

    def cut(self, block: Block) -> Iterator[tuple[int, str, str, bool, MessageStart[D, T] | None]]:
        """The lines of a clean block: number, text, line end, whether a head may begin it, and the start of a message.

        The start is None where no head begins the line, and where one may begin it that needs a careful look.
        """
        find, before_time, after_time = self.find, self.before_time, self.after_time
        dates, times, may_begin = self.dates, self.times, _POSSIBLE.match
        has_cr = "\r" in block.text
        for number, line in enumerate(block.lines, start=block.number):
            end = "\n"
            if has_cr and line.endswith("\r"):
                line, end = line[:-1], "\r\n"
            end_of_head = line.find(after_time)
            middle = find(line, before_time, 0, end_of_head)
            date, time = line[:middle], line[middle:end_of_head]
            is_known = date in dates and time in times and end_of_head > 0
            if not is_known and not may_begin(line):
                yield number, line, end, False, None
                continue
            colon = line.find(": ", end_of_head)
            name = line[end_of_head + len(after_time) : colon]
            if (is_known or self.learn(line)) and colon >= 0 and _is_name(name):
                yield number, line, end, True, (name, line[colon + 2 :], dates[date], times[time])
            else:
                yield number, line, end, True, None

    def learn(self, line: str) -> bool:
        """Whether the line begins with a head of the main layout. Its date and its time are known afterwards."""
        end = line.find(self.after_time)
        middle = self.find(line, self.before_time, 0, end)
        date, time = line[:middle], line[middle:end]
        if end < 0 or middle < 0 or not self._date.fullmatch(date):
            return False
        trial = read_head(f"{date}{time}{self.after_time}{_TRIAL}")
        values = self._values_of(trial) if trial is not None and trial.rest == _TRIAL else None
        if values is None:
            return False
        if len(self.dates) + len(self.times) > _MOST_KEPT:
            self.dates.clear()
            self.times.clear()
        self.dates[date], self.times[time] = values
        return True


def _is_name(name: str) -> bool:
    """Whether the characters between a head and the first colon with a blank are a name, at a quick look."""
    return 0 < len(name) <= _LONGEST_NAME and ":" not in name and not name[0].isspace()


def _after_time(sample: Head) -> str:
    """The characters that a head ends with, if they stand at no other place of it; else ""."""
    is_bracketed, dash = bool(sample.style[0]), sample.style[-1]
    after_time = sample.written[-2:] if is_bracketed else sample.written[-3:]
    is_clear = dash == (" " if is_bracketed else " - ") and sample.written.count(after_time) == 1
    return after_time if is_clear else ""
