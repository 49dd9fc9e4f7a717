"""Turns a source's file into utterances and passages, all or nothing. The file is deleted afterwards."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO, TypeVar, cast
from uuid import UUID

from django.db import transaction

from moderation.filter import policy
from moderation.filter.classifiers.base import ClassifierUnavailable
from personas import corpus, judging, parsing
from personas.importers.base import DamagedFile, ImportFailed
from personas.importers.base import Utterance as Spoken
from personas.models import Passage, Source, SourceStatus, Utterance

logger = logging.getLogger(__name__)
T = TypeVar("T")

SITE_FAILED = "This file could not be read because of an error on this site's side. Its operator can see why."
_BATCH = 1000
# A card's lines are in the persona's fields, where its owner edits them. As passages they would stay unedited.
WITHOUT_PASSAGES = {"character-card"}


def import_source(source_id: UUID, *, is_waiting: bool = False) -> bool:
    """Reads the file of a source whose import is open. Returns False if it did not: done, or with another worker.

    With `is_waiting`, it waits for the other worker first. A file that cannot be read makes the source `failed`, with
    a sentence for its owner. While the filter cannot judge the passages, it returns False and the source stays as it
    is. `tasks.tidy` queues it again.
    """
    file = Source.objects.filter(pk=source_id).values_list("file", flat=True).first()
    try:
        with transaction.atomic():
            owed = Source.objects.select_for_update(skip_locked=not is_waiting)
            source = owed.filter(pk=source_id, status=SourceStatus.IMPORTING).first()
            if source is None:
                return False
            _read(source)
    except ImportFailed as error:
        _fail(source_id, error.user_message)
    except ClassifierUnavailable:
        logger.warning("source.waits_for_filter", extra={"source": str(source_id)})
        return False
    except Exception:
        _fail(source_id, SITE_FAILED)
        logger.exception("source.failed", extra={"source": str(source_id)})
    finally:
        if file and not Source.objects.filter(pk=source_id, status=SourceStatus.IMPORTING).exists():
            Source._meta.get_field("file").storage.delete(file)
    return True


def _read(source: Source) -> None:
    """Writes the rows of a source. Call it within a transaction. Raises ImportFailed and ClassifierUnavailable."""
    with (
        source.file.open("rb") as stream,
        parsing.opened(
            cast(BinaryIO, stream), name=source.name, format=source.format, known=source.transcripts
        ) as reading,
    ):
        passages = store(source, reading, left_out=reading.summary.skipped)
    if source.speaker not in reading.summary.speakers and source.format not in WITHOUT_PASSAGES:
        raise DamagedFile("This file holds no words of the chosen speaker.")
    source.report = reading.summary.as_json() | {"passages": passages, "policy": policy.active().version}
    source.status = SourceStatus.READY
    source.error = ""
    source.file = ""
    source.transcripts = {}
    source.save()
    logger.info(
        "source.imported",
        extra={"source": str(source.pk), "messages": reading.summary.messages, "passages": passages},
    )


def store(source: Source, utterances: Iterable[Spoken], *, left_out: Counter[str]) -> int:
    """Writes a source's utterances and passages. Returns the number of new passages. Call it within a transaction.

    The filter judges each passage first. `left_out` counts the refused ones by reason. Raises ClassifierUnavailable.
    """
    utterance_pairs = _stored(source, ((utterance, utterance.speaker == source.speaker) for utterance in utterances))
    if source.format in WITHOUT_PASSAGES:
        return sum(0 for _ in utterance_pairs)
    return _save_passages(source, corpus.pieces(utterance_pairs), left_out=left_out)


def _stored(source: Source, utterances: Iterable[tuple[Spoken, bool]]) -> Iterator[tuple[Spoken, bool]]:
    """Yields every utterance, and stores those of the persona and those that it answered, the latter without a name."""
    rows: list[Utterance] = []
    previous: Utterance | None = None
    for position, (utterance, is_persona) in enumerate(utterances):
        row = Utterance(
            source=source,
            position=position,
            speaker=utterance.speaker if is_persona else "",
            is_persona=is_persona,
            text=utterance.text,
            sent_at=utterance.sent_at,
            source_ref=utterance.source_ref,
        )
        if is_persona:
            rows += [previous, row] if previous else [row]
        previous = None if is_persona else row
        if len(rows) >= _BATCH:
            Utterance.objects.bulk_create(rows)
            rows = []
        yield utterance, is_persona
    Utterance.objects.bulk_create(rows)


def _save_passages(source: Source, pieces: Iterable[corpus.Piece], *, left_out: Counter[str]) -> int:
    """Writes the passages that are new to the persona and pass the filter. Returns their number.

    `left_out` counts the refused ones by reason.
    """
    earlier_count = source.passages.count()
    beside_child = judging.is_beside_child(source.persona)
    for batch in _batches(judging.fit(pieces, beside_child=beside_child, left_out=left_out), _BATCH):
        Passage.objects.bulk_create(
            [
                Passage(
                    persona_id=source.persona_id,
                    source=source,
                    text=piece.text,
                    prompted_by=piece.prompted_by,
                    digest=piece.digest,
                    source_ref=piece.source_ref,
                )
                for piece in batch
            ],
            ignore_conflicts=True,
        )
    return source.passages.count() - earlier_count


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _fail(source_id: UUID, sentence: str) -> None:
    Source.objects.filter(pk=source_id).update(status=SourceStatus.FAILED, error=sentence, file="", transcripts={})
