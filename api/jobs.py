"""An answer that is owed to a client of /v1/: handed to a worker by id, and read back frame by frame.

Redis holds the text of a job under a key that expires. The broker's message has only the id. There is no row, because
a client that disconnected has no use for the answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, cast
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

import redis
from asgiref.sync import sync_to_async
from pydantic import BaseModel, Field, TypeAdapter

from api import queueing
from generation.jobs import leases, stream, waiting_room
from persona_site.redis import cancel_key, connection, rewrite_log

# A job that no worker has begun after this time is given up.
PATIENCE = timedelta(minutes=10)
# How often the follower of a silent job checks that it still has a worker. A job counts as lost at the second failed
# check in a row, because its last frame may arrive during the first one.
_CHECK_EVERY = timedelta(seconds=5)
# Longer than any answer takes, including the wait before it and the monitoring after it.
KEPT = timedelta(hours=1)


class Said(BaseModel):
    """A turn that the client sent. `system` is the client's instruction."""

    role: Literal["system", "user", "assistant"]
    text: str


class Job(BaseModel):
    id: UUID = Field(default_factory=uuid4)
    user_id: int
    key_id: UUID
    talk_id: UUID  # the same for all requests with the same beginning
    model: str  # its name in the answer: a persona's id, or a base model's name
    persona_id: UUID | None  # None: a base model
    form: Literal["chat", "transcript"]  # of a base model's prompt
    said: list[Said]  # the turns in the model's prompt
    at: datetime
    sampling: dict[str, Any]
    alternatives: int | None  # likely tokens beside each token; None: no log-probabilities
    talk: list[Said] = []  # all turns that the client sent, for the monitor, if the prompt has fewer
    answer: str = ""  # filled in for the monitor


# --- Frames ------------------------------------------------------------------------------------


Reason = Literal["stop", "length", "content_filter"]


class AnswerToken(BaseModel):
    text: str
    logprob: float
    alternatives: list[tuple[str, float]]  # the likeliest first


class Words(BaseModel):
    """Text that the filter cleared."""

    type: Literal["words"] = "words"
    text: str
    tokens: list[AnswerToken] | None = None  # None: not requested, or the engine does not report them
    begins_again: bool = False  # earlier text is withdrawn; a stream has already sent it and cannot take it back


class Ended(BaseModel):
    type: Literal["ended"] = "ended"
    reason: Reason
    engine: str  # the language model that wrote it
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


class Failed(BaseModel):
    type: Literal["failed"] = "failed"
    code: str


Frame = Annotated[Words | Ended | Failed, Field(discriminator="type")]
_frames: TypeAdapter[Words | Ended | Failed] = TypeAdapter(Frame)


# --- Handing over --------------------------------------------------------------------------------


def hand_over(jobs: Sequence[Job]) -> None:
    """Gives jobs of one account to the workers, by their ids, all or none. Raises waiting_room.Full."""
    for job in jobs:
        keep(job)
        connection().set(_waiting_key(job.id), 1, ex=PATIENCE)
    try:
        queueing.hand_over([job.id for job in jobs], str(jobs[0].user_id))
    except waiting_room.Full:
        connection().delete(*(key for job in jobs for key in (_key(job.id), _waiting_key(job.id))))
        raise


def keep(job: Job) -> None:
    with connection().pipeline(transaction=True) as pipe:
        pipe.set(_key(job.id), job.model_dump_json(), ex=KEPT)
        pipe.sadd(_jobs_key(job.user_id), str(job.id))
        pipe.expire(_jobs_key(job.user_id), KEPT)
        pipe.execute()


def read(job_id: UUID) -> Job | None:
    """The job; None if it was given up."""
    stored = connection().get(_key(job_id))
    return Job.model_validate_json(stored) if isinstance(stored, bytes) else None


def forget(job: Job) -> None:
    connection().srem(_jobs_key(job.user_id), str(job.id))
    connection().delete(_key(job.id))


def forget_all_of(user_id: int) -> None:
    """Stops a person's jobs, and removes their texts and answers from Redis, in memory and on disk."""
    members = cast(set[bytes], connection().smembers(_jobs_key(user_id)))
    job_ids = [UUID(member.decode()) for member in members]
    _leave(job_ids, set(job_ids))
    connection().delete(_jobs_key(user_id), *map(_key, job_ids))
    rewrite_log()


# --- The worker's side -----------------------------------------------------------------------------


def begin(job_id: UUID) -> Job | None:
    """The job, for the first worker that calls this. None if no client waits for it any more."""
    return read(job_id) if connection().delete(_waiting_key(job_id)) else None


def lease_name(job_id: UUID) -> str:
    """The name of the lease that a worker holds while it does the job."""
    return f"{queueing.KIND}:{job_id}"


def append(job_id: UUID, frame: Words | Ended | Failed) -> None:
    stream.append(job_id, frame.model_dump_json().encode())


# --- The client's side -----------------------------------------------------------------------------


async def follow(job_ids: Sequence[UUID]) -> AsyncGenerator[tuple[int, Words | Ended | Failed], None]:
    """The frames of several jobs as they arrive, each with its job's index, until all jobs have ended.

    Closing the generator earlier, also by cancellation, cancels the jobs.
    """
    news: asyncio.Queue[tuple[int, Words | Ended | Failed]] = asyncio.Queue()

    async def pump(index: int, job_id: UUID) -> None:
        async with aclosing(_followers().follow(job_id, stream.BEGINNING)) as entries:
            async for _, entry in entries:
                news.put_nowait((index, _frames.validate_json(entry)))

    pumps = [asyncio.create_task(pump(index, job_id)) for index, job_id in enumerate(job_ids)]
    unfinished = set(job_ids)
    missing_before: set[UUID] = set()
    try:
        while unfinished:
            try:
                async with asyncio.timeout(_CHECK_EVERY.total_seconds()):
                    index, frame = await news.get()
            except TimeoutError:
                missing = await sync_to_async(_without_worker, thread_sensitive=False)(unfinished)
                for job_id in missing & missing_before:
                    news.put_nowait((job_ids.index(job_id), Failed(code="worker_lost")))
                missing_before = missing
                continue
            if not isinstance(frame, Words):
                unfinished.discard(job_ids[index])
            yield index, frame
    finally:
        for task in pumps:
            task.cancel()
        # Not awaited: a caller that cancelled this generator does not wait.
        asyncio.get_running_loop().run_in_executor(None, _leave, list(job_ids), unfinished)


def _leave(job_ids: Sequence[UUID], unfinished: set[UUID]) -> None:
    for job_id in job_ids:
        if job_id in unfinished:
            connection().delete(_waiting_key(job_id))
            queueing.call_off(job_id)
            connection().set(cancel_key(job_id), 1, ex=KEPT)
        stream.delete(job_id)


def _without_worker(job_ids: set[UUID]) -> set[UUID]:
    """The jobs that neither wait nor have a worker. A worker takes its lease before it ends the waiting."""
    try:
        started = {job_id for job_id in job_ids if not connection().exists(_waiting_key(job_id))}
        leased = leases.held([lease_name(job_id) for job_id in started])
    except redis.RedisError:
        return set()  # unknown now; the next check tells
    return {job_id for job_id in started if lease_name(job_id) not in leased}


_by_loop: "WeakKeyDictionary[asyncio.AbstractEventLoop, stream.Followers]" = WeakKeyDictionary()


def _followers() -> stream.Followers:
    return _by_loop.setdefault(asyncio.get_running_loop(), stream.Followers())


def _key(job_id: UUID) -> str:
    return f"api:job:{job_id}"


def _jobs_key(user_id: int) -> str:
    return f"api:jobs:{user_id}"


def _waiting_key(job_id: UUID) -> str:
    return f"api:waiting:{job_id}"
