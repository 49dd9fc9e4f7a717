"""The open sockets of a person: how many there may be, and the word that a session may have ended.

    Barred                  `code` closes the socket
    ├── SignedOut
    └── TooMany

The sockets of a person lie in Redis, for all web processes together, each with the time until which it is
believed; a socket that stops renewing is forgotten.
"""

import logging

import redis
from django.conf import settings

from accounts import sessions
from accounts.models import User
from generation.jobs import stream
from persona_site.redis import connection

logger = logging.getLogger(__name__)

# How often an open socket is looked at again; three looks may fail before it is forgotten.
LOOK_SECONDS = 30
_BELIEVED_SECONDS = 3 * LOOK_SECONDS + 10

# In one step, so that sockets which open at the same moment cannot pass the limit together.
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
    """Counts a socket that opened, and gives the position to follow `news_of` the person from. Raises Barred."""
    position = stream.position(news_of(user.pk))  # before the look, so that an end in between is heard
    look(user=user, session_key=session_key, socket_id=socket_id)
    return position


def look(*, user: User, session_key: str | None, socket_id: str) -> None:
    """Looks at the session again and renews the socket's place. Raises Barred."""
    if not sessions.is_open(user, session_key):
        raise SignedOut
    if not connection().eval(_ENTER, 1, _key(user.pk), socket_id, _BELIEVED_SECONDS, settings.SOCKETS_PER_PERSON):
        raise TooMany


def leave(*, user_id: int, socket_id: str) -> None:
    """Gives the socket's place back."""
    try:
        connection().zrem(_key(user_id), socket_id)
    except redis.RedisError as error:  # the place lapses by itself
        logger.warning("socket.place_kept", extra={"error": type(error).__name__})


def news_of(user_id: int) -> str:
    """Name of the stream that tells when a person's sessions must be checked again."""
    return f"sessions:{user_id}"


def tell(user_id: int) -> None:
    """Has every open socket of a person look at its session again."""
    try:
        stream.append(news_of(user_id), b"{}")
    except redis.RedisError as error:  # each socket looks by itself before long
        logger.warning("socket.not_told", extra={"user": user_id, "error": type(error).__name__})


def _key(user_id: int) -> str:
    return f"sockets:{user_id}"
