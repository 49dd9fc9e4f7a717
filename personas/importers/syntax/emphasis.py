"""Markdown's emphasis taken out of a text: *so*, **so**, _so_ and __so__ become so.

One regular expression would look for an end from each beginning, which takes minutes where a long text has only
beginnings. Here the ends are found first.
"""

import re
from bisect import bisect_left

_MARKS = ("**", "__", "*", "_")
_ENDS = {mark: re.compile(rf"(?<=\S)(?={re.escape(mark)}(?!\w))") for mark in _MARKS}
_NOWHERE = 1 << 62  # past every end of a text
_BEGINNING = re.compile(r"(?<!\w)[*_]")


def removed(text: str) -> str:
    """An emphasis stays within one line; marks inside a word, or with a blank on the inner side, are no emphasis."""
    ends = {mark: [match.start() for match in _ENDS[mark].finditer(text)] for mark in _MARKS if mark in text}
    newlines = [match.start() for match in re.finditer("\n", text)] if ends else []
    pieces: list[str] = []
    position = 0
    for beginning in _BEGINNING.finditer(text) if ends else ():
        start = beginning.start()
        if start < position:
            continue
        for mark in (mark for mark in ends if text.startswith(mark, start)):
            inner = start + len(mark)
            end = _first_after(ends[mark], inner)
            if not text[inner : inner + 1].strip() or not end < _first_after(newlines, inner - 1):
                continue
            pieces += [text[position:start], text[inner:end]]
            position = end + len(mark)
            break
    return "".join([*pieces, text[position:]])


def _first_after(positions: list[int], place: int) -> int:
    index = bisect_left(positions, place + 1)
    return positions[index] if index < len(positions) else _NOWHERE
