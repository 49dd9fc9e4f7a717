"""After each turn: the whole conversation before the monitor, and its findings onto a moderator's desk."""

from datetime import timedelta
from uuid import UUID

from chat import tasks, transcripts
from chat.models import Conversation
from moderation import cases, monitor
from persona_site.redis import connection

# A look that was lost with its worker is asked for again by the first turn after this.
_ASKED_FOR = timedelta(minutes=1)


def ask(conversation_id: UUID) -> None:
    """Has a worker look at the conversation; turns that come while that waits are looked at together."""
    if connection().set(_key(conversation_id), 1, nx=True, px=_ASKED_FOR):
        tasks.monitor_conversation.delay(str(conversation_id))


def look_at(conversation_id: UUID) -> None:
    """Assesses the conversation as it reads now. One that was deleted meanwhile is left alone."""
    connection().delete(_key(conversation_id))  # before reading: a turn that comes from now on asks again
    conversation = Conversation.objects.select_related("owner", "persona").filter(pk=conversation_id).first()
    if conversation is None:
        return
    turns = transcripts.turns(conversation, conversation.head_id, withheld=True)
    findings = monitor.assess_conversation(turns)
    if findings:
        cases.open_case(
            user=conversation.owner,
            conversation_id=conversation.id,
            persona_id=conversation.persona_id,
            persona_name=conversation.persona.name,
            findings=findings,
            turns=turns,
        )


def _key(conversation_id: UUID) -> str:
    return f"monitor:{conversation_id}"
