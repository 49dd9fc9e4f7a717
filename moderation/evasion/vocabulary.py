"""The words that the filter and the crisis ladder were written with, to find words in what people took apart.

No model is needed. A word that is not here can be hidden better.
"""

import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

_ROOM = Path(__file__).resolve().parent.parent
_SENTENCES = _ROOM / "crisis" / "sentences" / "english.jsonl"
_TEMPLATES = _ROOM / "data" / "own_texts.toml"
_WORD = re.compile(r"[a-z]+")
# Insults that none of those texts has to hold.
_INSULTS = (
    "bitch slut whore cunt cock dick pussy tits porn nude nudes asshole bastard retard retarded faggot fag dyke tranny "
    "nigger nigga chink spic kike paki rapist incest molest pedo jailbait loli"
)
_LONGEST = 14  # characters of a word
_UNKNOWN = 9.0  # cost of a character that no word holds


@cache
def counts() -> Counter[str]:
    """How often each word occurs; those of one letter are `a` and `i` alone."""
    lines = _SENTENCES.read_text(encoding="utf-8").splitlines()
    texts = [*strings([json.loads(line) for line in lines]), *strings(tomllib.loads(_TEMPLATES.read_text("utf-8")))]
    words = Counter(word for text in texts for word in _WORD.findall(text.lower()))
    words.update(dict.fromkeys(_INSULTS.split(), 3))
    return Counter({word: number for word, number in words.items() if len(word) > 1 or word in "ai"})


def knows(word: str) -> bool:
    return word in counts()


def words_in(letters: str) -> str:
    """Letters without blanks, divided into the likeliest words: "killyourself" → "kill yourself".

    The path of least cost, where a word costs the negative logarithm of its share, by Viterbi's algorithm (1967).
    """
    best: list[tuple[float, int]] = [(0.0, 0)]  # the cost up to each place, and where its last word begins
    for end in range(1, len(letters) + 1):
        best.append(
            min((best[start][0] + cost(letters[start:end]), start) for start in range(max(0, end - _LONGEST), end))
        )
    words, end = [], len(letters)
    while end:
        start = best[end][1]
        words.append(letters[start:end])
        end = start
    return " ".join(reversed(words))


def cost(word: str) -> float:
    """The negative logarithm of a word's share, in nats; a word that is not here costs more with each letter."""
    count = counts()[word]
    return _total() - math.log(count) if count else _total() + _UNKNOWN * len(word)


@cache
def _total() -> float:
    return math.log(counts().total())


def strings(value: Any) -> Iterator[str]:
    """All texts in a JSON value."""
    match value:
        case str():
            yield value
        case dict():
            yield from strings(list(value.values()))
        case list():
            for each in value:
                yield from strings(each)
