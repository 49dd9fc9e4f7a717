"""Conversations as plain turns: for the prompt, the monitor, and export."""

from collections.abc import Iterable
from uuid import UUID

from chat import branches
from chat.models import UNFINISHED, Author, Conversation, Message
from moderation.talk import Turn


def tree_of(conversation: Conversation) -> dict[UUID, UUID | None]:
    return dict(conversation.messages.order_by("created_at").values_list("id", "parent_id"))


def messages_on_path(conversation: Conversation, head: UUID | None) -> list[Message]:
    """The messages from the first one down to `head`, with their replies."""
    ids = branches.path(tree_of(conversation), head)
    by_id = conversation.messages.select_related("reply").in_bulk(ids)
    return [by_id[each] for each in ids]


def turns(conversation: Conversation, head: UUID | None, *, withheld: bool = False) -> list[Turn]:
    """What was said down to `head`. What the filter withheld is left out, unless it is asked for."""
    return [
        Turn(
            speaker="user" if message.author == Author.USER else "persona",
            text=message.text,
            message_id=message.id,
            at=message.created_at,
        )
        for message in _said(messages_on_path(conversation, head))
        if withheld or not message.is_withheld
    ]


def _said(messages: Iterable[Message]) -> Iterable[Message]:
    for message in messages:
        reply = getattr(message, "reply", None)
        if message.text and not (reply and reply.status in UNFINISHED):
            yield message
