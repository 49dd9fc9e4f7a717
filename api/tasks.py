"""The tasks of the API's workers. A job and a task carry only an id; Redis holds the job's text."""

import logging
from uuid import UUID

from celery import shared_task

from api import completions, jobs, monitoring, queueing
from generation.jobs import waiting_room
from moderation.monitor import watching

logger = logging.getLogger(__name__)


@waiting_room.handles(queueing.KIND)
def complete(job_id: str) -> None:
    try:
        completions.produce(UUID(job_id))
    except Exception as error:
        if waiting_room.is_loss(error):
            raise  # its client gets `worker_lost`, and may ask again
        logger.exception("api.job_failed", extra={"job": job_id})
        jobs.append(UUID(job_id), jobs.Failed(code="site_error"))


@shared_task(ignore_result=True, **watching.AGAIN)
def monitor_talk(job_id: str) -> None:
    monitoring.look_at(UUID(job_id))
