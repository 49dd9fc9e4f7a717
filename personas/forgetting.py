"""Discards drafts, and lets other rooms end their uses of a persona that is deleted.

A room above this one registers a function for that in `AppConfig.ready()`.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from personas.models import Draft, DraftFile, Persona

DRAFTS_KEPT = timedelta(days=2)

_ends: list[Callable[[Persona], None]] = []


def register(end: Callable[[Persona], None]) -> None:
    """Registers a room's function. It is called before the persona is deleted, in the same transaction."""
    _ends.append(end)


def end_uses(persona: Persona) -> None:
    for end in _ends:
        end(persona)


def discard(draft: Draft) -> None:
    """Deletes a draft and its files."""
    for file in draft.files.all():
        delete_files_of(file)
    draft.avatar.delete(save=False)
    draft.delete()


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
