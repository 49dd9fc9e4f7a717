"""The work of a child process on one upload. `personas.parsing` starts it.

Only this module and the importers run there, without a database and with no settings except the given ones.
"""

import io
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext

from personas import avatars, confined
from personas.importers import afterword, character_card, recognition, registry
from personas.importers.base import ImportFailed, RecognisedLine, Recognition, Record, Remark, Skipped, Utterance

Answer = tuple[str, Any]
_Fields = tuple[str, str, str | None, str]  # of an utterance
# An answer for each record would take longer than reading it. A batch ends at any of these.
_BATCH = 500  # utterances
_BATCH_CHARACTERS = 1 << 16
_BATCH_SECONDS = 0.2
_CARDS = {"character-card": character_card.read, "afterword": afterword.read_card}


def answers(
    file: BinaryIO,
    *,
    name: str,
    format: str,
    known: Mapping[str, Sequence[Mapping[str, Any]]],
    upload_bytes: int,
    speech_model: str,
) -> Iterator[Answer]:
    """Yields the format (chosen by content if none is given), the records, and the card at the end; or the failure.

    `known` has the lines of pages and recordings that were recognised before, by their digest.
    """
    settings.UPLOAD_BYTES, settings.SPEECH_MODEL = upload_bytes, speech_model
    lines = {digest: [RecognisedLine(**line) for line in lines] for digest, lines in known.items()}
    with recognition.using(known=lines, grant=confined.grant):
        yield from _answers(file, name, format)


def _answers(file: BinaryIO, name: str, format: str) -> Iterator[Answer]:
    try:
        importer = registry.get(format) if format else registry.choose(file, name)
        yield "format", importer.name
        yield from _batches(importer.parse(file))
        if importer.name in _CARDS:
            yield from _card(_CARDS[importer.name](file))
    except ImportFailed as failure:
        yield "failed", {"error": type(failure).__name__, "message": failure.user_message}


def _batches(records: Iterable[Record]) -> Iterator[Answer]:
    batch: list[_Fields] = []
    skips, characters, began = Counter[str](), 0, time.monotonic()
    for record in records:
        match record:
            case Utterance(speaker, text, sent_at, source_ref):
                batch.append((speaker, text, sent_at.isoformat() if sent_at else None, source_ref))
                characters += len(text)
            case Skipped(reason):
                skips[reason] += 1
            case _:
                yield _record(record)
        if len(batch) >= _BATCH or characters >= _BATCH_CHARACTERS or time.monotonic() - began >= _BATCH_SECONDS:
            yield from _answers_of(batch, skips)
            batch, skips, characters, began = [], Counter(), 0, time.monotonic()
    yield from _answers_of(batch, skips)


def _answers_of(batch: list[_Fields], skips: Counter[str]) -> Iterator[Answer]:
    if batch:
        yield "utterances", batch
    if skips:
        yield "skips", skips


def _record(record: Record) -> Answer:
    if isinstance(record, Recognition):
        return "Recognition", asdict(record) | {"media": b64encode(record.media).decode()}
    return type(record).__name__, vars(record)


def _card(card: character_card.CardFields) -> Iterator[Answer]:
    fields = asdict(card)
    try:
        fields["picture"] = card.picture and b64encode(avatars.encoded(io.BytesIO(card.picture))).decode()
    except avatars.PictureRefused as refusal:
        yield _record(
            Remark(gettext("The picture of this card was left out. %(reason)s") % {"reason": refusal.user_message})
        )
        fields["picture"] = None
    yield "card", fields
