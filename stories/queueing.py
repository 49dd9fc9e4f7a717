"""Hands the work of stories to the workers: continuations to the waiting room, and the monitor's look by its name."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from celery import current_app

from generation.jobs import waiting_room
from generation.jobs.waiting_room import Place
from persona_site.redis import cancel_key, connection
from stories.models import Continuation

KIND = "continuation"
_MONITOR = "stories.tasks.monitor_story"
# After this, a new passage requests the task again, in case it was lost with its worker.
_REQUEST_EXPIRES = timedelta(minutes=1)


def check_room(owner_id: int) -> None:
    """Raises waiting_room.Full if no further job of this person may wait."""
    waiting_room.admit(account=str(owner_id), klass="interactive")


def hand_over(continuations: Iterable[Continuation]) -> None:
    """Puts continuations that are owed into the waiting room."""
    for each in continuations:
        account = str(each.story.owner_id)
        waiting_room.join(kind=KIND, job_id=str(each.pk), account=account, klass="interactive")


def call_off(continuation: Continuation) -> None:
    """Takes a continuation that is no longer owed out of the waiting room, or stops the engine that writes it."""
    connection().set(cancel_key(continuation.pk), 1, ex=3600)
    waiting_room.leave(kind=KIND, job_id=str(continuation.pk))


def place_of(continuation: Continuation) -> Place | None:
    """Its place in the waiting room; None if it does not wait."""
    return waiting_room.place(kind=KIND, job_id=str(continuation.pk))


def have_monitored(story_id: UUID) -> None:
    """Has a worker assess the story. Passages that come while the task waits are assessed together."""
    if connection().set(_key(story_id), 1, nx=True, px=_REQUEST_EXPIRES):
        current_app.send_task(_MONITOR, [str(story_id)])


def begin_monitoring(story_id: UUID) -> None:
    """Called when a worker is about to assess. Passages from now on need another task."""
    connection().delete(_key(story_id))


def _key(story_id: UUID) -> str:
    return f"monitor-story:{story_id}"
