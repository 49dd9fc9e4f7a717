"""The difference between two versions of the policy, in plain words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from moderation.filter import policy
from moderation.filter.policy import RuleSpec, Terms
from moderation.plain_words import (
    action_in_words,
    approval_in_words,
    breaks_in_words,
    category_in_words,
    own_data_in_words,
    speaker_in_words,
    topic_in_words,
)


@dataclass(frozen=True)
class Difference:
    """`subject` was `before` and is `after`."""

    subject: str
    before: str
    after: str


def between(before: Terms, after: Terms) -> list[Difference]:
    """All differences: rules by category and direction, then topics, then what is asked of personas and breaks."""
    return [*_of_rules(before.rules, after.rules), *_of_topics(before, after), *_of_demands(before, after)]


def _of_rules(before: Sequence[RuleSpec], after: Sequence[RuleSpec]) -> Iterator[Difference]:
    for category, direction in sorted({(rule.category, rule.direction) for rule in (*before, *after)}):
        old, new = (
            _in_words([rule for rule in rules if (rule.category, rule.direction) == (category, direction)])
            for rules in (before, after)
        )
        if old != new:
            yield Difference(f"{category_in_words(category)} {speaker_in_words(direction)}", old, new)


def _in_words(rules: Sequence[RuleSpec]) -> str:
    """As in “block from 0.9, flag for a reviewer from 0.7”, the strongest first."""
    ordered = sorted(rules, key=lambda rule: (rule.is_shadow, -policy.strength(rule.action)))
    return ", ".join(map(_rule_in_words, ordered)) or gettext("let through")


def _rule_in_words(rule: RuleSpec) -> str:
    words = {"action": action_in_words(rule.action), "threshold": f"{rule.threshold:g}"}
    if rule.is_shadow:
        return gettext("%(action)s from %(threshold)s (only counted)") % words
    return gettext("%(action)s from %(threshold)s") % words


def _of_topics(before: Terms, after: Terms) -> Iterator[Difference]:
    old, new = ({topic.name: set(topic.examples) for topic in terms.topics} for terms in (before, after))
    for name in sorted(old.keys() | new.keys()):
        mine, yours = old.get(name), new.get(name)
        if mine != yours:
            yield Difference(
                gettext("examples of the topic %(name)s") % {"name": topic_in_words(name)},
                _count(mine, yours),
                _count(yours, mine),
            )


def _count(examples: set[str] | None, others: set[str] | None) -> str:
    if examples is None:
        return gettext("no such topic")
    if not others:
        return gettext("%(count)s sentences") % {"count": len(examples)}
    return gettext("%(count)s sentences, %(new)s of them only here") % {
        "count": len(examples),
        "new": len(examples - others),
    }


def _of_demands(before: Terms, after: Terms) -> Iterator[Difference]:
    approvals = [approval_in_words(terms.requires_persona_approval) for terms in (before, after)]
    breaks = [breaks_in_words(terms.break_notice_hours) for terms in (before, after)]
    own_data = [own_data_in_words(terms.shows_own_personal_data) for terms in (before, after)]
    for subject, (old, new) in (
        (gettext("approval of personas"), approvals),
        (gettext("breaks"), breaks),
        (gettext("personal data"), own_data),
    ):
        if old != new:
            yield Difference(subject, old, new)
