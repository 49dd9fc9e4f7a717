"""Figures of the generation workers.

Workers have no port of their own: each puts its figures into its heartbeat (`worker.py`), and
`/metrics` of the web process shows those of all workers, labelled by worker.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import Metric

REGISTRY = CollectorRegistry()
TOKENS = Counter("afterword_tokens", "Tokens generated.", ["engine", "model"], registry=REGISTRY)
FAILURES = Counter(
    "afterword_engine_failures", "Replies that an engine broke off.", ["engine", "code"], registry=REGISTRY
)
SPEAKING = Gauge("afterword_replies_in_progress", "Replies being generated.", registry=REGISTRY)
FIRST_TOKEN = Histogram(
    "afterword_first_token_seconds",
    "From the engine's start to its first token.",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60),
    registry=REGISTRY,
)

# name, documentation, type, samples as (name, labels, value)
Family = tuple[str, str, str, list[tuple[str, dict[str, str], float]]]


def snapshot() -> list[Family]:
    """This process's figures in a form that JSON carries."""
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
