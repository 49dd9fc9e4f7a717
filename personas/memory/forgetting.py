"""Forgets what a person said: one memory, all of them, or those of a message or a conversation that is deleted.

A memory that a person forgets leaves a row without words, so that its line is not read again. The rooms above register
with `register` and remove the words from what they keep: from stored prompts, and from the turns of later prompts.
"""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from personas.memory.models import Memory
from personas.memory.search import terms
from personas.memory.units import units
from personas.models import Persona

Forget = Callable[[User, UUID, list[str]], None]  # person, persona's id, texts that are forgotten

_others: list[Forget] = []


def register(forget: Forget) -> None:
    """Registers a room's function. It is called in the transaction that forgets."""
    _others.append(forget)


@transaction.atomic
def forget(memory: Memory) -> None:
    """Forgets the memory, with what it replaced, and with the same words said at other times."""
    same = Q(text__iexact=memory.text)
    if memory.slot:
        same |= Q(slot=memory.slot)
    _empty(memory.owner, memory.persona_id, _of(memory.owner, memory.persona_id).filter(same))


@transaction.atomic
def forget_all(user: User, persona: Persona) -> None:
    _empty(user, persona.pk, _of(user, persona.pk))


def forget_message(message_id: UUID) -> None:
    """Deletes what came from a message that is deleted."""
    Memory.objects.filter(message_id=message_id).delete()


def forget_conversation(conversation_id: UUID) -> None:
    """Deletes what came from a conversation that is deleted."""
    Memory.objects.filter(conversation_id=conversation_id).delete()


def without_forgotten(persona_id: UUID, texts: dict[UUID, str]) -> dict[UUID, str]:
    """The texts of messages, by their ids, without the pieces that this persona forgot.

    Only changed ones are returned.
    """
    forgotten = Memory.objects.filter(persona_id=persona_id, message_id__in=texts, text="")
    positions: dict[UUID, set[int]] = {}
    for message_id, position in forgotten.values_list("message_id", "position"):
        positions.setdefault(message_id, set()).add(position)
    return {message_id: _without(texts[message_id], found) for message_id, found in positions.items()}


def _without(text: str, positions: Iterable[int]) -> str:
    pieces = units(text)
    for position in positions:
        if position in pieces:
            text = text.replace(pieces[position], "")
    return text.strip()


def _of(user: User, persona_id: UUID) -> QuerySet[Memory]:
    return Memory.objects.filter(owner=user, persona_id=persona_id).exclude(text="")


def _empty(user: User, persona_id: UUID, memories: QuerySet[Memory]) -> None:
    rows = list(memories)
    texts = [row.text for row in rows]
    Memory.objects.filter(pk__in=[row.pk for row in rows]).update(
        text="", asked="", slot="", kind="", embedding=None, embedder="", is_pinned=False
    )
    _empty_questions(user, persona_id, texts)
    for tell in _others:
        tell(user, persona_id, texts)


def _empty_questions(user: User, persona_id: UUID, texts: list[str]) -> None:
    """A question of the persona may repeat what is forgotten. One that shares a word with it is dropped."""
    words = set(terms(" ".join(texts)))
    asked = _of(user, persona_id).exclude(asked="")
    shared = [row.pk for row in asked if words & set(terms(row.asked))]
    Memory.objects.filter(pk__in=shared).update(asked="", embedding=None, embedder="")
