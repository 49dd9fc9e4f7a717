"""LINE's "Export chat history" of phones and computers, in every language.

    [LINE] Chat history with Ana            [LINE] アナとのトーク履歴
    Thu, 6/15/2023                          2023.06.15 木曜日
    09:41<TAB>Ana<TAB>text                  09:41 アナ text

A file is read twice: first for the order of day and month, for what stands between its columns, and, where that is a
single blank, for the names. A text of several lines stands in double quotes.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark
from personas.importers.chats import app_words
from personas.importers.chats.messages import day_lines, placeholders
from personas.importers.chats.messages.gathering import LONGEST_TEXT, Head, Reason, messages
from personas.importers.encodings import decoding
from personas.importers.encodings.folding import fold
from personas.importers.times.clock import PERIOD, hour_of

_TITLE = re.compile(r"\[LINE\]\s?(?P<title>.{1,200})")
_PARTNER = re.compile(
    r"(?:Chat history (?:with|in) |與|与|ประวัติการ(?:แชท|สนทนา)กับ ?|Riwayat obrolan dengan )?(?P<name>.{1,100}?)"
    r"(?:との?トーク履歴|のトーク履歴|的聊天(?:記錄|紀錄|记录)|님과의 ?대화)?(?:\.txt)?"
)
_SAVED = re.compile(
    r"(?:Saved on|保存日時|儲存日期|儲存時間|保存日期|保存时间|저장(?:한)? ?(?:날짜|일시)"
    r"|บันทึก(?:เมื่อ|วันที่)|Disimpan pada|Đã lưu)\s?[:：]"
)
_CLOCK = (
    rf"(?:(?P<before>(?!\d)(?:{PERIOD}))\ ?)?(?P<hour>\d{{1,2}})[:.](?P<minute>[0-5]\d)(?:\ ?(?P<after>(?:{PERIOD})))?"
)
_RECORD = re.compile(rf"{_CLOCK}(?P<gap>\t|\ +)(?=\S|\t)", re.IGNORECASE)
_EVENT = re.compile(
    r"\A(?:(?:joined|left) the (?:group|chat)\.?|(?:invited|added|removed) .{1,80} (?:to|from) the (?:group|chat)\.?"
    r"|(?:が|は).{0,80}(?:グループに参加しました|退出しました|招待しました|追加しました)。?|(?:已)?(?:加入|退出)(?:了)?(?:群組|群组|聊天)。?)"
)
_HEAD_CHARACTERS = 40
_SNIFFED_LINES = 400
_LONGEST_NAME = 100
_MOST_NAMES = 2_000
_MOST_WORDS = 5  # of a name, where nothing but blanks ends it
_GAPS = ("\t", "  ", " ")


class Line:
    name = "line"

    def sniff(self, head: bytes, name: str) -> float:
        lines = decoding.decode_head(head).splitlines()[:_SNIFFED_LINES]
        if any(_TITLE.match(line) for line in lines[:3]):
            return 0.97
        # Without its title, the file is LINE's if days stand alone and columns are set off by tabs.
        days = sum(day_lines.read(line) is not None for line in lines)
        gaps = Counter(_gap(line) for line in lines)
        filled = sum(bool(line.strip()) for line in lines)
        if days and gaps["\t"] >= 2 and gaps["\t"] * 3 >= filled:
            return 0.6
        # A computer's has blanks there, as a diary with times may have. In a chat, few names come again and again.
        beginnings = Counter(_rest(line).partition(" ")[0] for line in lines if _gap(line) == " ")
        names = [count for count in beginnings.values() if count > 1]
        is_chat = len(names) > 1 and sum(names) * 2 >= 5 * len(names) and sum(names) * 4 >= 3 * gaps[" "]
        return 0.6 if days and gaps[" "] * 2 >= filled and is_chat else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        survey = _Survey(decoding.lines(stream, encoding))
        if not survey.heads:
            raise DamagedFile(gettext("No line of this LINE export begins like a message, with a time and a name."))
        reader = _Reader(survey)
        if survey.is_order_guessed:
            yield Remark(
                gettext("The dates were read as %(order)s; the file does not say.") % {"order": gettext(survey.order)}
            )
        yield from messages(_unfolded(decoding.lines(stream, encoding), survey.gap), reader.read, _judge)


def _gap(line: str) -> str:
    """What stands behind the time of a record: a tab, two blanks or more, or one blank; "" where there is no record."""
    match = _matched(line)
    return "" if match is None else {"\t": "\t", " ": " "}.get(match["gap"], "  ")


@lru_cache(maxsize=16)  # each reader of a line asks again
def _matched(line: str) -> re.Match[str] | None:
    start = line[:_HEAD_CHARACTERS]
    return _RECORD.match(fold(start)[0])


def _rest(line: str) -> str:
    """A record without its time."""
    match, places = _matched(line), fold(line[:_HEAD_CHARACTERS])[1]
    return line[places[match.end() - 1] + 1 :] if match else line


class _Survey:
    """What the first pass learns: the gap between columns, the order of dates, the people."""

    def __init__(self, lines: Iterable[tuple[int, str]]) -> None:
        self._beginnings: Counter[str] = Counter()
        days = day_lines.DayOrder()
        gaps: Counter[str] = Counter()
        self.title = ""
        for number, line in lines:
            if day := day_lines.read(line):
                days.see(day)
            elif gap := _gap(line):
                gaps[gap] += 1
                self._see_beginnings(_rest(line) if gap == " " else "")
            elif number <= 3 and (title := _TITLE.match(line)):
                self.title = title["title"].strip()
        self.heads = gaps.total()
        self.gap = max(_GAPS, key=lambda gap: gaps[gap])
        self.order, self.is_order_guessed = days.decide()
        self.names = self._learnt_names() if self.gap == " " else set()

    def _see_beginnings(self, rest: str) -> None:
        words = rest[: _LONGEST_NAME + 1].split(" ")
        for count in range(1, min(len(words), _MOST_WORDS + 1)):
            beginning = " ".join(words[:count])
            if beginning in self._beginnings or len(self._beginnings) < _MOST_NAMES:
                self._beginnings[beginning] += 1

    def _learnt_names(self) -> set[str]:
        """Beginnings that recur: as long as (nearly) the same words follow, they belong to the name."""
        counts = self._beginnings
        names = set()
        for first in [beginning for beginning, count in counts.items() if " " not in beginning and count > 1]:
            name = first
            while longer := self._only_longer(name):
                name = longer
            names.add(name)
        partner = _PARTNER.fullmatch(self.title)
        return names | ({partner["name"].strip()} if partner else set())

    def _only_longer(self, name: str) -> str:
        counts, words = self._beginnings, name.count(" ") + 1
        longer = [one for one in counts if one.startswith(f"{name} ") and one.count(" ") == words]
        best = max(longer, key=lambda one: counts[one], default="")
        return best if best and counts[best] > 2 and counts[best] * 20 >= counts[name] * 19 else ""


class _Reader:
    """Lines in, heads out; remembers the day that the last day line told."""

    def __init__(self, survey: _Survey) -> None:
        self._survey = survey
        self._day: date | None = None
        self._is_before = True

    def read(self, line: str) -> Head | Reason | None:
        match = _matched(line)
        if match is not None and _gap(line) == self._survey.gap:
            self._is_before = False
            return self._head(match, _rest(line))
        if (day := day_lines.read(line)) is not None:
            self._day = day.day(self._survey.order)
            return Reason("date line")
        if self._is_before and (_TITLE.match(line) or _SAVED.match(line)):
            return Reason("heading")
        return None

    def _head(self, match: re.Match[str], rest: str) -> Head:
        hour = hour_of(int(match["hour"]), match["before"] or match["after"] or "")
        day = self._day
        sent_at = (
            datetime(day.year, day.month, day.day, hour, int(match["minute"]), tzinfo=UTC)
            if day is not None and hour is not None
            else None
        )
        name, text = self._split(rest)
        return Head(name, sent_at, text)

    def _split(self, rest: str) -> tuple[str, str]:
        """The name and the text of a record; no name where LINE itself wrote it."""
        if self._survey.gap == " ":
            return self._split_at_name(rest)
        separator = "\t" if self._survey.gap == "\t" else "  "
        name, gap, text = rest.partition(separator)
        if not gap or len(name) > _LONGEST_NAME:
            return "", rest.strip()
        return name.strip(), text if separator == "\t" else text.lstrip(" ")

    def _split_at_name(self, rest: str) -> tuple[str, str]:
        first_line = rest.partition("\n")[0]
        words = first_line[: _LONGEST_NAME + 1].split(" ")
        for count in range(min(len(words), _MOST_WORDS), 0, -1):
            name = " ".join(words[:count])
            if name in self._survey.names:
                text = rest[len(name) + 1 :]
                is_event = app_words.event(rest) != "system" or _EVENT.fullmatch(text) is not None
                # Computers write placeholders without brackets.
                return ("", rest) if is_event else (name, f"[{text}]" if placeholders.is_placeholder(text) else text)
        return "", rest


def _unfolded(lines: Iterable[tuple[int, str]], gap: str) -> Iterator[tuple[int, str]]:
    """Joins a text in double quotes to one record, so that days and blank lines inside it stay part of it.

    A text that only begins with a quote has no end: the lines below are then lines of their own again.
    """
    waiting: list[tuple[int, str]] = []
    length = 0
    for number, line in lines:
        is_head = _gap(line) == gap
        if waiting and (is_head or length > LONGEST_TEXT):
            yield from waiting
            waiting, length = [], 0
        if waiting:
            waiting.append((number, line))
            length += len(line) + 1
            if _closes(line):
                yield waiting[0][0], "\n".join(text for _, text in waiting)
                waiting, length = [], 0
        elif is_head and _opens(line):
            waiting, length = [(number, line)], len(line)
        else:
            yield number, line
    yield from waiting


def _opens(line: str) -> bool:
    text = line.rpartition("\t")[2] if "\t" in line else line.partition(' "')[1].strip() + line.partition(' "')[2]
    return text.startswith('"') and not (len(text) > 1 and _closes(text))


def _closes(line: str) -> bool:
    """Ends in an odd number of quotes; two stand for one inside the text."""
    quotes = len(line) - len(line.rstrip('"'))
    return quotes % 2 == 1


def _judge(head: Head, text: str) -> Reason | str:
    if not head.speaker:
        return Reason(app_words.event(text))
    if "\n" in text and text.startswith('"') and text.endswith('"'):
        text = text[1:-1].replace('""', '"')
    reason = app_words.kind(text.strip())
    return Reason(reason) if reason else text
