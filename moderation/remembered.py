"""A cache of the newest texts' results, because the monitor judges the same turns again after every turn."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """At most `most` results. Keeps no text, and no hash that another process could compare. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._key = secrets.token_bytes(32)
        self._judges: object = None
        self._results: OrderedDict[bytes, T] = OrderedDict()
        self._lock = threading.Lock()

    def forget_others(self, judges: object) -> None:
        """Empty the cache if its results come from other judges."""
        with self._lock:
            if judges != self._judges:
                self._judges = judges
                self._results.clear()

    def clear(self) -> None:
        with self._lock:
            self._results.clear()

    def key(self, texts: Iterable[str]) -> bytes:
        digest = blake2b(key=self._key, digest_size=16)
        for text in texts:
            encoded = text.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8) + encoded)
        return digest.digest()

    def get(self, key: bytes) -> T | None:
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
            return self._results.get(key)

    def put(self, key: bytes, result: T) -> None:
        with self._lock:
            self._results[key] = result
            if len(self._results) > self._most:
                self._results.popitem(last=False)
