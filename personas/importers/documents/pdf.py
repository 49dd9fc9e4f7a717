"""PDF documents. A page has a text layer, or it is a picture whose words are recognised (`ocr`)."""

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, FileTooLarge, Medium, Recognition, Record, Remark, Skipped
from personas.importers.documents import page_columns, page_lines, scan
from personas.importers.media import ocr, recognition

if TYPE_CHECKING:
    from PIL import Image

_MOST_PAGES = 3_000
_MOST_PIECES = 15_000  # of one page: the library's time grows with their square
_SHOWN = re.compile(rb"T[jJ*]|['\"](?=\s)")  # the operators that show text
_LONGEST_PAGE = 100_000  # characters
_DOTS_PER_INCH = 200
_MEDIUM: Medium = "page"


class Pdf:
    name = "pdf"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.95 if b"%PDF-" in head[:1024] else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        pages = list(_pages(stream))
        for index, lines in enumerate(page_columns.lines(stream, len(pages))):
            pages[index] = lines or pages[index]
        empty = [number for number, lines in enumerate(pages, start=1) if not lines]
        if empty and not recognition.is_installed(_MEDIUM):
            yield Remark(
                gettext("%(empty)s of %(pages)s pages are pictures or empty. %(medium)s")
                % {"empty": len(empty), "pages": len(pages), "medium": gettext(recognition.MISSING[_MEDIUM])}
            )
        elif empty:
            for found in _recognised(stream, empty):
                yield found
                pages[int(found.place.removeprefix("page ")) - 1] = recognition.texts(found)
        if not any(pages):
            raise DamagedFile(
                gettext(
                    "This PDF holds no words that can be read, neither as text nor in pictures of pages. Type its "
                    "words into a text file, and upload that."
                )
            )
        if any(pages[number - 1] for number in empty):
            yield scan.recognised_words()
        if len(empty) > ocr.MOST_PAGES:
            yield Remark(
                gettext("Words in pictures were read on the first %(most_pages)s of %(empty)s such pages.")
                % {"most_pages": ocr.MOST_PAGES, "empty": len(empty)}
            )
        yield from (Skipped("page without words", f"page {number}") for number in empty if not pages[number - 1])
        yield from page_lines.records(pages)


def _recognised(stream: BinaryIO, numbers: list[int]) -> Iterator[Recognition]:
    """What is recognised on these pages, as far as the limit goes. Raises DamagedFile."""
    for number in numbers[: ocr.MOST_PAGES]:
        yield recognition.recognised(
            medium=_MEDIUM,
            place=f"page {number}",
            digest=recognition.digest(stream, number),
            recognise=partial(_recognise, stream, number),
        )


def _recognise(stream: BinaryIO, number: int) -> "tuple[recognition.Lines, bytes]":
    return ocr.recognise(_drawn(stream, number))


def _drawn(stream: BinaryIO, number: int) -> "Image.Image":
    """A page as a picture in RGB. Raises DamagedFile."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(stream, autoclose=False)
        page = document[number - 1]
        scale = min(_DOTS_PER_INCH / 72, ocr.SIDE / max(*page.get_size(), 1.0))
        picture: Image.Image = page.render(scale=scale).to_pil()
        return picture.convert("RGB")
    except (pypdfium2.PdfiumError, ValueError, OSError, MemoryError) as error:
        raise DamagedFile(
            gettext("Page %(number)s of this PDF cannot be drawn. Export or scan it again.") % {"number": number}
        ) from error


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
            gettext("This PDF is encrypted in a way that cannot be opened. Print it to a new PDF first.")
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
            gettext(
                "This PDF is damaged and cannot be read. Export or print it again, or save its words as plain text "
                "(.txt)."
            )
        ) from error


def _refuse_unfit(reader: Any) -> None:
    # An empty password opens a file that is only locked against printing or copying.
    if reader.is_encrypted and not reader.decrypt(""):
        raise DamagedFile(
            gettext(
                "This PDF is protected by a password. Open it, print it to a new PDF or copy its words, and upload "
                "that."
            )
        )
    if (count := len(reader.pages)) > _MOST_PAGES:
        raise FileTooLarge(
            gettext("This PDF has %(count)s pages; the limit is %(most_pages)s. Split it.")
            % {"count": f"{count:,}", "most_pages": f"{_MOST_PAGES:,}"}
        )


def _refuse_crowded(page: Any, number: int) -> None:
    contents = page.get_contents()
    if contents is not None and len(_SHOWN.findall(contents.get_data())) > _MOST_PIECES:
        raise FileTooLarge(
            gettext(
                "Page %(number)s of this PDF has more than %(most_pieces)s pieces of text, which is the limit. "
                "Save its words as plain text (.txt) and upload that."
            )
            % {"number": number, "most_pieces": f"{_MOST_PIECES:,}"}
        )


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text[:_LONGEST_PAGE].splitlines() if line.strip()]
