"""The one place that connects to Redis, and the names of keys that two rooms share."""

from functools import cache
from uuid import UUID

import redis
import redis.asyncio
from django.conf import settings


@cache
def connection() -> "redis.Redis":
    """The process's shared synchronous client; thread-safe, answers bytes."""
    return redis.Redis.from_url(settings.REDIS_URL, health_check_interval=30)


def async_connection() -> "redis.asyncio.Redis":
    """A new asynchronous client; the caller closes it, on the event loop that made it."""
    # Longer than any blocking read (generation.jobs.stream waits 5 s), so that silence is no error.
    return redis.asyncio.Redis.from_url(settings.REDIS_URL, health_check_interval=30, socket_timeout=20)


def cancel_key(subject: UUID) -> str:
    """Set while a reply (or every reply of a conversation) must stop. Written by whoever may
    stop it: the person through `chat.messages.stop`, a moderator through `moderation.desk.cases.decide`."""
    return f"cancel:{subject}"
