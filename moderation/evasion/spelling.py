"""Undoes what takes words apart: digits and signs in place of letters, and letters or pieces with something between.

Ordinary digits and signs ("covid19", "2nd", "@anna", "well-known") keep their meaning: a sign counts as a letter only
within a word, and pieces are joined only to a word that the filter knows.
"""

import re

from moderation.evasion import vocabulary

_LETTERS = str.maketrans("034578@$!|€+", "oeastbasiiet")
# A sign within a word, or at its beginning or end where it is no punctuation: "k1ll", "$hit", "ki11", "a55".
_LEET = re.compile(r"[A-Za-z][0134578@$!|€+]{1,3}[A-Za-z]|(?<![\w.])[$@51][A-Za-z]{2}|[A-Za-z](?:11|55|\$\$)(?!\w)")
_TOKEN = re.compile(r"\S+")
_RUN = re.compile(r"[A-Za-z0-9@$!|€+]+")
# Addresses of pages and mail, and numbers of things ("A4B7") are no words.
_NO_WORD = re.compile(r"://|www\.|\w@\w[\w-]{0,60}\.\w|\d{4}|^\W{0,3}\d+\w{0,2}\W{0,3}$")

_BETWEEN = r"[ .\-_*~|/,·]"
# Four or more single letters with one or two signs between: "k i l l", "k-i-l-l".
_SPACED = re.compile(rf"(?<![^\W_])(?:[A-Za-z0-9@$!]{_BETWEEN}{{1,4}}){{3,400}}[A-Za-z0-9@$](?![^\W_])")
_WORD_GAP = re.compile(r"(?<=\S)(?: {2,4}| ?[/|,] ?)(?=\S)")
# Pieces of a word with signs between: "su-icide", "k.ill".
_PIECES = re.compile(r"(?<![\w@/.-])[A-Za-z]{1,12}(?:[.\-_*~|][A-Za-z]{1,12}){1,8}(?![\w@/])")
_SIGNS = re.compile(r"[^A-Za-z]+")
_TWO_WORDS = re.compile(r"(?<![\w'’-])[a-z]{1,10} (?=([a-z]{1,10})(?![\w'’-]))", re.IGNORECASE)


def spelled_out(text: str) -> str:
    """The text with such words as they are usually written."""
    text = _SPACED.sub(_joined_letters, text)
    if _LEET.search(text):
        text = _TOKEN.sub(_with_letters, text)
    text = _PIECES.sub(_joined_pieces, text)
    return _TWO_WORDS.sub(_joined_to_next, text)


def mended(first: str, second: str) -> str:
    """Two messages as one text. A word that was cut between them is whole again."""
    head, _, last = first.rstrip().rpartition(" ")
    next_word, blank, tail = second.lstrip().partition(" ")
    if _is_cut(last, next_word):
        return f"{head} {last}{next_word}{blank}{tail}".strip()
    return f"{first} {second}"


def _with_letters(match: re.Match[str]) -> str:
    token = match[0]
    return token if _NO_WORD.search(token) else _RUN.sub(_run_with_letters, token)


def _run_with_letters(match: re.Match[str]) -> str:
    """A run that is no known word needs more letters than signs ("7f3a"), and none at its beginning ("@anna", "1st")."""
    run = match[0]
    if not _LEET.search(run):
        return run
    word = run.rstrip("!")
    letters = _as_letters(word)
    is_plain = word[0].isalpha() and 2 * sum(map(str.isalpha, word)) > len(word)
    return letters + run[len(word) :] if is_plain or vocabulary.knows(letters.lower()) else run


def _as_letters(token: str) -> str:
    """A 1 is an l where it is doubled or ends the word, and an i elsewhere."""
    token = re.sub(r"11|(?<=[A-Za-z@$0134578])1(?![A-Za-z0-9@$])", lambda match: "l" * len(match[0]), token)
    return token.replace("1", "i").translate(_LETTERS)


def _joined_letters(match: re.Match[str]) -> str:
    if not re.search("[A-Za-z]", match[0]):
        return match[0]
    parts = _WORD_GAP.split(match[0]) if _has_word_gaps(match[0]) else [match[0]]
    letters = (_as_letters(re.sub(_BETWEEN, "", part)).lower() for part in parts)
    return " ".join(part if vocabulary.knows(part) else vocabulary.words_in(part) for part in letters)


def _has_word_gaps(spaced: str) -> bool:
    """Whether wider gaps divide the letters into words, of which one is longer than a letter."""
    return any(len(part) > 1 for part in _WORD_GAP.split(spaced))


def _joined_pieces(match: re.Match[str]) -> str:
    joined = _SIGNS.sub("", match[0])
    return joined if len(joined) > 3 and vocabulary.knows(joined.lower()) else match[0]


def _joined_to_next(match: re.Match[str]) -> str:
    return match[0][:-1] if _is_cut(match[0][:-1], match[1]) else match[0]


def _is_cut(first: str, second: str) -> bool:
    """Whether two pieces are one known word, and no words by themselves."""
    first, second = first.lower(), re.sub(r"\W+$", "", second.lower())
    if not (first.isalpha() and second.isalpha()) or (vocabulary.knows(first) and vocabulary.knows(second)):
        return False
    return vocabulary.knows(first + second)
