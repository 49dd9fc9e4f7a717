"""The ways out of a conversation that keep it: a rest, or the archive (compliance H5). `conversations.delete` ends it.

open ⇄ resting        still in the list; nobody writes until its person takes it up again
open ⇄ archived       out of the list and of the first page
"""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from chat import conversations, messages
from chat.models import UNFINISHED, Conversation, ConversationState, Reply


def part(*, user: User, conversation_id: UUID, state: ConversationState) -> None:
    """Lets the conversation rest, or archives it. A reply that is being written is stopped. Raises Http404."""
    conversation = conversations.get_conversation_for(user, conversation_id)
    for reply in Reply.objects.filter(message__conversation=conversation, status__in=UNFINISHED):
        messages.stop(user=user, reply_id=reply.id)
    _change(conversation, state)


def take_up(*, user: User, conversation_id: UUID) -> None:
    """Opens a resting or archived conversation again. Raises Http404."""
    _change(conversations.get_conversation_for(user, conversation_id), ConversationState.OPEN)


def listed(user: User) -> QuerySet[Conversation]:
    """The person's conversations without the archived ones."""
    return conversations.owned_by(user).exclude(state=ConversationState.ARCHIVED)


def archived(user: User) -> QuerySet[Conversation]:
    return conversations.owned_by(user).filter(state=ConversationState.ARCHIVED)


def _change(conversation: Conversation, state: ConversationState) -> None:
    with transaction.atomic():
        locked = conversations.locked(conversation)
        locked.state = state
        locked.save(update_fields=["state"])
