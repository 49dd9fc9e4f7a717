"""The tasks of chat's workers. A job and a task carry only an id; the row holds the state of the work."""

import logging
from contextlib import suppress
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import celeryd_after_setup
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from chat.conversation import ends, monitoring, queueing, remembering
from chat.models import Reply, ReplyStatus
from chat.reply import inspection, relevance, replies
from chat.socket import frames
from chat.suggestions import asking, writing
from chat.trials import audits, comparisons, tried_lines
from generation.jobs import leases, waiting_room
from moderation.filter.encoder import EncoderMissing
from moderation.monitor import watching
from personas.way_in import trying

logger = logging.getLogger(__name__)

_ANNOUNCED = ("message__speaker", "message__conversation__persona", "message__conversation__owner")


@celeryd_after_setup.connect
def _load(instance: Any, **_: Any) -> None:
    """Loads what candidates are compared with where replies are written. Without it, the filter cannot judge either."""
    if waiting_room.QUEUE in instance.app.amqp.queues.consume_from:
        with suppress(EncoderMissing):
            relevance.load()


@waiting_room.handles(queueing.KIND)
def write_reply(reply_id: str) -> None:
    try:
        replies.produce(UUID(reply_id))
    except Exception as error:
        if waiting_room.is_loss(error):
            raise  # the row is still owed; `requeue_lapsed` finds it
        logger.exception("reply.not_kept", extra={"reply_id": reply_id})
        replies.break_off(UUID(reply_id))


@waiting_room.handles(comparisons.KIND)
def write_comparison(fine_tune_id: str) -> None:
    comparisons.write(UUID(fine_tune_id))


@waiting_room.handles(tried_lines.KIND)
def answer_tried_line(line_id: str) -> None:
    tried_lines.write(UUID(line_id))


@waiting_room.handles(asking.KIND)
def draft_line(line_id: str) -> None:
    writing.write(UUID(line_id))


@waiting_room.handles(audits.KIND)
def ask_probes(audit_id: str) -> None:
    audits.work(UUID(audit_id))


@shared_task(ignore_result=True)
def score_reply(reply_id: str) -> None:
    inspection.score(UUID(reply_id))


@shared_task(ignore_result=True, **watching.AGAIN)
def monitor_conversation(conversation_id: str) -> None:
    queueing.begin_monitoring(
        UUID(conversation_id)
    )  # before reading: a turn that comes after this requests another task
    monitoring.look_at(UUID(conversation_id))


@shared_task(ignore_result=True, **watching.AGAIN)
def monitor_history(conversation_id: str) -> None:
    monitoring.look_at_history(UUID(conversation_id))


@shared_task(ignore_result=True)
def remember_conversation(conversation_id: str) -> None:
    queueing.begin_remembering(UUID(conversation_id))
    remembering.look_at(UUID(conversation_id))


@shared_task(ignore_result=True)
def tell_places() -> None:
    """Publishes the places of waiting replies that have changed noticeably."""
    places = {UUID(place.job_id): place for place in waiting_room.moved_places(queueing.KIND)}
    for reply in Reply.objects.filter(id__in=places, status=ReplyStatus.QUEUED).select_related(*_ANNOUNCED):
        frames.publish(reply.message.conversation_id, frames.queued(reply, places[reply.id]))


@shared_task(ignore_result=True)
def requeue_lapsed() -> None:
    """Queues replies and tried lines again whose worker was lost, or that the waiting room has lost.

    A lost draft of a line is told to its person, who may ask again.
    """
    for reply in _without_lease(Reply.objects.filter(status=ReplyStatus.GENERATING)):
        if reply.attempt >= settings.REPLY_ATTEMPTS:
            replies.give_up(reply, "worker_lost")
        elif replies.put_back(reply):
            logger.warning("reply.requeued", extra={"reply_id": str(reply.id), "attempt": reply.attempt})
            queueing.hand_over(reply)
    owed = Reply.objects.filter(status=ReplyStatus.QUEUED).select_related(*_ANNOUNCED).order_by("queued_at")
    queued = {str(reply.id): reply for reply in owed}
    lost_ids = waiting_room.absent(queueing.KIND, queued)
    for reply in (queued[reply_id] for reply_id in queued if reply_id in lost_ids):
        queueing.hand_over(reply)
    trying.ask_again()
    asking.tell_lost()


@shared_task(ignore_result=True)
def tell_ends() -> None:
    """Tells the ends of replies that a lost worker did not tell."""
    ends.tell_late()


@shared_task(ignore_result=True)
def read_ahead(conversation_id: str) -> None:
    replies.read_ahead(UUID(conversation_id))


def _without_lease(generating: QuerySet[Reply]) -> list[Reply]:
    # A worker takes the lease before it claims the row, so a row in `generating` without a lease was lost. Young rows
    # are left out: Redis may have lost their leases in a restart, and their workers are about to renew them.
    old = generating.filter(started_at__lt=timezone.now() - settings.LEASE)
    candidates = list(old.select_related(*_ANNOUNCED))
    leased = leases.held([queueing.lease_name(reply.id) for reply in candidates])
    return [reply for reply in candidates if queueing.lease_name(reply.id) not in leased]
