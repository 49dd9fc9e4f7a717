"""A line that a model drafts for the person, because they asked: what they might say next. They change it, or not.

Nothing of it is stored, and nothing is sent for the person. Redis knows which lines are owed and where. The draft comes
as a frame on the conversation's stream, and the tab that asked puts it into its box.
"""

import time
from typing import cast
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.interface import languages
from accounts.models import User
from chat.conversation import admission, conversations, groups
from chat.conversation.conversations import Busy
from chat.models import Conversation
from chat.socket import frames
from chat.socket.protocol import LineFailed, LineSuggested
from generation.jobs import waiting_room
from generation.jobs.waiting_room import Full
from persona_site.redis import cancel_key, connection

KIND = "line"
_OWED = "chat:lines"  # line id → conversation id and the time of the request
_LOST = _("The draft was interrupted. Ask for it again.")


def ask(*, user: User, conversation_id: UUID, line_id: UUID) -> None:
    """Has a worker draft the person's next line. The same `line_id` again changes nothing. Raises Refused, Http404."""
    conversation = conversations.get_conversation_for(user, conversation_id)
    if connection().hexists(_OWED, str(line_id)):
        return
    admission.refuse_to_write(conversation)
    groups.speakers(conversation)
    admission.check_quota(user)
    admission.refuse_instead_of_the_site(conversation.head_id)
    admission.refuse_busy(user)
    admission.spend(user)
    admission.spend_of_guardian(user)
    connection().hset(_OWED, str(line_id), f"{conversation.pk} {time.time():.0f}")
    try:
        waiting_room.join_all(kind=KIND, job_ids=[str(line_id)], account=str(user.pk), klass="interactive")
    except Full as full:
        connection().hdel(_OWED, str(line_id))
        raise Busy(full) from None


def stop(*, user: User, conversation_id: UUID, line_id: UUID) -> None:
    """Ends a draft that its person does not want any more. Raises Http404."""
    conversation = conversations.get_conversation_for(user, conversation_id)
    if _conversation_of(line_id) == conversation.pk:
        waiting_room.leave(kind=KIND, job_id=str(line_id))
        connection().set(cancel_key(line_id), 1, ex=3600)
        connection().hdel(_OWED, str(line_id))


# --- The worker's side ------------------------------------------------------------------------------


def owed(line_id: UUID) -> Conversation | None:
    """Where the line is owed; None if it is not owed any more."""
    if (conversation_id := _conversation_of(line_id)) is None:
        return None
    conversation = Conversation.objects.select_related("persona", "owner").filter(pk=conversation_id).first()
    if conversation is None:  # deleted since
        connection().hdel(_OWED, str(line_id))
    return conversation


def end(line_id: UUID, conversation: Conversation, frame: LineSuggested | LineFailed) -> None:
    """Tells the end of a line, unless its person has stopped it."""
    if connection().hdel(_OWED, str(line_id)):
        frames.publish(conversation.pk, frame)


def tell_lost() -> None:
    """Tells the end of lines that a worker or the waiting room has lost."""
    lines = cast(dict[bytes, bytes], connection().hgetall(_OWED))
    overdue = time.time() - settings.LEASE.total_seconds()
    old = [line_id.decode() for line_id, value in lines.items() if float(value.split()[1]) < overdue]
    for line_id in waiting_room.absent(KIND, old):
        conversation = owed(UUID(line_id))
        if conversation is not None:
            with languages.speaking_to(conversation.owner):
                end(UUID(line_id), conversation, LineFailed(line_id=UUID(line_id), detail=str(_LOST)))


def _conversation_of(line_id: UUID) -> UUID | None:
    value = connection().hget(_OWED, str(line_id))
    return UUID(value.decode().split()[0]) if isinstance(value, bytes) else None
