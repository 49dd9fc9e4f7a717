"""What chat leaves to workers. A job and a task carry an id; the row says what is owed."""

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import redis
from celery import shared_task
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from chat.models import Reply, ReplyStatus
from generation.jobs import leases, waiting_room
from generation.jobs.waiting_room import Place
from persona_site.redis import connection

logger = logging.getLogger(__name__)

_KIND = "reply"
# A look or a reading that was lost with its worker is asked for again by the first turn or page after this.
_ASKED_FOR = timedelta(minutes=1)


def check_room(owner_id: int) -> None:
    """Raises waiting.Full where another reply of this person should not wait."""
    waiting_room.admit(account=str(owner_id), klass="interactive")


def hand_over(reply: Reply, announce: Callable[[Place], None] = lambda place: None) -> None:
    """Puts an owed reply into the waiting room. `announce` hears its place before a worker hears of it."""
    account = str(reply.message.conversation.owner_id)
    waiting_room.join(kind=_KIND, job_id=str(reply.id), account=account, klass="interactive", announce=announce)


def call_off(reply: Reply) -> None:
    """Takes a reply that is not owed any more out of the waiting room."""
    waiting_room.leave(kind=_KIND, job_id=str(reply.id))


def place_of(reply: Reply) -> Place | None:
    """Where a reply stands in the waiting room; None where it does not wait."""
    return waiting_room.place(kind=_KIND, job_id=str(reply.id))


@waiting_room.handles(_KIND)
def write_reply(reply_id: str) -> None:
    from chat import replies

    try:
        replies.produce(UUID(reply_id))
    except Exception as error:
        if waiting_room.is_loss(error):
            raise  # the row is still owed; `requeue_lapsed` finds it
        logger.exception("reply.not_kept", extra={"reply_id": reply_id})
        replies.break_off(UUID(reply_id))


@shared_task(ignore_result=True)
def score_reply(reply_id: str) -> None:
    from chat import inspection

    inspection.score(UUID(reply_id))


def have_monitored(conversation_id: UUID) -> None:
    """Has a worker look at the conversation; turns that come while that waits are looked at together."""
    if connection().set(_monitor_key(str(conversation_id)), 1, nx=True, px=_ASKED_FOR):
        monitor_conversation.delay(str(conversation_id))


@shared_task(ignore_result=True)
def monitor_conversation(conversation_id: str) -> None:
    from chat import monitoring

    connection().delete(_monitor_key(conversation_id))  # before reading: a turn that comes from now on asks again
    monitoring.look_at(UUID(conversation_id))


@shared_task(ignore_result=True)
def tell_places() -> None:
    """Tells the people who wait how far they have come, where that changed noticeably."""
    from chat import frames

    places = {UUID(place.job_id): place for place in waiting_room.moved(_KIND)}
    for reply in Reply.objects.filter(id__in=places, status=ReplyStatus.QUEUED).select_related("message"):
        frames.publish(reply.message.conversation_id, frames.queued(reply, places[reply.id]))


@shared_task(ignore_result=True)
def requeue_lapsed() -> None:
    """Finds replies whose worker was lost, or that the waiting room has lost, and hands them over again."""
    from chat import replies

    for reply in _without_lease(Reply.objects.filter(status=ReplyStatus.GENERATING)):
        if reply.attempt >= settings.REPLY_ATTEMPTS:
            replies.give_up(reply, "worker_lost")
        elif replies.put_back(reply):
            logger.warning("reply.requeued", extra={"reply_id": str(reply.id), "attempt": reply.attempt})
            hand_over(reply)
    owed = Reply.objects.filter(status=ReplyStatus.QUEUED).select_related("message__conversation").order_by("queued_at")
    queued = {str(reply.id): reply for reply in owed}
    lost = waiting_room.absent(_KIND, queued)
    for reply in (queued[each] for each in queued if each in lost):
        hand_over(reply)


def have_read_ahead(conversation_id: UUID) -> None:
    """Has a generation worker read the conversation before the next message comes, once a minute at most."""
    try:
        if connection().set(f"read-ahead:{conversation_id}", 1, nx=True, px=_ASKED_FOR):
            read_ahead.apply_async((str(conversation_id),), expires=_ASKED_FOR.total_seconds())
    except (redis.RedisError, OperationalError) as error:  # the first reply will take its time, and the page works
        logger.warning("conversation.not_read_ahead", extra={"error": type(error).__name__})


@shared_task(ignore_result=True)
def read_ahead(conversation_id: str) -> None:
    from chat import replies

    replies.read_ahead(UUID(conversation_id))


def _without_lease(generating: QuerySet[Reply]) -> list[Reply]:
    # A worker takes the lease before it claims the row, so a row in `generating` without one was lost;
    # the age keeps away a row whose lease Redis forgot in a restart and the worker is about to renew.
    old = generating.filter(started_at__lt=timezone.now() - settings.LEASE)
    replies = list(old.select_related("message__conversation"))
    held = leases.held([_lease_name(reply.id) for reply in replies])
    return [reply for reply in replies if _lease_name(reply.id) not in held]


def _lease_name(reply_id: UUID) -> str:
    return f"{_KIND}:{reply_id}"


def _monitor_key(conversation_id: str) -> str:
    return f"monitor:{conversation_id}"
