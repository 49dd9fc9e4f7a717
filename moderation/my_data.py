"""This room's part of a person's data: assessments, the monitor's numbers, cases, decisions, reports, objections.

The audit trail keeps ids and labels only; it is neither exported nor erased. The copy names no moderator.
"""

from typing import Any

from django.db import transaction

from accounts.models import User
from moderation.desk import referrals, restrictions
from moderation.models import (
    Appeal,
    Assessment,
    Case,
    ContactRequest,
    CountedTurns,
    DailyCue,
    LearningConsent,
    RefusalReview,
    Report,
    RestrictionKind,
    Reviewer,
)

_ERASED = "The account behind this decision has been erased. The persona stays disabled."


def export(user: User) -> dict[str, Any]:
    """The person's rows, by kind, each kind in the order of time."""
    return {**_judgements(user), **_decisions(user), **_filings(user)}


def _judgements(user: User) -> dict[str, Any]:
    """What the filter and the monitor kept."""
    assessments = Assessment.objects.filter(user=user).order_by("created_at")
    cues = DailyCue.objects.filter(user=user).order_by("day", "cue")
    return {
        "assessments": list(
            assessments.values(
                "conversation_id",
                "message_id",
                "direction",
                "action",
                "category",
                "level",
                "probabilities",
                "set_aside",
                "created_at",
            )
        ),
        "signs_by_day": list(cues.values("conversation_id", "day", "cue", "count")),
    }


def _decisions(user: User) -> dict[str, Any]:
    """What the desk did."""
    cases = Case.objects.filter(user=user).order_by("opened_at").prefetch_related("actions")
    addressed = restrictions.addressed_to(user).order_by("starts_at")
    contacts = ContactRequest.objects.filter(case__user=user).order_by("asked_at")
    return {
        "cases": [_of_case(case) for case in cases],
        "restrictions": list(
            addressed.values("id", "kind", "statement", "starts_at", "ends_at", "lifted_at", "lift_reason")
        ),
        "emergency_contact_requests": list(contacts.values("state", "asked_at", "decided_at")),
    }


def _filings(user: User) -> dict[str, Any]:
    """What the person filed, allowed or chose, with the answers."""
    reports = Report.objects.filter(reporter=user).order_by("filed_at")
    reviews = RefusalReview.objects.filter(user=user).order_by("filed_at")
    appeals = Appeal.objects.filter(user=user).order_by("filed_at")
    return {
        "reviewer": list(Reviewer.objects.filter(user=user).values("opted_out", "paused_until")),
        "reports": list(reports.values("id", "category", "message_id", "filed_at")),
        "refusal_reviews": list(reviews.values("kind", "text", "filed_at", "outcome", "answer", "answered_at")),
        "learning_consent": list(LearningConsent.objects.filter(user=user).values("given_at")),
        "appeals": list(appeals.values("restriction_id", "text", "filed_at", "outcome", "answer", "answered_at")),
    }


def _of_case(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "conversation_id": case.conversation_id,
        "persona": case.persona_name,
        "status": case.status,
        "about": case.categories,
        "opened_at": case.opened_at,
        "words_seen_by_reviewers": case.evidence,
        "decisions": [
            {"kind": action.kind, "reason": action.reason, "decided_at": action.decided_at}
            for action in case.actions.all()
        ],
    }


@transaction.atomic
def erase(user: User) -> None:
    """Erases everything about the person. A disabled persona stays disabled; its statement is replaced."""
    Appeal.objects.filter(user=user).delete()
    disabled = restrictions.addressed_to(user).filter(kind=RestrictionKind.PERSONA_DISABLED)
    for restriction in disabled:
        restriction.statement, restriction.lift_reason = _ERASED, ""
        restriction.save(update_fields=["statement", "lift_reason"])
    Report.objects.filter(reporter=user).delete()
    Reviewer.objects.filter(user=user).delete()
    user.restrictions.all().delete()
    user.cases.all().delete()
    referrals.delete_counted(Assessment.objects.filter(user=user))
    DailyCue.objects.filter(user=user).delete()
    CountedTurns.objects.filter(user=user).delete()
    LearningConsent.objects.filter(user=user).delete()
    RefusalReview.objects.filter(user=user).delete()
