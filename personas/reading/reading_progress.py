"""How far a worker is with a file, and the stop of its work. Redis holds both; without it, pages only show less.

Cancelled               somebody has removed the file while it was read
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO
from uuid import UUID

import redis

from persona_site.redis import cancel_key, connection
from personas.importers.base import Utterance

logger = logging.getLogger(__name__)

_EVERY_S = 1.0
_KEPT_S = 600
_CANCEL_KEPT_S = 3600


class Cancelled(Exception):
    pass


def followed(
    utterances: Iterable[Utterance],
    stream: BinaryIO,
    size: int,
    *,
    tell: Callable[[int], None],
    is_over: Callable[[], bool] = lambda: False,
) -> Iterator[Utterance]:
    """Passes the utterances on. Once a second it tells how much is read, in percent, and asks whether work is over.

    The child that reads the file has the same open file, so this process sees the child's position in it. Raises
    Cancelled.
    """
    next_look = time.monotonic() + _EVERY_S
    for utterance in utterances:
        if time.monotonic() >= next_look:
            next_look = time.monotonic() + _EVERY_S
            if is_over():
                raise Cancelled
            tell(min(99, 100 * os.lseek(stream.fileno(), 0, os.SEEK_CUR) // max(1, size)))
        yield utterance


def keep(key: str, percent: int) -> None:
    """Keeps how much is read, for `of`. A reader that goes back to the start does not go back here."""
    try:
        connection().set(_name(key), max(percent, of([key]).get(key, 0)), ex=_KEPT_S)
    except redis.RedisError:
        return


def of(keys: Iterable[str]) -> dict[str, int]:
    """The percentages of the files that are being read now."""
    names = list(keys)
    try:
        values = connection().mget([_name(key) for key in names]) if names else []
    except redis.RedisError:
        return {}
    return {key: int(value) for key, value in zip(names, values, strict=True) if value is not None}


def cancel(subject: UUID) -> None:
    """Has the worker that imports this source stop within a second. Without Redis it reads to the end."""
    try:
        connection().set(cancel_key(subject), 1, ex=_CANCEL_KEPT_S)
    except redis.RedisError as error:
        logger.warning("source.not_cancelled", extra={"source": str(subject), "error": type(error).__name__})


def is_cancelled(subject: UUID) -> bool:
    try:
        return bool(connection().exists(cancel_key(subject)))
    except redis.RedisError:
        return False


def _name(key: str) -> str:
    return f"reading:{key}"
