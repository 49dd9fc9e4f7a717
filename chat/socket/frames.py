"""Makes frames from rows and publishes them on the conversation's stream.

Every frame can be made again from its row, so a lost frame costs nothing.
"""

import logging
import time
from datetime import timedelta
from uuid import UUID

import redis
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.interface import languages
from chat.models import Conversation, Message, Notice, NoticeKind, Reply, ReplyStatus
from chat.socket import withdrawn
from chat.socket.protocol import (
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
from text import scripts

logger = logging.getLogger(__name__)

_PATIENCE_S = 30
_PAUSE_S = 0.5

FAILURES = {
    "prompt_too_long": _("This conversation no longer fits into the model. Start a new one, or shorten the persona."),
    "moderation_unavailable": _("The safety check is not running, so no reply can be shown. Your message is kept."),
    "restricted": _("A moderator's decision forbids writing in this conversation, so no reply was written."),
    "too_young": _("By its date of birth, this account cannot use the site, so no reply was written."),
    "not_served": _("This site is not offered in your country, so no reply was written."),
    "not_for_elders": _("The operator has closed this persona to people of 60 and over, so no reply was written."),
    "not_by_guardian": _("Your guardian has closed this persona to you, so no reply was written."),
    "not_for_minors": _("This persona is not for people under 18, so no reply was written."),
    "persona_not_confirmed": _("The living person whom this persona depicts has not agreed, so no reply was written."),
    "persona_not_approved": _(
        "This persona needs an audit and a reviewer's approval before it talks. Its page says what is missing. "
        "Your message is kept."
    ),
    "persona_rests": _(
        "Somebody has objected to this persona. It rests until a person has decided. Your message is kept."
    ),
    "worker_lost": _("The reply was interrupted several times. Ask for it again."),
    "engine_unavailable": _("No model is available at the moment. Your message is kept; ask again in a while."),
    "budget": _("Today's budget for replies is used up. Your message is kept; ask again tomorrow."),
    "site_error": _(
        "A fault on this site stopped the reply. Asking again would fail again. Your message is kept; "
        "the site's operator can see why."
    ),
    "empty": _(
        "The model wrote nothing that can be shown as a reply. A model that thinks first may have used up its tokens "
        "on its thoughts. Ask for another reply, or allow longer ones."
    ),
}
_FAILED = _("Something went wrong while the reply was written. Ask for it again.")
DELETED = ConversationDeleted().model_dump_json().encode()


def publish(conversation_id: UUID, *frames: Frame) -> None:
    for frame in frames:
        stream.append(conversation_id, frame.model_dump_json().encode())


def publish_surely(conversation_id: UUID, *frames: Frame) -> bool:
    """As `publish`, but waits while Redis restarts. For frames that nothing else would repeat.

    Gives up after 30 seconds with a warning, and returns False. The row is right by then, and a reload shows it.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            publish(conversation_id, *frames)
        except redis.RedisError as error:
            if time.monotonic() > deadline:
                logger.warning("frames.lost", extra={"error": type(error).__name__, "count": len(frames)})
                return False
            time.sleep(_PAUSE_S)
        else:
            return True


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
    with languages.speaking_to(reply.message.conversation.owner):
        detail = waiting_in_words(place)
    position, expected = (place.position, place.expected_wait) if place else (0, timedelta())
    return ReplyQueued(
        reply_id=reply.id,
        message_id=reply.message_id,
        parent=reply.message.parent_id,
        persona_id=reply.message.persona.pk,
        attempt=reply.attempt,
        position=position,
        expected_wait_ms=None if expected is None else round(expected.total_seconds() * 1000),
        detail=detail,
    )


def waiting_in_words(place: Place | None) -> str:
    """The sentence for a person who waits: `3 replies are ahead; about 20 seconds.` Empty if the reply begins soon."""
    if place is None or not (place.position or place.expected_wait):
        return ""
    ahead = (
        ngettext("One reply is ahead", "{count} replies are ahead", place.position).format(count=place.position)
        if place.position
        else gettext("Yours is next")
    )
    if not place.expected_wait:
        return gettext("{ahead}.").format(ahead=ahead)
    return gettext("{ahead}; {wait}.").format(ahead=ahead, wait=_about(place.expected_wait))


def _about(wait: timedelta) -> str:
    seconds = wait.total_seconds()
    if seconds < 5:
        return gettext("a few seconds")
    if seconds < 55:
        return gettext("about {count} seconds").format(count=max(10, round(seconds / 10) * 10))
    minutes = max(1, round(seconds / 60))
    return ngettext("about a minute", "about {count} minutes", minutes).format(count=minutes)


def outcome(reply: Reply) -> Frame:
    """The last frame of a reply that has ended, in the language of the person who reads it."""
    with languages.speaking_to(reply.message.conversation.owner):
        return _outcome(reply, reply.message.text)


def _outcome(reply: Reply, text: str) -> Frame:
    if reply.status == ReplyStatus.COMPLETED:
        return ReplyCompleted(
            reply_id=reply.id, text=text, usage=_usage(reply), timing=timing(reply), recalled=recalled_in_words(reply)
        )
    if reply.status == ReplyStatus.STOPPED:
        return ReplyStopped(reply_id=reply.id, text=text)
    if reply.status == ReplyStatus.BLOCKED:
        return ReplyBlocked(reply_id=reply.id, text=text, category=reply.category, notice=withdrawal(reply))
    return ReplyFailed(reply_id=reply.id, code=reply.code, detail=failure(reply.code))


def withdrawal(reply: Reply) -> str:
    """The sentences for a person whose reply the filter withdrew."""
    return withdrawn.notice(reply.category)


def failure(code: str) -> str:
    """The sentence for a person whose reply failed."""
    return str(FAILURES.get(code, _FAILED))


def notice(shown: Notice) -> NoticeShown:
    return NoticeShown(
        id=shown.id,
        kind=NoticeKind(shown.kind),
        message_id=shown.message_id,
        text=shown.text,
        language=scripts.site_language(shown.text),
        resources=tuple(Resource(**resource) for resource in shown.resources),
    )


def thread_changed(conversation: Conversation) -> ThreadChanged:
    return ThreadChanged(head=conversation.head_id)


def recalled_in_words(reply: Reply) -> str:
    """The sentence that says what the reply's prompt recalled, or "". Look inside shows the words."""
    told, passages = len(reply.recalled.get("told", [])), len(reply.recalled.get("memories", []))
    things = ngettext("{count} thing that you said", "{count} things that you said", told).format(count=told)
    own = gettext("{count} of its own passages").format(count=passages)
    if told and passages:
        return gettext("Recalled {things} and {passages}.").format(things=things, passages=own)
    if told or passages:
        return gettext("Recalled {things}.").format(things=things if told else own)
    return ""


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
