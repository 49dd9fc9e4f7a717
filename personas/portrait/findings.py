"""What the readers of a portrait share: a line of the persona, a finding, and the lines that a finding rests on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from text.lists import listed
from text.scripts import is_mostly_han
from text.words import placed_words

_FIRST, _LAST = 5, 5  # lines that are kept for a finding: its earliest and its newest
_READ = 4_000  # characters of one line; the end of a longer one changes no figure


@dataclass(frozen=True)
class Line:
    """An utterance of the persona. `words` has each word with its place in the text."""

    id: int
    text: str
    sent_at: datetime | None
    is_paragraph: bool  # of an author who takes part in no talk
    words: tuple[tuple[int, str], ...]
    is_han: bool

    @classmethod
    def of(cls, id: int, text: str, sent_at: datetime | None, *, is_paragraph: bool) -> "Line":
        text = text[:_READ]
        return cls(id, text, sent_at, is_paragraph, tuple(placed_words(text)), is_mostly_han(text))


@dataclass(slots=True)
class Evidence:
    """How often something was seen, in which lines, and when first and last. A corpus has hundreds of thousands."""

    count: int = 0
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    since: date | None = None
    until: date | None = None

    def add(self, line: Line, times: int = 1) -> None:
        self.count += times
        if line.sent_at is not None:
            day = line.sent_at.date()
            self.since = min(self.since or day, day)
            self.until = max(self.until or day, day)
        if line.id in self.first[-1:] or line.id in self.last:
            return
        if len(self.first) < _FIRST:
            self.first.append(line.id)
        else:
            self.last.append(line.id)
            del self.last[:-_LAST]

    @property
    def lines(self) -> tuple[int, ...]:
        return (*self.first, *self.last)

    @property
    def is_in_several_lines(self) -> bool:
        return len(self.first) > 1

    @property
    def period(self) -> str:
        """When it was first and last seen, in words; empty without dates."""
        if self.since is None or self.until is None:
            return ""
        first, last = (date_format(moment, "SHORT_DATE_FORMAT") for moment in (self.since, self.until))
        return first if first == last else gettext("%(first)s to %(last)s") % {"first": first, "last": last}


@dataclass(frozen=True)
class Finding:
    section: str
    label: str  # what it is about; with the section, it stays the same over computations
    text: str
    lines: tuple[int, ...]
    count: int


Series = Sequence[tuple[str, float]]  # label and value, in the order of the plot


class Reader(Protocol):
    """Reads every line once and keeps a bounded amount of it."""

    def read(self, line: Line) -> None: ...

    def findings(self) -> Iterator[Finding]: ...

    def figures(self) -> dict[str, Series]:
        """The series of its plots, by name."""
        ...


def times(count: int) -> str:
    return ngettext("once", "%(count)s times", count) % {"count": f"{count:,}"}


def percent(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.0f} %"


def joined(names: Iterable[str]) -> str:
    """“a”, “b” and “c”."""
    return listed([f"“{name}”" for name in names])
