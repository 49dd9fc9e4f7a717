"""Writes what the narrator offers, as a conversation would show it: the same engines, and the same filter.

Every transition is one conditional update of a row that is still owed, so that a second worker changes nothing.
"""

import logging
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.sign_in import ages
from chat.conversation import conversations
from chat.reply.rehearsals import Rehearsal
from chat.reply.reply_run import Stopped
from chat.socket import withdrawn
from generation.engine import EngineError
from generation.jobs import waiting_room
from moderation.categories import ClassifierUnavailable
from moderation.filter import assessment, gate
from moderation.filter.assessment import Verdict
from personas.prompting import prompt_sheet
from stories import narration, queueing, telling
from stories.models import Continuation, Dial
from stories.models import ContinuationStatus as Status

logger = logging.getLogger(__name__)

_OVERDUE = timedelta(seconds=30)


def write(continuation_id: UUID) -> None:
    """Writes a continuation, if it is still owed. If a store is lost, the sweeper queues it again."""
    continuation = _taken(continuation_id)
    if continuation is None:
        return
    story = continuation.story
    # Checked again: a decision may have come, or the persona may have changed, since it was asked for.
    try:
        conversations.refuse_silent(story.owner, story.persona, conversation_id=story.id)
    except conversations.Refused as refused:
        _end(continuation, Status.FAILED, code=refused.code)
        return
    run = Rehearsal(is_minor=ages.is_minor(story.owner))
    try:
        script = narration.script(prompt_sheet.sheet_for(story.persona), telling.of(story), Dial(story.dial))
        script = replace(script, persona_id=story.persona_id)
        run.write(script, account=str(story.owner_id), subjects=(continuation.pk, story.pk))
    except Stopped:
        _end(continuation, Status.FAILED, code="stopped")
    except gate.Blocked as blocked:
        _record(continuation, blocked.verdict)
        _end(continuation, Status.WITHHELD, code=blocked.verdict.category)
    except ClassifierUnavailable:
        _end(continuation, Status.FAILED, code="moderation_unavailable")
    except EngineError as error:
        _end(continuation, Status.FAILED, code=error.code)
    except Exception as error:
        if waiting_room.is_loss(error):
            raise
        logger.exception("continuation.broken", extra={"continuation": str(continuation_id)})
        _end(continuation, Status.FAILED, code="site_error")
    else:
        for verdict in run.verdicts:
            _record(continuation, verdict)
        _end(
            continuation, Status.WRITTEN if run.text else Status.FAILED, text=run.text, code="" if run.text else "empty"
        )


def ask_again() -> None:
    """Queues continuations again that a worker or the waiting room has lost."""
    overdue = Continuation.objects.filter(status=Status.QUEUED, created_at__lt=timezone.now() - _OVERDUE)
    lost = {str(each.pk): each for each in overdue.select_related("story")[:100]}
    if lost:
        queueing.hand_over(lost[each_id] for each_id in waiting_room.absent(queueing.KIND, lost))


def reason(continuation: Continuation) -> str:
    """Why there are no words, for the person who asked for them. Empty if there are, or may still be."""
    match continuation.status:
        case Status.WITHHELD:
            return withdrawn.notice(continuation.code)
        case Status.FAILED if continuation.code == "moderation_unavailable":
            return _("The filter cannot judge right now, so nothing is shown. Try again in a few minutes.")
        case Status.FAILED:
            return _("The narrator found no words this time. Ask for three others.")
    return ""


def _taken(continuation_id: UUID) -> Continuation | None:
    """Counts an attempt at a continuation that is still owed. None if it is not owed, or ends here after too many."""
    owed = Continuation.objects.filter(pk=continuation_id, status=Status.QUEUED)
    if owed.filter(attempts__gte=settings.REPLY_ATTEMPTS).update(status=Status.FAILED, code="worker_lost"):
        return None
    owed.update(attempts=F("attempts") + 1)
    return owed.select_related("story__owner", "story__persona").first()


def _end(continuation: Continuation, status: Status, *, text: str = "", code: str = "") -> None:
    """queued → `status`, once."""
    owed = Continuation.objects.filter(pk=continuation.pk, status=Status.QUEUED)
    if owed.update(status=status, text=text, code=code):
        logger.info("continuation.%s", status, extra={"continuation": str(continuation.pk), "code": code})


def _record(continuation: Continuation, verdict: Verdict) -> None:
    story = continuation.story
    assessment.record(verdict, user=story.owner, conversation_id=story.pk, message_id=continuation.pk)
