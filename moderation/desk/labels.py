"""The labels of a decision: the categories whose rules were broken, or none (compliance R16)."""

from collections.abc import Collection

from moderation.filter.classifiers.base import Category
from moderation.models import ActionKind
from moderation.plain_words import CATEGORY_CHOICES, category_in_words

NO_VIOLATION = "no_violation"
RIGHTS_OF_OTHERS = "rights_of_others"
CHOICES = [
    (NO_VIOLATION, "No violation"),
    (RIGHTS_OF_OTHERS, "The rights of the person depicted"),
    *((value, words.capitalize()) for value, words in CATEGORY_CHOICES),
]
MISSING = "Choose at least one rule that was broken, or “no violation”."


def fault(kind: ActionKind, labels: Collection[str]) -> str:
    """What is wrong with these labels of a decision, as a sentence; "" if nothing is."""
    unknown = set(labels) - {NO_VIOLATION, RIGHTS_OF_OTHERS, *Category}
    if not labels:
        return MISSING
    if unknown:
        return f"{sorted(unknown)[0]!r} is no rule of this site."
    if NO_VIOLATION in labels and len(set(labels)) > 1:
        return "Choose either “no violation” or the rules that were broken, not both."
    if NO_VIOLATION in labels and kind != ActionKind.DISMISS:
        return "A restriction needs the rule that was broken. Choose it, or dismiss the case."
    return ""


def in_words(label: str) -> str:
    return "no violation" if label == NO_VIOLATION else category_in_words(label)
