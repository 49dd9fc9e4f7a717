"""Rows of a CSV file that an app exported, by the names of its columns or as they stand."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding

_LONGEST_CELL = 200_000  # characters
_MOST_COLUMNS = 100
_DELIMITERS = ",;\t"


def delimiter(head: bytes) -> str:
    """What stands between the cells of a file's first line: a comma, a semicolon or a tab."""
    first = _first_line(head)
    return max(_DELIMITERS, key=first.count)


def columns(head: bytes) -> list[str]:
    """The names of the columns in a file's first line, in lower case."""
    first = _first_line(head)
    return [cell.strip().strip('"').casefold() for cell in first.split(delimiter(head))[:_MOST_COLUMNS]]


def _first_line(head: bytes) -> str:
    return decoding.decode_head(head[:4096]).lstrip().partition("\n")[0]


def rows(stream: BinaryIO, encoding: Encoding) -> Iterator[tuple[int, dict[str, str]]]:
    """The line number and the cells of each row; columns are named in lower case. Raises DamagedFile."""
    names: list[str] | None = None
    for number, row in cells(stream, encoding):
        if names is None:
            names = [name.strip().removeprefix("\ufeff").casefold() for name in row[:_MOST_COLUMNS]]
        else:
            yield number, dict(zip(names, row, strict=False))


def cells(stream: BinaryIO, encoding: Encoding) -> Iterator[tuple[int, list[str]]]:
    """The line number and the cells of each row that is not empty, the first one included. Raises DamagedFile."""
    stream.seek(0)
    between = delimiter(stream.read(4096))
    stream.seek(0)
    csv.field_size_limit(_LONGEST_CELL)
    text = io.TextIOWrapper(stream, encoding=encoding.name, errors="replace", newline="")
    try:
        reader = csv.reader(text, delimiter=between)
        for row in reader:
            if row:
                yield reader.line_num, row
    except (csv.Error, UnicodeError) as error:
        raise DamagedFile(
            gettext(
                "This table cannot be read: a cell holds more than %(longest_cell)s characters, or a quote is "
                "not closed. Export it again."
            )
            % {"longest_cell": f"{_LONGEST_CELL:,}"}
        ) from error
    finally:
        text.detach()
