"""The work of a child process on one upload. `personas.reading.parsing` starts it.

Only this module and the importers run there, without a database and with no settings except the given ones.
"""

import io
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext
from msgspec import structs

from personas import avatars
from personas.importers import registry
from personas.importers.base import ImportFailed, RecognisedLine, Record, Remark, Skipped, Utterance
from personas.importers.cards import afterword, character_card
from personas.importers.media import recognition
from personas.reading import confined

Answer = tuple[str, Any]
# An answer for each record would take longer than reading it. A batch ends at any of these.
_BATCH = 500  # utterances
_BATCH_CHARACTERS = 1 << 16
_BATCH_SECONDS = 0.2
# Years of a time. Some programs write the year 1 or 9999 where they know none, and neither fits into every time zone.
_EARLIEST_YEAR, _LATEST_YEAR = 1000, 2999
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
    batch: list[Utterance] = []
    skips, characters, began = Counter[str](), 0, time.monotonic()
    for record in records:
        match record:
            case Utterance():
                batch.append(_with_likely_time(record))
                characters += len(record.text)
            case Skipped(reason):
                skips[reason] += 1
            case _:
                yield type(record).__name__, record
        if len(batch) >= _BATCH or characters >= _BATCH_CHARACTERS or time.monotonic() - began >= _BATCH_SECONDS:
            yield from _answers_of(batch, skips)
            batch, skips, characters, began = [], Counter(), 0, time.monotonic()
    yield from _answers_of(batch, skips)


def _with_likely_time(utterance: Utterance) -> Utterance:
    """The utterance without a time that nobody wrote at. Every importer's utterances pass here."""
    sent_at = utterance.sent_at
    if sent_at is None or _EARLIEST_YEAR <= sent_at.year <= _LATEST_YEAR:
        return utterance
    return structs.replace(utterance, sent_at=None)


def _answers_of(batch: list[Utterance], skips: Counter[str]) -> Iterator[Answer]:
    if batch:
        yield "utterances", batch
    if skips:
        yield "skips", skips


def _card(card: character_card.CardFields) -> Iterator[Answer]:
    try:
        card = replace(card, picture=card.picture and avatars.encoded(io.BytesIO(card.picture)))
    except avatars.PictureRefused as refusal:
        sentence = gettext("The picture of this card was left out. %(reason)s") % {"reason": refusal.user_message}
        yield "Remark", Remark(sentence)
        card = replace(card, picture=None)
    yield "card", card
