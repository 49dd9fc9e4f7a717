"""Waiting on a condition, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], *, seconds: float = 30, explain: Callable[[], str] = str) -> T:
    """The first true value of `condition`; past the deadline, a failure with what `explain` says."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {seconds} s. {explain()}")
        time.sleep(0.05)
