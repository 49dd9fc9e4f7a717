"""Tasks of a general worker for the site itself."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from accounts.contacts import guardians
from accounts.personal_data import privacy
from moderation import safety_watch
from moderation.filter import assessment
from persona_site.redis import connection, rewrite_log_if_owed

HEARTBEAT_KEY = "general:heartbeat"
# Longer than several beats of the timetable (5 s), because a worker may be busy for a while.
REMEMBERED = timedelta(seconds=60)


def served_key(queue: str) -> str:
    """The key that is set while a worker of that queue lives, busy or not."""
    return f"queue:{queue}:served"


@shared_task
def heartbeat() -> None:
    """Shows that the timetable and a general worker both work, for /readyz."""
    connection().set(HEARTBEAT_KEY, 1, ex=REMEMBERED)


@shared_task
def rewrite_log() -> None:
    """Removes erased words from the disk that an earlier rewrite missed, because it was already under way."""
    rewrite_log_if_owed()


@shared_task
def watch_safety() -> None:
    """Alerts the owners if the crisis module or the notices are down."""
    safety_watch.watch()


@shared_task
def forget_old_data() -> None:
    """Deletes what has been kept for as long as the privacy page says."""
    privacy.purge()


@shared_task
def alert_guardians() -> None:
    """Sends the guardians of minors the e-mails that a crisis owes them."""
    guardians.send_alerts()


@worker_ready.connect
def _warm(**_: Any) -> None:
    """Loads the filter: every worker judges texts (replies, conversations, or the passages of uploads)."""
    assessment.warm_meanwhile()
