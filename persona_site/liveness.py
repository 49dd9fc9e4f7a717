"""Finds processes that hang, and ends them. supervisord then starts them again, as it does after a crash.

The web process is asked for /healthz. The timetable shows its life by its ticks. Workers are pinged through Celery:
the loop that takes tasks sends the pong, so a worker with a long task answers and a worker that hangs does not.
A process that has never answered is starting or loads a model. It is left alone, however long that takes.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil
from celery.utils.nodenames import gethostname
from django.conf import settings
from kombu.exceptions import OperationalError
from redis import RedisError

from persona_site import timetable
from persona_site.celery import app
from persona_site.redis import connection

logger = logging.getLogger(__name__)

EVERY_SECONDS = 5
ANSWER_SECONDS = 5
WORKERS = ("generation", "general", "imports", "tuning")

# For each process, whether it answered. Processes that cannot be judged now are left out.
Answers = Mapping[str, bool]


@dataclass
class _Record:
    process: psutil.Process
    has_answered: bool = False
    silent_rounds: int = 0


class Watch:
    """Kills a process that answered before and then not for SILENCE.

    The time counts in rounds of EVERY_SECONDS. A process that does not even refuse the question makes a round longer,
    up to ANSWER_SECONDS.
    """

    def __init__(self, *, listed: Callable[[], Mapping[str, psutil.Process]], ask: Callable[[], Answers]) -> None:
        """`listed` returns the processes by name."""
        self._most_silent_rounds = max(1, round(settings.SILENCE.total_seconds() / EVERY_SECONDS))
        self._listed = listed
        self._ask = ask
        self._records: dict[str, _Record] = {}

    def look(self) -> None:
        """Asks every process once and judges the answers."""
        for name, process in self._listed().items():
            record = self._records.get(name)
            if record is None or record.process != process:
                self._records[name] = _Record(process)
        for name, has_answered in self._ask().items():
            record = self._records.get(name)
            if record is not None:
                self._judge(name, record, has_answered)

    def _judge(self, name: str, record: _Record, has_answered: bool) -> None:
        if has_answered:
            if not record.has_answered:
                logger.info("process.answers", extra={"watched": name})
            record.has_answered, record.silent_rounds = True, 0
            return
        record.silent_rounds += 1
        if record.has_answered and record.silent_rounds >= self._most_silent_rounds:
            logger.error("process.silent", extra={"watched": name, "rounds": record.silent_rounds})
            del self._records[name]
            with suppress(psutil.NoSuchProcess):
                record.process.kill()  # a process that hangs may not react to SIGTERM

    def run(self, ended: threading.Event) -> None:
        while not ended.wait(EVERY_SECONDS):
            try:
                self.look()
            except Exception:  # a round that fails must not be the last one
                logger.exception("liveness.round_failed")


def ask_all(is_web_answering: Callable[[], bool]) -> Answers:
    """Asks every process once. While Redis is down, only the web process can be judged."""
    answers = {"web": is_web_answering()}
    try:
        connection().ping()
        nodes = {f"{name}@{gethostname()}": name for name in WORKERS}
        pongs = app.control.ping(destination=list(nodes), timeout=ANSWER_SECONDS, limit=len(nodes))
    except (OperationalError, RedisError, OSError):
        return answers
    answering = {node for pong in pongs or () for node in pong}
    answers["beat"] = timetable.is_ticking(seconds=EVERY_SECONDS + ANSWER_SECONDS)
    return answers | {name: node in answering for node, name in nodes.items()}
