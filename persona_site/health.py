"""/healthz: this process lives. /readyz: every part, truthfully. /metrics: figures for Prometheus."""

import hmac
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import redis
from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from accounts.models import User

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
    """503 while a part that people need is down."""
    state = {name: _tried(check) for name, check in PARTS.items()}
    ok = all(part.ok for part in state.values())
    body = {"ok": ok, **{name: asdict(part) for name, part in state.items()}}
    return JsonResponse(body, status=200 if ok else 503)


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus; not there for anybody who may not read them."""
    if not (_is_staff(request) or _has_token(request)):
        raise Http404
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


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
    except Exception as error:  # whatever it is, it is the answer
        return Part(False, type(error).__name__)
    return Part(True, ms=round((time.monotonic() - started) * 1000))


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _redis() -> None:
    redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=_SECONDS, socket_timeout=_SECONDS).ping()


PARTS: dict[str, Callable[[], None]] = {"database": _database, "redis": _redis}
