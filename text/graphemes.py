"""Cuts text between graphemes: a family, a flag or a letter with its accents stays whole.

Unicode defines graphemes (UAX #29, extended grapheme clusters). Lengths are in code points, as columns and limits
count them, so a cut text always fits its column. Every function is linear in the text's length.
"""

import regex

# Flags come first: at each flag of a row, \X looks back over the whole row, which is quadratic in its length.
_GRAPHEME = regex.compile(r"\p{GCB=Regional_Indicator}{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*|\X")

# `ending` searches only this many characters before the cut, not from the beginning of a book. No written language has
# a grapheme half as long.
_LOOK_BACK = 256


def beginning(text: str, most: int) -> str:
    """The longest beginning of at most `most` code points. A single grapheme that is longer is cut."""
    end = 0
    # The character after a grapheme shows that the grapheme has ended, so the search includes one more.
    for grapheme in _GRAPHEME.finditer(text, 0, most + 1):
        if grapheme.end() <= most:
            end = grapheme.end()
    return text[: end or most]


def ending(text: str, most: int) -> str:
    """The longest end of at most `most` code points. A single grapheme that is longer is cut."""
    earliest = max(0, len(text) - most)
    starts = (grapheme.start() for grapheme in _GRAPHEME.finditer(text, max(0, earliest - _LOOK_BACK)))
    return text[next((start for start in starts if start >= earliest), earliest) :]


def first(text: str) -> str:
    """The first grapheme, or "" for an empty text."""
    grapheme = _GRAPHEME.match(text)
    return grapheme[0] if grapheme else ""
