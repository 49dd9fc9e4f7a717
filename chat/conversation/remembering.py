"""Passes what was said to the memory, asks it what bears on a message, and removes what a person forgets.

`personas.memory` knows nothing of conversations. This module tells it who said what and when, in the background after
each reply, and leaves out every message that the filter withheld.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from chat.conversation import persona_words, stored_prompts, transcripts
from chat.models import Author, Conversation, Message, Origin, Reply
from chat.socket import frames
from generation.jobs import forgetting as engine_forgetting
from generation.jobs import stream
from moderation.talk import Turn
from persona_site.redis import rewrite_log
from personas.memory import choices, forgetting, told, writing
from personas.memory.forgetting import Forgotten
from personas.memory.models import Memory
from personas.memory.search import terms
from personas.memory.told import Told
from personas.models import Persona
from personas.prompting.prompt import Spoken

_NEWEST = 16  # turns that are read after a reply; a conversation of which nothing is remembered yet is read whole
_SHORT = 40  # characters; a longer message says by itself what it is about
_POINTS_BACK = re.compile(
    r"\b(?:he|she|it|they|him|her|his|their|them|that|this|there)\b|[他她它]|那[个里时]", re.IGNORECASE
)


def look_at(conversation_id: UUID) -> None:
    """Remembers the new turns of the read branch. Does nothing if the conversation was deleted meanwhile."""
    conversation = Conversation.objects.select_related("owner", "persona").filter(pk=conversation_id).first()
    if conversation is None:
        return
    for persona in conversation.personas:
        if choices.choice_of(conversation.owner, persona).is_on:
            _look_for(conversation, persona)


def _look_for(conversation: Conversation, persona: Persona) -> None:
    memories = writing.read(
        persona_id=persona.pk,
        owner_id=conversation.owner_id,
        conversation_id=conversation.id,
        turns=_new_turns(conversation, persona),
    )
    with transaction.atomic():  # after a deletion nothing may be stored
        if memories and Conversation.objects.select_for_update().filter(pk=conversation.pk).exists():
            writing.store(_of_stored_messages(conversation, memories))


def _of_stored_messages(conversation: Conversation, memories: Sequence[Memory]) -> list[Memory]:
    """Those of messages that were not deleted meanwhile. An answer to a deleted question is read again later."""
    stored_ids = set(
        conversation.messages.filter(pk__in={each.message_id for each in memories}).values_list("pk", flat=True)
    )
    own = conversation.messages.filter(author=Author.PERSONA)
    return [
        each
        for each in memories
        if each.message_id in stored_ids and (not each.asked or own.filter(text__contains=each.asked).exists())
    ]


def _new_turns(conversation: Conversation, persona: Persona) -> Sequence[Turn]:
    newest = transcripts.newest_turns(conversation.head_id, _NEWEST)
    if len(newest) < _NEWEST or writing.is_known(persona.pk, (turn.message_id for turn in newest)):
        return newest
    return transcripts.turns(conversation, conversation.head_id)


def recall(conversation: Conversation, persona: Persona, head: UUID | None, turns: Sequence[Spoken]) -> list[Told]:
    """What the person said to the persona long before that bears on the last turn, the most fitting first."""
    if not turns or turns[-1].speaker != "user":
        return []
    return told.recall(
        user=conversation.owner,
        persona=persona,
        conversation_id=conversation.id,
        query=_query(turns),
        unread=_unread(conversation, head),
    )


def _query(turns: Sequence[Spoken]) -> str:
    """The newest message. One that only points back ("And his name?") is read with the one before it."""
    own = [turn.text for turn in turns if turn.speaker == "user"]
    points_back = len(own[-1]) < _SHORT and (_POINTS_BACK.search(own[-1]) or not terms(own[-1]))
    return f"{own[-2]} {own[-1]}" if points_back and len(own) > 1 else own[-1]


def _unread(conversation: Conversation, head: UUID | None) -> list[UUID]:
    """The person's messages that are not on the branch down to `head`."""
    path = transcripts.path_to(head)
    own = conversation.messages.filter(author=Author.USER).exclude(id__in=path)
    return list(own.values_list("id", flat=True))


def without_forgotten(persona: Persona, turns: Sequence[Turn]) -> list[Turn]:
    """The turns without the words that the person had the persona forget. The last one is to be answered, and stays."""
    changed = forgetting.without_forgotten(
        persona.pk, {turn.message_id: turn.text for turn in turns[:-1] if turn.speaker == "user"}
    )
    kept = [replace(turn, text=changed.get(turn.message_id, turn.text)) for turn in turns]
    return [turn for turn in kept if turn.text]


@dataclass
class EarlierWords:
    """What a prompt may hold of the person's and the persona's words, as it was stored before the prompt was built."""

    persona_id: UUID
    messages: dict[UUID, str]  # of the person, by id
    forgotten: frozenset[str]  # pieces of them that the person had the persona forget
    sources: frozenset[UUID]  # of the persona's own words
    told: Sequence[Told] = ()

    @classmethod
    def of(cls, persona: Persona, turns: Sequence[Turn]) -> "EarlierWords":
        messages = {turn.message_id: turn.text for turn in turns if turn.speaker == "user"}
        forgotten = forgetting.forgotten_pieces(persona.pk, messages)
        return cls(persona.pk, messages, forgotten, persona_words.sources_of(persona.pk))


def forget_late(reply: Reply, earlier: EarlierWords) -> None:
    """Removes from a reply's stored prompt what the person deleted while the reply was written.

    Call it after the prompt is committed. A deletion that is committed later finds the prompt itself.
    """
    forgotten = forgetting.forgotten_pieces(earlier.persona_id, earlier.messages)
    pieces = [*forgotten - earlier.forgotten, *told.lost(earlier.told)]
    if pieces:
        stored_prompts.remove(Origin.objects.filter(reply=reply), pieces=pieces)
    if earlier.sources - persona_words.sources_of(earlier.persona_id):
        persona_words.forget_late(reply)


def forget_in_prompts(user: User, persona_id: UUID, texts: list[str]) -> None:
    """Removes the texts from the stored prompts of the persona's replies to this person."""
    stored_prompts.remove(_origins_of(user, persona_id), pieces=texts)


def forget_messages(conversation: Conversation, messages: QuerySet[Message]) -> None:
    """Removes the words of messages from memory, stored prompts, the stream and what engines have read.

    Call it in the transaction that deletes them, before the deletion. On commit, every tab loads the thread again.
    """
    texts = dict(messages.values_list("id", "text"))
    shortened = [forgetting.without_forgotten(persona_id, texts) for persona_id in forgetting.listeners(texts)]
    rows = forgetting.forget_messages(conversation.id, texts)
    turns = [*texts.values(), *(text for each in shortened for text in each.values())]
    # Of every persona that ever took part, also of one that has left.
    origins = Origin.objects.filter(reply__message__conversation=conversation)
    stored_prompts.remove(origins, turns=turns, pieces=[row.text for row in rows])
    _forget_elsewhere(conversation.owner, rows)
    transaction.on_commit(partial(_forget_frames, conversation), robust=True)


def forget_conversation(user: User, conversation_id: UUID) -> None:
    """As `forget_messages`, for a conversation that was deleted in this transaction. Its stream ends by itself."""
    _forget_elsewhere(user, forgetting.forget_conversation(conversation_id))
    transaction.on_commit(engine_forgetting.ask, robust=True)


def _forget_frames(conversation: Conversation) -> None:
    stream.forget(conversation.id, frames.thread_changed(conversation).model_dump_json().encode())
    rewrite_log()
    engine_forgetting.ask()


def _origins_of(user: User, persona_id: UUID) -> QuerySet[Origin]:
    return stored_prompts.of_persona(persona_id).filter(reply__message__conversation__owner=user)


def _forget_elsewhere(user: User, rows: Sequence[Forgotten]) -> None:
    """Removes rows from the prompts of other conversations, which recalled them piece by piece."""
    by_persona: dict[UUID, list[Forgotten]] = {}
    for row in rows:
        by_persona.setdefault(row.persona_id, []).append(row)
    for persona_id, own in by_persona.items():
        pieces = [text for row in own for text in (row.text, row.asked)]
        stored_prompts.remove(_origins_of(user, persona_id), pieces=pieces, recalled={row.row for row in own})
