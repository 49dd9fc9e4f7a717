"""The frames of each conversation in one Redis stream: bytes in, bytes out, in order.

A stream entry is a frame. A stream expires STREAM_TTL after its last entry. The history is in the database.
"""

import asyncio
import contextlib
import logging
import secrets
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import redis
import redis.asyncio
from django.conf import settings

from persona_site.redis import async_connection, connection
from text import cleaning

logger = logging.getLogger(__name__)

Entries = list[tuple[bytes, dict[bytes, bytes]]]

BEGINNING = "0-0"
_FIELD = b"frame"
# The most frames of a conversation in Redis. A page that is further behind reloads.
_LONGEST = 20_000
_BLOCK_MS = 5_000
_BATCH = 500
# A tab with this many unread frames is behind. It gets its frames from Redis when it reads again.
_BACKLOG = 2_000
_ANSWER_SECONDS = 20  # of Redis; longer than _BLOCK_MS, so that an empty stream is no error
_LONGEST_PAUSE = 2.0  # seconds between attempts to reach Redis again


def _key(conversation_id: UUID | str) -> str:
    return f"frames:{conversation_id}"


def _deleted_key(conversation_id: UUID | str) -> str:
    return f"frames:deleted:{conversation_id}"


# A deleted stream takes no more frames, because a worker may still write after its conversation was erased.
_APPEND = """
if redis.call('exists', KEYS[2]) == 1 then return '0-0' end
local position = redis.call('xadd', KEYS[1], 'maxlen', '~', ARGV[1], '*', ARGV[2], ARGV[3])
redis.call('pexpire', KEYS[1], ARGV[4])
return position
"""


def append(conversation_id: UUID | str, frame: bytes) -> str:
    """Adds a frame and returns its position. Adds nothing to a deleted stream, and returns BEGINNING."""
    milliseconds = int(settings.STREAM_TTL.total_seconds() * 1000)
    keys = _key(conversation_id), _deleted_key(conversation_id)
    position = connection().eval(_APPEND, 2, *keys, _LONGEST, _FIELD, frame, milliseconds)
    return str(position.decode())


def forget(conversation_id: UUID | str, frame: bytes) -> None:
    """Adds a frame and forgets those before it, whose words were deleted. `persona_site.redis.rewrite_log` follows."""
    newest = append(conversation_id, frame)
    if newest != BEGINNING:
        connection().xtrim(_key(conversation_id), minid=newest, approximate=False)


def position(conversation_id: UUID | str) -> str:
    """The position of the newest frame. A page that is rendered now must follow from there."""
    newest = cast(Entries, connection().xrevrange(_key(conversation_id), count=1))
    return newest[0][0].decode() if newest else BEGINNING


def end(conversation_id: UUID | str, frame: bytes) -> None:
    """Forgets the conversation's frames but this last one, after which none is taken.

    It tells everybody who follows that the conversation is over.
    """
    key = _key(conversation_id)
    with connection().pipeline(transaction=True) as pipe:
        pipe.set(_deleted_key(conversation_id), 1, ex=settings.STREAM_TTL)
        pipe.xadd(key, {_FIELD: frame}, maxlen=1, approximate=False)
        pipe.pexpire(key, settings.STREAM_TTL)
        pipe.execute()


def delete(conversation_id: UUID | str) -> None:
    """Deletes the conversation's frames for good. `persona_site.redis.rewrite_log` also removes them from the disk."""
    connection().set(_deleted_key(conversation_id), 1, ex=settings.STREAM_TTL)
    connection().delete(_key(conversation_id))


def is_position(text: str) -> bool:
    """Whether `text` from a browser is a position that Redis accepts."""
    parts = text.split("-")
    return len(parts) == 2 and all(cleaning.whole_number(part, most=2**64 - 1) is not None for part in parts)


def _order(position: str) -> tuple[int, int]:
    milliseconds, number = position.split("-")
    return int(milliseconds), int(number)


@dataclass(eq=False)
class _Follower:
    """One open tab, with the frames that were read for it but not yet taken."""

    waiting: deque[tuple[str, bytes]] = field(default_factory=deque)
    is_behind: bool = False
    has_news: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, position: str, frame: bytes) -> None:
        if len(self.waiting) < _BACKLOG and not self.is_behind:
            self.waiting.append((position, frame))
        else:
            self.is_behind = True
        self.has_news.set()


@dataclass(eq=False)
class _FollowedConversation:
    """One followed conversation, and the position up to which it was read."""

    read_to: str
    followers: set[_Follower] = field(default_factory=set)


class Followers:
    """All followed conversations of a process, through one blocking Redis connection.

    Every follower keeps the position of its last frame, takes only later frames, and fetches missing
    ones itself. So joining, falling behind or a lost Redis connection causes neither gaps nor
    duplicates. An instance belongs to one event loop.
    """

    def __init__(self) -> None:
        self._followed: dict[bytes, _FollowedConversation] = {}
        # A stream of our own among the streams that are read. An entry in it ends the current wait, so
        # that a new conversation is read at once.
        self._wake_key = f"frames:wake:{secrets.token_hex(8)}".encode()
        self._woken_to = BEGINNING
        self._redis: redis.asyncio.Redis | None = None
        self._reader: asyncio.Task[None] | None = None

    async def follow(self, conversation_id: UUID | str, after: str) -> AsyncGenerator[tuple[str, bytes], None]:
        """Yields every frame later than `after`, in order, as long as it is iterated."""
        key = _key(conversation_id).encode()
        follower = _Follower(is_behind=True)
        follower.has_news.set()
        conversation = self._followed.setdefault(key, _FollowedConversation(read_to=after))
        conversation.followers.add(follower)
        try:
            if len(conversation.followers) == 1:
                await self._wake()
            last = after
            while True:
                await follower.has_news.wait()
                follower.has_news.clear()
                async for position, frame in self._news(key, follower, last):
                    last = position
                    yield position, frame
        finally:
            conversation.followers.discard(follower)
            if not conversation.followers:
                self._followed.pop(key, None)

    async def close(self) -> None:
        """Ends the reading, and closes the connection."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
            self._reader = None
        if self._redis is not None:
            await self._redis.aclose()
            self._redis = None

    async def _news(self, key: bytes, follower: _Follower, last: str) -> AsyncIterator[tuple[str, bytes]]:
        """The follower's new frames: first from Redis if it is behind, then from its own queue."""
        while follower.is_behind:
            follower.is_behind = False  # before reading, so that frames that arrive meanwhile are queued
            while entries := await self._entries_after(key, last):
                for position, frame in entries:
                    last = position
                    yield position, frame
        while follower.waiting:
            position, frame = follower.waiting.popleft()
            if _order(position) > _order(last):
                last = position
                yield position, frame
        if follower.is_behind:
            follower.has_news.set()

    async def _entries_after(self, key: bytes, last: str) -> list[tuple[str, bytes]]:
        """The next frames in Redis. Waits while Redis is unavailable."""
        pause = 0.1
        while True:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    entries = cast(Entries, await self._connection().xrange(key, min=f"({last}", count=_BATCH))
                return [(position.decode(), fields[_FIELD]) for position, fields in entries]
            except (redis.RedisError, OSError):
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _connection(self) -> "redis.asyncio.Redis":
        if self._redis is None:
            self._redis = async_connection()
        return self._redis

    async def _wake(self) -> None:
        """Makes the reader read the list of conversations again. Starts the reader if it is not running."""
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read(), name="stream followers")
            return
        with contextlib.suppress(redis.RedisError, OSError):
            async with asyncio.timeout(_ANSWER_SECONDS), self._connection().pipeline(transaction=True) as pipe:
                pipe.xadd(self._wake_key, {b"": b""}, maxlen=1, approximate=False)
                pipe.expire(self._wake_key, 60)
                await pipe.execute()

    async def _read(self) -> None:
        """Reads new frames of all followed conversations, until none is followed."""
        pause = 0.1
        while self._followed:
            positions: dict[Any, Any] = {
                self._wake_key: self._woken_to,
                **{k: f.read_to for k, f in self._followed.items()},
            }
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    answer = await self._connection().xread(positions, count=_BATCH, block=_BLOCK_MS)
                news = cast(list[tuple[bytes, Entries]], answer or [])
                pause = 0.1
            except (redis.RedisError, OSError) as error:
                logger.warning("generation.stream_lost", extra={"error": type(error).__name__})
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            for key, entries in news:
                self._hand_out(key, entries)

    def _hand_out(self, key: bytes, entries: Entries) -> None:
        newest = entries[-1][0].decode()
        if key == self._wake_key:
            self._woken_to = newest
        elif (conversation := self._followed.get(key)) is not None:
            conversation.read_to = newest
            for position, fields in entries:
                for follower in conversation.followers:
                    follower.offer(position.decode(), fields[_FIELD])
