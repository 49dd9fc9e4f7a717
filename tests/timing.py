"""How long work takes, measured so that a busy machine decides no test.

Time is that of a processor, not of the clock on the wall, and a measurement that looks too long is repeated: other work
makes one measurement longer, or several in a row, and never all of them.
"""

import signal
import time
from collections.abc import Callable
from functools import partial
from math import inf

# Times as much work for four times the text: 4 where it is linear, 16 where it is quadratic.
MOST_GROWTH = 8
NOTICEABLE = 0.002  # seconds; below, the clock's own grain tells more than the work
_TRIES = 20
_CUT_OFF = 3  # times: the collection of garbage alone can cut off what takes milliseconds


class TooLong(Exception):
    pass


def seconds(work: Callable[[], object], *, tries: int = 3, cap: float = 1.0, enough: float = 0.0) -> float:
    """The least time of this thread's processor that the work takes; `cap` where it takes that long or longer.

    A time of `enough` or less is not tried again, nor is work that was cut off at `cap` _CUT_OFF times.
    """
    times: list[float] = []
    while len(times) < tries and min(times, default=cap) > enough and times.count(cap) < _CUT_OFF:
        times.append(_once(work, cap))
    return min(times)


def _once(work: Callable[[], object], cap: float) -> float:
    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGVTALRM, stop)  # a search looks for signals on its way
    began = time.thread_time()
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, cap)
        work()
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return min(time.thread_time() - began, cap)
    except TooLong:
        return cap
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def takes_at_most(limit: float, work: Callable[[], object]) -> bool:
    """Whether the work is done, once in many tries, within so many seconds of this thread's processor."""
    return seconds(work, tries=_TRIES, cap=10 * limit, enough=limit) <= limit


def answers_within(limit: float, work: Callable[[], object]) -> bool:
    """Whether the work is done, once in many tries, within so many seconds: for work that another process does."""
    for _ in range(_TRIES):
        began = time.monotonic()
        work()
        if time.monotonic() - began <= limit:
            return True
    return False


def grows_in_proportion(work: Callable[[int], object], length: int) -> bool:
    """Whether the time for a text of `length` is in proportion to that for a quarter of it."""
    quarter = whole = inf
    for _ in range(_TRIES):
        quarter = min(quarter, seconds(partial(work, length // 4), tries=1, cap=10.0))
        most = MOST_GROWTH * max(quarter, NOTICEABLE)
        whole = min(whole, seconds(partial(work, length), tries=1, cap=3 * most))
        if whole <= most:
            return True
    return False
