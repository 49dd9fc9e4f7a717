"""What another policy would have decided on the last days: a dry run over stored scores (compliance R22).

The scores of an assessment are decided on twice, by the active rules and by the others. So no text is needed, and
nothing is written: no case, no notice, no counter. A text that passed unmarked has stored scores only if a draft in
shadow would have acted on it. Without such a draft, the replay sees what the other policy would do with the texts that
were marked or withheld, and no others.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from moderation.categories import Category
from moderation.filter import policy
from moderation.filter.assessment import SPAN_PROBABILITY
from moderation.filter.policy import Decision, Terms
from moderation.models import Assessment

SAMPLES = 5  # ids of a kind of change


@dataclass(frozen=True)
class Change:
    """So many texts would have had the action `after` instead of `before`."""

    category: str
    direction: str
    before: str
    after: str
    texts: int
    samples: tuple[UUID, ...]  # ids of assessments, the newest first

    @property
    def is_stricter(self) -> bool:
        return policy.strength(self.after) > policy.strength(self.before)


@dataclass(frozen=True)
class Day:
    day: date
    stricter: int
    milder: int


@dataclass(frozen=True)
class Report:
    days: int
    texts: int  # with stored scores
    changes: tuple[Change, ...]  # the most frequent first
    by_day: tuple[Day, ...]  # with a change, the oldest first

    @property
    def changed_texts(self) -> int:
        return sum(change.texts for change in self.changes)


def replay(other: Terms, *, active: Terms, days: int) -> Report:
    """What `other` would have changed in the last `days` days, had it been active instead of `active`."""
    texts = 0
    counts: Counter[tuple[str, str, str, str]] = Counter()
    samples: defaultdict[tuple[str, str, str, str], list[UUID]] = defaultdict(list)
    by_day: Counter[tuple[date, bool]] = Counter()
    for row in _rows(days):
        texts += 1
        before, after = _decision(active, row), _decision(other, row)
        if before.action == after.action:
            continue
        stricter = policy.strength(after.action) > policy.strength(before.action)
        kind = ((after if stricter else before).category, row.direction, str(before.action), str(after.action))
        counts[kind] += 1
        by_day[timezone.localdate(row.created_at), stricter] += 1
        if len(samples[kind]) < SAMPLES:
            samples[kind].append(row.id)
    return Report(
        days,
        texts,
        tuple(Change(*kind, count, tuple(samples[kind])) for kind, count in counts.most_common()),
        tuple(Day(day, by_day[day, True], by_day[day, False]) for day in sorted({day for day, _ in by_day})),
    )


def _rows(days: int) -> Iterator[Any]:
    since = timezone.now() - timedelta(days=days)
    columns = ("id", "direction", "probabilities", "set_aside", "created_at")
    rows = Assessment.objects.filter(created_at__gte=since).order_by("-created_at")
    return rows.values_list(*columns, named=True).iterator(chunk_size=2000)


def _decision(terms: Terms, row: Any) -> Decision:
    scores = {name: score for name, score in row.probabilities.items() if name not in row.set_aside}
    has_spans = scores.get(Category.PII, 0.0) >= SPAN_PROBABILITY
    return policy.decide(terms, scores, direction=row.direction, has_spans=has_spans, is_counted=False)
