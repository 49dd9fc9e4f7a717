"""A generation worker's life: the engine is loaded before the first reply, and others hear how it is.

Every worker writes a heartbeat into Redis: its engines' health and version, and its figures. The
web process reads it for /readyz and /metrics. On SIGTERM Celery takes no new replies and waits for
those that run; then the engines give back what they hold.
"""

import json
import logging
import os
import socket
import threading
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from celery.signals import celeryd_after_setup, worker_shutdown
from django.conf import settings
from django.db import close_old_connections

from generation import metrics, waiting
from generation.engines.base import EngineError, Health
from generation.pool import POOL
from persona_site.redis import connection

logger = logging.getLogger(__name__)

_KEYS = "generation:worker:"
_BEAT = timedelta(seconds=5)
# Three beats: one may be late without the worker being reported gone.
_REMEMBERED = 3 * _BEAT
# Health generates a token; between two probes, the last answer stands.
_PROBE = timedelta(seconds=30)


def reported() -> list[dict[str, Any]]:
    """Every living worker: `worker`, `at`, `engines` (name, model, device, version, ok, detail, since), `figures`."""
    redis_ = connection()
    keys = sorted(redis_.scan_iter(f"{_KEYS}*", count=1000))
    return [json.loads(value) for value in (redis_.mget(keys) if keys else []) if value is not None]


def metrics_text() -> str:
    """The figures of all workers for Prometheus."""
    return metrics.exposition((worker["worker"], worker["figures"]) for worker in reported())


class Heart:
    """Beats from its own thread until it is stopped. `slots`: jobs that this worker does at once."""

    def __init__(self, name: str, slots: int) -> None:
        self._name = name
        self._slots = slots
        self._stop = threading.Event()
        self._probed_at: datetime | None = None
        self._engines: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while True:
            self._write()
            close_old_connections()
            if self._stop.wait(_BEAT.total_seconds()):
                break
        try:
            waiting.withdraw(self._name, self._slots)
            connection().delete(_KEYS + self._name)
        except redis.RedisError:
            logger.warning("generation.heartbeat_not_removed")

    def _write(self) -> None:
        now = datetime.now(UTC)
        if self._probed_at is None or now - self._probed_at >= _PROBE:
            self._engines = [_engine_report(name) for name in settings.ENGINES]
            self._probed_at = now
        beat = {
            "worker": self._name,
            "at": now.isoformat(),
            "engines": self._engines,
            "figures": metrics.snapshot(),
        }
        try:
            connection().set(_KEYS + self._name, json.dumps(beat), ex=_REMEMBERED)
            waiting.offer(self._name, self._slots, _REMEMBERED)
        except redis.RedisError as error:
            logger.warning("generation.heartbeat_failed", extra={"error": type(error).__name__})


def _engine_report(name: str) -> dict[str, Any]:
    """An engine's state, whatever it does: a report that fails is a report of failure."""
    report: dict[str, Any] = {"name": name, "model": "", "device": "", "version": ""}
    try:
        with POOL.borrowed(name) as engine:
            info = engine.describe()
            report |= {"model": info.model, "device": info.device, "version": info.version}
            health = engine.health()
    except EngineError as error:
        health = Health(ok=False, detail=str(error))
    except Exception as error:
        logger.exception("generation.engine_report_failed", extra={"engine": name})
        health = Health(ok=False, detail=type(error).__name__)
    since = health.since.isoformat() if health.since else None
    return report | {**asdict(health), "since": since}


def load() -> None:
    """Loads the engines that work; one that does not is tried again by the reply that needs it."""
    for name in settings.ENGINES:
        try:
            with POOL.borrowed(name):
                pass
        except EngineError as error:
            logger.warning("generation.engine_not_loaded", extra={"engine": name, "code": error.code})


_heart: Heart | None = None


@celeryd_after_setup.connect
def _start(sender: str, instance: Any, **_: Any) -> None:
    global _heart
    if waiting.QUEUE in instance.app.amqp.queues.consume_from:
        load()
        _heart = Heart(f"{sender}:{socket.gethostname()}:{os.getpid()}", instance.concurrency)


@worker_shutdown.connect
def _end(**_: Any) -> None:
    # Celery has waited for the replies that were running.
    global _heart
    if _heart is not None:
        _heart.stop()
        _heart = None
        POOL.close()
