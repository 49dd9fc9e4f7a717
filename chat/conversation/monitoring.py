"""Passes conversations to the monitor: the newest turns after each turn, and a whole history where somebody asks."""

from collections.abc import Sequence
from uuid import UUID

from chat.conversation import transcripts
from chat.models import Conversation
from moderation.desk.evidence import TURNS_EACH_SIDE
from moderation.models import Case
from moderation.monitor.conversation import RECENT
from moderation.monitor.watching import Talk, look, look_back
from moderation.talk import Finding
from personas import dates_of_death


def look_at(conversation_id: UUID, *, crisis: Sequence[Finding] = ()) -> None:
    """Assesses the newest turns of the read branch. Does nothing if the conversation was deleted meanwhile.

    `crisis`: as in `watching.look`.
    """
    conversation = Conversation.objects.select_related("owner", "persona").filter(pk=conversation_id).first()
    if conversation is not None:
        turns = transcripts.newest_turns(conversation.head_id, RECENT + TURNS_EACH_SIDE, withheld=True)
        look(_talk(conversation), turns, crisis=crisis)


def look_at_history(conversation_id: UUID) -> None:
    """As `look_at_all_of`. Does nothing if the conversation was deleted meanwhile."""
    conversation = Conversation.objects.select_related("owner", "persona").filter(pk=conversation_id).first()
    if conversation is not None:
        look_at_all_of(conversation)


def look_at_all_of(conversation: Conversation) -> Case | None:
    """Assesses every turn of the read branch on its own day: for what was imported, or is older than the monitor."""
    return look_back(_talk(conversation), transcripts.turns(conversation, conversation.head_id, withheld=True))


def _talk(conversation: Conversation) -> Talk:
    return Talk(
        user=conversation.owner,
        conversation_id=conversation.id,
        persona_id=conversation.persona_id,
        persona_name=conversation.persona.name,
        dates_of_death=dates_of_death.stated_in(conversation.persona),
        began_at=conversation.created_at,
    )
