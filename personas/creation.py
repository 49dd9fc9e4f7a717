"""The doors of a persona: make, change, add words, copy, delete. They also decide who may see it.

CreationRefused         `user_message` says what is wrong and what to do
├── WordsRefused        the filter refuses these words for a persona
├── PersonaDisabled     a moderator has disabled it
├── NotForMinors        its owner is under 18, and it is somebody close
├── ImportNotAgreed     its owner has not agreed to the import of words (compliance GD2)
└── FilterUnavailable   the filter cannot judge now, so nothing is saved
accounts.usage.quotas.QuotaExceeded and personas.importers.base.ImportFailed pass through.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
from moderation import plain_words
from moderation.desk import restrictions
from moderation.filter import gate
from moderation.filter.classifiers.base import ClassifierUnavailable
from personas import access, copying, forgetting, judging, storage, tasks
from personas.finetuning import files
from personas.models import Answer, Confirmation, FineTune, Persona, Source, SourceStatus
from personas.portrait import computing
from personas.prompting import prompt_sheet
from personas.reading import reading_progress
from personas.rights import declarations, import_consent
from text import graphemes

logger = logging.getLogger(__name__)


class CreationRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


class WordsRefused(CreationRefused):
    pass


class PersonaDisabled(CreationRefused):
    def __init__(self, persona: Persona) -> None:
        super().__init__(
            gettext(
                "A moderator has disabled %(name)s, so it can be neither copied nor changed. Its owner can "
                "object to the decision. Until the decision is lifted, everything stays as it is."
            )
            % {"name": persona.name}
        )


class NotForMinors(CreationRefused):
    pass


class ImportNotAgreed(CreationRefused):
    def __init__(self) -> None:
        super().__init__(
            gettext(
                "The words of these files are read and stored only if you agree. Tick the box for that in the form."
            )
        )


class FilterUnavailable(CreationRefused):
    pass


@dataclass(frozen=True)
class PersonaFields:
    """The values that an owner gives a persona. `examples` are exchanges of [speaker, text], "user" or "persona"."""

    name: str
    depicts: str
    relation: str = ""
    calls_user: str = ""
    description: str = ""
    scenario: str = ""
    opening_line: str = ""
    sayings: list[str] = field(default_factory=list)
    examples: list[list[list[str]]] = field(default_factory=list)
    language: str = "en"
    sampling: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text of it that a prompt or a page may show, as (label, text)."""
        yield from (
            (gettext("its name"), self.name),
            (gettext("how it relates to you"), self.relation),
            (gettext("what it calls you"), self.calls_user),
            (gettext("its description"), self.description),
            (gettext("where and when it is"), self.scenario),
            (gettext("its opening line"), self.opening_line),
        )
        yield from ((gettext("what it says"), saying) for saying in self.sayings)
        yield from ((gettext("a sample exchange"), text) for exchange in self.examples for _, text in exchange)
        yield from judging.card_texts(self.card)


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
    refuse_to_minor(owner, fields)
    refuse_unfit(fields)
    _refuse_unfit_opening(fields)
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
    refuse_disabled(persona)
    refuse_to_minor(user, fields)
    refuse_unfit(fields)
    if fields.opening_line != persona.opening_line:
        _refuse_unfit_opening(fields)
    is_redeclared = fields.depicts != persona.depicts
    if is_redeclared:
        _refuse_after_no(persona)
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
    refuse_disabled(persona)
    if is_grounded and not persona.passages.exists():
        raise CreationRefused(
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
    refuse_disabled(persona)
    if not import_consent.is_given(persona):
        raise ImportNotAgreed
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
    refuse_to_minor(user, original)
    _refuse_unconfirmed_copy(original)
    refuse_unfit(PersonaFields(**fields_of(original)))
    with storage.room_for(user, storage.of_persona(original)):
        refuse_to_hand_out(original)
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
            raise unavailable() from None
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


# --- Checks and small steps ---------------------------------------------------------------------------


def refuse_to_minor(user: User, portrait: access.Portrait) -> None:
    """Raises NotForMinors (compliance CN5)."""
    if refusal := access.refusal_to_minor(user, portrait):
        raise NotForMinors(refusal.user_message)


def _refuse_after_no(persona: Persona) -> None:
    """Raises CreationRefused if the living person whom the persona depicts has said no: it cannot become another's."""
    if _is_refused(persona):
        raise CreationRefused(
            gettext(
                "The person whom %(name)s depicts does not agree, so it cannot depict somebody else now. Delete it."
            )
            % {"name": persona.name}
        )


def _is_refused(persona: Persona) -> bool:
    return Confirmation.objects.filter(persona=persona, answer__in=[Answer.NO, Answer.WITHDRAWN]).exists()


def _refuse_unconfirmed_copy(persona: Persona) -> None:
    """Raises CreationRefused for a living person's persona without their yes: a copy would not know of a later no."""
    if not _is_refused(persona) and access.unconfirmed(persona):
        raise CreationRefused(
            gettext("%(name)s depicts a living person, who has not agreed yet. It can be copied when they have.")
            % {"name": persona.name}
        )


def refuse_to_hand_out(persona: Persona) -> None:
    """Raises CreationRefused if no copy and no file may be made of a persona: what is made of it would be free to talk.

    So it is while it rests or is disabled, and after the living person whom it depicts has said no (compliance H6).
    """
    refuse_disabled(persona)
    if _is_refused(persona):
        raise CreationRefused(
            gettext("The person whom %(name)s depicts does not agree, so it can be neither copied nor downloaded.")
            % {"name": persona.name}
        )


def reason_against_handing_out(persona: Persona) -> str:
    """What `refuse_to_hand_out` says, or ""."""
    try:
        refuse_to_hand_out(persona)
    except CreationRefused as refusal:
        return refusal.user_message
    return ""


def refuse_disabled(persona: Persona) -> None:
    """Raises CreationRefused while an objection waits, PersonaDisabled while a decision against the persona stands."""
    if resting := access.resting(persona):
        raise CreationRefused(resting.user_message)
    if restrictions.is_disabled(persona.pk):
        raise PersonaDisabled(persona)


def refuse_restricted(user: User, persona: Persona) -> None:
    """Raises CreationRefused with the statement of a decision that keeps this person from the model."""
    if active := restrictions.active_for(user=user, persona_id=persona.pk):
        raise CreationRefused(active[0].statement)


def refuse_unfit(fields: PersonaFields) -> None:
    """Raises WordsRefused if the filter finds hatred or the sexualisation of children. Raises FilterUnavailable."""
    labels = {text: label for label, text in reversed(list(fields.texts())) if text.strip()}
    # A card's placeholders and comments can split a word. So the text with placeholders filled is judged too.
    filled_labels = {prompt_sheet.fill(fields, text): label for text, label in labels.items()}
    labels = filled_labels | labels
    texts = list(labels)
    try:
        refusals = judging.refusals(texts, beside_child=judging.mentions_child(texts))
    except ClassifierUnavailable:
        raise unavailable() from None
    for text, category in zip(texts, refusals, strict=True):
        if category:
            raise WordsRefused(
                gettext(
                    "A persona may not be made of these words: the filter reads %(text)s as “%(category)s” "
                    "(%(category_in_words)s). Change that, and look at the preview again."
                )
                % {
                    "text": labels[text],
                    "category": category,
                    "category_in_words": plain_words.category_in_words(category),
                }
            )


def _refuse_unfit_opening(fields: PersonaFields) -> None:
    """Raises WordsRefused if the filter would block the opening line. Raises FilterUnavailable."""
    try:
        for _ in gate.cleared(iter(filter(None, [prompt_sheet.fill(fields, fields.opening_line)]))):
            pass
    except gate.Blocked as blocked:
        raise WordsRefused(
            gettext(
                "The opening line would be withheld from its readers: the filter reads it as “%(category)s” "
                "(%(blocked)s). Change it, or leave it empty."
            )
            % {"category": blocked.verdict.category, "blocked": plain_words.category_in_words(blocked.verdict.category)}
        ) from None
    except ClassifierUnavailable:
        raise unavailable() from None


def unavailable() -> FilterUnavailable:
    """The error that the doors raise while the filter cannot judge."""
    return FilterUnavailable(
        gettext(
            "The filter that reads new personas is not available right now, so nothing was saved. "
            "What you typed is kept; try again in a few minutes."
        )
    )


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


def fields_of(persona: Persona) -> Mapping[str, Any]:
    """The present values of a persona's PersonaFields."""
    return {name: getattr(persona, name) for name in PersonaFields.__dataclass_fields__}
