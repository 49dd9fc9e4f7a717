"""What the API leaves to workers. A task carries an id; the job's words lie in Redis."""

from uuid import UUID

from celery import shared_task

from generation import leases


@shared_task(ignore_result=True)
def complete(job_id: str) -> None:
    from api import completions, jobs

    lease = leases.take(jobs.lease_name(UUID(job_id)))
    if lease is None:
        return  # another worker has it
    with lease:
        completions.produce(UUID(job_id))


@shared_task(ignore_result=True)
def monitor_talk(job_id: str) -> None:
    from api import monitoring

    monitoring.look_at(UUID(job_id))
