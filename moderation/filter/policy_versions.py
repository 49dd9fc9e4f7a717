"""Checks and stores versions of the policy. The owner's door, which asks for a reason, is `policy_changes`.

BadRule                 a rule, a topic or another part of a policy is not valid
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from moderation.categories import Category
from moderation.filter import policy
from moderation.filter.policy import RuleSpec, Terms, TopicSpec
from moderation.models import Direction, Policy, Rule, RuleAction, Topic

LONGEST_BREAK = 3  # hours: New York's law asks for a notice at least every three hours
LONGEST_NAME, LONGEST_CATEGORY = 24, 32  # characters
FEWEST_EXAMPLES, MOST_EXAMPLES, LONGEST_EXAMPLE = 3, 60, 300


class BadRule(Exception):
    """The message says what is not valid, and why."""


def new_version(terms: Terms, *, is_active: bool = True, **columns: Any) -> Policy:
    """Stores `terms` as a version, numbered one above the last. If it raises BadRule, nothing has changed.

    `columns` are the others of the row: who made it, why, and from what.
    """
    check(terms)
    with transaction.atomic():
        versions = Policy.objects.select_for_update().values_list("version", flat=True)
        number = 1 + max((int(version) for version in versions if version.isdecimal()), default=0)
        if is_active:
            Policy.objects.filter(is_active=True).update(is_active=False)
        row = Policy.objects.create(
            version=str(number),
            is_active=is_active,
            activated_at=timezone.now() if is_active else None,
            requires_persona_approval=terms.requires_persona_approval,
            break_notice_hours=terms.break_notice_hours,
            shows_own_personal_data=terms.shows_own_personal_data,
            **columns,
        )
        Rule.objects.bulk_create(Rule(policy=row, **vars(spec)) for spec in terms.rules)
        Topic.objects.bulk_create(
            Topic(policy=row, name=topic.name, examples=list(topic.examples)) for topic in terms.topics
        )
        transaction.on_commit(policy.forget)
    return row


def check(terms: Terms) -> None:
    """Every version must block sexual content about minors in both directions. Raises BadRule."""
    for topic in terms.topics:
        _check_topic(topic, terms.rules)
    for spec in terms.rules:
        check_rule(spec, topics=terms.topics)
    for name in _doubles(topic.category for topic in terms.topics):
        raise BadRule(
            gettext("Two topics have the name %(topic)r. Give one of them another name.")
            % {"topic": name.removeprefix("topic/")}
        )
    for category, direction, action, _ in _doubles(
        (r.category, r.direction, r.action, r.is_shadow) for r in terms.rules
    ):
        raise BadRule(
            gettext(
                "Two rules give %(category)s the action %(action)s in the direction %(direction)s. Remove one of them."
            )
            % {"category": category, "action": action, "direction": direction}
        )
    for direction in Direction.values:
        if not any(_keeps_minors_safe(spec, direction) for spec in terms.rules):
            raise BadRule(
                gettext("A policy must block sexual/minors in the direction %(direction)r, at 0.9 or below.")
                % {"direction": direction}
            )
    if not 1 <= terms.break_notice_hours <= LONGEST_BREAK:
        raise BadRule(
            gettext(
                "The reminder of breaks comes after 1 to %(longest_break)s hours. You entered %(break_notice_hours)s."
            )
            % {"longest_break": LONGEST_BREAK, "break_notice_hours": terms.break_notice_hours}
        )


def _check_topic(topic: TopicSpec, rules: Sequence[RuleSpec]) -> None:
    is_too_long = len(topic.name) > LONGEST_NAME or len(topic.category) > LONGEST_CATEGORY
    if is_too_long or topic.category == "topic/":
        raise BadRule(
            gettext(
                "The name of a topic needs a letter, and has at most %(longest_name)s characters. %(name)r has "
                "%(count)s."
            )
            % {"longest_name": LONGEST_NAME, "name": topic.name, "count": len(topic.name)}
        )
    if not FEWEST_EXAMPLES <= len(topic.examples) <= MOST_EXAMPLES:
        raise BadRule(
            gettext("A topic needs %(fewest_examples)s to %(most_examples)s example sentences. %(name)r has %(count)s.")
            % {
                "fewest_examples": FEWEST_EXAMPLES,
                "most_examples": MOST_EXAMPLES,
                "name": topic.name,
                "count": len(topic.examples),
            }
        )
    longest = max(topic.examples, key=len)
    if len(longest) > LONGEST_EXAMPLE:
        raise BadRule(
            gettext(
                "An example sentence has at most %(longest_example)s characters. The one that begins "
                "“%(beginning)s” has %(count)s. Shorten it, or make two of it."
            )
            % {"longest_example": LONGEST_EXAMPLE, "beginning": longest[:40], "count": len(longest)}
        )
    if not any(rule.category == topic.category for rule in rules):
        raise BadRule(
            gettext("The topic %(name)r has no action. Choose one for at least one direction.") % {"name": topic.name}
        )


def check_rule(spec: RuleSpec, *, topics: Sequence[TopicSpec]) -> None:
    """Raises BadRule."""
    if spec.category not in {*Category, *(topic.category for topic in topics)}:
        raise BadRule(gettext("There is no category %(category)r.") % {"category": spec.category})
    if spec.direction not in Direction.values:
        raise BadRule(
            gettext("There is no direction %(direction)r. Choose user or persona.") % {"direction": spec.direction}
        )
    if spec.action not in RuleAction.values:
        raise BadRule(gettext("There is no action %(action)r.") % {"action": spec.action})
    if not 0 <= spec.threshold <= 1:
        raise BadRule(
            gettext("The threshold of %(category)s is %(threshold)s; it must lie between 0 and 1.")
            % {"category": spec.category, "threshold": spec.threshold}
        )
    if spec.action == RuleAction.MASK and spec.category != Category.PII:
        raise BadRule(
            gettext("Only pii can be masked, not %(category)s: the other categories have no place in the text.")
            % {"category": spec.category}
        )
    if spec.action == RuleAction.CRISIS and spec.direction != Direction.USER:
        raise BadRule(gettext("A crisis notice answers a person, so its direction is user."))


def _doubles(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def _keeps_minors_safe(spec: RuleSpec, direction: str) -> bool:
    return (
        spec.category == Category.SEXUAL_MINORS
        and spec.direction == direction
        and spec.action == RuleAction.BLOCK
        and spec.threshold <= 0.9
        and not spec.is_shadow
    )
