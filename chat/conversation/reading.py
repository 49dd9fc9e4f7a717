"""What of a person's conversations they have not seen yet, and the folders that they put conversations into."""

from uuid import UUID

from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone

from accounts.models import User
from chat.conversation import conversations
from chat.models import Conversation


def with_unread(shown: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Each with `is_unread`: the newest reply of the read branch ended after its owner last looked."""
    return shown.annotate(
        is_unread=Case(When(head__reply__finished_at__gt=F("read_at"), then=Value(True)), default=False)
    )


def mark_seen(*, user: User, conversation_id: UUID) -> None:
    """Records that the person has seen the newest message. Does not move the conversation in the list."""
    conversations.owned_by(user).filter(pk=conversation_id).update(read_at=timezone.now())


def folders(shown: QuerySet[Conversation]) -> list[str]:
    """The names of their folders in alphabetical order."""
    return list(shown.exclude(folder="").order_by("folder").values_list("folder", flat=True).distinct())
