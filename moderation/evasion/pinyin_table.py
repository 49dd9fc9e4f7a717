"""Makes the table of `pinyin`: the words of Chinese texts, with their pinyin and how often they occur.

A word is any run of one to four characters that occurs often enough: no list of words is needed. The library pypinyin
(MIT) gives the sound of each character in its sentence.
"""

import gzip
import itertools
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from moderation.evasion.pinyin import LONGEST
from text.scripts import HAN

_HAN_RUN = re.compile(f"[{HAN}]+")
_FEWEST = {1: 1, 2: 6, 3: 10, 4: 10}  # occurrences of a word, by its characters
_MOST_ALIKE = 6  # words of one sound that are kept; of one syllable, all are


def count(texts: Iterable[str]) -> Counter[tuple[str, str]]:
    """How often each (sound, characters) occurs."""
    from pypinyin import Style, lazy_pinyin  # only the making of the table needs it

    counts: Counter[tuple[str, str]] = Counter()
    for text in texts:
        for run in _HAN_RUN.findall(text):
            sounds = lazy_pinyin(run, style=Style.NORMAL, v_to_u=True, errors=_unknown)  # type: ignore[arg-type]
            for length in range(1, LONGEST + 1):
                for start in range(len(run) - length + 1):
                    counts[" ".join(sounds[start : start + length]), run[start : start + length]] += 1
    return counts


def _unknown(characters: str) -> list[str]:
    """One sound for each character, as the library documents. Its types know only one for all."""
    return ["?"] * len(characters)


def kept(counts: Counter[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """The rows of the table, in the order of the sounds."""
    rows = sorted(
        (sound, -number, characters)
        for (sound, characters), number in counts.items()
        if "?" not in sound and number >= _FEWEST[len(characters)]
    )
    table: list[tuple[str, str, int]] = []
    for sound, group in itertools.groupby(rows, key=lambda row: row[0]):
        most = None if " " not in sound else _MOST_ALIKE
        table += [(sound, characters, -number) for _, number, characters in itertools.islice(group, most)]
    return table


def save(path: Path, table: Iterable[tuple[str, str, int]]) -> None:
    """The same table gives the same bytes."""
    lines = "".join(f"{sound}\t{characters}\t{number}\n" for sound, characters, number in table)
    path.write_bytes(gzip.compress(lines.encode(), mtime=0))
