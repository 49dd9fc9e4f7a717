"""Loads a thing that a process keeps, once, also where several threads ask for it at the same moment."""

import threading
from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def loaded_once(load: Callable[P, T]) -> Callable[P, T]:
    """As `functools.cache`, which lets two threads load the same network twice. An error is raised and not kept."""
    lock, cached = threading.Lock(), cache(load)

    @wraps(load)
    def locked(*args: P.args, **kwargs: P.kwargs) -> T:
        with lock:
            return cached(*args, **kwargs)  # type: ignore[arg-type]  # any argument of these is hashable

    return locked
