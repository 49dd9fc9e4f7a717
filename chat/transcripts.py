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
    return [by_id[message_id] for message_id in ids]


def turns(conversation: Conversation, head: UUID | None, *, withheld: bool = False) -> list[Turn]:
    """The turns down to `head`. Withheld messages are left out unless `withheld` is True."""
    return [
        Turn(
            speaker="user" if message.author == Author.USER else "persona",
            text=message.text,
            message_id=message.id,
            at=message.created_at,
        )
        for message in _with_text(messages_on_path(conversation, head))
        if withheld or not message.is_withheld
    ]


def _with_text(messages: Iterable[Message]) -> Iterable[Message]:
    """Messages with text; unfinished replies are left out."""
    for message in messages:
        reply = getattr(message, "reply", None)
        if message.text and not (reply and reply.status in UNFINISHED):
            yield message
