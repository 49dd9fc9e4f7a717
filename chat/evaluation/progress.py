"""Work on many items side by side, with a line about the progress now and then."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")
R = TypeVar("R")
Tell = Callable[[str, int, int], None]  # what is done, how many, of how many

_BETWEEN = 5  # seconds between two lines


class Progress:
    """Says the time since the beginning, and what is done."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._began = self._last = time.monotonic()

    def of(self, kind: str) -> Tell:
        def tell(what: str, done: int, total: int) -> None:
            now = time.monotonic()
            if done == total or now - self._last >= _BETWEEN:
                self._last = now
                seconds = round(now - self._began)
                self._say(f"{seconds // 60:2}:{seconds % 60:02}  {kind}: {done} of {total} {what}")

        return tell


def side_by_side(work: Callable[[T], R], items: Sequence[T], *, workers: int, tell: Tell, what: str) -> list[R]:
    """The results in the order of the items. The first error is raised."""

    def alone(item: T) -> R:
        try:
            return work(item)
        finally:
            connections.close_all()  # each thread has its own, and nobody else would close them

    results: list[R] = []
    with ThreadPoolExecutor(workers) as pool:
        for result in pool.map(alone, items):
            results.append(result)
            tell(what, len(results), len(items))
    return results
