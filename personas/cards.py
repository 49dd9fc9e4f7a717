"""Turns the fields of a character card into the fields of the persona form."""

from collections.abc import Mapping, Sequence
from typing import Any

from personas.importers.character_card import CardFields
from text import graphemes

OWN_FIELDS = "afterword"  # the key under a card's `extensions` for fields that cards have no place for
_TYPED = ("depicts", "relation", "calls_user", "language")


def form_fields(card: CardFields) -> dict[str, str]:
    return {
        "name": graphemes.beginning(card.name, 80),
        "depicts": "fictional",
        "description": "\n\n".join(filter(None, [card.description, card.personality])),
        "scenario": card.scenario,
        "opening_line": card.opening_line,
        "examples": written_examples([[list(turn) for turn in exchange] for exchange in card.examples]),
        **_own_fields(card.card),
    }


def _own_fields(card: Mapping[str, Any]) -> dict[str, str]:
    """What another Afterword wrote into the card (`card_export.v3`). The form checks it like typed fields."""
    data = card.get("data")
    extensions = data.get("extensions") if isinstance(data, dict) else None
    own = extensions.get(OWN_FIELDS) if isinstance(extensions, dict) else None
    if not isinstance(own, dict):
        return {}
    fields = {name: own[name] for name in _TYPED if isinstance(own.get(name), str)}
    sayings, sampling = own.get("sayings"), own.get("sampling")
    if isinstance(sayings, list):
        fields["sayings"] = "\n".join(saying for saying in sayings if isinstance(saying, str))
    if isinstance(sampling, dict):
        stops = sampling.get("stop")
        numbers = {name: value for name, value in sampling.items() if isinstance(value, int | float)}
        fields |= {str(name): str(value) for name, value in numbers.items()}
        fields["stop"] = "\n".join(map(str, stops)) if isinstance(stops, list) else ""
    return fields


def written_examples(exchanges: Sequence[Sequence[Sequence[str]]]) -> str:
    """Exchanges as text for the form: `> ` before each line to the persona, a blank line between exchanges."""
    return "\n\n".join(
        "\n".join(f"> {text}" if speaker == "user" else text for speaker, text in exchange) for exchange in exchanges
    )
