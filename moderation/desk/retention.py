"""How long the desk keeps what it has: decided cases and assessments, unless a case is held (compliance R33).

A text without a finding never reaches the desk's tables. The audit trail is kept: it has ids and labels only.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from moderation import audit_trail
from moderation.desk import referrals, restrictions, sight
from moderation.models import Appeal, Assessment, Case, CaseStatus, Objection

logger = logging.getLogger(__name__)


def hold(*, case: Case, moderator: User, is_held: bool) -> None:
    """Keeps a case until the hold ends. Raises PermissionDenied."""
    sight.require(case, moderator)
    with transaction.atomic():
        if Case.objects.filter(pk=case.pk).exclude(is_held=is_held).update(is_held=is_held):
            action = "case.held" if is_held else "case.hold_ended"
            audit_trail.record(action=action, subject=f"case:{case.pk}", actor=moderator, data={})


def purge() -> int:
    """Deletes decided cases and assessments that are older than CASE_RETENTION. Returns how many cases.

    A case stays while it is held, while its restriction is in force, and while an objection waits.
    """
    before = timezone.now() - settings.CASE_RETENTION
    in_force = restrictions.in_force().filter(action__case=OuterRef("pk"))
    waiting = Appeal.objects.filter(restriction__action__case=OuterRef("pk"), outcome="")
    old = Case.objects.filter(
        ~Exists(in_force), ~Exists(waiting), status=CaseStatus.DECIDED, updated_at__lt=before, is_held=False
    )
    number = old.count()
    old.delete()
    Objection.objects.filter(case__isnull=True, closed_at__lt=before).delete()
    held = Case.objects.filter(is_held=True).values("conversation_id")
    old_scores = Assessment.objects.filter(created_at__lt=before)
    referrals.delete_counted(old_scores.filter(Q(conversation_id__isnull=True) | ~Q(conversation_id__in=held)))
    if number:
        logger.info("cases.purged", extra={"cases": number})
    return number


def legal_export(case: Case) -> Mapping[str, Any]:
    """Everything that the desk has about a case, with the reviewers' notes. For the operator, never for the person."""
    return {
        "case": _columns(case),
        "actions": [_columns(row) for row in case.actions.all()],
        "claims": [_columns(row) for row in case.claims.all()],
        "notes": [_columns(row) for row in case.notes.all()],
        "objections": [_columns(row) for row in case.objections.all()],
        "restrictions": [_columns(row) for action in case.actions.all() for row in action.restrictions.all()],
    }


def _columns(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
