"""What chat leaves to workers. A task carries an id; the row says what is owed."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from chat.models import Reply, ReplyStatus
from generation import leases
from persona_site.redis import connection

logger = logging.getLogger(__name__)

# A queued reply is handed over again after this long without a start; its task may have been lost with the
# broker. Longer than one reply takes, so that a busy queue is not filled with copies.
_OVERDUE = timedelta(seconds=30)


@shared_task(ignore_result=True)
def generate_reply(reply_id: str) -> None:
    from chat import replies

    lease = leases.take(_lease_name(UUID(reply_id)))
    if lease is None:
        return  # another worker has it
    with lease:
        replies.produce(UUID(reply_id))


@shared_task(ignore_result=True)
def score_reply(reply_id: str) -> None:
    from chat import inside

    inside.score(UUID(reply_id))


@shared_task(ignore_result=True)
def monitor_conversation(conversation_id: str) -> None:
    from chat import monitoring

    monitoring.look_at(UUID(conversation_id))


@shared_task(ignore_result=True)
def requeue_lapsed() -> None:
    """Finds replies whose worker or whose task was lost, and hands them over again."""
    from chat import replies

    for reply in _without_lease(Reply.objects.filter(status=ReplyStatus.GENERATING)):
        if reply.attempt >= settings.REPLY_ATTEMPTS:
            replies.give_up(reply, "worker_lost")
        elif replies.put_back(reply):
            logger.warning("reply.requeued", extra={"reply_id": str(reply.id), "attempt": reply.attempt})
            generate_reply.delay(str(reply.id))
    overdue = Reply.objects.filter(status=ReplyStatus.QUEUED, queued_at__lt=timezone.now() - _OVERDUE)
    for reply in overdue:
        if connection().set(f"handed-over:{reply.id}", 1, nx=True, ex=_OVERDUE):
            generate_reply.delay(str(reply.id))


def _without_lease(generating: QuerySet[Reply]) -> list[Reply]:
    # A worker takes the lease before it claims the row, so a row in `generating` without one was lost;
    # the age keeps away a row whose lease Redis forgot in a restart and the worker is about to renew.
    replies = list(generating.filter(started_at__lt=timezone.now() - settings.LEASE).select_related("message"))
    held = leases.held([_lease_name(reply.id) for reply in replies])
    return [reply for reply in replies if _lease_name(reply.id) not in held]


def _lease_name(reply_id: UUID) -> str:
    return f"reply:{reply_id}"
