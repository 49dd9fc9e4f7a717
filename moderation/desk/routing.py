"""The queue in which a new case waits (compliance R4, R5): the first rule that matches counts."""

from collections.abc import Iterable

from moderation.desk import urgency
from moderation.models import Queue

# The categories of a rule, and the queue of a case that has one of them.
RULES = (
    (urgency.CHILD_SAFETY_CATEGORIES, Queue.CHILD_SAFETY),
    (urgency.SELF_HARM, Queue.CRISIS),
    (urgency.THREATS, Queue.THREATS),
)


def queue_for(categories: Iterable[str]) -> Queue:
    categories = set(categories)
    return next((queue for names, queue in RULES if categories & names), Queue.GENERAL)
