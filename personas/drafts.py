"""Drafts: what was typed and uploaded survives an error in the form, the preview, and a closed window.

DraftRefused            `user_message` says what is wrong with one upload
"""

import io
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.http import Http404

from accounts import quotas
from accounts.models import User
from generation.catalogue import tokens
from generation.engines.base import PromptPart, PromptTooLong
from moderation.filter.classifiers.base import ClassifierUnavailable
from personas import avatars, creation, importing, judging, prompt, prompt_sheet, storage
from personas.creation import PersonaFields
from personas.forgetting import discard
from personas.importers import character_card, decoding, registry
from personas.importers.base import FileTooLarge, ImportFailed
from personas.importers.summary import Summary
from personas.models import Draft, DraftFile, Passage, Persona, Source
from text import graphemes

logger = logging.getLogger(__name__)

_MOST_DRAFTS = 20  # of one person; the oldest goes
_REHEARSED = 3_000  # utterances of each file that the preview reads
_SHOWN_PASSAGES = 6


def get_draft_for(user: User, draft_id: UUID) -> Draft:
    """Raises Http404."""
    drafts = Draft.objects.filter(owner=user, owner__is_active=True)
    draft = drafts.filter(pk=draft_id).select_related("persona").first()
    if draft is None:
        raise Http404
    return draft


def begin(user: User, *, persona: Persona | None = None) -> Draft:
    """An empty draft, or one that changes a persona of the user's. Raises Http404."""
    if persona is not None:
        persona = creation.get_own_persona(user, persona.pk)
    for old in Draft.objects.filter(owner=user).order_by("-updated_at")[_MOST_DRAFTS - 1 :]:
        discard(old)
    card = persona.card if persona else {}
    return Draft.objects.create(owner=user, persona=persona, card=card)


def keep_fields(draft: Draft, typed: Mapping[str, Any]) -> None:
    """Keeps what was typed, without the characters that a database cannot hold."""
    draft.fields = {name: _storable(value) for name, value in typed.items()}
    draft.save()


def _storable(value: Any) -> Any:
    return decoding.clean(value) if isinstance(value, str) else value


def add_file(draft: Draft, *, name: str, stream: BinaryIO) -> DraftFile:
    """Reads a file through and keeps it with what was understood. Raises ImportFailed."""
    name = graphemes.ending(decoding.clean(name).strip(), 200) or "file"
    if draft.files.count() >= settings.UPLOAD_FILES:
        raise FileTooLarge(
            f"A persona can be made from {settings.UPLOAD_FILES} files at a time; {name} would be one more. "
            "Save it first, or raise AFTERWORD_UPLOAD_FILES."
        )
    importer = registry.choose(stream, name)
    summary = Summary(importer.name)
    for _ in summary.watch(importer.parse(stream)):
        pass
    card = _read_card(draft, stream) if importer.name == "character-card" else None
    if not summary.messages and card is None:
        raise ImportFailed(f"{name} holds no words that could be used.")
    stream.seek(0)
    file = DraftFile(
        draft=draft,
        name=name,
        format=importer.name,
        bytes=stream.seek(0, io.SEEK_END),
        report=summary.as_json(),
        samples=summary.samples,
    )
    file.speaker = _likely_speaker(summary, str(draft.fields.get("name", "")), card)
    stream.seek(0)
    with storage.room_for(draft.owner, file.bytes):
        file.file.save(name, File(stream), save=False)
        file.save()
    return file


def _likely_speaker(summary: Summary, name: str, card: character_card.CardFields | None) -> str:
    """Who is the persona: the one named like it, or else the one with the most lines."""
    if card is not None:
        return card.name
    wanted = name.casefold().split()
    for speaker in summary.speakers:
        if wanted and set(wanted) & set(speaker.casefold().split()):
            return speaker
    return summary.speakers.most_common(1)[0][0]


def _read_card(draft: Draft, stream: BinaryIO) -> character_card.CardFields:
    """Fills what is still blank from a card, and takes its picture."""
    card = character_card.read(stream)
    filled = {
        "name": graphemes.beginning(card.name, 80),
        "depicts": "fictional",
        "description": "\n\n".join(filter(None, [card.description, card.personality])),
        "scenario": card.scenario,
        "opening_line": card.opening_line,
        "examples": written_examples([[list(turn) for turn in exchange] for exchange in card.examples]),
    }
    draft.fields = draft.fields | {name: value for name, value in filled.items() if not draft.fields.get(name)}
    draft.card = card.card
    draft.save()
    if card.picture and not draft.avatar:
        try:
            set_avatar(draft, io.BytesIO(card.picture), size=len(card.picture))
        except (avatars.PictureRefused, ImportFailed) as refusal:
            logger.info("card.picture_refused", extra={"draft": str(draft.pk), "why": type(refusal).__name__})
    return card


def written_examples(exchanges: Sequence[Sequence[Sequence[str]]]) -> str:
    """Exchanges as they stand in the form: `> ` before what is said to the persona, a blank line between."""
    return "\n\n".join(
        "\n".join(f"> {text}" if speaker == "user" else text for speaker, text in exchange) for exchange in exchanges
    )


def set_avatar(draft: Draft, stream: BinaryIO, *, size: int) -> None:
    """Raises avatars.PictureRefused, and ImportFailed where the account has no room for it."""
    picture = avatars.webp(stream, size=size)
    with storage.room_for(draft.owner, len(picture)):
        draft.avatar.delete(save=False)
        draft.avatar.save("avatar.webp", ContentFile(picture))


def remove_file(draft: Draft, file_id: int) -> None:
    file = draft.files.filter(pk=file_id).first()
    if file is None:
        return
    file.file.delete(save=False)
    if file.format == "character-card":
        draft.card = draft.persona.card if draft.persona else {}
        draft.save()
    file.delete()


def choose_speakers(draft: Draft, chosen: Mapping[int, str]) -> None:
    """Whose words of each file are the persona's; what the file does not hold is ignored."""
    for file in draft.files.all():
        speaker = chosen.get(file.pk)
        if speaker is not None and speaker in file.report["speakers"] and speaker != file.speaker:
            file.speaker = speaker
            file.save()


# --- Preview and saving -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Rehearsal:
    """What saving would make: words, and the prompt as the active model would get it."""

    passages: int
    left_out: dict[str, int]  # passages that the filter refuses, by reason
    is_partial: bool  # the files hold more than the preview read
    shown: tuple[Passage, ...]
    parts: tuple[PromptPart, ...]
    tokens: int
    context_length: int
    model: str
    problem: str  # why there is no prompt, or ""


class _RolledBack(Exception):
    """Ends a rehearsal; never leaves `rehearse`."""


def rehearse(draft: Draft, fields: PersonaFields) -> Rehearsal:
    """Makes the persona in a transaction that is rolled back, so what is shown is what will be.

    Raises ImportFailed, and FilterUnavailable.
    """
    found: list[Rehearsal] = []
    try:
        with transaction.atomic():
            persona = Persona.objects.create(owner=draft.owner, **vars(fields))
            for file in draft.files.all():
                source = Source(
                    persona=persona, name=file.name, format=file.format, speaker=file.speaker, bytes=file.bytes
                )
                source.file = file.file.name
                source.save()
                importing.read(source, limit=_REHEARSED)
            found.append(_described(persona, draft))
            raise _RolledBack
    except _RolledBack:
        return found[0]
    except ClassifierUnavailable:
        raise creation.unavailable() from None


def _described(persona: Persona, draft: Draft) -> Rehearsal:
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
    left_out: Counter[str] = Counter()
    for source in persona.sources.all():
        left_out.update(judging.left_out_of(source.report))
    return Rehearsal(
        passages=passages.count(),
        left_out=dict(left_out),
        is_partial=any(file.report["messages"] > _REHEARSED for file in draft.files.all()),
        shown=tuple(passages.order_by("id")[:_SHOWN_PASSAGES]),
        parts=parts,
        tokens=sum(part.tokens for part in parts),
        context_length=info.context_length,
        model=info.model,
        problem=problem,
    )


def save(draft: Draft, fields: PersonaFields, *, is_without_avatar: bool = False) -> Persona:
    """The draft becomes a persona, or changes the one it was begun for. Raises CreationRefused, QuotaExceeded."""
    picture = draft.avatar.read() if draft.avatar else None
    quotas.check(user=draft.owner, kind="uploads", amount=max(1, draft.files.count()))
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
    for file in draft.files.all():
        with file.file.open("rb") as stream:
            creation.add_source(
                user=draft.owner,
                persona=persona,
                file=cast(BinaryIO, stream),
                name=file.name,
                format=file.format,
                speaker=file.speaker,
            )
    creation.queue_embedding(persona.pk)
    discard(draft)
    return persona
