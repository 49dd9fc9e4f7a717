"""The tasks of the stories' workers. A job and a task carry only an id; the row holds the state of the work."""

from uuid import UUID

from celery import shared_task

from generation.jobs import waiting_room
from moderation.monitor import watching
from stories import continuations, monitoring, queueing


@waiting_room.handles(queueing.KIND)
def write_continuation(continuation_id: str) -> None:
    continuations.write(UUID(continuation_id))


@shared_task(ignore_result=True, **watching.AGAIN)
def monitor_story(story_id: str) -> None:
    queueing.begin_monitoring(UUID(story_id))  # before reading: a passage that comes after this requests another task
    monitoring.look_at(UUID(story_id))


@shared_task(ignore_result=True)
def ask_again() -> None:
    continuations.ask_again()
