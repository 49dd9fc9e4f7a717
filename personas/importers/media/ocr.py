"""Reads the words in pictures of pages, printed or written by hand, in English and Chinese (PP-OCRv4 by RapidOCR).

Lines come from top to bottom. Not covered: columns beside each other, and Chinese that is written from top to bottom.
"""

import io
import warnings
from collections.abc import Iterator
from functools import cache
from statistics import fmean
from typing import TYPE_CHECKING, Any, BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, FileTooLarge, RecognisedLine
from personas.importers.media import recognition

if TYPE_CHECKING:
    from PIL import Image

_SECONDS = 60  # of processor time for one page; a full one takes six
MOST_PIXELS = 40_000_000
SIDE = 2_000  # pixels of the longer side, to which larger pages are shrunk; an A4 page then has 170 dots an inch
MOST_PAGES = 100  # of one file: about ten minutes
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP")
_SMALLEST = 16  # pixels of a side that can hold a letter
_THREADS = 2
# Tried on small print: 4.2 % of the characters were wrong at 1, 0.1 % at 5, and 1.1 % at 100, where full stops go.
_BLANKS = 5
_SHOWN_SIDE = 1_600  # pixels of the page that its words are corrected beside


@cache
def _engine() -> Any:
    from rapidocr_onnxruntime import RapidOCR  # a third of a second, and its models

    # One line at a time: batches are no faster here, and take 60 MB more.
    engine = RapidOCR(intra_op_num_threads=_THREADS, rec_batch_num=1)
    engine.text_rec.postprocess_op = _WithBlanks(engine.text_rec.postprocess_op)
    return engine


class _WithBlanks:
    """Makes blanks likelier before a line is decoded. The model learnt Chinese first, and leaves out one in seven."""

    def __init__(self, decode: Any) -> None:
        self._decode = decode
        self._blank = decode.character.index(" ")

    def __call__(self, likelihoods: Any, *arguments: Any, **options: Any) -> Any:
        likelihoods = likelihoods.copy()  # float32 [lines, places, characters]
        likelihoods[:, :, self._blank] = (likelihoods[:, :, self._blank] * _BLANKS).clip(max=1)
        return self._decode(likelihoods, *arguments, **options)


def frames(stream: BinaryIO) -> Iterator["Image.Image"]:
    """The pages of a picture, upright: all pages of a TIFF, else the first frame. Raises DamagedFile, FileTooLarge."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is the lower one
            picture = Image.open(stream, formats=_FORMATS)
            count = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
            _refuse_many(count)
            for number in range(count):
                picture.seek(number)
                _refuse_large(picture)
                picture.draft("RGB", (SIDE, SIDE))  # a JPEG is decoded at the size that is needed
                page = picture.convert("RGB")
                page.thumbnail((SIDE, SIDE))
                yield ImageOps.exif_transpose(page)
    except Image.DecompressionBombError as error:
        raise FileTooLarge(_too_large(gettext("far more than the allowed"))) from error
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise DamagedFile(gettext("This picture is damaged and cannot be opened. Save or scan it again.")) from error


def _refuse_many(count: int) -> None:
    if count > MOST_PAGES:
        raise FileTooLarge(
            gettext("This picture has %(count)s pages; the limit is %(most_pages)s. Split it.")
            % {"count": f"{count:,}", "most_pages": MOST_PAGES}
        )


def _refuse_large(picture: "Image.Image") -> None:
    if picture.width * picture.height > MOST_PIXELS:
        raise FileTooLarge(_too_large(f"{picture.width:,} × {picture.height:,}"))


def _too_large(size: str) -> str:
    return gettext("This picture has %(size)s pixels; the limit is %(most)s million in all. Make it smaller.") % {
        "size": size,
        "most": MOST_PIXELS // 1_000_000,
    }


def recognise(page: "Image.Image") -> tuple[tuple[RecognisedLine, ...], bytes]:
    """The lines of a page, and the page as WebP. The page is in RGB and at most SIDE pixels high and wide."""
    import numpy as np

    if min(page.size) < _SMALLEST:
        return (), b""
    recognition.grant(_SECONDS)
    pixels = np.asarray(page)[:, :, ::-1]  # uint8 [height, width, 3], BGR as the models learnt it
    pieces, _ = _engine()(pixels)
    return tuple(_lines(pieces or [], page.height)), _shown(page)


def _lines(pieces: list[Any], height: int) -> Iterator[RecognisedLine]:
    """Pieces beside each other are one line. A piece is its corners in pixels, its text and its confidence."""
    rows: list[list[tuple[float, float, float, str, float]]] = []
    for corners, text, confidence in sorted(pieces, key=lambda piece: _middle(piece[0])):
        top, bottom = min(y for _, y in corners), max(y for _, y in corners)
        piece = (min(x for x, _ in corners), top, bottom, str(text), float(confidence))
        if rows and _is_beside(rows[-1][-1], piece):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    for row in rows:
        row.sort()
        text = " ".join(piece[3] for piece in row).strip()
        if text:
            start = max(0.0, min(piece[1] for piece in row) / height)
            yield RecognisedLine(text, round(fmean(piece[4] for piece in row), 3), round(start, 4))


def _middle(corners: list[list[float]]) -> float:
    return fmean(y for _, y in corners)


def _is_beside(one: tuple[float, float, float, str, float], other: tuple[float, float, float, str, float]) -> bool:
    """Whether two pieces share more than half of the lower one's height."""
    shared = min(one[2], other[2]) - max(one[1], other[1])
    return shared > 0.5 * min(one[2] - one[1], other[2] - other[1])


def _shown(page: "Image.Image") -> bytes:
    shown = page.copy()
    shown.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
    shown.info.clear()
    target = io.BytesIO()
    shown.save(target, "WEBP", quality=60, exif=b"", icc_profile=b"", xmp=b"")
    return target.getvalue()
