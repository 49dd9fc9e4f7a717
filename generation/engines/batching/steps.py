"""Waiting for an engine that runs in this process: for the next step of a reply, and for work between two steps."""

import contextlib
import queue
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from generation.engine import EngineFailed

T = TypeVar("T")

# A pass takes less than a second. One that takes longer than this hangs, and nobody waits for its end.
LONGEST_PASS_S = 5.0
# How often a waiting reply checks whether it was cancelled. It does not wait for the end of a pass that hangs.
_LOOK = timedelta(milliseconds=100)
# A longer wait for a token is a fault and not a queue.
_PATIENCE = timedelta(minutes=5)


class Cancelled(Exception):
    """The reply was cancelled while it waited for work between two steps."""


def outcome(errand: "Future[T]", cancelled: Callable[[], bool] = lambda: False) -> T:
    """The result of work between two steps. Raises EngineFailed if the engine does not get to it in time.

    Raises Cancelled soon after `cancelled` returns True. Work that has not begun is then not done any more.
    """
    ended: queue.SimpleQueue[Future[T]] = queue.SimpleQueue()
    errand.add_done_callback(ended.put)
    if next_step(ended, cancelled) is None:
        errand.cancel()
        raise Cancelled
    return errand.result()


def next_step(steps: "queue.SimpleQueue[T]", cancelled: Callable[[], bool]) -> T | None:
    """The next step, or None soon after `cancelled` returns True. Raises EngineFailed if no step arrives in time."""
    deadline = datetime.now(UTC) + _PATIENCE
    while not cancelled():
        with contextlib.suppress(queue.Empty):
            return steps.get(timeout=_LOOK.total_seconds())
        if datetime.now(UTC) > deadline:
            raise EngineFailed(f"The engine made no step within {_PATIENCE.seconds} s.")
    return None
