"""Strings that make a regular expression work as hard as it can, made from the expression itself.

A pattern is slow where two of its repeats can share a run of characters, or where every place of a text begins a match
that is given up far away. So each repeat of a pattern is given long runs, of each kind of character that it
takes, behind what leads to it, in blocks of many lengths, and with an end that fails.
"""

import itertools
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from re import _compiler, _constants, _parser
from typing import Any

from tests.timing import MOST_GROWTH, NOTICEABLE, seconds

CHARACTERS = 8_000
LIMIT = 0.05  # seconds of processor time for a search through CHARACTERS
MATCHES_NOTHING = "\x00"
# One of each kind that patterns tell apart; what a pattern itself names is added.
KINDS = "aA0 \n.,!?'\"-_(@/:*<[中。é‘"
_RUNS = (1, 60, 1_500)  # times that a repeat inside of another one is repeated
_BLOCKS = (12, 60, 300)  # characters, after which what leads to a repeat comes again
_SHORT = CHARACTERS // 4  # enough to tell which of a few attacks is the worst
_FIRST = CHARACTERS // 16  # enough to tell the few worst of many: at least _FEW of them, and at least a twelfth
_FEW = 32  # a busy machine may measure the worst as one of many
_TRIES = 12  # of what looks too long or to grow too much, because a busy machine slows two or three in a row
_SURELY_SLOW = 0.05  # seconds for a short one; worse need not be looked for
_REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}


@dataclass(frozen=True)
class Attack:
    lead: str
    unit: str  # repeated up to the wanted length

    def text(self, length: int) -> str:
        return (self.lead + self.unit * (length // len(self.unit) + 1))[: length - 1] + MATCHES_NOTHING


def all_matches(pattern: re.Pattern[str], text: str) -> None:
    subject: Any = text.encode() if isinstance(pattern.pattern, bytes) else text
    deque(pattern.finditer(subject), maxlen=0)
    pattern.fullmatch(subject)


def hardest(pattern: re.Pattern[str]) -> tuple[float, float, Attack]:
    """The time that a pattern needs at worst for CHARACTERS, that for four times as many, and what makes the work.

    An alternation is attacked branch by branch, and then as a whole with the worst for each of its branches. The longer
    text is tried only where the growth decides. Elsewhere its time is given as that of the shorter one.
    """
    worst = []
    for tree in branches(pattern):
        branch = _compiler.compile(tree, pattern.flags)
        worst.append(_worst(branch, Attacker(tree, pattern.flags).attacks()))
    worst.sort(key=lambda pair: -pair[0])
    _, attack = _worst(pattern, [attack for _, attack in worst[:3]])
    search = partial(all_matches, pattern, attack.text(CHARACTERS))
    taken = seconds(search, cap=2 * LIMIT, enough=NOTICEABLE)
    if LIMIT < taken < 2 * LIMIT:
        taken = seconds(search, tries=_TRIES, cap=2 * LIMIT, enough=LIMIT)
    if not NOTICEABLE < taken <= LIMIT:
        return taken, taken, attack
    search = partial(all_matches, pattern, attack.text(4 * CHARACTERS))
    most = MOST_GROWTH * taken
    return taken, seconds(search, tries=_TRIES, cap=2 * most, enough=most), attack


def is_slow(taken: float, taken_by_longer: float) -> bool:
    """Of the two times of `hardest`."""
    return taken > LIMIT or (taken > NOTICEABLE and taken_by_longer > MOST_GROWTH * taken)


def _worst(pattern: re.Pattern[str], attacks: list[Attack]) -> tuple[float, Attack]:
    """All attacks with a very short text, then the worst of them with a short one."""
    for length in (_FIRST, _SHORT):
        tried = []
        for attack in attacks:
            search = partial(all_matches, pattern, attack.text(length))
            tried.append((seconds(search, tries=1, cap=_SURELY_SLOW), attack))
            if tried[-1][0] >= _SURELY_SLOW:
                return tried[-1]
        tried.sort(key=lambda pair: -pair[0])
        attacks = [attack for _, attack in tried[: max(_FEW, len(tried) // 12)]]
    return tried[0]


def branches(pattern: re.Pattern[str]) -> list[_parser.SubPattern]:
    """The parsed branches of a pattern that is one alternation; otherwise the whole.

    Branches without a repeat look at a few characters from each place on. They are attacked together.
    """
    tree = _parser.parse(pattern.pattern, pattern.flags)
    while len(tree) == 1 and tree[0][0] is _constants.SUBPATTERN:
        tree = tree[0][1][3]
    if len(tree) == 1 and tree[0][0] is _constants.BRANCH:
        repeating = [branch for branch in tree[0][1][1] if _has_repeat(branch)]
        plain = [branch for branch in tree[0][1][1] if not _has_repeat(branch)]
        together = _parser.SubPattern(tree.state, [(_constants.BRANCH, (None, plain))])
        return [*repeating, together] if plain else repeating
    return [tree]


def _has_repeat(tree: _parser.SubPattern) -> bool:
    return any(name in _REPEATS and value[1] > 1 for name, value in _nodes(tree))


class Attacker:
    """Of one pattern, or of one branch of an alternation."""

    def __init__(self, tree: _parser.SubPattern, flags: int) -> None:
        self._tree, self._flags = tree, flags
        self._takes: dict[str, str] = {}
        named = "".join(dict.fromkeys(chr(code) for code in _literals(tree)))
        self._alphabet = "".join(dict.fromkeys(KINDS + named))[:80]
        shared = [self._taken(node) for node in _classes(tree)]
        self._shared = {c: sum(c in taken for taken in shared) for c in self._alphabet}

    def attacks(self) -> list[Attack]:
        """All of them, each once."""
        pairs = [
            self._blocks(lead, body) for lead, node in self._repeats(self._tree, "") for body in self._bodies(node)
        ]
        return list(dict.fromkeys(itertools.chain(self._plain_runs(), *pairs)))

    def _plain_runs(self) -> Iterator[Attack]:
        """Single characters, pairs of the commonest, and the whole again and again."""
        common = sorted(self._alphabet, key=lambda c: -self._shared[c])[:6]
        for unit in (*self._alphabet, *(a + b for a, b in itertools.permutations(common, 2)), self._sample(self._tree)):
            if unit:
                yield Attack("", unit)

    def _blocks(self, lead: str, body: str) -> Iterator[Attack]:
        """What leads to a repeat, then the repeat to the end; and both again after so many characters."""
        yield Attack(lead, body)
        for block in _BLOCKS:
            unit = lead + body * max(1, (block - len(lead)) // len(body))
            yield Attack("", unit)
            yield Attack("", unit + " ")

    def _bodies(self, node: tuple) -> list[str]:
        """What a repeat repeats, in a few kinds of characters, and with short and long runs inside."""
        bodies = (self._sample(node[1][2], kind, run) for kind in range(3) for run in _RUNS)
        return [body for body in dict.fromkeys(bodies) if body]

    def _repeats(self, tree: _parser.SubPattern, lead: str) -> Iterator[tuple[str, tuple]]:
        """Each repeat with what leads to it."""
        for node in tree:
            if node[0] in _REPEATS and node[1][1] > 1:
                yield lead, node
            for child in _children(node):
                yield from self._repeats(child, lead)
            lead += self._node(node, 0, 1)

    def _sample(self, tree: _parser.SubPattern, kind: int = 0, run: int = 1) -> str:
        return "".join(self._node(node, kind, run) for node in tree)

    def _node(self, node: tuple, kind: int, run: int) -> str:
        """A text that the node matches; where it may match nothing, something all the same."""
        name, value = node
        if name is _constants.LITERAL:
            return chr(value)
        if name in (_constants.IN, _constants.ANY, _constants.NOT_LITERAL):
            taken = sorted(self._taken(node), key=lambda c: -self._shared[c])
            return taken[min(kind, len(taken) - 1)] if taken else ""
        if name in _REPEATS:
            return self._sample(value[2], kind, run) * max(value[0], min(run, value[1]))
        if name is _constants.BRANCH:
            return self._sample(value[1][min(kind, len(value[1]) - 1)], kind, run)
        if name in (_constants.ASSERT, _constants.ASSERT_NOT, _constants.AT, _constants.GROUPREF):
            return ""
        return "".join(self._sample(child, kind, run) for child in _children(node))

    def _taken(self, node: tuple) -> str:
        """The characters of the alphabet that a class takes."""
        key = repr(node)
        if key not in self._takes:
            single = _parser.SubPattern(_parser.State(), [node])
            one = _compiler.compile(single, self._flags & ~re.DEBUG)
            self._takes[key] = "".join(c for c in self._alphabet if one.fullmatch(c))
        return self._takes[key]


def _children(node: tuple) -> list[_parser.SubPattern]:
    name, value = node
    if name in _REPEATS:
        return [value[2]]
    if name is _constants.BRANCH:
        return list(value[1])
    if name is _constants.SUBPATTERN:
        return [value[3]]
    if name is _constants.ATOMIC_GROUP:
        return [value]
    if name in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [value[1]]
    return []


def _nodes(tree: _parser.SubPattern) -> Iterator[tuple]:
    for node in tree:
        yield node
        for child in _children(node):
            yield from _nodes(child)


def _literals(tree: _parser.SubPattern) -> Iterator[int]:
    for name, value in _nodes(tree):
        if name is _constants.LITERAL:
            yield value
        if name is _constants.IN:
            for kind, member in value:
                if kind is _constants.LITERAL:
                    yield member
                if kind is _constants.RANGE:
                    yield member[0]


def _classes(tree: _parser.SubPattern) -> Iterator[tuple]:
    return (node for node in _nodes(tree) if node[0] in (_constants.IN, _constants.ANY, _constants.NOT_LITERAL))
