"""Strikes: what a person's restrictions of the last months add up to, and the step that it calls for (compliance R19).

Nothing follows from a number alone: the desk shows the step, and a person decides. Strikes are computed from the
decisions, so a restriction that is lifted or overturned counts no longer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from moderation.categories import Category
from moderation.desk.labels import RIGHTS_OF_OTHERS
from moderation.models import Action, ActionKind, ActionState, AppealOutcome

WINDOW = timedelta(days=90)

_WEIGHTS: dict[str, int] = {
    Category.SEXUAL_MINORS: 10,
    RIGHTS_OF_OTHERS: 0,  # a dispute about a persona is no misconduct
    Category.HARASSMENT_THREATENING: 3,
    Category.HATE_THREATENING: 3,
    Category.VIOLENCE: 2,
    Category.HATE: 2,
    Category.ILLICIT: 2,
}
_WEIGHT = 1

# The sum from which a step is due, the highest first.
_STEPS = (
    (10, ActionKind.BAN),
    (6, ActionKind.SUSPEND_USER),
    (3, ActionKind.LOCK_CONVERSATION),
    (1, ActionKind.WARN),
)


@dataclass(frozen=True)
class Strikes:
    score: int
    step: ActionKind | None  # what a further violation calls for; None where there is no strike


def of(user: User, *, at: datetime) -> Strikes:
    """The strikes of a person at a moment."""
    score = sum(_weight(action) for action in _counted(user, at))
    step = next((ActionKind(kind) for threshold, kind in _STEPS if score >= threshold), None)
    return Strikes(score, step)


def _counted(user: User, at: datetime) -> list[Action]:
    restricting = Action.objects.filter(
        case__user=user, state=ActionState.IN_EFFECT, decided_at__gt=at - WINDOW, decided_at__lte=at
    ).exclude(kind=ActionKind.DISMISS)
    # One that ended by itself before its objection was answered is overturned without being lifted.
    overturned = restricting.filter(restrictions__appeal__outcome=AppealOutcome.OVERTURNED)
    return list(restricting.exclude(restrictions__lifted_at__isnull=False).exclude(pk__in=overturned.values("pk")))


def _weight(action: Action) -> int:
    """That of the gravest label."""
    return max((_WEIGHTS.get(label, _WEIGHT) for label in action.labels), default=_WEIGHT)
