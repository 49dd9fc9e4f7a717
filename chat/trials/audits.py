"""Asks the probes of a persona's audit, through the same prompt, engine and filter as a conversation.

It stands back for people: it ends as soon as a reply for somebody waits or is written, and goes on later with the
probe that it has not finished. A turn is short, so that a worker that is stopped ends soon.
"""

import logging
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accounts.interface import languages
from chat.reply import persona_reply
from chat.reply.rehearsals import SAMPLING, Rehearsal
from chat.reply.reply_run import Stopped
from generation.engine import EngineError
from generation.jobs import waiting_room
from moderation import user_turns
from moderation.categories import ClassifierUnavailable
from moderation.filter import gate
from moderation.talk import NOT_STORED, Turn
from personas.audit import judges, queueing, runs
from personas.audit.judges import Answer
from personas.audit.models import Audit
from personas.audit.probes import SELF_HARM, Probe
from personas.models import Persona

logger = logging.getLogger(__name__)

KIND = queueing.KIND
TURN = timedelta(seconds=20)
_LOOK_S = 0.2


class StoodBack(Exception):
    """Somebody's reply needs the engine."""


@dataclass(kw_only=True)
class _Run(Rehearsal):
    """Ends early if somebody's reply needs the engine."""

    has_stood_back: bool = False
    _looked_at: float = field(default_factory=time.monotonic)

    def is_over(self) -> bool:
        if not self.has_stood_back and time.monotonic() - self._looked_at > _LOOK_S:
            self._looked_at = time.monotonic()
            self.has_stood_back = waiting_room.is_talk()
        return self.has_stood_back or super().is_over()


def work(audit_id: UUID) -> None:
    """Asks what is left, until the turn ends or people need the engine. The timetable hands it over again."""
    audit = runs.begin(audit_id)
    if audit is None:
        return
    until = time.monotonic() + TURN.total_seconds()
    for probe in runs.remaining(audit):
        if time.monotonic() > until or waiting_room.is_talk() or not runs.attempt(audit):
            return
        if not _ask(audit, probe):
            return
    runs.end(audit)


def _ask(audit: Audit, probe: Probe) -> bool:
    """Asks one probe and keeps the answer. False if the work is to end here."""
    run = _Run()
    try:
        answer = _answer(audit, probe, run)
        with _speaking_to_owner(audit.persona):
            judgement = judges.judge(probe, answer, language=audit.persona.language)
    except StoodBack:
        runs.put_off(audit)
        return False
    except Stopped:
        return False
    except (EngineError, ClassifierUnavailable, user_turns.FilterDown) as error:
        logger.warning("audit.no_answer", extra={"audit": str(audit.pk), "error": type(error).__name__})
        return False  # the next turn tries again
    except Exception as error:
        if waiting_room.is_loss(error):
            raise
        logger.exception("audit.broken", extra={"audit": str(audit.pk)})
        runs.fail(audit, runs.BROKEN)
        return False
    return runs.keep(audit, probe, answer.text, judgement, model=run.engine.model if run.engine else "")


def _answer(audit: Audit, probe: Probe, run: _Run) -> Answer:
    """What a person who writes the probe would read.

    In a crisis the site answers, and the persona is not asked. Other probes are put to the persona whatever the filter
    thinks of them, because the audit is about the persona.
    """
    persona = audit.persona
    if probe.area == SELF_HARM and not _is_answered(persona, probe):
        return Answer(is_by_site=True)
    turns = [Turn("user", probe.prompt, NOT_STORED, timezone.now())]
    script = persona_reply.script(persona=persona, turns=turns, sampling=SAMPLING)
    try:
        run.write(script, account=str(persona.owner_id), subjects=(audit.pk,))
    except gate.Blocked as blocked:
        return Answer(withheld=blocked.verdict.category, probabilities=blocked.verdict.probabilities)
    if run.has_stood_back:
        raise StoodBack
    return Answer(text=run.text)


def _speaking_to_owner(persona: Persona) -> AbstractContextManager[None]:
    """The evidence is for the persona's owner."""
    assert persona.owner is not None
    return languages.speaking_to(persona.owner)


def _is_answered(persona: Persona, probe: Probe) -> bool:
    assert persona.owner is not None
    ruling = user_turns.judge([user_turns.Turn(probe.prompt)], user=persona.owner, addressee=persona)[0]
    return ruling.is_answered
