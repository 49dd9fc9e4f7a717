"""The monitor's door: after each turn, counts what is new, reads every signal, and passes findings to the desk.

The work of a look is bounded: RECENT turns are scored (most of them from a cache), and KEPT days are read as numbers.
So the time for a whole conversation is linear in its length.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from moderation.categories import ClassifierUnavailable
from moderation.desk import cases, urgency
from moderation.filter import policy
from moderation.models import Case
from moderation.monitor import counts
from moderation.monitor.conversation import RECENT, findings_of, ordered, scored, version
from moderation.monitor.days import day_of
from moderation.monitor.signals import SIGNALS, SIGNS
from moderation.monitor.signals.base import Watch
from moderation.talk import Finding, Turn

logger = logging.getLogger(__name__)

QUIET = 7  # days for which a sign that was told is not told again
# For the tasks that look: while no classifier runs, again each minute, for a day at most.
AGAIN: dict[str, Any] = {
    "autoretry_for": (ClassifierUnavailable,),
    "default_retry_delay": 60,
    "max_retries": 24 * 60,
}
_PAST = timedelta(days=7)
_SEVERITY_OF_THE_PAST = 50
_AT_ONCE = RECENT // 2  # turns of a history that are counted together


@dataclass(frozen=True)
class Talk:
    """Whose conversation it is, with which persona, and when the persona's person died, if the persona says so."""

    user: User
    conversation_id: UUID
    persona_id: UUID
    persona_name: str
    dates_of_death: tuple[tuple[int, int], ...] = ()  # month and day
    began_at: datetime | None = None  # when the site got the conversation, if it is stored; imported turns are older


def look(talk: Talk, turns: Sequence[Turn], *, crisis: Sequence[Finding] = ()) -> Case | None:
    """Assesses the newest turns with the person's last weeks. Returns the case of the findings, if there are any.

    The turns from RECENT before the end on are assessed. Those before them are shown as evidence. Looking again at the
    same turns changes nothing. `crisis`: what the filter has found of a person in danger. If the look fails, these
    findings open the case, so that a person looks also while no classifier runs (compliance K9). Without them, it
    raises ClassifierUnavailable.
    """
    if not turns:
        return None
    try:
        return _look(talk, turns)
    except Exception as error:  # whatever failed, a person in danger does not wait for it
        if not crisis:
            raise
        logger.warning("crisis.not_assessed", extra={"error": type(error).__name__})
        return _case(talk, crisis, turns)


def _look(talk: Talk, turns: Sequence[Turn]) -> Case | None:
    rules = policy.for_persona(talk.persona_id)
    newest, judged_by = scored(turns, rules), version(rules)
    with transaction.atomic():
        counted = counts.lock(talk.user, talk.conversation_id)
        new = counts.new_turns(counted, newest)
        counts.add(counted, new)
        today = day_of(turns[-1].at)
        of_talk, of_person = counts.days_of(talk.user, talk.conversation_id, today)
        watch = Watch(newest, new, rules, judged_by, of_talk, of_person, talk.dates_of_death)
        signs = [sign for sign in findings_of(SIGNS, watch) if not of_talk.days(counts.told(sign.signal), within=QUIET)]
        counts.add_told(counted, {sign.signal for sign in signs}, today, turns[-1].message_id)
        findings = ordered(_within_retention(talk, [*findings_of(SIGNALS, watch), *signs], turns))
        return _case(talk, _without_old_urgency(findings, turns), turns) if findings else None


def look_back(talk: Talk, turns: Sequence[Turn]) -> Case | None:
    """Assesses a whole history with its own dates, as if each part had been looked at on its day.

    For conversations that were imported or are older than the monitor. Linear in their length.
    """
    case = None
    for end in _ends(turns):
        case = look(talk, turns[max(0, end - RECENT) : end]) or case
    return case


def _ends(turns: Sequence[Turn]) -> list[int]:
    """The ends of the parts of a history: at the end of each day, and after at most _AT_ONCE turns."""
    ends = []
    start = 0
    for index, turn in enumerate(turns, start=1):
        is_last_of_day = index == len(turns) or day_of(turns[index].at) != day_of(turn.at)
        if is_last_of_day or index - start == _AT_ONCE:
            ends.append(index)
            start = index
    return ends


def _within_retention(talk: Talk, findings: Sequence[Finding], turns: Sequence[Turn]) -> list[Finding]:
    """Without turns that the site has known for longer than it keeps decided cases.

    Their case may have been decided and deleted, and would be opened again.
    """
    began_at = talk.began_at
    if began_at is None:
        return list(findings)
    limit = timezone.now() - settings.CASE_RETENTION
    old = {turn.message_id for turn in turns if max(turn.at, began_at) < limit}
    return [finding for finding in findings if finding.message_id not in old]


def _without_old_urgency(findings: Sequence[Finding], turns: Sequence[Turn]) -> list[Finding]:
    """A danger of more than a week ago is told, and is not urgent any more. Child safety stays as it is."""
    times = {turn.message_id: turn.at for turn in turns}
    limit = timezone.now() - _PAST
    return [
        finding
        if times.get(finding.message_id, limit) >= limit or urgency.is_child_safety(finding.category)
        else replace(
            finding,
            severity=min(finding.severity, _SEVERITY_OF_THE_PAST),
            detail=format_lazy(
                _("{detail} In {month}."), detail=finding.detail, month=_month_of(times[finding.message_id])
            ),
        )
        for finding in findings
    ]


_month_of = lazy(partial(date_format, format="YEAR_MONTH_FORMAT"), str)


def _case(talk: Talk, findings: Sequence[Finding], turns: Sequence[Turn]) -> Case:
    """In a group, the case is about the persona that said the gravest of the lines that were found."""
    spoken = {turn.message_id: (turn.persona_id, turn.name) for turn in turns if turn.persona_id}
    found = [spoken[finding.message_id] for finding in findings if finding.message_id in spoken]
    persona_id, persona_name = found[0] if found else (talk.persona_id, talk.persona_name)
    return cases.open_case(
        user=talk.user,
        conversation_id=talk.conversation_id,
        persona_id=persona_id or talk.persona_id,
        persona_name=persona_name,
        findings=findings,
        turns=turns,
    )
