"""What a person does with the branches of a conversation: see them, name one, delete one.

Raises `conversations.Refused` and Http404. `conversations.select_branch` goes to another branch.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from chat.conversation import branches, conversations, remembering, transcripts
from chat.conversation.conversations import WrongState
from chat.models import Conversation, Message
from text import cleaning, graphemes

NAME_CHARACTERS = 60


@dataclass(frozen=True)
class Line:
    """A branch as the page shows it."""

    branch: branches.Branch
    first: Message
    named_at: UUID  # the message that holds its name
    name: str
    is_read: bool
    may_be_deleted: bool


def lines(conversation: Conversation) -> list[Line]:
    """Every branch, the read one first, each followed by those that leave it."""
    tree = transcripts.tree_of(conversation)
    outline = branches.outline(tree, conversation.head_id)
    read = branches.named_at(tree, conversation.head_id)
    firsts = conversation.messages.in_bulk([*(each.first for each in outline), *filter(None, [read])])
    return [_line(each, firsts, read) for each in outline]


def _line(branch: branches.Branch, messages: dict[UUID, Message], read: UUID | None) -> Line:
    is_read = read is not None and branch.depth == 0
    named_at = read if is_read and read is not None else branch.first
    return Line(
        branch=branch,
        first=messages[named_at],
        named_at=named_at,
        name=messages[named_at].branch_name,
        is_read=is_read,
        may_be_deleted=branch.depth > 0,
    )


def length(message: Message) -> int:
    """How many messages the branch has that begins with this one, with all that branches off from it."""
    return len(branches.below(transcripts.tree_of(message.conversation), message.id))


def name(*, user: User, message_id: UUID, name: str) -> Message:
    """Names the branch that begins with this message. An empty name takes the name away."""
    message = conversations.get_message_for(user, message_id)
    message.branch_name = fitting_name(name)
    message.save(update_fields=["branch_name"])
    return message


def fitting_name(name: str) -> str:
    """The name as it is stored: one line of at most NAME_CHARACTERS."""
    return "" if cleaning.is_blank(name) else graphemes.beginning(cleaning.clean_line(name), NAME_CHARACTERS)


def prune(*, user: User, message_id: UUID) -> Conversation:
    """Deletes a branch: this message and all messages below it, and their words from memory and from stored prompts.

    Raises WrongState for the branch that is read, for a message without siblings, and while a reply is being written.
    """
    message = conversations.get_message_for(user, message_id)
    with transaction.atomic():
        conversation = conversations.locked(message.conversation)
        message = conversations.get_message_for(user, message_id)  # it may have been deleted before the lock
        conversations.refuse_unfinished(conversation)
        tree = transcripts.tree_of(conversation)
        if len(branches.siblings(tree, message.id)) == 1:
            raise WrongState(_("No branch begins here."))
        ids = branches.below(tree, message.id)
        if conversation.head_id in ids:
            raise WrongState(_("You are reading this branch. Go to another one first."))
        pruned = conversation.messages.filter(pk__in=ids)
        remembering.forget_messages(conversation, pruned)
        pruned.delete()
    return conversation
