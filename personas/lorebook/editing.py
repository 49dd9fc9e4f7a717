"""What an owner changes in a lorebook: its entries, one at a time. Everything else in the card stays as it is.

A number counts the entries from 0, as `book.source_entries` lists them. The mark of an entry tells whether it is still
the one that the owner saw.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from personas.lorebook import book

# What other programs expect in an entry (Character Card V3, "Lorebook").
_BLANK: Mapping[str, Any] = {"extensions": {}, "insertion_order": 100, "use_regex": False}


class EntryGone(Exception):
    """The entry was changed or removed meanwhile."""


@dataclass(frozen=True)
class Written:
    """The fields of an entry that its owner writes, under the names that cards use."""

    keys: list[str]
    content: str
    constant: bool
    enabled: bool


def mark(entry: Mapping[str, Any]) -> str:
    return sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:16]


def entry_at(card: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Raises EntryGone."""
    entries = book.source_entries(card)
    if number >= len(entries):
        raise EntryGone
    return entries[number]


def added(card: Mapping[str, Any], written: Written) -> dict[str, Any]:
    """The card with one entry more."""
    return _with(card, [*book.all_entries(card), {**_BLANK, **asdict(written)}])


def changed(card: Mapping[str, Any], number: int, seen: str, written: Written) -> dict[str, Any]:
    """The card with other words in one entry, whose mark is `seen`. Raises EntryGone."""
    entries = book.all_entries(card)
    _check(card, number, seen)
    return _with(card, [*entries[:number], {**entries[number], **asdict(written)}, *entries[number + 1 :]])


def removed(card: Mapping[str, Any], number: int, seen: str) -> dict[str, Any]:
    """The card without one entry, whose mark is `seen`. Raises EntryGone."""
    entries = book.all_entries(card)
    _check(card, number, seen)
    return _with(card, [*entries[:number], *entries[number + 1 :]])


def _check(card: Mapping[str, Any], number: int, seen: str) -> None:
    if mark(entry_at(card, number)) != seen:
        raise EntryGone


def _with(card: Mapping[str, Any], entries: list[dict[str, Any]]) -> dict[str, Any]:
    copy: dict[str, Any] = deepcopy(dict(card)) or {"spec": "chara_card_v3", "spec_version": "3.0", "data": {}}
    data = copy["data"] if isinstance(copy.get("data"), dict) else copy  # the first version has all at its root
    data["character_book"] = {"extensions": {}, **book.source(card), "entries": entries}
    return copy
