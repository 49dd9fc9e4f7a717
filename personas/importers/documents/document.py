"""The words of a document (Word, PDF, e-book and so on), once its format's importer has taken it apart.

A document may be somebody's letters, and it may be a chat or a talk that was saved as a document. So its lines go
through the same readers as a text file. Otherwise the words of others would be taken for the author's.
"""

import io
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, cast

from django.utils.translation import gettext
from msgspec.structs import replace

from personas.importers import registry
from personas.importers.base import DamagedFile, FileTooLarge, Record, Remark, Skipped, Utterance
from personas.importers.encodings import decoding

_IN_MEMORY = 2 * 1024**2
_LONGEST_HEADING = 190  # characters
_MOST_BLOCKS = 200_000  # a long book has ten thousand
_SOFT_HYPHEN = "\u00ad"
_MOST_LINES = 1_000  # that are looked at


@dataclass(frozen=True)
class Block:
    """A paragraph, and its place in the document: "page 3", "paragraph 12". A line of a chat may be continued."""

    text: str
    place: str
    is_heading: bool = False
    is_line: bool = False


def records(blocks: Iterable[Block]) -> Iterator[Record]:
    """The records of a document's blocks, in order. Raises DamagedFile where it holds no words."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        text = _Text(cast(BinaryIO, file))
        for number, block in enumerate(blocks):
            if number == _MOST_BLOCKS:
                raise FileTooLarge(
                    gettext("This document has more than %(most_blocks)s paragraphs, which is the limit. Split it.")
                    % {"most_blocks": f"{_MOST_BLOCKS:,}"}
                )
            text.add(block)
        if not text.starts:
            raise DamagedFile(gettext("This document holds no words that can be read."))
        importer = registry.choose_text(text.file)
        if importer.name != "plain-text":
            yield Remark(gettext("The lines of this document are those of a chat or a talk, so they were read as one."))
        yield from map(text.placed, importer.parse(text.file))


def is_chat(lines: Iterable[str]) -> bool:
    """Whether the lines of a page are those of a chat or a talk, so that they must not be joined."""
    head = "\n".join(islice(lines, _MOST_LINES)).encode("utf-8", "replace")
    return registry.choose_text(io.BytesIO(head)).name != "plain-text"


class _Text:
    """The document as a text file, and the place in the document of each of its lines."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.starts: list[int] = []
        self._places: list[str] = []
        self._line = 1

    def add(self, block: Block) -> None:
        text = decoding.clean(block.text).replace(_SOFT_HYPHEN, "").strip()
        if not text:
            return
        if block.is_heading:
            text = f"# {' '.join(text.split())[:_LONGEST_HEADING]}"
        if not self._places or self._places[-1] != block.place:
            self.starts.append(self._line)
            self._places.append(block.place)
        lines = [*text.splitlines(), *([] if block.is_line else [""])]
        self.file.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
        self._line += len(lines)

    def placed(self, record: Record) -> Record:
        """A record of the text file with its place in the document."""
        match record:
            case Utterance() | Skipped():
                number = int(record.source_ref.removeprefix("line "))
                return replace(record, source_ref=self._places[bisect_right(self.starts, number) - 1])
        return record
