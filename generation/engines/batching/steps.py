"""Waiting for the next step of a reply, for engines that run in this process."""

import contextlib
import queue
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from generation.engines.base import EngineFailed

T = TypeVar("T")

# How often a waiting reply checks whether it was cancelled.
_LOOK = timedelta(milliseconds=100)
# A longer wait for a token is a fault and not a queue.
_PATIENCE = timedelta(minutes=5)


def next_step(steps: "queue.SimpleQueue[T]", cancelled: Callable[[], bool]) -> T | None:
    """The next step, or None soon after `cancelled` returns True. Raises EngineFailed if no step arrives in time."""
    deadline = datetime.now(UTC) + _PATIENCE
    while not cancelled():
        with contextlib.suppress(queue.Empty):
            return steps.get(timeout=_LOOK.total_seconds())
        if datetime.now(UTC) > deadline:
            raise EngineFailed(f"The engine generated no token within {_PATIENCE.seconds} s.")
    return None
