"""Whether the copy of a conversation that a browser keeps is still right.

Browsers keep copies for a person who wants that (static/js/shared/kept.js). A copy carries the mark that the
conversation had. Another mark, or none, tells the browser to delete the copy.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max

from accounts.models import User
from chat.models import Conversation

MOST = 50  # as many as a browser keeps


def mark(conversation: Conversation) -> str:
    """Changes with every message that comes or goes, and with every reply that begins, ends or goes on."""
    return marks(conversation.owner, [conversation.id]).get(str(conversation.id), "")


def marks(user: User, conversation_ids: Iterable[UUID]) -> dict[str, str]:
    """The marks of those of these conversations that are the person's own."""
    rows = (
        Conversation.objects.filter(owner=user, owner__is_active=True, id__in=list(conversation_ids)[:MOST])
        .order_by()
        .annotate(
            total=Count("messages"), newest=Max("messages__created_at"), ended=Max("messages__reply__finished_at")
        )
        .values_list("id", "total", "newest", "ended")
    )
    return {str(key): f"{total}.{_seconds(newest)}.{_seconds(ended)}" for key, total, newest, ended in rows}


def _seconds(moment: datetime | None) -> str:
    return f"{moment.timestamp():.6f}" if moment else ""
