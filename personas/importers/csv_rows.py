"""Rows of a CSV file that an app exported, by the names of its columns."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers import decoding
from personas.importers.base import DamagedFile
from personas.importers.decoding import Encoding

_LONGEST_CELL = 200_000  # characters
_MOST_COLUMNS = 100


def columns(head: bytes) -> list[str]:
    """The names of the columns in a file's first line, in lower case."""
    first = decoding.decode_head(head[:4096]).lstrip().partition("\n")[0]
    return [cell.strip().strip('"').casefold() for cell in first.split(",")[:_MOST_COLUMNS]]


def rows(stream: BinaryIO, encoding: Encoding) -> Iterator[tuple[int, dict[str, str]]]:
    """The line number and the cells of each row; columns are named in lower case. Raises DamagedFile."""
    stream.seek(0)
    csv.field_size_limit(_LONGEST_CELL)
    text = io.TextIOWrapper(stream, encoding=encoding.name, errors="replace", newline="")
    try:
        reader = csv.reader(text)
        names = [name.strip().removeprefix("\ufeff").casefold() for name in next(reader, [])[:_MOST_COLUMNS]]
        for cells in reader:
            if cells:
                yield reader.line_num, dict(zip(names, cells, strict=False))
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
