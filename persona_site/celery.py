"""The Celery application: four queues, routes by task name, and the timetable."""

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
# In a container, root is the usual user. The warning is about pickled tasks; ours are JSON.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")


@task_prerun.connect
@task_postrun.connect
def _renew_connection(sender: "Task[Any, Any]", **_: Any) -> None:
    """Closes a database connection that is broken or too old, so that no task uses it."""
    if not sender.request.is_eager:
        close_old_connections()


@heartbeat_sent.connect
def _show_life(**_: Any) -> None:
    """Shows that this worker lives, for /readyz. Runs every 2 s in its own thread, however long tasks take."""
    from persona_site.redis import connection
    from persona_site.tasks import REMEMBERED, served_key

    try:
        for queue in _queues():
            connection().set(served_key(queue), 1, ex=REMEMBERED)
    except RedisError:
        pass  # the next heartbeat tries again


def _queues() -> set[str]:
    """The queues that this worker serves."""
    return set(app.amqp.queues.consume_from)
