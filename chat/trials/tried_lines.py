"""Answers a line that the owner of a draft tries, as a conversation would: the same judgement, prompt and filter."""

import logging
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.contacts import guardian_limits
from accounts.interface import languages
from accounts.sign_in import ages
from chat.reply import persona_reply
from chat.reply.rehearsals import SAMPLING, Rehearsal
from chat.reply.reply_run import Stopped
from generation.engine import EngineError
from generation.jobs import waiting_room
from moderation import lone_texts, user_turns
from moderation.categories import ClassifierUnavailable
from moderation.crisis.notices import CrisisNotice
from moderation.filter import gate
from personas.models import TriedLine
from personas.models import TriedLineStatus as Status
from personas.prompting.prompt import Line
from personas.way_in import trying

logger = logging.getLogger(__name__)

KIND = trying.KIND
_WITHHELD = _("The filter held this answer back. Another line may get another answer.")
_UNJUDGED = _("The filter cannot judge right now, so nothing is shown. Try again in a few minutes.")
_FAILED = _("The model gave no answer. Try again in a minute.")
_BROKEN = _("This did not work because of an error on this site's side. Its operator can see why.")


def write(line_id: UUID) -> None:
    """Writes the answer to a line, if it is still owed."""
    line = trying.take(line_id)
    if line is not None:
        with languages.speaking_to(line.draft.owner):
            _try(line)


def _try(line: TriedLine) -> None:
    try:
        _answer(line)
    except guardian_limits.LimitReached as reached:
        trying.keep(line, Status.FAILED, note=reached.user_message)
    except trying.TryRefused as refused:
        trying.keep(line, Status.FAILED, note=refused.user_message)
    except gate.Blocked:
        trying.keep(line, Status.WITHHELD, note=str(_WITHHELD))
    except user_turns.FilterDown as down:
        trying.keep(line, Status.FAILED, note="\n".join([str(_UNJUDGED), *_help(down.help)]))
    except ClassifierUnavailable:
        trying.keep(line, Status.FAILED, note=str(_UNJUDGED))
    except (EngineError, Stopped) as error:
        logger.warning("tried_line.no_reply", extra={"line": str(line.pk), "error": type(error).__name__})
        trying.keep(line, Status.FAILED, note=str(_FAILED))
    except Exception as error:
        if waiting_room.is_loss(error):
            raise
        logger.exception("tried_line.broken", extra={"line": str(line.pk)})
        trying.keep(line, Status.FAILED, note=str(_BROKEN))


def _answer(line: TriedLine) -> None:
    """Judges the line, and asks the persona if it may answer. The site's own words come with what it says."""
    owner = line.draft.owner
    with trying.rehearsed(line) as rehearsal:
        ruling = lone_texts.judge(line.text, talk=trying.talk(line, rehearsal.persona), addressee=rehearsal.persona)
        note = "\n".join([*filter(None, [ruling.refusal]), *_help(ruling.help)])
        if not ruling.is_answered:
            trying.keep(line, Status.WITHHELD, note=note)
            return
        trying.refuse_silent(line.draft, rehearsal.persona)  # again: much may have changed since it was asked
        if line.attempts == 1:  # a line whose worker was lost counts once
            guardian_limits.spend(owner)
        turns = [Line("user", line.text)]
        script = persona_reply.from_sheet(rehearsal.sheet, rehearsal.memories, turns, sampling=SAMPLING)
        run = Rehearsal(is_minor=ages.is_minor(owner))
        run.write(script, account=str(owner.pk), subjects=(line.pk,))
        trying.keep(line, Status.WRITTEN, reply=run.text, note=note)


def _help(notice: CrisisNotice | None) -> list[str]:
    """The site's notice and its help lines, one to a line."""
    if notice is None:
        return []
    lines = (" · ".join(filter(None, [each["name"], each["contact"], each["hours"]])) for each in notice.resources)
    return [notice.text, *lines]
