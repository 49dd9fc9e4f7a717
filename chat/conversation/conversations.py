"""The doors of a conversation as a whole, and the refusals of every door of chat.

    Refused                  the person reads `code` and `detail` unchanged
    ├── WrongState           not possible now: a reply is still being written, or has ended
    │   └── AtRest           the person has said farewell to the persona; carries `conversation_id`
    ├── Restricted           a moderator's decision forbids it
    ├── NotAdmitted          this person may not talk with this persona (`personas.access`)
    ├── OverQuota            carries `retry_after`
    ├── Busy                 the waiting room has no free place; carries `retry_after`
    └── ModerationDown       the filter cannot judge; carries `help`, the crisis resources

Another person's conversation raises Http404. The doors of messages and replies are in `messages`.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.sign_in import ages
from accounts.usage import quotas
from chat.conversation import branches, first_talk, follow_up, queueing, remembering, transcripts
from chat.models import UNFINISHED, Author, Conversation, ConversationState, Message, Reply, ReplyStatus
from chat.socket import frames
from chat.socket.protocol import ErrorCode, Frame
from generation.jobs import stream
from generation.jobs.waiting_room import Full
from moderation import user_turns
from moderation.categories import ClassifierUnavailable
from moderation.crisis.notices import CrisisNotice
from moderation.desk import restrictions
from moderation.filter import assessment, gate
from moderation.filter.assessment import Verdict
from moderation.monitor import counts
from persona_site.redis import cancel_key, connection, rewrite_log
from personas import access, creation
from personas.models import Persona
from personas.prompting import prompt_sheet
from text import cleaning, graphemes

_MOST_GREETINGS = 12  # of a card that are offered; each is judged before the page opens


class Refused(Exception):
    code: ErrorCode
    status = 409  # HTTP status of the page that shows the refusal

    def __init__(self, detail: str, retry_after: timedelta | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class WrongState(Refused):
    code = "wrong_state"


class AtRest(WrongState):
    def __init__(self, farewell: Conversation) -> None:
        super().__init__(
            _("You have said farewell to {name}, who rests now. Take the conversation up again first.").format(
                name=farewell.persona.name
            )
        )
        self.conversation_id = farewell.id


class Restricted(Refused):
    code = "restricted"


class NotAdmitted(Refused):
    status = 403

    def __init__(self, refusal: access.Refusal) -> None:
        super().__init__(refusal.user_message)
        self.code = refusal.code


class OverQuota(Refused):
    code = "quota_exceeded"
    status = 429


class Busy(Refused):
    code = "busy"

    def __init__(self, full: Full) -> None:
        seconds = round(full.retry_after.total_seconds())
        reason = (
            _("You already have as many replies waiting as one person may wait for.")
            if full.own
            else _("Too many people are waiting for replies now. There is no place left.")
        )
        again = ngettext(
            "Your words are kept here. Try again in {count} second.",
            "Your words are kept here. Try again in {count} seconds.",
            seconds,
        )
        super().__init__(f"{reason} {again.format(count=seconds)}", full.retry_after)
        self.status = 429 if full.own else 503


class ModerationDown(Refused):
    code = "moderation_unavailable"
    status = 503

    def __init__(self, help: CrisisNotice) -> None:
        super().__init__(_("The safety check is not running, so nothing can be sent. Your words are kept; try again."))
        self.help = help


def owned_by(user: User) -> QuerySet[Conversation]:
    return Conversation.objects.filter(owner=user).select_related("persona").prefetch_related("members__persona")


# The account's row decides whether it is active. `user` may be old: a socket keeps the one it was opened with.
def get_conversation_for(user: User, conversation_id: UUID) -> Conversation:
    """A conversation of this active account. Raises Http404."""
    visible = owned_by(user).filter(owner__is_active=True).select_related("owner")
    return get_object_or_404(visible, pk=conversation_id)


def get_reply_for(user: User, reply_id: UUID) -> Reply:
    """A reply in a conversation of this active account. Raises Http404."""
    replies = Reply.objects.select_related(
        "message__conversation__persona", "message__conversation__owner", "message__speaker"
    )
    owned = replies.filter(message__conversation__owner=user, message__conversation__owner__is_active=True)
    return get_object_or_404(owned, pk=reply_id)


def get_message_for(user: User, message_id: UUID) -> Message:
    """A message in a conversation of this active account. Raises Http404."""
    messages = Message.objects.select_related("conversation__persona", "conversation__owner", "speaker")
    owned = messages.filter(conversation__owner=user, conversation__owner__is_active=True)
    return get_object_or_404(owned, pk=message_id)


@transaction.atomic
def start(*, user: User, persona_id: UUID) -> Conversation:
    """Starts a conversation. The persona's opening line is its first message if the filter clears it.

    The alternate greetings of its card are other versions of that message, to choose from. Raises Refused.
    """
    persona = creation.get_persona_for(user, persona_id)
    refuse_silent(user, persona)
    try:
        quotas.spend(user=user, kind="conversations")
    except quotas.QuotaExceeded as error:
        raise OverQuota(error.user_message, error.retry_after) from error
    openings, verdicts = _openings(user, persona)
    conversation = Conversation.objects.create(owner=user, persona=persona)
    follow_up.shown_at_next_visit(conversation, timezone.now())  # before the persona's first words
    first_talk.shown_with(persona, conversation)
    if openings:
        versions = [
            conversation.messages.create(author=Author.PERSONA, speaker=persona, text=opening) for opening in openings
        ]
        conversation.head = versions[0]
        conversation.save(update_fields=["head"])
    for verdict in verdicts:
        assessment.record(verdict, user=user, conversation_id=conversation.id, message_id=conversation.head_id)
    return conversation


def _openings(user: User, persona: Persona) -> tuple[list[str], list[Verdict]]:
    """The greetings that the filter clears, the usual one first, and its verdicts. None if the usual one is empty."""
    verdicts: list[Verdict] = []
    openings: list[str] = []
    greetings = prompt_sheet.greetings(persona)
    for line in filter(None, dict.fromkeys(greetings[:_MOST_GREETINGS]) if greetings[0] else []):
        try:
            cleared = gate.cleared(
                iter([line]), judged=verdicts.append, is_minor=ages.is_minor(user), persona_id=persona.id
            )
            openings.append("".join(cleared))
        except gate.Blocked as blocked:
            verdicts.append(blocked.verdict)
        except ClassifierUnavailable:
            raise ModerationDown(user_turns.help_for(user, "")) from None
    return openings, verdicts


def describe(*, user: User, conversation_id: UUID, title: str, folder: str) -> None:
    """Sets the title and the folder, each as one line. An empty one is removed. Raises Http404."""
    conversation = get_conversation_for(user, conversation_id)
    conversation.title, conversation.folder = _line(title, 120), _line(folder, 60)
    conversation.save(update_fields=["title", "folder"])


def _line(text: str, most: int) -> str:
    return "" if cleaning.is_blank(text) else graphemes.beginning(cleaning.clean_line(text), most)


def delete(*, user: User, conversation_id: UUID) -> None:
    """Deletes the conversation with its messages, replies, notices and stream. Ends a reply under way and every tab."""
    remove(get_conversation_for(user, conversation_id))


def remove(conversation: Conversation) -> None:
    """As `delete`, without a check of rights. For its owner's request, and for the erasure of the owner's account."""
    conversation_id = conversation.id
    connection().set(cancel_key(conversation_id), 1, ex=3600)
    for reply in Reply.objects.filter(message__conversation=conversation, status=ReplyStatus.QUEUED):
        queueing.call_off(reply)
    with transaction.atomic():
        conversation.delete()
        counts.forget(conversation_id)
        remembering.forget_conversation(conversation.owner, conversation_id)
        transaction.on_commit(lambda: _end_stream(conversation_id), robust=True)


def _end_stream(conversation_id: UUID) -> None:
    stream.end(conversation_id, frames.DELETED)
    rewrite_log()


def select_branch(*, user: User, message_id: UUID) -> Conversation:
    """Makes the branch through this message the read one, down to its newest leaf."""
    message = get_message_for(user, message_id)
    with transaction.atomic():
        conversation = locked(message.conversation)
        message = get_message_for(user, message_id)  # it may have been deleted before the lock
        refuse_unfinished(conversation)
        move_head(conversation, branches.newest_leaf(transcripts.tree_of(conversation), message.id))
        publish_on_commit(conversation, frames.thread_changed(conversation))
    return conversation


def refuse_unadmitted(user: User, persona: Persona) -> None:
    """Raises NotAdmitted."""
    if refusal := access.refusal(user, persona):
        raise NotAdmitted(refusal)


def refuse_restricted(*, user: User, conversation_id: UUID | None, persona: Persona) -> None:
    """Raises Restricted if a moderator's decision forbids writing here."""
    active = restrictions.active_for(user=user, conversation_id=conversation_id, persona_id=persona.id)
    if active:
        raise Restricted(active[0].statement)


def locked(conversation: Conversation) -> Conversation:
    """The conversation's row, locked until the transaction ends. So its doors run one at a time. Raises Http404."""
    rows = Conversation.objects.select_for_update(of=["self"]).select_related("persona", "owner")
    try:
        return rows.get(pk=conversation.pk)
    except Conversation.DoesNotExist:
        raise Http404("This conversation was deleted.") from None


def farewell_to(user: User, persona: Persona) -> Conversation | None:
    """The conversation in which the person has said farewell to the persona. None if the persona does not rest."""
    return owned_by(user).filter(persona=persona).exclude(farewell_at=None).first()


def refuse_silent(user: User, persona: Persona, *, conversation_id: UUID | None = None) -> None:
    """Raises Refused if the persona may not speak to this person now, in a talk, a group or a story.

    The refusal is NotAdmitted, Restricted, or AtRest if the person has said farewell to the persona.
    """
    refuse_unadmitted(user, persona)
    refuse_restricted(user=user, conversation_id=conversation_id, persona=persona)
    if farewell := farewell_to(user, persona):
        raise AtRest(farewell)


def is_under_way(conversation: Conversation) -> bool:
    """Whether its person may write in it: it neither rests nor is archived."""
    return conversation.state in {ConversationState.OPEN, ConversationState.FAREWELL}


def refuse_parted(conversation: Conversation) -> None:
    """Raises WrongState if the conversation rests or is archived."""
    if not is_under_way(conversation):
        raise WrongState(_("You have said goodbye to this conversation. Take it up again before you write."))


def refuse_unfinished(conversation: Conversation) -> None:
    """Raises WrongState while a reply is owed or being written."""
    if Reply.objects.filter(message__conversation=conversation, status__in=UNFINISHED).exists():
        raise WrongState(_("A reply is still being written. Wait for it, or stop it."))


def move_head(conversation: Conversation, message_id: UUID) -> None:
    """Makes a message the last one of the read branch, and moves the conversation up the list. Stores the title too."""
    conversation.head_id = message_id
    conversation.save(update_fields=["head", "title", "updated_at"])


def publish_on_commit(conversation: Conversation, *new_frames: Frame) -> None:
    """Sends frames to every open tab after the transaction. If Redis is away, a reload of the page shows the change."""
    transaction.on_commit(lambda: frames.publish(conversation.id, *new_frames), robust=True)
