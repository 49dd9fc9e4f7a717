"""Figures of the generation workers.

Workers have no port of their own. Each worker puts its figures into its heartbeat (`worker.py`).
`/metrics` of the web process shows the figures of all workers, labelled by worker.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import Metric

REGISTRY = CollectorRegistry()
TOKENS = Counter("afterword_tokens", "Tokens generated.", ["engine", "model"], registry=REGISTRY)
FAILURES = Counter(
    "afterword_engine_failures", "Replies that an engine broke off.", ["engine", "code"], registry=REGISTRY
)
SPEAKING = Gauge("afterword_replies_in_progress", "Replies being generated.", ["engine"], registry=REGISTRY)
REPLY_SPEED = Gauge(
    "afterword_reply_tokens_per_second",
    "Speed of the latest reply, from its first token to its last.",
    ["engine"],
    registry=REGISTRY,
)
FIRST_TOKEN = Histogram(
    "afterword_first_token_seconds",
    "From the engine's start to its first token.",
    ["engine"],
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60),
    registry=REGISTRY,
)


class Speeds:
    """The speed of each engine of this process, between two calls of `look`."""

    def __init__(self) -> None:
        self._looked_at = time.monotonic()
        self._before = _sums()
        self._first_token_ms: dict[str, float] = {}

    def look(self) -> dict[str, dict[str, float | None]]:
        """By engine: `tokens_per_second`, `speaking` (replies in progress), and two figures of the latest reply,
        `first_token_ms` and `reply_tokens_per_second`.
        """
        now, sums = time.monotonic(), _sums()
        seconds, self._looked_at = now - self._looked_at, now
        before, self._before = self._before, sums
        speeds: dict[str, dict[str, float | None]] = {}
        for engine, (tokens, waited, begun, speaking, reply_speed) in sums.items():
            old_tokens, old_waited, old_begun, *_ = before.get(engine, _NOTHING)
            if begun > old_begun:
                self._first_token_ms[engine] = round(1000 * (waited - old_waited) / (begun - old_begun))
            speeds[engine] = {
                "tokens_per_second": round((tokens - old_tokens) / seconds, 1) if seconds else None,
                "first_token_ms": self._first_token_ms.get(engine),
                "speaking": round(speaking),
                "reply_tokens_per_second": round(reply_speed, 1) or None,
            }
        return speeds


_NOTHING = (0.0, 0.0, 0.0, 0.0, 0.0)


def _sums() -> dict[str, tuple[float, float, float, float, float]]:
    """By engine: tokens, seconds to first tokens, number of first tokens, replies in progress, latest speed."""
    columns = {
        "afterword_tokens_total": 0,
        "afterword_first_token_seconds_sum": 1,
        "afterword_first_token_seconds_count": 2,
        "afterword_replies_in_progress": 3,
        "afterword_reply_tokens_per_second": 4,
    }
    sums: dict[str, list[float]] = defaultdict(lambda: list(_NOTHING))
    for family in REGISTRY.collect():
        for sample in family.samples:
            if sample.name in columns:
                sums[sample.labels["engine"]][columns[sample.name]] += sample.value
    return {engine: (row[0], row[1], row[2], row[3], row[4]) for engine, row in sums.items()}


# name, documentation, type, samples as (name, labels, value)
Family = tuple[str, str, str, list[tuple[str, dict[str, str], float]]]


def snapshot() -> list[Family]:
    """This process's figures as values that JSON can hold."""
    return [
        (f.name, f.documentation, f.type, [(s.name, dict(s.labels), s.value) for s in f.samples])
        for f in REGISTRY.collect()
    ]


def exposition(workers: Iterable[tuple[str, list[Any]]]) -> str:
    """The snapshots of several workers, `(worker, families)`, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Reported(workers))
    return generate_latest(registry).decode()


class _Reported:
    def __init__(self, workers: Iterable[tuple[str, list[Any]]]) -> None:
        self._workers = list(workers)

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for worker, reported in self._workers:
            for name, documentation, kind, samples in reported:
                family = families.setdefault(name, Metric(name, documentation, kind))
                for sample, labels, value in samples:
                    family.add_sample(sample, {**labels, "worker": worker}, value)
        yield from families.values()
