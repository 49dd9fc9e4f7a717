"""/healthz: the web process answers. /readyz: whether each part works. /metrics: figures for Prometheus."""

import hmac
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import redis
from django.conf import settings
from django.db import connection as database
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts.models import User
from generation.jobs import waiting_room, worker
from moderation.filter.assessment import assess
from persona_site.redis import connection
from persona_site.tasks import HEARTBEAT_KEY, served_key

_SECONDS = 2


@dataclass(frozen=True)
class Part:
    """One part's state. `because` names the kind of failure: no addresses, secrets or words."""

    ok: bool
    because: str = ""
    ms: int = 0


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answers 503 while a part that people need is down. Only staff and METRICS_TOKEN see reasons and workers."""
    state = parts()
    ok = all(part.ok for part in state.values())
    body: dict[str, object] = {"ok": ok, **{name: {"ok": part.ok} for name, part in state.items()}}
    # To know whether a person is staff takes the database; the token does not.
    if _has_token(request) or (state["database"].ok and _is_staff(request)):
        body |= {name: asdict(part) for name, part in state.items()}
        body["workers"] = _workers() if state["redis"].ok else []
    return JsonResponse(body, status=200 if ok else 503)


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus. Answers 404 to anybody who may not read them."""
    if not (_is_staff(request) or _has_token(request)):
        raise Http404
    figures = generate_latest(REGISTRY).decode() + worker.metrics_text()
    return HttpResponse(figures, content_type=CONTENT_TYPE_LATEST)


def parts() -> dict[str, Part]:
    """The state of everything that people need, by name."""
    return {name: _tried(check) for name, check in PARTS.items()}


def _is_staff(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_active and request.user.is_moderator


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.METRICS_TOKEN.encode()
    return bool(expected) and scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), expected)


def _tried(check: Callable[[], None]) -> Part:
    started = time.monotonic()
    try:
        check()
    except Exception as error:  # every failure of a part is an answer
        return Part(False, type(error).__name__)
    return Part(True, ms=round((time.monotonic() - started) * 1000))


def _database() -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")


def _redis() -> None:
    redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=_SECONDS, socket_timeout=_SECONDS).ping()


def _classifier() -> None:
    """Lets the filter judge a sentence. While it cannot, no text passes and people get no replies."""
    assess("Good morning.", direction="persona")


def _generation() -> None:
    """Requires one engine of one worker that can generate."""
    if not any(engine["ok"] for beat in worker.beats() for engine in beat["engines"]):
        raise NothingReported


def _general() -> None:
    """Requires a recent heartbeat of the timetable and a general worker (tasks.heartbeat)."""
    if not connection().exists(HEARTBEAT_KEY):
        raise NothingReported


def _imports() -> None:
    """Requires a live worker that reads uploads, however long its queue is."""
    if not connection().exists(served_key("imports")):
        raise NothingReported


class NothingReported(Exception):
    """No worker has reported recently that it works."""


def _workers() -> list[dict[str, object]]:
    """Every live generation worker with its engines. The details of an engine's failure stay in the log."""
    return [
        {
            "worker": beat["worker"],
            "at": beat["at"],
            "engines": [
                {key: engine[key] for key in ("name", "model", "device", "version", "ok", "since")}
                for engine in beat["engines"]
            ],
        }
        for beat in worker.beats()
    ]


class Queues(Collector):
    """The lengths of the queues, read from Redis at each request."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        tasks = GaugeMetricFamily("afterword_tasks_waiting", "Tasks that wait for a general worker.")
        imports = GaugeMetricFamily("afterword_imports_waiting", "People and personas whose files wait to be read.")
        jobs = GaugeMetricFamily("afterword_jobs_waiting", "Jobs that wait for a generation worker.", labels=["class"])
        try:
            tasks.add_metric([], connection().llen("default"))
            imports.add_metric([], connection().llen("imports"))
            for klass, count in waiting_room.sizes().items():
                jobs.add_metric([klass], count)
        except redis.RedisError:
            return
        yield tasks
        yield imports
        yield jobs


REGISTRY.register(Queues())

PARTS: dict[str, Callable[[], None]] = {
    "database": _database,
    "redis": _redis,
    "classifier": _classifier,
    "generation": _generation,
    "general": _general,
    "imports": _imports,
}
