"""The timetable's work of moderation."""

from celery import shared_task

from moderation.monitor import counts


@shared_task(ignore_result=True)
def tidy() -> None:
    """Deletes the monitor's numbers that are older than the signals read."""
    counts.forget_old()
