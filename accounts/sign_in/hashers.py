"""Argon2 with a limit on how many hashes one process computes at once.

A hash takes 100 MB and a good part of a second on all cores. Covered: no more than `AT_ONCE` hashes are computed at
once, however many people send passwords and on every page. Not covered: several web processes, because each has its
own limit.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher

AT_ONCE = 2
PATIENCE_SECONDS = 5.0
_free = threading.BoundedSemaphore(AT_ONCE)


class HashingBusy(Exception):
    """A hash did not get its turn in time. `persona_site.security.TooManyPasswords` answers 503 on every page."""


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
