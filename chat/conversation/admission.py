"""What is checked and counted before a model writes for a person: rights, quotas and places. All raise Refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.contacts import guardian_limits
from accounts.models import User
from accounts.usage import quotas
from chat.conversation import conversations, groups, queueing, transcripts
from chat.conversation.conversations import Busy, OverQuota, WrongState
from chat.models import Author, Conversation, Reply, ReplyStatus
from generation.jobs import waiting_room
from generation.jobs.waiting_room import Full
from personas.models import Persona


def check_rights(conversation: Conversation, persona: Persona) -> None:
    """Whether the persona may speak, and its person ask."""
    conversations.refuse_parted(conversation)
    if silence := groups.silence_of(conversation, persona):
        raise silence
    check_quota(conversation.owner)


def check_quota(user: User) -> None:
    with _over_quota():
        quotas.check(user=user, kind="messages")


def refuse_busy(user: User) -> None:
    try:
        queueing.check_room(user.id)
    except Full as full:
        raise Busy(full) from None


def refuse_to_write(conversation: Conversation) -> None:
    """What may have changed before the conversation was locked, and since the checks that take time."""
    conversations.refuse_parted(conversation)
    conversations.refuse_unfinished(conversation)


def refuse_instead_of_the_site(head: UUID | None) -> None:
    """Raises WrongState where the site has answered the person's last message down to `head` itself."""
    own = [each for each in transcripts.newest_messages(head, transcripts.NEWEST) if each.author == Author.USER]
    if own and own[-1].is_withheld:
        raise WrongState(_("Afterword has answered your last message itself. Write something else first."))


def refuse_too_many_owed(user: User) -> None:
    """Keeps the limit exactly: the lock lets the person's messages pass here one by one."""
    quotas.hold(user=user, kind="messages")
    waiting_replies = Reply.objects.filter(message__conversation__owner=user, status=ReplyStatus.QUEUED)
    if waiting_replies.count() >= settings.WAITING_PER_ACCOUNT:
        raise Busy(waiting_room.full("interactive", own=True))


def spend(user: User) -> None:
    with _over_quota():
        quotas.spend(user=user, kind="messages")


def spend_of_guardian(user: User) -> None:
    """Counts a reply against the limits that a guardian has set. What the site answers itself counts as none."""
    with _over_quota():
        guardian_limits.spend(user)


@contextmanager
def _over_quota() -> Iterator[None]:
    try:
        yield
    except quotas.QuotaExceeded as error:
        raise OverQuota(error.user_message, error.retry_after) from error
