"""Decorators of lorebook entries: lines such as `@@depth 4` at the head of an entry's content.

Source: Character Card V3, "Decorators". A name that is not followed is passed over, and its fallback (`@@@`, on the
next line) takes its place. The specification lets a chat pass over the `instruct_` names and `reverse_depth`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

_LINE = re.compile(r"(@@@?)([a-z_]{1,64})(?:[ \t]++(.*))?")
_HIGHEST = 1_000_000


@dataclass(frozen=True)
class Decorated:
    """An entry's content without decorators, the decorators that are followed, and the names of the others."""

    text: str
    rules: Mapping[str, str]
    unknown: tuple[str, ...]


def read(content: str) -> Decorated:
    lines = content.split("\n")
    rules: dict[str, str] = {}
    unknown: list[str] = []
    is_chain_settled = True
    count = 0
    for count, line in enumerate(_leading(lines), start=1):  # noqa: B007 - the count of them is used below
        match = _LINE.fullmatch(line.strip())
        if match is None:
            continue
        mark, name, value = match[1], match[2], (match[3] or "").strip()
        if mark == "@@@" and is_chain_settled:
            continue
        is_chain_settled = name in _FOLLOWED and _FOLLOWED[name](value)
        if is_chain_settled:
            rules.setdefault(name, value)
        else:
            unknown.append(name)
    return Decorated("\n".join(lines[count:]).strip(), rules, tuple(unknown))


def _leading(lines: list[str]) -> Iterator[str]:
    """The lines up to the last decorator at the head, blank ones between them included."""
    last = 0
    for number, line in enumerate(lines, start=1):
        if line.strip().startswith("@@"):
            last = number
        elif line.strip():
            break
    yield from lines[:last]


def number(text: str) -> int | None:
    """The whole number in a decorator's value, or None."""
    digits = text.strip()
    return min(int(digits), _HIGHEST) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None


def words(text: str) -> tuple[str, ...]:
    """The values between commas, without empty ones."""
    return tuple(word for part in text.split(",") if (word := part.strip()))


def _is_number(value: str, *, least: int = 0) -> bool:
    count = number(value)
    return count is not None and count >= least


def _is_list(value: str) -> bool:
    return bool(words(value))


def _is_bare(value: str) -> bool:
    return not value


def _is_place(value: str) -> bool:
    return value in {"before_desc", "after_desc", "personality", "scenario"}


_FOLLOWED: dict[str, Callable[[str], bool]] = {
    "activate": _is_bare,
    "dont_activate": _is_bare,
    "activate_only_after": _is_number,
    "activate_only_every": partial(_is_number, least=1),
    "keep_activate_after_match": _is_bare,
    "dont_activate_after_match": _is_bare,
    "ignore_on_max_context": _is_bare,
    "is_greeting": _is_number,
    "additional_keys": _is_list,
    "exclude_keys": _is_list,
    "scan_depth": _is_number,
    "depth": _is_number,
    "position": _is_place,
}
