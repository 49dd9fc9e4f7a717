"""Text exports of QQ, and of tools that write WeChat's chats the same way: a line with time and name, words beneath.

    2019-07-16 18:15:05 Ana(10001)          QQ; also Ana<ana@example.org>, 【管理员】Ana(10001), 8:43:38 PM
    2023-06-05 17:17:11 Ana                 tools for WeChat
    —————  2020-2-21  —————                 WeChat's "Email chat history", with "Ana  23:50" above the words

QQ's people are known by their number, since names change. A file is read twice: first for the names.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark
from personas.importers.chats import app_words
from personas.importers.chats.messages import day_lines, numbered_names, placeholders, wechat_quotes
from personas.importers.chats.messages.gathering import Head, Reason, messages
from personas.importers.encodings import decoding
from personas.importers.encodings.folding import fold
from personas.importers.times.clock import PERIOD, hour_of

_BANNER = re.compile(r"\A(?:消息记录（|消息分组[:：]|消息对象[:：]|={4,}+\s*+\Z)")
_STAMPED = re.compile(
    rf"(?P<year>\d{{4}})[-/年](?P<month>\d{{1,2}})[-/月](?P<day>\d{{1,2}})日?\ {{1,2}}"
    rf"(?:(?P<before>(?!\d)(?:{PERIOD}))\ ?)?"
    rf"(?P<hour>\d{{1,2}}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?:\ ?(?P<after>(?:{PERIOD})))?"
    rf"\ {{1,2}}(?P<who>\S.{{0,120}}?)\s*",
    re.IGNORECASE,
)
_CLOCKED = re.compile(
    r"(?P<who>[^\s:：].{0,60}?) {2,}+(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?\s*"
)
_BARE = re.compile(r"[^<\[(*:：-][^:：]*")  # a colon tells that words stand on the same line
_DAY_RULE = re.compile(r"\A\s*+[-—–─=][-—–─=\s]++\d.{5,30}[-—–─=]\s*")
_APP = {"10000", "1000000"}  # the number of QQ's own messages
_APP_NAMES = {"系统消息", "系统通知", "系統訊息"}
_HEAD_CHARACTERS = 200
_SNIFFED_LINES = 600
_MOST_NAMES = 5_000
_FEW = 2


class QQ:
    name = "qq"

    def sniff(self, head: bytes, name: str) -> float:
        lines = decoding.decode_head(head).splitlines()[:_SNIFFED_LINES]
        survey = _Survey(enumerate(lines, start=1))
        filled = sum(bool(line.strip()) for line in lines)
        if any(_BANNER.match(line) and not line.startswith("=") for line in lines[:12]) and survey.heads:
            return 0.97
        if survey.heads * 12 < filled or survey.heads < (1 if survey.is_one_message else 2):
            return 0.0
        if survey.numbered * 2 >= survey.heads:
            return 0.9
        # A diary may look like a chat of names without numbers. In a chat, two people recur.
        return 0.7 if survey.has_talk else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        survey = _Survey(decoding.lines(stream, encoding))
        if not survey.heads:
            raise DamagedFile(
                gettext("No line of this QQ or WeChat export begins like a message, with a time and a name.")
            )
        yield from messages(decoding.lines(stream, encoding), _Reader(survey).read, _judge)


def _stamped(line: str) -> tuple[datetime, str] | None:
    """The moment and the person of a head that has both; the person as it stands in the file."""
    if not line[:4].isdecimal() or len(line) > _HEAD_CHARACTERS:
        return None
    match = _STAMPED.fullmatch(line if line.isascii() else fold(line)[0])
    if match is None:
        return None
    hour = hour_of(int(match["hour"]), match["before"] or match["after"] or "")
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    who = match["who"].strip()
    key, name = numbered_names.identity(who)
    is_person = key != name or _BARE.fullmatch(who) is not None
    return (_at(day, hour, match), who) if hour is not None and is_person else None


def _at(day: date, hour: int, match: re.Match[str]) -> datetime:
    return datetime(day.year, day.month, day.day, hour, int(match["minute"]), int(match["second"] or 0), tzinfo=UTC)


class _Survey:
    """What the first pass learns: the layout, and what each person is called most often."""

    def __init__(self, lines: Iterable[tuple[int, str]]) -> None:
        self._names: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.is_one_message = False  # that begins with the first line, whose writer has a number
        self.heads = self.numbered = self._after_blank = self._clocked = self._to_the_second = 0
        is_after_blank, is_ruled = True, False
        for number, line in lines:
            if (stamped := _stamped(line)) is not None:
                self.heads += 1
                self._to_the_second += line.count(":") > 1
                self._after_blank += is_after_blank
                self._see(stamped[1])
                self.is_one_message |= number == self.numbered == 1
            elif is_ruled and (clocked := _CLOCKED.fullmatch(line[:_HEAD_CHARACTERS])):
                self._clocked += 1
                self._see(clocked["who"])
            is_ruled = is_ruled or _DAY_RULE.fullmatch(line[:_HEAD_CHARACTERS]) is not None
            is_after_blank = not line.strip() or bool(_BANNER.match(line))
        self.is_clocked = is_ruled and self._clocked > self.heads
        self.heads = max(self.heads, self._clocked)
        # Where messages are set apart by blank lines, a head inside a text is a quotation.
        self.needs_blank = self._after_blank * 2 >= self.heads

    def _see(self, who: str) -> None:
        key, name = numbered_names.identity(who)
        self.numbered += key != name
        if key in self._names or len(self._names) < _MOST_NAMES:
            self._names[key][name] += 1

    @property
    def has_talk(self) -> bool:
        """Whether two people write again, or as much as a short file allows."""
        counts = [names.total() for names in self._names.values()]
        again = sum(count for count in counts if count > 1)
        is_short = self.heads <= 2 * _FEW and len(counts) > 1 and self._to_the_second == self.heads
        return self.is_clocked or is_short or (sum(count > 1 for count in counts) > 1 and again * 2 >= self.heads)

    def labels(self) -> dict[str, str]:
        """What to call each person: the name they had most often, with the number where two share it."""
        return numbered_names.labels(self._names)


class _Reader:
    """Lines in, heads out."""

    def __init__(self, survey: _Survey) -> None:
        self._survey = survey
        self._labels = survey.labels()
        self._day: date | None = None
        self._is_after_blank = True

    def read(self, line: str) -> Head | Reason | None:
        begun = self._clocked(line) if self._survey.is_clocked else self._stamped(line)
        reason = None if begun else self._furniture(line)
        self._is_after_blank = not line.strip() or reason is not None
        return begun or reason

    def _stamped(self, line: str) -> Head | None:
        stamped = _stamped(line)
        if stamped is None or (self._survey.needs_blank and not self._is_after_blank):
            return None
        return self._head(stamped[1], stamped[0])

    def _clocked(self, line: str) -> Head | None:
        match = _CLOCKED.fullmatch(line[:_HEAD_CHARACTERS])
        hour = int(match["hour"]) if match else 24
        if match is None or hour > 23:
            return None
        return self._head(match["who"], _at(self._day, hour, match) if self._day else None)

    def _head(self, who: str, sent_at: datetime | None) -> Head:
        key, name = numbered_names.identity(who)
        is_app = key in _APP or name in _APP_NAMES
        return Head("" if is_app else self._labels.get(key, name), sent_at)

    def _furniture(self, line: str) -> Reason | None:
        if _BANNER.match(line):
            return Reason("heading")
        if self._survey.is_clocked and _DAY_RULE.fullmatch(line[:_HEAD_CHARACTERS]):
            day = day_lines.read(line)
            self._day = day.day("year, month, day") if day else None
            return Reason("date line")
        return None


def _judge(head: Head, text: str) -> Reason | str:
    if not head.speaker:
        return Reason(app_words.event(text))
    text = wechat_quotes.own_words(text)
    if reason := app_words.kind(text):
        return Reason(reason)
    return placeholders.without_placeholders(text)
