"""Hands the API's work to the workers. A job and a task carry only an id; Redis holds the job's text."""

from collections.abc import Sequence
from uuid import UUID

from celery import current_app

from generation.jobs import waiting_room

KIND = "completion"
_MONITOR = "api.tasks.monitor_talk"


def hand_over(job_ids: Sequence[UUID], account: str) -> None:
    """Puts jobs into the waiting room, all or none. Raises waiting_room.Full.

    If a job is lost there, its client gets an error and may ask again.
    """
    waiting_room.join_all(kind=KIND, job_ids=[str(job_id) for job_id in job_ids], account=account, klass="interactive")


def call_off(job_id: UUID) -> None:
    """Takes a job that no client waits for any more out of the waiting room."""
    waiting_room.leave(kind=KIND, job_id=str(job_id))


def have_monitored(job_id: UUID) -> None:
    """Has a worker assess the talk of a job."""
    current_app.send_task(_MONITOR, [str(job_id)])
