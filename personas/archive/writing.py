"""Writes a persona with all its material into one archive, which another Afterword reads (`importers.cards.afterword`).

The .zip holds a list of what is in it, the persona as a card, the picture, and the utterances of each source as JSON
lines. Passages and vectors are made again where it is imported, and the filter there judges every word. Left out:
conversations, fine-tunes and audits.
"""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from personas import card_export
from personas.importers.cards import afterword
from personas.models import Persona, Source, SourceStatus
from personas.way_in import speakers

_IN_MEMORY = 8 * 1024**2
_ROWS = 2_000


def written(persona: Persona) -> BinaryIO:
    """The archive as a file at its start. The caller closes it."""
    target = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - the caller closes it
    sources = list(persona.sources.filter(status=SourceStatus.READY))
    somebody, keys = "somebody else", {speakers.key_of(source.speaker) for source in sources}
    while speakers.key_of(somebody) in keys:  # the persona has this name in some file
        somebody += " too"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        # First, since importers tell a file by its beginning.
        archive.writestr(afterword.CONTENTS, json.dumps(_contents(sources), ensure_ascii=False, indent=2))
        archive.writestr(afterword.CARD, json.dumps(card_export.v3(persona, with_own_fields=True), ensure_ascii=False))
        if persona.avatar:
            with persona.avatar.open("rb") as picture:
                archive.writestr(afterword.PICTURE, picture.read())
        for number, source in enumerate(sources, start=1):
            with archive.open(afterword.words_path(number), "w", force_zip64=True) as words:
                for line in _lines(source, somebody):
                    words.write(line)
    target.seek(0)
    return target


def _contents(sources: list[Source]) -> dict[str, Any]:
    return {
        "format": afterword.FORMAT,
        "version": afterword.VERSION,
        "sources": [
            {
                "words": afterword.words_path(number),
                "name": source.name,
                "format": source.format,
                "speaker": source.speaker,
                "added_at": source.created_at.isoformat(),
            }
            for number, source in enumerate(sources, start=1)
        ],
    }


def _lines(source: Source, somebody: str) -> Iterator[bytes]:
    """The utterances of a source. The writers of lines that the persona answered were never stored."""
    yield _line({"afterword": "words", "version": afterword.VERSION})
    for row in source.utterances.order_by("position").iterator(_ROWS):
        yield _line(
            {
                "speaker": source.speaker if row.is_persona else somebody,
                "text": row.text,
                "sent_at": row.sent_at.isoformat() if row.sent_at else None,
                "source_ref": row.source_ref,
            }
        )


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
