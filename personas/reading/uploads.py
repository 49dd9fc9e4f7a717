"""Reads a person's uploads, one file at a time. The rows record the open work; a worker calls `read_next`."""

import logging
from datetime import datetime
from functools import partial
from typing import BinaryIO, cast

import msgspec
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from accounts.interface import languages
from accounts.models import User
from personas import cards, forgetting, storage
from personas.archive import unpacking
from personas.importers.base import FileTooLarge, ImportFailed, Utterance
from personas.importers.cards.character_card import CardFields
from personas.models import Draft, DraftFile, DraftFileStatus, Source, SourceStatus
from personas.reading import importing, masking, parsing, reading_progress
from personas.way_in import transcripts

logger = logging.getLogger(__name__)

# The preview is made from the beginning of each file.
BEGINNING = 3_000  # utterances
_BEGINNING_CHARACTERS = 100_000  # the filter reads them in about a second, while the owner waits


def read_next(owner_id: int) -> DraftFile | Source | None:
    """Reads the person's oldest file and returns it. Returns None if no file was read.

    Files of drafts come first, because their owner waits for the preview. Two calls for one person at once would
    read a file twice, so the caller holds a lease.
    """
    with languages.speaking_to(User.objects.get(pk=owner_id)):
        file = _draft_files().filter(draft__owner=owner_id).order_by("id").first()
        if file is not None:
            _read_draft_file(file)
            return file
        source = _sources().filter(persona__owner=owner_id).order_by("created_at").first()
        return source if source is not None and importing.import_source(source.pk) else None


def is_owed(owner_id: int) -> bool:
    return _draft_files().filter(draft__owner=owner_id).exists() or _sources().filter(persona__owner=owner_id).exists()


def owners_since_before(moment: datetime) -> list[int]:
    """Ids of the people whose files were uploaded before `moment` and are not read yet."""
    draft_owners = _draft_files().filter(draft__updated_at__lt=moment).values_list("draft__owner", flat=True)
    sources = _sources().filter(created_at__lt=moment, persona__owner__isnull=False)
    return sorted({*draft_owners, *sources.values_list("persona__owner", flat=True)})


def _draft_files() -> QuerySet[DraftFile]:
    return DraftFile.objects.filter(status=DraftFileStatus.READING)


def _sources() -> QuerySet[Source]:
    return Source.objects.filter(status=SourceStatus.IMPORTING)


def _read_draft_file(file: DraftFile) -> None:
    """Stores the result of reading the file, or a sentence that says why it cannot be read."""
    beginning: list[Utterance] = []
    characters = 0
    known, personal = transcripts.known(file), masking.Finder()
    try:
        with (
            file.file.open("rb") as stream,
            parsing.opened(cast(BinaryIO, stream), name=file.name, known=known) as reading,
        ):
            followed = reading_progress.followed(
                reading,
                cast(BinaryIO, stream),
                file.bytes,
                tell=partial(reading_progress.keep, str(file.pk)),
                is_over=lambda: not DraftFile.objects.filter(pk=file.pk).exists(),
            )
            for utterance in personal.watch(followed):
                characters += len(utterance.text)
                if len(beginning) < BEGINNING and characters <= _BEGINNING_CHARACTERS:
                    beginning.append(utterance)
        if not reading.summary.messages and reading.card is None:
            raise ImportFailed(gettext("%(name)s holds no words that could be used.") % {"name": file.name})
        if transcripts.known(file) == known:  # corrected meanwhile, it stays owed and is read again
            _keep(file, reading, beginning, personal.rows())
    except reading_progress.Cancelled:
        logger.info("draft.file_removed", extra={"file": file.pk})
    except ImportFailed as failure:
        _fail(file, failure.user_message)
    except Exception:
        logger.exception("draft.file_failed", extra={"file": file.pk})
        _fail(file, importing.SITE_FAILED)


def _keep(
    file: DraftFile, reading: parsing.Reading, beginning: list[Utterance], personal: list[list[str | int]]
) -> None:
    """Stores the result, unless the file was removed from its draft meanwhile."""
    with transaction.atomic():
        draft = Draft.objects.select_for_update().filter(pk=file.draft_id).first()
        row = DraftFile.objects.filter(pk=file.pk, status=DraftFileStatus.READING).first()
        if draft is None or row is None:
            return
        row.status = DraftFileStatus.READY
        row.format = reading.format
        row.report = reading.summary.as_json()
        row.samples = reading.summary.samples
        row.beginning = msgspec.to_builtins(beginning)
        row.personal = personal
        row.save()
        transcripts.keep(row, reading.recognitions)
        if reading.card is not None:
            _take_card(draft, reading.card)
        if row.format == "afterword":
            unpacking.unpack(row)


def _take_card(draft: Draft, card: CardFields) -> None:
    """Fills the blank fields of the draft from a card, and takes the card's picture."""
    blank = {name: value for name, value in cards.form_fields(card).items() if not draft.fields.get(name)}
    draft.fields = draft.fields | blank
    draft.card = card.card
    if card.picture and not draft.avatar:
        _take_picture(draft, card.picture)
    draft.save()


def _take_picture(draft: Draft, picture: bytes) -> None:
    try:
        with storage.room_for(draft.owner, len(picture)):
            draft.avatar.save("avatar.webp", ContentFile(picture), save=False)
    except FileTooLarge:
        logger.info("card.picture_refused", extra={"draft": str(draft.pk)})


def _fail(file: DraftFile, sentence: str) -> None:
    """Deletes the file. The row stays, so that its owner learns the reason."""
    DraftFile.objects.filter(pk=file.pk, status=DraftFileStatus.READING).update(
        status=DraftFileStatus.FAILED, error=sentence, file=""
    )
    forgetting.delete_files_of(file)
