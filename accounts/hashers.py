"""Argon2, bounded for the whole process.

Covered: each hash takes 100 MB and a good part of a second on all cores; however many people send passwords at
once, and through whichever page, no more than `AT_ONCE` are computed. Not covered: several web processes, each of
which has its own bound.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher

AT_ONCE = 2
PATIENCE_SECONDS = 5.0
_free = threading.BoundedSemaphore(AT_ONCE)


class HashingBusy(Exception):
    """No hash could be begun in time. `persona_site.security.TooManyPasswords` answers it on every page."""


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    def encode(self, password: str, salt: str) -> str:
        with _turn():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turn():
            return super().verify(password, encoded)


@contextmanager
def _turn() -> Iterator[None]:
    if not _free.acquire(timeout=PATIENCE_SECONDS):
        raise HashingBusy
    try:
        yield
    finally:
        _free.release()
