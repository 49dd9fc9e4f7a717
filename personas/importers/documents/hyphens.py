"""Hyphens at the ends of lines: a part of a word ("re-" and "member"), or of a compound ("well-" and "known").

A compound is one that stands with its hyphen elsewhere in the text. English, French and Portuguese write many: there,
how often people use the parts and the whole decides. In other languages, the hyphen is the printer's.
"""

# ruff: noqa: E501 - tables of words

import re
from functools import lru_cache

from text.words import frequency

HYPHENS = "-\u00ad\u2010"
_HYPHEN = re.compile(rf"[^\W\d_][{HYPHENS}]$")
_BETWEEN_PARTS = frozenset({"and", "or", "und", "oder", "bis", "et", "ou", "y", "o", "e"})  # "Sonn- und Feiertage"
_BEFORE = re.compile(r"([^\W\d_]{1,40})[-\u2010]\Z")
_BEHIND = re.compile(r"[^\W\d_]{1,40}")
_COMPOUND = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,40}[-\u2010][^\W\d_]{1,40}")
_MOST_COMPOUNDS = 20_000
_FUNCTION_WORDS = {
    "en": "the and of to was that it his her with for you my not at be is are were had have this",
    "fr": "le la les et des une est que je pas dans il elle du au pour vous nous qui sur ne se mon",
    "pt": "que não uma os da do as em com para se por mas como eu ao meu minha dos no na",
    "": "und der die das ich nicht ein eine el los las del en una por que con il che di non un gli het een van ik niet och att det som är og på i że się w na nie не и в на что я",
}  # fmt: skip
_LANGUAGE_OF = {
    word: [code for code, words in _FUNCTION_WORDS.items() if word in words.split()]
    for words in _FUNCTION_WORDS.values()
    for word in words.split()
}
_FEWEST = 2  # function words that tell a language
_USUAL = 1e-6  # the share of a word that is common enough to be one
_RARE = 1 / 150  # of its rarer part: a word that is as rare is not written without its hyphen
_PART = 5e-7
# Parts that seldom are words of their own, though they stand among them; and those that begin long words often.
_PREFIXES = frozenset(
    {
        "un", "dis", "mis", "il", "im", "ir", "con", "com", "de", "en", "em", "re", "pre", "sub", "per", "ac", "ad",
        "al", "ap", "as", "be",
    }
)  # fmt: skip
_OPENINGS = frozenset({"after", "under", "over", "out", "fore", "through"})
_SUFFIXES = frozenset(
    {
        "ing", "ed", "er", "ers", "est", "ly", "ness", "ment", "less", "ful", "fully", "able", "ship", "some", "ward",
        "wards", "hood", "dom", "al", "ism", "ist", "ity", "ous", "ion", "tion", "es", "en",
    }
)  # fmt: skip
_SECOND_PARTS = frozenset({"blooded", "hearted", "minded", "handed", "headed", "haired", "eyed", "natured", "tempered"})


def is_hyphenated(text: str, following: str) -> bool:
    """Whether a word goes on in the following line."""
    is_whole = following.partition(" ")[0] in _BETWEEN_PARTS
    return _HYPHEN.search(text[-2:]) is not None and following[:1].islower() and not is_whole


def see_compounds(line: str, known: set[str]) -> None:
    """Adds the compounds that stand with their hyphen inside of a line."""
    if ("-" in line or "\u2010" in line) and len(known) < _MOST_COMPOUNDS:
        known.update(match.casefold().replace("\u2010", "-") for match in _COMPOUND.findall(line))


def language_of(text: str) -> str:
    """The code of a text's language if it is one that writes compounds with a hyphen, or ""; by its function words."""
    counts = dict.fromkeys(_FUNCTION_WORDS, 0)
    for word in text.casefold().split():
        for code in _LANGUAGE_OF.get(word, ()):
            counts[code] += 1
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] >= _FEWEST else ""


def joined(text: str, following: str, *, known: set[str], language: str) -> str:
    """Two lines of which the first ends in a part of a word, as one."""
    before, behind = _BEFORE.search(text[-42:]), _BEHIND.match(following)
    if before is None or behind is None:
        return text[:-1] + following
    first, second = before[1].casefold(), behind[0].casefold()
    has_more = text[: before.start()].endswith("-") or following[behind.end() :].startswith("-")  # mother-in-law
    keeps = f"{first}-{second}" in known or (
        bool(language) and _is_usual_compound(first, second, language, has_more=has_more)
    )
    return (text if keeps else text[:-1]) + following


@lru_cache(maxsize=4096)
def _is_usual_compound(first: str, second: str, language: str, *, has_more: bool) -> bool:
    """Whether both parts are words, and together they are hardly ever one."""
    if first in _PREFIXES or second in _SUFFIXES:
        return False
    whole, rarer = frequency(first + second, language), min(frequency(first, language), frequency(second, language))
    if (whole >= _USUAL and not has_more) or rarer < _PART or (first in _OPENINGS and whole >= _USUAL / 10):
        return False
    return second in _SECOND_PARTS or whole < rarer * _RARE
