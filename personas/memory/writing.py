"""Remembers what a person said to a persona: reads turns (`read`), and stores what they hold (`store`).

The caller passes only turns that the filter let the persona answer. Words at the step *passive* of the crisis ladder or
above are answered by the site and never come here; the patterns of the ladder look once more, for turns that were
judged by an older version.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from moderation.crisis import ladder
from moderation.filter.encoder import EncoderMissing
from moderation.talk import Turn
from personas.embedders.base import Embedder
from personas.embedders.choice import embedder_for
from personas.memory.facts import fact_in
from personas.memory.models import Memory
from personas.memory.units import has_words, is_short, last_question, units

logger = logging.getLogger(__name__)

_AT_ONCE = 32  # texts embedded in one pass


def is_known(persona_id: UUID, message_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the messages that were read already, for what this persona remembers."""
    read_before = Memory.objects.filter(persona_id=persona_id, message_id__in=list(message_ids))
    return set(read_before.values_list("message_id", flat=True))


def read(*, persona_id: UUID, owner_id: int, conversation_id: UUID, turns: Sequence[Turn]) -> list[Memory]:
    """The memories, not yet stored, of the person's turns that were not read before. `turns` come oldest first."""
    known = is_known(persona_id, (turn.message_id for turn in turns))
    memories: list[Memory] = []
    for before, turn in zip([None, *turns], turns, strict=False):
        if turn.speaker == "user" and turn.message_id not in known and not _is_crisis(turn.text):
            asked = last_question(before.text) if before and before.speaker == "persona" and is_short(turn.text) else ""
            memories += _memories_of(turn, asked)
    for memory in memories:
        memory.persona_id, memory.owner_id, memory.conversation_id = persona_id, owner_id, conversation_id
    embed(memories)
    return memories


def store(memories: Sequence[Memory]) -> None:
    """Stores what `read` returned. Pieces that were stored meanwhile stay as they are."""
    Memory.objects.bulk_create(memories, ignore_conflicts=True)


def embed(memories: Sequence[Memory]) -> None:
    """Gives them their vectors. Without an embedder's weights they have none, and words alone find them."""
    by_name: dict[str, tuple[Embedder, list[Memory]]] = {}
    for memory in memories:
        embedder = embedder_for(memory.text)
        by_name.setdefault(embedder.name, (embedder, []))[1].append(memory)
    for embedder, own in by_name.values():
        for start in range(0, len(own), _AT_ONCE):
            _embed(own[start : start + _AT_ONCE], embedder)


def _embed(memories: Sequence[Memory], embedder: Embedder) -> None:
    try:
        vectors = embedder.embed([f"{memory.asked} {memory.text}".strip() for memory in memories])
    except EncoderMissing:
        logger.warning("memory.words_only", extra={"embedder": embedder.name})
        return
    for memory, vector in zip(memories, vectors, strict=True):  # float32 [dimensions]
        memory.embedding, memory.embedder = vector, embedder.name


def _is_crisis(text: str) -> bool:
    return ladder.is_for_the_site(ladder.level(text))


def _memories_of(turn: Turn, asked: str) -> Iterator[Memory]:
    for position, piece in units(turn.text).items():
        if not asked and not has_words(piece):
            continue
        fact = fact_in(f"{asked} {piece}".strip()) if asked else fact_in(piece)
        yield Memory(
            message_id=turn.message_id,
            position=position,
            text=piece,
            asked=asked,
            kind=fact.kind if fact else "",
            slot=fact.slot if fact else "",
            said_at=turn.at,
        )
