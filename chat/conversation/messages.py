"""The doors of messages and replies: send, edit, stop, regenerate, continue, and let a persona speak.

Each raises `conversations.Refused` with a sentence for the person, and Http404.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from redis import RedisError

from accounts.contacts import guardians
from accounts.models import User
from chat.conversation import (
    admission,
    beginnings,
    conversations,
    disclosure,
    ends,
    groups,
    monitoring,
    queueing,
    transcripts,
)
from chat.conversation.beginnings import Beginning
from chat.conversation.conversations import Busy, ModerationDown, WrongState
from chat.models import (
    UNFINISHED,
    Author,
    Conversation,
    ConversationState,
    Message,
    Notice,
    NoticeKind,
    Origin,
    Reply,
    ReplyStatus,
)
from chat.socket import frames
from chat.socket.protocol import Frame
from generation.jobs import stream, turned_away
from moderation import user_turns
from moderation.crisis import ladder
from moderation.filter import assessment
from moderation.user_turns import Ruling
from persona_site.redis import cancel_key, connection
from personas.models import Persona
from text import graphemes

_TITLE_CHARACTERS = 60
_LONGEST_SENDING = 60  # seconds; judging takes a few


@dataclass(frozen=True)
class Sent:
    """The result of sending a message: its row, and the reply that is owed, if there is one."""

    message: Message
    reply: Reply | None


def send_message(*, user: User, conversation_id: UUID, client_id: UUID, text: str) -> Sent:
    """Sends a message to the persona, or to those of a group.

    The same `client_id` again returns the first result and changes nothing.
    A text that the filter stops is kept and shown to its writer with a notice. No reply is owed to it.
    Raises Refused and Http404.
    """
    with _one_by_one(conversation_id, client_id):
        conversation = conversations.get_conversation_for(user, conversation_id)
        return _send(conversation, client_id, text)


@contextmanager
def _one_by_one(conversation_id: UUID, client_id: UUID) -> Iterator[None]:
    """Lets the same message in once at a time: every open tab sends it, and each judging would count.

    Without Redis, or after a long wait, it goes on. The lock of the conversation then keeps the message single.
    """
    name = f"sending:{conversation_id}:{client_id}"
    lock = connection().lock(name, timeout=_LONGEST_SENDING, blocking_timeout=_LONGEST_SENDING)
    with suppress(RedisError):
        lock.acquire()
    try:
        yield
    finally:
        with suppress(RedisError):  # where it is not held, or has ended by itself
            lock.release()


def _send(conversation: Conversation, client_id: UUID, text: str) -> Sent:
    if earlier := conversation.messages.filter(client_id=client_id).first():
        return _again(earlier)
    with _admitted(conversation, conversation.head_id, text) as (ruling, speaker), transaction.atomic():
        conversation = conversations.locked(conversation)
        if earlier := conversation.messages.filter(client_id=client_id).first():
            return _again(earlier)  # sent twice at once; the other request had the lock first
        admission.refuse_to_write(conversation)
        return _store_message(
            conversation,
            parent_id=conversation.head_id,
            text=text,
            client_id=client_id,
            ruling=ruling,
            speaker=speaker,
        )


def edit(*, user: User, message_id: UUID, text: str) -> Sent:
    """Changes a message by adding a sibling of it, with its own reply. Raises Refused and Http404."""
    message = conversations.get_message_for(user, message_id)
    if message.author != Author.USER:
        raise WrongState(_("Only your own messages can be changed."))
    with _admitted(message.conversation, message.parent_id, text) as (ruling, speaker), transaction.atomic():
        conversation = conversations.locked(message.conversation)
        message = conversations.get_message_for(user, message_id)
        admission.refuse_to_write(conversation)
        result = _store_message(
            conversation, parent_id=message.parent_id, text=text, client_id=None, ruling=ruling, speaker=speaker
        )
        conversations.publish_on_commit(conversation, frames.thread_changed(conversation))
        return result


def stop(*, user: User, reply_id: UUID) -> None:
    """Ends a reply where it is and keeps the text shown so far. Does nothing to a reply that has ended."""
    reply = conversations.get_reply_for(user, reply_id)
    connection().set(cancel_key(reply.id), 1, ex=3600)
    # A reply that no worker has begun is ended here. The worker of a reply under way sees the key and ends it.
    now = timezone.now()
    waiting = Reply.objects.filter(pk=reply.id, status=ReplyStatus.QUEUED)
    if waiting.update(status=ReplyStatus.STOPPED, finished_at=now, is_end_told=False):
        queueing.call_off(reply)
        reply.refresh_from_db()
        ends.tell(reply)


def regenerate(*, user: User, reply_id: UUID) -> Reply:
    """Asks for another reply to the same message. The old reply stays as its sibling. Raises Refused.

    The new reply begins with the best candidate that no reply has begun with, so that its first words come at once.
    If none is left, the engine draws anew.
    """
    return _another(conversations.get_reply_for(user, reply_id), beginnings.next_best)


def regenerate_from(*, user: User, reply_id: UUID, beginning: Beginning) -> Reply:
    """Asks for another reply, which begins with this. The filter judges it before it is shown. Raises Refused."""
    return _another(conversations.get_reply_for(user, reply_id), lambda old: beginning)


def let_speak(*, user: User, conversation_id: UUID, persona_id: UUID) -> Reply:
    """Asks a persona of the conversation to speak next, also as the first, and a muted one. Raises Refused, Http404."""
    conversation = conversations.get_conversation_for(user, conversation_id)
    persona = next((each for each in conversation.personas if each.pk == persona_id), None)
    if persona is None:
        raise Http404("This persona takes no part in the conversation.")
    admission.check_rights(conversation, persona)
    admission.refuse_busy(user)
    with transaction.atomic():
        conversation = conversations.locked(conversation)
        admission.refuse_to_write(conversation)
        admission.refuse_instead_of_the_site(conversation.head_id)
        _refuse_to_repeat(conversation.head, persona)
        admission.spend(user)
        return _owe_reply(conversation, parent_id=conversation.head_id, speaker=persona)


def _refuse_to_repeat(head: Message | None, persona: Persona) -> None:
    """Raises WrongState where the persona has just spoken."""
    if head is not None and head.author == Author.PERSONA and head.persona == persona:
        raise WrongState(_("{name} has just spoken. Write something, or let it go on.").format(name=persona.name))


def owe_following(conversation: Conversation, message: Message, persona: Persona) -> Reply | None:
    """The reply of the persona that speaks after another one. None if nothing more may be said now.

    Called in the transaction that ends the reply before, with the conversation locked.
    """
    if conversation.state != ConversationState.OPEN or conversation.head_id != message.id:
        return None
    try:
        with transaction.atomic():
            admission.spend(conversation.owner)
            return _owe_reply(conversation, parent_id=message.id, speaker=persona)
    except conversations.Refused:
        return None


def continue_reply(*, user: User, reply_id: UUID) -> Reply:
    """Continues a reply that has ended. Raises Refused."""
    reply = conversations.get_reply_for(user, reply_id)
    admission.check_rights(reply.message.conversation, reply.message.persona)
    admission.refuse_busy(user)
    with transaction.atomic():
        conversation = conversations.locked(reply.message.conversation)
        reply = conversations.get_reply_for(user, reply_id)
        admission.refuse_to_write(conversation)
        admission.refuse_instead_of_the_site(reply.message_id)
        admission.spend(user)
        admission.refuse_too_many_owed(user)
        admission.spend_of_guardian(user)
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
            raise WrongState(_("A reply that was withdrawn cannot be continued. Ask for another one."))
        reply.refresh_from_db()
        _hand_over(reply)
    return reply


def _another(old: Reply, begin: Callable[[Message], Beginning | None]) -> Reply:
    conversation = old.message.conversation
    admission.check_rights(conversation, old.message.persona)
    admission.refuse_busy(conversation.owner)
    with transaction.atomic():
        conversation = conversations.locked(conversation)
        message = conversations.get_message_for(conversation.owner, old.message_id)
        admission.refuse_to_write(conversation)
        admission.refuse_instead_of_the_site(message.parent_id)
        admission.spend(conversation.owner)
        return _owe_reply(conversation, parent_id=message.parent_id, speaker=message.persona, beginning=begin(message))


@contextmanager
def _admitted(conversation: Conversation, head: UUID | None, text: str) -> Iterator[tuple[Ruling, Persona | None]]:
    """Makes every check that may refuse a message after `head`, before the block stores it.

    Yields the ruling, and the persona that answers, if one does. A judged text counts as a message, also if it is
    refused afterwards. One that finds no place in the waiting room counts once, however often it is sent again.
    Raises Refused.
    """
    with turned_away.counted_once(conversation.id, head, text, full=Busy) as is_counted:
        yield _admit(conversation, head, text, is_counted=is_counted)


def _admit(
    conversation: Conversation, head: UUID | None, text: str, *, is_counted: bool
) -> tuple[Ruling, Persona | None]:
    """The cheapest checks come first. `is_counted`: the persona may answer this text, but there was no place."""
    conversations.refuse_parted(conversation)
    speakers = groups.speakers(conversation)
    if not is_counted:
        admission.check_quota(conversation.owner)
    conversations.refuse_unfinished(conversation)  # asked again under the lock
    if is_counted:
        admission.refuse_busy(conversation.owner)
    turn = _turn(conversation, head, text)
    try:
        ruling = groups.judge([turn], user=conversation.owner, personas=conversation.personas)[0]
    except user_turns.FilterDown as down:
        raise ModerationDown(down.help) from None
    if not is_counted:
        admission.spend(conversation.owner)  # here, so that no later refusal takes it back: judging takes seconds
    # Only after judging: a person whom the site answers with help lines needs no place in the waiting room.
    if not ruling.is_answered:
        return ruling, None
    admission.refuse_busy(conversation.owner)
    return ruling, groups.who_answers(speakers, head, text)


def _turn(conversation: Conversation, head: UUID | None, text: str) -> user_turns.Turn:
    """The text with what it is judged with. The site's answers to the person's earlier messages do not hide these."""
    newest = transcripts.newest_messages(head, transcripts.NEWEST)
    before = [message.text for message in newest if not message.is_withheld][-2:]
    earlier = [message.text for message in newest if message.author == Author.USER][-user_turns.EARLIER :]
    is_farewell = conversation.state == ConversationState.FAREWELL
    return user_turns.Turn(text, before="\n".join(before), earlier=tuple(earlier), is_farewell=is_farewell)


def _store_message(
    conversation: Conversation,
    *,
    parent_id: UUID | None,
    text: str,
    client_id: UUID | None,
    ruling: Ruling,
    speaker: Persona | None,
) -> Sent:
    """Stores a message of the person. `speaker` answers it; None: the site does."""
    message = conversation.messages.create(
        parent_id=parent_id, author=Author.USER, text=text, client_id=client_id, is_withheld=not ruling.is_answered
    )
    if ruling.is_answered and not conversation.title:  # a message in a crisis becomes no title
        conversation.title = _title(text)
    conversation.head_id = message.id  # notices refer to it; `move_head` below writes it
    assessment.record(ruling.verdict, user=conversation.owner, conversation_id=conversation.id, message_id=message.id)
    conversations.publish_on_commit(conversation, frames.accepted(message), *_notices(conversation, message, ruling))
    if ruling.is_crisis:
        guardians.note_crisis(conversation.owner)
    if speaker:
        return Sent(message, _owe_reply(conversation, parent_id=message.id, speaker=speaker))
    conversations.move_head(conversation, message.id)
    transaction.on_commit(lambda: queueing.have_monitored(conversation.id), robust=True)
    if ladder.is_for_the_site(ruling.verdict.level):
        # A person in danger waits behind nobody's tasks. If this look is lost, a worker's finds the same.
        crisis = ruling.verdict.findings_about(message.id)
        transaction.on_commit(lambda: monitoring.look_at(conversation.id, crisis=crisis), robust=True)
    return Sent(message, None)


def _owe_reply(
    conversation: Conversation, *, parent_id: UUID | None, speaker: Persona, beginning: Beginning | None = None
) -> Reply:
    admission.refuse_too_many_owed(conversation.owner)
    admission.spend_of_guardian(conversation.owner)
    message = conversation.messages.create(parent_id=parent_id, author=Author.PERSONA, speaker=speaker)
    reply = Reply.objects.create(
        message=message,
        prefix=beginning.prefix if beginning else "",
        is_prefix_judged=beginning is None,
        offset=stream.position(conversation.id),
        queued_at=timezone.now(),
    )
    if beginning:
        Origin.objects.create(reply=reply, authors=beginning.authors)
    conversations.move_head(conversation, message.id)
    _hand_over(reply)
    return reply


def _hand_over(reply: Reply) -> None:
    """Tells the tabs and the workers after the commit. If Redis is away, the sweeper does it later."""
    connection().delete(cancel_key(reply.id))
    transaction.on_commit(lambda: queueing.hand_over(reply), robust=True)


def _notices(conversation: Conversation, message: Message, ruling: Ruling) -> list[Frame]:
    """Records the site's notices on this message, and makes their frames."""
    notices = [
        disclosure.shown_while_talking(conversation, timezone.now()),
        _blocked_notice(conversation, message, ruling),
        _crisis_notice(conversation, message, ruling),
    ]
    return [frames.notice(notice) for notice in notices if notice]


def _blocked_notice(conversation: Conversation, message: Message, ruling: Ruling) -> Notice | None:
    if not ruling.refusal:
        return None
    return message.notices.create(
        conversation=conversation,
        kind=NoticeKind.BLOCKED,
        rule=ruling.verdict.category,
        version=ruling.verdict.policy_version,
        text=ruling.refusal,
    )


def _crisis_notice(conversation: Conversation, message: Message, ruling: Ruling) -> Notice | None:
    if ruling.help is None or (ruling.is_answered and _crisis_noticed_today(conversation)):
        return None  # the notice beside an answer comes once a day (compliance K3)
    return message.notices.create(
        conversation=conversation,
        kind=NoticeKind.CRISIS,
        rule=ruling.verdict.level,
        version=ruling.help.version,
        text=ruling.help.text,
        resources=ruling.help.resources,
    )


def _crisis_noticed_today(conversation: Conversation) -> bool:
    since = timezone.now() - timedelta(days=1)
    notices = Notice.objects.filter(conversation__owner=conversation.owner, kind=NoticeKind.CRISIS)
    return notices.filter(shown_at__gt=since).exists()


def _again(message: Message) -> Sent:
    """The first result of a message that was sent before. Publishes its frames again for tabs that missed them."""
    reply = Reply.objects.filter(message__parent=message).select_related("message").order_by("queued_at").last()
    missed_frames: list[Frame] = [frames.accepted(message), *map(frames.notice, message.notices.all())]
    if reply:
        missed_frames.append(
            frames.queued(reply, queueing.place_of(reply)) if reply.status in UNFINISHED else frames.outcome(reply)
        )
    frames.publish(message.conversation_id, *missed_frames)
    return Sent(message, reply)


def _title(text: str) -> str:
    first_line = text.strip().splitlines()[0]
    if len(first_line) <= _TITLE_CHARACTERS:
        return first_line
    return graphemes.beginning(first_line, _TITLE_CHARACTERS).rsplit(" ", 1)[0] + " …"
