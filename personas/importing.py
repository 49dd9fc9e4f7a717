"""Turns a source's file into utterances and passages, all or nothing. The file is deleted afterwards."""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import BinaryIO, TypeVar, cast
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from moderation.filter import policy
from moderation.filter.classifiers.base import ClassifierUnavailable
from personas import corpus, judging, masking, parsing, reading_progress
from personas.importers.base import DamagedFile, ImportFailed
from personas.importers.base import Utterance as Spoken
from personas.models import Passage, Source, SourceStatus, Utterance

logger = logging.getLogger(__name__)
T = TypeVar("T")

SITE_FAILED = gettext_noop(
    "This file could not be read because of an error on this site's side. Its operator can see why."
)
_BATCH = 1000
_LONG = 40  # characters; nobody writes a line of this length twice
_REPEATED = gettext_noop("in another file already")
# A card's lines are in the persona's fields, where its owner edits them. As passages they would stay unedited.
WITHOUT_PASSAGES = {"character-card"}


def import_source(source_id: UUID, *, is_waiting: bool = False, tell: Callable[[int], None] | None = None) -> bool:
    """Reads the file of a source whose import is open. Returns False if it did not: done, or with another worker.

    `tell` gets the progress in percent; by default `reading_progress` keeps it for the page. With `is_waiting`, it
    waits for the other worker first. A file that cannot be read makes the source `failed`, with a sentence for its
    owner. While the filter cannot judge the passages, it returns False and the source stays as it is. `tasks.tidy`
    queues it again.
    """
    file = Source.objects.filter(pk=source_id).values_list("file", flat=True).first()
    try:
        with transaction.atomic():
            owed = Source.objects.select_for_update(skip_locked=not is_waiting)
            source = owed.filter(pk=source_id, status=SourceStatus.IMPORTING).first()
            if source is None:
                return False
            _read(source, tell=tell or partial(reading_progress.keep, str(source_id)))
    except reading_progress.Cancelled:
        logger.info("source.cancelled", extra={"source": str(source_id)})
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


def _read(source: Source, *, tell: Callable[[int], None]) -> None:
    """Writes the rows of a source. Call it within a transaction.

    Raises ImportFailed, ClassifierUnavailable and reading_progress.Cancelled.
    """
    with (
        source.file.open("rb") as stream,
        parsing.opened(
            cast(BinaryIO, stream), name=source.name, format=source.format, known=source.transcripts
        ) as reading,
    ):
        utterances = reading_progress.followed(
            reading,
            cast(BinaryIO, stream),
            source.bytes,
            tell=tell,
            is_over=partial(reading_progress.is_cancelled, source.pk),
        )
        passages = store(source, utterances, left_out=reading.summary.skipped)
    if source.speaker not in reading.summary.speakers and source.format not in WITHOUT_PASSAGES:
        raise DamagedFile(gettext("This file holds no words of the chosen speaker."))
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

    Personal data is masked, and what another file of the persona says too is kept once. The filter judges each passage
    first. `left_out` counts what was left out, by reason. Raises ClassifierUnavailable.
    """
    lines = _without_repeats(source, _lines(source, utterances), left_out)
    utterance_pairs = _stored(source, lines)
    if source.format in WITHOUT_PASSAGES:
        return sum(0 for _ in utterance_pairs)
    pieces = corpus.pieces(corpus.addressed(utterance_pairs, own_names=source.own_names))
    return _save_passages(source, pieces, left_out=left_out)


@dataclass(frozen=True)
class _Line:
    """An utterance as it is stored, and the digest of the persona's words as they stand in the file."""

    utterance: Spoken
    digest: UUID | None  # None for the words of others

    @property
    def is_persona(self) -> bool:
        return self.digest is not None


def _lines(source: Source, utterances: Iterable[Spoken]) -> Iterator[_Line]:
    names = {source.speaker, *source.aliases}
    unmasked = frozenset(source.unmasked)
    for utterance in utterances:
        digest = digest_of(utterance) if utterance.speaker in names else None
        yield _Line(masking.mask(utterance, unmasked), digest)


def digest_of(utterance: Spoken) -> UUID:
    """The same for the same words of one minute, whatever the app, the spelling of the speaker and the blanks."""
    minute = utterance.sent_at.strftime("%Y-%m-%dT%H:%M") if utterance.sent_at else ""
    words = " ".join(utterance.text.split()).casefold()
    return UUID(bytes=hashlib.blake2b(f"{minute}\n{words}".encode(), digest_size=16).digest())


def _without_repeats(source: Source, lines: Iterable[_Line], left_out: Counter[str]) -> Iterator[_Line]:
    """Drops the persona's lines that another file of it has: the same chat exported again, or by both sides.

    A short line without a time may be said twice, so it stays.
    """
    others = Utterance.objects.filter(source__persona=source.persona_id).exclude(source=source)
    if not others.exists():
        yield from lines
        return
    for batch in _batches(lines, _BATCH):
        candidates = {line.digest for line in batch if line.is_persona and _can_repeat(line.utterance)}
        repeats = set(others.filter(digest__in=candidates).values_list("digest", flat=True))
        for line in batch:
            if line.digest in repeats:
                left_out[_REPEATED] += 1
            else:
                yield line


def _can_repeat(utterance: Spoken) -> bool:
    return utterance.sent_at is not None or len(utterance.text) >= _LONG


def _stored(source: Source, lines: Iterable[_Line]) -> Iterator[tuple[Spoken, bool]]:
    """Yields every utterance, and stores those of the persona and those that it answered, the latter without a name."""
    rows: list[Utterance] = []
    previous: Utterance | None = None
    for position, line in enumerate(lines):
        utterance, is_persona = line.utterance, line.is_persona
        row = Utterance(
            source=source,
            position=position,
            speaker=utterance.speaker if is_persona else "",
            is_persona=is_persona,
            text=utterance.text,
            sent_at=utterance.sent_at,
            source_ref=utterance.source_ref,
            digest=line.digest,
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
