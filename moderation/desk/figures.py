"""The desk in figures: what came, how fast it was met, how often decisions were right (compliance R29, R37).

All but the backlog is computed from the audit trail. No figure is about one reviewer.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from moderation.desk import referrals
from moderation.desk.agreement import Agreement, agreement
from moderation.desk.case_log import CaseLog, Objection, cases_between, objections_between
from moderation.desk.labels import NO_VIOLATION
from moderation.models import ActionKind, Appeal, AppealOutcome, Case, CaseStatus, QualityReview, Restriction, Source
from moderation.plain_words import category_in_words

SEVERITIES = ((80, gettext_noop("80 to 100")), (50, gettext_noop("50 to 79")), (0, gettext_noop("below 50")))
AGES = (
    (timedelta(hours=1), gettext_noop("under an hour")),
    (timedelta(days=1), gettext_noop("under a day")),
    (timedelta(days=7), gettext_noop("under a week")),
)
OLDER = gettext_noop("a week or more")
MOST_OVERDUE = 20


@dataclass(frozen=True)
class Times:
    """The median and the 95th percentile; None where there is no value."""

    p50: timedelta | None
    p95: timedelta | None


@dataclass(frozen=True)
class CategoryFigures:
    name: str
    opened: int
    decided: int
    confirmed: int  # decided cases whose decision names this rule
    missed: int  # decided cases whose decision names this rule, although the site had not

    @property
    def precision(self) -> float | None:
        return self.confirmed / self.decided if self.decided else None

    @property
    def recall(self) -> float | None:
        """Among the cases that were opened for anything. Texts that opened no case are not known."""
        broken = self.confirmed + self.missed
        return self.confirmed / broken if broken else None


@dataclass(frozen=True)
class PolicyFigures:
    version: str
    restrictions: int
    objections: int
    overturned: int


@dataclass(frozen=True)
class Figures:
    opened: int
    decided: int
    late: int
    first_look: Times
    to_decision: Times
    handling: Times  # from the claim to the decision
    sources: tuple[tuple[str, int, int], ...]  # what opened the cases: opened, and decided with a broken rule
    days: tuple[tuple[date, int, int], ...]  # cases opened and decided
    kinds: tuple[tuple[str, int], ...]
    categories: tuple[CategoryFigures, ...]
    policies: tuple[PolicyFigures, ...]
    agreement: Agreement | None
    referrals: dict[str, int]


@dataclass(frozen=True)
class Backlog:
    """Open cases by severity (rows) and age (columns), and the cases whose deadline passed first."""

    ages: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    overdue: tuple[Case, ...]
    late_objections: int


def between(start: datetime, end: datetime) -> Figures:
    """The figures of the cases that were opened in this time."""
    logs, objections = cases_between(start, end), list(objections_between(start, end))
    decided = [log for log in logs if log.decided_at is not None]
    now = min(end, timezone.now())
    return Figures(
        opened=len(logs),
        decided=len(decided),
        late=sum(log.is_late(now) for log in logs),
        first_look=_times(log.looked_at - log.opened_at for log in logs if log.looked_at),
        to_decision=_times(log.decided_at - log.opened_at for log in decided if log.decided_at),
        handling=_times(log.decided_at - log.claimed_at for log in decided if log.decided_at and log.claimed_at),
        sources=_sources(logs),
        days=_days(logs),
        kinds=tuple((str(kind.label), sum(log.kind == kind for log in decided)) for kind in ActionKind),
        categories=_categories(logs),
        policies=_policies(decided, objections),
        agreement=_agreement(start, end),
        referrals=referrals.by_level(start.date(), (end - timedelta(microseconds=1)).date()),
    )


def backlog(cases: QuerySet[Case], *, time_to_answer: timedelta) -> Backlog:
    """Those of these cases that are open, and how many objections have waited for longer than `time_to_answer`."""
    now, waiting = timezone.now(), cases.exclude(status=CaseStatus.DECIDED)
    times = waiting.order_by().values_list("severity", "opened_at")
    counts = Counter((_band(severity), _age(now - opened_at)) for severity, opened_at in times)
    ages = (*(name for _, name in AGES), OLDER)
    overdue = waiting.filter(due_at__lt=now).order_by("due_at").defer("evidence")
    return Backlog(
        ages=tuple(map(gettext, ages)),
        rows=tuple((gettext(name), tuple(counts[name, age] for age in ages)) for _, name in SEVERITIES),
        overdue=tuple(overdue[:MOST_OVERDUE]),
        late_objections=Appeal.objects.filter(outcome="", filed_at__lt=now - time_to_answer).count(),
    )


def median(values: Iterable[timedelta]) -> timedelta | None:
    return _times(values).p50


def _times(values: Iterable[timedelta]) -> Times:
    ordered = sorted(values)
    return Times(_percentile(ordered, 0.5), _percentile(ordered, 0.95))


def _percentile(ordered: Sequence[timedelta], share: float) -> timedelta | None:
    """The nearest rank: the smallest value that at least this share of all values does not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None


def _days(logs: Iterable[CaseLog]) -> tuple[tuple[date, int, int], ...]:
    opened, decided = Counter[date](), Counter[date]()
    for log in logs:
        opened[log.opened_at.date()] += 1
        if log.decided_at:
            decided[log.decided_at.date()] += 1
    return tuple((day, opened[day], decided[day]) for day in sorted({*opened, *decided}))


def _categories(logs: Sequence[CaseLog]) -> tuple[CategoryFigures, ...]:
    names = Counter(category for log in logs for category in log.categories)
    names.update({label: 0 for log in logs for label in log.labels if label != NO_VIOLATION})
    figures = []
    for name, opened in names.most_common():
        decided = [log for log in logs if name in log.categories and log.decided_at]
        confirmed = sum(name in log.labels for log in decided)
        missed = sum(name in log.labels and name not in log.categories for log in logs)
        figures.append(CategoryFigures(category_in_words(name), opened, len(decided), confirmed, missed))
    return tuple(figures)


def _sources(logs: Sequence[CaseLog]) -> tuple[tuple[str, int, int], ...]:
    """How many cases the site opened by itself, and how many a report."""
    return tuple(
        (str(source.label), len(own), sum(bool(set(log.labels) - {NO_VIOLATION}) for log in own))
        for source in Source
        if (own := [log for log in logs if log.source == source])
    )


def _policies(decided: Iterable[CaseLog], objections: Sequence[Objection]) -> tuple[PolicyFigures, ...]:
    """Restrictions of this time by version of the rules, and what was answered to objections against them."""
    versions = {log.restriction: log.policy_version for log in decided if log.restriction}
    earlier = {objection.restriction for objection in objections} - versions.keys()
    stored = Restriction.objects.filter(pk__in=earlier, action__isnull=False).values_list(
        "pk", "action__policy_version"
    )
    objected = versions | {str(pk): version for pk, version in stored}
    figures = []
    for version in sorted({*objected.values()}):
        answered = [each for each in objections if objected.get(each.restriction) == version]
        overturned = sum(each.outcome == AppealOutcome.OVERTURNED for each in answered)
        restricted = sum(each == version for each in versions.values())
        figures.append(PolicyFigures(version, restricted, len(answered), overturned))
    return tuple(figures)


def _agreement(start: datetime, end: datetime) -> Agreement | None:
    reviews = QualityReview.objects.filter(reviewed_at__gte=start, reviewed_at__lt=end)
    return agreement(list(reviews.values_list("action__kind", "kind")))


def _band(severity: int) -> str:
    return next(name for least, name in SEVERITIES if severity >= least)


def _age(age: timedelta) -> str:
    return next((name for most, name in AGES if age < most), OLDER)
