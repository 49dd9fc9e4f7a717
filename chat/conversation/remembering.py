"""Passes what was said to the memory, asks it what bears on a message, and removes what a person forgets.

`personas.memory` knows nothing of conversations. This module tells it who said what and when, in the background after
each reply, and leaves out every message that the filter withheld.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from chat.conversation import transcripts
from chat.models import Author, Conversation, Origin
from moderation.talk import Turn
from personas.memory import choices, forgetting, told, writing
from personas.memory.search import terms
from personas.memory.told import Told
from personas.models import Persona
from personas.prompting.prompt import Spoken, one_line

_NEWEST = 16  # turns that are read after a reply; a conversation of which nothing is remembered yet is read whole
_SHORT = 40  # characters; a longer message says by itself what it is about
_POINTS_BACK = re.compile(
    r"\b(?:he|she|it|they|him|her|his|their|them|that|this|there)\b|[他她它]|那[个里时]", re.IGNORECASE
)
FORGOTTEN = "[…]"  # in stored prompts, in place of what was forgotten


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
            writing.store(memories)


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


def forget_in_prompts(user: User, persona_id: UUID, texts: list[str]) -> None:
    """Removes the texts from the stored prompts of the persona's replies to this person."""
    variants = {variant for text in texts for variant in (text, one_line(text)) if variant}
    spoken = Q(reply__message__speaker_id=persona_id)
    spoken |= Q(reply__message__speaker=None, reply__message__conversation__persona_id=persona_id)
    origins = Origin.objects.filter(spoken, reply__message__conversation__owner=user)
    for origin in origins.only("parts", "prompt", "rendered").iterator(chunk_size=50):
        before = origin.parts, origin.prompt, origin.rendered
        origin.parts, origin.prompt, origin.rendered = (_without(value, variants) for value in before)
        if before != (origin.parts, origin.prompt, origin.rendered):
            origin.save(update_fields=["parts", "prompt", "rendered"])


def _without(value: Any, texts: set[str]) -> Any:
    """The JSON value with the texts replaced in every string of it."""
    if isinstance(value, str):
        for text in texts:
            value = value.replace(text, FORGOTTEN)
        return value
    if isinstance(value, list):
        return [_without(item, texts) for item in value]
    return {key: _without(item, texts) for key, item in value.items()} if isinstance(value, dict) else value
