"""The doors of a persona: make, change, add words, copy, delete. They also decide who may see it.

refusals.CreationRefused, quotas.QuotaExceeded and importers.base.ImportFailed pass through.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, BinaryIO
from uuid import UUID

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Exists, Q, QuerySet
from django.db.models.fields.files import FieldFile
from django.http import Http404
from django.utils.translation import gettext
from kombu.exceptions import OperationalError

from accounts.models import User
from accounts.personal_data import consents
from accounts.usage import quotas
from generation.jobs import forgetting as engine_forgetting
from moderation.categories import ClassifierUnavailable
from personas import copying, forgetting, refusals, storage, tasks
from personas.finetuning import files
from personas.models import FineTune, Persona, Source, SourceStatus
from personas.persona_fields import PersonaFields, fields_of
from personas.portrait import computing
from personas.reading import reading_progress
from personas.rights import declarations, import_consent
from text import graphemes

logger = logging.getLogger(__name__)


# --- Reading ------------------------------------------------------------------------------------


def visible_to(user: User) -> QuerySet[Persona]:
    """The user's own personas and the shipped ones. A deactivated account sees no persona."""
    is_active = Exists(User.objects.filter(pk=user.pk, is_active=True))
    return Persona.objects.filter(is_active, Q(owner=user) | Q(is_shared=True))


def get_persona_for(user: User, persona_id: UUID) -> Persona:
    """A persona that the user may talk with. Raises Http404."""
    return _get(visible_to(user), persona_id)


def get_own_persona(user: User, persona_id: UUID) -> Persona:
    """A persona that the user may change. Raises Http404."""
    return _get(Persona.objects.filter(owner=user, owner__is_active=True), persona_id)


def _get(personas: QuerySet[Persona], persona_id: UUID) -> Persona:
    persona = personas.filter(pk=persona_id).first()
    if persona is None:
        raise Http404
    return persona


# --- Writing ------------------------------------------------------------------------------------


def create_persona(*, owner: User, fields: PersonaFields, avatar: bytes | None = None) -> Persona:
    """Makes a persona and records the declaration of its owner. Raises CreationRefused, QuotaExceeded."""
    quotas.check(user=owner, kind="uploads")
    refusals.refuse_to_minor(owner, fields)
    refusals.refuse_unfit(fields)
    refusals.refuse_unfit_opening(fields)
    with transaction.atomic():
        quotas.spend(user=owner, kind="uploads")
        persona = Persona.objects.create(owner=owner, **asdict(fields))
        _record_declaration(owner, persona)
        if avatar:
            _save_avatar(persona, avatar)
    logger.info("persona.created", extra={"persona": str(persona.pk), "depicts": persona.depicts})
    return persona


def update_persona(
    *, user: User, persona: Persona, fields: PersonaFields, avatar: bytes | None = None, is_without_avatar: bool = False
) -> Persona:
    """Changes a persona of the user. Raises CreationRefused, and Http404 for a persona of somebody else."""
    persona = get_own_persona(user, persona.pk)
    refusals.refuse_disabled(persona)
    refusals.refuse_to_minor(user, fields)
    refusals.refuse_unfit(fields)
    if fields.opening_line != persona.opening_line:
        refusals.refuse_unfit_opening(fields)
    is_redeclared = fields.depicts != persona.depicts
    if is_redeclared:
        refusals.refuse_after_no(persona)
    with transaction.atomic():
        for name, value in asdict(fields).items():
            setattr(persona, name, value)
        persona.save()
        if is_redeclared:
            _record_declaration(user, persona)
        if avatar:
            _save_avatar(persona, avatar)
        elif is_without_avatar:
            persona.avatar.delete()
    return persona


def ground(*, user: User, persona: Persona, is_grounded: bool) -> None:
    """Lets the persona say only what its own words say, or speak freely again. Raises CreationRefused, Http404."""
    persona = get_own_persona(user, persona.pk)
    refusals.refuse_disabled(persona)
    if is_grounded and not persona.passages.exists():
        raise refusals.CreationRefused(
            gettext("%(name)s has no words of its own yet. Add letters or messages first.") % {"name": persona.name}
        )
    Persona.objects.filter(pk=persona.pk).update(is_grounded=is_grounded)


def add_source(
    *,
    user: User,
    persona: Persona,
    file: BinaryIO | FieldFile,
    name: str,
    format: str,
    speaker: str,
    aliases: Sequence[str] = (),
    own_names: Sequence[str] = (),
    unmasked: Sequence[str] = (),
    transcripts: Mapping[str, Any] | None = None,
    is_counted: bool = True,
) -> Source:
    """Adds a file. The words of `speaker` and of its `aliases` become the persona's words.

    `format` is a name in importers.registry; `own_names`, `unmasked` and `transcripts` are as in Source. A file that is
    stored already is taken over and not copied. A worker reads it after the transaction. `is_counted`: as an upload.
    Raises ImportNotAgreed, QuotaExceeded, PersonaDisabled, Http404.
    """
    persona = get_own_persona(user, persona.pk)
    refusals.refuse_disabled(persona)
    if not import_consent.is_given(persona):
        raise refusals.ImportNotAgreed
    with transaction.atomic():
        if is_counted:
            quotas.spend(user=user, kind="uploads")
        source = Source(
            persona=persona,
            name=graphemes.beginning(name, 255),
            format=format,
            speaker=graphemes.beginning(speaker, 255),
            aliases=list(aliases),
            own_names=list(own_names),
            unmasked=list(unmasked),
            transcripts=dict(transcripts or {}),
        )
        _store(source, file, name)
        transaction.on_commit(lambda: queue_reading(user.pk))
    return source


def _store(source: Source, file: BinaryIO | FieldFile, name: str) -> None:
    """Stores the row with its file. A file that is stored already is taken over and not copied."""
    if isinstance(file, FieldFile):
        source.bytes, source.file.name = file.size, file.name
    else:
        upload = File(file)
        source.bytes = upload.size
        source.file.save(name, upload, save=False)
    source.save()


def queue_reading(owner_id: int) -> None:
    """Queues the reading of a person's uploads."""
    try:
        tasks.read_uploads.delay(owner_id)
    except OperationalError:
        logger.warning("broker.unreachable", extra={"owner": owner_id})  # `tasks.tidy` queues it again


def queue_embedding(persona_id: UUID) -> None:
    """Queues the making of missing vectors. Until a worker has made them, recall uses words alone."""
    try:
        tasks.embed_passages.delay(str(persona_id))
    except OperationalError:
        logger.warning("broker.unreachable", extra={"persona": str(persona_id)})


def remove_source(*, user: User, persona: Persona, source_id: UUID) -> None:
    """Deletes a file's utterances, passages and vectors, and the fine-tune and the portrait made of them.

    An import under way is stopped first. Raises Http404.
    """
    source = get_own_persona(user, persona.pk).sources.filter(pk=source_id).first()
    if source is None:
        raise Http404
    with transaction.atomic():
        _stop_imports([source])
        fine_tune = FineTune.objects.filter(persona=persona, queued_at__gt=source.created_at).first()
        if fine_tune is not None:
            files.delete_with(fine_tune)
        _delete_file_later(source.file)
        forgetting.forget_passages(persona.pk, source.passages.all())
        source.delete()
        computing.forget(persona)
        transaction.on_commit(engine_forgetting.ask, robust=True)
        transaction.on_commit(lambda: queue_embedding(persona.pk))  # the portrait of the rest follows it


def withdraw_import(*, user: User, persona: Persona) -> None:
    """Withdraws the consent to the import. Deletes every file's words and what was made of them. Raises Http404."""
    persona = get_own_persona(user, persona.pk)
    with transaction.atomic():
        import_consent.record_withdrawal(user, persona)
        for draft in persona.drafts.all():
            forgetting.discard(draft)
        for source_id in list(persona.sources.values_list("pk", flat=True)):
            remove_source(user=user, persona=persona, source_id=source_id)
        if fine_tune := FineTune.objects.filter(persona=persona).first():
            files.delete_with(fine_tune)
    logger.info("persona.import_withdrawn", extra={"persona": str(persona.pk)})


def duplicate_persona(*, user: User, persona: Persona) -> Persona:
    """Copies a persona that the user may see, with all words that pass the filter and the consent to their import.

    Raises CreationRefused, PersonaDisabled, QuotaExceeded, ImportFailed, Http404.
    """
    original = get_persona_for(user, persona.pk)
    refusals.refuse_to_minor(user, original)
    refusals.refuse_unconfirmed_copy(original)
    refusals.refuse_unfit(PersonaFields(**fields_of(original)))
    with storage.room_for(user, storage.of_persona(original)):
        refusals.refuse_to_hand_out(original)
        quotas.spend(user=user, kind="uploads")
        copy = Persona.objects.get(pk=original.pk)
        copy.pk, copy.owner, copy.is_shared = None, user, False
        copy.name = f"{graphemes.beginning(original.name, 73)} (copy)"
        copy.avatar = ""
        copy._state.adding = True
        copy.pk = Persona._meta.pk.get_default()
        copy.save()
        if original.avatar:
            with original.avatar.open("rb") as picture:
                _save_avatar(copy, picture.read())
        try:
            for source in original.sources.filter(status="ready"):
                copying.copy_source(source, copy)
        except ClassifierUnavailable:
            raise refusals.unavailable() from None
        _record_declaration(user, copy)
        import_consent.carry_over(original, copy)
    return copy


def delete_persona(*, user: User, persona: Persona) -> None:
    """Deletes a persona with its files, words, vectors, picture and conversations. Raises Http404."""
    remove(get_own_persona(user, persona.pk))


def remove(persona: Persona) -> None:
    """Deletes a persona without checking its owner. For `delete_persona`, which checks, and account erasure."""
    with transaction.atomic():
        _stop_imports(persona.sources.all())
        for source in persona.sources.exclude(file=""):
            _delete_file_later(source.file)
        for draft in persona.drafts.all():
            _delete_file_later(draft.avatar)
            for file in draft.files.all():
                _delete_file_later(file.file)
                for transcript in file.transcripts.all():
                    _delete_file_later(transcript.media)
        _delete_file_later(persona.avatar)
        fine_tune = FineTune.objects.filter(persona=persona).first()
        if fine_tune is not None:
            files.delete_with(fine_tune)
        forgetting.end_uses(persona)
        persona_id = persona.pk
        persona.delete()
        transaction.on_commit(engine_forgetting.ask, robust=True)
    logger.info("persona.deleted", extra={"persona": str(persona_id)})


# --- Small steps ---------------------------------------------------------------------------


def _record_declaration(user: User, persona: Persona) -> None:
    consents.record(
        user=user,
        kind=f"persona.{persona.depicts}",
        text=gettext(declarations.TEXTS[persona.depicts]),
        text_version=declarations.VERSION,
        subject_id=persona.pk,
    )


def _save_avatar(persona: Persona, picture: bytes) -> None:
    if persona.avatar:
        persona.avatar.delete(save=False)
    persona.avatar.save("avatar.webp", ContentFile(picture))


def _stop_imports(sources: Iterable[Source]) -> None:
    """Cancels imports and waits for their step, so that no words are stored while their source is deleted."""
    importing = [source.pk for source in sources if source.status == SourceStatus.IMPORTING]
    for source_id in importing:
        reading_progress.cancel(source_id)
    list(Source.objects.select_for_update().filter(pk__in=importing))


def _delete_file_later(file: Any) -> None:
    if file:
        storage, name = file.storage, file.name
        transaction.on_commit(lambda: storage.delete(name))
