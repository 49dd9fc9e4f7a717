"""Jobs between the web process and a worker, over the real Redis."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from api import completions, jobs, keys, queueing
from api.jobs import Ended, Failed, Job, Said, Words
from generation.jobs import leases, waiting_room
from persona_site.redis import cancel_key, connection
from tests import factories
from tests.waiting import wait_until

SECRET = "somebody's words"
HAND_OVER = queueing.hand_over

pytestmark = pytest.mark.services


@pytest.fixture
def job(monkeypatch):
    """A job that was handed over, and no worker near."""
    monkeypatch.setattr(queueing, "hand_over", lambda job_ids, account: None)
    monkeypatch.setattr(jobs, "_CHECK_EVERY", timedelta(seconds=0.1))
    job = Job(
        user_id=1,
        key_id=uuid4(),
        talk_id=uuid4(),
        model="m",
        persona_id=None,
        form="chat",
        said=[Said(role="user", text=SECRET)],
        at=timezone.now(),
        sampling={},
        alternatives=None,
    )
    jobs.hand_over([job])
    return job


@async_to_sync
async def followed(job, most=10):
    found = []
    async with aclosing(jobs.follow([job.id])) as frames:
        async for _, frame in frames:
            found.append(frame)
            if len(found) == most:
                break
    return found


def ended():
    return Ended(reason="stop", engine="m", prompt_tokens=1, cached_tokens=0, completion_tokens=1)


def test_frames_come_in_order_and_are_forgotten_after_the_last(job):
    for frame in (Words(text="One. "), Words(text="Two."), ended()):
        jobs.append(job.id, frame)
    assert [frame.type for frame in followed(job)] == ["words", "words", "ended"]
    wait_until(lambda: not connection().exists(f"frames:{job.id}"))
    assert not connection().exists(cancel_key(job.id))


def test_a_job_is_begun_once(job):
    assert jobs.begin(job.id) == job
    assert jobs.begin(job.id) is None


def test_whoever_leaves_early_cancels_the_job_begun_or_not(job):
    jobs.append(job.id, Words(text="One. "))
    followed(job, most=1)
    wait_until(lambda: connection().exists(cancel_key(job.id)))
    assert jobs.begin(job.id) is None


def test_a_job_whose_worker_was_lost_fails_and_one_that_waits_or_is_held_does_not(job):
    async def patience(seconds):
        try:
            async with asyncio.timeout(seconds), aclosing(jobs.follow([job.id])) as frames:
                return [frame async for _, frame in frames]
        except TimeoutError:
            return "waits"

    assert async_to_sync(patience)(0.5) == "waits"
    with leases.take(jobs.lease_name(job.id)):
        connection().delete(f"api:waiting:{job.id}")
        assert async_to_sync(patience)(0.5) == "waits"
    connection().delete(f"api:waiting:{job.id}")
    assert async_to_sync(patience)(5) == [Failed(code="worker_lost")]


def test_a_key_that_was_revoked_meanwhile_gets_no_answer(alice, job):
    key, _ = keys.create(user=alice, label="x", scopes=["chat"])
    keys.revoke(user=alice, key_id=key.pk)
    jobs.keep(job.model_copy(update={"key_id": key.pk}))
    completions.produce(job.id)
    assert followed(job) == [Failed(code="key_revoked")]


def test_jobs_that_find_no_room_leave_nothing_behind(job, monkeypatch, settings):
    settings.WAITING_PER_ACCOUNT = 1
    monkeypatch.setattr(queueing, "hand_over", HAND_OVER)
    jobs.hand_over([job])
    more = [job.model_copy(update={"id": uuid4()}) for _ in range(2)]
    with pytest.raises(waiting_room.Full):
        jobs.hand_over(more)
    assert not any(jobs.read(each.id) for each in more)
    assert jobs.read(job.id)
    assert waiting_room.sizes()["interactive"] == 1


def test_a_full_room_and_too_many_answers_are_refused_in_words(alice, client_of, monkeypatch, settings):
    settings.WAITING_PER_ACCOUNT = 3
    monkeypatch.setattr(queueing, "hand_over", HAND_OVER)
    client, persona = client_of(alice, messages_per_day=3), factories.make_persona(owner=alice)
    body = {"model": str(persona.pk), "messages": [{"role": "user", "content": "Good morning."}]}
    many = client.post("chat/completions", body | {"n": 4})
    assert (many.status_code, many.json()["error"]["param"]) == (400, "messages")
    assert "This asks for 4 answers at once; the limit is 3." in many.json()["error"]["message"]
    for _ in range(2):
        waiting_room.join(kind="completion", job_id=str(uuid4()), account=str(alice.pk), klass="interactive")
    for _ in range(2):  # which counts once, so the second time is within the limit of the key
        full = client.post("chat/completions", body | {"n": 2})
        assert (full.status_code, full.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert "Too many of your own requests are waiting." in full.json()["error"]["message"]
        assert int(full["Retry-After"]) >= 1
    assert waiting_room.sizes()["interactive"] == 2
