"""Connections to Redis, and the names of keys that two rooms share."""

import logging
from datetime import timedelta
from functools import cache
from uuid import UUID

import redis
import redis.asyncio
from django.conf import settings

logger = logging.getLogger(__name__)

_REWRITE_OWED = "log:rewrite-owed"
_REMEMBERED = timedelta(days=1)


@cache
def connection() -> "redis.Redis":
    """The process's shared synchronous client. It is thread-safe and returns bytes."""
    return redis.Redis.from_url(settings.REDIS_URL, health_check_interval=30)


def async_connection() -> "redis.asyncio.Redis":
    """A new asynchronous client. The caller closes it, on the event loop that created it.

    Its commands have no time limit; the caller sets one with `asyncio.timeout`. With `socket_timeout` the client would
    send through `asyncio.wait_for`, which loses a cancellation before Python 3.12 (bpo-37658).
    """
    return redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=20)


def cancel_key(subject: UUID) -> str:
    """The key that is set while a reply, or every reply of a conversation, must stop.

    A person sets it through `chat.conversation.messages.stop`, a moderator through `moderation.desk.cases.decide`.
    """
    return f"cancel:{subject}"


def rewrite_log() -> None:
    """Makes Redis rewrite its log on the disk, without the words that were deleted before this call."""
    connection().set(_REWRITE_OWED, 1, ex=_REMEMBERED)
    rewrite_log_if_owed()


def rewrite_log_if_owed() -> None:
    """Starts a rewrite that is owed, unless one is under way: that one may have begun before the deletion.

    The next call then starts another.
    """
    redis_ = connection()
    if not redis_.exists(_REWRITE_OWED):
        return
    state = redis_.info("persistence")
    if not state["aof_enabled"]:
        redis_.delete(_REWRITE_OWED)
    elif not (state["aof_rewrite_in_progress"] or state["rdb_bgsave_in_progress"]):
        redis_.delete(_REWRITE_OWED)  # before the rewrite: a later deletion must ask for another one
        try:
            redis_.bgrewriteaof()
        except redis.ResponseError as error:  # a server of the operator may forbid the command
            logger.warning("redis.log_not_rewritten", extra={"error": type(error).__name__})
