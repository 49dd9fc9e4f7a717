"""Start, heartbeat and end of a generation worker.

The engine is loaded before the first reply. Every worker writes a heartbeat into Redis: its engines' health,
breakers and speed, its figures, and what its machine has. The web process reads it for /readyz, /metrics and the
pages of engines and models. On SIGTERM Celery takes no new replies and waits for the running ones. Then the engines
are closed.
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
from django.utils.translation import gettext_noop

from generation import machine, metrics
from generation.catalogue import installation, model_rows, packaged
from generation.engine import EngineError, EngineNotReady, Health
from generation.jobs import forgetting, waiting_room
from generation.models import EngineEntry, ModelEntry
from generation.routing import engine_rows, router
from generation.routing.engine_pool import POOL
from persona_site.redis import connection

logger = logging.getLogger(__name__)

_KEYS = "generation:worker:"
_BEAT = timedelta(seconds=5)
# Three beats, so that one late beat does not report the worker as gone.
_BEAT_EXPIRES = 3 * _BEAT
# A probe generates a token. Between two probes the last result counts. An engine whose breaker is not closed is
# probed at every beat, so that it is used again soon after it has recovered.
_PROBE = timedelta(seconds=30)
_STANDS_BY = {
    "model": "", "device": "", "version": "", "ok": True, "since": None,
    "detail": gettext_noop("Stands by. It is loaded when the engine before it fails."),
}  # fmt: skip


def beats() -> list[dict[str, Any]]:
    """The latest beat of every running worker: `worker`, `at`, `figures`, `machine`, and the `engines` switched on.

    An engine has: name, model, device, version, ok, detail, since, breaker, and metrics.Speeds' figures.
    """
    redis_ = connection()
    keys = sorted(redis_.scan_iter(f"{_KEYS}*", count=1000))
    return [json.loads(value) for value in (redis_.mget(keys) if keys else []) if value is not None]


def metrics_text() -> str:
    """The figures of all workers for Prometheus."""
    return metrics.exposition((worker["worker"], worker["figures"]) for worker in beats())


class Heart:
    """Beats until it is stopped. A second thread probes the engines, so that a silent engine does not stop the beats.

    `slots` is the number of jobs that this worker runs at once.
    """

    def __init__(self, name: str, slots: int) -> None:
        self._name = name
        self._slots = slots
        self._stop = threading.Event()
        self._reports: dict[str, dict[str, Any]] = {}
        self._probed_at: dict[str, datetime] = {}
        self._speeds = metrics.Speeds()
        self._speed: dict[str, dict[str, float | None]] = {}
        self._times_asked = 0  # as `forgetting.times_asked` at the last beat
        self._forgets_again = True
        self._threads = [
            threading.Thread(target=self._every_beat, args=(self._beat,), name="heartbeat", daemon=True),
            threading.Thread(target=self._every_beat, args=(self._probe,), name="health", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends both threads and removes this worker's beat."""
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
        self._forget()
        self._write()

    def _forget(self) -> None:
        """Forgets at the beat after a deletion, and at the next: a reply that was ending may have kept its cache."""
        times_asked = forgetting.times_asked()
        is_new = times_asked != self._times_asked
        if is_new or self._forgets_again:
            POOL.forget()
        self._times_asked, self._forgets_again = times_asked, is_new

    def _probe(self) -> None:
        """Probes the engines that are due, and retires those that are switched off."""
        entries = engine_rows.enabled()
        standing_by = _standing_by(entries, self._reports)
        POOL.keep([entry.name for entry in entries if entry.name not in standing_by])
        for entry in entries:
            if entry.name in _standing_by(entries, self._reports):  # by the new reports of the engines before it
                self._reports[entry.name] = _STANDS_BY | {"name": entry.name}
                continue
            gate = router.breaker(entry)
            probed_at = self._probed_at.get(entry.name)
            if gate.state == "closed" and probed_at and datetime.now(UTC) - probed_at < _PROBE:
                continue
            report = _engine_report(entry.name)
            if report["ok"]:
                gate.recovered()
            elif entry.loads_weights:
                POOL.drop(entry.name)  # a broken engine does not recover by itself; the next probe loads it again
            self._reports[entry.name] = report
            self._probed_at[entry.name] = datetime.now(UTC)
            self._write()
            if self._stop.is_set():
                break

    def _write(self) -> None:
        beat = {
            "worker": self._name,
            "at": datetime.now(UTC).isoformat(),
            "engines": [self._report(entry) for entry in engine_rows.enabled() if entry.name in self._reports],
            "figures": metrics.snapshot(),
            "machine": machine.as_json(machine.this()),
        }
        connection().set(_KEYS + self._name, json.dumps(beat), ex=_BEAT_EXPIRES)
        waiting_room.offer(self._name, self._slots, _BEAT_EXPIRES)

    def _report(self, entry: EngineEntry) -> dict[str, Any]:
        silent = {"tokens_per_second": 0.0, "first_token_ms": None, "speaking": 0, "reply_tokens_per_second": None}
        breaker = {"breaker": router.breaker(entry).state}
        return {**silent, **self._reports[entry.name], **self._speed.get(entry.name, {}), **breaker}


def _standing_by(entries: Sequence[EngineEntry], reports: dict[str, dict[str, Any]]) -> set[str]:
    """Engines that are not loaded, to save memory: a healthy engine before them has the same weights."""
    local = [entry.name for entry in entries if entry.loads_weights]
    healthy = next((n for n, name in enumerate(local) if reports.get(name, {}).get("ok")), len(local))
    return set(local[healthy + 1 :])


def _engine_report(name: str) -> dict[str, Any]:
    """An engine's state. Never raises: if the report fails, the engine is reported as failed."""
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
    """Loads the first working engine of those with weights, and every remote engine. Replies try the others again."""
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
    """Exports the active model for the CPU engine in a thread. Meanwhile the next engine generates the replies."""

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
    # Celery has waited for the running replies.
    global _heart
    if _heart is not None:
        _heart.stop()
        _heart = None
        POOL.close()
