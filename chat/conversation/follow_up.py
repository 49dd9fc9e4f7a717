"""The question with which the site opens the next visit after a crisis, once (compliance K8).

A visit has ended when its person has written nothing for REST. A crisis is a notice at *passive* or above, and words
outside of conversations that reach it. A room that holds such words registers when that was last.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from accounts.interface import languages
from accounts.models import User
from chat.models import Author, Conversation, Message, Notice, NoticeKind
from moderation import lone_texts, user_turns

RULE = "follow_up"  # of the notice, and the name of its words
REST = timedelta(minutes=30)
CRISIS = ("passive", "active", "imminent")
# When a person was last in a crisis outside of conversations.
_elsewhere: list[Callable[[User], datetime | None]] = [lone_texts.newest_crisis]


def register(newest_crisis: Callable[[User], datetime | None]) -> None:
    """Registers a room's function. It gives the time of a person's newest crisis in the words that the room holds."""
    _elsewhere.append(newest_crisis)


def shown_at_next_visit(conversation: Conversation, now: datetime) -> Notice | None:
    """Records the question if it is due when the person opens the conversation. None if it is not due."""
    if not _is_due(conversation.owner, now):
        return None
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=conversation.owner_id)  # another tab may be opening too
        return _record_question(conversation, user, now) if _is_due(user, now) else None


def _is_due(user: User, now: datetime) -> bool:
    """Whether the newest crisis has had no question yet, and the visit in which it came has ended."""
    notices = Notice.objects.filter(conversation__owner=user, kind=NoticeKind.CRISIS, rule__in=(*CRISIS, RULE))
    newest = notices.order_by("shown_at").last()
    elsewhere = max(filter(None, (newest_crisis(user) for newest_crisis in _elsewhere)), default=None)
    if elsewhere is not None and (newest is None or elsewhere > newest.shown_at):
        if elsewhere > now - REST:
            return False
    elif newest is None or newest.rule == RULE:
        return False
    own_messages = Message.objects.filter(conversation__owner=user, author=Author.USER)
    return not own_messages.filter(created_at__gt=now - REST).exists()


def _record_question(conversation: Conversation, user: User, now: datetime) -> Notice:
    with languages.speaking_to(user):
        question = user_turns.help_for(user, RULE)
    return Notice.objects.create(
        conversation=conversation,
        message=conversation.head,
        kind=NoticeKind.CRISIS,
        rule=RULE,
        version=question.version,
        text=question.text,
        resources=question.resources,
        shown_at=now,
    )
