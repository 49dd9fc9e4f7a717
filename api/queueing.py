"""What the API puts before the workers. A job and a task carry an id; the job's words lie in Redis."""

from collections.abc import Sequence
from uuid import UUID

from celery import current_app

from generation.jobs import waiting_room

KIND = "completion"
_MONITOR = "api.tasks.monitor_talk"


def hand_over(job_ids: Sequence[UUID], account: str) -> None:
    """Puts jobs into the waiting room, all or none. Raises waiting_room.Full.

    The client of a job that is lost there is told so, and may ask again.
    """
    waiting_room.join_all(kind=KIND, job_ids=[str(each) for each in job_ids], account=account, klass="interactive")


def call_off(job_id: UUID) -> None:
    """Takes a job out of the waiting room that nobody waits for any more."""
    waiting_room.leave(kind=KIND, job_id=str(job_id))


def have_monitored(job_id: UUID) -> None:
    """Has a worker look at the talk that a job belongs to."""
    current_app.send_task(_MONITOR, [str(job_id)])
