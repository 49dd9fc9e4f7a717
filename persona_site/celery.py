"""The Celery application: three queues, routes by task name, and the timetable."""

import os
import warnings
from typing import Any

from celery import Celery, Task
from celery.signals import heartbeat_sent, task_postrun, task_prerun
from django.db import close_old_connections
from redis import RedisError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")

app = Celery("afterword")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# In a container root is the usual user; tasks are JSON, never pickles, which is what the warning is about.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")


@task_prerun.connect
@task_postrun.connect
def _renew_connection(sender: "Task[Any, Any]", **_: Any) -> None:
    """A broken connection to the database, or an old one, is not used again."""
    if not sender.request.is_eager:
        close_old_connections()


@heartbeat_sent.connect
def _show_life(**_: Any) -> None:
    """Every 2 s, from a thread of its own: a worker lives, however long its tasks take. /readyz reads it."""
    from persona_site.redis import connection
    from persona_site.tasks import REMEMBERED, served_key

    try:
        for queue in _queues():
            connection().set(served_key(queue), 1, ex=REMEMBERED)
    except RedisError:
        pass  # the beat after this one says it


def _queues() -> set[str]:
    """Those that this worker serves."""
    return set(app.amqp.queues.consume_from)
