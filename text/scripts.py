"""Which script a text is written in: ranges of characters for patterns, and questions about a text.

A range is the inside of a character class of a regular expression. `moderation.features` keeps a
range of its own, because the shipped weights were trained with it.
"""

import re

HAN = "\u3400-\u9fff"
KANA = "\u3040-\u30ff"
# Characters that take twice the room of a Latin letter: CJK with its marks, Hangul, compatibility and full-width forms.
WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"

_HAN = re.compile(f"[{HAN}]")
_WIDE = re.compile(f"[{WIDE}]")
_LETTER = re.compile(r"[^\W\d_]")


def is_mostly_han(text: str) -> bool:
    """Whether more than half of the letters are Chinese characters; False for a text without letters."""
    return len(_HAN.findall(text)) > len(_LETTER.findall(text)) / 2


def site_language(text: str) -> str:
    """The language of a text that the site wrote, as the value of an HTML attribute: "zh-Hans" or "en".

    Every Chinese sentence of the site ends with a Chinese mark, also where it holds a long Latin name.
    """
    return "zh-Hans" if text.rstrip().endswith(("。", "？", "！")) or is_mostly_han(text) else "en"


def wide_characters(text: str) -> int:
    """How many characters of the text are wide."""
    return len(_WIDE.findall(text))
