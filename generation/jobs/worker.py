"""A generation worker's life: the engine is loaded before the first reply, and others hear how it is.

Every worker writes a heartbeat into Redis: its engines' health, breakers and speed, and its figures. The
web process reads it for /readyz, /metrics and the page of engines. On SIGTERM Celery takes no new replies and waits for
those that run; then the engines give back what they hold.
"""

import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from celery.signals import celeryd_after_setup, worker_shutdown
from django import db
from django.db import close_old_connections

from generation import metrics
from generation.catalogue import installation, model_rows, packaged
from generation.engines.base import EngineError, EngineNotReady, Health
from generation.jobs import waiting_room
from generation.models import EngineEntry, ModelEntry
from generation.routing import engine_rows, router
from generation.routing.engine_pool import POOL
from persona_site.redis import connection

logger = logging.getLogger(__name__)

_KEYS = "generation:worker:"
_BEAT = timedelta(seconds=5)
# Three beats: one may be late without the worker being reported gone.
_REMEMBERED = 3 * _BEAT
# Health generates a token; between two probes, the last answer stands. An engine whose breaker is not closed is
# asked at every beat, so that it is used again soon after it recovered.
_PROBE = timedelta(seconds=30)


def reported() -> list[dict[str, Any]]:
    """Every living worker: `worker`, `at`, `figures`, and `engines`, those that are switched on.

    Of an engine: name, model, device, version, ok, detail, since, breaker, and metrics.Speeds' figures.
    """
    redis_ = connection()
    keys = sorted(redis_.scan_iter(f"{_KEYS}*", count=1000))
    return [json.loads(value) for value in (redis_.mget(keys) if keys else []) if value is not None]


def metrics_text() -> str:
    """The figures of all workers for Prometheus."""
    return metrics.exposition((worker["worker"], worker["figures"]) for worker in reported())


class Heart:
    """Beats until it is stopped. Engines are asked from a second thread: a silent one must not stop the heart.

    `slots`: jobs that this worker does at once.
    """

    def __init__(self, name: str, slots: int) -> None:
        self._name = name
        self._slots = slots
        self._stop = threading.Event()
        self._reports: dict[str, dict[str, Any]] = {}
        self._asked_at: dict[str, datetime] = {}
        self._speeds = metrics.Speeds()
        self._speed: dict[str, dict[str, float | None]] = {}
        self._threads = [
            threading.Thread(target=self._every_beat, args=(self._beat,), name="heartbeat", daemon=True),
            threading.Thread(target=self._every_beat, args=(self._ask,), name="health", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        try:
            waiting_room.withdraw(self._name, self._slots)
            connection().delete(_KEYS + self._name)
        except redis.RedisError:
            logger.warning("generation.heartbeat_not_removed")

    def _every_beat(self, work: Callable[[], None]) -> None:
        while True:
            try:
                work()
            except (db.Error, redis.RedisError) as error:
                logger.warning("generation.heartbeat_failed", extra={"error": type(error).__name__})
            close_old_connections()
            if self._stop.wait(_BEAT.total_seconds()):
                break

    def _beat(self) -> None:
        self._speed = self._speeds.look()
        self._write()

    def _ask(self) -> None:
        """Asks the engines whose turn it is, and lets go of those that are switched off."""
        entries = engine_rows.enabled()
        standing_by = _standing_by(entries, self._reports)
        POOL.keep([entry.name for entry in entries if entry.name not in standing_by])
        for entry in entries:
            if entry.name in _standing_by(entries, self._reports):  # as the engines before it just answered
                self._reports[entry.name] = _STANDS_BY | {"name": entry.name}
                continue
            gate = router.breaker(entry)
            asked_at = self._asked_at.get(entry.name)
            if gate.state == "closed" and asked_at and datetime.now(UTC) - asked_at < _PROBE:
                continue
            report = _engine_report(entry.name)
            if report["ok"]:
                gate.recovered()
            elif entry.loads_weights:
                POOL.drop(entry.name)  # one that broke does not mend itself; the next look loads it anew
            self._reports[entry.name] = report
            self._asked_at[entry.name] = datetime.now(UTC)
            self._write()
            if self._stop.is_set():
                break

    def _write(self) -> None:
        beat = {
            "worker": self._name,
            "at": datetime.now(UTC).isoformat(),
            "engines": [self._report(entry) for entry in engine_rows.enabled() if entry.name in self._reports],
            "figures": metrics.snapshot(),
        }
        connection().set(_KEYS + self._name, json.dumps(beat), ex=_REMEMBERED)
        waiting_room.offer(self._name, self._slots, _REMEMBERED)

    def _report(self, entry: EngineEntry) -> dict[str, Any]:
        silent = {"tokens_per_second": 0.0, "first_token_ms": None, "speaking": 0}
        breaker = {"breaker": router.breaker(entry).state}
        return {**silent, **self._reports[entry.name], **self._speed.get(entry.name, {}), **breaker}


_STANDS_BY = {
    "model": "", "device": "", "version": "", "ok": True, "since": None,
    "detail": "Stands by; it is loaded when the engine before it fails.",
}  # fmt: skip


def _standing_by(entries: Sequence[EngineEntry], reports: dict[str, dict[str, Any]]) -> set[str]:
    """Engines that would load the same weights as one before them that is well: their memory is saved."""
    local = [entry.name for entry in entries if entry.loads_weights]
    well = next((n for n, name in enumerate(local) if reports.get(name, {}).get("ok")), len(local))
    return set(local[well + 1 :])


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
    """Loads the first engine that works, of those that load weights, and every remote; replies try the others again."""
    has_weights = False
    for entry in engine_rows.enabled():
        if has_weights and entry.loads_weights:
            continue
        try:
            with POOL.borrowed(entry.name):
                has_weights = has_weights or entry.loads_weights
        except EngineNotReady:
            _prepare()
        except EngineError as error:
            logger.warning("generation.engine_not_loaded", extra={"engine": entry.name, "code": error.code})


def _prepare() -> None:
    """Exports the active model for the CPU engine; people already talk meanwhile, to the engine behind it."""

    def export() -> None:
        name = model_rows.active().name
        try:
            model_rows.export_where_missing(name)
            ModelEntry.objects.filter(name=name).update(error=installation.slower(model_rows.folder(name)))
        except packaged.CatalogueError as error:
            logger.warning("generation.model_not_exported", extra={"detail": str(error)})
        close_old_connections()

    threading.Thread(target=export, name="export", daemon=True).start()


_heart: Heart | None = None


@celeryd_after_setup.connect
def _start(sender: str, instance: Any, **_: Any) -> None:
    global _heart
    if waiting_room.QUEUE in instance.app.amqp.queues.consume_from:
        engine_rows.follow_environment()
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
