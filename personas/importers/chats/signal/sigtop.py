"""Chats that sigtop writes from Signal Desktop as text: a block of fields for each message, and the words beneath.

From: Ana (+15551234567)
Type: incoming
Sent: Sun, 24 Dec 2023 09:05:11 +0100

text
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from personas.importers.base import Record, Skipped, Utterance
from personas.importers.chats import app_words
from personas.importers.syntax import export_values

_BEGINS = re.compile(r"From: .{1,200}\n(?:Type: (?:incoming|outgoing)\n)Sent: .{1,60}\n")
_FIELD = re.compile(r"(?P<key>From|Type|Sent|Received|Edited|Attachment|Reaction|Quote|Version): ?(?P<value>.*)")
_NUMBER = re.compile(r" \([^()]{1,60}\)\Z")


def is_text(head: str) -> bool:
    return _BEGINS.search(head) is not None


@dataclass
class _Message:
    line: int
    sender: str
    fields: dict[str, str] = field(default_factory=dict)
    words: list[str] | None = None  # None before the blank line that ends the fields
    length: int = 0

    def add(self, line: str) -> None:
        if self.words is not None:
            self.length += len(line) + 1
            if self.length <= export_values.LONGEST_TEXT:
                self.words.append(line)
        elif not line:
            self.words = []
        elif match := _FIELD.fullmatch(line):
            self.fields.setdefault(match["key"], match["value"])


def records(lines: Iterable[tuple[int, str]]) -> Iterator[Record]:
    """The messages of numbered lines. A line "From: Ana" begins one if a line "Type: incoming" follows."""
    message: _Message | None = None
    before: tuple[int, str] | None = None
    for number, line in lines:
        if before is not None and line in {"Type: incoming", "Type: outgoing"}:
            if message is not None:
                yield _record(message)
            message, before = _Message(before[0], before[1].removeprefix("From: ")), None
        elif before is not None and message is not None:
            message.add(before[1])
        before = (number, line) if line.startswith("From: ") else None
        if before is None and message is not None:
            message.add(line)
    if message is not None:
        if before is not None:
            message.add(before[1])
        yield _record(message)


def _record(message: _Message) -> Utterance | Skipped:
    source_ref = f"line {message.line}"
    lines = message.words or []
    while lines and (not lines[0] or lines[0].startswith("> ")):  # what a reply quotes
        del lines[0]
    text = export_values.words("\n".join(lines))
    if message.length > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    if reason := app_words.kind(text):
        return Skipped("media" if reason == "empty" and "Attachment" in message.fields else reason, source_ref)
    is_own = message.fields.get("Type") == "outgoing"
    name = export_values.ME if is_own else export_values.name(_NUMBER.sub("", message.sender))
    return Utterance(name, text, _moment(message.fields.get("Sent", "")), source_ref)


def _moment(stamp: str) -> datetime | None:
    try:
        return parsedate_to_datetime(stamp[:60]).replace(tzinfo=UTC)
    except ValueError:
        return None
