"""Reads a talk in the form `Name: words`, with two or more names that recur; or with each name as a heading above its
words, as tools write talks in Markdown."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.chats.messages import chat_heads, numbered_names
from personas.importers.encodings import decoding

_LINE = re.compile(
    r"""
    \A\s*+(?:[-*>]\ )?
    (?:\*\*|__|[*_])?(?P<name>[^\s:：*_][^:：*_\t]{0,39}?)(?:\*\*|__|[*_])?
    \s?[:：](?:\*\*|__)?(?:\s+|(?<=：)|$)
    (?P<text>.*)
    """,
    re.VERBOSE,
)
_HEADING = re.compile(r"\A#{1,6} (?:\*\*)?(?P<name>[^\s:：*_#][^:：*_\t#]{0,39}?)(?:\*\*)? ?[:：]?\s*")
_RULE = re.compile(r"[-=_]{8,}+")
_LONGEST_TURN = 50_000  # characters
_MOST_NAMES = 2_000
_FEW_LINES = 6


# What tools that keep talks with models call the two sides. Other headings that recur are those of a diary.
_SIDES = frozenset(
    [
        "user",
        "you",
        "you said",
        "me",
        "human",
        "prompt",
        "assistant",
        "chatgpt",
        "chatgpt said",
        "claude",
        "response",
        "用户",
        "我",
        "助手",
    ]
)


def names_in(lines: Iterable[str]) -> tuple[set[str], float]:
    """The recurring names, and the share of non-empty lines that begin with one of them; 1 for names in headings."""
    counts: Counter[str] = Counter()
    headings: Counter[str] = Counter()
    filled = 0
    first: list[str] = []  # names of the first lines, if words stand behind them
    for line in lines:
        filled += bool(line.strip())
        match, counter = _LINE.match(line), counts
        if heading := _HEADING.fullmatch(line[:60]):
            match, counter = heading, headings
        elif match and chat_heads.is_stamp(match["text"]):  # a head of `chat_log`: the words stand beneath
            continue
        if match and (match["name"] in counter or len(counter) < _MOST_NAMES):
            counter[match["name"]] += 1
            if filled <= _FEW_LINES and any(map(str.isalpha, match.groupdict().get("text", ""))):
                first.append(match["name"])
    recurring = {name for name, count in headings.items() if count >= 2}
    if len(recurring) >= 2 and any(name.casefold() in _SIDES for name in recurring):
        return recurring, 1.0
    recurring = {name for name, count in counts.items() if count >= 2 and count * 100 >= filled}
    if len(recurring) == 1 and len(counts) == 2 and len(first) == filled and {first[0], first[-1]} == recurring:
        recurring = {name for name in counts if not name[0].islower()}  # Ana: ..., Beto: ..., Ana: ...
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
    labels = numbered_names.plain(dict.fromkeys(names, 1))
    name, words, start = "", [""], 0
    for number, line in lines:
        begun = _begun(line, names)
        if begun is not None:
            if name:
                yield _turn(labels.get(name, name), words, start)
            name, words, start = begun[0], [begun[1]], number
        elif _RULE.fullmatch(line.strip()):
            yield Skipped("heading", f"line {number}")
        elif chat_heads.is_stamp(line):
            yield Skipped("time", f"line {number}")
        elif name:
            words.append(line)
        elif line.strip():
            yield Skipped("before the first name", f"line {number}")
    if name:
        yield _turn(labels.get(name, name), words, start)


def _begun(line: str, names: set[str]) -> tuple[str, str] | None:
    """The name that a line begins with, and the words behind it."""
    if (heading := _HEADING.fullmatch(line[:60])) and heading["name"] in names:
        return heading["name"], ""
    match = _LINE.match(line)
    return (match["name"], match["text"]) if match and match["name"] in names else None


def _turn(name: str, words: list[str], start: int) -> Utterance | Skipped:
    text = "\n".join(words).strip()
    if not text or len(text) > _LONGEST_TURN:
        return Skipped("empty" if not text else "too long", f"line {start}")
    return Utterance(name, text, None, f"line {start}")
