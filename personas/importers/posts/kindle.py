"""My Clippings.txt of a Kindle: passages that a reader marked in books, and notes, which are the reader's own words.

    The Sea (John Banville)
    - Your Note on page 12 | Location 171 | Added on Monday, June 5, 2023 5:18:11 PM

    So it was when my father died.
    ==========

The kind of an entry stands in the reader's language. What is not a note is somebody else's words, and left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.encodings import decoding
from personas.importers.syntax import export_values
from personas.importers.times import dates

_END = "=========="
_START = re.compile(r"\A\s*+[^\r\n]{1,500}\r?\n- [^\r\n|]{1,200}\|[^\r\n]{1,300}\r?\n[ \t]*\r?\n")
_NOTE = re.compile(
    r"\b(?:notes?|notiz|notitie|nota|notat\w{0,3}|notatk\w{1,2}|anteckning\w{0,2})\b|メモ|笔记|筆記|заметк|poznámk",
    re.IGNORECASE,
)
_LINES = 3  # the title, the kind with the place and the time, and an empty one
_MOST_WORDS = 8  # of "Added on Monday, …", before its date


@dataclass
class _Entry:
    line: int
    lines: list[str] = field(default_factory=list)
    length: int = 0


class Kindle:
    name = "kindle"

    def sniff(self, head: bytes, name: str) -> float:
        text = decoding.decode_head(head)
        return 0.97 if f"\n{_END}" in text and _START.match(text) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        has_words = False
        for entry in _entries(decoding.lines(stream, encoding)):
            record = _record(entry)
            has_words |= isinstance(record, Utterance)
            yield record
        if not has_words:
            raise DamagedFile(
                gettext("This file of a Kindle holds passages that were marked in books, and no notes of their reader.")
            )


def _entries(lines: Iterator[tuple[int, str]]) -> Iterator[_Entry]:
    entry = _Entry(0)
    for number, line in lines:
        if line.strip() == _END:
            if entry.lines:
                yield entry
            entry = _Entry(0)
        elif entry.lines or line.strip():
            entry.line = entry.line or number
            entry.length += len(line)
            if entry.length <= export_values.LONGEST_TEXT:
                entry.lines.append(line)
    if len(entry.lines) > _LINES:
        yield entry


def _record(entry: _Entry) -> Utterance | Skipped:
    source_ref = f"line {entry.line}"
    text = "\n".join(entry.lines[_LINES:]).strip()
    kind, _, added = "".join(entry.lines[1:2])[:500].rpartition("|")
    if entry.length > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    if not text:
        return Skipped("empty", source_ref)  # a bookmark
    if not _NOTE.search(kind):
        return Skipped("quotation", source_ref)
    return Utterance("", text, _day(added), source_ref)


def _day(added: str) -> datetime | None:
    """The day behind words such as "Added on"."""
    words = added.split()
    starts = (dates.leading(" ".join(words[at:])) for at in range(min(len(words), _MOST_WORDS)))
    return next((dated[0] for dated in starts if dated), None)
