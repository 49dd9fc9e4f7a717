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
    cases = Case.objects.filter(user=user).order_by("opened_at").prefetch_related("actions")
    contacts = ContactRequest.objects.filter(case__user=user).order_by("asked_at")
    return {
        "assessments": list(
            Assessment.objects.filter(user=user)
            .order_by("created_at")
            .values(
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
        "signs_by_day": list(
            DailyCue.objects.filter(user=user).order_by("day", "cue").values("conversation_id", "day", "cue", "count")
        ),
        "cases": [_of_case(case) for case in cases],
        "restrictions": list(
            restrictions.addressed_to(user)
            .order_by("starts_at")
            .values("id", "kind", "statement", "starts_at", "ends_at", "lifted_at", "lift_reason")
        ),
        "reviewer": list(Reviewer.objects.filter(user=user).values("opted_out", "paused_until")),
        "reports": list(
            Report.objects.filter(reporter=user).order_by("filed_at").values("id", "category", "message_id", "filed_at")
        ),
        "emergency_contact_requests": list(contacts.values("state", "asked_at", "decided_at")),
        "refusal_reviews": list(
            RefusalReview.objects.filter(user=user)
            .order_by("filed_at")
            .values("kind", "text", "filed_at", "outcome", "answer", "answered_at")
        ),
        "learning_consent": list(LearningConsent.objects.filter(user=user).values("given_at")),
        "appeals": list(
            Appeal.objects.filter(user=user)
            .order_by("filed_at")
            .values("restriction_id", "text", "filed_at", "outcome", "answer", "answered_at")
        ),
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
