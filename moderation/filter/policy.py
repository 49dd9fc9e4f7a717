"""The policy: decides from probabilities and rules what happens to a text.

Rules are rows; a set of them is a version. A changed rule makes a new version (`new_version`), so every verdict can
name the version that judged it. A process keeps the active version in memory and checks for a newer one every REFRESH
seconds.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.db import transaction
from prometheus_client import Counter

from moderation.filter.classifiers.base import Category, ClassifierUnavailable
from moderation.models import Direction, Policy, Rule, RuleAction

REFRESH = 2.0  # seconds; a change reaches every process within this time
_STRENGTH = (RuleAction.ALLOW, RuleAction.FLAG, RuleAction.MASK, RuleAction.BLOCK, RuleAction.CRISIS)

DECISIONS = Counter("afterword_moderation_decisions", "Texts judged, by action.", ["direction", "action", "category"])
SHADOW = Counter(
    "afterword_moderation_shadow", "Texts that a shadow rule would have acted on.", ["direction", "action", "category"]
)


class PolicyMissing(ClassifierUnavailable):
    """No version of the policy is active, so nothing may pass."""


@dataclass(frozen=True)
class RuleSpec:
    """A rule as a value."""

    category: str
    direction: str
    threshold: float
    action: str
    is_shadow: bool = False


@dataclass(frozen=True)
class ActivePolicy:
    version: str
    rules: tuple[RuleSpec, ...]
    # A persona that a person made talks only after its audit and a reviewer's approval.
    requires_persona_approval: bool = False
    # Hours of continuous use after which a person is reminded of breaks and of the AI. New York's law asks for 3 or
    # less, China's for 2.
    break_notice_hours: int = 2


@dataclass(frozen=True)
class Decision:
    """The result of the strongest matching rule; among equally strong ones, the one that exceeds its threshold most."""

    action: RuleAction
    category: str = ""
    score: float = 0.0
    threshold: float = 0.0


def decide(
    policy: ActivePolicy,
    probabilities: Mapping[Category, float],
    *,
    direction: str,
    has_spans: bool,
    is_counted: bool = True,
) -> Decision:
    """The decision on one text. Pure except for two counters (`is_counted`). A mask rule applies only with spans."""
    best = Decision(RuleAction.ALLOW)
    for rule in policy.rules:
        score = probabilities.get(Category(rule.category), 0.0)
        if rule.direction != direction or score < rule.threshold:
            continue
        if rule.action == RuleAction.MASK and not has_spans:
            continue
        if rule.is_shadow:
            if is_counted:
                SHADOW.labels(direction, rule.action, rule.category).inc()
            continue
        candidate = Decision(RuleAction(rule.action), rule.category, score, rule.threshold)
        best = max(best, candidate, key=_rank)
    if is_counted:
        DECISIONS.labels(direction, best.action, best.category).inc()
    return best


def _rank(decision: Decision) -> tuple[int, float]:
    return _STRENGTH.index(decision.action), decision.score - decision.threshold


def for_minors(policy: ActivePolicy) -> ActivePolicy:
    """The same version for a person under 18: sexual content is blocked in both directions (compliance CA7).

    The threshold is the lowest that the version has for any sexual content.
    """
    sexual = (Category.SEXUAL, Category.SEXUAL_MINORS)
    lowest = min(rule.threshold for rule in policy.rules if rule.category in sexual and not rule.is_shadow)
    stricter = [
        RuleSpec(category, direction, lowest, RuleAction.BLOCK) for category in sexual for direction in Direction.values
    ]
    return replace(policy, rules=(*policy.rules, *stricter))


class _Cache:
    """The active version in this process's memory."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.policy: ActivePolicy | None = None
        self.key = 0
        self.checked_at = float("-inf")


_cache = _Cache()


def active() -> ActivePolicy:
    """The active version, at most REFRESH seconds old. Raises PolicyMissing."""
    with _cache.lock:
        if _cache.policy is None or time.monotonic() - _cache.checked_at >= REFRESH:
            row = Policy.objects.filter(is_active=True).first()
            if row is None:
                _cache.policy = None
                raise PolicyMissing("No version of the moderation policy is active.")
            if _cache.policy is None or row.pk != _cache.key:
                _cache.policy, _cache.key = _as_value(row), row.pk
            _cache.checked_at = time.monotonic()
        return _cache.policy


def forget() -> None:
    """Make this process read the active version again at the next call."""
    with _cache.lock:
        _cache.policy, _cache.checked_at = None, float("-inf")


def _as_value(row: Policy) -> ActivePolicy:
    rules = row.rules.order_by("category", "direction", "-threshold")
    return ActivePolicy(
        row.version,
        tuple(RuleSpec(r.category, r.direction, r.threshold, r.action, r.is_shadow) for r in rules),
        requires_persona_approval=row.requires_persona_approval,
        break_notice_hours=row.break_notice_hours,
    )


class BadRule(Exception):
    """A rule is not valid. The message says which and why."""


def new_version(rules: Iterable[RuleSpec]) -> Policy:
    """Make `rules` the active version, numbered one above the last. If it raises BadRule, nothing has changed.

    Every version must block sexual content about minors in both directions. The new version asks of personas and
    breaks what the last active one asked.
    """
    specs = list(rules)
    for spec in specs:
        _check(spec)
    for direction in Direction.values:
        if not any(_keeps_minors_safe(spec, direction) for spec in specs):
            raise BadRule(f"A policy must block sexual/minors in the direction {direction!r}, at 0.9 or below.")
    with transaction.atomic():
        versions = Policy.objects.select_for_update().values_list("version", flat=True)
        number = 1 + max((int(version) for version in versions if version.isdecimal()), default=0)
        last = Policy.objects.filter(is_active=True).first() or Policy()
        Policy.objects.filter(is_active=True).update(is_active=False)
        policy = Policy.objects.create(
            version=str(number),
            is_active=True,
            requires_persona_approval=last.requires_persona_approval,
            break_notice_hours=last.break_notice_hours,
        )
        Rule.objects.bulk_create(Rule(policy=policy, **vars(spec)) for spec in specs)
        transaction.on_commit(forget)
    return policy


def _check(spec: RuleSpec) -> None:
    if spec.category not in Category.__members__.values():
        raise BadRule(f"There is no category {spec.category!r}.")
    if spec.direction not in Direction.values:
        raise BadRule(f"There is no direction {spec.direction!r}. Choose user or persona.")
    if spec.action not in RuleAction.values:
        raise BadRule(f"There is no action {spec.action!r}.")
    if not 0 <= spec.threshold <= 1:
        raise BadRule(f"The threshold of {spec.category} is {spec.threshold}; it must lie between 0 and 1.")
    if spec.action == RuleAction.MASK and spec.category != Category.PII:
        raise BadRule(f"Only pii can be masked, not {spec.category}: the other categories have no place in the text.")
    if spec.action == RuleAction.CRISIS and spec.direction != Direction.USER:
        raise BadRule("A crisis notice answers a person, so its direction is user.")


def _keeps_minors_safe(spec: RuleSpec, direction: str) -> bool:
    return (
        spec.category == Category.SEXUAL_MINORS
        and spec.direction == direction
        and spec.action == RuleAction.BLOCK
        and spec.threshold <= 0.9
        and not spec.is_shadow
    )
