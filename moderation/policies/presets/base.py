"""A preset: a whole policy for one kind of operator, which the owner applies by one act."""

from dataclasses import dataclass

from moderation.filter.policy import RuleSpec, Terms
from moderation.filter.topics import shipped


@dataclass(frozen=True)
class Preset:
    name: str  # in addresses and in the version history
    title: str
    summary: str  # for whom it is
    sets: tuple[str, ...]  # what it sets and why, in plain words
    terms: Terms


def topic_rules(name: str, *, action: str) -> tuple[RuleSpec, ...]:
    """Rules of a shipped topic in both directions, at the threshold that was measured for topics."""
    category = shipped(name).category
    return tuple(RuleSpec(category, direction, 0.5, action) for direction in ("user", "persona"))
