"""What a person does with a single message that is there: pin it, or delete it. Raises `conversations.Refused`."""

from uuid import UUID

from django.db import transaction

from accounts.models import User
from chat.conversation import branches, conversations, remembering, transcripts
from chat.models import Conversation, Message


def pin(*, user: User, message_id: UUID, is_pinned: bool) -> Message:
    """Pins a message to its conversation, or unpins it. Raises Http404."""
    message = conversations.get_message_for(user, message_id)
    message.is_pinned = is_pinned
    message.save(update_fields=["is_pinned"])
    return message


def pinned(conversation: Conversation) -> list[Message]:
    """The pinned messages of every branch, oldest first."""
    return list(conversation.messages.filter(is_pinned=True, is_withheld=False).exclude(text=""))


def delete(*, user: User, message_id: UUID) -> Conversation:
    """Deletes one message with its reply's record and notices, and its words from memory and from stored prompts.

    What followed it now follows the message before it. Where the newest message goes that had other versions, the
    newest of these is read.

    Raises WrongState while a reply is being written, and Http404.
    """
    message = conversations.get_message_for(user, message_id)
    with transaction.atomic():
        conversation = conversations.locked(message.conversation)
        message = conversations.get_message_for(user, message_id)  # what it follows may have gone before the lock
        conversations.refuse_unfinished(conversation)
        remembering.forget_messages(conversation, conversation.messages.filter(pk=message.pk))
        take_out(conversation, message)
    return conversation


def take_out(conversation: Conversation, message: Message) -> None:
    """Deletes a message of a locked conversation. What followed it now follows the message before it."""
    if conversation.head_id == message.id:
        conversation.head_id = _head_without(conversation, message)
        conversation.save(update_fields=["head"])
    message.children.update(parent=message.parent_id)
    message.delete()


def _head_without(conversation: Conversation, message: Message) -> UUID | None:
    """The end of the newest other version of the newest message, or the message before it."""
    tree = transcripts.tree_of(conversation)
    others = [other for other in branches.siblings(tree, message.id) if other != message.id]
    return branches.newest_leaf(tree, others[-1]) if others else message.parent_id
