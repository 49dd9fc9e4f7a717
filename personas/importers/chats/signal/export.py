"""Chats that signal-export writes from Signal Desktop (chat.md), with and without seconds and comma. Those of sigtop
are read by `sigtop`.

    [2023-06-15, 21:41] Ana: text
    [2023-06-15 21:41:07] Me: ![photo.jpg](./media/photo.jpg)

The owner is "Me". A reply begins with the quoted words behind ">"; reactions stand beneath as "(- Ana: 👍 -)".
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark
from personas.importers.chats import app_words
from personas.importers.chats.messages.gathering import Head, Reason, messages
from personas.importers.chats.signal import sigtop
from personas.importers.encodings import decoding

_HEAD = re.compile(r"\[(\d{4})-(\d\d)-(\d\d)(,?) (\d\d):(\d\d)(?::(\d\d))?\] (?=[^\s:<])")
_LONGEST_NAME = 100
_SNIFFED_LINES = 400
_MOST_NAMES = 2_000
_FEW = 2
_MEDIA = re.compile(
    r"!?\[[^\[\]\n]{0,300}\]\((?:\./|\.\./)?(?:media|exported_stickers|attachments)/[^()\n]{0,400}\)"
    r"|\(\( [^\n]{0,40} \)\)|\((?:media|attachment) not exported\)"
)
_REACTIONS = re.compile(r"\(- .{1,2000} -\)\s*")
_DELETED = re.compile(r"\(?This message was deleted\.?\)?")
_CALL = re.compile(r"(?:Incoming|Outgoing|Missed)(?: (?:voice|video|audio|group))? call(?: \([^()\n]{1,60}\))?")


class SignalExport:
    name = "signal"

    def sniff(self, head: bytes, name: str) -> float:
        text = decoding.decode_head(head)
        if sigtop.is_text(text):
            return 0.95
        lines = text.splitlines()[:_SNIFFED_LINES]
        filled = sum(bool(line.strip()) for line in lines)
        heads = [(line, match) for line in lines if (match := _HEAD.match(line)) and ": " in f"{line} "]
        if not heads or len(heads) * 6 < filled:
            return 0.0
        # WhatsApp may write seconds in such brackets, too. Signal's exporter has "Me", links, or two blanks at the end.
        marks = sum(line.endswith("  ") or "] Me:" in line or bool(_MEDIA.search(line[:800])) for line, _ in heads)
        has_seconds = any(match[7] for _, match in heads)
        return 0.95 if not has_seconds or marks * 4 >= len(heads) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        if sigtop.is_text(decoding.decode_head(stream.read(decoding.HEAD_BYTES))):
            yield from sigtop.records(decoding.lines(stream, encoding))
            return
        names = _names(decoding.lines(stream, encoding))
        if not names:
            raise DamagedFile(
                gettext("No line of this Signal export begins like a message: [2023-06-15, 21:41] Name: words.")
            )

        def read(line: str) -> Head | None:
            return _head(line, names)

        yield from messages(decoding.lines(stream, encoding), read, _judge)


def _names(lines: Iterable[tuple[int, str]]) -> Counter[str]:
    """What stands before each colon that may end a name, with its number of lines."""
    names: Counter[str] = Counter()
    for _, line in lines:
        match = _HEAD.match(line)
        for name in _possible_names(line[match.end() :]) if match else ():
            if name in names or len(names) < _MOST_NAMES:
                names[name] += 1
    return names


def _possible_names(rest: str) -> Iterator[str]:
    start = f"{rest[:_LONGEST_NAME]} "
    place = start.find(": ")
    while place > 0:
        yield start[:place]
        place = start.find(": ", place + 1)


def _head(line: str, names: Counter[str]) -> Head | None:
    """The head that a line begins with. A name may hold a colon, if all lines with its first part go on so."""
    match = _HEAD.match(line)
    if match is None:
        return None
    year, month, day, _, hour, minute, second = match.groups()
    try:
        sent_at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC)
    except ValueError:
        return None
    rest = line[match.end() :]
    possible = list(_possible_names(rest))
    shortest = possible[0] if possible else ""
    longer = [one for one in possible if names[one] == names[shortest] > _FEW]
    name = longer[-1] if longer else shortest
    return Head(name, sent_at, rest[len(name) + 1 :].removeprefix(" ")) if name else None


def _judge(head: Head, text: str) -> Reason | str:
    if head.speaker == "No-Sender":
        return Reason(app_words.event(text))
    lines = [line.rstrip() for line in text.split("\n") if not _REACTIONS.fullmatch(line)]
    if not head.text.strip():
        lines = _without_quote(lines)
    words = "\n".join(lines).strip()
    if _DELETED.fullmatch(words):
        return Reason("deleted")
    if _CALL.fullmatch(words):
        return Reason("call")
    without_media = _MEDIA.sub("", words).strip()
    if words and not without_media:
        return Reason("media")
    reason = app_words.kind(without_media)
    return Reason(reason) if reason else without_media


def _without_quote(lines: list[str]) -> list[str]:
    """The lines without the quoted words that a reply begins with."""
    start = 0
    while start < len(lines) and (not lines[start] or lines[start].startswith("> ")):
        start += 1
    return lines[start:]
