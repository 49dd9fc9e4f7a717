"""How a reply waits for its next step of an engine that runs in this process."""

import contextlib
import queue
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from generation.engines.base import EngineFailed

T = TypeVar("T")

# How often a reply that waits looks whether it was cancelled.
_LOOK = timedelta(milliseconds=100)
# Longer without a single token is a fault, not a queue.
_PATIENCE = timedelta(minutes=5)


def next_step(steps: "queue.SimpleQueue[T]", cancelled: Callable[[], bool]) -> T | None:
    """The next step; None soon after `cancelled` says so. Raises EngineFailed when nothing comes."""
    deadline = datetime.now(UTC) + _PATIENCE
    while not cancelled():
        with contextlib.suppress(queue.Empty):
            return steps.get(timeout=_LOOK.total_seconds())
        if datetime.now(UTC) > deadline:
            raise EngineFailed(f"No token within {_PATIENCE.seconds} s.")
    return None
