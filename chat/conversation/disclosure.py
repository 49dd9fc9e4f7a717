"""The notices that no human being is writing, and that it is time for a break; when each is due.

Rows CA2, CA5, CA6, CN8, NY3, WA1 and H3 of docs/compliance.md. The interval is the shortest of the laws that the site
keeps (`accounts.legal.laws`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext

from accounts.interface import languages
from accounts.legal import laws
from accounts.models import Sitting, User
from accounts.sign_in import ages
from accounts.usage import sittings
from chat.conversation import conversations
from chat.models import Conversation, Notice, NoticeKind
from chat.socket import frames
from moderation.filter import policy
from personas.models import Persona

VERSION = "2026-12"
STRICTEST = timedelta(hours=2)  # of the laws for adults
_AT_START = timedelta(days=1)


def text(conversation: Conversation) -> str:
    """The notice that no human being is writing, in the language of the person who reads it."""
    with languages.speaking_to(conversation.owner):
        if conversation.is_group:
            return gettext(
                "You are talking with a computer program. {names} are not human beings and are not alive here: "
                "an AI writes their words from what people gave it, and it can be wrong. "
                "Conversations are checked automatically for safety, and a moderator may read what was flagged."
            ).format(names=_names(conversation.personas))
        return gettext(
            "You are talking with a computer program. {name} is not a human being and is not alive here: "
            "an AI writes these words from what people gave it, and it can be wrong. "
            "Conversations are checked automatically for safety, and a moderator may read what was flagged."
        ).format(name=conversation.persona.name)


def _break_text(user: User, personas: Sequence[Persona], active: timedelta) -> str:
    hours = round(active / timedelta(hours=1))
    with languages.speaking_to(user):
        so_long = ngettext("an hour", "{count} hours", hours).format(count=hours)
        if len(personas) > 1:
            return gettext(
                "You have been here for about {hours}. This is a good moment for a break: stand up, drink something, "
                "or talk with somebody near you. The conversation stays as it is. "
                "A computer program writes these words. {names} are not human beings."
            ).format(names=_names(personas), hours=so_long)
        return gettext(
            "You have been here for about {hours}. This is a good moment for a break: stand up, drink something, "
            "or talk with somebody near you. The conversation stays as it is. "
            "A computer program writes these words. {name} is not a human being."
        ).format(name=personas[0].name, hours=so_long)


def _names(personas: Sequence[Persona]) -> str:
    """The names of a group as a list of words: Ada, Tom and Mira."""
    return get_text_list([persona.name for persona in personas], gettext("and"))


def shown_at_start(conversation: Conversation, now: datetime) -> Notice | None:
    """Counts the opening of the page, and records the notice that it shows, once a day.

    Returns None if it was recorded that recently.
    """
    sittings.touch(conversation.owner, now)
    return _record_start(conversation, now)


def shown_while_talking(conversation: Conversation, now: datetime) -> Notice | None:
    """Counts a sign of use. Returns the notice that is due with it, recorded, or None. Call in a transaction."""
    sitting = sittings.touch(conversation.owner, now)
    return _record_start(conversation, now) or _record_break(conversation, sitting, now)


def note_use(*, user: User, conversation_id: UUID, now: datetime) -> None:
    """The browser notes that its person is reading or typing. Sends the notice that is due. Raises Http404."""
    conversation = conversations.get_conversation_for(user, conversation_id)
    with transaction.atomic():
        conversation = conversations.locked(conversation)  # the same order of locks as a message has
        notice = shown_while_talking(conversation, now)
        if notice:
            conversations.publish_on_commit(conversation, frames.notice(notice))


def interval(user: User) -> timedelta:
    """The active use after which a reminder is due: the shortest of the laws in scope and of the policy.

    Help in a crisis needs no policy, so neither does this.
    """
    is_minor = ages.is_minor(user)
    of_laws = laws.shortest_interval(is_minor=is_minor)
    try:
        of_policy = timedelta(hours=policy.active().break_notice_hours)
    except policy.PolicyMissing:
        of_policy = STRICTEST
    return min(of_laws or of_policy, of_policy)


def _record_start(conversation: Conversation, now: datetime) -> Notice | None:
    notices = Notice.objects.filter(conversation__owner=conversation.owner, kind=NoticeKind.DISCLOSURE)
    if notices.filter(shown_at__gt=now - _AT_START).exists():
        return None
    return _record(conversation, now, NoticeKind.DISCLOSURE, "start", text(conversation))


def _record_break(conversation: Conversation, sitting: Sitting, now: datetime) -> Notice | None:
    reminder = due_reminder(conversation.owner, conversation.personas, sitting)
    return _record(conversation, now, NoticeKind.BREAK, *reminder) if reminder else None


def due_reminder(user: User, personas: Sequence[Persona], sitting: Sitting) -> tuple[str, str] | None:
    """The rule and the text of the reminder that is due, which counts as shown now. None if none is due."""
    every = interval(user)
    if not sittings.is_reminder_due(sitting, every):
        return None
    sittings.note_reminder(sitting)
    return f"every_{every // timedelta(hours=1)}_hours", _break_text(user, personas, sitting.active)


def _record(conversation: Conversation, now: datetime, kind: NoticeKind, rule: str, words: str) -> Notice:
    return Notice.objects.create(
        conversation=conversation,
        message=conversation.head,
        kind=kind,
        rule=rule,
        version=VERSION,
        text=words,
        shown_at=now,
    )
