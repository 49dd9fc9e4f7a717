"""What DiscordChatExporter writes as plain text: a time and a name in a line, and the words on the following ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from personas.importers.base import Record, Remark, Skipped, Utterance
from personas.importers.chats.discord import events
from personas.importers.chats.discord.stamps import Stamps
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import export_values

_BANNER = re.compile(r"\A\s*+={50,70}\nGuild: .{0,200}\nChannel: ")
_RULE = re.compile(r"={50,70}")
_HEAD = re.compile(
    r"\[(?P<stamp>[^\[\]\n]{0,40}\d[:.]\d\d[^\[\]\n]{0,20})\] (?P<name>\S.{0,120}?)(?P<pinned> \(pinned\))?"
)
_PART = re.compile(r"\{(Attachments|Embed|Stickers|Reactions|Forwarded Message)\}")
_CLOSING = re.compile(r"Exported [\d.,\s\u202f']{1,20} message\(s\)")


def is_log(head: bytes) -> bool:
    return _BANNER.match(decoding.decode_head(head[:8192])) is not None


@dataclass
class _Message:
    name: str
    stamp: str
    line: int
    lines: list[str] = field(default_factory=list)
    length: int = 0
    parts: set[str] = field(default_factory=set)

    def add(self, line: str) -> None:
        self.length += len(line) + 1
        if not self.parts and self.length <= export_values.LONGEST_TEXT:
            self.lines.append(line)


def records(stream: BinaryIO) -> Iterator[Record]:
    encoding = decoding.detect(stream)
    if encoding.is_guessed:
        yield Remark(decoding.remark(encoding))
    stamps = Stamps()
    for message in _messages(stream, encoding):
        stamps.see(message.stamp)
    if remark := stamps.decide():
        yield Remark(remark)
    for message in _messages(stream, encoding):
        yield _record(message, stamps)


def _messages(stream: BinaryIO, encoding: Encoding) -> Iterator[_Message]:
    """A head stands behind a blank line. What comes before the banner's second rule and behind the last is none."""
    message: _Message | None = None
    rules, is_behind_blank = 0, False
    for number, line in decoding.lines(stream, encoding):
        if _RULE.fullmatch(line) and (rules < 2 or (message is not None and is_behind_blank)):
            rules += 1
            if rules > 2:
                break
            continue
        head = _HEAD.fullmatch(line) if is_behind_blank and rules == 2 else None
        if head is not None:
            if message is not None:
                yield message
            message = _Message(head["name"], head["stamp"], number)
        elif message is not None:
            part = _PART.fullmatch(line)
            message.parts.update({part[1]} if part else ())
            message.add(line)
        is_behind_blank = not line
    if message is not None:
        yield message


def _record(message: _Message, stamps: Stamps) -> Utterance | Skipped:
    source_ref = f"line {message.line}"
    text = "\n".join(message.lines).strip()
    if message.length > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    if not text and "Forwarded Message" in message.parts:
        return Skipped("forwarded", source_ref)
    if reason := events.kind(text, has_media=bool(message.parts - {"Reactions"})):
        return Skipped(reason, source_ref)
    return Utterance(events.author(message.name), text, stamps.moment(message.stamp), source_ref)
