"""What chat puts before the workers: replies into the waiting room, and tasks by their names, which `tasks` performs.

A job and a task carry only an id; the row holds the state of the work.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import redis
from celery import current_app
from kombu.exceptions import OperationalError

from chat.models import Reply
from generation.jobs import waiting_room
from generation.jobs.waiting_room import Place
from persona_site.redis import connection

logger = logging.getLogger(__name__)

KIND = "reply"
_MONITOR = "chat.tasks.monitor_conversation"
_READ_AHEAD = "chat.tasks.read_ahead"
_SCORE = "chat.tasks.score_reply"
# A look or a reading that was lost with its worker is asked for again by the first turn or page after this.
_ASKED_FOR = timedelta(minutes=1)


def check_room(owner_id: int) -> None:
    """Raises waiting.Full where another reply of this person should not wait."""
    waiting_room.admit(account=str(owner_id), klass="interactive")


def hand_over(reply: Reply, announce: Callable[[Place], None] = lambda place: None) -> None:
    """Puts an owed reply into the waiting room. `announce` gets its place before a worker is told of it."""
    account = str(reply.message.conversation.owner_id)
    waiting_room.join(kind=KIND, job_id=str(reply.id), account=account, klass="interactive", announce=announce)


def call_off(reply: Reply) -> None:
    """Takes a reply that is not owed any more out of the waiting room."""
    waiting_room.leave(kind=KIND, job_id=str(reply.id))


def place_of(reply: Reply) -> Place | None:
    """Where a reply stands in the waiting room; None where it does not wait."""
    return waiting_room.place(kind=KIND, job_id=str(reply.id))


def have_monitored(conversation_id: UUID) -> None:
    """Has a worker look at the conversation; turns that come while that waits are looked at together."""
    if connection().set(_monitor_key(conversation_id), 1, nx=True, px=_ASKED_FOR):
        current_app.send_task(_MONITOR, [str(conversation_id)])


def begin_monitoring(conversation_id: UUID) -> None:
    """A worker is about to look: turns from now on need another look."""
    connection().delete(_monitor_key(conversation_id))


def have_read_ahead(conversation_id: UUID) -> None:
    """Has a generation worker read the conversation before the next message comes, once a minute at most."""
    try:
        if connection().set(f"read-ahead:{conversation_id}", 1, nx=True, px=_ASKED_FOR):
            current_app.send_task(_READ_AHEAD, [str(conversation_id)], expires=_ASKED_FOR.total_seconds())
    except (redis.RedisError, OperationalError) as error:  # the first reply will take its time, and the page works
        logger.warning("conversation.not_read_ahead", extra={"error": type(error).__name__})


def have_scored(reply: Reply) -> None:
    """Has a generation worker read a reply once more, for the probabilities of its words."""
    current_app.send_task(_SCORE, [str(reply.pk)])


def lease_name(reply_id: UUID) -> str:
    """Of the lease that the waiting room's server holds while it writes the reply."""
    return f"{KIND}:{reply_id}"


def _monitor_key(conversation_id: UUID) -> str:
    return f"monitor:{conversation_id}"
