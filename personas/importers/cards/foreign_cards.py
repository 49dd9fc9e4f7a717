"""Characters as other tools write them, with the fields of a character card beside their own.

{"char_name": "Mira", "char_persona": "…", "char_greeting": "…"}               Pygmalion, text-generation-webui
{"kind": "character", "name": "Mira", "persona": {"attributes": {}}}           Agnai
{"character": {"name": "Mira", "greeting": "…", "definition": "…"}}            Character.AI
"""

from typing import Any

_PYGMALION = {
    "name": "char_name", "description": "char_persona", "first_mes": "char_greeting", "scenario": "world_scenario",
    "mes_example": "example_dialogue",
}  # fmt: skip
_END_OF_DIALOGUE = "END_OF_DIALOG"
_MARKS = (
    ('"char_name"', '"char_greeting"'),
    ('"char_name"', '"char_persona"'),
    ('"kind"', '"persona"', '"greeting"'),
    ('"greeting"', '"definition"', '"name"'),
)


def is_one(text: str) -> bool:
    """Whether the beginning of a file names the fields of such a tool."""
    return any(all(mark in text for mark in marks) for marks in _MARKS)


def with_card_fields(card: dict[str, Any]) -> dict[str, Any]:
    """The card with what its tool calls otherwise under a card's names. All its own fields stay."""
    character = card.get("character")
    if isinstance(card.get("char_name"), str):
        fields = {name: card[own] for name, own in _PYGMALION.items() if isinstance(card.get(own), str)}
    elif isinstance(card.get("persona"), dict) and isinstance(card.get("greeting"), str):
        fields = _of_agnai(card)
    elif isinstance(character, dict) and isinstance(character.get("greeting"), str):
        fields = _of_character_ai(character)
    elif isinstance(card.get("definition"), str) and isinstance(card.get("greeting"), str):
        fields = _of_character_ai(card)
    else:
        return card
    empty = dict.fromkeys(("name", "description", "personality", "scenario", "first_mes", "mes_example"), "")
    return {**card, **empty, **fields}


def _of_agnai(card: dict[str, Any]) -> dict[str, Any]:
    """Its description is a note for the reader; who the character is stands in `persona`, as text or as attributes."""
    attributes = card["persona"].get("attributes")
    lines = []
    for name, values in attributes.items() if isinstance(attributes, dict) else ():
        words = ", ".join(str(value) for value in values) if isinstance(values, list) else str(values)
        lines.append(words if name == "text" else f"{name}: {words}")
    texts = {"name": "name", "scenario": "scenario", "first_mes": "greeting", "mes_example": "sampleChat",
             "creator_notes": "description", "system_prompt": "systemPrompt",
             "post_history_instructions": "postHistoryInstructions"}  # fmt: skip
    fields: dict[str, Any] = {name: card[own] for name, own in texts.items() if isinstance(card.get(own), str)}
    greetings = card.get("alternateGreetings")
    return fields | {
        "description": "\n".join(lines),
        "alternate_greetings": greetings if isinstance(greetings, list) else [],
    }


def _of_character_ai(character: dict[str, Any]) -> dict[str, Any]:
    """The definition is a description, an example talk, or both; the talk begins with the first line of a speaker."""
    texts = {key: value for key, value in character.items() if isinstance(value, str)}
    definition = texts.get("definition", "").replace(_END_OF_DIALOGUE, "<START>").strip()
    starts = [place for mark in ("{{char}}:", "{{user}}:") if (place := definition.find(mark)) >= 0]
    talk = min(starts, default=len(definition))
    described = (texts.get("title", ""), texts.get("description", ""), definition[:talk].strip())
    return {
        "name": texts.get("name") or texts.get("participant__name", ""),
        "description": "\n\n".join(filter(None, described)),
        "first_mes": texts["greeting"],
        "mes_example": definition[talk:],
    }
