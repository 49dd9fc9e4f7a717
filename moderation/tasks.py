"""The timetable of moderation: deadlines, vectors of cases, and what has been kept long enough."""

import logging

from celery import shared_task

from moderation.desk import deadlines, similar
from moderation.filter.encoder import EncoderMissing
from moderation.monitor import counts

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def watch_deadlines() -> None:
    deadlines.watch()


@shared_task(ignore_result=True)
def embed_cases() -> None:
    try:
        similar.embed_missing()
    except EncoderMissing:
        logger.warning("cases.not_embedded")


@shared_task(ignore_result=True)
def forget_old_numbers() -> None:
    """Deletes the monitor's numbers that are older than the signals read."""
    counts.forget_old()
