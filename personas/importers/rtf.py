"""Rich Text documents (.rtf), as of WordPad and TextEdit.

striprtf knows the format. It looks at every character, and two of its patterns look for an end from each beginning,
so pictures, embedded objects and links are taken out before, in one pass.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers import document
from personas.importers.base import DamagedFile, FileTooLarge, Record
from personas.importers.document import Block

_MARK = re.compile(
    r"\\bin(\d{1,9}) ?|\\(pict|objdata|object|fontemb|themedata|colorschememapping|datastore|latentstyles)(?![a-z])"
    r"|\\field(?![a-z])|\\(?=f\d)|\\.|[{}]",
    re.DOTALL,
)
_LONGEST_TEXT = 4 * 1024**2  # characters, without pictures: a library of two thousand pages
_DEEPEST = 1_000  # braces inside one another


class Rtf:
    name = "rtf"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.95 if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{\\rtf") else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        from striprtf.striprtf import rtf_to_text  # loaded only for a file that needs it

        stream.seek(0)
        words = _words(stream.read().decode("latin-1"))
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


def _words(rtf: str) -> str:
    """The document without pictures, objects and links. A font's mark begins a new line, which means nothing."""
    pieces: list[str] = []
    place = depth = length = 0
    hidden_from = 0  # the depth of the group that is left out; 0 outside of one
    match = _MARK.search(rtf)
    while match is not None:
        if not hidden_from:
            pieces.append(rtf[place : match.start()])
            length += match.start() - place
        place = match.end()
        mark = match[0]
        if mark.startswith("\\bin"):
            place += int(match[1])
        elif match[2]:
            hidden_from = hidden_from or depth
        elif mark == "{":
            depth += 1
        elif mark == "}":
            if depth == hidden_from:
                hidden_from = 0
            depth = max(0, depth - 1)
        if depth > _DEEPEST:
            raise DamagedFile(gettext("This RTF document has groups nested too deeply. Save it as plain text (.txt)."))
        if length > _LONGEST_TEXT:
            raise FileTooLarge(
                gettext("This RTF document holds more than %(longest_text)s characters. Split it.")
                % {"longest_text": f"{_LONGEST_TEXT:,}"}
            )
        if not hidden_from and not match[2] and mark not in {"\\field"} and not mark.startswith("\\bin"):
            pieces.append("\n\\" if mark == "\\" else mark)
        match = _MARK.search(rtf, place)
    if not hidden_from:
        pieces.append(rtf[place : place + _LONGEST_TEXT])
    return "".join(pieces)
