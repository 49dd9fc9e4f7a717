"""Undoes what hides letters: signs that cannot be seen, look-alikes of other alphabets, emoji that are letters.

Look-alikes are those of Unicode Technical Standard 39 and some more (`moderation/data/look_alikes.txt`). They are read
as Latin letters only beside Latin letters, so that Greek and Russian stay what they are.
"""

import re
import unicodedata
from pathlib import Path

_FILE = Path(__file__).resolve().parent.parent / "data" / "look_alikes.txt"
_LOOK_ALIKES = {
    ord(sign): letter
    for letter, signs in (line.split() for line in _FILE.read_text(encoding="utf-8").splitlines() if line[0] != "#")
    for sign in signs
}
_A, _Z = 0x1F1E6, 0x1F1FF  # regional indicators; two of them are a flag
_FLAG_LETTERS = {_A + number: chr(97 + number) for number in range(26)}
_EMOJI_LETTERS = {start + number: chr(97 + number) for start in (0x1F150, 0x1F170) for number in range(26)}
_TAGS = {0xE0000 + code: chr(code) for code in range(0x20, 0x7F)}  # hidden copies of ASCII

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
# Right-to-left override, up to its end: what stands there is shown from its end to its beginning.
_REVERSED = re.compile("\u202e([^\u202c\u202e\u2069\n]*)")
_FLAGS = re.compile(f"[{chr(_A)}-{chr(_Z)}][{chr(_A)}-{chr(_Z)} \u200b-\u200d]*")
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]+")
_LATIN = re.compile("[A-Za-z]")
_ALIKE = f"[{''.join(map(chr, _LOOK_ALIKES))}]"
_MIXED = re.compile(f"[A-Za-z]{_ALIKE}|{_ALIKE}[A-Za-z]")
_EACH_ALIKE = re.compile(_ALIKE)


def look_alikes() -> dict[str, str]:
    """The look-alikes of each Latin letter. For measurements."""
    letters: dict[str, str] = {}
    for code, letter in _LOOK_ALIKES.items():
        letters[letter] = letters.get(letter, "") + chr(code)
    return letters


def seen(text: str) -> str:
    """The text as a reader sees it, in plain letters."""
    if text.isascii():
        return text
    text = _REVERSED.sub(lambda match: match[1][::-1], text)
    text = _INVISIBLE.sub("", text.translate(_TAGS))
    text = _FLAGS.sub(_spelled_by_flags, text).translate(_EMOJI_LETTERS)
    text = _MARKS.sub("", unicodedata.normalize("NFKC", text))
    if _MIXED.search(text) or len(_EACH_ALIKE.findall(text)) < len(_LATIN.findall(text)):
        text = text.translate(_LOOK_ALIKES)
    return text


def _spelled_by_flags(match: re.Match[str]) -> str:
    """Two signs are a flag. Three and more, or one alone, spell a word."""
    letters = re.sub("[^a-z]", "", match[0].translate(_FLAG_LETTERS))
    is_flag = len(letters) == 2
    return match[0] if is_flag else f"{letters}{' ' if match[0].endswith(' ') else ''}"
