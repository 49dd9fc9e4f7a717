"""Rich Text documents (.rtf), as of WordPad and TextEdit.

striprtf knows the format. It looks at every character, and two of its patterns look for an end from each beginning,
so pictures, embedded objects and links are taken out before, in one pass. Hidden and deleted words go, too.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, FileTooLarge, Record
from personas.importers.documents import document
from personas.importers.documents.document import Block

_MARK = re.compile(
    r"\\bin(?P<bytes>\d{1,9}) ?"
    r"|\\(?P<left_out>pict|objdata|object|fontemb|themedata|colorschememapping|datastore|latentstyles)(?![a-z])"
    r"|\\(?P<hidden>v|deleted)(?P<off>0?)(?![a-z\d]) ?|\\(?P<plain>plain)(?![a-z])|\\(?P<cell>(?:nest)?cell)(?![a-z])"
    r"|\\field(?![a-z])|\\(?=f\d)|\\.|[{}]",
    re.DOTALL,
)
_ASIAN = re.compile(r"\\ansicpg(?:932|936|949|950)(?!\d)")
_FONT = re.compile(r"f\d{1,5}(?![a-z\d]) ?")
_LONGEST_TEXT = 4 * 1024**2  # characters, without pictures: a library of two thousand pages
_DEEPEST = 1_000  # braces inside one another


class Rtf:
    name = "rtf"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.95 if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{\\rtf") else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        from striprtf.striprtf import rtf_to_text  # loaded only for a file that needs it

        stream.seek(0)
        words = _shown(_in_own_code(stream.read().decode("latin-1")))
        try:
            text = str(rtf_to_text(words, errors="replace"))  # type: ignore[no-untyped-call]
        except (ValueError, LookupError, IndexError, TypeError, OverflowError) as error:
            raise DamagedFile(
                gettext("This RTF document is damaged. Open it, save it as plain text (.txt), and upload that.")
            ) from error
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # an emoji is written as two halves
        paragraphs = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        yield from document.records(
            Block(paragraph, f"paragraph {number}") for number, paragraph in enumerate(paragraphs, start=1)
        )


def _in_own_code(rtf: str) -> str:
    """In a document of China, Japan or Korea, a font "of Western letters" is written in the document's code, too."""
    return rtf.replace("\\fcharset0", "") if _ASIAN.search(rtf[:2_000]) else rtf


def _shown(rtf: str) -> str:
    """The document without pictures, objects, links and hidden words. Raises DamagedFile and FileTooLarge."""
    part = _ShownPart()
    place = 0
    while (match := _MARK.search(rtf, place)) is not None:
        part.add_words(rtf, place, match.start())
        part.add_mark(match)
        place = match.end() + int(match["bytes"] or 0)
    part.add_words(rtf, place, place + _LONGEST_TEXT)
    return "".join(part.pieces)


class _ShownPart:
    """What a reader of the document sees, gathered from its beginning."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._length = 0
        self._depth = 0
        self._left_out_from = 0  # the depth of the group that is left out; 0 outside of one
        self._is_hidden = False
        self._is_hidden_around: list[bool] = []  # in the groups around, the outermost first

    def add_words(self, rtf: str, start: int, end: int) -> None:
        """Adds what stands between two marks."""
        if self._left_out_from:
            return
        if not self._is_hidden:
            self.pieces.append(rtf[start:end])
            self._length += end - start
        elif self.pieces[-1:] == ["\n\\"] and (font := _FONT.match(rtf, start)):
            self.pieces.append(font[0])  # the words after the hidden ones may be in this font

    def add_mark(self, match: re.Match[str]) -> None:
        self._follow(match)
        self._refuse_beyond_limits()
        mark = match[0]
        if self._left_out_from or match["left_out"] or match["hidden"] or match["bytes"] or mark == "\\field":
            return
        if mark == "\\":
            self.pieces.append("\n\\")  # before a font; the end of a line means nothing in this format
        elif mark in {"{", "}"}:
            self.pieces.append(mark)
        elif not self._is_hidden:
            self.pieces.append("\\par " if match["cell"] else mark)

    def _follow(self, match: re.Match[str]) -> None:
        """Keeps track of the group that a mark begins, ends, hides or leaves out."""
        if match["hidden"]:
            self._is_hidden = not match["off"]
        elif match["plain"]:
            self._is_hidden = False
        elif match["left_out"]:
            self._left_out_from = self._left_out_from or self._depth
        elif match[0] == "{":
            self._depth += 1
            self._is_hidden_around.append(self._is_hidden)
        elif match[0] == "}":
            if self._depth == self._left_out_from:
                self._left_out_from = 0
            self._depth = max(0, self._depth - 1)
            self._is_hidden = self._is_hidden_around.pop() if self._is_hidden_around else False

    def _refuse_beyond_limits(self) -> None:
        if self._depth > _DEEPEST:
            raise DamagedFile(gettext("This RTF document has groups nested too deeply. Save it as plain text (.txt)."))
        if self._length > _LONGEST_TEXT:
            raise FileTooLarge(
                gettext("This RTF document holds more than %(longest_text)s characters. Split it.")
                % {"longest_text": f"{_LONGEST_TEXT:,}"}
            )
