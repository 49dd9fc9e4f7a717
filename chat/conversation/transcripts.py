"""Conversations as plain turns: for the prompt, the monitor, and export."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from django.db import connection

from chat.conversation import branches
from chat.models import UNFINISHED, Author, Conversation, Message
from moderation.talk import Turn

MOST = 256  # more turns than fit a window of 2,048 tokens
NEWEST = 32  # messages that are read before a new one is judged; they hold its person's last few, also in a group
STEP = 64  # a multiple of personas.prompting.prompt.TURN_BLOCK
_ALL = 2**31 - 1
_UPWARD = """
    WITH RECURSIVE path(id, parent_id, step) AS (
        SELECT id, parent_id, 1 FROM chat_message WHERE id = %s
        UNION ALL
        SELECT message.id, message.parent_id, path.step + 1
        FROM chat_message AS message JOIN path ON message.id = path.parent_id WHERE path.step < %s
    )
    SELECT id FROM path ORDER BY step
"""


def tree_of(conversation: Conversation) -> dict[UUID, UUID | None]:
    return dict(conversation.messages.order_by("created_at").values_list("id", "parent_id"))


def messages_on_path(conversation: Conversation, head: UUID | None) -> list[Message]:
    """The messages from the first one down to `head`, with their replies."""
    ids = branches.path(tree_of(conversation), head)
    by_id = conversation.messages.select_related("reply", "speaker").in_bulk(ids)
    return [by_id[message_id] for message_id in ids]


def first_since(conversation: Conversation, day: date) -> UUID | None:
    """The first message of the read branch on that day or later, in the site's time zone."""
    ids = branches.path(tree_of(conversation), conversation.head_id)
    since = set(conversation.messages.filter(created_at__date__gte=day).values_list("id", flat=True))
    return next((message_id for message_id in ids if message_id in since), None)


def turns(conversation: Conversation, head: UUID | None, *, withheld: bool = False) -> list[Turn]:
    """The turns down to `head`. Withheld messages are left out unless `withheld` is True."""
    return _turns(_with_text(messages_on_path(conversation, head)), withheld=withheld)


def newest_messages(head: UUID | None, most: int) -> list[Message]:
    """Those with text among the last messages down to `head`, at most `most`. Reads no message before them."""
    return _messages(_newest_ids(head, most)[::-1])


def newest_turns(head: UUID | None, most: int, *, withheld: bool = False) -> list[Turn]:
    """As `newest_messages`. Withheld messages are left out unless `withheld` is True."""
    return _turns(newest_messages(head, most), withheld=withheld)


def prompt_turns(head: UUID | None) -> list[Turn]:
    """The turns down to `head` that a prompt may hold, withheld ones left out. The text of at most MOST is read.

    The first one moves in steps of STEP, so that the beginning of a cached prompt stays valid between them.
    """
    ids = path_to(head)
    start = max(len(ids) - MOST, 0)
    return _turns(_messages(ids[-(-start // STEP) * STEP :]), withheld=False)


def path_to(head: UUID | None) -> list[UUID]:
    """The ids of the messages from the first one down to `head`. Reads no text."""
    return _newest_ids(head, _ALL)[::-1]


def _newest_ids(head: UUID | None, most: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_UPWARD, [head, most])
        return [row[0] for row in cursor.fetchall()]


def _messages(ids: Sequence[UUID]) -> list[Message]:
    by_id = Message.objects.select_related("reply", "speaker").in_bulk(ids)
    return list(_with_text(by_id[message_id] for message_id in ids))


def _turns(messages: Iterable[Message], *, withheld: bool) -> list[Turn]:
    return [_turn(message) for message in messages if withheld or not message.is_withheld]


def _turn(message: Message) -> Turn:
    return Turn(
        speaker="user" if message.author == Author.USER else "persona",
        text=message.text,
        message_id=message.id,
        at=message.created_at,
        persona_id=message.speaker_id,
        name=message.speaker.name if message.speaker else "",
    )


def _with_text(messages: Iterable[Message]) -> Iterable[Message]:
    """Messages with text; unfinished replies are left out."""
    for message in messages:
        reply = getattr(message, "reply", None)
        if message.text and not (reply and reply.status in UNFINISHED):
            yield message
