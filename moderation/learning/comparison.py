"""Where a version in shadow and the one in force differ, and how often each was right by the decisions of people.

A stored text is one that either would have acted on. A decision says whether a category that was found in a turn broke
a rule. A text that only the version in shadow would have acted on opens no case, so nobody decides about it: it counts
among the differences and not in the precision.
"""

from collections import Counter
from dataclasses import dataclass

from moderation.learning import labelled
from moderation.models import Assessment, HeadVersion, RuleAction


@dataclass(frozen=True)
class Difference:
    category: str
    direction: str
    now: str  # an action
    then: str
    texts: int


@dataclass(frozen=True)
class Precision:
    """Of the decided texts that a version acted on, those where a rule was broken."""

    acted: int
    confirmed: int

    @property
    def share(self) -> float | None:
        return self.confirmed / self.acted if self.acted else None


@dataclass(frozen=True)
class Comparison:
    texts: int  # stored during the trial
    differences: tuple[Difference, ...]  # the most frequent first
    in_force: Precision
    in_shadow: Precision


def compare(row: HeadVersion) -> Comparison:
    """Over the whole trial of this version. Writes nothing."""
    columns = ("message_id", "direction", "action", "category", "trial_action", "trial_category")
    rows = list(Assessment.objects.filter(trial_version=row.version).values_list(*columns, named=True))
    counts = Counter(
        (one.category or one.trial_category, one.direction, one.action, one.trial_action)
        for one in rows
        if one.action != one.trial_action
    )
    decided = {turn.message_id: any(turn.labels.values()) for turn in labelled.turns()}
    known = [(one, decided[str(one.message_id)]) for one in rows if str(one.message_id) in decided]
    return Comparison(
        texts=len(rows),
        differences=tuple(Difference(*kind, texts) for kind, texts in counts.most_common()),
        in_force=_precision([is_broken for one, is_broken in known if one.action != RuleAction.ALLOW]),
        in_shadow=_precision([is_broken for one, is_broken in known if one.trial_action != RuleAction.ALLOW]),
    )


def _precision(confirmed: list[bool]) -> Precision:
    return Precision(len(confirmed), sum(confirmed))
