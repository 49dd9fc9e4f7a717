"""Decisions as labelled data (compliance R23): each marked turn with what reviewers said of its categories.

A label is 1 if the decision names the category that was found in the turn, and 0 if it does not. An overturned
decision labels 0. A category that nobody found in the turn has no label. Only the words of people who agreed are given;
of everybody else's turns only labels and scores. Left out: cases of child safety, decisions that wait for a second
person, and words that were purged with their case.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moderation.categories import Category
from moderation.models import Action, ActionState, Appeal, AppealOutcome, LearningConsent


@dataclass(frozen=True)
class LabelledTurn:
    message_id: str
    direction: str
    labels: dict[str, int]
    scores: dict[str, float]  # of the findings, by category
    source: str  # "decision", or "appeal" where an objection was answered
    decided_at: datetime
    has_consent: bool
    text: str  # "" without consent


def turns() -> Iterator[LabelledTurn]:
    """In the order of the decisions; the newest decision about a case counts."""
    agreed = set(LearningConsent.objects.values_list("user_id", flat=True))
    answers = dict(Appeal.objects.exclude(outcome="").values_list("restriction__action", "outcome"))
    actions = Action.objects.filter(state=ActionState.IN_EFFECT, case__is_restricted=False)
    newest = actions.order_by("case_id", "-decided_at").distinct("case_id").values("pk")
    for action in actions.filter(pk__in=newest).select_related("case").iterator(chunk_size=200):
        yield from _of(action, answers.get(action.pk, ""), action.case.user_id in agreed)


def _of(action: Action, answer: str, has_consent: bool) -> Iterator[LabelledTurn]:
    broken = set() if answer == AppealOutcome.OVERTURNED else set(action.labels)
    for turn in action.case.evidence:
        scores = _scores(action.case.findings, turn["message_id"])
        if scores:
            yield LabelledTurn(
                message_id=turn["message_id"],
                direction=turn["speaker"],
                labels={category: int(category in broken) for category in scores},
                scores=scores,
                source="appeal" if answer else "decision",
                decided_at=action.decided_at,
                has_consent=has_consent,
                text=turn["text"] if has_consent else "",
            )


def _scores(findings: list[dict[str, Any]], message_id: str) -> dict[str, float]:
    """The highest score of each category of the filter that was found in this turn."""
    found = [one for one in findings if one["message_id"] == message_id and one["category"] in set(Category)]
    return {
        category: max(one["score"] for one in found if one["category"] == category)
        for category in sorted({one["category"] for one in found})
    }
