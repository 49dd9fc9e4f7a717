"""What the API leaves to workers. A job and a task carry an id; the job's words lie in Redis."""

import logging
from collections.abc import Sequence
from uuid import UUID

from celery import shared_task

from generation.jobs import waiting_room

logger = logging.getLogger(__name__)

KIND = "completion"


def hand_over(job_ids: Sequence[UUID], account: str) -> None:
    """Puts jobs into the waiting room, all or none. Raises waiting.Full.

    One that is lost there is told to its client, who may ask again.
    """
    waiting_room.join_all(kind=KIND, job_ids=[str(each) for each in job_ids], account=account, klass="interactive")


def call_off(job_id: UUID) -> None:
    """Takes a job out of the waiting room that nobody waits for any more."""
    waiting_room.leave(kind=KIND, job_id=str(job_id))


@waiting_room.handles(KIND)
def complete(job_id: str) -> None:
    from api import completions, jobs

    try:
        completions.produce(UUID(job_id))
    except Exception as error:
        if waiting_room.is_loss(error):
            raise  # its client is told `worker_lost`, and may ask again
        logger.exception("api.job_failed", extra={"job": job_id})
        jobs.append(UUID(job_id), jobs.Failed(code="site_error"))


@shared_task(ignore_result=True)
def monitor_talk(job_id: str) -> None:
    from api import monitoring

    monitoring.look_at(UUID(job_id))
