import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis

from generation.jobs import stream
from persona_site.redis import connection
from tests.waiting import wait_until

pytestmark = pytest.mark.services


@pytest.fixture
def conversation() -> Iterator[UUID]:
    made = uuid4()
    yield made
    connection().delete(f"frames:{made}")


@pytest.fixture
async def followers() -> AsyncIterator[stream.Followers]:
    made = stream.Followers()
    yield made
    await made.close()


async def take(frames: AsyncIterator[tuple[str, bytes]], count: int) -> list[bytes]:
    async with asyncio.timeout(20):
        return [(await anext(frames))[1] for _ in range(count)]


def numbers(start: int, end: int) -> list[bytes]:
    return [str(number).encode() for number in range(start, end)]


async def append(conversation: UUID, frames: list[bytes]) -> list[str]:
    return [await asyncio.to_thread(stream.append, conversation, frame) for frame in frames]


def test_the_position_is_that_of_the_newest_frame(conversation: UUID) -> None:
    assert stream.position(conversation) == stream.BEGINNING
    stream.append(conversation, b"one")
    assert stream.append(conversation, b"two") == stream.position(conversation)


def test_frames_expire(conversation: UUID, settings: Any) -> None:
    settings.STREAM_TTL = timedelta(minutes=3)
    stream.append(conversation, b"one")
    assert 170 <= connection().ttl(f"frames:{conversation}") <= 180


@pytest.mark.parametrize("text", ["", "1", "a-b", "1-2-3", "-1-0", "1-", f"{2**64}-0", "²-1"])
def test_what_is_no_position_is_told_apart(text: str) -> None:
    assert not stream.is_position(text)


def test_what_is_a_position_is_accepted() -> None:
    assert stream.is_position("0-0")
    assert stream.is_position("1763960000000-12")


async def test_a_follower_gets_what_was_and_what_comes(conversation: UUID, followers: stream.Followers) -> None:
    positions = await append(conversation, numbers(0, 5))
    frames = followers.follow(conversation, positions[1])
    assert await take(frames, 3) == numbers(2, 5)
    await append(conversation, numbers(5, 8))
    assert await take(frames, 3) == numbers(5, 8)


async def test_every_follower_keeps_its_own_place(conversation: UUID, followers: stream.Followers) -> None:
    positions = await append(conversation, numbers(0, 4))
    early = followers.follow(conversation, stream.BEGINNING)
    assert await take(early, 4) == numbers(0, 4)
    late = followers.follow(conversation, positions[2])
    assert await take(late, 1) == numbers(3, 4)
    await append(conversation, numbers(4, 6))
    assert await take(late, 2) == numbers(4, 6)
    assert await take(early, 2) == numbers(4, 6)


async def test_joining_while_frames_arrive_loses_and_repeats_none(
    conversation: UUID, followers: stream.Followers
) -> None:
    writing = asyncio.create_task(append(conversation, numbers(0, 300)))
    tabs = [asyncio.create_task(take(followers.follow(conversation, stream.BEGINNING), 300)) for _ in range(3)]
    await asyncio.sleep(0)
    tabs += [asyncio.create_task(take(followers.follow(conversation, stream.BEGINNING), 300)) for _ in range(3)]
    await writing
    assert await asyncio.gather(*tabs) == [numbers(0, 300)] * 6


async def test_a_new_conversation_is_read_at_once(conversation: UUID, followers: stream.Followers) -> None:
    other = uuid4()
    waiting = asyncio.create_task(take(followers.follow(other, stream.BEGINNING), 1))
    await asyncio.sleep(0.2)  # the reader is in its five-second wait
    started = asyncio.get_running_loop().time()
    joined = asyncio.create_task(take(followers.follow(conversation, stream.BEGINNING), 1))
    await asyncio.sleep(0.05)
    await append(conversation, [b"hello"])
    assert await joined == [b"hello"]
    assert asyncio.get_running_loop().time() - started < 3
    waiting.cancel()


async def test_one_that_falls_behind_is_fed_again(
    conversation: UUID, followers: stream.Followers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_BACKLOG", 5)
    quick, slow = (followers.follow(conversation, stream.BEGINNING) for _ in range(2))
    await append(conversation, numbers(0, 1))
    assert await take(slow, 1) == await take(quick, 1) == numbers(0, 1)
    await append(conversation, numbers(1, 50))
    assert await take(quick, 49) == numbers(1, 50)
    assert await take(slow, 49) == numbers(1, 50)


async def test_many_followers_hold_one_reading_connection(followers: stream.Followers) -> None:
    def blocked() -> set[str]:
        clients = connection().client_list()
        return {client["id"] for client in clients if client["cmd"] == "xread" and "b" in client["flags"]}

    before = blocked()  # an earlier test's reader may still be in its wait
    conversations = [uuid4() for _ in range(20)]
    for c in conversations:
        await append(c, [b"x"])
    tabs = [followers.follow(c, stream.BEGINNING) for c in conversations]
    assert await asyncio.gather(*(take(tab, 1) for tab in tabs)) == [[b"x"]] * 20
    await asyncio.to_thread(wait_until, lambda: blocked() - before)
    assert len(blocked() - before) == 1
    for tab in tabs:
        await tab.aclose()


async def test_redis_going_away_costs_no_frame(conversation: UUID, followers: stream.Followers) -> None:
    frames = followers.follow(conversation, stream.BEGINNING)
    await append(conversation, numbers(0, 2))
    assert await take(frames, 2) == numbers(0, 2)
    for _ in range(3):
        # Every connection of the process is cut, as a restart does.
        await asyncio.to_thread(connection().client_kill_filter, _type="normal", skipme=True)
    await append(conversation, numbers(2, 5))
    assert await take(frames, 3) == numbers(2, 5)


async def test_the_reader_waits_for_redis_to_come_back(
    conversation: UUID, followers: stream.Followers, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = followers._connection()
    failures = iter([True] * 4)

    class Flaky:
        def __getattr__(self, name: str) -> Any:
            if next(failures, False):
                raise redis.ConnectionError
            return getattr(real, name)

    monkeypatch.setattr(followers, "_connection", lambda: Flaky())
    await append(conversation, numbers(0, 3))
    assert await take(followers.follow(conversation, stream.BEGINNING), 3) == numbers(0, 3)


async def test_nobody_left_means_nothing_is_read(conversation: UUID, followers: stream.Followers) -> None:
    frames = followers.follow(conversation, stream.BEGINNING)
    await append(conversation, [b"x"])
    await take(frames, 1)
    await frames.aclose()
    assert followers._followed == {}


async def test_a_cancelled_follower_ends_whatever_it_was_doing(conversation: UUID, followers: stream.Followers) -> None:
    await append(conversation, numbers(0, 3))
    for turns_of_the_loop in range(200):
        await followers.close()  # so that each follower connects anew
        task = asyncio.create_task(take(followers.follow(conversation, stream.BEGINNING), 4))
        for _ in range(turns_of_the_loop):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=30)
        assert done, f"still following, cancelled after {turns_of_the_loop} turns of the loop"
        assert task.cancelled()
