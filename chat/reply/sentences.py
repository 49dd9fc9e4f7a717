"""Joins the pieces of a reply into whole sentences, so that the filter judges the sentences that a reader sees.

`text.sentences` defines the end of a sentence. Here an end counts only when the next sentence has begun.
"""

import re
from collections import deque
from collections.abc import Callable, Generator, Iterable

from text.scripts import HAN
from text.sentences import CLOSING, END, MARKS

_CLAUSE_MARKS = tuple(",;:—")
# A long sentence may be split after a clause, but never inside a word, a number or an address.
_CLAUSE = re.compile(r"[^\d\W][,;:—]\s+(?=[^\s\d])|[，；：、](?=[^\d\s])")
_LONG = 160  # characters
# The first words of a text: four words or a Chinese clause, followed by the beginning of the next word. They hold no
# number, address or bracket.
_BEGINNING = re.compile(rf"\A\s*+(?:(?:[^\s\d@/*()（）{HAN}]++\s++){{4}}(?=[^\W\d_])|[{HAN}]{{2,}}+，(?=[^\d\s]))")


def split(pieces: Iterable[str], *, may_begin: Callable[[str], bool] | None = None) -> Generator[str]:
    """Yields sentences with the blanks after them. Joined, they equal the joined pieces.

    Text without an end is held back, and comes last. A sentence of more than 160 characters is released up to its
    last clause. The first sentence is released after its first words if `may_begin` accepts them.
    """
    buffer, settled = "", 0
    for piece in pieces:
        buffer += piece
        if not piece.rstrip().rstrip(CLOSING):
            continue  # blanks and closing marks belong to an end that only the next piece confirms
        start = 0
        if may_begin and (opening := _BEGINNING.match(buffer)):
            if _first_end(buffer, 0, settled) is None and may_begin(opening[0]):
                yield opening[0]
                start, settled = opening.end(), max(settled, opening.end())
            may_begin = None
        while (end := _first_end(buffer, start, settled)) is not None:
            yield buffer[start:end]
            start = settled = end
            may_begin = None
        buffer = buffer[start:]
        settled = _settled(buffer)
        may_begin = may_begin if len(buffer) <= _LONG else None
    if buffer:
        yield buffer


def _first_end(buffer: str, start: int, settled: int) -> int | None:
    """The end of the sentence that begins at `start`. An earlier call found no end before `settled`."""
    if match := END.search(buffer, settled):
        return match.end()
    if len(buffer) - start <= _LONG:
        return None
    clauses = deque(_CLAUSE.finditer(buffer, settled if settled - start > _LONG else start), maxlen=1)
    return clauses[0].end() if clauses else None


def _settled(buffer: str) -> int:
    """The position before which no end can lie, whatever follows. So each text is searched only once."""
    text = buffer.rstrip()
    closed = text.rstrip(CLOSING)
    if closed.endswith(tuple(MARKS)):
        return len(closed) - 1
    if text.endswith(_CLAUSE_MARKS):
        return max(len(text) - 2, 0)
    return max(len(buffer) - 1, 0)
