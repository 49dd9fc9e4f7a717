"""Which heads judge now, and which are tried in shadow. A process learns of a change within REFRESH seconds."""

import threading
import time
from dataclasses import dataclass

from safetensors import SafetensorError

from moderation.filter.classifiers.base import ClassifierUnavailable
from moderation.filter.classifiers.heads import Heads
from moderation.filter.policy import REFRESH
from moderation.models import HeadState, HeadVersion


@dataclass(frozen=True)
class _InForce:
    keys: tuple[tuple[int, str], ...]
    active: Heads | None
    trial: Heads | None


class _Cache:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.content: _InForce | None = None
        self.checked_at = float("-inf")


_cache = _Cache()


def active() -> Heads | None:
    """The heads that decisions taught, or None for the shipped ones. Raises ClassifierUnavailable."""
    return _in_force().active


def on_trial() -> Heads | None:
    """The heads that are tried in shadow. Raises ClassifierUnavailable."""
    return _in_force().trial


def forget() -> None:
    """Make this process read what is in force again at the next call."""
    with _cache.lock:
        _cache.content, _cache.checked_at = None, float("-inf")


def heads_of(row: HeadVersion) -> Heads:
    """Raises ClassifierUnavailable."""
    try:
        return Heads.from_bytes(row.version, bytes(row.weights))
    except (SafetensorError, KeyError) as error:
        raise ClassifierUnavailable(f"The weights of version {row.version} cannot be read: {error}.") from error


def _in_force() -> _InForce:
    with _cache.lock:
        if _cache.content is None or time.monotonic() - _cache.checked_at >= REFRESH:
            _cache.content = _read(_cache.content)
            _cache.checked_at = time.monotonic()
        return _cache.content


def _read(last: _InForce | None) -> _InForce:
    """The weights are read again only if other versions than those of `last` are in force."""
    rows = HeadVersion.objects.filter(state__in=[HeadState.ACTIVE, HeadState.TRIAL]).order_by("pk")
    keys = tuple(rows.values_list("pk", "state"))
    if last and last.keys == keys:
        return last
    heads = {row.state: heads_of(row) for row in rows}
    return _InForce(keys, heads.get(HeadState.ACTIVE), heads.get(HeadState.TRIAL))
