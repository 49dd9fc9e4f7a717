"""Chats as windows and other tools write them: copied from WhatsApp in the browser, Telegram, Discord, Slack, Skype;
logs of messengers and of IRC. One general reader: the layout is inferred from the heads of the file (`chat_heads`).
"""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.chats.messages import chat_heads, numbered_names, wechat_quotes
from personas.importers.chats.messages.chat_heads import ChatHead
from personas.importers.chats.whatsapp import app_words as whatsapp_words
from personas.importers.chats.whatsapp import events as whatsapp_events
from personas.importers.encodings import decoding
from personas.importers.times import dates
from personas.importers.times.date_order import DateOrder, SampleDate, in_order

_LONGEST_TEXT = 100_000  # characters of one message
_MOST_NAMES = 2_000
_MOST_SHAPES = 100
_SNIFFED_LINES = 1_000
_FEW = 2
_CLOSE = 20  # minutes between messages of one stretch of time; the hours of a day's plan are further apart
_FEW_HEADS = 6  # of a file in which each name counts, also one that stands there once
_DASHES = frozenset("–—-")
_SURE = 0.22  # above plain text, below every reader that knows its format

_EDITED = re.compile(
    r" ?\((?:edited|bearbeitet|modifié|editado|editada|modificato|bewerkt|изменено|ред\.|edytowane|düzenlendi|diedit"
    r"|編集済|編集済み|已编辑|已編輯|수정됨|تم التعديل)\)$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(r"\[?(?:Forwarded from|Weitergeleitet von|Переслано от|Reenviado de|Transféré de) [^\n]{1,100}")
_REACTED = re.compile(r"(?:Reacted to|Removed a \S{1,20} reaction from) [\"“][^\n]{0,500}")
_REPLY = re.compile(
    r"Replying to [\"“][^\n]{0,500}[\"”](?=\n)"
    r"|\[(?:In reply to|Als Antwort auf|В ответ на|En respuesta a|En réponse à) [^\]\n]{1,100}\]\s?"
)
_PLACEHOLDER = re.compile(
    r"\[ ?(?:[^\w\s\]]{1,4} ?)?(?:photo|foto|image|album|sticker|gif|video(?: message)?|voice message|audio|file"
    r"|document|location|live location|contact|poll|game|sprachnachricht|datei|bild|vidéo|fichier|archivo|imagen"
    r"|стикер|фото|фотография|видео|голосовое сообщение|файл|图片|圖片|语音|语音消息|视频|动画表情|表情|文件|貼圖|贴图)"
    r"\b[^\[\]\n]{0,80}\]",
    re.IGNORECASE,
)
_EVENT_OF_IRC = re.compile(
    r"[\[(]?(?:[\d./-]{6,10}[ T]|[^\W\d_]{3,4} \d{1,2} )?\d{1,2}:\d\d(?::\d\d)?[\])]?\s{1,3}"
    r"(?:\*{1,3}|-!-|-->|<--|--)\s"
)
_LOG_BEGINS = re.compile(
    r"\A[-*|= ]{0,6}(?:log opened|day changed|begin logging at|session start|session time)\b[^\n]{0,100}?"
    r"(?P<month>[a-z]{3})[a-z]{0,6} (?P<day>\d{1,2})(?: \d\d:\d\d(?::\d\d)?)? (?P<year>\d{4})",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-=_]{8,}+[-=_<>\s]*+")
_STAMPED = re.compile(
    r"(?<!\d)(?:\d{1,4}[./-]){2}\d{1,4}[^\w\n]{1,4}\d{1,2}:\d\d(?::\d\d)?"
    r"|(?<!\d)\d{1,2}:\d\d(?!\d)[^\n]{0,12}?(?:\d{1,4}[./-]){2}\d{1,4}"
)
_CELL = re.compile(r"[^;,|\t:<>\[\]()\"]{1,40}")
_FEWEST = 4  # stamped lines that are taken for a chat


@dataclass
class _Shape:
    """What the first pass learnt about one shape of head."""

    heads: int = 0
    dated: int = 0
    to_the_second: int = 0
    inline: int = 0
    begins: bool = False  # the first line of the file is one of its heads
    is_close: bool = True  # each time is minutes behind the one above, and no head is without words beneath
    names: Counter[str] = field(default_factory=Counter)
    _last: tuple[int, int] = (-1, 0)  # line, minutes since midnight

    def see(self, head: ChatHead, number: int, *, is_first: bool) -> None:
        self.heads += 1
        self.begins |= is_first
        is_apart = head.text is not None or number > self._last[0] + 1
        hour, minute, _ = head.stamp.time
        minutes = 60 * hour + minute
        self.is_close &= is_apart and (self.heads == 1 or 0 <= minutes - self._last[1] <= _CLOSE)
        self._last = number, minutes
        self.dated += bool(head.stamp.fields or head.stamp.day or head.stamp.is_relative)
        self.to_the_second += bool(head.stamp.time[2])
        self.inline += head.text is not None
        if head.name in self.names or len(self.names) < _MOST_NAMES:
            self.names[head.name] += 1

    def is_plain(self, key: tuple[str, ...]) -> bool:
        """Nothing but a time and words: "10:12 tea" and "see you at 10:12" look so, too."""
        return not (key[1] or key[2] or key[4]) and (not self.dated or not self.inline)

    def is_short_copy(self, key: tuple[str, ...], filled: int) -> bool:
        """A few messages that were copied, with times to the second or QQ's numbers: nobody needs to write again."""
        if key[0] == "trailing" and not self.inline and all(map(numbered_names.is_numbered, self.names)):
            return True
        is_exact = key[0] == "trailing" and self.to_the_second == self.heads and not self.inline
        return is_exact and 2 <= self.heads <= 2 * _FEW and len(self.names) > 1 and filled >= 2 * self.heads

    def is_small_talk(self, key: tuple[str, ...], filled: int) -> bool:
        """A few messages of one stretch of time, with nothing else in the file: somebody writes again to another."""
        if not (self.begins and self.is_close and 1 < self.heads <= _FEW_HEADS and len(self.names) > 1):
            return False
        if any(name[0].islower() for name in self.names):
            return False
        again = max(self.names.values()) > 1
        if self.inline:
            return self.inline == self.heads == filled and (again or bool(key[1]))
        return again and key[0] == "trailing" and filled >= 2 * self.heads

    def is_chat(self, key: tuple[str, ...], filled: int) -> bool:
        """Whether its heads are those of a chat: people write again and again, and there are words to the names."""
        again = sum(count for count in self.names.values() if count > 1)
        if self.is_short_copy(key, filled) or self.is_small_talk(key, filled):
            return True
        if self.heads < 2 or again * 2 < self.heads:
            is_marked = bool(key[1] or key[4] or key[2] in {"—", "–"}) and bool(self.dated) and self.heads >= 2
            return is_marked and self.heads * 4 >= filled
        speakers = sum(count > 1 for count in self.names.values())
        if self.inline * 2 >= self.heads:
            if speakers < 2 and self.heads <= _FEW_HEADS and self.is_plain(key):
                return False
            return self.heads * 5 >= filled and (self.heads > _FEW or bool(key[1]))
        has_words = (filled - self.heads) * 2 >= self.heads
        is_sure = bool(self.dated or key[2]) or (
            speakers > 1 and (key[0] == "trailing" or bool(key[1] or key[4]) or self.to_the_second > 0)
        )
        return is_sure and has_words and self.heads * 15 >= filled and (not self.is_plain(key) or speakers > 1)


class _Survey:
    """The shapes of a file's heads; `names` are the people of the main one.

    If no shape is a chat's, a name and the time on the line beneath it are read as one head (`is_paired`).
    """

    def __init__(self, lines: Callable[[], Iterable[tuple[int, str]]]) -> None:
        self.main: tuple[str, ...] | None
        self.names: set[str]
        self._again: set[str]  # names that stand above more than one message
        self._heads: int
        self._see(lines())
        self.is_paired = self.main is None
        if self.is_paired:
            self._see(_paired(lines()))
            self.is_plain = True
            self.names = self._again if self._heads > _FEW_HEADS else self.names
            if len(self.names) < 2:  # a diary, with a time beneath each heading
                self.main = None

    def lines(self, lines: Iterable[tuple[int, str]]) -> Iterable[tuple[int, str]]:
        """The lines of the file, as its heads are to be read."""
        return _paired(lines, self.names) if self.is_paired else lines

    def _see(self, lines: Iterable[tuple[int, str]]) -> None:
        shapes: dict[tuple[str, ...], _Shape] = {}
        self._tight: Counter[str] = Counter()
        self._dates = DateOrder()
        self._sample: SampleDate | None = None
        filled = 0
        for number, line in lines:
            filled += bool(line.strip())
            head = chat_heads.read(line)
            if head is None or (head.shape not in shapes and len(shapes) >= _MOST_SHAPES):
                continue
            if head.is_tight:
                if len(self._tight) < _MOST_NAMES:
                    self._tight[head.name] += 1
                continue
            shapes.setdefault(head.shape, _Shape()).see(head, number, is_first=filled == 1)
            self._see_date(head)
        chats = {key: shape for key, shape in shapes.items() if shape.is_chat(key, filled)}
        self.main = max(chats, key=lambda key: chats[key].heads, default=None)
        self.is_plain = (
            self.main is not None
            and shapes[self.main].is_plain(self.main)
            and not shapes[self.main].is_short_copy(self.main, filled)
            and not shapes[self.main].is_small_talk(self.main, filled)
        )
        names = shapes[self.main].names if self.main is not None else Counter[str]()
        self._heads = names.total()
        self._again = {name for name, count in names.items() if count > 1}
        self.names = self._again if self.is_plain else set(names)
        self.labels = numbered_names.plain(names)

    def _see_date(self, head: ChatHead) -> None:
        fields = head.stamp.fields
        if fields is not None:
            self._dates.see(fields)
            sample = SampleDate(head.stamp.separator, fields[0] > 31, fields[2] > 99, head.stamp.is_american)
            self._sample = self._sample if self._sample and self._sample.is_american else sample

    def order(self) -> tuple[str, bool]:
        return self._dates.decide(self._sample) if self._sample else ("", False)

    def begins_message(self, head: ChatHead) -> bool:
        """A head of the main layout, or of another one by somebody who is known."""
        if head.shape == self.main and not self.is_plain and not head.is_tight:
            return True
        return head.name in self.names


class ChatLog:
    name = "chat-log"

    def sniff(self, head: bytes, name: str) -> float:
        text = decoding.decode_head(head).splitlines()[:_SNIFFED_LINES]
        return _SURE if _Survey(lambda: enumerate(text, start=1)).main is not None else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        survey = _Survey(lambda: decoding.lines(stream, encoding))
        if survey.main is None:
            raise DamagedFile(
                gettext("The lines of this file do not begin with times and names, as those of a chat do.")
            )
        order, is_guessed = survey.order()
        if is_guessed:
            yield Remark(
                gettext("The dates were read as %(order)s; the file does not say.") % {"order": gettext(order)}
            )
        yield from _Reader(survey, order).read(survey.lines(decoding.lines(stream, encoding)))


def _paired(lines: Iterable[tuple[int, str]], names: Container[str] | None = None) -> Iterator[tuple[int, str]]:
    """The lines, where a name with a time on the line beneath it is one head. So Teams, Slack and Google Chat copy.

    Between both may stand a dash (Discord). With `names`, only these are names.
    """
    held: list[tuple[int, str]] = []
    for number, line in lines:
        text = line.strip()
        if held and chat_heads.is_stamp(text):
            yield held[0][0], f"{held[0][1].strip()} — {text.lstrip('–—•|- ')}"
            held = []
        elif len(held) == 1 and text in _DASHES:
            held.append((number, line))
        else:
            yield from held
            held = []
            if chat_heads.is_name(text, is_beneath=True) and (names is None or text in names):
                held.append((number, line))
            else:
                yield number, line
    yield from held


def looks_like_chat(text: str) -> bool:
    """Whether many lines bear a date and a time, and beside it or on the next lines one of a few names."""
    lines = [line.strip()[:200] for line in text.splitlines()[:_SNIFFED_LINES] if line.strip()]
    alone = {number for number, line in enumerate(lines) if chat_heads.is_stamp(line)}
    near_alone = {number + step for number in alone for step in (-2, -1, 1)} - alone
    names = Counter(lines[number] for number in near_alone if 0 <= number < len(lines) and _is_short(lines[number]))
    stamped = len(alone)
    for line in lines:
        if stamp := _STAMPED.search(line):
            cells = [*reversed(_CELL.findall(line[: stamp.start()])), *_CELL.findall(line[stamp.end() :])]
            names.update({cell.strip() for cell in cells[:3] if _is_short(cell)})
            stamped += bool(cells)
    again = [count for _, count in names.most_common(20) if count > 1 and count * 20 >= stamped]
    return stamped >= _FEWEST and stamped * 4 >= len(lines) and len(again) > 1 and sum(again) * 2 >= stamped


def _day_of_log(log: re.Match[str]) -> date | None:
    try:
        return date(int(log["year"]), dates.MONTHS.get(log["month"].casefold(), 0), int(log["day"]))
    except ValueError:
        return None


def _is_short(text: str) -> bool:
    return len(text) <= 40 and any(map(str.isalpha, text))


@dataclass
class _Message:
    head: ChatHead
    day: date | None
    line: int
    lines: list[str]
    length: int = 0

    def add(self, line: str) -> None:
        self.length += len(line) + 1
        if self.head.shape[-1] == "zoom":
            line = line.removeprefix("\t")
        if self.length <= _LONGEST_TEXT:
            self.lines.append(line[:-30] + _EDITED.sub("", line[-30:]))

    @property
    def sent_at(self) -> datetime | None:
        day = self.day
        return datetime(day.year, day.month, day.day, *self.head.stamp.time, tzinfo=UTC) if day else None


class _Reader:
    """Lines in, records out; remembers the day that the last line with a date told."""

    def __init__(self, survey: _Survey, order: str) -> None:
        self._survey = survey
        self._order = order
        self._people = whatsapp_events.People(survey.names)
        self._day: date | None = None
        self._unread = 0

    def read(self, lines: Iterable[tuple[int, str]]) -> Iterator[Record]:
        message: _Message | None = None
        for number, line in lines:
            head = chat_heads.read(line)
            if head is not None and self._survey.begins_message(head):
                if message is not None:
                    yield self._finished(message)
                message = _Message(head, self._day_of(head), number, [])
                message.add(head.text or "")
                continue
            self._unread += head is not None and head.shape[1] != "" and not head.is_tight
            if reason := self._furniture(line):
                yield Skipped(reason, f"line {number}")
            elif message is not None:
                message.add(line)
            elif line.strip():
                yield Skipped("before the first message", f"line {number}")
        if message is not None:
            yield self._finished(message)
        if self._unread > _FEW:
            yield Remark(
                gettext(
                    "%(unread)s lines begin like messages of another layout, by nobody of this chat. They were kept "
                    "as quotations. If they are messages, upload them as a file of their own."
                )
                % {"unread": self._unread}
            )

    def _day_of(self, head: ChatHead) -> date | None:
        if head.stamp.fields is not None:
            return in_order(head.stamp.fields, self._order)
        if head.stamp.day is None:
            return None if head.stamp.is_relative else self._day
        try:
            return date(*head.stamp.day)
        except ValueError:
            return None

    def _furniture(self, line: str) -> str:
        """Why a line between messages is nobody's words, or ""."""
        text = line.strip()
        if not text or len(text) > 300:
            return ""
        if _EVENT_OF_IRC.match(text):
            return "system"
        if _RULE.fullmatch(text):
            return "heading"
        if chat_heads.is_stamp(text):
            return "time"
        if log := _LOG_BEGINS.match(text):
            self._day = _day_of_log(log) or self._day
            return "heading"
        dated = dates.leading(text.strip("-–—─= "))
        if dated is not None and not dated[1].strip("-–—─= "):
            self._day = dated[0].date()
            return "date line"
        return "system" if whatsapp_events.is_told_of(text, self._people) else ""

    def _finished(self, message: _Message) -> Utterance | Skipped:
        source_ref = f"line {message.line}"
        if message.length > _LONGEST_TEXT:
            return Skipped("too long", source_ref)
        text = wechat_quotes.own_words("\n".join(message.lines).strip())
        if _FORWARDED.match(text):
            return Skipped("forwarded", source_ref)
        text = chat_heads.without_quotation(text)
        if _REACTED.fullmatch(text):
            return Skipped("system", source_ref)
        if reply := _REPLY.match(text):
            text = text[reply.end() :]
        placeholder = _PLACEHOLDER.match(text)
        text = text[placeholder.end() :].strip() if placeholder else text
        if placeholder and not text:
            return Skipped("media", source_ref)
        text = whatsapp_words.without_tail(text)
        if (under := whatsapp_words.caption(text)) is not None:
            text = under
        if reason := whatsapp_words.kind(text):
            return Skipped(reason, source_ref)
        name = self._survey.labels.get(message.head.name, message.head.name)
        return Utterance(name, text.strip("\n"), message.sent_at, source_ref)
