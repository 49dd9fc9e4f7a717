"""The open sockets of a person: their limit, and the news that a session may have ended.

    Barred                  `code` closes the socket
    ├── SignedOut
    └── TooMany

Redis holds the sockets of a person, for all web processes together. Each has an expiry time. A socket that no longer
renews its place is forgotten.
"""

import logging

import redis
from django.conf import settings

from accounts.models import User
from accounts.sign_in import sessions
from generation.jobs import stream
from persona_site.redis import connection

logger = logging.getLogger(__name__)

# How often an open socket is checked. Three checks may fail before it is forgotten.
CHECK_SECONDS = 30
_EXPIRY_SECONDS = 3 * CHECK_SECONDS + 10

# One step, so that sockets that open at the same moment cannot exceed the limit together.
_ENTER = """
local now = tonumber(redis.call('time')[1])
redis.call('zremrangebyscore', KEYS[1], '-inf', now)
local is_new = redis.call('zscore', KEYS[1], ARGV[1]) == false
if is_new and redis.call('zcard', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('zadd', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('expire', KEYS[1], ARGV[2])
return 1
"""


class Barred(Exception):
    code: int  # 4000 to 4999 are for applications, RFC 6455 section 7.4.2


class SignedOut(Barred):
    code = 4401


class TooMany(Barred):
    code = 4429


def enter(*, user: User, session_key: str | None, socket_id: str) -> str:
    """Counts a new socket. Returns the position from which to follow `news_of` the person. Raises Barred."""
    position = stream.position(news_of(user.pk))  # before the check, so that no end of a session is missed
    check(user=user, session_key=session_key, socket_id=socket_id)
    return position


def check(*, user: User, session_key: str | None, socket_id: str) -> None:
    """Checks the session and renews the socket's place. Raises Barred."""
    if not sessions.is_open(user, session_key):
        raise SignedOut
    if not connection().eval(_ENTER, 1, _key(user.pk), socket_id, _EXPIRY_SECONDS, settings.SOCKETS_PER_PERSON):
        raise TooMany


def leave(*, user_id: int, socket_id: str) -> None:
    """Gives the socket's place back."""
    try:
        connection().zrem(_key(user_id), socket_id)
    except redis.RedisError as error:  # the place expires by itself
        logger.warning("socket.place_kept", extra={"error": type(error).__name__})


def news_of(user_id: int) -> str:
    """The name of the stream that tells a person's sockets to check their sessions again."""
    return f"sessions:{user_id}"


def tell(user_id: int) -> None:
    """Has every open socket of a person check its session again."""
    try:
        stream.append(news_of(user_id), b"{}")
    except redis.RedisError as error:  # each socket checks by itself within `CHECK_SECONDS`
        logger.warning("socket.not_told", extra={"user": user_id, "error": type(error).__name__})


def _key(user_id: int) -> str:
    return f"sockets:{user_id}"
