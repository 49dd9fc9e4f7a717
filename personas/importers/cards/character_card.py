"""Character cards: V1, V2 and V3, as JSON, inside a PNG, WebP or JPEG picture, and as CHARX, also behind a picture.

Sources: the published specifications of the character card V1, V2 and V3. A card is not a stream
of utterances: `read` gives its fields, from which a form is filled; through the Importer seam
it yields its example lines. Placeholders stay in the text and are replaced where it is used; the whole
card is kept for export, unknown keys included. `system_prompt` and `post_history_instructions`
come from strangers: they are kept and shown, and no prompt puts them above the site's own rules.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from django.utils.translation import gettext

from personas.importers.archives import zips
from personas.importers.base import DamagedFile, ImportFailed, Record, Remark, Skipped, UnknownFormat, Utterance
from personas.importers.cards import card_examples, card_json, foreign_cards, jpeg, png, webp
from personas.importers.cards.card_examples import Exchange, examples
from personas.importers.encodings import decoding
from personas.lorebook import book
from text import cleaning

__all__ = ["PICTURE_BYTES", "USER", "CardFields", "CharacterCard", "Exchange", "examples", "read"]

PICTURE_BYTES = 20 * 1024**2
_V1_FIELDS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
_NEWEST = 3.0
_HIGHEST = 1000.0  # a larger version is damage or an attack
USER = "{{user}}"


@dataclass(frozen=True)
class CardFields:
    """What a card says, under this site's names. `card` is the whole of it.

    `passed_over` is a reason and a place for each part of the file that was not used.
    """

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
    passed_over: tuple[tuple[str, str], ...]


def read(stream: BinaryIO) -> CardFields:
    """The card in a JSON, PNG, WebP, JPEG or CHARX file. Raises ImportFailed."""
    stream.seek(0)
    magic = stream.read(12)
    stream.seek(0)
    if magic.startswith(png.MAGIC):
        return _from_png(stream)
    if webp.is_webp(magic):
        return _from_texts(stream, webp.card_texts(stream))
    if magic.startswith(zips.MAGIC) or (magic.startswith(jpeg.MAGIC) and is_in_archive(stream)):
        return _from_charx(stream)
    if magic.startswith(jpeg.MAGIC):
        return _from_texts(stream, jpeg.card_texts(stream))
    raw = stream.read(card_json.JSON_BYTES + 1)
    return _fields(card_json.loaded(raw), picture=None)


def is_in_picture(stream: BinaryIO) -> bool:
    """Whether a picture has text that can be a card, be it whole or broken. Leaves the stream at its start."""
    stream.seek(0)
    try:
        magic = stream.read(12)
        if webp.is_webp(magic):
            return any(map(_may_be_card, webp.card_texts(stream)))
        if magic.startswith(jpeg.MAGIC):
            return is_in_archive(stream) or any(map(_may_be_card, jpeg.card_texts(stream)))
        stream.seek(0)
        return any(keyword.casefold() in {"chara", "ccv3"} for keyword, _ in png.text_chunks(stream))
    except ImportFailed:
        return True  # reading it as a card says what is wrong
    finally:
        stream.seek(0)


def _may_be_card(text: bytes) -> bool:
    return text.lstrip().startswith((b"{", b"eyJ"))


def is_in_archive(stream: BinaryIO) -> bool:
    """Whether a file is a .charx, also one behind a picture. Leaves the stream at its start."""
    try:
        with zips.opened(stream) as archive:
            return "card.json" in archive.namelist()
    except ImportFailed:
        return False
    finally:
        stream.seek(0)


def from_card(card: dict[str, Any]) -> CardFields:
    """The fields of a card's JSON object, without a picture. Raises ImportFailed."""
    return _fields(card, picture=None)


def _from_png(stream: BinaryIO) -> CardFields:
    chunks: dict[str, bytes | DamagedFile] = {}
    for keyword, chunk in png.text_chunks(stream):
        if keyword.casefold() in {"chara", "ccv3"}:
            chunks.setdefault(keyword.casefold(), chunk)
    if not chunks:
        raise DamagedFile(
            gettext(
                "This PNG holds no character card. If it lost it on the way (chat apps and social sites strip "
                "pictures), download the original; as a picture of the persona, upload it under Picture."
            )
        )
    newest_first = sorted(chunks.items(), key=lambda item: item[0] != "ccv3")
    return _first_whole(dict(newest_first), picture=_whole_picture(stream))


def _from_texts(stream: BinaryIO, found: Iterable[bytes]) -> CardFields:
    texts = {f"metadata {number}": text for number, text in enumerate(found, start=1)}
    try:
        return _first_whole(texts, picture=_whole_picture(stream))
    except DamagedFile as error:
        if any(map(_may_be_card, texts.values())):
            raise
        raise UnknownFormat(
            gettext(
                "This file is a WebP picture that holds no character card. Upload the card as PNG or JSON; "
                "as a picture of the persona, upload it under Picture."
            )
        ) from error


def _whole_picture(stream: BinaryIO) -> bytes | None:
    stream.seek(0)
    picture = stream.read(PICTURE_BYTES + 1)
    return picture if len(picture) <= PICTURE_BYTES else None


def _first_whole(parts: Mapping[str, bytes | DamagedFile], *, picture: bytes | None) -> CardFields:
    """The first part that is a card; the broken ones before it are told. Raises what was wrong with the first."""
    failures: dict[str, ImportFailed] = {}
    for name, part in parts.items():
        try:
            if isinstance(part, DamagedFile):
                raise part
            fields = _fields(card_json.loaded(card_json.unwrapped(part)), picture=picture)
        except ImportFailed as error:
            failures[name] = error
            continue
        broken = tuple(("broken copy of the card", name) for name in failures)
        notes = tuple(f"The card's part “{name}” is broken; its other part was used." for name in failures)
        return replace(fields, remarks=(*notes, *fields.remarks), passed_over=(*broken, *fields.passed_over))
    raise next(iter(failures.values()), DamagedFile(gettext("This picture holds no character card.")))


def _from_charx(stream: BinaryIO) -> CardFields:
    with zips.opened(stream) as archive:
        names = {entry.filename: entry for entry in archive.infolist()}
        if "card.json" not in names:
            raise DamagedFile(
                gettext("This .charx or .zip file holds no card.json at its root, so it is no character card.")
            )
        card = card_json.loaded(zips.unpacked(archive, names["card.json"], limit=card_json.JSON_BYTES).read())
        fields = _fields(card, picture=None)
        icon = names.get(_icon_path(card))
        if icon is None:
            return fields
        return _fields(card, picture=zips.unpacked(archive, icon, limit=PICTURE_BYTES).read())


def _icon_path(card: dict[str, Any]) -> str:
    """Where the archive holds the main icon ("embeded" is the specification's own spelling); "" if nowhere."""
    data = card.get("data")
    assets = data.get("assets") if isinstance(data, dict) else None
    listed = assets if isinstance(assets, list) else []
    icons = [asset for asset in listed if isinstance(asset, dict) and asset.get("type") == "icon"]
    icons.sort(key=lambda asset: asset.get("name") != "main")
    uri = str(icons[0].get("uri", "")) if icons else ""
    return re.sub(r"^embed+ed://", "", uri)


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
    card = foreign_cards.with_card_fields(card)
    version = _version(card)
    if not version:
        raise DamagedFile(
            gettext("This JSON file is not a character card: it has no name, description and first message.")
        )
    texts = {key: _text_of(card, key) for key in _ALL_FIELDS}
    greetings = _data(card).get("alternate_greetings")
    dialogue = card_examples.read(texts["mes_example"], name=texts["name"], nickname=texts["nickname"])
    return CardFields(
        version=version,
        name=" ".join(texts["name"].split()),
        description=texts["description"].strip(),
        personality=texts["personality"].strip(),
        scenario=texts["scenario"].strip(),
        opening_line=texts["first_mes"].strip(),
        other_openings=tuple(
            cleaning.clean(greeting)
            for greeting in (greetings if isinstance(greetings, list) else [])
            if isinstance(greeting, str)
        ),
        examples=dialogue.exchanges,
        creator_notes=texts["creator_notes"].strip(),
        system_prompt=texts["system_prompt"].strip(),
        post_history_instructions=texts["post_history_instructions"].strip(),
        card=card,
        picture=picture,
        remarks=tuple(_remarks(card, version)),
        passed_over=dialogue.passed_over,
    )


_ALL_FIELDS = (*_V1_FIELDS, "nickname", "creator_notes", "system_prompt", "post_history_instructions")


def _data(card: dict[str, Any]) -> dict[str, Any]:
    """Where the fields stand: under `data` since V2, at the top in V1."""
    data = card.get("data")
    return data if isinstance(data, dict) else card


def _text_of(card: dict[str, Any], key: str) -> str:
    """A field's text. Cards since V2 often repeat V1's fields at the top, where some tools leave the only copy."""
    texts = (source.get(key) for source in (_data(card), card))
    return cleaning.clean(next((text for text in texts if isinstance(text, str)), ""))


def _remarks(card: dict[str, Any], version: int) -> Iterator[str]:
    if version == 1:
        return
    number = _spec_version(card.get("spec_version", version))
    if number > _NEWEST:
        yield f"The card says that it is of version {number:g}, newer than 3.0; what is unknown is kept."
    if _data(card).get("system_prompt") or _data(card).get("post_history_instructions"):
        yield "The card's own instructions to the model are kept with it. They never outrank this site's rules."
    yield from _lorebook_remarks(card)
    assets = _data(card).get("assets")
    packed = [asset for asset in (assets if isinstance(assets, list) else []) if _is_packed(asset)]
    if packed:
        yield f"The card brings {len(packed)} more files, such as pictures. Of these, only the main picture is kept."


def _is_packed(asset: Any) -> bool:
    """Whether an asset is a file inside the card, and not its main picture."""
    if not isinstance(asset, dict) or (asset.get("type"), asset.get("name")) == ("icon", "main"):
        return False
    return str(asset.get("uri", "")).startswith(("embed", "__asset:", "data:"))


def _lorebook_remarks(card: dict[str, Any]) -> Iterator[str]:
    entries = book.source(card).get("entries")
    if isinstance(entries, list | dict) and len(entries) > book.MOST_ENTRIES:
        yield f"The lorebook has {len(entries):,} entries. The first {book.MOST_ENTRIES:,} are used, and all are kept."
    unsafe = [entry.title for entry in book.read(card).entries if any(key.is_unsafe for key in entry.keys)]
    if unsafe:
        yield (
            f"{len(unsafe)} entries of the lorebook have a pattern that cannot be searched safely, so it never "
            f"matches. The first is “{unsafe[0]}”. Patterns must be in the syntax of RE2."
        )


def _spec_version(value: Any) -> float:
    """0 where it is no number. Raises DamagedFile where it is one that no version has."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0
    if not 0 <= number < _HIGHEST:
        raise DamagedFile(
            gettext("This card says that it is of version %(value)s…, which no card has.") % {"value": str(value)[:12]}
        )
    return number


class CharacterCard:
    name = "character-card"

    def sniff(self, head: bytes, name: str) -> float:
        if head.startswith((png.MAGIC, jpeg.MAGIC)) or webp.is_webp(head):
            return 0.9  # the registry looks whether there is one
        if head.startswith(zips.MAGIC):
            return 0.95 if b"card.json" in head or name.casefold().endswith(".charx") else 0.0
        text = decoding.decode_head(head).lstrip()
        if not text.startswith("{"):
            return 0.0
        if '"chara_card_v' in text or foreign_cards.is_one(text):
            return 0.95
        return 0.9 if sum(f'"{key}"' in text for key in _V1_FIELDS) >= 3 else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        fields = read(stream)
        yield from map(Remark, fields.remarks)
        yield from (Skipped(reason, place) for reason, place in fields.passed_over)
        for number, exchange in enumerate(fields.examples, start=1):
            for speaker, text in exchange:
                yield Utterance(
                    speaker=USER if speaker == "user" else fields.name,
                    text=text,
                    sent_at=None,
                    source_ref=f"example {number}",
                )
