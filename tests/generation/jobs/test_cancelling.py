from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
import redis

from generation.jobs import cancelling
from persona_site.redis import cancel_key, connection
from tests.waiting import wait_until

pytestmark = pytest.mark.services


@pytest.fixture
def subjects() -> Iterator[tuple[UUID, UUID, UUID]]:
    made = uuid4(), uuid4(), uuid4()
    yield made
    connection().delete(*map(cancel_key, made))


def test_a_stop_of_any_subject_is_seen_and_of_no_other(subjects: tuple[UUID, UUID, UUID]) -> None:
    reply, conversation, other = subjects
    with (
        cancelling.WATCHER.watched(reply, conversation) as cancelled,
        cancelling.WATCHER.watched(other) as other_cancelled,
    ):
        assert not cancelled()
        connection().set(cancel_key(conversation), 1, ex=60)
        wait_until(cancelled)
        assert not other_cancelled()


def test_a_stop_that_came_before_is_seen(subjects: tuple[UUID, UUID, UUID]) -> None:
    connection().set(cancel_key(subjects[0]), 1, ex=60)
    with cancelling.WATCHER.watched(subjects[0]) as cancelled:
        wait_until(cancelled)


def test_it_looks_again_when_redis_was_away(subjects: tuple[UUID, UUID, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [redis.ConnectionError, redis.ConnectionError]

    def sometimes_away() -> "redis.Redis":
        if answers:
            raise answers.pop()
        return connection()

    monkeypatch.setattr(cancelling, "connection", sometimes_away)
    monkeypatch.setattr(cancelling, "_PAUSE_S", 0.01)
    connection().set(cancel_key(subjects[0]), 1, ex=60)
    with cancelling.Watcher().watched(subjects[0]) as cancelled:
        wait_until(cancelled)
    assert answers == []
