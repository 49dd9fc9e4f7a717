"""The finding of one judged text, and the severity of findings. The filter and the monitor's signals share both."""

from uuid import UUID

from moderation.crisis import ladder
from moderation.filter.classifiers.base import Category
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
    text_kind = "person's message" if direction == Direction.USER else "persona's reply"
    outcome = {
        RuleAction.FLAG: "let through and flagged",
        RuleAction.MASK: "shown with personal data masked",
        RuleAction.BLOCK: "withheld",
        RuleAction.CRISIS: f"answered with the crisis notice ({level})",
    }[decision.action]
    return Finding(
        signal="crisis" if decision.action == RuleAction.CRISIS else "line",
        category=decision.category,
        severity=severity,
        score=round(decision.score, 4),
        threshold=decision.threshold,
        message_id=message_id,
        detail=f"The {text_kind} was {outcome}.",
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
        detail=f"Crisis level {level}.",
        version=version,
    )
