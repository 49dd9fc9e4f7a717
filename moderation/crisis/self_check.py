"""Whether the crisis module works, by sentences that it must know (compliance CA3).

While it does not, nobody talks with a persona: `user_turns.judge` raises FilterDown, and the pages answer 503. The
notices come all the same, because they need no model (compliance K6).
"""

import logging
import threading
import time
from collections.abc import Callable

from moderation.categories import ClassifierUnavailable
from moderation.crisis import ladder, notices, reading

logger = logging.getLogger(__name__)

FRESH_S = 60.0  # a result counts for so long in this process
_IN_CRISIS = ("I am going to kill myself tonight.", "我今晚就要自杀。")


class CrisisModuleDown(ClassifierUnavailable):
    """The crisis module failed its self-check, so no persona talks."""


def _patterns() -> bool:
    return all(ladder.is_for_the_site(ladder.level(text)) for text in _IN_CRISIS)


def _model() -> bool:
    return all(ladder.is_for_the_site(found.step) for found in reading.read([[text] for text in _IN_CRISIS]))


def _notices() -> bool:
    shown = [notices.notice(country="", language=language, level="active") for language in ("en", "zh")]
    return all(notice.text and notice.resources for notice in shown)


CHECKS: dict[str, Callable[[], bool]] = {
    "crisis patterns": _patterns,
    "crisis model": _model,
    "crisis notices": _notices,
}


def failing(checks: dict[str, Callable[[], bool]] = CHECKS) -> list[str]:
    """The names of the parts that do not work now."""
    return [name for name, check in checks.items() if not _works(check)]


def _works(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception as error:  # every failure of a part is an outage
        logger.warning("safety.check_failed", extra={"error": type(error).__name__})
        return False


class _Result:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.down: list[str] = []
        self.checked_at = float("-inf")


_last = _Result()


def require() -> None:
    """Raises CrisisModuleDown if the last check, at most FRESH_S old, found a part that does not work."""
    with _last.lock:
        if _last.down or time.monotonic() - _last.checked_at >= FRESH_S:
            _last.down, _last.checked_at = failing(), time.monotonic()
        if _last.down:
            raise CrisisModuleDown(f"These do not work: {', '.join(_last.down)}.")


def forget() -> None:
    """Makes the next call of `require` check again."""
    with _last.lock:
        _last.down, _last.checked_at = [], float("-inf")
