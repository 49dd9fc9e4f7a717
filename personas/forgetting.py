"""Drafts that nobody needs any more, and what other rooms keep of a persona that is deleted.

A room above this one registers how it ends its uses of a persona in `AppConfig.ready()`.
"""

from collections.abc import Callable

from personas.models import Draft, Persona

_ends: list[Callable[[Persona], None]] = []


def register(end: Callable[[Persona], None]) -> None:
    """Registers a room's part: `end` is called in the transaction that deletes the persona, before it."""
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
