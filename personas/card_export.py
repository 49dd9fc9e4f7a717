"""A persona as a character card: JSON of the third version, and a PNG that older programs read too.

Sources: Character Card V2 and V3. What the persona's card said and nobody changed is written back byte for byte,
unknown fields included. A field that its owner changed replaces the card's.
"""

import io
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from personas import cards
from personas.importers.base import ImportFailed
from personas.importers.cards import character_card
from personas.lorebook import decorators
from personas.models import Persona

_V1_FIELDS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
_V3_ONLY = (
    "assets", "nickname", "creator_notes_multilingual", "source", "group_only_greetings", "creation_date",
    "modification_date",
)  # fmt: skip
_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(_V1_FIELDS, ""),
    **dict.fromkeys(
        ("creator_notes", "system_prompt", "post_history_instructions", "creator", "character_version"), ""
    ),
    "alternate_greetings": [],
    "group_only_greetings": [],
    "tags": [],
    "extensions": {},
}
# The persona's field under each field of a card.
_FIELDS = {"name": "name", "scenario": "scenario", "first_mes": "opening_line"}
_NEWER_THAN_V2 = (
    "This is the second version of a card of the third version. Programs that know the third version read that one."
)
_SIDE = 512  # pixels of the picture of a persona without one
_PAPER, _PEN = "#fafaf6", "#22466f"


def v3(persona: Persona, *, with_own_fields: bool = False) -> dict[str, Any]:
    """The persona as a card of the third version.

    `with_own_fields` adds what no card has a place for, under `extensions.afterword`: how the persona relates to its
    owner, its sayings, its language, what its owner changed of the portrait. Such a card is for its owner.
    """
    card = deepcopy(dict(persona.card))
    data = card.pop("data", None)
    if not isinstance(data, dict):  # V1 has its fields at the top
        data = {name: card[name] for name in _V1_FIELDS if name in card}
    data = {**deepcopy(_DEFAULTS), **data, **_changed_fields(persona, [] if with_own_fields else persona.sayings)}
    own_fields = {cards.OWN_FIELDS: _own_fields(persona)} if with_own_fields else {}
    extensions = data["extensions"] if isinstance(data["extensions"], dict) else {}
    data["extensions"] = {name: value for name, value in extensions.items() if name != cards.OWN_FIELDS} | own_fields
    if "assets" in data:
        data["assets"] = list(_assets(data["assets"]))
    for entry in _entries(data):
        entry.setdefault("use_regex", False)
    mirrors = {name: data[name] for name in _V1_FIELDS if name in card}
    version = card.get("spec_version") if card.get("spec") == "chara_card_v3" else "3.0"
    return {**card, **mirrors, "spec": "chara_card_v3", "spec_version": version, "data": data}


def v2(card: Mapping[str, Any]) -> dict[str, Any]:
    """A V3 card as programs read it that know the second version only. Decorators are taken out, as V3 asks."""
    card = deepcopy(dict(card))
    data = {name: value for name, value in card["data"].items() if name not in _V3_ONLY}
    for entry in _entries(data):
        if isinstance(entry.get("content"), str) and entry["content"].lstrip().startswith("@@"):
            entry["content"] = decorators.read(entry["content"]).text
    return {**card, "spec": "chara_card_v2", "spec_version": "2.0", "data": data}


def json_file(persona: Persona) -> bytes:
    return _json(v3(persona))


def png_file(persona: Persona) -> bytes:
    """The persona's picture with the card inside: `ccv3`, and `chara` for programs that know V2 only."""
    from PIL import Image, ImageDraw
    from PIL.PngImagePlugin import PngInfo

    if persona.avatar:
        with persona.avatar.open("rb") as stored:
            picture = Image.open(stored, formats=["WEBP"]).convert("RGBA")
    else:
        picture = Image.new("RGB", (_SIDE, _SIDE), _PAPER)
        ImageDraw.Draw(picture).rectangle((16, 16, _SIDE - 17, _SIDE - 17), outline=_PEN, width=3)
    card = v3(persona)
    older = v2(card)
    older["data"]["creator_notes"] = f"{_NEWER_THAN_V2}\n\n{older['data']['creator_notes']}".strip()
    texts = PngInfo()
    texts.add_text("chara", b64encode(_json(older)).decode())
    texts.add_text("ccv3", b64encode(_json(card)).decode())
    target = io.BytesIO()
    picture.save(target, "PNG", pnginfo=texts)
    return target.getvalue()


def _json(card: Mapping[str, Any]) -> bytes:
    return json.dumps(card, ensure_ascii=False, indent=2).encode()


def _changed_fields(persona: Persona, sayings: Sequence[str]) -> dict[str, Any]:
    """The fields of the card that no longer say what the persona says. `sayings` become examples."""
    card = _as_imported(persona)
    fields = {key: getattr(persona, name) for key, name in _FIELDS.items() if not _same(persona, card, name)}
    if not _same(persona, card, "description"):
        fields |= {"description": persona.description, "personality": ""}
    examples = cards.written_examples(persona.examples)
    if sayings or " ".join(examples.split()) != " ".join(card.get("examples", "").split()):
        fields["mes_example"] = "\n".join(_example_blocks(persona, sayings))
    return fields


def _as_imported(persona: Persona) -> dict[str, str]:
    """What the form was filled with from the persona's card; empty if it came from none."""
    try:
        return cards.form_fields(character_card.from_card(persona.card))
    except ImportFailed:
        return {}


def _same(persona: Persona, card: Mapping[str, str], name: str) -> bool:
    return bool(card) and " ".join(str(getattr(persona, name)).split()) == " ".join(card.get(name, "").split())


def _example_blocks(persona: Persona, sayings: Sequence[str]) -> Iterator[str]:
    for exchange in persona.examples:
        yield "<START>"
        for speaker, text in exchange:
            yield f"{{{{{'user' if speaker == 'user' else 'char'}}}}}: {text}"
    for saying in sayings:
        yield f"<START>\n{{{{char}}}}: {saying}"


def _own_fields(persona: Persona) -> dict[str, Any]:
    names = ("depicts", "relation", "calls_user", "language", "sayings", "sampling", "examples", "is_grounded")
    edits = persona.statements.exclude(correction="", is_hidden=False)
    portrait = list(edits.values("section", "key", "correction", "is_hidden"))
    return {name: getattr(persona, name) for name in names} | {"portrait": portrait}


def _entries(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    book = data.get("character_book")
    entries = book.get("entries") if isinstance(book, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _assets(assets: Any) -> Iterator[Any]:
    """The assets without files that are no longer there. The main picture is the PNG itself."""
    for asset in assets if isinstance(assets, list) else []:
        uri = str(asset.get("uri", "")) if isinstance(asset, dict) else ""
        if not uri.startswith(("embed", "__asset:")):
            yield asset
        elif asset.get("type") == "icon":
            yield {**asset, "uri": "ccdefault:", "ext": "png"}
