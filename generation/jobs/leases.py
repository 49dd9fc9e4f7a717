"""Leases: a worker holds a job as long as it renews its lease (Redis, compare-and-delete).

A killed worker stops renewing, and after settings.LEASE another worker may take over.
A lease is a promise about time and not a lock: a writer must still check that it is the newest attempt.
"""

import logging
import secrets
import threading
import time
from collections.abc import Iterable
from types import TracebackType

import redis
from django.conf import settings

from persona_site.redis import connection

logger = logging.getLogger(__name__)

_RENEW = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0"
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


def _key(name: str) -> str:
    return f"lease:{name}"


class Lease:
    """Held until the block ends. Its own thread renews it, so a slow first token does not lose it."""

    def __init__(self, name: str, token: str) -> None:
        self.name = name
        self._token = token
        self._milliseconds = int(settings.LEASE.total_seconds() * 1000)
        self._renewed_at = time.monotonic()
        self._is_taken = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease {name}", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> bool:
        """Whether another worker holds it, or no renewal reached Redis for longer than the lease lasts."""
        return self._is_taken or time.monotonic() - self._renewed_at > self._milliseconds / 1000

    def _keep(self) -> None:
        # A third of the lease: two renewals may fail before it lapses.
        while not self._ended.wait(self._milliseconds / 3000) and not self._is_taken:
            requested_at = time.monotonic()
            try:
                if connection().eval(_RENEW, 1, _key(self.name), self._token, self._milliseconds):
                    self._renewed_at = requested_at
                else:
                    self._is_taken = True
            except redis.RedisError:
                logger.warning("generation.lease_not_renewed", extra={"lease": self.name})

    def release(self) -> None:
        self._ended.set()
        try:
            connection().eval(_RELEASE, 1, _key(self.name), self._token)
        except redis.RedisError:
            # The lease lapses by itself.
            logger.warning("generation.lease_not_released", extra={"lease": self.name})

    def __enter__(self) -> "Lease":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def take(name: str) -> Lease | None:
    """The lease, or None while another worker holds it."""
    token = secrets.token_hex(16)
    milliseconds = int(settings.LEASE.total_seconds() * 1000)
    if not connection().set(_key(name), token, nx=True, px=milliseconds):
        return None
    return Lease(name, token)


def held(names: Iterable[str]) -> set[str]:
    """The `names` whose leases are held now."""
    names = list(names)
    if not names:
        return set()
    values = connection().mget([_key(name) for name in names])
    return {name for name, value in zip(names, values, strict=True) if value is not None}
