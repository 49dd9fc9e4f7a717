"""After each turn, passes the whole conversation to the monitor, and its findings to the moderators' desk."""

from uuid import UUID

from chat import transcripts
from chat.models import Conversation
from moderation.desk import cases
from moderation.monitor.conversation import assess_conversation


def look_at(conversation_id: UUID) -> None:
    """Assesses the read branch of the conversation. Does nothing if the conversation was deleted meanwhile."""
    conversation = Conversation.objects.select_related("owner", "persona").filter(pk=conversation_id).first()
    if conversation is None:
        return
    turns = transcripts.turns(conversation, conversation.head_id, withheld=True)
    findings = assess_conversation(turns)
    if findings:
        cases.open_case(
            user=conversation.owner,
            conversation_id=conversation.id,
            persona_id=conversation.persona_id,
            persona_name=conversation.persona.name,
            findings=findings,
            turns=turns,
        )
