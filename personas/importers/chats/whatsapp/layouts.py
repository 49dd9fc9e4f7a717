"""Which layouts of head a WhatsApp export has, learnt from the whole file before a record is read.

Mostly there is one. A file that two phones wrote, or one app before and after an update, has more: a further layout
counts where it follows or precedes the main one, or comes again with the same people. Chat lines of another layout
that are quoted inside a message stay part of it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from personas.importers.chats.messages import chat_heads
from personas.importers.chats.whatsapp import events
from personas.importers.chats.whatsapp.heads import Head, read_head
from personas.importers.chats.whatsapp.known_heads import KnownHeads
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Block, Line
from personas.importers.encodings.folding import NO_MARKS
from personas.importers.times.date_order import DateOrder, SampleDate, in_order

MOST_NAMES = 2_000
_LONGEST_NAME = 100
_MOST_LAYOUTS = 200
_MOST_PADDINGS = 8  # of one style
_LONG_RUN = 10  # heads, each after a lone LF
_MOST_JUDGED = 200  # names of which it is asked whether they are the group's own


Fields = tuple[int, int, int]  # the numbers of a date, as they stand


@dataclass
class Layout:
    """What the first pass learnt about one layout of head."""

    style: tuple[object, ...]
    heads: int = 0
    first_line: int = 0
    last_line: int = 0
    sample: Head | None = None
    padding: list[int] = field(default_factory=lambda: [0, 0, 0])
    dates: DateOrder = field(default_factory=DateOrder)
    names: Counter[str] = field(default_factory=Counter)
    tight_names: Counter[str] = field(default_factory=Counter)  # their colon has no blank after it
    seconds: dict[str, str | None] = field(default_factory=dict)
    of_app: set[str] = field(default_factory=set)  # beginnings of names under which an iPhone's app wrote
    strengths: dict[str, int] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)  # of the lines before its heads
    lf_run: int = 0
    longest_lf_run: int = 0
    order: str = ""
    is_order_guessed: bool = False

    def see(self, head: Head, number: int, end_before: str) -> None:
        self.heads += 1
        self.first_line = self.first_line or number
        self.last_line = number
        self.ends[end_before] += 1
        self.lf_run = self.lf_run + 1 if end_before == "\n" else 0
        self.longest_lf_run = max(self.longest_lf_run, self.lf_run)
        self.see_form(head)
        self.dates.see(head.fields)
        self.see_name(*first_split(head.rest), head.rest)

    def see_form(self, head: Head) -> None:
        if self.sample is None or (-1 in head.padding and -1 not in self.sample.padding):
            self.sample = head
        self.padding = [total + one for total, one in zip(self.padding, head.padding, strict=True)]

    def see_run(self, ends_before: Sequence[str], days: Iterable[Fields], names: Iterable[str], last: int) -> None:
        """As `see` for heads of a known form. `days` has changes of the date, and `names` those that are settled.

        `last` is the line of the last head.
        """
        self.heads += len(ends_before)
        self.last_line = max(self.last_line, last)
        self.ends.update(ends_before)
        for end, run in groupby(ends_before):
            self.lf_run = self.lf_run + sum(1 for _ in run) if end == "\n" else 0
            self.longest_lf_run = max(self.longest_lf_run, self.lf_run)
        for fields in days:
            self.dates.see(fields)
        for name, count in Counter(names).items():
            if name in self.names:
                self.names[name] += count

    def is_settled(self, name: str) -> bool:
        """Whether a further message under this name is only counted."""
        if name not in self.names:
            return len(self.names) >= MOST_NAMES
        is_judged = name not in self.strengths and len(self.strengths) >= _MOST_JUDGED
        return self.seconds[name] is None and (is_judged or not self.strengths.get(name, 1))

    def see_name(self, name: str, text: str, rest: str = "") -> None:
        if not name:
            tight = rest.partition(":")[0].rstrip()
            if tight != rest.rstrip() and len(tight) <= _LONGEST_NAME and len(self.tight_names) < MOST_NAMES:
                self.tight_names[tight] += 1
        elif name in self.names or len(self.names) < MOST_NAMES:
            self.names[name] += 1
            second = first_split(text)[0] or None
            if second and _of_app_behind(second, text) and len(self.of_app) < MOST_NAMES:
                self.of_app.add(name)
            if self.seconds.setdefault(name, second) != second:
                self.seconds[name] = None
            if self.strengths.get(name, 1) and (name in self.strengths or len(self.strengths) < _MOST_JUDGED):
                strength = events.strength(tidy(text))
                self.strengths[name] = strength and max(strength, self.strengths.get(name, 0))

    def accepts(self, head: Head) -> bool:
        return all(one * total >= 0 for one, total in zip(head.padding, self.padding, strict=True))

    def decide_order(self) -> None:
        assert self.sample is not None
        separator, is_year_first, is_year_last = self.style[1:4]
        is_unpadded = -1 in self.sample.padding[:2] and 1 not in self.sample.padding[:2]
        is_american = separator == "/" and not is_year_last and is_unpadded
        sample = SampleDate(str(separator), bool(is_year_first), bool(is_year_last), is_american)
        self.order, self.is_order_guessed = self.dates.decide(sample)

    def moment(self, head: Head) -> datetime | None:
        """A head's wall-clock time, kept as UTC; None where the calendar has no such day."""
        day = in_order(head.fields, self.order)
        return datetime(day.year, day.month, day.day, *head.time, tzinfo=UTC) if day else None

    def is_quoted(self, end_before: str, *, is_later: bool) -> bool:
        """Whether records end in CR LF and this head comes after a lone LF, inside a record.

        A long run of such heads that goes on in time is a part of the file that another tool saved.
        """
        if end_before != "\n" or self.ends["\r\n"] * 4 < self.ends["\n"]:
            return False
        return not (is_later and self.longest_lf_run > _LONG_RUN)


def first_split(rest: str) -> tuple[str, str]:
    """`Name: text` at its first colon; an empty name where there is none."""
    name, colon, text = rest.partition(":")
    if not colon or (text and not text.startswith(" ")) or len(name) > _LONGEST_NAME:
        return "", rest
    return name.rstrip(), text[1:]


def _of_app_behind(second: str, text: str) -> bool:
    """Whether the app's mark stands behind a second colon, so that the name of a group holds the first one.

    Ahead of an attached file, the mark stands behind words of a person.
    """
    behind = text[len(second) + 1 :].lstrip(" ")
    return behind.startswith("\u200e") and not behind.startswith("\u200e<")


def tidy(name: str) -> str:
    """Without invisible marks and odd blanks."""
    return " ".join(name.translate(NO_MARKS).replace("\xa0", " ").split())


class Survey:
    """The layouts of a file; `kept` are those whose heads begin records, the main one first."""

    def __init__(self) -> None:
        self._layouts: dict[tuple[object, ...], list[Layout]] = {}
        self.kept: list[Layout] = []
        self.foreign_names: Counter[str] = Counter()  # in lines as other apps lay them out
        self._end_before = ""
        self._main: Layout | None = None
        self._known: KnownHeads[Fields, None] | None = None

    def read(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._see(line)
        self._choose()

    def read_blocks(self, blocks: Iterable[Block]) -> None:
        """As `read`. Each line is looked at with care until there is a main layout."""
        for block in blocks:
            if self._main is not None and self._known is not None and block.is_clean:
                self._see_block(block, self._main, self._known)
                continue
            for line in decoding.block_lines(block):
                self._see(line)
            main = max(self._all(), key=lambda layout: layout.heads, default=None)
            if main is not None and main.sample is not None and main is not self._main:
                self._main = main
                known = KnownHeads(main.sample, self._main_head)
                self._known = known if known.is_usable else None
        self._choose()

    def _see(self, line: Line) -> None:
        head = read_head(line.text)
        if head is not None and (layout := self._layout_for(head)) is not None:
            layout.see(head, line.number, self._end_before)
        elif head is None:
            self._see_other(line.text)
        self._end_before = line.end

    def _see_other(self, line: str) -> None:
        if (head := chat_heads.read(line)) is not None and len(self.foreign_names) < MOST_NAMES:
            self.foreign_names[head.name] += 1

    def _main_head(self, head: Head) -> tuple[Fields, None] | None:
        """A head of the main layout. Those of phones that pad numbers differently are told apart line by line."""
        assert self._main is not None
        if head.style != self._main.style or len(self._layouts[head.style]) > 1 or not self._main.accepts(head):
            return None
        self._main.see_form(head)
        return head.fields, None

    def _see_block(self, block: Block, main: Layout, known: KnownHeads[Fields, None]) -> None:
        """Counts known heads by runs. Other lines that may begin a record are looked at with care."""
        settled: dict[str, str] = {}  # names as they stand in lines, and without blanks at their ends
        ends: list[str] = []
        days: list[Fields] = []
        names: list[str] = []
        last = 0
        for number, line, end, may_begin, start in known.cut(block):
            if not may_begin:
                self._see_other(line)
            elif start is None:
                main.see_run(ends, days, names, last)
                ends, days, names = [], [], []
                self._see(Line(number, line, end))
            else:
                name, words, fields, _ = start
                if name not in settled and main.is_settled(name.rstrip()):
                    settled[name] = name.rstrip()
                if name in settled:
                    names.append(settled[name])
                else:
                    main.see_name(name.rstrip(), words)
                if [fields] != days[-1:]:
                    days.append(fields)
                ends.append(self._end_before)
                last = number
            self._end_before = end
        main.see_run(ends, days, names, last)

    def _layout_for(self, head: Head) -> Layout | None:
        """One style has several layouts where phones pad their numbers differently; the latest is tried first."""
        if head.style not in self._layouts and len(self._layouts) >= _MOST_LAYOUTS:
            return None
        siblings = self._layouts.setdefault(head.style, [])
        layout = next((one for one in siblings if one.accepts(head)), None)
        if layout is None and len(siblings) < _MOST_PADDINGS:
            layout = Layout(head.style)
        elif layout is not None:
            siblings.remove(layout)
        if layout is not None:
            siblings.insert(0, layout)
        return layout

    def _choose(self) -> None:
        layouts = self._all()
        if not layouts:
            return
        main = max(layouts, key=lambda layout: layout.heads)
        self.kept = [main, *(one for one in layouts if one is not main and _goes_on(one, main))]
        for layout in self.kept:
            layout.decide_order()

    def _all(self) -> list[Layout]:
        return [layout for siblings in self._layouts.values() for layout in siblings]

    @property
    def names(self) -> Counter[str]:
        return sum((layout.names for layout in self.kept), Counter())

    def known_names(self) -> dict[str, str]:
        """What stands before the first colon -> the name. A name with a colon in it is always followed by the
        same second part, message after message."""
        whole: dict[str, str] = {}
        for layout in self.kept:
            for name, count in layout.names.items():
                second = layout.seconds[name]
                is_whole = second and (count >= 3 or name in layout.of_app)
                whole[name] = f"{name}: {second}" if is_whole else whole.get(name, name)
        for name, count in sum((layout.tight_names for layout in self.kept), Counter[str]()).items():
            if count >= 2 and " " not in name.strip():
                whole.setdefault(name, name)
        return whole

    def group_names(self) -> set[str]:
        """Names under which only the app writes: the group's."""
        strengths: dict[str, list[int]] = {}
        for layout in self.kept:
            for name, strength in layout.strengths.items():
                strengths.setdefault(name, []).append(strength)
        return {name for name, all_of_it in strengths.items() if min(all_of_it) and max(all_of_it) == 2}

    def layouts_for(self, head: Head) -> Iterator[Layout]:
        return (layout for layout in self.kept if layout.style == head.style and layout.accepts(head))


def _goes_on(layout: Layout, main: Layout) -> bool:
    """Whether a further layout's heads are records: it has people, and its own part of the file or the same people."""
    if layout.names.total() * 2 < layout.heads:
        return False
    shared = sum(count for name, count in layout.names.items() if name in main.names)
    if layout.first_line > main.last_line or layout.last_line < main.first_line:
        return bool(shared) or layout.heads >= 3
    return shared * 2 >= layout.heads and layout.heads >= 3
