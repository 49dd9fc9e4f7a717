"""Replies without and with a persona's fine-tune, side by side, as the persona would show them."""

import logging
from dataclasses import replace
from uuid import UUID

from accounts.sign_in import ages
from chat.reply import persona_reply
from chat.reply.rehearsals import SAMPLING, Rehearsal
from chat.reply.reply_run import Stopped
from generation.engine import EngineError
from generation.jobs import waiting_room
from moderation.categories import ClassifierUnavailable
from moderation.filter import gate
from personas.finetuning import files, holding, queueing
from personas.models import FineTune, FineTuneStatus
from personas.prompting import prompt_sheet
from personas.prompting.prompt import Line
from personas.prompting.prompt_sheet import Sheet

logger = logging.getLogger(__name__)

KIND = queueing.COMPARISON


def write(fine_tune_id: UUID) -> None:
    """Writes the comparison of a fine-tune, if it is still owed. A reply that failed or was withheld is empty.

    While the fine-tune is held it stays owed, and `training.tidy` asks for it again.
    """
    wanting = FineTune.objects.filter(pk=fine_tune_id, status=FineTuneStatus.READY, comparison=[])
    fine_tune = wanting.select_related("persona__owner").first()
    if fine_tune is None or holding.is_held(fine_tune):
        return
    sheet = replace(prompt_sheet.sheet_for(fine_tune.persona), adapter=None)
    tuned = replace(sheet, adapter=files.adapter(fine_tune))
    rows = []
    for message in fine_tune.messages:
        rows.append([message, *(_reply(each, message, fine_tune) for each in (sheet, tuned))])
        if not wanting.exists() or holding.is_held(fine_tune):  # deleted or suspended meanwhile
            return
    wanting.update(comparison=rows)


def _reply(sheet: Sheet, message: str, fine_tune: FineTune) -> str:
    owner = fine_tune.persona.owner
    assert owner is not None  # a persona of the site has no fine-tune
    script = persona_reply.from_sheet(sheet, (), [Line("user", message)], sampling=SAMPLING)
    script = replace(script, persona_id=fine_tune.persona_id)
    run = Rehearsal(is_minor=ages.is_minor(owner))
    try:
        run.write(script, account=str(owner.pk), subjects=(fine_tune.pk,))
    except (Stopped, gate.Blocked, ClassifierUnavailable, EngineError) as error:
        logger.info("comparison.no_reply", extra={"error": type(error).__name__})
        return ""
    except Exception as error:
        if waiting_room.is_loss(error):
            raise
        logger.exception("comparison.broken", extra={"fine_tune": str(fine_tune.pk)})
        return ""
    return run.text
