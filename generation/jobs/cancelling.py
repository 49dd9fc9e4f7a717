"""Brings cancellations to a generation worker: one thread reads the cancel keys of all running jobs."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import redis

from persona_site.redis import cancel_key, connection

logger = logging.getLogger(__name__)

# Well under one step of an engine. One query covers all jobs.
_LOOK_S = 0.03
_PAUSE_S = 0.5  # while Redis is unavailable


class Watcher:
    """Polls while jobs are watched, and sleeps otherwise."""

    def __init__(self) -> None:
        self._watched: dict[threading.Event, tuple[str, ...]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watched(self, *subjects: UUID) -> Iterator[Callable[[], bool]]:
        """Yields a cheap function that returns whether one of the subjects was cancelled."""
        cancelled = threading.Event()
        with self._changed:
            self._watched[cancelled] = tuple(map(cancel_key, subjects))
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="cancelling", daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            yield cancelled.is_set
        finally:
            with self._changed:
                del self._watched[cancelled]

    def _look(self) -> None:
        while True:
            with self._changed:
                while not self._watched:
                    self._changed.wait()
                watched = dict(self._watched)
            try:
                values = iter(connection().mget([key for keys in watched.values() for key in keys]))
            except redis.RedisError as error:
                logger.warning("generation.cancel_keys_not_read", extra={"error": type(error).__name__})
                time.sleep(_PAUSE_S)
                continue
            for cancelled, keys in watched.items():
                job_values = [next(values) for _ in keys]
                if any(job_values):
                    cancelled.set()
            time.sleep(_LOOK_S)


WATCHER = Watcher()
