"""Character cards: V1, V2 and V3, as JSON, inside a PNG, and as CHARX.

Sources: the published specifications of the character card V1, V2 and V3. A card is not a stream
of utterances: `read` gives its fields, from which a form is filled; through the Importer seam
it yields its example lines. Placeholders stay in the text and are replaced where it is used; the whole
card is kept for export, unknown keys included. `system_prompt` and `post_history_instructions`
come from strangers: they are kept and shown, and no prompt puts them above the site's own rules.
"""

import base64
import binascii
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from personas.importers import decoding, png, zips
from personas.importers.base import DamagedFile, FileTooLarge, Record, Remark, Utterance
from text import cleaning

JSON_BYTES = 8 * 1024**2
PICTURE_BYTES = 20 * 1024**2
_V1_FIELDS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
_NEWEST = 3.0
USER = "{{user}}"

Exchange = tuple[tuple[str, str], ...]  # of (speaker, text), speaker "user" or "persona"


@dataclass(frozen=True)
class CardFields:
    """What a card says, under this site's names. `card` is the whole of it."""

    version: int
    name: str
    description: str
    personality: str
    scenario: str
    opening_line: str
    other_openings: tuple[str, ...]
    examples: tuple[Exchange, ...]
    creator_notes: str
    system_prompt: str
    post_history_instructions: str
    card: dict[str, Any]
    picture: bytes | None
    remarks: tuple[str, ...]


def read(stream: BinaryIO) -> CardFields:
    """The card in a JSON, PNG or CHARX file. Raises ImportFailed."""
    stream.seek(0)
    magic = stream.read(8)
    stream.seek(0)
    if magic == png.MAGIC:
        return _from_png(stream)
    if magic.startswith(zips.MAGIC):
        return _from_charx(stream)
    raw = stream.read(JSON_BYTES + 1)
    return _fields(_loaded(raw), picture=None)


def _from_png(stream: BinaryIO) -> CardFields:
    found: dict[str, bytes] = {}
    for keyword, chunk in png.text_chunks(stream):
        if keyword.casefold() in {"chara", "ccv3"}:
            found.setdefault(keyword.casefold(), chunk)
    value = found.get("ccv3") or found.get("chara")
    if value is None:
        raise DamagedFile(
            "This PNG holds no character card. If it lost it on the way (chat apps and social sites strip "
            "pictures), download the original; as a picture of the persona, upload it under Picture."
        )
    stream.seek(0)
    picture = stream.read(PICTURE_BYTES + 1)
    return _fields(_loaded(_unwrapped(value)), picture=picture if len(picture) <= PICTURE_BYTES else None)


def _unwrapped(value: bytes) -> bytes:
    """The JSON inside a text chunk: base64 by the specification, bare in some old files."""
    stripped = value.strip()
    if stripped.startswith(b"{"):
        return stripped
    try:
        return base64.b64decode(b"".join(stripped.split()), validate=True)
    except binascii.Error as error:
        raise DamagedFile("The character card inside this PNG is cut off or damaged (its base64 is broken).") from error


def _from_charx(stream: BinaryIO) -> CardFields:
    with zips.opened(stream) as archive:
        names = {entry.filename: entry for entry in archive.infolist()}
        if "card.json" not in names:
            raise DamagedFile("This .charx or .zip file holds no card.json at its root, so it is no character card.")
        card = _loaded(zips.unpacked(archive, names["card.json"], limit=JSON_BYTES).read())
        fields = _fields(card, picture=None)
        icon = names.get(_icon_path(card))
        if icon is None:
            return fields
        return _fields(card, picture=zips.unpacked(archive, icon, limit=PICTURE_BYTES).read())


def _icon_path(card: dict[str, Any]) -> str:
    """Where the archive holds the main icon ("embeded" is the specification's own spelling); "" if nowhere."""
    data = card.get("data")
    assets = data.get("assets") if isinstance(data, dict) else None
    icons = [asset for asset in assets or [] if isinstance(asset, dict) and asset.get("type") == "icon"]
    icons.sort(key=lambda asset: asset.get("name") != "main")
    uri = str(icons[0].get("uri", "")) if icons else ""
    return re.sub(r"^embed+ed://", "", uri)


def _loaded(raw: bytes) -> dict[str, Any]:
    if len(raw) > JSON_BYTES:
        raise FileTooLarge(f"This card has more than {JSON_BYTES // 1024**2} MB of JSON, which is the limit.")
    try:
        text = raw.decode("utf-8-sig", errors="replace") if raw[:2] not in _UTF16 else raw.decode("utf-16")
        card = cleaning.parsed_json(text)
    except UnicodeDecodeError:
        raise DamagedFile("This card says that it is UTF-16, but its bytes are not.") from None
    except cleaning.BadJSON as error:
        raise DamagedFile(f"This card's JSON cannot be read. {error}") from None
    if not isinstance(card, dict):
        raise DamagedFile("This JSON file is not a character card: it holds no object with a card's fields.")
    return card


_UTF16 = {b"\xff\xfe", b"\xfe\xff"}


def _version(card: dict[str, Any]) -> int:
    """1, 2 or 3; 0 where it is no card."""
    spec = card.get("spec")
    data = card.get("data")
    if isinstance(spec, str) and isinstance(data, dict) and spec in {"chara_card_v2", "chara_card_v3"}:
        return int(spec[-1])
    if sum(isinstance(card.get(key), str) for key in _V1_FIELDS) >= 3:
        return 1
    if isinstance(data, dict) and sum(isinstance(data.get(key), str) for key in _V1_FIELDS) >= 3:
        return 2
    return 0


def _fields(card: dict[str, Any], *, picture: bytes | None) -> CardFields:
    version = _version(card)
    if not version:
        raise DamagedFile("This JSON file is not a character card: it has no name, description and first message.")
    data = card if version == 1 else card["data"]
    texts = {key: value if isinstance(value := data.get(key), str) else "" for key in _ALL_FIELDS}
    greetings = data.get("alternate_greetings")
    return CardFields(
        version=version,
        name=" ".join(texts["name"].split()),
        description=texts["description"].strip(),
        personality=texts["personality"].strip(),
        scenario=texts["scenario"].strip(),
        opening_line=texts["first_mes"].strip(),
        other_openings=tuple(
            greeting for greeting in (greetings if isinstance(greetings, list) else []) if isinstance(greeting, str)
        ),
        examples=tuple(examples(texts["mes_example"], texts["name"])),
        creator_notes=texts["creator_notes"].strip(),
        system_prompt=texts["system_prompt"].strip(),
        post_history_instructions=texts["post_history_instructions"].strip(),
        card=_storable(card),
        picture=picture,
        remarks=tuple(_remarks(card, version)),
    )


_ALL_FIELDS = (*_V1_FIELDS, "creator_notes", "system_prompt", "post_history_instructions")


def _storable(value: Any) -> Any:
    """JSON as PostgreSQL can hold it: without infinite numbers; its texts were cleaned when it was parsed."""
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _remarks(card: dict[str, Any], version: int) -> Iterator[str]:
    if version == 1:
        return
    try:
        told = float(card.get("spec_version", version))
    except (TypeError, ValueError):
        told = 0.0
    if told > _NEWEST:
        yield f"The card says that it is of version {told:.6g}, newer than 3.0; what is unknown is kept."
    if card["data"].get("system_prompt") or card["data"].get("post_history_instructions"):
        yield "The card's own instructions to the model are kept with it. They never outrank this site's rules."


_START = re.compile(r"<START>", re.IGNORECASE)
_PERSONA_MARK = r"\{\{char\}\}|<BOT>"
_USER_MARK = r"\{\{user\}\}|<USER>|You"


def examples(text: str, name: str) -> Iterator[Exchange]:
    """Example dialogue -> exchanges. Lines that name no speaker belong to the one before."""
    persona_mark = _PERSONA_MARK + (f"|{re.escape(name)}" if name else "")
    line_head = re.compile(rf"\s*(?:(?P<persona>{persona_mark})|(?P<user>{_USER_MARK}))\s*[:：]\s?", re.IGNORECASE)
    for block in _START.split(text):
        turns: list[tuple[str, str]] = []
        for line in block.splitlines():
            head = line_head.match(line)
            if head:
                turns.append(("persona" if head["persona"] else "user", line[head.end() :]))
            elif turns:
                turns[-1] = (turns[-1][0], f"{turns[-1][1]}\n{line}")
        said = tuple((speaker, words.strip()) for speaker, words in turns if words.strip())
        if said:
            yield said


class CharacterCard:
    name = "character-card"

    def sniff(self, head: bytes, name: str) -> float:
        if head.startswith(png.MAGIC):
            return 0.9
        if head.startswith(zips.MAGIC):
            return 0.95 if b"card.json" in head or name.casefold().endswith(".charx") else 0.0
        text = decoding.decode_head(head).lstrip()
        if not text.startswith("{"):
            return 0.0
        if '"chara_card_v' in text:
            return 0.95
        return 0.9 if sum(f'"{key}"' in text for key in _V1_FIELDS) >= 3 else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        fields = read(stream)
        yield from map(Remark, fields.remarks)
        for number, exchange in enumerate(fields.examples, start=1):
            for speaker, text in exchange:
                yield Utterance(
                    speaker=USER if speaker == "user" else fields.name,
                    text=text,
                    sent_at=None,
                    source_ref=f"example {number}",
                )
