"""What the filter says of the turns: each alone, several joined to one text, and abuse that is repeated."""

from collections.abc import Iterable

from moderation.categories import Category
from moderation.crisis import ladder
from moderation.filter import assessment, pii, policy
from moderation.filter.findings import SEVERITY, finding_of
from moderation.models import RuleAction
from moderation.monitor.signals.base import Watch, finding
from moderation.talk import Finding

WINDOW = 6  # the newest turns of one speaker, which are read as one text
CHARACTERS = 1200  # the end of a window that is scored
_LABELS = tuple(label for by_language in pii.LABELS.values() for label in by_language.values())


def lines(watch: Watch) -> Iterable[Finding]:
    """Each turn that the filter withholds, masks or flags. A reply that was masked is recognised by its labels."""
    for scored in watch.turns:
        level = ladder.highest((scored.level, "active")) if scored.decision.action == RuleAction.CRISIS else ""
        judged = finding_of(
            scored.decision,
            direction=scored.turn.speaker,
            level=level,
            version=watch.version,
            message_id=scored.turn.message_id,
        )
        if judged:
            yield judged
        if scored.turn.speaker == "persona" and _has_label(scored.turn.text):
            yield finding(
                watch,
                scored,
                "masked",
                Category.PII,
                40,
                0.99,
                0.9,
                "Personal data in the reply was masked.",
            )


def veiled_intent(watch: Watch) -> Iterable[Finding]:
    """The newest turns of one speaker, joined to one text, are withheld, though each of them alone passes."""
    for speaker in ("user", "persona"):
        recent = watch.by(speaker)[-WINDOW:]
        passing = [scored for scored in recent if scored.decision.action not in {RuleAction.BLOCK, RuleAction.CRISIS}]
        if len(passing) < 2:
            continue
        joined = " ".join(scored.turn.text for scored in passing)[-CHARACTERS:]
        probabilities = assessment.scores_of([joined])[0]
        decision = policy.decide(watch.rules, probabilities, direction=speaker, has_spans=False, is_counted=False)
        if decision.action in {RuleAction.BLOCK, RuleAction.CRISIS}:
            severity = SEVERITY.get(decision.category, 50)
            yield finding(
                watch,
                passing[-1],
                "veiled_intent",
                decision.category,
                severity,
                decision.score,
                decision.threshold,
                f"The {speaker}'s last {len(passing)} turns would be withheld as one text, though each of them alone passes.",
            )


def repeated_harassment(watch: Watch) -> Iterable[Finding]:
    """Three or more turns of the person in the last dozen that look like abuse."""
    recent = watch.by("user")[-12:]
    abusive = [
        scored
        for scored in recent
        if max(scored.probabilities[Category.HARASSMENT], scored.probabilities[Category.HATE]) >= 0.6
    ]
    if len(abusive) >= 3:
        yield finding(
            watch,
            abusive[-1],
            "repeated_harassment",
            Category.HARASSMENT,
            50,
            len(abusive) / len(recent),
            3 / 12,
            f"{len(abusive)} abusive messages among the last {len(recent)}.",
        )


def _has_label(text: str) -> bool:
    return any(label in text for label in _LABELS)
