"""A character card's fields as the form of a persona has them."""

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
    """Exchanges as they stand in the form: `> ` before what is said to the persona, a blank line between."""
    return "\n\n".join(
        "\n".join(f"> {text}" if speaker == "user" else text for speaker, text in exchange) for exchange in exchanges
    )
