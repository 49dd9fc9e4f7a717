"""Forgets what a person said: one memory, all of them, or those of a message or a conversation that is deleted.

A memory that a person forgets leaves a row without words, so that its line is not read again. The rooms above register
with `register` and remove the words from what they keep: from stored prompts, and from the turns of later prompts. The
engines forget the prompts that they have read (compliance M2).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from generation.jobs import forgetting as engine_forgetting
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


@dataclass(frozen=True)
class Forgotten:
    """Words of a deleted row, or of a part of a row, that prompts may have recalled."""

    row: int
    persona_id: UUID
    text: str
    asked: str


def forget_messages(conversation_id: UUID, texts: dict[UUID, str]) -> list[Forgotten]:
    """Deletes what came from messages that are deleted, and returns it. `texts` are theirs, by their ids.

    A question of theirs that another message answered is taken from what that answer is remembered with.
    """
    asked = Memory.objects.filter(conversation_id=conversation_id).exclude(asked="").exclude(message_id__in=texts)
    answers = [row for row in asked if any(row.asked in text for text in texts.values())]
    Memory.objects.filter(pk__in=[row.pk for row in answers]).update(asked="", embedding=None, embedder="")
    questions = [Forgotten(row.pk, row.persona_id, "", row.asked) for row in answers]
    return questions + _deleted(Memory.objects.filter(message_id__in=texts))


def forget_conversation(conversation_id: UUID) -> list[Forgotten]:
    """Deletes what came from a conversation that is deleted, and returns it."""
    return _deleted(Memory.objects.filter(conversation_id=conversation_id))


def _deleted(memories: QuerySet[Memory]) -> list[Forgotten]:
    rows = [Forgotten(row.pk, row.persona_id, row.text, row.asked) for row in memories.select_for_update()]
    memories.delete()
    return rows


def listeners(message_ids: Iterable[UUID]) -> set[UUID]:
    """The ids of the personas that remember, or had to forget, something of these messages."""
    rows = Memory.objects.filter(message_id__in=list(message_ids))
    return set(rows.values_list("persona_id", flat=True))


def without_forgotten(persona_id: UUID, texts: dict[UUID, str]) -> dict[UUID, str]:
    """The texts of messages, by their ids, without the pieces that this persona forgot.

    Only changed ones are returned.
    """
    return {message_id: _without(texts[message_id], pieces) for message_id, pieces in _forgotten(persona_id, texts)}


def forgotten_pieces(persona_id: UUID, texts: dict[UUID, str]) -> frozenset[str]:
    """The pieces of these messages that this persona forgot."""
    return frozenset(piece for _, pieces in _forgotten(persona_id, texts) for piece in pieces)


def _forgotten(persona_id: UUID, texts: dict[UUID, str]) -> list[tuple[UUID, list[str]]]:
    """The messages of which a piece was forgotten, with these pieces."""
    rows = Memory.objects.filter(persona_id=persona_id, message_id__in=texts, text="")
    positions: dict[UUID, set[int]] = {}
    for message_id, position in rows.values_list("message_id", "position"):
        positions.setdefault(message_id, set()).add(position)
    return [
        (message_id, [piece for position, piece in units(texts[message_id]).items() if position in found])
        for message_id, found in positions.items()
    ]


def _without(text: str, pieces: Iterable[str]) -> str:
    for piece in pieces:
        text = text.replace(piece, "")
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
    transaction.on_commit(engine_forgetting.ask, robust=True)


def _empty_questions(user: User, persona_id: UUID, texts: list[str]) -> None:
    """A question of the persona may repeat what is forgotten. One that shares a word with it is dropped."""
    words = set(terms(" ".join(texts)))
    asked = _of(user, persona_id).exclude(asked="")
    shared = [row.pk for row in asked if words & set(terms(row.asked))]
    Memory.objects.filter(pk__in=shared).update(asked="", embedding=None, embedder="")
