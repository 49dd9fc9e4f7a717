"""A part of the read branch of a conversation for its page, with each message's siblings, reply and notices."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from chat.conversation import branches, queueing, transcripts
from chat.models import Conversation, Notice, Reply, ReplyStatus
from chat.socket import frames
from generation.jobs import stream

SHOWN = 100  # messages of a part
_LEAD = 10  # messages before the one that a part was asked for


@dataclass(frozen=True)
class Part:
    """A run of the read branch, and where the ones beside it begin and end."""

    ids: Sequence[UUID]
    before: UUID | None  # the first message of the part, if there are earlier ones
    after: UUID | None  # the first later message, if there are later ones


def newest(conversation: Conversation) -> Part:
    return _part(_path(conversation), -SHOWN)


def around(conversation: Conversation, message_id: UUID) -> Part:
    """The newest part if the message is in it, otherwise one that begins shortly before the message."""
    ids = _path(conversation)
    if message_id not in ids[:-SHOWN]:
        return _part(ids, -SHOWN)
    start = max(0, ids.index(message_id) - _LEAD)
    return _part(ids, start, start + SHOWN)


def since(conversation: Conversation, message_id: UUID) -> Part:
    """All from the message on; the newest part if the message is not on the read branch."""
    ids = _path(conversation)
    return _part(ids, ids.index(message_id) if message_id in ids else -SHOWN)


def until(conversation: Conversation, message_id: UUID) -> Part:
    """The messages before this one; the newest part if it is not on the read branch."""
    ids = _path(conversation)
    if message_id not in ids:
        return _part(ids, -SHOWN)
    end = ids.index(message_id)
    return _part(ids, max(0, end - SHOWN), end)


def _path(conversation: Conversation) -> list[UUID]:
    return branches.path(transcripts.tree_of(conversation), conversation.head_id)


def _part(ids: list[UUID], start: int, end: int | None = None) -> Part:
    shown = ids[start:end]
    first = len(ids) + start if start < 0 else start
    return Part(
        ids=shown,
        before=shown[0] if first > 0 else None,
        after=ids[end] if end is not None and end < len(ids) else None,
    )


def items(conversation: Conversation, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The messages with these ids, in this order."""
    colors: dict[UUID | None, int] = {member.persona_id: member.color for member in conversation.members.all()}
    children = branches.children_of(transcripts.tree_of(conversation))
    notices = defaultdict(list)
    for notice in conversation.notices.filter(message__in=ids).exclude(kind="disclosure"):
        notices[notice.message_id].append(_notice(notice))
    messages = conversation.messages.select_related("reply", "speaker").in_bulk(ids)
    return [
        {
            "id": message.id,
            "author": message.author,
            "persona": message.persona,
            "color": colors.get(message.speaker_id, ""),
            "text": message.text,
            "is_withheld": message.is_withheld,
            "is_pinned": message.is_pinned,
            "created_at": message.created_at,
            "reply": _reply(getattr(message, "reply", None)),
            "siblings": _siblings(children[message.parent_id], message.id),
            "notices": notices[message.id],
        }
        for message in map(messages.__getitem__, ids)
    ]


def first_notices(conversation: Conversation) -> list[dict[str, Any]]:
    """The notices before the first message, besides the disclosure, which has its own place."""
    return [_notice(notice) for notice in conversation.notices.filter(message=None).exclude(kind="disclosure")]


def first_day(conversation: Conversation) -> date:
    """The day of the oldest message. An imported conversation is younger than its messages."""
    oldest = conversation.messages.order_by("created_at").values_list("created_at", flat=True).first()
    return timezone.localdate(oldest or conversation.created_at)


def offset(conversation: Conversation) -> str:
    """Where a page rendered now begins to follow the stream, so that it misses no frame of an unfinished reply.

    Read it before the rows. Frames that arrive in between are then repeated, which changes nothing.
    """
    position = stream.position(conversation.id)
    unfinished = Reply.objects.filter(
        message__conversation=conversation, status__in=[ReplyStatus.QUEUED, ReplyStatus.GENERATING]
    ).first()
    return unfinished.offset if unfinished else position


def _reply(reply: Reply | None) -> dict[str, Any] | None:
    if reply is None:
        return None
    return {
        "id": reply.id,
        "status": reply.status,
        "attempt": reply.attempt,
        "engine": reply.model,
        "code": reply.code,
        "detail": _detail(reply),
        "takeover": _takeover(reply),
        "recalled": frames.recalled_in_words(reply),
        "waiting": frames.waiting_in_words(queueing.place_of(reply)) if reply.status == ReplyStatus.QUEUED else "",
    }


def _takeover(reply: Reply) -> str:
    """The sentence that another engine took over, the same as in js/chat/thread.js."""
    if len(reply.engines) < 2:
        return ""
    return _("The model changed within this reply; {model} finished it.").format(model=reply.model)


def _detail(reply: Reply) -> str:
    if reply.status == ReplyStatus.FAILED:
        return frames.failure(reply.code)
    return frames.withdrawal(reply) if reply.status == ReplyStatus.BLOCKED else ""


def _siblings(together: list[UUID], message_id: UUID) -> dict[str, Any]:
    index = together.index(message_id)
    return {
        "index": index + 1,
        "count": len(together),
        "previous_id": together[index - 1] if index else None,
        "next_id": together[index + 1] if index + 1 < len(together) else None,
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {"id": notice.id, "kind": notice.kind, "text": notice.text, "resources": notice.resources}
