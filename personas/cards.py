"""Turns the fields of a character card into the fields of the persona form."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personas.importers.cards.character_card import CardFields
from text import cleaning, graphemes

OWN_FIELDS = "afterword"  # the key under a card's `extensions` for fields that cards have no place for
_TYPED_FIELDS = ("depicts", "relation", "calls_user", "language")
_MOST_EDITS = 1_000  # of a portrait, which has some hundred statements


def form_fields(card: CardFields) -> dict[str, str]:
    """The card's texts by the names of the form's fields, as a person would have typed them."""
    return {
        "name": graphemes.beginning(card.name, 80),
        "depicts": "fictional",
        "description": "\n\n".join(filter(None, [card.description, card.personality])),
        "scenario": card.scenario,
        "opening_line": card.opening_line,
        "examples": written_examples([[list(turn) for turn in exchange] for exchange in card.examples]),
        **_own_form_fields(card.card),
    }


def own_fields(card: Mapping[str, Any]) -> Mapping[str, Any]:
    """What another Afterword wrote into the card (`card_export.v3`), as it stands there; empty for other cards."""
    data = card.get("data")
    extensions = data.get("extensions") if isinstance(data, dict) else None
    own = extensions.get(OWN_FIELDS) if isinstance(extensions, dict) else None
    return own if isinstance(own, dict) else {}


@dataclass(frozen=True)
class PortraitEdit:
    """What an owner corrected or hid in a portrait (`portrait.models.Statement`)."""

    section: str
    key: str
    correction: str
    is_hidden: bool


def portrait_edits(card: Mapping[str, Any]) -> Iterator[PortraitEdit]:
    """What another Afterword wrote of its portrait. Rows of another shape are passed over."""
    rows = own_fields(card).get("portrait")
    for row in rows[:_MOST_EDITS] if isinstance(rows, list) else ():
        match (
            [row.get(name) for name in ("section", "key", "correction", "is_hidden")] if isinstance(row, dict) else []
        ):
            case [str(section), str(key), str(correction), bool(is_hidden)]:
                yield PortraitEdit(section, key, cleaning.clean_line(correction), is_hidden)


def _own_form_fields(card: Mapping[str, Any]) -> dict[str, str]:
    """What another Afterword wrote for the form, which checks it like typed fields."""
    own = own_fields(card)
    fields = {name: own[name] for name in _TYPED_FIELDS if isinstance(own.get(name), str)}
    sayings, sampling = own.get("sayings"), own.get("sampling")
    if isinstance(sayings, list):
        fields["sayings"] = "\n".join(saying for saying in sayings if isinstance(saying, str))
    if isinstance(sampling, dict):
        stops = sampling.get("stop")
        numbers = {name: value for name, value in sampling.items() if isinstance(value, int | float)}
        fields |= {str(name): str(value) for name, value in numbers.items()}
        fields["stop"] = "\n".join(map(str, stops)) if isinstance(stops, list) else ""
    examples = own.get("examples")
    if isinstance(examples, list):
        fields["examples"] = written_examples(list(filter(None, map(_exchange, examples))))
    return fields


def _exchange(value: Any) -> list[tuple[str, str]]:
    """The turns of an exchange, without what has another shape."""
    turns = value if isinstance(value, list) else []
    return [(turn[0], turn[1]) for turn in turns if isinstance(turn, list) and list(map(type, turn)) == [str, str]]


def written_examples(exchanges: Sequence[Sequence[Sequence[str]]]) -> str:
    """Exchanges as text for the form, as `forms.read_examples` reads it.

    `> ` stands before each line to the persona, and a blank line between exchanges. So no turn has a blank line.
    """
    return "\n\n".join("\n".join(_written_turn(*turn) for turn in exchange) for exchange in exchanges)


def _written_turn(speaker: str, text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if speaker == "user":
        return "\n".join(f"> {line}" for line in lines)
    return "\n".join(f"\\{line}" if line.startswith((">", "\\>")) else line for line in lines)
