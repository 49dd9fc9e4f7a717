"""The finding of one judged text, and the severity of findings. The filter and the monitor's signals share both."""

from typing import Any
from uuid import UUID

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from moderation.categories import Category
from moderation.crisis import ladder
from moderation.filter.policy import Decision
from moderation.models import Direction, RuleAction
from moderation.talk import NOT_STORED, Finding

# The severity of a finding about a withheld text. A flagged text has half of it.
SEVERITY: dict[str, int] = {
    Category.SEXUAL_MINORS: 95,
    Category.SELF_HARM_INTENT: 90,
    Category.SELF_HARM_INSTRUCTIONS: 85,
    Category.SELF_HARM: 80,
    Category.HARASSMENT_THREATENING: 80,
    Category.HATE_THREATENING: 80,
    Category.VIOLENCE: 70,
    Category.ILLICIT: 65,
    Category.HATE: 60,
    Category.HARASSMENT: 55,
    Category.VIOLENCE_GRAPHIC: 50,
    Category.SEXUAL: 45,
    Category.JAILBREAK: 45,
    Category.PII: 40,
}
_OUTCOMES: dict[tuple[str, str], Any] = {
    (Direction.USER, RuleAction.FLAG): _("The person’s message was let through and flagged."),
    (Direction.USER, RuleAction.MASK): _("The person’s message was shown with personal data masked."),
    (Direction.USER, RuleAction.BLOCK): _("The person’s message was withheld."),
    (Direction.USER, RuleAction.CRISIS): _("The person’s message was answered with the crisis notice ({level})."),
    (Direction.PERSONA, RuleAction.FLAG): _("The persona’s reply was let through and flagged."),
    (Direction.PERSONA, RuleAction.MASK): _("The persona’s reply was shown with personal data masked."),
    (Direction.PERSONA, RuleAction.BLOCK): _("The persona’s reply was withheld."),
    (Direction.PERSONA, RuleAction.CRISIS): _("The persona’s reply was answered with the crisis notice ({level})."),
}
LEVEL_SEVERITY = {"imminent": 100, "active": 90, "passive": 60, "low": 30}


def finding_of(
    decision: Decision, *, direction: str, level: str, version: str, message_id: UUID = NOT_STORED
) -> Finding | None:
    """The finding of one judged text for a case; None where the text passed without a mark."""
    if decision.action == RuleAction.ALLOW:
        return None
    withheld = decision.action in {RuleAction.BLOCK, RuleAction.CRISIS}
    severity = SEVERITY.get(decision.category, 50)
    if decision.action == RuleAction.CRISIS:
        severity = LEVEL_SEVERITY.get(level, 90)
    elif not withheld and decision.action != RuleAction.MASK:
        severity //= 2
    return Finding(
        signal="crisis" if decision.action == RuleAction.CRISIS else "line",
        category=decision.category,
        severity=severity,
        score=round(decision.score, 4),
        threshold=decision.threshold,
        message_id=message_id,
        detail=format_lazy(_OUTCOMES[direction, decision.action], level=ladder.NAMES.get(level, level)),
        version=version,
    )


def finding_of_level(level: str, *, message_id: UUID, version: str) -> Finding | None:
    """The finding of a person's crisis level, from *passive* upward; None below it."""
    if not ladder.is_for_the_site(level):
        return None
    return Finding(
        signal="crisis_level",
        category=str(Category.SELF_HARM),
        severity=LEVEL_SEVERITY[level],
        score=ladder.LEVELS.index(level) / (len(ladder.LEVELS) - 1),
        threshold=0.6,
        message_id=message_id,
        detail=format_lazy(_("Crisis level: {level}."), level=ladder.NAMES.get(level, level)),
        version=version,
    )
