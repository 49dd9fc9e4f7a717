"""Makes frames from rows and publishes them on the conversation's stream.

Every frame can be made again from its row, so a lost frame costs nothing.
"""

import logging
import time
from datetime import timedelta
from uuid import UUID

import redis

from chat import withdrawn
from chat.models import Conversation, Message, Notice, NoticeKind, Reply, ReplyStatus
from chat.protocol import (
    ConversationDeleted,
    Frame,
    MessageAccepted,
    MessageShown,
    NoticeShown,
    ReplyBlocked,
    ReplyCompleted,
    ReplyFailed,
    ReplyQueued,
    ReplyStopped,
    Resource,
    ThreadChanged,
    Timing,
    UsageShown,
)
from generation.jobs import stream
from generation.jobs.waiting_room import Place

logger = logging.getLogger(__name__)

_PATIENCE_S = 30
_PAUSE_S = 0.5

FAILURES = {
    "prompt_too_long": "This conversation no longer fits into the model. Start a new one, or shorten the persona.",
    "moderation_unavailable": "The safety check is not running, so no reply can be shown. Your message is kept.",
    "restricted": "A moderator's decision forbids writing in this conversation, so no reply was written.",
    "too_young": "By its date of birth, this account cannot use the site, so no reply was written.",
    "not_for_minors": "This persona is not for people under 18, so no reply was written.",
    "persona_not_confirmed": "The living person whom this persona depicts has not agreed, so no reply was written.",
    "persona_not_approved": "This persona needs an audit and a reviewer's approval before it talks. "
    "Its page says what is missing. Your message is kept.",
    "persona_rests": "Somebody has objected to this persona. It rests until a person has decided. "
    "Your message is kept.",
    "worker_lost": "The reply was interrupted several times. Ask for it again.",
    "engine_unavailable": "No model is available at the moment. Your message is kept; ask again in a while.",
    "budget": "Today's budget for replies is used up. Your message is kept; ask again tomorrow.",
    "site_error": "A fault on this site stopped the reply. Asking again would fail again. Your message is kept; "
    "the site's operator can see why.",
    "empty": (
        "The model wrote nothing that can be shown as a reply. A model that thinks first may have used up its tokens "
        "on its thoughts. Ask for another reply, or allow longer ones."
    ),
}
_FAILED = "Something went wrong while the reply was written. Ask for it again."
DELETED = ConversationDeleted().model_dump_json().encode()


def publish(conversation_id: UUID, *frames: Frame) -> None:
    for frame in frames:
        stream.append(conversation_id, frame.model_dump_json().encode())


def publish_surely(conversation_id: UUID, *frames: Frame) -> None:
    """As `publish`, but waits while Redis restarts. For frames that nothing else would repeat.

    Gives up after 30 seconds with a warning. The row is right by then, and a reload shows it.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return publish(conversation_id, *frames)
        except redis.RedisError as error:
            if time.monotonic() > deadline:
                logger.warning("frames.lost", extra={"error": type(error).__name__, "count": len(frames)})
                return None
            time.sleep(_PAUSE_S)


def accepted(message: Message) -> MessageAccepted:
    return MessageAccepted(
        client_id=message.client_id,
        message=MessageShown(
            id=message.id,
            parent=message.parent_id,
            text=message.text,
            created_at=message.created_at,
            is_withheld=message.is_withheld,
        ),
        title=message.conversation.title,
    )


def queued(reply: Reply, place: Place | None) -> ReplyQueued:
    """`place` is the reply's place in the waiting room; None if it does not wait there."""
    position, expected = (place.position, place.expected_wait) if place else (0, timedelta())
    return ReplyQueued(
        reply_id=reply.id,
        message_id=reply.message_id,
        parent=reply.message.parent_id,
        attempt=reply.attempt,
        position=position,
        expected_wait_ms=None if expected is None else round(expected.total_seconds() * 1000),
        detail=waiting_in_words(place),
    )


def waiting_in_words(place: Place | None) -> str:
    """The sentence for a person who waits: `3 replies are ahead; about 20 seconds.` Empty if the reply begins soon."""
    if place is None or not (place.position or place.expected_wait):
        return ""
    phrases = {0: "Yours is next", 1: "One reply is ahead"}
    ahead = phrases.get(place.position, f"{place.position} replies are ahead")
    return f"{ahead}; {_about(place.expected_wait)}." if place.expected_wait else f"{ahead}."


def _about(wait: timedelta) -> str:
    seconds = wait.total_seconds()
    if seconds < 5:
        return "a few seconds"
    if seconds < 55:
        return f"about {max(10, round(seconds, -1)):.0f} seconds"
    return "about a minute" if seconds < 90 else f"about {seconds / 60:.0f} minutes"


def outcome(reply: Reply) -> Frame:
    """The last frame of a reply that has ended."""
    text = reply.message.text
    if reply.status == ReplyStatus.COMPLETED:
        return ReplyCompleted(
            reply_id=reply.id, text=text, usage=_usage(reply), timing=timing(reply), recalled=recalled_in_words(reply)
        )
    if reply.status == ReplyStatus.STOPPED:
        return ReplyStopped(reply_id=reply.id, text=text)
    if reply.status == ReplyStatus.BLOCKED:
        return ReplyBlocked(reply_id=reply.id, category=reply.category, notice=withdrawal(reply))
    return ReplyFailed(reply_id=reply.id, code=reply.code, detail=failure(reply.code))


def withdrawal(reply: Reply) -> str:
    """The sentences for a person whose reply the filter withdrew."""
    return withdrawn.notice(reply.category, language=reply.message.conversation.persona.language)


def failure(code: str) -> str:
    """The sentence for a person whose reply failed."""
    return FAILURES.get(code, _FAILED)


def notice(shown: Notice) -> NoticeShown:
    return NoticeShown(
        id=shown.id,
        kind=NoticeKind(shown.kind),
        message_id=shown.message_id,
        text=shown.text,
        resources=tuple(Resource(**resource) for resource in shown.resources),
    )


def thread_changed(conversation: Conversation) -> ThreadChanged:
    return ThreadChanged(head=conversation.head_id)


def recalled_in_words(reply: Reply) -> str:
    """The sentence that says what the reply's prompt recalled, or "". Look inside shows the words."""
    told, passages = len(reply.recalled.get("told", [])), len(reply.recalled.get("memories", []))
    pieces = [
        f"{told} {'thing that you said' if told == 1 else 'things that you said'}" if told else "",
        f"{passages} of its own passages" if passages else "",
    ]
    words = " and ".join(filter(None, pieces))
    return f"Recalled {words}." if words else ""


def _usage(reply: Reply) -> UsageShown:
    return UsageShown(
        prompt_tokens=reply.prompt_tokens or 0,
        cached_tokens=reply.cached_tokens or 0,
        completion_tokens=reply.completion_tokens or 0,
    )


def timing(reply: Reply) -> Timing:
    started, finished = reply.started_at or reply.queued_at, reply.finished_at or reply.queued_at
    return Timing(
        queued_ms=round((started - reply.queued_at).total_seconds() * 1000),
        first_token_ms=reply.first_token_ms or 0,
        total_ms=round((finished - reply.queued_at).total_seconds() * 1000),
    )
