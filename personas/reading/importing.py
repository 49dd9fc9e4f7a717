"""Turns a source's file into utterances and passages, step by step. The file is deleted afterwards."""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import BinaryIO, TypeVar, cast
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext, gettext_noop

from moderation.categories import ClassifierUnavailable
from moderation.filter import policy
from personas import forgetting, judging
from personas.importers.base import DamagedFile, ImportFailed
from personas.importers.base import Utterance as Spoken
from personas.models import Passage, Source, SourceStatus, Utterance
from personas.reading import corpus, masking, parsing, reading_progress

logger = logging.getLogger(__name__)
T = TypeVar("T")

SITE_FAILED = gettext_noop(
    "This file could not be read because of an error on this site's side. Its operator can see why."
)
_BATCH = 5_000  # utterances stored in one step
_JUDGED_AT_ONCE = 200  # passages
_Row = tuple[object, ...]
_COPY = (
    "COPY personas_utterance (source_id, position, speaker, is_persona, text, sent_at, source_ref, digest) FROM STDIN"
)
_LONG = 40  # characters; nobody writes a line of this length twice
_REPEATED = gettext_noop("in another file already")
# A card's lines are in the persona's fields, where its owner edits them. As passages they would stay unedited.
WITHOUT_PASSAGES = {"character-card"}


def import_source(source_id: UUID, *, tell: Callable[[int], None] | None = None) -> bool:
    """Reads the file of a source whose import is open. Returns False if it did not: done, or with another worker.

    `tell` gets the progress in percent; by default `reading_progress` keeps it for the page. Words are stored step by
    step, and `Source.stored` says how far, so an import whose worker was lost goes on behind the last step. A file that
    cannot be read makes the source `failed`, with a sentence for its owner and without words. While the filter cannot
    judge the passages, it returns False and the source stays as it is. `tasks.tidy` queues it again.
    """
    with _claimed(source_id) as is_claimed:
        source = Source.objects.filter(pk=source_id, status=SourceStatus.IMPORTING).first() if is_claimed else None
        return source is not None and _import(source, tell or partial(reading_progress.keep, str(source_id)))


@contextmanager
def _claimed(source_id: UUID) -> Iterator[bool]:
    """A lock of the database's session, which a worker cannot leave behind. Yields whether no other worker has it."""
    key = source_id.int & (1 << 63) - 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        is_claimed = bool(cursor.fetchone()[0])
    try:
        yield is_claimed
    finally:
        if is_claimed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def _import(source: Source, tell: Callable[[int], None]) -> bool:
    file = str(source.file)
    try:
        _read(source, tell=tell)
    except reading_progress.Cancelled:
        logger.info("source.cancelled", extra={"source": str(source.pk)})
    except ImportFailed as error:
        _fail(source, error.user_message)
    except ClassifierUnavailable:
        logger.warning("source.waits_for_filter", extra={"source": str(source.pk)})
        return False
    except Exception:
        _fail(source, SITE_FAILED)
        logger.exception("source.failed", extra={"source": str(source.pk)})
    if file and not Source.objects.filter(pk=source.pk, status=SourceStatus.IMPORTING).exists():
        Source._meta.get_field("file").storage.delete(file)
    return True


def _read(source: Source, *, tell: Callable[[int], None]) -> None:
    """Writes the rows of a source. Raises ImportFailed, ClassifierUnavailable and reading_progress.Cancelled."""
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
    with _step(source):
        source.report = reading.summary.as_json() | {"passages": passages, "policy": policy.active().version}
        source.status = SourceStatus.READY
        source.error = ""
        source.file = ""
        source.transcripts = source.stored = {}
        source.save()
    logger.info(
        "source.imported",
        extra={"source": str(source.pk), "messages": reading.summary.messages, "passages": passages},
    )


@contextmanager
def _step(source: Source) -> Iterator[None]:
    """A transaction that keeps the source's row from being deleted. Raises reading_progress.Cancelled if it was."""
    with transaction.atomic():
        if not Source.objects.select_for_update().filter(pk=source.pk, status=SourceStatus.IMPORTING).exists():
            raise reading_progress.Cancelled
        yield
        Source.objects.filter(pk=source.pk).update(stored=source.stored)


def store(source: Source, utterances: Iterable[Spoken], *, left_out: Counter[str]) -> int:
    """Writes a source's utterances and passages, from where `Source.stored` ends. Returns the number of its passages.

    Personal data is masked, and what another file of the persona says too is kept once. The filter judges each passage
    first. `left_out` counts what was left out, by reason. Raises ClassifierUnavailable and reading_progress.Cancelled.
    """
    lines = _without_repeats(source, _lines(source, utterances), left_out)
    utterance_pairs = _stored(source, lines)
    if source.format in WITHOUT_PASSAGES:
        return sum(0 for _ in utterance_pairs)
    pieces = corpus.pieces(corpus.addressed(utterance_pairs, own_names=source.own_names), left_out=left_out)
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
    rows: list[_Row] = []
    previous: _Row | None = None
    start = source.stored.get("utterances", 0)
    for position, line in enumerate(lines):
        utterance, is_persona = line.utterance, line.is_persona
        if position >= start:
            speaker = utterance.speaker if is_persona else ""
            words = (utterance.text, utterance.sent_at, utterance.source_ref)
            row = (source.pk, position, speaker, is_persona, *words, line.digest)
            if is_persona:
                rows += [previous, row] if previous else [row]
            previous = None if is_persona else row
            if len(rows) >= _BATCH:  # the last row is the persona's, so the next step needs none of these
                _copy(source, rows, position + 1)
                rows = []
        yield utterance, is_persona
    if rows:
        _copy(source, rows, position + 1)


def _copy(source: Source, rows: Sequence[_Row], end: int) -> None:
    """Stores rows of utterances before the position `end`. COPY takes a fifth of the time of INSERT."""
    with _step(source):
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(row)
        source.stored = source.stored | {"utterances": end}


def _save_passages(source: Source, pieces: Iterable[corpus.Piece], *, left_out: Counter[str]) -> int:
    """Writes the passages that are new to the persona and pass the filter. Returns the number of the source's passages.

    `left_out` counts the refused ones by reason.
    """
    beside_child = judging.is_beside_child(source.persona)
    refused = Counter[str](source.stored.get("refused", {}))
    judged = source.stored.get("pieces", 0)
    for batch in _batches(islice(pieces, judged, None), _JUDGED_AT_ONCE):
        fit = list(judging.fit(batch, beside_child=beside_child, left_out=refused))
        judged += len(batch)
        with _step(source):
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
                    for piece in fit
                ],
                ignore_conflicts=True,
            )
            source.stored = source.stored | {"pieces": judged, "refused": refused}
    left_out.update(refused)
    return source.passages.count()


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _fail(source: Source, sentence: str) -> None:
    with transaction.atomic():
        open_source = Source.objects.select_for_update().filter(pk=source.pk, status=SourceStatus.IMPORTING)
        if open_source.exists():
            source.utterances.all().delete()
            forgetting.forget_passages(source.persona_id, source.passages.all())
            source.passages.all().delete()
            open_source.update(status=SourceStatus.FAILED, error=sentence, file="", transcripts={}, stored={})
