"""Verdicts of the site's filter in the shape of OpenAI's moderations."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from api import model_list
from moderation.categories import Category
from moderation.crisis import ladder
from moderation.filter import policy
from moderation.filter.assessment import Verdict
from moderation.models import Direction, RuleAction


def moderation(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """A category is true from the lowest threshold at which the active policy acts on a person's text."""
    lowest = _lowest_thresholds()
    return {
        "id": f"modr-{uuid4().hex}",
        "model": model_list.MODERATION,
        "results": [_result(verdict, lowest) for verdict in verdicts],
    }


def _lowest_thresholds() -> dict[str, float]:
    lowest: dict[str, float] = {}
    for rule in policy.active().rules:
        if rule.direction == Direction.USER and rule.action != RuleAction.ALLOW and not rule.is_shadow:
            lowest[rule.category] = min(rule.threshold, lowest.get(rule.category, 1.0))
    return lowest


def _result(verdict: Verdict, lowest: dict[str, float]) -> dict[str, Any]:
    scores = verdict.probabilities
    categories = {name: score >= lowest.get(name, 1.1) for name, score in scores.items()}
    # The patterns of a crisis may match a text that the classifiers do not flag.
    categories[Category.SELF_HARM_INTENT] |= ladder.is_at_least(verdict.level, "active")
    return {
        "flagged": any(categories.values()),
        "categories": categories,
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] for name in categories},
    }
