"""Hands chat's work to the workers: replies to the waiting room, and tasks of `tasks` by their names.

A job and a task carry only an id; the row holds the state of the work.
"""

import logging
from datetime import timedelta
from uuid import UUID

import redis
from celery import current_app
from kombu.exceptions import OperationalError

from chat.models import Reply
from chat.socket import frames
from generation.jobs import waiting_room
from generation.jobs.waiting_room import Place
from persona_site.redis import connection

logger = logging.getLogger(__name__)

KIND = "reply"
_MONITOR = "chat.tasks.monitor_conversation"
_MONITOR_HISTORY = "chat.tasks.monitor_history"
_REMEMBER = "chat.tasks.remember_conversation"
_READ_AHEAD = "chat.tasks.read_ahead"
_SCORE = "chat.tasks.score_reply"
# After this, a new turn or page requests the task again, in case it was lost with its worker.
_REQUEST_EXPIRES = timedelta(minutes=1)


def check_room(owner_id: int) -> None:
    """Raises waiting_room.Full if no further reply of this person may wait."""
    waiting_room.admit(account=str(owner_id), klass="interactive")


def hand_over(reply: Reply) -> None:
    """Puts an owed reply into the waiting room, and tells the open tabs its place before a worker may take it."""

    def announce(place: Place) -> None:
        frames.publish(reply.message.conversation_id, frames.queued(reply, place))

    account = str(reply.message.conversation.owner_id)
    waiting_room.join(kind=KIND, job_id=str(reply.id), account=account, klass="interactive", announce=announce)


def call_off(reply: Reply) -> None:
    """Takes a reply that is no longer owed out of the waiting room."""
    waiting_room.leave(kind=KIND, job_id=str(reply.id))


def place_of(reply: Reply) -> Place | None:
    """A reply's place in the waiting room; None if it does not wait."""
    return waiting_room.place(kind=KIND, job_id=str(reply.id))


def have_monitored(conversation_id: UUID) -> None:
    """Has a worker assess the conversation. Turns that arrive while the task waits are assessed together."""
    if connection().set(_monitor_key(conversation_id), 1, nx=True, px=_REQUEST_EXPIRES):
        current_app.send_task(_MONITOR, [str(conversation_id)])


def begin_monitoring(conversation_id: UUID) -> None:
    """Called when a worker is about to assess. Turns from now on need another task."""
    connection().delete(_monitor_key(conversation_id))


def have_history_monitored(conversation_id: UUID) -> None:
    """Has a worker assess every turn of an imported conversation, each on its own day."""
    current_app.send_task(_MONITOR_HISTORY, [str(conversation_id)])


def have_remembered(conversation_id: UUID) -> None:
    """Has a worker remember the new turns. Turns that arrive while the task waits are read together."""
    if connection().set(_remember_key(conversation_id), 1, nx=True, px=_REQUEST_EXPIRES):
        current_app.send_task(_REMEMBER, [str(conversation_id)])


def begin_remembering(conversation_id: UUID) -> None:
    """Called when a worker is about to read. Turns from now on need another task."""
    connection().delete(_remember_key(conversation_id))


def have_read_ahead(conversation_id: UUID) -> None:
    """Has a generation worker read the conversation before the next message, at most once a minute."""
    try:
        if connection().set(f"read-ahead:{conversation_id}", 1, nx=True, px=_REQUEST_EXPIRES):
            current_app.send_task(_READ_AHEAD, [str(conversation_id)], expires=_REQUEST_EXPIRES.total_seconds())
            have_remembered(conversation_id)  # of an older version, or of an import, nothing is remembered yet
    except (redis.RedisError, OperationalError) as error:  # the page works; only the first reply is slower
        logger.warning("conversation.not_read_ahead", extra={"error": type(error).__name__})


def have_scored(reply: Reply) -> None:
    """Has a generation worker compute the probabilities of a reply's words."""
    current_app.send_task(_SCORE, [str(reply.pk)])


def lease_name(reply_id: UUID) -> str:
    """The name of the lease that a worker holds while it writes the reply."""
    return f"{KIND}:{reply_id}"


def _monitor_key(conversation_id: UUID) -> str:
    return f"monitor:{conversation_id}"


def _remember_key(conversation_id: UUID) -> str:
    return f"remember:{conversation_id}"
