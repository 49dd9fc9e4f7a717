"""Drafts keep typed fields and uploads through errors in the form, the preview, and a closed window."""

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

import msgspec
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext

from accounts.models import User
from accounts.usage import quotas
from generation.catalogue import tokens
from generation.engine import PromptPart, PromptTooLong
from moderation.categories import ClassifierUnavailable
from personas import avatars, creation, refusals, storage
from personas.archive import restoring
from personas.forgetting import delete_files_of, discard, hand_over
from personas.importers import registry
from personas.importers.base import FileTooLarge, ImportFailed, Utterance
from personas.importers.cards.afterword import AfterwordWords
from personas.importers.encodings import decoding
from personas.models import Draft, DraftFile, DraftFileStatus, Passage, Persona, Source, Transcript
from personas.persona_fields import PersonaFields
from personas.prompting import prompt, prompt_sheet
from personas.reading import importing, masking
from personas.rights import import_consent
from personas.way_in import self_description, speakers, transcripts
from text import graphemes

_MOST_DRAFTS = 20  # of one person; the oldest is discarded
_SHOWN_PASSAGES = 6
_LONGEST_LINE = 2_000  # characters of a recognised line


def get_draft_for(user: User, draft_id: UUID) -> Draft:
    """A draft of the user. Raises Http404."""
    drafts = Draft.objects.filter(owner=user, owner__is_active=True)
    draft = drafts.filter(pk=draft_id).select_related("persona").first()
    if draft is None:
        raise Http404
    return draft


def begin(user: User, *, persona: Persona | None = None) -> Draft:
    """Creates an empty draft, or a draft that changes a persona of the user. Raises Http404."""
    if persona is not None:
        persona = creation.get_own_persona(user, persona.pk)
    for old in Draft.objects.filter(owner=user).order_by("-updated_at")[_MOST_DRAFTS - 1 :]:
        discard(old)
    card = persona.card if persona else {}
    return Draft.objects.create(owner=user, persona=persona, card=card)


def keep_fields(draft: Draft, typed: Mapping[str, Any]) -> None:
    """Stores the typed fields, without the characters that a database cannot hold."""
    draft.fields = {name: _storable(value) for name, value in typed.items()}
    draft.save(update_fields=["fields", "updated_at"])  # a worker may have written the other columns meanwhile


def _storable(value: Any) -> Any:
    return decoding.clean(value) if isinstance(value, str) else value


def add_file(draft: Draft, *, name: str, stream: BinaryIO) -> DraftFile:
    """Stores a file. A worker reads it (`uploads`). Raises ImportFailed if it is refused before reading."""
    name = file_name(name)
    refuse_too_many(draft, name)
    registry.check_size(stream, name)
    upload = File(stream)
    with storage.room_for(draft.owner, upload.size):
        file = DraftFile(draft=draft, name=name, bytes=upload.size)
        file.file.save(name, upload, save=False)
        file.save()
        transaction.on_commit(lambda: creation.queue_reading(draft.owner_id))
    return file


def file_name(name: str) -> str:
    """A name that can be stored, or "file"."""
    return graphemes.ending(decoding.clean(name).strip(), 200) or "file"


def refuse_too_many(draft: Draft, name: str) -> None:
    """Raises FileTooLarge if the draft has no place for one more file."""
    if draft.files.exclude(status=DraftFileStatus.FAILED).count() >= settings.UPLOAD_FILES:
        raise FileTooLarge(
            gettext(
                "A persona can be made from %(upload_files)s files at a time; %(name)s would be one more. Save "
                "it first, or raise AFTERWORD_UPLOAD_FILES."
            )
            % {"upload_files": settings.UPLOAD_FILES, "name": name}
        )


def add_words(draft: Draft, words: str) -> None:
    """Stores pasted words as a file. Raises ImportFailed."""
    title = gettext("Pasted words")
    number = draft.files.filter(name__startswith=title).count() + 1
    name = f"{title}.txt" if number == 1 else f"{title} {number}.txt"
    add_file(draft, name=name, stream=io.BytesIO(decoding.clean(words).encode()))


def is_reading(draft: Draft) -> bool:
    """Whether a worker still has to read files of the draft."""
    return draft.files.filter(status=DraftFileStatus.READING).exists()


def set_avatar(draft: Draft, stream: BinaryIO, *, size: int) -> None:
    """Stores a picture. Raises avatars.PictureRefused, and ImportFailed if the account has no room for it."""
    picture = avatars.webp(stream, size=size)
    with storage.room_for(draft.owner, len(picture)):
        draft.avatar.delete(save=False)
        draft.avatar.save("avatar.webp", ContentFile(picture), save=False)
        draft.save(update_fields=["avatar", "updated_at"])


def forget_failures(draft: Draft) -> None:
    """Deletes the rows of files that could not be read. Their owner has seen the reasons."""
    draft.files.filter(status=DraftFileStatus.FAILED).delete()


def remove_file(draft: Draft, file_id: int) -> None:
    file = draft.files.filter(pk=file_id).first()
    if file is None:
        return
    delete_files_of(file)
    if file.format == "character-card":
        draft.card = draft.persona.card if draft.persona else {}
        draft.save(update_fields=["card", "updated_at"])
    file.delete()


def personal_data(draft: Draft) -> list[masking.Found]:
    """The personal data in the files that are read."""
    files = draft.files.filter(status=DraftFileStatus.READY)
    return masking.merged(row for rows in files.values_list("personal", flat=True) for row in rows)


def is_personal_cut(draft: Draft) -> bool:
    """Whether a file may have more personal data than `personal_data` lists."""
    rows = draft.files.filter(status=DraftFileStatus.READY).values_list("personal", flat=True)
    return any(len(each) >= masking.MOST_VALUES for each in rows)


def is_partial(draft: Draft) -> bool:
    """Whether a file is longer than the beginning that the preview and tried lines are made from."""
    return any(file.report["messages"] > len(file.beginning) for file, _ in used_files(draft))


def choose_unmasked(draft: Draft, values: Iterable[str]) -> None:
    """Keeps which personal data is not masked. A value that no file has is ignored."""
    unmasked = sorted({found.value for found in personal_data(draft)} & set(values))
    if unmasked != draft.unmasked:
        draft.unmasked = unmasked
        draft.save(update_fields=["unmasked", "updated_at"])


def correct_transcript(draft: Draft, transcript: Transcript, texts: Sequence[str]) -> None:
    """Stores the lines as a person has corrected them, and has their file read again with them.

    Raises ImportFailed if `texts` are not one for each line, or if no line would be left.
    """
    if len(texts) != len(transcript.lines):
        raise ImportFailed(gettext("The page did not arrive whole, so nothing was changed. Load it again."))
    lines = transcripts.corrected(transcript.lines, [_one_line(text) for text in texts])
    with transaction.atomic():
        Draft.objects.select_for_update().get(pk=draft.pk)
        others = transcript.file.transcripts.exclude(pk=transcript.pk)
        if not any(line["text"] for line in lines) and not any(other.lines for other in others):
            raise ImportFailed(gettext("At least one line must stay. To leave the file out, remove it in the form."))
        transcript.lines, transcript.is_checked = lines, True
        transcript.save(update_fields=["lines", "is_checked"])
        DraftFile.objects.filter(pk=transcript.file_id, status=DraftFileStatus.READY).update(
            status=DraftFileStatus.READING
        )
        transaction.on_commit(lambda: creation.queue_reading(draft.owner_id))


def _one_line(text: str) -> str:
    return " ".join(decoding.clean(text).split())[:_LONGEST_LINE]


# --- Preview and saving -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Rehearsal:
    """The result that saving would have: passages, and the prompt that the active model would get."""

    passages: int
    left_out: dict[str, int]  # passages that the filter refuses, by reason
    is_partial: bool  # the files are longer than the beginnings that this is made from
    shown: tuple[Passage, ...]
    parts: tuple[PromptPart, ...]
    tokens: int
    context_length: int
    model: str
    problem: str  # why there is no prompt, or ""


def rehearse(draft: Draft, fields: PersonaFields) -> Rehearsal:
    """Makes the persona in a transaction that is rolled back, so the preview shows exactly what saving would make.

    Raises FilterUnavailable.
    """
    left_out: Counter[str] = Counter()
    try:
        with rehearsed(draft, fields, left_out=left_out) as persona:
            return _described(persona, draft, left_out)
    except ClassifierUnavailable:
        raise refusals.unavailable() from None


@contextmanager
def rehearsed(draft: Draft, fields: PersonaFields, *, left_out: Counter[str]) -> Iterator[Persona]:
    """The persona that saving would make of the beginnings of the files. It is gone after the block.

    `left_out` counts what is left out of its words, by reason. Raises ClassifierUnavailable.
    """
    with transaction.atomic():
        persona = Persona.objects.create(owner=draft.owner, **vars(fields))
        for file, voices in used_files(draft):
            source = Source.objects.create(
                persona=persona, name=file.name, format=file.format, bytes=file.bytes, **_choices(draft, voices)
            )
            importing.store(source, msgspec.convert(file.beginning, list[Utterance]), left_out=left_out)
        yield persona
        transaction.set_rollback(True)


def used_files(draft: Draft) -> list[tuple[DraftFile, speakers.Voices]]:
    """The files that hold words of the persona, and whose words are whose in them."""
    everybody = speakers.of(draft)
    files = [
        (file, speakers.voices(file, everybody))
        for file in draft.files.filter(status=DraftFileStatus.READY).defer("beginning")
    ]
    return [(file, voices) for file, voices in files if voices.persona]


def description_candidates(draft: Draft) -> list[self_description.Candidate]:
    """Sentences of the persona's own words for its description, as they would be stored."""
    unmasked = frozenset(draft.unmasked)
    own = (
        (file.name, masking.mask(utterance, unmasked))
        for file, voices in used_files(draft)
        for utterance in msgspec.convert(file.beginning, list[Utterance])
        if utterance.speaker in voices.persona
    )
    return self_description.candidates(own, described=str(draft.fields.get("description", "")))


def accept_sentence(draft: Draft, key: str, *, name: str) -> None:
    """Adds a sentence to the description. A key that no sentence has is ignored."""
    candidate = next((each for each in description_candidates(draft) if each.key == key), None)
    if candidate is not None:
        description = str(draft.fields.get("description", ""))
        keep_fields(draft, draft.fields | {"description": self_description.added(description, candidate, name=name)})


def _choices(draft: Draft, voices: speakers.Voices) -> dict[str, Any]:
    """What a Source keeps of the choices of its draft."""
    return {
        "speaker": voices.persona[0],
        "aliases": list(voices.persona[1:]),
        "own_names": list(voices.owner),
        "unmasked": draft.unmasked,
    }


def _described(persona: Persona, draft: Draft, left_out: Mapping[str, int]) -> Rehearsal:
    info = tokens.info()
    sheet = prompt_sheet.sheet_for(persona)
    parts: tuple[PromptPart, ...] = ()
    problem = ""
    try:
        built = prompt.build(
            sheet=sheet,
            memories=[],
            turns=[],
            info=info,
            max_tokens=prompt.sampling(sheet, info).max_tokens,
            count=tokens.count,
        )
        parts = tuple(part for part in built.parts if part.tokens or part.dropped)
    except PromptTooLong as error:
        problem = str(error)
    passages = Passage.objects.filter(persona=persona)
    return Rehearsal(
        passages=passages.count(),
        left_out=dict(left_out),
        is_partial=is_partial(draft),
        shown=tuple(passages.order_by("id")[:_SHOWN_PASSAGES]),
        parts=parts,
        tokens=sum(part.tokens for part in parts),
        context_length=info.context_length,
        model=info.model,
        problem=problem,
    )


def save(draft: Draft, fields: PersonaFields, *, is_without_avatar: bool = False) -> Persona:
    """Makes a persona from the draft, or changes the draft's persona. Raises CreationRefused, QuotaExceeded."""
    picture = draft.avatar.read() if draft.avatar else None
    files = used_files(draft)
    if files and not draft.fields.get("import_consent"):
        raise refusals.ImportNotAgreed
    counted = _counted([file for file, _ in files])
    quotas.check(user=draft.owner, kind="uploads", amount=len(counted) + (draft.persona is None))
    if draft.persona is None:
        persona = creation.create_persona(owner=draft.owner, fields=fields, avatar=picture)
    else:
        persona = creation.update_persona(
            user=draft.owner,
            persona=draft.persona,
            fields=fields,
            avatar=picture,
            is_without_avatar=is_without_avatar,
        )
    if files and draft.fields.get("import_consent"):
        import_consent.record(draft.owner, persona)
    if files and draft.persona is None:
        restoring.restore(persona)
    for file, voices in files:
        with transaction.atomic():
            creation.add_source(
                user=draft.owner,
                persona=persona,
                file=file.file,
                name=file.name,
                format=file.format,
                transcripts=transcripts.known(file),
                is_counted=file.pk in counted,
                **_choices(draft, voices),
            )
            hand_over(file)
    creation.queue_embedding(persona.pk)
    discard(draft)
    return persona


def _counted(files: Sequence[DraftFile]) -> set[int]:
    """The ids of those that count as uploads. The sources of a persona's archive came as one file, and count as one."""
    unpacked = [file.pk for file in files if file.format == AfterwordWords.name]
    return {file.pk for file in files}.difference(unpacked[1:])
