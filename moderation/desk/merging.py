"""New findings about a conversation: which of them its cases do not have yet, and how they change a case."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, override

from moderation import audit_trail
from moderation.desk import contacting, evidence, routing, second_person, urgency
from moderation.models import Case, CaseStatus, Queue, Source
from moderation.talk import Finding, Turn

REPORT = "report"  # the signal of a finding that a person reported
OBJECTION = "objection"  # the signal of an objection to a persona

_SOURCES = {REPORT: Source.REPORT, OBJECTION: Source.OBJECTION}

# Signal, category and message. Two findings with the same key are the same finding.
_Key: TypeAlias = tuple[str, str, str]


def unknown(findings: Iterable[Finding], cases: Iterable[Case]) -> list[Finding]:
    """Findings that no case has, or has only at a lower severity; the most severe of those with the same key."""
    severities: dict[_Key, int] = {}
    for case in cases:
        for stored in case.findings:
            key = _key(stored)
            severities[key] = max(severities.get(key, -1), stored["severity"])
    fresh: dict[_Key, Finding] = {}
    for finding in findings:
        key = _key(_stored(finding))
        if finding.severity > severities.get(key, -1):
            severities[key] = finding.severity
            fresh[key] = finding
    return list(fresh.values())


def add(case: Case, fresh: Sequence[Finding], turns: Sequence[Turn]) -> Case:
    """Writes a new or merged case and its audit entry. The caller holds the lock of a case that exists."""
    is_new = case._state.adding
    stored = [_stored(finding) for finding in fresh]
    replaced_keys = {_key(finding) for finding in stored}
    others = [finding for finding in case.findings if _key(finding) not in replaced_keys]
    case.findings = others + stored
    if case.status == CaseStatus.PENDING_SECOND and max(one.severity for one in fresh) >= urgency.ACTIVE_SEVERITY:
        second_person.reopen(case, actor=None)
    case.evidence = evidence.merged(case.evidence, evidence.window(turns, fresh))
    case.severity = max(finding["severity"] for finding in case.findings)
    due_at = timezone.now() + min(urgency.time_to_look(finding) for finding in fresh)
    case.due_at = due_at if is_new else min(case.due_at, due_at)
    case.alerted_at = None  # an alert about the earlier findings says nothing about these
    case.is_restricted = any(urgency.is_child_safety(category) for category in case.categories)
    signals = {finding.signal for finding in fresh}
    if is_new and len(signals) == 1:
        case.source = _SOURCES.get(signals.pop(), Source.MONITOR)
    if case.queue != Queue.SENIOR:
        case.queue = routing.queue_for(case.categories)
    case.save(force_insert=is_new)
    audit_trail.record(
        action="case.opened" if is_new else "case.merged",
        subject=f"case:{case.pk}",
        actor=None,
        data={
            "severity": case.severity,
            "signals": sorted({finding.signal for finding in fresh}),
            "categories": case.categories,
            "queue": str(case.queue),
            "source": str(case.source),
            "due_at": case.due_at.isoformat(),
        },
    )
    contacting.ask(case, fresh)
    return case


def _key(stored: Mapping[str, Any]) -> _Key:
    return stored["signal"], stored["category"], stored["message_id"]


def detail_of(stored: Mapping[str, Any]) -> str:
    """The detail of a stored finding in the language of the interface. One of an older version is English."""
    return str(stored.get("details", {}).get(get_language(), stored["detail"]))


def _details(detail: str | Promise) -> dict[str, Any]:
    """The detail in English, and in each other language of the interface, since a case is read in any of them."""
    in_words = {}
    for code, _ in settings.LANGUAGES:
        with override(code):
            in_words[code] = str(detail)
    return {"detail": in_words.pop(settings.LANGUAGE_CODE), "details": in_words}


def _stored(finding: Finding) -> dict[str, Any]:
    return {
        **asdict(finding),
        **_details(finding.detail),
        "category": str(finding.category),
        "message_id": str(finding.message_id),
        "supports": [str(message_id) for message_id in finding.supports],
    }
