"""Cutting text without cutting a grapheme: a family, a flag or a letter with its accents stays whole.

What a grapheme is, Unicode says (UAX #29, extended grapheme clusters). Lengths are in code points, as columns and
limits count them, so a cut never makes a text too long for its column. Every function is linear in the text.
"""

import regex

# Flags come first: at each flag of a row \X looks back over the whole row, which is quadratic in its length.
_GRAPHEME = regex.compile(r"\p{GCB=Regional_Indicator}{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*|\X")

# The end of a book is not sought from its beginning. No written language has a grapheme half as long as this.
_LOOK_BACK = 256


def beginning(text: str, most: int) -> str:
    """The longest beginning of at most `most` code points. One grapheme that is longer than that is cut."""
    end = 0
    # Whether a grapheme ends before a character can be seen from that character, so one more is looked at.
    for grapheme in _GRAPHEME.finditer(text, 0, most + 1):
        if grapheme.end() <= most:
            end = grapheme.end()
    return text[: end or most]


def ending(text: str, most: int) -> str:
    """The longest end of at most `most` code points. One grapheme that is longer than that is cut."""
    earliest = max(0, len(text) - most)
    starts = (grapheme.start() for grapheme in _GRAPHEME.finditer(text, max(0, earliest - _LOOK_BACK)))
    return text[next((start for start in starts if start >= earliest), earliest) :]


def first(text: str) -> str:
    """The first grapheme; nothing of an empty text."""
    grapheme = _GRAPHEME.match(text)
    return grapheme[0] if grapheme else ""
