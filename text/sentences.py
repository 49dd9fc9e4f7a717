"""Where a sentence ends, in Latin and CJK scripts. Every room uses this one definition.

A sentence ends with a mark (. ! ? … 。 ！ ？), the quotes and brackets that close behind it, and the blanks after it.
It also ends with a line. After a mark of Latin script there has to be a blank, and no digit behind it: "3.14",
"No. 5" and "+44 20. 7946 0000" go on. So do a title ("Dr."), an abbreviation ("e.g.") and an initial ("J. S. Bach").

Not covered: an abbreviation that ends a sentence ("He lives in Main St. It is quiet."), which is joined with the next.
"""

import re
from collections.abc import Iterator

CLOSING = "\"'”’)]*」』）"
MARKS = ".!?…。！？"

_SHORTENED = ("Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Mt", "Jr", "Sr", "Rev", "Hon", "Capt", "Col", "Lt", "Sgt", "vs")
# A lone capital is an initial; "I" is a word.
_FULL_STOP = "".join(rf"(?<!\b{word})" for word in (*_SHORTENED, r"e\.g", r"i\.e", "[A-HJ-Z]")) + r"\."
_LATIN_CLOSING = r"""["'”’)\]*]*+"""
_CJK_MARK = "[。！？…]"
END = re.compile(
    rf"""(?:{_FULL_STOP}|[!?…]){_LATIN_CLOSING}\s++(?=[^\s\d])"""
    rf"""|{_CJK_MARK}[”’」』）]*+(?=[^。！？….!?"”’」』）])"""
    r"""|\n(?=[^\n])"""
)
_ENDS_HERE = re.compile(rf"""(?:{_FULL_STOP}|[!?…。！？])["'”’」』）)\]*]*+\s*+\Z|\n\Z""")
_BREAKS_OFF = re.compile(r"""(?:[.!?…。！？~—*)\]"”'’」』）]\s*+|\n)\Z""")
_LAST = 80  # characters that an end can take, closing marks and blanks included


def ends(text: str) -> Iterator[int]:
    """Where the sentences of a whole text end, each with its closing marks and blanks; the last end is the text's."""
    for match in END.finditer(text):
        yield match.end()
    if text:
        yield len(text)


def split(text: str) -> list[str]:
    """The sentences of a whole text. Joined, they are the text."""
    start, sentences = 0, []
    for end in ends(text):
        sentences.append(text[start:end])
        start = end
    return sentences


def has_end(text: str) -> bool:
    """Whether the last sentence of the text is whole, as far as can be seen without what follows."""
    return _ENDS_HERE.search(text[-_LAST:]) is not None


def breaks_off(text: str) -> bool:
    """Whether the text stops in the middle: no mark, dash, bracket or line ends it."""
    return _BREAKS_OFF.search(text[-_LAST:]) is None
