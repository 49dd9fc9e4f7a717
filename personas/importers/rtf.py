"""Rich Text documents (.rtf), as of WordPad and TextEdit.

striprtf knows the format. It looks at every character, and two of its patterns look for an end from each beginning,
so pictures, embedded objects and links are taken out before, in one pass. Hidden and deleted words go, too.
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
    r"|\\(v|deleted)(0?)(?![a-z\d]) ?|\\(plain)(?![a-z])|\\((?:nest)?cell)(?![a-z])"
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
        words = _words(_in_own_code(stream.read().decode("latin-1")))
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


def _words(rtf: str) -> str:
    """The document without pictures, objects and links. A font's mark begins a new line, which means nothing."""
    pieces: list[str] = []
    place = depth = length = 0
    unseen, outer = False, list[bool]()  # whether the words are hidden, here and in the groups around
    hidden_from = 0  # the depth of the group that is left out; 0 outside of one
    match = _MARK.search(rtf)
    while match is not None:
        if not (hidden_from or unseen):
            pieces.append(rtf[place : match.start()])
            length += match.start() - place
        elif unseen and not hidden_from and pieces[-1:] == ["\n\\"] and (font := _FONT.match(rtf, place)):
            pieces.append(font[0])
        place = match.end()
        mark = match[0]
        if match[3]:
            unseen = not match[4]
        elif match[5]:
            unseen = False
        elif mark.startswith("\\bin"):
            place += int(match[1])
        elif match[2]:
            hidden_from = hidden_from or depth
        elif mark == "{":
            depth += 1
            outer.append(unseen)
        elif mark == "}":
            if depth == hidden_from:
                hidden_from = 0
            depth = max(0, depth - 1)
            unseen = outer.pop() if outer else False
        if depth > _DEEPEST:
            raise DamagedFile(gettext("This RTF document has groups nested too deeply. Save it as plain text (.txt)."))
        if length > _LONGEST_TEXT:
            raise FileTooLarge(
                gettext("This RTF document holds more than %(longest_text)s characters. Split it.")
                % {"longest_text": f"{_LONGEST_TEXT:,}"}
            )
        is_kept = not (hidden_from or match[2] or match[3] or mark == "\\field" or mark.startswith("\\bin"))
        if is_kept and (not unseen or mark in {"{", "}", "\\"}):
            pieces.append("\n\\" if mark == "\\" else "\\par " if match[6] else mark)
        match = _MARK.search(rtf, place)
    if not (hidden_from or unseen):
        pieces.append(rtf[place : place + _LONGEST_TEXT])
    return "".join(pieces)
