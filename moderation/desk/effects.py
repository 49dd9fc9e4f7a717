"""What a decision does, and who may make it do so: the restriction, the closed case, the record, the stopped reply."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from moderation import audit_trail
from moderation.desk import objection_mail, quality, queue_rules
from moderation.desk.statement_of_reasons import statement_for
from moderation.models import Action, ActionKind, Case, CaseStatus, Restriction, RestrictionKind
from persona_site import redis

SUSPENSION = timedelta(days=7)

# Longer than any live reply. After that, `restrictions.active_for` refuses new ones.
_CANCEL_SECONDS = 15 * 60

_RESTRICTIONS = {
    ActionKind.WARN: RestrictionKind.WARNING,
    ActionKind.LOCK_CONVERSATION: RestrictionKind.CONVERSATION_LOCKED,
    ActionKind.SUSPEND_USER: RestrictionKind.USER_SUSPENDED,
    ActionKind.DISABLE_PERSONA: RestrictionKind.PERSONA_DISABLED,
    ActionKind.BAN: RestrictionKind.USER_SUSPENDED,  # without an end
}


def require_power(case: Case, moderator: User, kind: ActionKind) -> None:
    """Raises PermissionDenied if the queue does not offer this, or this moderator may not close this account."""
    queue_rules.require_offered(case.queue, kind)
    if kind not in {ActionKind.SUSPEND_USER, ActionKind.BAN}:
        return
    if case.user.is_owner:
        raise PermissionDenied(gettext("The owner's account cannot be suspended from the review desk."))
    if case.user.is_moderator and not moderator.is_owner:
        raise PermissionDenied(gettext("Only the owner can suspend a moderator."))


def carry_out(action: Action, *, actor: User, details: Mapping[str, Any], suspension: timedelta = SUSPENSION) -> None:
    """Restricts, closes the case and records the decision; stops a live reply on commit.

    The caller holds the case's lock. `details` are further ids for the audit trail.
    """
    restriction = _restrict(action, suspension)
    Case.objects.filter(pk=action.case_id).update(status=CaseStatus.DECIDED, updated_at=timezone.now())
    action.case.status = CaseStatus.DECIDED
    quality.draw(action)
    objection_mail.decided(action)
    audit_trail.record(
        action="case.decided",
        subject=f"case:{action.case_id}",
        actor=actor,
        data={
            "kind": action.kind,
            "labels": action.labels,
            "policy_version": action.policy_version,
            "restriction": str(restriction.pk) if restriction else None,
            "ends_at": restriction.ends_at.isoformat() if restriction and restriction.ends_at else None,
            **details,
        },
    )


def _restrict(action: Action, suspension: timedelta) -> Restriction | None:
    kind = ActionKind(action.kind)
    if kind not in _RESTRICTIONS:
        return None
    restriction = _restriction(action, kind, suspension)
    if kind != ActionKind.WARN:
        conversation_id = action.case.conversation_id
        transaction.on_commit(lambda: _stop_live_reply(conversation_id))
    return restriction


def _restriction(action: Action, kind: ActionKind, suspension: timedelta) -> Restriction:
    case, restriction_id = action.case, uuid4()
    ends_at = timezone.now() + suspension if kind == ActionKind.SUSPEND_USER else None
    statement = statement_for(
        case=case,
        kind=kind,
        reason=action.reason,
        policy_version=action.policy_version,
        restriction_id=restriction_id,
        ends_at=ends_at,
    )
    return Restriction.objects.create(
        id=restriction_id,
        kind=_RESTRICTIONS[kind],
        user=None if kind == ActionKind.DISABLE_PERSONA else case.user,
        conversation_id=case.conversation_id if kind in {ActionKind.WARN, ActionKind.LOCK_CONVERSATION} else None,
        persona_id=case.persona_id if kind == ActionKind.DISABLE_PERSONA else None,
        action=action,
        statement=statement.text,
        ends_at=ends_at,
    )


def _stop_live_reply(conversation_id: UUID) -> None:
    redis.connection().set(redis.cancel_key(conversation_id), 1, ex=_CANCEL_SECONDS)
