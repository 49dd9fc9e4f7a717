"""Text pieces in, whole sentences out, so that the filter judges what a reader would read."""

import re
from collections.abc import Callable, Generator, Iterable

# An end mark with what closes it, then a blank and the beginning of the next sentence; CJK marks and
# line ends need no blank. A digit after the blank is no beginning: "No. 5", "+44 20. 7946 0000".
_END = re.compile(r"""[.!?…]+["'”’)\]*]*\s+(?=[^\s\d])|[。！？…]+["”’」』）]*(?=[^。！？…"”’」』）])|\n+(?=[^\n])""")
# Where a sentence grows long, a clause may go first: never inside a word, a number or an address.
_CLAUSE = re.compile(r"[^\d\W][,;:—]\s+(?=[^\s\d])|[，；：、](?=[^\d\s])")
_LONG = 160  # characters
# The first words of a text, four or a Chinese clause, when the next has begun: no number, address or bracket in them.
_BEGINNING = re.compile(r"\s*(?:(?:[^\s\d@/*()（）\u3400-\u9fff]+\s+){4}(?=[^\W\d_])|[\u3400-\u9fff]{2,}，(?=[^\d\s]))")


def split(pieces: Iterable[str], *, may_begin: Callable[[str], bool] | None = None) -> Generator[str]:
    """Yields sentences with the blanks that follow them; joined, they are the joined pieces.

    What has no end yet is held back, and comes last. A sentence of more than 160 characters is
    released up to its last clause; the first one after its first words, where `may_begin` agrees to them.
    """
    held = ""
    for piece in pieces:
        held += piece
        if may_begin and (first := _BEGINNING.match(held)):
            if _end_of_first(held) is None and may_begin(first[0]):
                yield first[0]
                held = held[first.end() :]
            may_begin = None
        while (end := _end_of_first(held)) is not None:
            yield held[:end]
            held = held[end:]
            may_begin = None
    if held:
        yield held


def is_unfinished(sentence: str) -> bool:
    """Whether the text breaks off: it has no end mark, with or without what closes it, and no line ends there."""
    return not re.search(r"""(?:[.!?…。！？~—*)\]"”'’」』）]\s*|\n)$""", sentence)


def _end_of_first(held: str) -> int | None:
    if match := _END.search(held):
        return match.end()
    if len(held) <= _LONG:
        return None
    clauses = list(_CLAUSE.finditer(held))
    return clauses[-1].end() if clauses else None
