"""The words of a text, and how often people in general use each: `words`, `frequency`.

Chinese has no spaces, so a run of its characters is cut into the words whose product of frequencies is the highest,
found by dynamic programming. A character that is in no word of the list is a word of its own. Traditional characters
are looked up as simplified ones, as the list has them.

Source of the frequencies: wordfreq (Robyn Speer), its lists of the words of the web, books, subtitles and news of
each language up to 2021. Every function is linear in the text's length.
"""

import gzip
import importlib.util
import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgpack

from text.scripts import HAN

_WORD = re.compile(rf"[{HAN}]+|[^\W\d_{HAN}]+(?:['’\-][^\W\d_{HAN}]+)*+")
_HAN = re.compile(f"[{HAN}]")
_LONGEST = 5  # characters of a Chinese word; longer entries of the list are mostly phrases
_BY_CHANCE = 2  # a pair that is no more frequent than this times its characters by chance is two words
# wordfreq takes a second to load, so each function that needs it imports it.
_UNKNOWN = 1e-9  # the frequency of a word that is in no list: about one in a thousand million


def words(text: str) -> list[str]:
    """The words in order, as they are written. Digits and marks are no words."""
    return [word for _, word in placed_words(text)]


def placed_words(text: str) -> Iterator[tuple[int, str]]:
    """Each word with its place in the text."""
    for match in _WORD.finditer(text):
        if not is_han(match[0]):
            yield match.start(), match[0]
            continue
        place = match.start()
        for word in _segmented(match[0]):
            yield place, word
            place += len(word)


def is_han(word: str) -> bool:
    return _HAN.match(word) is not None


def frequency(word: str, language: str) -> float:
    """The share of this word among all words of the language, at least _UNKNOWN. Chinese words are always Chinese."""
    if is_han(word):
        return _list_of("zh").get(simplified(word), _UNKNOWN)
    return _list_of(_code(language)).get(folded(word), _UNKNOWN)


def folded(word: str) -> str:
    """The word as the lists have it: without case, with a plain apostrophe."""
    return word.casefold().replace("’", "'")


def simplified(text: str) -> str:
    """The text with each traditional Chinese character as its simplified one."""
    return text.translate(_simplified_characters())


@cache
def _code(language: str) -> str:
    """The list's name for a BCP 47 tag; English where there is no list. Words in the Latin script are never Chinese."""
    import wordfreq

    code = language.partition("-")[0]
    return code if code in wordfreq.available_languages() and code != "zh" else "en"


def _segmented(run: str) -> list[str]:
    """A run of Chinese characters as words."""
    frequencies, characters = _list_of("zh"), simplified(run)
    best = [0.0] + [-math.inf] * len(run)  # log-probability of the best words up to each place
    length_of_last = [0] * (len(run) + 1)
    for start in range(len(run)):
        for length in range(1, min(_LONGEST, len(run) - start) + 1):
            share = frequencies.get(characters[start : start + length], _UNKNOWN if length == 1 else 0.0)
            if length > 1:
                share /= _BY_CHANCE
            if share and (score := best[start] + math.log(share)) > best[start + length]:
                best[start + length] = score
                length_of_last[start + length] = length
    found: list[str] = []
    end = len(run)
    while end:
        found.append(run[end - length_of_last[end] : end])
        end -= length_of_last[end]
    return found[::-1]


@cache
def _list_of(code: str) -> dict[str, float]:
    import wordfreq

    frequencies: dict[str, float] = wordfreq.get_frequency_dict(code, "best")
    return frequencies


@cache
def _simplified_characters() -> dict[int, str]:
    # Found without loading wordfreq: what recognises a crisis reads this table in every process.
    spec = importlib.util.find_spec("wordfreq")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("wordfreq is not installed.")
    with gzip.open(Path(spec.origin).parent / "data" / "_chinese_mapping.msgpack.gz") as file:
        mapping: dict[int, str] = msgpack.load(file, raw=False, strict_map_key=False)
    return mapping
