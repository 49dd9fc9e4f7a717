"""The lorebook of a character card: facts that enter a prompt when the talk comes to them.

Sources: Character Card V2 and V3, "Lorebook"; for the fields under `extensions`, SillyTavern's own code. Every field
is kept in the card for export. Not followed: SillyTavern's chances, groups, delays and its search by vectors, and the
roles of messages, which not every model's template knows.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from personas.lorebook import decorators
from personas.lorebook.keys import Key, looks_like_pattern
from text import cleaning

MOST_ENTRIES = 1_000
MOST_KEYS = 30  # of one entry
SCAN_DEPTH = 4  # messages that are searched where the card does not say
_PLACES = {"before_char": "before", "before_desc": "before", "scenario": "scenario"}
# SillyTavern's selectiveLogic, by its number.
_LOGIC = {0: gettext_noop("any"), 1: gettext_noop("not all"), 2: gettext_noop("none"), 3: gettext_noop("all")}
_AT_DEPTH = 4  # SillyTavern's position for a place counted in messages

Fill = Callable[[str], str]


@dataclass(frozen=True)
class Entry:
    """One entry. `place` is where it stands if it is always in; `depth` is counted in messages from the newest."""

    title: str
    text: str
    scanned: str  # the text that may call for other entries
    keys: tuple[Key, ...]
    secondary_keys: tuple[Key, ...] = ()
    excluded_keys: tuple[Key, ...] = ()
    logic: str = ""  # of the secondary keys: any, all, none, not all; empty if they do not count
    is_enabled: bool = True
    is_constant: bool = False
    order: float = 100.0
    priority: float = 0.0
    place: str = "after"
    depth: int | None = None
    scan_depth: int = SCAN_DEPTH
    is_called_by_entries: bool = True
    calls_entries: bool = True
    rules: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()  # decorators that are not followed

    @property
    def is_fixed(self) -> bool:
        """Whether it is in every prompt, so that it belongs into the unchanging beginning."""
        moving = self.rules.keys() - {"position", "ignore_on_max_context", "activate"}
        return (self.is_constant or "activate" in self.rules) and self.depth is None and not moving

    def rule(self, name: str) -> int | None:
        return decorators.number(self.rules[name]) if name in self.rules else None


@dataclass(frozen=True)
class Book:
    entries: tuple[Entry, ...] = ()
    token_budget: int | None = None
    is_recursive: bool = False


def source(card: Mapping[str, Any]) -> Mapping[str, Any]:
    """The lorebook object of a card, or an empty one."""
    data = card.get("data", card)
    book = data.get("character_book") if isinstance(data, dict) else None
    return book if isinstance(book, dict) else {}


def source_entries(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries as the card has them, at most MOST_ENTRIES."""
    return all_entries(card)[:MOST_ENTRIES]


def all_entries(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries as the card has them, without those that are no objects."""
    entries = source(card).get("entries")
    listed = entries.values() if isinstance(entries, dict) else entries if isinstance(entries, list) else []
    return [entry for entry in listed if isinstance(entry, dict)]


def texts(card: Mapping[str, Any]) -> Iterator[str]:
    """Every text of the lorebook that a reader or a prompt can see, keys included."""
    for entry in source_entries(card):
        for name in ("name", "comment", "content"):
            if isinstance(entry.get(name), str):
                yield entry[name]
        yield "\n".join([*_strings(entry.get("keys")), *_strings(entry.get("secondary_keys"))])


def read(card: Mapping[str, Any], *, fill: Fill = str, fill_scanned: Fill = str) -> Book:
    """The lorebook of a card. `fill` replaces placeholders in texts, `fill_scanned` also shows hidden keys."""
    book = source(card)
    depth = _whole(book.get("scan_depth"), SCAN_DEPTH)
    return Book(
        entries=tuple(
            _entry(entry, number, depth, fill, fill_scanned)
            for number, entry in enumerate(source_entries(card), start=1)
        ),
        token_budget=_whole(book.get("token_budget"), 0) or None,
        is_recursive=book.get("recursive_scanning") is True,
    )


def _entry(entry: Mapping[str, Any], number: int, scan_depth: int, fill: Fill, fill_scanned: Fill) -> Entry:
    content = entry.get("content")
    decorated = decorators.read(cleaning.clean(content) if isinstance(content, str) else "")
    extensions = entry.get("extensions")
    more: Mapping[str, Any] = extensions if isinstance(extensions, dict) else {}
    rules = decorated.rules

    def keys(texts: list[str]) -> tuple[Key, ...]:
        return tuple(_key(entry, more, fill(text)) for text in texts[:MOST_KEYS] if text.strip())

    own_keys = keys([*_strings(entry.get("keys")), *decorators.words(rules.get("additional_keys", ""))])
    secondary_keys = keys(_strings(entry.get("secondary_keys")))
    has_patterns_only = bool(own_keys) and all(key.is_pattern for key in own_keys)
    is_selective = entry.get("selective") is True and bool(secondary_keys) and not has_patterns_only
    priority = entry.get("priority")
    order = _number(entry.get("insertion_order"), 100.0)
    return Entry(
        title=_title(entry, number),
        text=fill(decorated.text),
        scanned=fill_scanned(decorated.text),
        keys=own_keys,
        secondary_keys=secondary_keys,
        excluded_keys=keys(list(decorators.words(rules.get("exclude_keys", "")))),
        logic=_LOGIC.get(_whole(more.get("selectiveLogic"), 0), "any") if is_selective else "",
        is_enabled=entry.get("enabled") is not False,
        is_constant=entry.get("constant") is True and not has_patterns_only,
        order=order,
        priority=_number(priority, order),
        place=_PLACES.get(rules.get("position") or str(entry.get("position")), "after"),
        depth=_depth(rules, more),
        scan_depth=_whole(rules.get("scan_depth"), _whole(more.get("scan_depth"), scan_depth)),
        is_called_by_entries=more.get("exclude_recursion") is not True,
        calls_entries=more.get("prevent_recursion") is not True,
        rules=rules,
        unknown=decorated.unknown,
    )


def _key(entry: Mapping[str, Any], more: Mapping[str, Any], text: str) -> Key:
    is_case_sensitive = entry.get("case_sensitive", more.get("case_sensitive")) is True
    is_pattern = entry.get("use_regex") is True and looks_like_pattern(text)
    return Key(text, is_pattern, is_case_sensitive, more.get("match_whole_words") is True)


def _depth(rules: Mapping[str, str], more: Mapping[str, Any]) -> int | None:
    """How many messages from the end it stands, or None where neither a decorator nor SillyTavern's position says."""
    if "position" in rules:
        return None
    if "depth" in rules:
        return decorators.number(rules["depth"])
    return _whole(more.get("depth"), 4) if more.get("position") == _AT_DEPTH else None


def _title(entry: Mapping[str, Any], number: int) -> str:
    names = (entry.get("name"), entry.get("comment"), *_strings(entry.get("keys")))
    return next((name[:60] for name in names if isinstance(name, str) and name.strip()), f"entry {number}")


def _strings(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _number(value: Any, default: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return min(max(float(value), -1e9), 1e9) if is_number else default


def _whole(value: Any, default: int) -> int:
    """A whole number from 0 on, also from a text; `default` where it is none."""
    if isinstance(value, str):
        found = decorators.number(value)
        return default if found is None else found
    number = _number(value, -1.0)
    return int(number) if number >= 0 else default
