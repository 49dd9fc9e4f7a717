"""The doors of messages and replies: saying, changing, stopping, asking again, going on.

Each raises `conversations.Refused` with a sentence for the person, and Http404.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import quotas
from accounts.models import User
from chat import conversations, disclosure, frames, tasks, transcripts
from chat.conversations import Busy, ModerationDown, OverQuota, WrongState
from chat.models import (
    UNFINISHED,
    Author,
    Conversation,
    Message,
    Notice,
    NoticeKind,
    Origin,
    Reply,
    ReplyStatus,
)
from chat.protocol import Frame
from generation.jobs import stream
from generation.jobs.waiting_room import Full, Place
from moderation import plain_words
from moderation.crisis import ladder
from moderation.filter import assessment
from moderation.filter.assessment import Verdict
from moderation.filter.classifiers.base import ClassifierUnavailable
from moderation.models import Direction, RuleAction
from persona_site.redis import cancel_key, connection

_TITLE_CHARACTERS = 60
_BLOCKED = (
    "This message was held back, and {name} does not see it: the safety filter found {why}. "
    "You can write again at once. A person looks at what was held back; if the filter was wrong, nothing follows."
)


@dataclass(frozen=True)
class Sent:
    """What became of a message: its row, and the reply that is owed, if one is."""

    message: Message
    reply: Reply | None


def send_message(*, user: User, conversation_id: UUID, client_id: UUID, text: str) -> Sent:
    """Says something to the persona. The same `client_id` again gives the first result and changes nothing.

    A text that the filter stops is kept and shown to its writer, with a notice; no reply is owed.
    Raises Refused and Http404.
    """
    conversation = conversations.get_conversation_for(user, conversation_id)
    if known := conversation.messages.filter(client_id=client_id).first():
        return _again(known)
    verdict = _admit(conversation, text)
    with transaction.atomic():
        conversation = conversations.locked(conversation)
        if known := conversation.messages.filter(client_id=client_id).first():
            return _again(known)  # sent twice at once; the other one held the lock first
        conversations.refuse_unfinished(conversation)
        return _say(conversation, parent_id=conversation.head_id, text=text, client_id=client_id, verdict=verdict)


def edit(*, user: User, message_id: UUID, text: str) -> Sent:
    """Says a message differently: a sibling of it, with a reply of its own. Raises Refused and Http404."""
    message = conversations.get_message_for(user, message_id)
    if message.author != Author.USER:
        raise WrongState("Only your own messages can be changed.")
    verdict = _admit(message.conversation, text)
    with transaction.atomic():
        conversation = conversations.locked(message.conversation)
        conversations.refuse_unfinished(conversation)
        sent = _say(conversation, parent_id=message.parent_id, text=text, client_id=None, verdict=verdict)
        conversations.publish_on_commit(conversation, frames.thread_changed(conversation))
        return sent


def stop(*, user: User, reply_id: UUID) -> None:
    """Ends a reply where it is; what was shown is kept. Stopping an ended reply changes nothing."""
    reply = conversations.get_reply_for(user, reply_id)
    connection().set(cancel_key(reply.id), 1, ex=3600)
    # A reply that no worker has begun is ended here; one under way is ended by the worker that sees the key.
    now = timezone.now()
    if Reply.objects.filter(pk=reply.id, status=ReplyStatus.QUEUED).update(status=ReplyStatus.STOPPED, finished_at=now):
        tasks.call_off(reply)
        reply.refresh_from_db()
        frames.publish(reply.message.conversation_id, frames.outcome(reply))


def regenerate(*, user: User, reply_id: UUID) -> Reply:
    """Asks for another reply to the same message; the old one stays as its sibling. Raises Refused."""
    return _another(conversations.get_reply_for(user, reply_id))


def regenerate_from(*, user: User, reply_id: UUID, prefix: str, authors: list[list[Any]]) -> Reply:
    """Another reply that begins with `prefix`, which the filter judges before anybody sees it. Raises Refused.

    `authors` says who wrote which of its characters, as `Origin.authors` does.
    """
    with transaction.atomic():
        reply = _another(conversations.get_reply_for(user, reply_id), prefix=prefix)
        Origin.objects.create(reply=reply, authors=authors)
        return reply


def continue_reply(*, user: User, reply_id: UUID) -> Reply:
    """Goes on where an ended reply stopped. Raises Refused."""
    reply = conversations.get_reply_for(user, reply_id)
    _check_rights(reply.message.conversation)
    _refuse_busy(user)
    with transaction.atomic():
        conversation = conversations.locked(reply.message.conversation)
        conversations.refuse_unfinished(conversation)
        _spend(user)
        claimed = Reply.objects.filter(
            pk=reply.id, status__in=[ReplyStatus.COMPLETED, ReplyStatus.STOPPED, ReplyStatus.FAILED]
        ).update(
            status=ReplyStatus.QUEUED,
            prefix=reply.message.text,
            is_prefix_judged=True,
            offset=stream.position(conversation.id),
            queued_at=timezone.now(),
            finished_at=None,
            code="",
        )
        if not claimed:
            raise WrongState("A reply that was withdrawn cannot go on. Ask for another one.")
        reply.refresh_from_db()
        _hand_over(reply)
    return reply


def _another(old: Reply, *, prefix: str = "") -> Reply:
    conversation = old.message.conversation
    _check_rights(conversation)
    _refuse_busy(conversation.owner)
    with transaction.atomic():
        conversation = conversations.locked(conversation)
        conversations.refuse_unfinished(conversation)
        _spend(conversation.owner)
        return _owe_reply(conversation, parent_id=old.message.parent_id, prefix=prefix)


def _admit(conversation: Conversation, text: str) -> Verdict:
    """Everything that may refuse a message before it is written, in the order of what it costs."""
    _check_rights(conversation)
    before = "\n".join(turn.text for turn in transcripts.turns(conversation, conversation.head_id)[-2:])
    try:
        verdict = assessment.assess(text, direction=Direction.USER, before=before)
    except ClassifierUnavailable:
        verdict = assessment.by_patterns(text)
        if is_answered(verdict):
            help = help_for(conversation.owner, language=conversation.persona.language, level=verdict.level)
            raise ModerationDown(help) from None
    # Only after judging: whoever is met by the site with help needs no place in the room.
    if is_answered(verdict):
        _refuse_busy(conversation.owner)
    return verdict


def _check_rights(conversation: Conversation) -> None:
    user = conversation.owner
    conversations.refuse_restricted(user=user, conversation_id=conversation.id, persona=conversation.persona)
    with _over_quota():
        quotas.check(user=user, kind="messages")


def _refuse_busy(user: User) -> None:
    try:
        tasks.check_room(user.id)
    except Full as full:
        raise Busy(full) from None


def _spend(user: User) -> None:
    with _over_quota():
        quotas.spend(user=user, kind="messages")


@contextmanager
def _over_quota() -> Iterator[None]:
    try:
        yield
    except quotas.QuotaExceeded as error:
        raise OverQuota(error.user_message, error.retry_after) from error


def _say(
    conversation: Conversation, *, parent_id: UUID | None, text: str, client_id: UUID | None, verdict: Verdict
) -> Sent:
    answered = is_answered(verdict)
    _spend(conversation.owner)
    message = conversation.messages.create(
        parent_id=parent_id, author=Author.USER, text=text, client_id=client_id, is_withheld=not answered
    )
    if not conversation.title:
        conversation.title = _title(text)
    conversation.head_id = message.id  # notices stand at it; written with the last move
    assessment.record(verdict, user=conversation.owner, conversation_id=conversation.id, message_id=message.id)
    conversations.publish_on_commit(conversation, frames.accepted(message), *_notices(conversation, message, verdict))
    if answered:
        return Sent(message, _owe_reply(conversation, parent_id=message.id))
    conversations.move_head(conversation, message.id)
    transaction.on_commit(lambda: tasks.have_monitored(conversation.id), robust=True)
    return Sent(message, None)


def _owe_reply(conversation: Conversation, *, parent_id: UUID | None, prefix: str = "") -> Reply:
    message = conversation.messages.create(parent_id=parent_id, author=Author.PERSONA)
    reply = Reply.objects.create(
        message=message,
        prefix=prefix,
        is_prefix_judged=not prefix,
        offset=stream.position(conversation.id),
        queued_at=timezone.now(),
    )
    conversations.move_head(conversation, message.id)
    _hand_over(reply)
    return reply


def _hand_over(reply: Reply) -> None:
    """Tells the tabs and the workers, once the row stands. Where Redis is away, the sweeper does it later."""
    connection().delete(cancel_key(reply.id))

    def announce(place: Place) -> None:
        frames.publish(reply.message.conversation_id, frames.queued(reply, place))

    transaction.on_commit(lambda: tasks.hand_over(reply, announce), robust=True)


def is_answered(verdict: Verdict) -> bool:
    """Whether the persona may answer: the filter lets it pass, and it is no crisis (compliance K2)."""
    return verdict.passes and not ladder.is_at_least(verdict.level, "active")


def _notices(conversation: Conversation, message: Message, verdict: Verdict) -> list[Frame]:
    """Records what the site says to this message, and makes its frames."""
    shown = [disclosure.shown_while_talking(conversation, timezone.now())]
    if verdict.action == RuleAction.BLOCK:
        shown.append(_blocked_notice(conversation, message, verdict))
    if ladder.is_at_least(verdict.level, "low"):
        shown.append(_crisis_notice(conversation, message, verdict))
    return [frames.notice(each) for each in shown if each]


def _blocked_notice(conversation: Conversation, message: Message, verdict: Verdict) -> Notice:
    return message.notices.create(
        conversation=conversation,
        kind=NoticeKind.BLOCKED,
        rule=verdict.category,
        version=verdict.policy_version,
        text=blocked_text(conversation.persona.name, verdict),
    )


def _crisis_notice(conversation: Conversation, message: Message, verdict: Verdict) -> Notice | None:
    if is_answered(verdict) and _crisis_noticed_today(conversation):
        return None  # the softer notice comes once a day (compliance K3)
    help = help_for(conversation.owner, language=conversation.persona.language, level=verdict.level)
    return message.notices.create(
        conversation=conversation,
        kind=NoticeKind.CRISIS,
        rule=verdict.level,
        version=help.version,
        text=help.text,
        resources=help.resources,
    )


def _crisis_noticed_today(conversation: Conversation) -> bool:
    since = timezone.now() - timedelta(days=1)
    notices = Notice.objects.filter(conversation__owner=conversation.owner, kind=NoticeKind.CRISIS)
    return notices.filter(shown_at__gt=since).exists()


def help_for(user: User, *, language: str, level: str) -> ladder.CrisisNotice:
    """What the site says to this person at this crisis level, with the help lines of their country."""
    return ladder.notice(country=user.country or settings.DEFAULT_COUNTRY, language=language, level=level)


def blocked_text(name: str, verdict: Verdict) -> str:
    """What the site says of a message to `name` that the filter held back."""
    return _BLOCKED.format(name=name, why=plain_words.category_in_words(verdict.category))


def _again(message: Message) -> Sent:
    """The first result of a message that was sent before, told once more to whoever missed it."""
    reply = Reply.objects.filter(message__parent=message).select_related("message").order_by("queued_at").last()
    again: list[Frame] = [frames.accepted(message), *map(frames.notice, message.notices.all())]
    if reply:
        again.append(
            frames.queued(reply, tasks.place_of(reply)) if reply.status in UNFINISHED else frames.outcome(reply)
        )
    frames.publish(message.conversation_id, *again)
    return Sent(message, reply)


def _title(text: str) -> str:
    first_line = text.strip().splitlines()[0]
    if len(first_line) <= _TITLE_CHARACTERS:
        return first_line
    return first_line[:_TITLE_CHARACTERS].rsplit(" ", 1)[0] + " …"
