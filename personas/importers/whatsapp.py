"""WhatsApp's "Export chat", as .txt and as .zip with a .txt inside, in every language's layout.

A file is read twice. The first pass finds which one layout of head the file has, which words
stand where names stand, and what order day and month have; the second accepts only heads of
that layout, so a chat line quoted inside a message stays part of the message.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import BinaryIO

from personas.importers import decoding, whatsapp_words, zips
from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance

_MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_FOLD = {ord(mark): None for mark in _MARKS} | {
    **dict.fromkeys(map(ord, "\u202f\u00a0\u2009\u3000"), " "),
    **{ord(arabic): str(digit) for digit, arabic in enumerate("٠١٢٣٤٥٦٧٨٩")},
    **{ord(persian): str(digit) for digit, persian in enumerate("۰۱۲۳۴۵۶۷۸۹")},
    **{ord(devanagari): str(digit) for digit, devanagari in enumerate("०१२३४५६७८९")},
    ord("،"): ",",
    ord("٫"): ".",
    ord("："): ":",
    ord("–"): "-",
}
_HEAD_CHARACTERS = 80
_LONGEST_TEXT = 100_000  # characters of one message; more than any app lets a person send
_MOST_NAMES = 2_000
_LONGEST_NAME = 100

_PERIOD = "|".join(
    re.escape(word).replace(r"\.", r"\.\ ?")
    for word in sorted(
        whatsapp_words.MORNING | whatsapp_words.AFTERNOON | whatsapp_words.NOON | whatsapp_words.MIDNIGHT,
        key=len,
        reverse=True,
    )
)
_HEAD = re.compile(
    rf"""
    (?P<open>\[)?
    (?P<a>\d{{1,4}})(?P<separator>[/.-]|\.\ )(?P<b>\d{{1,2}})(?P=separator)(?P<c>\d{{1,4}})\.?
    (?:\ ?г\.?)?(?P<comma>,)?
    \ ?(?P<word>klo|kl\.|às|à|alle|a\ las|um|at|u|о|la)?
    \ ?(?P<before>(?!\d)(?:{_PERIOD}))?
    \ ?(?P<hour>\d{{1,2}})(?P<colon>[:.])(?P<minute>[0-5]\d)(?:(?P=colon)(?P<second>[0-5]\d))?
    (?:\ ?(?P<after>(?![\d\]:-])(?:{_PERIOD})|[^\W\d_][^\d\[\]:-]{{0,11}}(?=\ -\ |\])))?
    (?P<close>\])?
    (?P<dash>\ -\ |:\ |\ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_POSSIBLE = re.compile(rf"[{_MARKS}]*\[?[{_MARKS}]*\d")  # most lines that continue a message fail here
_BUDDHIST = 2400  # years after this are counted from 543 BC (Thai exports)


@dataclass(frozen=True)
class Head:
    """The beginning of a record: what stands there, how it is laid out, and the rest of the line."""

    fields: tuple[int, int, int]  # the date's three numbers, as they stand
    time: tuple[int, int, int]
    style: tuple[object, ...]
    padding: tuple[int, int, int]  # of the first two numbers and the hour: 1 "05", -1 "5", 0 cannot tell
    rest: str


def read_head(line: str) -> Head | None:
    """The head of a record, matched with marks, odd spaces and other digits folded away."""
    start = line[:_HEAD_CHARACTERS]
    if not _POSSIBLE.match(start):
        return None
    kept: Sequence[int] = range(len(start))
    if start.isascii():
        match = _HEAD.match(start)
    else:
        kept = [index for index, character in enumerate(start) if character not in _MARKS]
        match = _HEAD.match("".join(start[index] for index in kept).translate(_FOLD))
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    hour = _hour(int(match["hour"]), (match["before"] or match["after"] or "").casefold().replace(" ", ""))
    if hour is None:
        return None
    consumed = match.end()
    return Head(
        fields=(int(match["a"]), int(match["b"]), int(match["c"])),
        time=(hour, int(match["minute"]), int(match["second"] or 0)),
        style=_style(match),
        padding=(_padding(match["a"]), _padding(match["b"]), _padding(match["hour"])),
        rest=line[kept[consumed - 1] + 1 :],
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


def _hour(hour: int, period: str) -> int | None:
    """0 to 23, from the clock's number and the word beside it; None where there is no such hour."""
    if hour > 24:
        return None
    if period in whatsapp_words.AFTERNOON and hour < 12:
        # 晚上 12 is midnight; every other 12 of an afternoon word is noon.
        return hour + 12
    if period == "晚上" and hour == 12:
        return 0
    if period in whatsapp_words.NOON and hour < 10:
        return hour + 12
    if period in whatsapp_words.MORNING | whatsapp_words.MIDNIGHT and hour == 12:
        return 0
    return hour % 24


_ORDERS = {"day, month, year": (2, 1, 0), "month, day, year": (2, 0, 1), "year, month, day": (0, 1, 2)}


@dataclass
class _Dates:
    """Evidence for the order of day, month and year within one layout, gathered head by head."""

    possible: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(_ORDERS, True))
    backwards: Counter[str] = field(default_factory=Counter)
    first: dict[str, date] = field(default_factory=dict)
    last: dict[str, date] = field(default_factory=dict)

    def see(self, fields: tuple[int, int, int]) -> None:
        for order in _ORDERS:
            day = in_order(fields, order)
            if day is None:
                self.possible[order] = False
                continue
            self.first.setdefault(order, day)
            self.backwards[order] += day < self.last.get(order, day)
            self.last[order] = day

    def span(self, order: str) -> int:
        return (self.last[order] - self.first[order]).days

    def decide(self, head: Head) -> tuple[str, bool]:
        """The order, and whether it had to be guessed. `head` is one of the layout's heads."""
        year_first, year_last = head.style[2], head.style[3]
        orders = [order for order in _ORDERS if order in self.last]
        if year_first or year_last:
            orders = [order for order in orders if order.startswith("year") == bool(year_first)]
        orders = [order for order in orders if self.possible[order]] or orders or list(_ORDERS)
        fewest = min(self.backwards[order] for order in orders)
        orders = [order for order in orders if self.backwards[order] == fewest]
        if len(orders) == 1:
            return orders[0], False
        if not fewest and all(order in self.last for order in orders):
            # People write again within days: of two orders that both run forward, the shorter chat is the likelier.
            shortest = min(self.span(order) for order in orders)
            closest = [order for order in orders if self.span(order) == shortest]
            if len(closest) == 1:
                return closest[0], self.span(max(orders, key=self.span)) < 3 * (shortest + 1)
        return _customary(orders, head), True


def _customary(orders: list[str], head: Head) -> str:
    """What phones write where the numbers do not tell: 6/5/23 is American, other layouts put the day first."""
    is_unpadded = -1 in head.padding[:2] and 1 not in head.padding[:2]
    is_american = head.style[1] == "/" and not head.style[3] and is_unpadded
    wanted = ["month, day, year"] if is_american else ["day, month, year"]
    if head.style[1] == "-":
        wanted = ["year, month, day"]
    return next((order for order in [*wanted, *orders] if order in orders), orders[0])


@lru_cache(maxsize=4096)
def in_order(fields: tuple[int, int, int], order: str) -> date | None:
    """The date that three numbers make, or None where the calendar has none such."""
    year, month, day = (fields[index] for index in _ORDERS[order])
    if year > _BUDDHIST:
        year -= 543
    if year < 100:
        year += 2000
    try:
        return date(year, month, day) if 1990 <= year < 2100 else None
    except ValueError:
        return None


@dataclass
class _Layout:
    """What the first pass learnt about one layout of head."""

    heads: int = 0
    sample: Head | None = None
    padding: list[int] = field(default_factory=lambda: [0, 0, 0])
    dates: _Dates = field(default_factory=_Dates)
    names: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, str | None] = field(default_factory=dict)

    def see(self, head: Head) -> None:
        self.heads += 1
        if self.sample is None or (-1 in head.padding and -1 not in self.sample.padding):
            self.sample = head
        self.padding = [total + one for total, one in zip(self.padding, head.padding, strict=True)]
        self.dates.see(head.fields)
        name, text = _first_split(head.rest)
        if name and (name in self.names or len(self.names) < _MOST_NAMES):
            self.names[name] += 1
            second = _first_split(text)[0] or None
            if self.seconds.setdefault(name, second) != second:
                self.seconds[name] = None

    def accepts(self, head: Head) -> bool:
        return all(one * total >= 0 for one, total in zip(head.padding, self.padding, strict=True))

    def known_names(self) -> dict[str, str]:
        """What stands before the first colon -> the name. A name with a colon in it is always followed by the
        same second part, message after message."""
        whole = {}
        for name, count in self.names.items():
            second = self.seconds[name]
            whole[name] = f"{name}: {second}" if second and count >= 3 else name
        return whole


def _first_split(rest: str) -> tuple[str, str]:
    """`Name: text` at its first colon; an empty name where there is none."""
    name, colon, text = rest.partition(":")
    if not colon or (text and not text.startswith(" ")) or len(name) > _LONGEST_NAME:
        return "", rest
    return name.rstrip(), text[1:]


def survey(lines: Iterable[tuple[int, str]]) -> tuple[tuple[object, ...], _Layout] | None:
    """The layout that most heads have, with what was learnt about it; None where no line begins like a record."""
    layouts: dict[tuple[object, ...], _Layout] = {}
    for _, line in lines:
        head = read_head(line)
        if head is not None and (head.style in layouts or len(layouts) < 200):
            layouts.setdefault(head.style, _Layout()).see(head)
    return max(layouts.items(), key=lambda item: item[1].heads, default=None)


@dataclass
class _Message:
    """A record that is being gathered: more lines may follow."""

    head: Head
    day: date
    line: int
    lines: list[str]
    length: int = 0

    def add(self, line: str) -> None:
        self.length += len(line) + 1
        if self.length <= _LONGEST_TEXT:
            self.lines.append(line)

    @property
    def sent_at(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, *self.head.time, tzinfo=UTC)


class WhatsApp:
    name = "whatsapp"

    def sniff(self, head: bytes, name: str) -> float:
        if head.startswith(zips.MAGIC):
            return 0.6 if "whatsapp" in name.casefold() or b"_chat.txt" in head else 0.2
        text = decoding.decode_head(head).splitlines()[:400]
        found = survey(enumerate(text, start=1))
        if found is None:
            return 0.0
        style, layout = found
        # Signal's exporter writes [2023-06-15, 21:41]; WhatsApp's brackets always hold seconds.
        if style[0] and style[1] == "-" and not style[9]:
            return 0.0
        # Other exports also begin lines with a date: theirs is followed by a tab, or by a name and the line's end.
        is_named = sum(layout.names.values()) >= layout.heads / 3
        if not is_named or (style[-1] == " " and not style[0] and layout.heads < 2):
            return 0.0
        filled = sum(1 for line in text if line.strip())
        return min(1.0, 0.35 + layout.heads / filled) if layout.heads * 5 >= filled else 0.25

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        stream.seek(0)
        is_zip = stream.read(4).startswith(zips.MAGIC)
        stream.seek(0)
        yield from self._parse_text(zips.chat_text(stream) if is_zip else stream)

    def _parse_text(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        found = survey(decoding.lines(stream, encoding))
        if found is None:
            raise DamagedFile("No line of this file begins like a WhatsApp message, with a date and a time.")
        style, layout = found
        assert layout.sample is not None
        order, is_guessed = layout.dates.decide(layout.sample)
        if is_guessed:
            yield Remark(f"Dates such as {_as_written(layout.sample)} were read as {order}; the file does not say.")
        yield from _records(decoding.lines(stream, encoding), style, layout, order)


def _as_written(head: Head) -> str:
    return str(head.style[1]).join(str(number) for number in head.fields)


def _records(
    lines: Iterable[tuple[int, str]], style: tuple[object, ...], layout: _Layout, order: str
) -> Iterator[Record]:
    names = layout.known_names()
    message: _Message | None = None
    seen = 0
    for number, line in lines:
        head = read_head(line)
        day = in_order(head.fields, order) if head and head.style == style and layout.accepts(head) else None
        if head is None or day is None:
            if message is not None:
                message.add(line)
            elif line.strip():
                yield Skipped("before the first message", f"line {number}")
            continue
        if message is not None:
            yield _finished(message, names, is_first=seen == 0)
            seen += 1
        message = _Message(head=head, day=day, line=number, lines=[head.rest])
    if message is not None:
        yield _finished(message, names, is_first=seen == 0)


def _finished(message: _Message, names: dict[str, str], *, is_first: bool) -> Utterance | Skipped:
    source_ref = f"line {message.line}"
    text = "\n".join(message.lines).rstrip()
    if message.length > _LONGEST_TEXT:
        return Skipped("too long", source_ref)
    name, said = _split(text, names, is_bracketed=bool(message.head.style[0]))
    if not name:
        is_cut = any(text.startswith(f"{known}:") for known in names)
        return Skipped("unreadable" if is_cut else whatsapp_words.system_kind(text), source_ref)
    if is_first and whatsapp_words.is_greeting_of_app(said):
        return Skipped("system", source_ref)
    said = whatsapp_words.without_tail(said)
    if (under := whatsapp_words.caption(said)) is not None:
        said = under
    if reason := whatsapp_words.kind(said):
        return Skipped(reason, source_ref)
    return Utterance(speaker=_tidy(name), text=said.strip("\n"), sent_at=message.sent_at, source_ref=source_ref)


_NAME_WITH_SENTENCE = re.compile(r"(?P<more>[^:\n]{1,60}[?!]): ")


def _split(text: str, names: dict[str, str], *, is_bracketed: bool) -> tuple[str, str]:
    """A record's name and its words; an empty name where nobody is named (Android's system lines)."""
    first_line, newline, following = text.partition("\n")
    name, said = _first_split(first_line)
    whole = names.get(name, name)
    if whole != name and first_line.startswith(f"{whole}:"):
        name, said = whole, first_line[len(whole) + 1 :].removeprefix(" ")
    elif name and not is_bracketed and (more := _NAME_WITH_SENTENCE.match(said)):
        # Nobody ends a sentence with a mark and a colon, so a name that holds a sentence goes on to there.
        name, said = f"{name}: {more['more']}", said[more.end() :]
    return name, said + newline + following


def _tidy(name: str) -> str:
    return " ".join("".join(character for character in name if character not in _MARKS).replace("\xa0", " ").split())
