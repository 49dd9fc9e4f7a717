"""Requests that found no place in the waiting room after their cost was counted. Sent again, they cost nothing more.

A text is judged before it may wait, and judging costs processor time. So it counts although it is turned away, but
only once.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.utils.crypto import salted_hmac
from redis import RedisError

from persona_site.redis import connection

_REMEMBERED = timedelta(hours=1)


@contextmanager
def counted_once(*request: object, full: type[Exception]) -> Iterator[bool]:
    """Yields whether this request was counted already, and was turned away since. `request` is all that makes it equal.

    `full` is the error that turns it away once it is counted. No words of it are stored, only a keyed hash. Without
    Redis nothing is remembered, so the site still answers a person in danger.
    """
    digest = salted_hmac("generation.turned_away", "\n".join(map(str, request)), algorithm="sha256").hexdigest()
    key = f"turned-away:{digest}"
    is_counted = False
    with suppress(RedisError):
        is_counted = connection().getdel(key) is not None
    try:
        yield is_counted
    except Exception as error:
        if is_counted or isinstance(error, full):
            with suppress(RedisError):
                connection().set(key, 1, ex=_REMEMBERED)
        raise
