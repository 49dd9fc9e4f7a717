"""Discards drafts and stored files that no row names, and lets other rooms end their uses of what is deleted.

A room above this one registers functions for that in `AppConfig.ready()`: for a persona, and for passages of one.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone

from generation.jobs import forgetting as engine_forgetting
from personas.models import Draft, DraftFile, Passage, Persona, Source, Transcript

DRAFTS_KEPT = timedelta(days=2)
ORPHANS_KEPT = timedelta(days=1)  # far longer than a file may be stored before its row is committed

_FILES: tuple[tuple[type[models.Model], str], ...] = (
    (Source, "file"), (DraftFile, "file"), (Draft, "avatar"), (Transcript, "media"), (Persona, "avatar"),
)  # fmt: skip

_Forget = Callable[[UUID, models.QuerySet[Passage]], None]  # persona's id, passages of it

_ends: list[Callable[[Persona], None]] = []
_forgets: list[_Forget] = []


def register(end: Callable[[Persona], None]) -> None:
    """Registers a room's function. It is called before the persona is deleted, in the same transaction."""
    _ends.append(end)


def register_passages(forget: _Forget) -> None:
    """Registers a room's function. It is called before passages of a persona are deleted, in the same transaction."""
    _forgets.append(forget)


def end_uses(persona: Persona) -> None:
    """Calls every registered function."""
    for end in _ends:
        end(persona)


def forget_passages(persona_id: UUID, passages: models.QuerySet[Passage]) -> None:
    """Has other rooms remove the words of passages that are about to be deleted."""
    for forget in _forgets:
        forget(persona_id, passages)


def discard(draft: Draft) -> None:
    """Deletes a draft and its files."""
    for file in draft.files.all():
        delete_files_of(file)
    draft.avatar.delete(save=False)
    draft.delete()
    transaction.on_commit(engine_forgetting.ask, robust=True)  # a line may have been tried with its words


def delete_files_of(file: DraftFile) -> None:
    """Deletes the stored file of an upload, and the pages and sounds that its words are corrected beside."""
    for transcript in file.transcripts.all():
        transcript.media.delete(save=False)
    file.file.delete(save=False)


def hand_over(file: DraftFile) -> None:
    """Forgets an upload whose stored file belongs to a source now, with what its words were corrected beside."""
    for media in [transcript.media for transcript in file.transcripts.all()]:
        transaction.on_commit(partial(media.storage.delete, str(media.name)))
    file.delete()


def discard_old() -> None:
    """Discards up to a hundred drafts that have not changed for DRAFTS_KEPT; the next call goes on."""
    for draft in Draft.objects.filter(updated_at__lt=timezone.now() - DRAFTS_KEPT)[:100]:
        discard(draft)


def delete_orphans() -> None:
    """Deletes stored files older than ORPHANS_KEPT that no row names: a process that is killed leaves them behind."""
    before = timezone.now() - ORPHANS_KEPT
    orphans = {name for folder in ("uploads", "avatars") for name in _files_of(folder) if _is_older(name, before)}
    for model, field in _FILES:
        orphans -= set(model._default_manager.filter(**{f"{field}__in": orphans}).values_list(field, flat=True))
    for name in orphans:
        default_storage.delete(name)


def _files_of(folder: str) -> list[str]:
    return [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]] if default_storage.exists(folder) else []


def _is_older(name: str, before: datetime) -> bool:
    with suppress(FileNotFoundError):  # deleted meanwhile
        return default_storage.get_modified_time(name) < before
    return False
