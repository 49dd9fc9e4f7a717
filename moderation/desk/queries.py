"""The queries of the review desk: the queue, a case's neighbours and history, the policy's text."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Max, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext

from accounts.models import User
from moderation.desk import claims, quality, sight
from moderation.filter import policy
from moderation.filter.policy import RuleSpec, Terms
from moderation.models import Action, ActionState, Case, CaseStatus, Claim, Direction, Policy, Restriction, RuleAction
from moderation.plain_words import (
    approval_in_words,
    breaks_in_words,
    category_in_words,
    consequence_in_words,
    own_data_in_words,
    who_in_words,
)

PAGE = 25

# The order on the rules page and at the desk: the strongest first.
_BY_STRENGTH = [RuleAction.CRISIS, RuleAction.BLOCK, RuleAction.MASK, RuleAction.FLAG]


@dataclass(frozen=True)
class Consequence:
    """An action and the categories that it applies to, both in plain words."""

    words: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class PolicyText:
    """A policy in plain words: for each direction, the consequences, strongest first; then what else it asks."""

    version: str
    sections: tuple[tuple[str, tuple[Consequence, ...]], ...]
    demands: tuple[str, ...]


@dataclass(frozen=True)
class QueuePage:
    """A part of the queue, in its order. Each case has `live_claims`: the claim that somebody has on it now."""

    cases: Sequence[Case]
    is_first: bool
    is_last: bool


@dataclass(frozen=True)
class OutOfSight:
    """Counts of open cases that this moderator may not see. They show that an empty queue is no empty desk."""

    own: int
    restricted: int


def listing(moderator: User, status: str, queue: str = "", category: str = "") -> QuerySet[Case]:
    """Open cases by severity, then deadline, then age; decided cases newest first."""
    matches = sight.visible_to(moderator).filter(status=status).order_by(*_order(status))
    if queue:
        matches = matches.filter(queue=queue)
    if category:
        matches = matches.filter(findings__contains=[{"category": category}])
    return matches


def page(
    moderator: User,
    *,
    status: str,
    queue: str = "",
    category: str = "",
    after: UUID | None = None,
    before: UUID | None = None,
) -> QueuePage:
    """The cases behind the case `after`, or in front of the case `before`, or the first of the queue.

    A page costs the same at the beginning and at the end of a long queue. An unknown id gives the first page.
    """
    order, matches = _order(status), listing(moderator, status, queue, category)
    anchor_id = after or before
    anchor = sight.visible_to(moderator).filter(pk=anchor_id).first() if anchor_id else None
    is_backwards = anchor is not None and after is None
    if anchor is not None:
        order = _reversed(order) if is_backwards else order
        matches = matches.filter(_behind(anchor, order)).order_by(*order)
    claimed = Prefetch("claims", claims.live().select_related("moderator"), to_attr="live_claims")
    actions = Prefetch("actions", standing().exclude(pk__in=quality.hidden_from(moderator)))
    rows = list(matches.defer("evidence").prefetch_related(actions, claimed)[: PAGE + 1])
    has_more, rows = len(rows) > PAGE, rows[:PAGE]
    if is_backwards:
        rows.reverse()
    return QueuePage(
        cases=rows,
        is_first=not rows or anchor is None or (is_backwards and not has_more),
        is_last=not rows or not (is_backwards or has_more),
    )


def state(moderator: User) -> str:
    """A text that changes when the open queue changes for this moderator, and every minute, as deadlines move.

    It names the language, since the rows are in it.
    """
    counts = sight.visible_to(moderator).filter(status=CaseStatus.OPEN).aggregate(Count("id"), Max("updated_at"))
    work = Claim.objects.aggregate(Max("claimed_at"), Max("ended_at"))
    content = [timezone.now().strftime("%d %H:%M"), get_language(), moderator.pk, *counts.values(), *work.values()]
    return hashlib.sha256(repr(content).encode()).hexdigest()


def out_of_sight(moderator: User) -> OutOfSight:
    waiting = Case.objects.filter(status=CaseStatus.OPEN)
    restricted = 0 if sight.may_see_restricted(moderator) else waiting.filter(is_restricted=True).count()
    return OutOfSight(own=waiting.filter(user=moderator).count(), restricted=restricted)


def neighbours(case: Case, moderator: User, *, queue: str = "", category: str = "") -> tuple[Case | None, Case | None]:
    """The open cases before and after this one in the order of the queue."""
    order = _order(CaseStatus.OPEN)
    others = listing(moderator, CaseStatus.OPEN, queue, category)
    before = others.filter(_behind(case, _reversed(order))).order_by(*_reversed(order)).first()
    return before, others.filter(_behind(case, order)).first()


def earlier_decisions(case: Case, moderator: User) -> QuerySet[Action]:
    """The decisions about the same person in other cases that this moderator may see, newest first."""
    return (
        Action.objects.filter(
            case__user_id=case.user_id, case__in=sight.visible_to(moderator), state=ActionState.IN_EFFECT
        )
        .exclude(case=case)
        .exclude(pk__in=quality.hidden_from(moderator))
        .select_related("case")
        .order_by("-decided_at")
    )


def standing() -> QuerySet[Action]:
    """Decisions that are in effect or wait for a second person: none that was refused or taken back."""
    return Action.objects.filter(state__in=[ActionState.IN_EFFECT, ActionState.PENDING_SECOND])


def restrictions_visible_to(moderator: User) -> QuerySet[Restriction]:
    """The restrictions that this moderator may see, by the same rules as cases."""
    visible = Q(action__isnull=True) | Q(action__case__in=sight.visible_to(moderator))
    return Restriction.objects.filter(visible).select_related("action__case__user", "action__moderator", "lifted_by")


def policy_text() -> PolicyText | None:
    """The active policy in plain words; None where none is active."""
    row = Policy.objects.filter(is_active=True).first()
    return in_words(policy.terms_of(row), version=row.version) if row else None


def in_words(terms: Terms, *, version: str = "") -> PolicyText:
    """A policy in plain words. Shadow rules are left out: they apply to nobody."""
    rules = [rule for rule in terms.rules if not rule.is_shadow]
    sections = (
        (who_in_words(direction), _consequences([rule for rule in rules if rule.direction == direction]))
        for direction in Direction
    )
    demands = (
        approval_in_words(terms.requires_persona_approval),
        breaks_in_words(terms.break_notice_hours),
        *([own_data_in_words(True)] if terms.shows_own_personal_data else []),
    )
    return PolicyText(version, tuple(section for section in sections if section[1]), demands)


def _order(status: str) -> tuple[str, ...]:
    return ("-updated_at", "-id") if status == CaseStatus.DECIDED else ("-severity", "due_at", "opened_at", "id")


def _reversed(order: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in order)


def _behind(case: Case, order: Sequence[str]) -> Q:
    """The cases behind this one in the order: later in the first field, or the same there and later in the next."""
    behind, same = Q(), Q()
    for name in order:
        field, comparison = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
        value = getattr(case, field)
        behind |= same & Q(**{f"{field}__{comparison}": value})
        same &= Q(**{field: value})
    return behind


def _consequences(rules: Sequence[RuleSpec]) -> tuple[Consequence, ...]:
    """The consequences, strongest first. A category that a stronger action has too is marked as less plain."""
    stronger: set[str] = set()
    consequences = []
    for action in _BY_STRENGTH:
        names = list(dict.fromkeys(rule.category for rule in rules if rule.action == action))
        words = tuple(
            gettext("%(category)s, where less plain") % {"category": category_in_words(name)}
            if name in stronger
            else category_in_words(name)
            for name in names
        )
        if words:
            consequences.append(Consequence(consequence_in_words(action), words))
        stronger.update(names)
    return tuple(consequences)
