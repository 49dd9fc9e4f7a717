"""How often the site showed help lines in a crisis, by day and level, without names (compliance CA8, K10).

Each message of a person at *passive* or above is answered with the crisis notice, and leaves one assessment. Messages
of an imported conversation are judged, but nobody is shown a notice, so they do not count. Before
assessments are deleted, they are added to the counts, so the numbers of a year stay.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.db.models.functions import TruncDate

from moderation.models import Assessment, Direction, ReferralCount

LEVELS = ("passive", "active", "imminent")


def between(first: date, last: date) -> Counter[tuple[date, str]]:
    """Notices of each day and level from the first to the last day, both included (UTC)."""
    counts = _counted(Assessment.objects.filter(created_at__date__gte=first, created_at__date__lte=last))
    for row in ReferralCount.objects.filter(day__gte=first, day__lte=last):
        counts[row.day, row.level] += row.count
    return counts


def by_level(first: date, last: date) -> dict[str, int]:
    counts = between(first, last)
    return {level: sum(n for (_, name), n in counts.items() if name == level) for level in LEVELS}


@transaction.atomic
def delete_counted(assessments: QuerySet[Assessment]) -> int:
    """Deletes these assessments and keeps their number. Returns how many were deleted."""
    _add(_counted(assessments))
    return assessments.delete()[0]


def _counted(assessments: QuerySet[Assessment]) -> Counter[tuple[date, str]]:
    shown = assessments.filter(direction=Direction.USER, level__in=LEVELS, is_imported=False)
    rows = shown.order_by().values_list(TruncDate("created_at"), "level").annotate(Count("id"))
    return Counter({(day, level): number for day, level, number in rows})


def _add(counts: Mapping[tuple[date, str], int]) -> None:
    for (day, level), number in sorted(counts.items()):
        row, _ = ReferralCount.objects.get_or_create(day=day, level=level)
        ReferralCount.objects.filter(pk=row.pk).update(count=F("count") + number)
