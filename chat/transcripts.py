"""Conversations as plain turns: for the prompt, the monitor, and export."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

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
        _turn(message)
        for message in _with_text(messages_on_path(conversation, head))
        if withheld or not message.is_withheld
    ]


def newest_turns(conversation: Conversation, most: int) -> list[Turn]:
    """The last turns of the read branch, at most `most`, withheld messages included. Reads no message before them."""
    ids = _newest_ids(conversation.head_id, most)
    by_id = Message.objects.select_related("reply").in_bulk(ids)
    return [_turn(message) for message in _with_text(by_id[message_id] for message_id in reversed(ids))]


_UPWARD = """
    WITH RECURSIVE path(id, parent_id, step) AS (
        SELECT id, parent_id, 1 FROM chat_message WHERE id = %s
        UNION ALL
        SELECT message.id, message.parent_id, path.step + 1
        FROM chat_message AS message JOIN path ON message.id = path.parent_id WHERE path.step < %s
    )
    SELECT id FROM path ORDER BY step
"""


def _newest_ids(head: UUID | None, most: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_UPWARD, [head, most])
        return [row[0] for row in cursor.fetchall()]


def _turn(message: Message) -> Turn:
    return Turn(
        speaker="user" if message.author == Author.USER else "persona",
        text=message.text,
        message_id=message.id,
        at=message.created_at,
    )


def _with_text(messages: Iterable[Message]) -> Iterable[Message]:
    """Messages with text; unfinished replies are left out."""
    for message in messages:
        reply = getattr(message, "reply", None)
        if message.text and not (reply and reply.status in UNFINISHED):
            yield message
