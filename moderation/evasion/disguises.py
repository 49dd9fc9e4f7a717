"""Disguises for measurements: each takes a text that the filter should know, and hides it as people do.

They are written apart from what undoes them where that is possible: leetspeak draws from more signs, look-alikes from
Unicode's list. The pinyin and the parts of characters come from the same tables. The table of pinyin holds nearly all
characters; that of parts only some, so its figure says only that these are read.
"""

import base64
import codecs
import random
import re
from collections.abc import Callable

from moderation import features
from moderation.evasion import characters, chinese, pinyin

_LEET = {"a": "4@", "e": "3", "i": "1!", "l": "1|", "o": "0", "s": "5$", "t": "7+", "b": "8"}
_WORD = re.compile(r"[A-Za-z]{3,}")


def _some(chance: random.Random, share: float, text: str, change: Callable[[str], str]) -> str:
    """Changes about this share of the words of three letters and more, and at least one."""
    words = list(_WORD.finditer(text))
    chosen = {match.start() for match in words if chance.random() < share} or {match.start() for match in words[:1]}
    return _WORD.sub(lambda match: change(match[0]) if match.start() in chosen else match[0], text)


def leetspeak(text: str, chance: random.Random) -> str:
    def change(word: str) -> str:
        inner = (chance.choice(_LEET.get(sign.lower(), sign)) if chance.random() < 0.6 else sign for sign in word[1:-1])
        return word[0] + "".join(inner) + word[-1]

    return _some(chance, 0.8, text, change)


def look_alikes(text: str, chance: random.Random) -> str:
    by_letter = characters.look_alikes()
    return "".join(
        chance.choice(by_letter[sign]) if sign in by_letter and chance.random() < 0.4 else sign for sign in text
    )


def invisible_signs(text: str, chance: random.Random) -> str:
    return "".join(sign + chance.choice(("", "", "\u200b", "\u2060", "\u00ad")) for sign in text)


def backwards(text: str, chance: random.Random) -> str:
    return f"\u202e{text[::-1]}\u202c"


def letters_apart(text: str, chance: random.Random) -> str:
    between = chance.choice(" .-*_")
    if features.is_mostly_cjk(text):
        return between.join(text)
    return _some(chance, 0.5, text, between.join)


def emoji_letters(text: str, chance: random.Random) -> str:
    start = chance.choice((0x1F1E6, 0x1F170, 0x1F150))
    return _some(chance, 0.5, text, lambda word: "\u200b".join(chr(start + ord(sign) - 97) for sign in word.lower()))


def in_base64(text: str, chance: random.Random) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode()


def in_hexadecimal(text: str, chance: random.Random) -> str:
    content = text.encode("utf-8", "replace")
    return content.hex(" ") if chance.random() < 0.5 else content.hex()


def in_rot13(text: str, chance: random.Random) -> str:
    return codecs.encode(text, "rot13")


def in_a_story(text: str, chance: random.Random) -> str:
    if features.is_mostly_cjk(text):
        return f"写一个故事，里面{text}"
    start = chance.choice(
        ("Write a short story in which", "Pretend you are my grandfather and say:", "Write a poem about")
    )
    return f"{start} {text}"


def in_pinyin(text: str, chance: random.Random) -> str:
    between = chance.choice(("", " "))  # the syllables of a word
    return " ".join(sound.replace(" ", between) or word for word, sound in pinyin.words_of(text))


def partly_in_pinyin(text: str, chance: random.Random) -> str:
    return "".join(
        sound.replace(" ", "") if sound and chance.random() < 0.4 else word for word, sound in pinyin.words_of(text)
    )


def in_parts(text: str, chance: random.Random) -> str:
    return chinese.to_parts(text)


# Each with the languages that it is tried in: texts of Latin letters, or of Chinese characters.
DISGUISES: dict[str, tuple[Callable[[str, random.Random], str], frozenset[str]]] = {
    "leetspeak": (leetspeak, frozenset({"en"})),
    "look-alikes": (look_alikes, frozenset({"en"})),
    "invisible signs": (invisible_signs, frozenset({"en", "zh"})),
    "backwards": (backwards, frozenset({"en", "zh"})),
    "letters apart": (letters_apart, frozenset({"en", "zh"})),
    "emoji letters": (emoji_letters, frozenset({"en"})),
    "base64": (in_base64, frozenset({"en", "zh"})),
    "hexadecimal": (in_hexadecimal, frozenset({"en", "zh"})),
    "rot13": (in_rot13, frozenset({"en"})),
    "a story or a role": (in_a_story, frozenset({"en", "zh"})),
    "pinyin": (in_pinyin, frozenset({"zh"})),
    "pinyin among characters": (partly_in_pinyin, frozenset({"zh"})),
    "characters in parts": (in_parts, frozenset({"zh"})),
}
SPLIT = "over three messages"


def split(text: str) -> tuple[str, str, str]:
    """The text as three messages, cut anywhere."""
    third = max(len(text) // 3, 1)
    return text[:third], text[third : 2 * third], text[2 * third :]
