"""Reads a talk in the form `Name: words`, with two or more names that recur."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers import decoding
from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance

_LINE = re.compile(
    r"""
    \A\s*+(?:[-*]\ )?
    (?:\*\*|__|[*_])?(?P<name>[^\s:：*_][^:：*_\t]{0,39}?)(?:\*\*|__|[*_])?
    \s?[:：](?:\*\*|__)?(?:\s+|(?<=：)|$)
    (?P<text>.*)
    """,
    re.VERBOSE,
)
_LONGEST_TURN = 50_000  # characters
_MOST_NAMES = 2_000


def names_in(lines: Iterable[str]) -> tuple[set[str], float]:
    """The recurring names, and the share of non-empty lines that begin with one of them."""
    counts: Counter[str] = Counter()
    filled = 0
    for line in lines:
        filled += bool(line.strip())
        match = _LINE.match(line)
        if match and (match["name"] in counts or len(counts) < _MOST_NAMES):
            counts[match["name"]] += 1
    recurring = {name for name, count in counts.items() if count >= 2 and count * 100 >= filled}
    return recurring, sum(counts[name] for name in recurring) / max(1, filled)


class Transcript:
    name = "transcript"

    def sniff(self, head: bytes, name: str) -> float:
        recurring, share = names_in(decoding.decode_head(head).splitlines()[:1000])
        return min(0.8, share) if len(recurring) >= 2 and share >= 0.3 else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        recurring, _ = names_in(line for _, line in decoding.lines(stream, encoding))
        if len(recurring) < 2:
            raise DamagedFile(
                gettext("This text has fewer than two speakers whose names recur, so it is not a transcript.")
            )
        yield from _turns(decoding.lines(stream, encoding), recurring)


def _turns(lines: Iterable[tuple[int, str]], names: set[str]) -> Iterator[Utterance | Skipped]:
    name, words, start = "", [""], 0
    for number, line in lines:
        match = _LINE.match(line)
        if match and match["name"] in names:
            if name:
                yield _turn(name, words, start)
            name, words, start = match["name"], [match["text"]], number
        elif name:
            words.append(line)
        elif line.strip():
            yield Skipped("before the first name", f"line {number}")
    if name:
        yield _turn(name, words, start)


def _turn(name: str, words: list[str], start: int) -> Utterance | Skipped:
    text = "\n".join(words).strip()
    if not text or len(text) > _LONGEST_TURN:
        return Skipped("empty" if not text else "too long", f"line {start}")
    return Utterance(name, text, None, f"line {start}")
