"""What a persona remembers of a person, as data."""

from typing import Any

from accounts.models import User
from personas.memory.models import Memory, MemoryChoice
from personas.models import Persona


def memories_of(user: User, persona: Persona | None = None) -> list[dict[str, Any]]:
    """Every memory of the person, or only those of one persona, the oldest first. Forgotten ones hold no words."""
    rows = Memory.objects.filter(owner=user).exclude(text="")
    if persona is not None:
        rows = rows.filter(persona=persona)
    names = ("text", "asked", "kind", "said_at", "is_corrected", "is_pinned", "conversation_id", "message_id")
    return [
        {"persona": row.persona.name, **{name: getattr(row, name) for name in names}}
        for row in rows.select_related("persona").order_by("said_at", "pk")
    ]


def choices_of(user: User) -> list[dict[str, Any]]:
    return [
        {"persona": row.persona.name, "is_on": row.is_on, "is_across": row.is_across}
        for row in MemoryChoice.objects.filter(owner=user).select_related("persona")
    ]
