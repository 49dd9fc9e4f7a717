"""The labels of a decision: the categories whose rules were broken, or none (compliance R16)."""

from collections.abc import Collection

from django.utils.translation import gettext, gettext_noop

from moderation.categories import Category
from moderation.models import ActionKind
from moderation.plain_words import category_choices, category_in_words

NO_VIOLATION = "no_violation"
RIGHTS_OF_OTHERS = "rights_of_others"
MISSING = gettext_noop("Choose at least one rule that was broken, or “no violation”.")


def choices() -> list[tuple[str, str]]:
    return [
        (NO_VIOLATION, gettext("No violation")),
        (RIGHTS_OF_OTHERS, gettext("The rights of the person depicted")),
        *((value, words.capitalize()) for value, words in category_choices()),
    ]


def fault(kind: ActionKind, labels: Collection[str]) -> str:
    """What is wrong with these labels of a decision, as a sentence; "" if nothing is."""
    unknown = set(labels) - {NO_VIOLATION, RIGHTS_OF_OTHERS, *Category}
    if not labels:
        return gettext(MISSING)
    if unknown:
        return gettext("%(label)r is no rule of this site.") % {"label": sorted(unknown)[0]}
    if NO_VIOLATION in labels and len(set(labels)) > 1:
        return gettext("Choose either “no violation” or the rules that were broken, not both.")
    if NO_VIOLATION in labels and kind != ActionKind.DISMISS:
        return gettext("A restriction needs the rule that was broken. Choose it, or dismiss the case.")
    return ""


def in_words(label: str) -> str:
    return gettext("no violation") if label == NO_VIOLATION else category_in_words(label)
