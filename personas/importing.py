"""A source's file -> its utterances and passages, all or nothing; the file goes when it is done."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO, TypeVar, cast
from uuid import UUID

from django.db import transaction

from moderation.filter import policy
from moderation.filter.classifiers.base import ClassifierUnavailable
from personas import corpus, judging
from personas.importers import registry
from personas.importers.base import DamagedFile, ImportFailed
from personas.importers.base import Utterance as Spoken
from personas.importers.summary import Summary
from personas.models import Passage, Source, SourceStatus, Utterance

logger = logging.getLogger(__name__)
T = TypeVar("T")

INLINE_BYTES = 1024**2  # a file up to this size is read while its owner waits; a larger one by a worker
_BATCH = 1000
# A card's lines are in the persona's own fields, where its owner edits them; as passages they would stay behind.
WITHOUT_PASSAGES = {"character-card"}


def import_source(source_id: UUID) -> None:
    """Reads the file of a source that is importing; does nothing if it is done or another worker has it.

    A file that cannot be read leaves the source `failed`, with a sentence for its owner. While the filter cannot judge
    its passages, the source waits as it is, and `tasks.tidy` has it read later.
    """
    file = Source.objects.filter(pk=source_id).values_list("file", flat=True).first()
    try:
        with transaction.atomic():
            source = Source.objects.select_for_update(skip_locked=True).filter(pk=source_id, status="importing").first()
            if source is None:
                return
            read(source)
    except ImportFailed as error:
        _fail(source_id, error.user_message)
    except ClassifierUnavailable:
        logger.warning("source.waits_for_filter", extra={"source": str(source_id)})
    except Exception:
        _fail(
            source_id, "This file could not be read because of an error on this site's side. Its operator can see why."
        )
        logger.exception("source.failed", extra={"source": str(source_id)})
    finally:
        if file and not Source.objects.filter(pk=source_id, status=SourceStatus.IMPORTING).exists():
            Source._meta.get_field("file").storage.delete(file)


def read(source: Source, *, limit: int | None = None) -> None:
    """Writes the rows of a source, of at most `limit` utterances. Within a transaction.

    Raises ImportFailed, and ClassifierUnavailable: what becomes a passage is judged first.
    """
    importer = registry.get(source.format)
    summary = Summary(source.format)
    with source.file.open("rb") as stream:
        said = islice(summary.watch(importer.parse(cast(BinaryIO, stream))), limit)
        known = ((utterance, utterance.speaker == source.speaker) for utterance in said)
        kept = _kept(source, known)
        if source.format in WITHOUT_PASSAGES:
            passages = sum(0 for _ in kept)
        else:
            passages = _save_passages(source, corpus.pieces(kept), left_out=summary.skipped)
    if source.speaker not in summary.speakers and source.format not in WITHOUT_PASSAGES:
        raise DamagedFile("Nothing in this file was said by the speaker who was chosen.")
    source.report = summary.as_json() | {"passages": passages, "policy": policy.active().version}
    source.status = SourceStatus.READY
    source.error = ""
    source.file = ""
    source.save()
    logger.info("source.imported", extra={"source": str(source.pk), "messages": summary.messages, "passages": passages})


def _kept(source: Source, utterances: Iterable[tuple[Spoken, bool]]) -> Iterator[tuple[Spoken, bool]]:
    """Passes everything on; stores the persona's utterances, and of others only what the persona answered, unnamed."""
    rows: list[Utterance] = []
    before: Utterance | None = None
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
            rows += [before, row] if before else [row]
        before = None if is_persona else row
        if len(rows) >= _BATCH:
            Utterance.objects.bulk_create(rows)
            rows = []
        yield utterance, is_persona
    Utterance.objects.bulk_create(rows)


def _save_passages(source: Source, pieces: Iterable[corpus.Piece], *, left_out: Counter[str]) -> int:
    """How many passages were new; those that another source of the persona has already are left out.

    So are those that no persona may be made of, which `left_out` counts by reason.
    """
    before = source.passages.count()
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
    return source.passages.count() - before


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _fail(source_id: UUID, sentence: str) -> None:
    Source.objects.filter(pk=source_id).update(status=SourceStatus.FAILED, error=sentence, file="")
