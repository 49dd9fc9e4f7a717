"""Reads pinyin back as Chinese: words in Latin letters alone, or beside characters ("zi杀").

A table of words, each with its pinyin and how often it stands in Chinese texts, is made by `pinyin_table`. Of all the
ways to divide syllables into words of the table, the likeliest counts: the path of least cost, where a word costs the
negative logarithm of its share, by Viterbi's algorithm (1967). Tones, digits for tones and blanks do not matter.

A run of syllables is read only if it is likelier as Chinese than as English, so "she can hang it" stays English. The
time is linear in the length of the text.

Not covered: words whose characters are in no text that the table was made from, dialects, and initials other than the
few of `_INITIALS`.
"""

import gzip
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from moderation.evasion import vocabulary
from text.scripts import HAN

TABLE = Path(__file__).resolve().parent.parent / "data" / "pinyin.tsv.gz"
LONGEST = 4  # syllables of a word
_LONGEST_SYLLABLE = 6  # letters: "zhuang"
_LONGEST_TOKEN = 60  # letters; a longer one is no pinyin
_FEWEST = 3  # syllables, and two words, of a run in the midst of other words

_LETTERS = "A-Za-z\u00c0-\u01dc"
_TOKEN = re.compile(rf"[{_LETTERS}][{_LETTERS}1-5'’]*|[{HAN}]+")
_LATIN = re.compile(f"[{_LETTERS}]{{2}}")
_HAN = re.compile(f"[{HAN}]")
_BREAK = re.compile("[1-5'’]+")
_CONTRACTION = re.compile("['’](?:re|RE)$")  # "you're"; the other contractions are no syllables
_NO_SYLLABLES = frozenset({"m", "n", "ng", "hm", "hng", "o"})  # sounds that stand in no word
_TONES = re.compile("[\u0300-\u0304\u0306\u030c]")
# Bounds of the cost, in nats: what a run of syllables may cost, and how much cheaper than English it has to be. Chosen
# on English dialogues, letters and prose, where hardly a run is within them.
_MOST, _MOST_OF_A_SYLLABLE = 6.0, 4.2
_MARGIN = 8.0
_UNKNOWN = 15.0  # the cost of a character that is not in the table

# Initials that people write in the place of a word.
_INITIALS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (rf"(?<=[想要去敢会就先能想])zs(?![{_LETTERS}])|(?<![{_LETTERS}])zs(?=[的方了])", "自杀"),
        (rf"(?<![{_LETTERS}])nmsl(?![{_LETTERS}])", "你妈死了"),
        (rf"(?<![{_LETTERS}])w?cnm(?![{_LETTERS}])", "操你妈"),
        (rf"(?<=[{HAN}])sb(?![{_LETTERS}])|(?<![{_LETTERS}])sb(?=[{HAN}])", "傻逼"),
    )
)


@dataclass(frozen=True, slots=True)
class Word:
    characters: str
    cost: float  # the negative logarithm of its share


@dataclass(frozen=True)
class _Syllable:
    sound: str
    character: str  # "" where only the sound is written


@dataclass(frozen=True)
class _Token:
    start: int
    end: int
    text: str
    syllables: tuple[str, ...]  # () where it is no pinyin
    is_han: bool


def read(text: str) -> str:
    """The text with its pinyin in characters."""
    for pattern, word in _INITIALS:
        text = pattern.sub(word, text)
    if not _LATIN.search(text):
        return text
    tokens = list(_tokens(text))
    is_pinyin_alone = all(token.syllables for token in tokens)
    pieces, place = [], 0
    for run in _runs(text, tokens):
        characters = _characters(run, is_pinyin_alone)
        if characters:
            pieces += [text[place : run[0].start], characters]
            place = run[-1].end
    return "".join([*pieces, text[place:]])


def words_of(text: str) -> Iterator[tuple[str, str]]:
    """The text in words, the longest of the table first, each with its pinyin or "". For measurements."""
    sounds = _by_characters()
    place = 0
    while place < len(text):
        ends = range(min(place + LONGEST, len(text)), place, -1)
        end = next((end for end in ends if text[place:end] in sounds), place + 1)
        yield text[place:end], sounds.get(text[place:end], "")
        place = end


# --- Runs of syllables ---------------------------------------------------------------------------------


def _runs(text: str, tokens: Iterable[_Token]) -> Iterator[list[_Token]]:
    """Neighbours that may be pinyin, or characters, with at most a blank between."""
    run: list[_Token] = []
    for token in tokens:
        is_near = not run or text[run[-1].end : token.start].isspace() or run[-1].end == token.start
        if run and not (token.syllables and is_near):
            yield from _with_pinyin(run)
            run = []
        if token.syllables:
            run.append(token)
    yield from _with_pinyin(run)


def _with_pinyin(run: list[_Token]) -> Iterator[list[_Token]]:
    if any(not token.is_han for token in run):
        yield run


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        is_han = _HAN.match(match[0]) is not None
        syllables = ("",) * len(match[0]) if is_han else syllables_of(match[0])
        yield _Token(match.start(), match.end(), match[0], syllables, is_han)


def syllables_of(token: str) -> tuple[str, ...]:
    """The syllables of a word in Latin letters; () if it is no pinyin."""
    if not 2 <= len(token) <= _LONGEST_TOKEN or _CONTRACTION.search(token):
        return ()
    letters = unicodedata.normalize("NFD", token.lower())
    letters = unicodedata.normalize("NFC", _TONES.sub("", letters)).replace("v", "ü")
    syllables: list[str] = []
    for part in filter(None, _BREAK.split(letters)):
        divided = _divided(part)
        if not divided:
            return ()
        syllables += divided
    return tuple(syllables)


def _divided(letters: str) -> list[str]:
    """The fewest syllables that make up the letters, the likeliest of them; [] if there are none."""
    costs = _costs_of_sounds()
    best: list[tuple[int, float, int]] = [(0, 0.0, 0)]  # syllables, cost, and where the last one begins
    for end in range(1, len(letters) + 1):
        ways = [
            (best[start][0] + 1, best[start][1] + costs[letters[start:end]], start)
            for start in range(max(0, end - _LONGEST_SYLLABLE), end)
            if letters[start:end] in costs and best[start][0] < len(letters) + 1
        ]
        best.append(min(ways, default=(len(letters) + 1, 0.0, 0)))
    if best[-1][0] > len(letters):
        return []
    divided, end = [], len(letters)
    while end:
        start = best[end][2]
        divided.append(letters[start:end])
        end = start
    return divided[::-1]


# --- Reading a run ----------------------------------------------------------------------------------------


def _characters(run: Sequence[_Token], is_pinyin_alone: bool) -> str:
    """The run in characters, or "" where it is no pinyin. `is_pinyin_alone`: the whole text is such runs."""
    latin = [token for token in run if not token.is_han]
    count = sum(len(token.syllables) for token in latin)
    characters, cost = _likeliest([one for token in run for one in _syllables(token)])
    if len(latin) < len(run):  # an English word among Chinese ones stays: "我用AI", "打game"
        is_pinyin = all(token.text.islower() and not vocabulary.knows(token.text) for token in latin)
    else:
        is_long = count >= _FEWEST and len(latin) > 1
        as_english = sum(vocabulary.cost(token.text.lower()) for token in latin)
        is_likely = cost <= _MOST + _MOST_OF_A_SYLLABLE * count and cost + _MARGIN <= as_english
        is_pinyin = (is_long or (is_pinyin_alone and count > 1)) and is_likely
    return characters if is_pinyin else ""


def _syllables(token: _Token) -> Iterator[_Syllable]:
    if token.is_han:
        for character in token.text:
            yield _Syllable(_by_characters().get(character, "?"), character)
    else:
        for sound in token.syllables:
            yield _Syllable(sound, "")


def _likeliest(syllables: Sequence[_Syllable]) -> tuple[str, float]:
    """The characters of the cheapest path, and its cost."""
    best: list[tuple[float, int, str]] = [(0.0, 0, "")]
    for end in range(1, len(syllables) + 1):
        ways = [(math.inf, 0, "")]
        for start in range(max(0, end - LONGEST), end):
            word = _word(syllables[start:end])
            if word:
                ways.append((best[start][0] + word.cost, start, word.characters))
        best.append(min(ways))
    words, end = [], len(syllables)
    while end:
        _, start, characters = best[end]
        words.append(characters)
        end = start
    return "".join(reversed(words)), best[-1][0]


def _word(syllables: Sequence[_Syllable]) -> Word | None:
    """The commonest word that sounds like this and has the characters that are written."""
    for word in _table().get(" ".join(one.sound for one in syllables), ()):
        if all(one.character in {"", character} for one, character in zip(syllables, word.characters, strict=True)):
            return word
    only = syllables[0].character
    return Word(only, _UNKNOWN) if only and len(syllables) == 1 else None


# --- The table --------------------------------------------------------------------------------------------


@cache
def _table() -> dict[str, tuple[Word, ...]]:
    """Sound → its words, the commonest first."""
    with gzip.open(TABLE, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    total = math.log(sum(int(count) for sound, _, count in rows if " " not in sound))
    words: dict[str, list[Word]] = {}
    for sound, characters, count in rows:
        words.setdefault(sound, []).append(Word(characters, total - math.log(int(count))))
    return {sound: tuple(sorted(kept, key=lambda word: (word.cost, word.characters))) for sound, kept in words.items()}


@cache
def _costs_of_sounds() -> dict[str, float]:
    """Each syllable and the cost of its commonest character."""
    return {
        sound: words[0].cost for sound, words in _table().items() if " " not in sound and sound not in _NO_SYLLABLES
    }


@cache
def _by_characters() -> dict[str, str]:
    """Word → its commonest sound."""
    pairs = [(word.cost, word.characters, sound) for sound, words in _table().items() for word in words]
    return {characters: sound for _, characters, sound in sorted(pairs, reverse=True)}
