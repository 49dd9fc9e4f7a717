"""Words that were erased are in no key of Redis and in no byte of its log on the disk."""

from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.personal_data import my_data
from api import jobs, keys
from api.jobs import Job, Said, Words
from chat.conversation import conversations
from chat.socket import frames
from chat.socket.protocol import ReplyDelta
from generation.jobs import stream
from persona_site import redis, services
from persona_site.redis import connection, rewrite_log, rewrite_log_if_owed
from tests import factories
from tests.waiting import wait_until

LOG = services.redis_socket().parent / "appendonly.aof"


@pytest.fixture
def secret():
    return f"marked-{uuid4()}"


def say(conversation_id, words):
    frames.publish(conversation_id, ReplyDelta(reply_id=uuid4(), attempt=1, seq=0, text=words))


def is_in_log(words):
    return words.encode() in LOG.read_bytes()


def log_is_rewritten():
    """Whether no rewrite is owed or under way; plays the timetable, which asks again every five seconds."""
    rewrite_log_if_owed()
    state = connection().info("persistence")
    return not (state["aof_rewrite_in_progress"] or connection().exists(redis._REWRITE_OWED))


def owe_job(user, words):
    key, _ = keys.create(user=user, label="a key", scopes=["chat"])
    job = Job(
        user_id=user.pk, key_id=key.pk, talk_id=uuid4(), model="x", persona_id=None, form="chat",
        said=[Said(role="user", text=words)], at=timezone.now(), sampling={}, alternatives=None,
    )  # fmt: skip
    jobs.hand_over([job])
    jobs.append(job.id, Words(text=words))
    return job


def test_gd5_a_deleted_conversation_leaves_the_log(alice, secret, django_capture_on_commit_callbacks):
    conversation = factories.make_conversation(owner=alice)
    say(conversation.id, secret)
    wait_until(lambda: is_in_log(secret))
    with django_capture_on_commit_callbacks(execute=True):
        conversations.delete(user=alice, conversation_id=conversation.id)
    wait_until(log_is_rewritten)
    assert not is_in_log(secret)


def test_gd5_an_erased_account_leaves_its_jobs_and_streams_nowhere(
    alice, bob, secret, django_capture_on_commit_callbacks
):
    conversation = factories.make_conversation(owner=alice)
    say(conversation.id, secret)
    job = owe_job(alice, secret)
    others = owe_job(bob, "These words of somebody else stay.")
    wait_until(lambda: is_in_log(secret))
    with django_capture_on_commit_callbacks(execute=True):
        my_data.erase(alice)
    assert jobs.read(job.id) is None
    assert jobs.begin(job.id) is None
    assert connection().exists(f"cancel:{job.id}")
    assert jobs.read(others.id) is not None
    wait_until(log_is_rewritten)
    assert not is_in_log(secret)


def test_a_worker_that_still_writes_cannot_bring_a_deleted_stream_back(alice, secret):
    conversation = factories.make_conversation(owner=alice)
    stream.delete(conversation.id)
    say(conversation.id, secret)
    assert stream.position(conversation.id) == stream.BEGINNING


@pytest.mark.services
def test_a_rewrite_that_began_too_early_is_followed_by_another(secret):
    connection().set("test:words", secret)
    wait_until(lambda: is_in_log(secret))
    rewrite_log()
    connection().delete("test:words")
    rewrite_log()
    wait_until(log_is_rewritten)
    assert not is_in_log(secret)
