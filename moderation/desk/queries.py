"""The queries of the review desk: the queue, a case's neighbours and history, the policy's text."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from moderation.desk import cases
from moderation.models import Action, Case, CaseStatus, Direction, Policy, Restriction, Rule, RuleAction
from moderation.plain_words import CONSEQUENCES, WHO, category_in_words

# The order on the rules page and at the desk: the strongest first.
_BY_STRENGTH = [RuleAction.CRISIS, RuleAction.BLOCK, RuleAction.MASK, RuleAction.FLAG]


@dataclass(frozen=True)
class Consequence:
    """An action and the categories that it applies to, both in plain words."""

    words: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class PolicyText:
    """A policy in plain words: for each direction, the consequences, strongest first."""

    version: str
    sections: tuple[tuple[str, tuple[Consequence, ...]], ...]


@dataclass(frozen=True)
class OutOfSight:
    """Counts of open cases that this moderator may not see. They show that an empty queue is no empty desk."""

    own: int
    restricted: int


def queue(moderator: User, *, status: str, category: str = "") -> QuerySet[Case]:
    """Open cases by severity, then deadline, then age; decided cases newest first."""
    matches = cases.visible_to(moderator).filter(status=status).select_related("user")
    if category:
        matches = matches.filter(findings__contains=[{"category": category}])
    if status == CaseStatus.DECIDED:
        return matches.order_by("-updated_at").prefetch_related("actions")
    return matches.order_by("-severity", "due_at", "opened_at")


def out_of_sight(moderator: User) -> OutOfSight:
    waiting = Case.objects.filter(status=CaseStatus.OPEN)
    restricted = 0 if cases.may_see_restricted(moderator) else waiting.filter(is_restricted=True).count()
    return OutOfSight(own=waiting.filter(user=moderator).count(), restricted=restricted)


def neighbours(case: Case, moderator: User, *, category: str = "") -> tuple[Case | None, Case | None]:
    """The open cases before and after this one in the order of the queue."""
    others = queue(moderator, status=CaseStatus.OPEN, category=category).exclude(pk=case.pk)
    later = (
        Q(severity__lt=case.severity)
        | Q(severity=case.severity, due_at__gt=case.due_at)
        | Q(severity=case.severity, due_at=case.due_at, opened_at__gt=case.opened_at)
    )
    return others.exclude(later).last(), others.filter(later).first()


def earlier_decisions(case: Case) -> QuerySet[Action]:
    """The decisions about the same person in other cases, newest first."""
    return (
        Action.objects.filter(case__user_id=case.user_id)
        .exclude(case=case)
        .select_related("case")
        .order_by("-decided_at")
    )


def restrictions_visible_to(moderator: User) -> QuerySet[Restriction]:
    """The restrictions that this moderator may see, by the same rules as cases."""
    visible = Q(action__isnull=True) | Q(action__case__in=cases.visible_to(moderator))
    return Restriction.objects.filter(visible).select_related("action__case__user", "action__moderator", "lifted_by")


def policy_text() -> PolicyText | None:
    """The active policy in plain words; None where none is active. Shadow rules are left out: they apply to nobody."""
    policy = Policy.objects.filter(is_active=True).first()
    if policy is None:
        return None
    rules = list(policy.rules.filter(is_shadow=False).order_by("category"))
    sections = (
        (WHO[direction], _consequences([rule for rule in rules if rule.direction == direction]))
        for direction in Direction
    )
    return PolicyText(policy.version, tuple(section for section in sections if section[1]))


def _consequences(rules: Sequence[Rule]) -> tuple[Consequence, ...]:
    """The consequences, strongest first. A category that a stronger action has too is marked as less plain."""
    stronger: set[str] = set()
    consequences = []
    for action in _BY_STRENGTH:
        names = list(dict.fromkeys(rule.category for rule in rules if rule.action == action))
        words = tuple(category_in_words(name) + (", where less plain" if name in stronger else "") for name in names)
        if words:
            consequences.append(Consequence(CONSEQUENCES[action], words))
        stronger.update(names)
    return tuple(consequences)
