"""The policy: decides from probabilities and rules what happens to a text.

A policy is a version with rules, topics and what it asks of personas and breaks. A version never changes: a change
makes a new version (`policy_versions`), so every verdict can name the version that judged it. A process keeps the
active version, the draft in shadow and the stricter rules of single personas in memory, and checks for newer ones
every few seconds (`rereading`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify
from prometheus_client import Counter

from moderation.categories import Category, ClassifierUnavailable
from moderation.filter.rereading import Reread
from moderation.models import Direction, PersonaRule, Policy, RuleAction

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

    category: str  # a Category, or the category of a topic
    direction: str
    threshold: float
    action: str
    is_shadow: bool = False


@dataclass(frozen=True)
class TopicSpec:
    """A topic that the operator described in plain words and by example sentences."""

    name: str
    examples: tuple[str, ...]

    @property
    def category(self) -> str:
        return f"topic/{slugify(self.name, allow_unicode=True)}"


@dataclass(frozen=True)
class Terms:
    """What a version of the policy holds."""

    rules: tuple[RuleSpec, ...]
    topics: tuple[TopicSpec, ...] = ()
    # A persona that a person made talks only after its audit and a reviewer's approval.
    requires_persona_approval: bool = False
    # Hours of continuous use after which a person is reminded of breaks and of the AI.
    break_notice_hours: int = 2
    # A persona may say personal data that its owner's own words hold, to its owner alone.
    shows_own_personal_data: bool = False


@dataclass(frozen=True)
class ActivePolicy(Terms):
    version: str = ""


@dataclass(frozen=True)
class Decision:
    """The result of the strongest matching rule; among equally strong ones, the one that exceeds its threshold most."""

    action: RuleAction
    category: str = ""
    score: float = 0.0
    threshold: float = 0.0


# Blocked whatever a version says, so no operator can allow it (compliance EU9). `policy_versions` refuses a version
# without a rule of its own for this, which may be stricter.
HARD = tuple(RuleSpec(Category.SEXUAL_MINORS, direction, 0.5, RuleAction.BLOCK) for direction in Direction.values)


def decide(
    terms: Terms, probabilities: Mapping[Any, float], *, direction: str, has_spans: bool, is_counted: bool = True
) -> Decision:
    """The decision on one text. Pure except for two counters (`is_counted`). A mask rule applies only with spans.

    `probabilities`: by category, as a Category or as its name.
    """
    best = Decision(RuleAction.ALLOW)
    for rule in (*terms.rules, *HARD):
        score = probabilities.get(rule.category, 0.0)
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
    return strength(decision.action), decision.score - decision.threshold


def strength(action: str) -> int:
    """The place of an action from the mildest to the strongest."""
    return _STRENGTH.index(RuleAction(action))


@dataclass(frozen=True)
class _InForce:
    """What this process has in memory."""

    keys: tuple[int, ...]  # of the versions
    active: ActivePolicy
    draft: ActivePolicy | None
    of_personas: Mapping[UUID, tuple[RuleSpec, ...]]


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


def active() -> ActivePolicy:
    """The active version, at most `rereading.REFRESH` seconds old. Raises PolicyMissing."""
    return _in_force.value().active


def for_persona(persona_id: UUID | None) -> ActivePolicy:
    """The active version with the stricter rules of this persona. Raises PolicyMissing.

    The strongest matching rule counts, so a rule more can only make a policy stricter.
    """
    content = _in_force.value()
    own = content.of_personas.get(persona_id, ()) if persona_id else ()
    return replace(content.active, rules=(*content.active.rules, *own)) if own else content.active


def in_shadow() -> ActivePolicy | None:
    """The draft that is tried beside the active version, if there is one. Raises PolicyMissing."""
    return _in_force.value().draft


def topics_in_force() -> tuple[TopicSpec, ...]:
    """The topics of the active version and of the draft in shadow. Raises PolicyMissing.

    Where both have a topic of the same name, its examples are those of the active version.
    """
    content = _in_force.value()
    draft_topics = content.draft.topics if content.draft else ()
    by_category = {topic.category: topic for topic in (*draft_topics, *content.active.topics)}
    return tuple(by_category.values())


def _read(last: _InForce | None) -> _InForce:
    """The versions are read again only if others than those of `last` are in force, because a version never changes."""
    rows = list(Policy.objects.filter(Q(is_active=True) | Q(shadow_until__gt=timezone.now())).order_by("-is_active"))
    if not rows or not rows[0].is_active:
        raise PolicyMissing("No version of the moderation policy is active.")
    of_personas: dict[UUID, tuple[RuleSpec, ...]] = {}
    for rule in PersonaRule.objects.filter(ended_at=None).order_by("pk"):
        of_personas[rule.persona_id] = (*of_personas.get(rule.persona_id, ()), spec_of(rule))
    keys = tuple(row.pk for row in rows)
    if last and last.keys == keys:
        return replace(last, of_personas=of_personas)
    values = [ActivePolicy(version=row.version, **vars(terms_of(row))) for row in rows]
    return _InForce(keys, values[0], values[1] if values[1:] else None, of_personas)


_in_force = Reread(_read)
forget = _in_force.forget


def terms_of(row: Policy) -> Terms:
    rules = row.rules.order_by("category", "direction", "-threshold", "is_shadow")
    return Terms(
        rules=tuple(RuleSpec(r.category, r.direction, r.threshold, r.action, r.is_shadow) for r in rules),
        topics=tuple(TopicSpec(topic.name, tuple(topic.examples)) for topic in row.topics.order_by("name")),
        requires_persona_approval=row.requires_persona_approval,
        break_notice_hours=row.break_notice_hours,
        shows_own_personal_data=row.shows_own_personal_data,
    )


def spec_of(rule: PersonaRule) -> RuleSpec:
    return RuleSpec(rule.category, rule.direction, rule.threshold, rule.action)
