"""What workers do for the API. A job and a task carry an id; the job's words lie in Redis."""

import logging
from uuid import UUID

from celery import shared_task

from api import completions, jobs, monitoring, queueing
from generation.jobs import waiting_room

logger = logging.getLogger(__name__)


@waiting_room.handles(queueing.KIND)
def complete(job_id: str) -> None:
    try:
        completions.produce(UUID(job_id))
    except Exception as error:
        if waiting_room.is_loss(error):
            raise  # its client is told `worker_lost`, and may ask again
        logger.exception("api.job_failed", extra={"job": job_id})
        jobs.append(UUID(job_id), jobs.Failed(code="site_error"))


@shared_task(ignore_result=True)
def monitor_talk(job_id: str) -> None:
    monitoring.look_at(UUID(job_id))
