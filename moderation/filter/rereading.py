"""A value from the database that every text is judged by, read again every few seconds."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

REFRESH = 2.0  # seconds; a change reaches every process within this time


T = TypeVar("T")


class Reread(Generic[T]):
    """Thread-safe. `read` gets the last value, so that it can keep what has not changed."""

    def __init__(self, read: Callable[[T | None], T]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._last: T | None = None
        self._read_at = 0.0  # on the monotonic clock; without meaning while there is no last value

    def value(self) -> T:
        """At most REFRESH seconds old. Raises what `read` raises."""
        with self._lock:
            if self._last is None or time.monotonic() - self._read_at >= REFRESH:
                self._last = self._read(self._last)
                self._read_at = time.monotonic()
            return self._last

    def forget(self) -> None:
        """Makes this process read the value again at the next call."""
        with self._lock:
            self._last = None
