"""Discards drafts, and lets other rooms end their uses of a persona that is deleted.

A room above this one registers a function for that in `AppConfig.ready()`.
"""

from collections.abc import Callable

from personas.models import Draft, Persona

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
        file.file.delete(save=False)
    draft.avatar.delete(save=False)
    draft.delete()
