"""Probing: tries to get round the filter or the persona's rules, within a conversation and over weeks."""

from collections.abc import Iterable

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from moderation.categories import Category
from moderation.models import RuleAction
from moderation.monitor.days import spelled
from moderation.monitor.signals.base import Scored, Watch, finding
from moderation.signs import Sign
from moderation.talk import Finding

PROBE = "probe"
_TRIES = 0.8  # the least probability of `jailbreak`
_FORTNIGHT = 14
_OF_CRISES = {Category.SELF_HARM, Category.SELF_HARM_INTENT, Category.SELF_HARM_INSTRUCTIONS}


def is_probe(action: RuleAction, category: str, jailbreak: float) -> bool:
    """Whether a person's message was withheld, for anything but self-harm, or tries to switch rules off."""
    return (action == RuleAction.BLOCK and category not in _OF_CRISES) or jailbreak >= _TRIES


def repeated_attempts(watch: Watch) -> Iterable[Finding]:
    """Three or more messages of the person that the filter withheld."""
    withheld = [scored for scored in watch.by("user") if _is_withheld(scored)]
    if len(withheld) >= 3:
        detail = format_lazy(_("{count} messages were withheld."), count=len(withheld))
        count = float(len(withheld))
        yield finding(watch, withheld[-1], "repeated_attempts", Sign.PROBING, 70, count, 3.0, detail)


def jailbreak_attempts(watch: Watch) -> Iterable[Finding]:
    """The newest turn that tries to switch off the persona's rules; several such turns are more severe."""
    tries = [scored for scored in watch.by("user") if scored.probabilities[Category.JAILBREAK] >= _TRIES]
    if tries:
        severity = min(35 + 10 * len(tries), 75)
        score = tries[-1].probabilities[Category.JAILBREAK]
        detail = format_lazy(_("{count} attempts to change the persona’s rules."), count=len(tries))
        yield finding(watch, tries[-1], "jailbreak", Category.JAILBREAK, severity, score, _TRIES, detail)


def probing_over_weeks(watch: Watch) -> Iterable[Finding]:
    """Five tries within two weeks, on two days or more, in all conversations of the person."""
    scored = watch.newest(PROBE)
    days = watch.person.days(PROBE, within=_FORTNIGHT)
    tries = watch.person.total(PROBE, within=_FORTNIGHT)
    if scored and len(days) > 1 and tries >= 5:
        detail = format_lazy(
            _("{tries} tries to get round the filter on {count} days, {days}."),
            tries=tries,
            count=len(days),
            days=spelled(days),
        )
        turns = watch.person.turns(PROBE, within=_FORTNIGHT)
        yield finding(watch, scored, "probing_over_weeks", Sign.PROBING, 65, float(tries), 5.0, detail, turns)


def _is_withheld(scored: Scored) -> bool:
    return scored.decision.action == RuleAction.BLOCK and scored.decision.category not in _OF_CRISES
