"""What the audit trail says of cases: when each came, was looked at and was decided. The figures are made of it.

The trail outlives the cases, which are purged and erased, so the figures of a year do not change afterwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from moderation.models import AuditEntry

_LOOKS = ("case.viewed", "case.claimed", "case.decided", "case.proposed")
_ACTIONS = ("case.opened", "case.merged", *_LOOKS)


@dataclass
class CaseLog:
    """One case as the trail tells it. Entries older than a field leave the field empty."""

    opened_at: datetime
    due_at: datetime | None
    categories: list[str]
    source: str = ""
    looked_at: datetime | None = None
    claimed_at: datetime | None = None  # the last time before the decision
    decided_at: datetime | None = None
    kind: str = ""
    labels: list[str] = field(default_factory=list)
    policy_version: str = ""
    restriction: str = ""

    def is_late(self, now: datetime) -> bool:
        """Whether nobody had looked at the case when its deadline passed."""
        return self.due_at is not None and (self.looked_at or now) > self.due_at


@dataclass(frozen=True)
class Objection:
    restriction: str
    outcome: str
    filed_at: datetime | None
    answered_at: datetime


def cases_between(start: datetime, end: datetime) -> list[CaseLog]:
    """The cases that were opened from `start` to before `end`, with what happened to them up to `end`."""
    logs: dict[str, CaseLog] = {}
    entries = AuditEntry.objects.filter(action__in=_ACTIONS, created_at__gte=start, created_at__lt=end).order_by("id")
    for entry in entries.iterator(chunk_size=2000):
        if entry.action == "case.opened":
            categories, source = entry.data.get("categories", []), entry.data.get("source", "")
            logs[entry.subject] = CaseLog(entry.created_at, _moment(entry, "due_at"), categories, source)
        elif (log := logs.get(entry.subject)) is not None:
            _add(log, entry)
    return list(logs.values())


def objections_between(start: datetime, end: datetime) -> Iterator[Objection]:
    """The objections that were answered in this time."""
    filed: dict[str, datetime] = {}
    entries = AuditEntry.objects.filter(action__in=("appeal.filed", "appeal.answered"), created_at__lt=end)
    for entry in entries.order_by("id").iterator(chunk_size=2000):
        restriction = entry.subject.removeprefix("restriction:")
        if entry.action == "appeal.filed":
            filed[restriction] = entry.created_at
        elif entry.created_at >= start:
            yield Objection(restriction, entry.data["outcome"], filed.get(restriction), entry.created_at)


def _add(log: CaseLog, entry: AuditEntry) -> None:
    if entry.action == "case.merged":
        log.categories = entry.data.get("categories", log.categories)
        if log.looked_at is None:
            log.due_at = _moment(entry, "due_at") or log.due_at
        return
    log.looked_at = log.looked_at or entry.created_at
    if entry.action == "case.claimed":
        log.claimed_at = entry.created_at
    if entry.action == "case.decided":
        log.decided_at = entry.created_at
        log.kind = entry.data["kind"]
        log.labels = entry.data.get("labels", [])
        log.policy_version = entry.data["policy_version"]
        log.restriction = entry.data["restriction"] or ""


def _moment(entry: AuditEntry, name: str) -> datetime | None:
    text = entry.data.get(name)
    return datetime.fromisoformat(text) if text else None
