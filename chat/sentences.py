"""Pieces of a reply in, whole sentences out, so that the filter judges what a reader would read.

`text.sentences` says where a sentence ends. Here an end counts only once the beginning of the next sentence is there.
"""

import re
from collections import deque
from collections.abc import Callable, Generator, Iterable

from text.scripts import HAN
from text.sentences import CLOSING, END, MARKS

_CLAUSE_MARKS = tuple(",;:—")
# Where a sentence grows long, a clause may go first: never inside a word, a number or an address.
_CLAUSE = re.compile(r"[^\d\W][,;:—]\s+(?=[^\s\d])|[，；：、](?=[^\d\s])")
_LONG = 160  # characters
# The first words of a text, four or a Chinese clause, when the next has begun: no number, address or bracket in them.
_BEGINNING = re.compile(rf"\A\s*+(?:(?:[^\s\d@/*()（）{HAN}]++\s++){{4}}(?=[^\W\d_])|[{HAN}]{{2,}}+，(?=[^\d\s]))")


def split(pieces: Iterable[str], *, may_begin: Callable[[str], bool] | None = None) -> Generator[str]:
    """Yields sentences with the blanks that follow them; joined, they are the joined pieces.

    What has no end yet is held back, and comes last. A sentence of more than 160 characters is
    released up to its last clause; the first one after its first words, where `may_begin` agrees to them.
    """
    held, known = "", 0
    for piece in pieces:
        held += piece
        if not piece.rstrip().rstrip(CLOSING):
            continue  # it belongs to an end that is shown by what follows
        start = 0
        if may_begin and (first := _BEGINNING.match(held)):
            if _first_end(held, 0, known) is None and may_begin(first[0]):
                yield first[0]
                start, known = first.end(), max(known, first.end())
            may_begin = None
        while (end := _first_end(held, start, known)) is not None:
            yield held[start:end]
            start = known = end
            may_begin = None
        held = held[start:]
        known = _settled(held)
        may_begin = may_begin if len(held) <= _LONG else None
    if held:
        yield held


def _first_end(held: str, start: int, known: int) -> int | None:
    """Where the sentence that begins at `start` ends; that no end lies before `known` was seen earlier."""
    if match := END.search(held, known):
        return match.end()
    if len(held) - start <= _LONG:
        return None
    clauses = deque(_CLAUSE.finditer(held, known if known - start > _LONG else start), maxlen=1)
    return clauses[0].end() if clauses else None


def _settled(held: str) -> int:
    """Up to where no end lies, whatever follows: a text is looked through once, however small its pieces are."""
    text = held.rstrip()
    closed = text.rstrip(CLOSING)
    if closed.endswith(tuple(MARKS)):
        return len(closed) - 1
    if text.endswith(_CLAUSE_MARKS):
        return max(len(text) - 2, 0)
    return max(len(held) - 1, 0)
