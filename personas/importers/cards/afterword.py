"""A persona that another Afterword wrote (`archive.writing`), and the words of one of its sources."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO
from zipfile import ZipFile

from django.utils.translation import gettext, gettext_noop

from personas.importers.archives import zips
from personas.importers.base import DamagedFile, FileTooLarge, Record, Utterance
from personas.importers.cards import card_json, character_card
from personas.importers.cards.character_card import PICTURE_BYTES, CardFields
from text import cleaning

CONTENTS, CARD, PICTURE = "afterword.json", "card.json", "picture.webp"
FORMAT, VERSION = "afterword-persona", 1
MOST_SOURCES = 200
_LINE_BYTES = 4 * 1024**2
_CONTENTS_BYTES = 1024**2
_DAMAGED = gettext_noop("This archive of a persona is damaged. Download it again from the Afterword that made it.")
_FIRST_LINE = b'{"afterword": "words"'


def words_path(number: int) -> str:
    return f"words/{number}.jsonl"


@dataclass(frozen=True)
class PackedSource:
    """A source in an archive: where its words are, its name, and whose words are the persona's."""

    path: str
    name: str
    speaker: str


def packed_sources(archive: ZipFile) -> list[PackedSource]:
    """The sources of an archive. Raises DamagedFile and FileTooLarge."""
    contents = _json_of(archive, CONTENTS, _CONTENTS_BYTES)
    if contents.get("format") != FORMAT or not isinstance(contents.get("version"), int):
        raise DamagedFile(gettext(_DAMAGED))
    if contents["version"] > VERSION:
        raise DamagedFile(gettext("A newer Afterword made this archive. Update this one, or export from an older one."))
    sources = contents.get("sources")
    if not isinstance(sources, list) or len(sources) > MOST_SOURCES:
        raise DamagedFile(gettext(_DAMAGED))
    return [_packed_source(source) for source in sources]


def _packed_source(source: Any) -> PackedSource:
    values = [source.get(name) for name in ("words", "name", "speaker")] if isinstance(source, dict) else []
    match values:
        case [str(path), str(name), str(speaker)]:
            return PackedSource(path, name[-200:], speaker[:255])
    raise DamagedFile(gettext(_DAMAGED))


def unpacked(archive: ZipFile, path: str, *, budget: zips.Budget | None = None) -> BinaryIO:
    """One file of an archive. Raises DamagedFile and FileTooLarge."""
    entry = archive.NameToInfo.get(path)
    if entry is None:
        raise DamagedFile(gettext(_DAMAGED))
    return zips.unpacked(archive, entry, budget=budget)


def read_card(stream: BinaryIO) -> CardFields:
    """The persona's fields and picture. Raises ImportFailed."""
    stream.seek(0)
    with zips.opened(stream) as archive:
        fields = character_card.from_card(_json_of(archive, CARD, card_json.JSON_BYTES))
        picture = archive.NameToInfo.get(PICTURE)
        if picture is None:
            return fields
        return replace(fields, picture=zips.unpacked(archive, picture, limit=PICTURE_BYTES).read())


def _json_of(archive: ZipFile, path: str, limit: int) -> dict[str, Any]:
    entry = archive.NameToInfo.get(path)
    if entry is None:
        raise DamagedFile(gettext(_DAMAGED))
    return card_json.loaded(zips.unpacked(archive, entry, limit=limit).read())


class Afterword:
    name = "afterword"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.98 if head.startswith(zips.MAGIC) and head[30 : 30 + len(CONTENTS)] == CONTENTS.encode() else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        budget = zips.Budget()
        with zips.opened(stream) as archive:
            for source in packed_sources(archive):
                with unpacked(archive, source.path, budget=budget) as words:
                    yield from AfterwordWords().parse(words)


class AfterwordWords:
    name = "afterword-words"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.98 if head.startswith(_FIRST_LINE) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        for number, line in enumerate(_lines(stream), start=1):
            if number > 1:
                yield _utterance(line)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(_LINE_BYTES):
        if len(line) == _LINE_BYTES:
            raise FileTooLarge(
                gettext("A line of this archive has more than %(line_bytes)s MB, which is the limit.")
                % {"line_bytes": _LINE_BYTES // 1024**2}
            )
        yield line


def _utterance(line: bytes) -> Utterance:
    try:
        row = cleaning.parsed_json(line)
    except cleaning.BadJSON:
        raise DamagedFile(gettext(_DAMAGED)) from None
    values = [row.get(name) for name in ("speaker", "text", "source_ref", "sent_at")] if isinstance(row, dict) else []
    match values:
        case [str(speaker), str(text), str(place), None | str() as sent_at] if text.strip() and place.strip():
            return Utterance(speaker[:255], text, _time(sent_at), place[:64])
    raise DamagedFile(gettext(_DAMAGED))


def _time(value: str | None) -> datetime | None:
    """An aware time. Raises DamagedFile."""
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise DamagedFile(gettext(_DAMAGED)) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
