"""PDF documents with a text layer. Lines that the page broke are joined again, hyphens at line ends are taken back.

A scanned page has no text layer. It is counted and told: words in pictures are not read.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from personas.importers import document
from personas.importers.base import DamagedFile, FileTooLarge, Record, Remark, Skipped
from personas.importers.document import Block

_MOST_PAGES = 3_000
_MOST_PIECES = 15_000  # of one page: the library's time grows with their square
_SHOWN = re.compile(rb"T[jJ*]|['\"](?=\s)")  # the operators that show text
_LONGEST_PAGE = 100_000  # characters
_EDGES = 2  # lines at the top and at the bottom that may be running heads
_SHORT = 0.8  # of the usual line: a paragraph's last line is mostly shorter
_ENDING = re.compile(r"[.!?…。！？:;”’\"')\]»]\s*$")
_NUMBER = re.compile(r"\d+|\b[ivxlc]{1,7}\b")
_HYPHEN = re.compile(r"[^\W\d_][-\u00ad\u2010]$")
_MANY = 0.4  # of the pages: a line that stands at the edge of so many is a running head


class Pdf:
    name = "pdf"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.95 if b"%PDF-" in head[:1024] else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        pages = list(_pages(stream))
        empty = [number for number, lines in enumerate(pages, start=1) if not lines]
        if len(empty) == len(pages):
            raise DamagedFile(
                "This PDF holds only pictures of pages, so it has no words that can be read. Scan it with text "
                "recognition (OCR), or type its words into a text file, and upload that."
            )
        if empty:
            yield Remark(
                f"{len(empty)} of {len(pages)} pages hold only pictures or nothing; words in pictures are not read."
            )
        yield from (Skipped("page without text", f"page {number}") for number in empty)
        pages = _without_running_heads(pages)
        is_chat = document.is_chat(line for page in pages for line in page)
        yield from document.records(_lines_of(pages) if is_chat else _paragraphs(pages))


def _pages(stream: BinaryIO) -> Iterator[list[str]]:
    """The lines of each page. Raises ImportFailed."""
    import pypdf  # here, since every importer is loaded to choose one, and this library takes a tenth of a second
    from pypdf.errors import DependencyError, PyPdfError

    try:
        reader = pypdf.PdfReader(stream, strict=False)
        _refuse_unfit(reader)
        for number, page in enumerate(reader.pages, start=1):
            _refuse_crowded(page, number)
            yield _lines(page.extract_text())
    except DependencyError as error:
        raise DamagedFile(
            "This PDF is encrypted in a way that cannot be opened. Print it to a new PDF first."
        ) from error
    except (
        PyPdfError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        AssertionError,
        ZeroDivisionError,
        OverflowError,
        NotImplementedError,
        RecursionError,
        OSError,
    ) as error:
        raise DamagedFile(
            "This PDF is damaged and cannot be read. Export or print it again, or save its words as plain text (.txt)."
        ) from error


def _refuse_unfit(reader: Any) -> None:
    # An empty password opens a file that is only locked against printing or copying.
    if reader.is_encrypted and not reader.decrypt(""):
        raise DamagedFile(
            "This PDF is protected by a password. Open it, print it to a new PDF or copy its words, and upload that."
        )
    if (count := len(reader.pages)) > _MOST_PAGES:
        raise FileTooLarge(f"This PDF has {count:,} pages; the limit is {_MOST_PAGES:,}. Split it.")


def _refuse_crowded(page: Any, number: int) -> None:
    contents = page.get_contents()
    if contents is not None and len(_SHOWN.findall(contents.get_data())) > _MOST_PIECES:
        raise FileTooLarge(
            f"Page {number} of this PDF has more than {_MOST_PIECES:,} pieces of text, which is the limit. "
            "Save its words as plain text (.txt) and upload that."
        )


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text[:_LONGEST_PAGE].splitlines() if line.strip()]


def _lines_of(pages: list[list[str]]) -> Iterator[Block]:
    for number, page in enumerate(pages, start=1):
        yield from (Block(line, f"page {number}", is_line=True) for line in page)


def _paragraphs(pages: list[list[str]]) -> Iterator[Block]:
    """The paragraphs of all pages. One that runs on to the next page is joined, and stands where it began."""
    width = _usual_width(pages)
    gathered: list[str] = []
    place = ""
    for number, page in enumerate(pages, start=1):
        for index, line in enumerate(page):
            if gathered and _ends(gathered[-1], line, width, is_page_end=index == 0):
                yield Block(_joined(gathered), place)
                gathered = []
            place = place if gathered else f"page {number}"
            gathered.append(line)
    if gathered:
        yield Block(_joined(gathered), place)


def _without_running_heads(pages: list[list[str]]) -> list[list[str]]:
    furniture = _running_heads(pages)
    return [_without(page, furniture) for page in pages]


def _running_heads(pages: list[list[str]]) -> set[str]:
    """Lines that stand at the edge of many pages, but for their numbers: titles, names, page numbers."""
    edges = Counter(key for page in pages for key in {_key(line) for line in page[:_EDGES] + page[-_EDGES:]})
    return {key for key, count in edges.items() if count >= 3 and count >= _MANY * len(pages)}


def _key(line: str) -> str:
    return _NUMBER.sub("#", line.strip().casefold())


def _without(page: list[str], furniture: set[str]) -> list[str]:
    last = len(page) - _EDGES
    return [
        line
        for index, line in enumerate(page)
        if not ((index < _EDGES or index >= last) and (_key(line) in furniture or line.strip().isdecimal()))
    ]


def _usual_width(pages: list[list[str]]) -> int:
    """The length of a full line: nine of ten are not longer."""
    lengths = sorted(len(line) for page in pages for line in page)
    return lengths[len(lengths) * 9 // 10] if lengths else 0


def _ends(line: str, following: str, width: int, *, is_page_end: bool) -> bool:
    """Whether a paragraph ends with a line: it is short and closes a sentence, or the next one is set in."""
    if (following[:1] in "•–—-*" and following[1:2] == " ") or (is_page_end and _ENDING.search(line)):
        return True
    is_short = len(line) < _SHORT * width
    if is_short and _ENDING.search(line):
        return True
    is_set_in = following.startswith(("  ", "\t", "\u3000")) and not line.startswith(("  ", "\t", "\u3000"))
    if is_set_in and _ENDING.search(line):
        return True
    # A heading or the line of an address: short, and the next begins with a capital.
    return len(line) < 0.5 * width and not following[:1].islower() and not _HYPHEN.search(line)


def _joined(lines: list[str]) -> str:
    text = lines[0].strip()
    for line in (line.strip() for line in lines[1:]):
        if _HYPHEN.search(text) and line[:1].islower():
            text = text[:-1] + line
        elif _is_wide(text[-1:]) and _is_wide(line[:1]):
            text += line
        else:
            text += f" {line}"
    return text


def _is_wide(character: str) -> bool:
    return "\u2e80" <= character <= "\uffef"
