"""The end of a reply, told to all who wait for it: the open pages, the monitor and the memory.

The transaction that ends a reply writes `is_end_told=False`. Telling sets it to True. A worker or its database
connection may be lost between the two, also while it waits for the answer to its commit. Then the sweeper tells it. So
an end may be told twice, and is never left out. A page and a task take the second time as the first.
"""

from django.conf import settings
from django.utils import timezone

from chat.conversation import queueing
from chat.models import UNFINISHED, Reply
from chat.socket import frames


def tell(reply: Reply) -> None:
    """Publishes the last frame and the notices of a reply that has ended, and requests what follows each turn."""
    message = reply.message
    notices = map(frames.notice, message.notices.all())
    if not frames.publish_surely(message.conversation_id, frames.outcome(reply), *notices):
        return
    queueing.have_monitored(message.conversation_id)
    queueing.have_remembered(message.conversation_id)
    Reply.objects.filter(pk=reply.pk, attempt=reply.attempt).exclude(status__in=UNFINISHED).update(is_end_told=True)


def tell_late() -> None:
    """Tells each end that should have been told by now."""
    late = Reply.objects.filter(is_end_told=False, finished_at__lt=timezone.now() - settings.LEASE)
    for reply in late.exclude(status__in=UNFINISHED).select_related("message__conversation__owner"):
        tell(reply)
