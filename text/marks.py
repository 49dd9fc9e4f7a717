"""The words of a text without its marks of Markdown, for a place that shows one line of it: `without_marks`.

Covered: emphasis with * and _, ~~strikethrough~~, `code` and fences, and #, >, -, + and * at the
beginning of a line.
Numbers of lists stay. So do links and pictures, which static/js/chat/formatting.js leaves as text too.
"""

import re

_FENCE = re.compile(r"^[ \t]*+(?:```|~~~).*$", re.MULTILINE)
_AT_BEGINNING = re.compile(r"^[ \t]*+(?:(?:>|#{1,6}(?=[ \t])|[-+*](?=[ \t]))[ \t]*+)++", re.MULTILINE)
_AROUND = re.compile(r"(\*{1,3}|~~|`{1,2})(?=\S)([^*~`\n]*[^*~`\s])\1|(?<!\w)(_{1,3})(?=[^\s_])([^_\n]*[^_\s])\3(?!\w)")


def without_marks(text: str) -> str:
    """The text in one line."""
    text = _AT_BEGINNING.sub("", _FENCE.sub("", text))
    for _ in range(2):  # **one *in* the other**
        text = _AROUND.sub(r"\2\4", text)
    return " ".join(text.split())
