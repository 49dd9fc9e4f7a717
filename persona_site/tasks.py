"""What the timetable asks of a general worker for the site itself."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from moderation.filter import assessment
from persona_site.redis import connection, rewrite_log_if_owed

HEARTBEAT_KEY = "general:heartbeat"
# Longer than several beats of the timetable (5 s): a worker that is busy for a while is not gone.
REMEMBERED = timedelta(seconds=60)


def served_key(queue: str) -> str:
    """Set while a worker of that queue lives, busy or not."""
    return f"queue:{queue}:served"


@shared_task
def heartbeat() -> None:
    """Shows that the timetable and a general worker both live; /readyz reads it."""
    connection().set(HEARTBEAT_KEY, 1, ex=REMEMBERED)


@shared_task
def rewrite_log() -> None:
    """Takes forgotten words off the disk where a rewrite was under way when they were forgotten."""
    rewrite_log_if_owed()


@worker_ready.connect
def _warm(**_: Any) -> None:
    """Every worker judges texts: replies, whole conversations, or the passages of uploads."""
    assessment.warm_meanwhile()
