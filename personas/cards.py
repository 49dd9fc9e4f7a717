"""Turns the fields of a character card into the fields of the persona form."""

from collections.abc import Sequence

from personas.importers.character_card import CardFields
from text import graphemes


def form_fields(card: CardFields) -> dict[str, str]:
    return {
        "name": graphemes.beginning(card.name, 80),
        "depicts": "fictional",
        "description": "\n\n".join(filter(None, [card.description, card.personality])),
        "scenario": card.scenario,
        "opening_line": card.opening_line,
        "examples": written_examples([[list(turn) for turn in exchange] for exchange in card.examples]),
    }


def written_examples(exchanges: Sequence[Sequence[Sequence[str]]]) -> str:
    """Exchanges as text for the form: `> ` before each line to the persona, a blank line between exchanges."""
    return "\n\n".join(
        "\n".join(f"> {text}" if speaker == "user" else text for speaker, text in exchange) for exchange in exchanges
    )
