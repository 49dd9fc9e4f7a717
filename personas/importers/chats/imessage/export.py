"""Chats that imessage-exporter writes, as text, which is read here, or as HTML (`html_export`).

A message as text is a line with the time, a line with the sender, the words, and a blank line.

    Jun 15, 2023  9:41:07 PM (Read by you after 2 minutes)
    Ana
    text

Replies are written twice: indented beneath the message that they answer, and at their own time. The indented ones are
read only where the other is missing. Times are read as they stand.
"""

# ruff: noqa: E501 - tables of words to a line

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.chats import app_words
from personas.importers.chats.imessage import html_export
from personas.importers.encodings import decoding
from personas.importers.times.dates import MONTHS

_TIME = re.compile(
    r"(?P<indent>\s{0,80})(?P<month>[A-Z][a-z]{2,8}) (?P<day>\d{1,2}), (?P<year>\d{4}) {1,2}(?P<hour>\d{1,2}):(?P<minute>[0-5]\d):(?P<second>[0-5]\d) (?P<half>[AP]M)"
    r"(?P<read> \(Read by .{1,200}\))?(?P<rest> .{0,400})?"
)
_LONGEST_TEXT = 100_000
_LONGEST_NAME = 100
_SNIFFED_LINES = 400
_MOST_REPLIES = 200_000
_FURNITURE = re.compile(
    r"This message responded to an earlier message\.|Sent with (?:Confetti|Echo|Fireworks|Balloons|Heart|Love|Lasers|Shooting Star|Sparkles|Celebration|Spotlight|Slam|Loud|Gentle|Invisible Ink)"
    r"|(?:Edited|Unsent) .{1,80} (?:later|after sending)[:!.]?"
)
_TAPBACKS = re.compile(r"(?:Tapbacks|Reactions):")
_DELETED = re.compile(
    r"This message was deleted from the conversation!|(?:.{1,60} )?(?:unsent|deleted) (?:a|this) message(?: part)?(?: .{1,60})?[.!]|This message was unsent\.?"
)
_MEDIA = re.compile(
    r"\A(?:(?:/|~/|attachments/|Attachments/|[A-Z]:\\)[^\n]{0,400}\.[A-Za-z0-9]{2,10}|[\w .()-]{1,80}\.(?:jpe?g|png|heic|gif|mov|mp4|m4a|caf|pdf|vcf|amr|webp|tiff?|pluginPayloadAttachment)"
    r"|Attachment missing!|(?:.{1,40} )?Sticker from .{1,200}|SharePlay Message|Ended|Unable to format app message.{0,200}|.{1,40} message: .{0,10})",
    re.IGNORECASE,
)
_EDIT = re.compile(r"(?:Edited .{1,80} later: )")


@dataclass(frozen=True)
class _Block:
    """One message as it stands: its time line, its sender, and the lines beneath."""

    line: int
    indent: int
    sent_at: datetime
    announced: str  # what follows the time on its line, where the app itself tells something
    lines: list[str]

    @property
    def sender(self) -> str:
        return self.lines[0].strip()[:_LONGEST_NAME] if self.lines else ""

    @property
    def key(self) -> int:
        return hash((self.sent_at, self.sender))


class IMessage:
    name = "imessage"

    def sniff(self, head: bytes, name: str) -> float:
        if html_export.is_page(head):
            return 0.98
        lines = decoding.decode_head(head).splitlines()[:_SNIFFED_LINES]
        stamps = sum((match := _TIME.fullmatch(line)) is not None and not match["rest"] for line in lines)
        filled = sum(bool(line.strip()) for line in lines)
        return 0.95 if stamps and stamps * 12 >= filled and _TIME.fullmatch(next(filter(str.strip, lines))) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        stream.seek(0)
        if html_export.is_page(stream.read(decoding.HEAD_BYTES)):
            yield from html_export.records(stream)
            return
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        repeated = _repeated(_blocks(decoding.lines(stream, encoding)))
        is_empty = True
        for block in _blocks(decoding.lines(stream, encoding)):
            is_empty = False
            yield _record(block, is_repeated=block.indent > 0 and block.key in repeated)
        if is_empty:
            raise DamagedFile(gettext("No line of this iMessage export holds a time such as Jun 15, 2023  9:41:07 PM."))


def _blocks(lines: Iterable[tuple[int, str]]) -> Iterator[_Block]:
    block: _Block | None = None
    length, is_after_blank = 0, True
    for number, line in lines:
        begun = _begun(line, number, is_after_blank=is_after_blank)
        is_after_blank = not line.strip()
        if begun is not None:
            if block is not None:
                yield block
            block, length = begun, 0
        elif block is not None:
            length += len(line) + 1
            if length <= _LONGEST_TEXT:
                block.lines.append(line)
    if block is not None:
        yield block


def _begun(line: str, number: int, *, is_after_blank: bool) -> _Block | None:
    """The block that a line begins. Words behind a time are an event, or below a sender the first of several versions."""
    match = _TIME.fullmatch(line) if len(line) <= 800 else None
    month = MONTHS.get(match["month"].casefold()) if match else None
    if match is None or month is None or (match["rest"] and not is_after_blank):
        return None
    hour = int(match["hour"]) % 12 + 12 * (match["half"] == "PM")
    try:
        sent_at = datetime(
            int(match["year"]), month, int(match["day"]), hour, int(match["minute"]), int(match["second"]), tzinfo=UTC
        )
    except ValueError:
        return None
    return _Block(number, len(match["indent"]), sent_at, (match["rest"] or "").strip(), [])


def _repeated(blocks: Iterable[_Block]) -> set[int]:
    """The keys of replies that also stand at their own time. A reply's own place comes behind what it answers."""
    indented: set[int] = set()
    repeated: set[int] = set()
    for block in blocks:
        if block.indent and len(indented) < _MOST_REPLIES:
            indented.add(block.key)
        elif not block.indent and block.key in indented:
            repeated.add(block.key)
    return repeated


def _record(block: _Block, *, is_repeated: bool) -> Utterance | Skipped:
    source_ref = f"line {block.line}"
    if block.announced:
        return Skipped(app_words.event(block.announced), source_ref)
    if is_repeated:
        return Skipped("shown twice", source_ref)
    lines = _own_lines([line.strip() if block.indent else line.rstrip() for line in block.lines[1:]])
    words = [line for line in lines if not _FURNITURE.fullmatch(line)]
    text = "\n".join(words).strip()
    if any(_DELETED.fullmatch(line) for line in words[:3]):
        return Skipped("deleted", source_ref)
    if text and all(_MEDIA.fullmatch(line) for line in words if line):
        return Skipped("media", source_ref)
    text = "\n".join(line for line in words if not _MEDIA.fullmatch(line)).strip()
    reason = app_words.kind(text)
    if reason or not block.sender:
        return Skipped(reason or "unreadable", source_ref)
    return Utterance(block.sender, text, block.sent_at, source_ref)


def _own_lines(lines: list[str]) -> list[str]:
    """The lines of a message, without its reactions, and with the last version where it was edited."""
    end = next((index for index, line in enumerate(lines) if _TAPBACKS.fullmatch(line.strip())), len(lines))
    own = lines[:end]
    edits = [index for index, line in enumerate(own) if _EDIT.match(line)]
    if edits:
        own = [_EDIT.sub("", own[edits[-1]], count=1), *own[edits[-1] + 1 :]]
    return own
