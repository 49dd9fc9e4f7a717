"""A chat that was copied from Messenger or Instagram in the browser: a line for the app's readers above each message.

    Jun 5, 2023, 10:12 AM
    You sent
    Did the box arrive?
    Enter
    Ada replied to you
    Original message:
    Did the box arrive?
    It did.

The name alone, also twice, may stand above the messages of others.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from personas.importers.base import Record, Remark, Skipped, Utterance
from personas.importers.chats.messages import chat_heads
from personas.importers.chats.messenger.app_words import AppWords
from personas.importers.encodings import decoding
from personas.importers.syntax import export_values
from personas.importers.times import long_dates

# What stands above your own messages, and who "you" are there.
_OWN_HEADS = {
    "You sent": "You", "Du hast gesendet": "Du", "Vous avez envoyé": "Vous", "Enviaste": "Tú", "Você enviou": "Você",
    "Hai inviato": "Tu", "Je hebt verzonden": "Je", "Вы отправили": "Вы", "Gönderdin": "Sen", "Bạn đã gửi": "Bạn",
    "你发送了": "你", "你傳送了": "你", "你已傳送": "你", "您发送了": "您", "您傳送了": "您", "您已傳送": "您",
}  # fmt: skip
_OWN = frozenset(_OWN_HEADS.values())
_TO = r"[^\n:?!.]{1,60}"  # whom an answer is for
_OWN_REPLY = re.compile(
    rf"\A(?:(?P<You>You replied to {_TO})|(?P<Du>Du hast auf {_TO} geantwortet)|(?P<Vous>Vous avez répondu à {_TO})"
    rf"|(?P<Tú>Respondiste a {_TO})|(?P<Você>Você respondeu a {_TO})|(?P<Tu>Hai risposto a {_TO})"
    rf"|(?P<Je>Je hebt geantwoord op {_TO})|(?P<Вы>Вы ответили {_TO})|(?P<Bạn>Bạn đã trả lời {_TO})"
    rf"|(?P<你>你(?:回复了|回覆了){_TO})|(?P<您>您(?:回复了|回覆了){_TO}))"
)
_HEAD = re.compile(
    r"\A(?P<name>\S[^\n:]{0,59}?)"
    r"(?: (?:sent|hat gesendet|a envoyé|envió|enviou|ha inviato|heeft verzonden|wysłał(?:a|\(a\))?|gönderdi|đã gửi"
    r"|отправил(?:а|\(-?а\))?)| ?(?:发送了|傳送了|已傳送)"
    rf"|(?P<reply> (?:replied to|a répondu à|respondió a|respondeu a|ha risposto a|heeft geantwoord op|ответила?"
    rf"|đã trả lời) {_TO}| hat auf {_TO} geantwortet| ?(?:回复了|回覆了){_TO}))[:：]?"
)
_QUOTED = re.compile(
    r"(?:Original message|Ursprüngliche Nachricht|Message d['’]origine|Mensaje original|Mensagem original"
    r"|Messaggio originale|Oorspronkelijk bericht|Исходное сообщение|原始消息|原始訊息)[:：]?",
    re.IGNORECASE,
)
_ENDS = frozenset({"Enter", "Eingabe", "Eingabetaste", "Entrée", "Entrar", "Intro", "Invio"})  # a message
_FURNITURE = re.compile(
    r"\A(?:Seen(?: (?:by|at) .{1,80})?|Delivered|Edited|Sent .{1,12} ago|Active (?:now|.{1,20} ago)"
    r"|Open (?:photo|attachment|video)|Gesehen(?: von .{1,80})?|Vu(?: par .{1,80})?|.{1,60}['’]s profile photo"
    r"|Profile (?:photo|picture) of .{1,60}|已读|已讀|已送达|已送達)",
    re.IGNORECASE,
)
_FEWEST = 2
_SNIFFED_LINES = 600
_MOST_NAMES = 1_000
_LONGEST_NAME, _MOST_WORDS = 40, 4  # of a name that stands alone
_LONGEST_LINE = 130  # characters of a head


@dataclass
class _Survey:
    """The names in the heads of a copy, and how many of its lines are heads."""

    names: Counter[str] = field(default_factory=Counter)
    heads: int = 0
    filled: int = 0
    _alone: Counter[str] = field(default_factory=Counter)  # lines that can be a name
    _sure: set[str] = field(default_factory=set)  # of these, those at the beginning of a message

    def see(self, lines: Iterable[str]) -> None:
        before, is_begin = "", False
        for line in filter(None, map(str.strip, lines)):
            self.filled += 1
            head = _head(line)
            if head is not None:
                self.heads += 1
                if head[0] in self.names or len(self.names) < _MOST_NAMES:
                    self.names[head[0]] += 1
            elif _can_be_name(line) and len(self._alone) < _MOST_NAMES:
                self._alone[line] += 1
                if is_begin or line == before:
                    self._sure.add(line)
            before, is_begin = line, line in _ENDS

    def people(self) -> set[str]:
        """Also those whose name stands alone above their messages."""
        return {*self.names, *self._sure}

    @property
    def is_copy(self) -> bool:
        """At least two heads, of at least two people, and words beneath them."""
        heads = self.heads + sum(self._alone[name] for name in self._sure)
        is_own = any(name in self.names for name in _OWN)
        is_sure = is_own or (self.heads > _FEWEST and max(self.names.values(), default=0) > 1)
        is_dense = self.heads <= self.filled - self.heads and heads * 12 >= self.filled
        return heads >= _FEWEST and len(self.people()) > 1 and is_sure and is_dense


def _can_be_name(line: str) -> bool:
    is_short = len(line) <= _LONGEST_NAME and len(line.split()) <= _MOST_WORDS
    is_of_app = line in _ENDS or _FURNITURE.fullmatch(line) is not None or chat_heads.is_stamp(line)
    return is_short and not line[0].islower() and not is_of_app and chat_heads.is_name(line, is_beneath=True)


def is_copy(head: bytes) -> bool:
    survey = _Survey()
    survey.see(decoding.decode_head(head).splitlines()[:_SNIFFED_LINES])
    return survey.is_copy


def records(stream: BinaryIO) -> Iterator[Record]:
    encoding = decoding.detect(stream)
    if encoding.is_guessed:
        yield Remark(decoding.remark(encoding))
    survey = _Survey()
    survey.see(line for _, line in decoding.lines(stream, encoding))
    yield from _Reader(survey.people()).read(decoding.lines(stream, encoding))


def _head(line: str) -> tuple[str, bool] | None:
    """Who wrote the message beneath a line, and whether it answers another one."""
    if len(line) > _LONGEST_LINE:
        return None
    if name := _OWN_HEADS.get(line.rstrip(":：")):
        return name, False
    if reply := _OWN_REPLY.fullmatch(line):
        return str(reply.lastgroup), True
    match = _HEAD.fullmatch(line)
    if match is None or not chat_heads.is_name(match["name"], is_beneath=True) or match["name"][0].islower():
        return None
    return match["name"], match["reply"] is not None


class _Reader:
    """Lines in, records out."""

    def __init__(self, names: set[str]) -> None:
        self._names = names
        self._words = AppWords(names)
        self._speaker = ""
        self._sent_at: datetime | None = None
        self._line = 0
        self._lines: list[str] = []
        self._length = 0
        self._quotation = ""  # "due" beneath the head of an answer, "begun" beneath the line that announces it

    def read(self, lines: Iterable[tuple[int, str]]) -> Iterator[Record]:
        for number, line in lines:
            text = line.strip()
            head = (text, False) if text in self._names and text not in _OWN else _head(text)
            if head is not None:
                yield from self._finished()
                self._speaker, self._line = head[0], number
                self._quotation = "due" if head[1] else ""
            elif reason := self._furniture(text):
                if reason == "time":
                    yield from self._finished()
                    self._sent_at = long_dates.moment(text)
                yield Skipped(reason, f"line {number}")
            elif self._speaker:
                self._add(line)
            elif text:
                yield Skipped("before the first message", f"line {number}")
        yield from self._finished()

    def _furniture(self, text: str) -> str:
        """Why a line is nobody's words, or ""."""
        if self._quotation and text:
            is_announced = _QUOTED.fullmatch(text) is not None
            was_begun, self._quotation = self._quotation == "begun", "begun" if is_announced else ""
            if is_announced or was_begun:
                return "quotation"
        if len(text) > _LONGEST_LINE:
            return ""
        if chat_heads.is_stamp(text):
            return "time"
        return "system" if text in _ENDS or _FURNITURE.fullmatch(text) else ""

    def _add(self, line: str) -> None:
        self._length += len(line) + 1
        if self._length <= export_values.LONGEST_TEXT:
            self._lines.append(line)

    def _finished(self) -> Iterator[Record]:
        text, is_long = "\n".join(self._lines).strip(), self._length > export_values.LONGEST_TEXT
        self._lines, self._length = [], 0
        source_ref = f"line {self._line}"
        if not text or not self._speaker:
            return
        reason = "too long" if is_long else self._words.kind(text, self._speaker)
        yield Skipped(reason, source_ref) if reason else Utterance(self._speaker, text, self._sent_at, source_ref)
