"""The work of a child process on one upload. `personas.parsing` starts it.

Only this module and the importers run there, without a database and with no settings except the given ones.
"""

import io
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO

from django.conf import settings

from personas import avatars
from personas.importers import character_card, registry
from personas.importers.base import ImportFailed, Record, Remark

Answer = tuple[str, Any]


def answers(file: BinaryIO, *, name: str, format: str, upload_bytes: int) -> Iterator[Answer]:
    """Yields the format (chosen by content if none is given), every record, and the card at the end; or the failure."""
    settings.configure(UPLOAD_BYTES=upload_bytes)
    try:
        importer = registry.get(format) if format else registry.choose(file, name)
        yield "format", importer.name
        yield from map(_record, importer.parse(file))
        if importer.name == "character-card":
            yield from _card(character_card.read(file))
    except ImportFailed as failure:
        yield "failed", {"error": type(failure).__name__, "message": failure.user_message}


def _record(record: Record) -> Answer:
    return type(record).__name__, vars(record)


def _card(card: character_card.CardFields) -> Iterator[Answer]:
    fields = asdict(card)
    try:
        fields["picture"] = card.picture and b64encode(avatars.encoded(io.BytesIO(card.picture))).decode()
    except avatars.PictureRefused as refusal:
        yield _record(Remark(f"The picture of this card was left out. {refusal.user_message}"))
        fields["picture"] = None
    yield "card", fields
