"""Changes of a part of a policy, as values: a topic added, replaced or removed. Nothing is stored here."""

from collections.abc import Mapping
from dataclasses import replace

from moderation.filter.policy import RuleSpec, Terms, TopicSpec
from moderation.models import RuleAction

# The score at which a text counts as on a topic. docs/moderation-model-card.md has the measured figures.
THRESHOLD = 0.5


def with_topic(terms: Terms, topic: TopicSpec, *, actions: Mapping[str, str], replaces: str = "") -> Terms:
    """`actions`: direction → action. The topic named `replaces` goes. A kept topic keeps its thresholds."""
    thresholds = {(rule.category, rule.direction): rule.threshold for rule in terms.rules}
    rules = tuple(
        RuleSpec(topic.category, direction, thresholds.get((topic.category, direction), THRESHOLD), action)
        for direction, action in actions.items()
        if action != RuleAction.ALLOW
    )
    others = without_topic(terms, replaces) if replaces else terms
    return replace(others, rules=(*others.rules, *rules), topics=(*others.topics, topic))


def without_topic(terms: Terms, name: str) -> Terms:
    gone = {topic.category for topic in terms.topics if topic.name == name}
    return replace(
        terms,
        rules=tuple(rule for rule in terms.rules if rule.category not in gone),
        topics=tuple(topic for topic in terms.topics if topic.name != name),
    )
