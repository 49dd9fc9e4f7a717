"""Tells the columns of a PDF's page by where its words stand, so that their lines are not mixed.

A page has two columns if a strip without words runs down its middle, and full lines stand side by side on both of its
sides. Lines that run across the strip (a title, a page's number) part the page: what is above them is read first.
A column may have columns itself. Bubbles of a chat stand at different heights, and the columns of most tables are not
full, so neither are columns here.
"""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import pypdfium2

_MOST_CHARACTERS = 30_000  # of a page; a full page of a newspaper has about 15,000
_GUTTER = 8.0  # points: wider than the blanks between words
_MIDDLE = (0.25, 0.75)  # of the width of the words: where a gutter may be
_FEWEST_ROWS = 5  # that stand side by side
_SIDE_BY_SIDE = 0.5  # of the rows of the shorter column
_FULL = 0.6  # of a column's width: the usual line
_NARROWEST = 0.22  # of the width of both columns
_MOST_ACROSS = 50  # lines that run across a gutter
_DEEPEST = 2  # columns inside columns
_BLANKS = frozenset({0, 9, 10, 13, 32, 160})
_HYPHENS = str.maketrans({"\x02": "-", "\ufffe": "-"})  # what the library writes for a hyphen at a line's end


@dataclass(frozen=True)
class _Box:
    left: float
    bottom: float
    right: float
    top: float

    @property
    def middle(self) -> float:
        return (self.bottom + self.top) / 2


def lines(stream: BinaryIO, pages: int) -> Iterator[list[str]]:
    """For each page the lines of its columns, one column after another; [] for a page without columns.

    Nothing where the package is not installed, or where it cannot read what the other library has read.
    """
    if find_spec("pypdfium2") is None:
        return
    import pypdfium2  # here, since every importer is loaded to choose one

    try:
        document = pypdfium2.PdfDocument(stream, autoclose=False)
        if len(document) != pages:
            return
        for page in document:
            text = page.get_textpage()
            yield _lines(text)
            text.close()
            page.close()
    except (pypdfium2.PdfiumError, ValueError, OverflowError):  # also boxes without an end; the words are read already
        return


def _lines(text: "pypdfium2.PdfTextPage") -> list[str]:
    if not 0 < text.count_chars() <= _MOST_CHARACTERS or not _may_have_columns(text):
        return []
    parts = list(_parts(_words(text), depth=0))
    if len(parts) < 2:
        return []
    found = (text.get_text_bounded(part.left - 1, part.bottom, part.right + 1, part.top) for part in parts)
    return [line.strip() for one in found for line in one.translate(_HYPHENS).splitlines() if line.strip()]


def _may_have_columns(text: Any) -> bool:
    """A look at pieces of lines, which takes a tenth of the time of one at each character.

    A program that fills up lines with blanks draws both columns as one piece.
    """
    pieces = [_Box(*text.get_rect(index)) for index in range(text.count_rects())]
    has_strip = bool(pieces) and _emptiest_strip(pieces, _around(pieces)) is not None
    return has_strip or text.get_text_range().count("   ") >= _FEWEST_ROWS


def _words(text: Any) -> list[_Box]:
    """The boxes of a page's words. A word ends at a blank, at another line, and where a gap follows."""
    import pypdfium2.raw as pdfium

    words: list[_Box] = []
    is_new = True
    sides = [ctypes.c_double() for _ in range(4)]
    left_right_bottom_top = [ctypes.byref(side) for side in sides]
    for index in range(text.count_chars()):
        pdfium.FPDFText_GetCharBox(text, index, *left_right_bottom_top)
        left, right, bottom, top = (side.value for side in sides)
        if right - left <= 0 or top - bottom <= 0 or pdfium.FPDFText_GetUnicode(text, index) in _BLANKS:
            is_new = True
            continue
        last = words[-1] if words else None
        if (
            is_new
            or last is None
            or not (last.bottom < (bottom + top) / 2 < last.top and 0 <= left - last.right + 3 < 6)
        ):
            words.append(_Box(left, bottom, right, top))
        else:
            words[-1] = _Box(last.left, min(bottom, last.bottom), right, max(top, last.top))
        is_new = False
    return words


def _parts(words: Sequence[_Box], *, depth: int) -> Iterator[_Box]:
    """The parts of a page in the order of reading."""
    start, end = (_gutter(words) if depth < _DEEPEST else None) or (0, 0)
    across = _merged([word for word in words if word.left < end - 1 and word.right > start + 1])
    if not end or len(across) > _MOST_ACROSS:
        if words:
            yield _around(words)
        return
    top = max(word.top for word in words) + 1
    for row in [*across, None]:
        bottom = row.top if row is not None else float("-inf")
        band = [word for word in words if bottom < word.middle <= top]
        yield from _parts([word for word in band if word.right <= start + 1], depth=depth + 1)
        yield from _parts([word for word in band if word.left >= end - 1], depth=depth + 1)
        if row is not None:
            yield _around([word for word in words if row.bottom <= word.middle <= row.top])
            top = row.bottom


def _gutter(words: Sequence[_Box]) -> tuple[float, float] | None:
    """Where the strip between two columns begins and ends."""
    if len(words) < 2 * _FEWEST_ROWS:
        return None
    whole = _around(words)
    strip = _emptiest_strip(words, whole)
    if strip is None:
        return None
    sides = [
        _rows([word for word in words if word.right <= strip[0] + 1]),
        _rows([word for word in words if word.left >= strip[1] - 1]),
    ]
    if any(len(rows) < _FEWEST_ROWS for rows in sides):
        return None
    boxes = [_around(rows) for rows in sides]
    are_full = all(
        median(row.right - row.left for row in rows) >= _FULL * (box.right - box.left)
        and box.right - box.left >= _NARROWEST * (whole.right - whole.left)
        for rows, box in zip(sides, boxes, strict=True)
    )
    beside = _beside(*sides)
    are_beside = beside >= _FEWEST_ROWS and beside >= _SIDE_BY_SIDE * min(map(len, sides))
    return strip if are_full and are_beside else None


def _emptiest_strip(words: Sequence[_Box], whole: _Box) -> tuple[float, float] | None:
    """The strip near the middle that the fewest words cover, at most half as many as elsewhere."""
    width = int(whole.right - whole.left) + 1
    if not 4 * _GUTTER < width < 20_000:
        return None
    changes = [0] * (width + 2)
    for word in words:
        changes[int(word.left - whole.left)] += 1
        changes[int(word.right - whole.left) + 1] -= 1
    covered, count = [], 0
    for change in changes[:width]:
        count += change
        covered.append(count)
    most = median(covered) / 2
    levels = sorted({count for count in covered if count <= most})[:_MOST_ACROSS]
    strips = (_strip(covered, level) for level in levels)
    start, end = next(filter(None, strips), (0, 0))
    return (whole.left + start, whole.left + end) if end else None


def _strip(covered: Sequence[int], most: int) -> tuple[int, int] | None:
    """The widest run of places near the middle that at most so many words cover."""
    runs, place = [], 0
    for is_empty, group in groupby(covered, key=lambda count: count <= most):
        length = len(list(group))
        if is_empty and length >= _GUTTER and _MIDDLE[0] <= (place + length / 2) / len(covered) <= _MIDDLE[1]:
            runs.append((length, place))
        place += length
    length, place = max(runs, default=(0, 0))
    return (place, place + length) if length else None


def _rows(words: Sequence[_Box]) -> list[_Box]:
    """The lines of one column, from the top."""
    rows: list[_Box] = []
    for word in sorted(words, key=lambda word: -word.middle):
        if rows and word.middle > rows[-1].bottom:
            rows[-1] = _around([rows[-1], word])
        else:
            rows.append(word)
    return rows


def _merged(words: Sequence[_Box]) -> list[_Box]:
    """The rows of words that stand in the gutter, from the top; rows that follow one another are one."""
    merged: list[_Box] = []
    for row in _rows(words):
        if merged and merged[-1].bottom - row.top < 1.5 * (row.top - row.bottom):
            merged[-1] = _around([merged[-1], row])
        else:
            merged.append(row)
    return merged


def _beside(left: Sequence[_Box], right: Sequence[_Box]) -> int:
    """How many rows of the left column have a row of the right one at their height. Both are sorted."""
    count, place = 0, 0
    for row in left:
        while place < len(right) and right[place].bottom >= row.middle:
            place += 1
        count += place < len(right) and right[place].top > row.middle
    return count


def _around(boxes: Sequence[_Box]) -> _Box:
    return _Box(
        min(box.left for box in boxes),
        min(box.bottom for box in boxes),
        max(box.right for box in boxes),
        max(box.top for box in boxes),
    )
