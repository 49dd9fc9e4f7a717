"""The doors of the review queue: open a case, view it, reveal its hidden words, decide it.

    DecisionRefused             .user_message: a sentence for the moderator
    ├── AlreadyDecided
    └── ReasonMissing

Nobody can decide about their own account. Only the owner can suspend a moderator. Nobody can suspend the owner.
The doors raise `PermissionDenied` in these cases.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from moderation import audit_trail
from moderation.desk import evidence, restrictions, urgency
from moderation.desk.statement_of_reasons import statement_for
from moderation.models import Action, ActionKind, Case, CaseStatus, Policy, Restriction, RestrictionKind
from moderation.talk import Finding, Turn
from persona_site import redis

SUSPENSION = timedelta(days=7)
REVEALABLE = ("words", "personal")

# Longer than any live reply. After that, `restrictions.active_for` refuses new ones.
_CANCEL_SECONDS = 15 * 60

# Signal, category and message. Two findings with the same key are the same finding.
_Key: TypeAlias = tuple[str, str, str]

_RESTRICTIONS = {
    ActionKind.WARN: RestrictionKind.WARNING,
    ActionKind.LOCK_CONVERSATION: RestrictionKind.CONVERSATION_LOCKED,
    ActionKind.SUSPEND_USER: RestrictionKind.USER_SUSPENDED,
    ActionKind.DISABLE_PERSONA: RestrictionKind.PERSONA_DISABLED,
}


class DecisionRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


class AlreadyDecided(DecisionRefused):
    pass


class ReasonMissing(DecisionRefused):
    pass


def visible_to(moderator: User) -> QuerySet[Case]:
    """The cases that this moderator may see: none about their own account, child safety by permission only."""
    if not restrictions.may_review(moderator):
        return Case.objects.none()
    cases = Case.objects.exclude(user=moderator)
    if not may_see_restricted(moderator):
        cases = cases.filter(is_restricted=False)
    return cases


def may_see_restricted(moderator: User) -> bool:
    return moderator.is_owner or moderator.has_perm("moderation.review_child_safety")


def get_case_for(moderator: User, case_id: UUID) -> Case:
    """Raises Http404 if the case does not exist or the moderator may not see it."""
    case = visible_to(moderator).select_related("user").filter(pk=case_id).first()
    if case is None:
        raise Http404
    return case


def open_case(
    *,
    user: User,
    conversation_id: UUID,
    persona_id: UUID,
    persona_name: str,
    findings: Iterable[Finding],
    turns: Sequence[Turn],
) -> Case:
    """Adds the new findings to the conversation's open case, or opens one. Returns the case.

    Repeated and concurrent calls are safe. The database allows one open case for a conversation; a caller that
    loses the race adds its findings to the other's case. A decided case is not opened again: a finding that it does
    not have opens a new case. If no finding is new, the open case or the newest decided one is returned unchanged.
    Raises ValueError without findings.
    """
    candidates = list(findings)
    if not candidates:
        raise ValueError("A case needs at least one finding.")
    while True:
        try:
            with transaction.atomic():
                # All callers lock in the same order, so that two of them cannot block each other.
                cases = list(Case.objects.select_for_update().filter(conversation_id=conversation_id).order_by("id"))
                current = next((case for case in cases if case.status == CaseStatus.OPEN), None)
                fresh = _unknown(candidates, cases)
                if not fresh:
                    return current or max(cases, key=lambda case: case.opened_at)
                case = current or Case(
                    user=user,
                    conversation_id=conversation_id,
                    persona_id=persona_id,
                    persona_name=persona_name,
                )
                return _with_findings(case, fresh, turns)
        except IntegrityError as error:
            # Another caller opened a case between the query and the insert. The next round finds it.
            if "one_open_case_per_conversation" not in str(error):
                raise


def view(*, case: Case, moderator: User) -> None:
    """Records that a moderator opened a case."""
    _require_sight(case, moderator)
    audit_trail.record(action="case.viewed", subject=f"case:{case.pk}", actor=moderator, data={})


def reveal(*, case: Case, moderator: User, what: str, reason: str) -> None:
    """Records that a moderator asked for covered words (`words`) or masked personal data (`personal`), and why.

    `reason` is a key of `moderation.forms.REVEAL_REASONS`, not free text, because the trail cannot be erased.
    """
    if what not in REVEALABLE:
        raise ValueError(f"{what!r} cannot be revealed; only {', '.join(REVEALABLE)}.")
    _require_sight(case, moderator)
    audit_trail.record(
        action="case.revealed", subject=f"case:{case.pk}", actor=moderator, data={"what": what, "reason": reason}
    )


def decide(
    *, case: Case, moderator: User, kind: ActionKind | str, reason: str, duration: timedelta = SUSPENSION
) -> Action:
    """Decides an open case in one transaction: action, restriction, audit entry; then stops a live reply.

    `duration` is the length of a suspension. Raises PermissionDenied, AlreadyDecided, ReasonMissing, and
    ValueError for an unknown kind or a duration that is not positive.
    """
    kind, reason = ActionKind(kind), reason.strip()
    if duration <= timedelta(0):
        raise ValueError(f"A suspension must be longer than zero; {duration} was given.")
    if not reason:
        raise ReasonMissing("A decision needs a reason. Say what you saw and why you decide so.")
    with transaction.atomic():
        locked = Case.objects.select_for_update(of=("self",)).select_related("user").get(pk=case.pk)
        _require_sight(locked, moderator)
        _require_power(locked, moderator, kind)
        if locked.status != CaseStatus.OPEN:
            raise AlreadyDecided("Somebody has decided this case in the meantime. Their decision stands.")
        action = Action.objects.create(
            case=locked, moderator=moderator, kind=kind, reason=reason, policy_version=_policy_version()
        )
        restriction = _restrict(action, duration) if kind in _RESTRICTIONS else None
        locked.status = CaseStatus.DECIDED
        locked.save(update_fields=["status", "updated_at"])
        audit_trail.record(
            action="case.decided",
            subject=f"case:{locked.pk}",
            actor=moderator,
            data={
                "kind": str(kind),
                "policy_version": action.policy_version,
                "restriction": str(restriction.pk) if restriction else None,
                "ends_at": restriction.ends_at.isoformat() if restriction and restriction.ends_at else None,
            },
        )
        if kind not in {ActionKind.DISMISS, ActionKind.WARN}:
            transaction.on_commit(lambda: _stop_live_reply(locked.conversation_id))
    case.status = CaseStatus.DECIDED
    return action


def _unknown(findings: Iterable[Finding], cases: Iterable[Case]) -> list[Finding]:
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


def _with_findings(case: Case, fresh: Sequence[Finding], turns: Sequence[Turn]) -> Case:
    """Writes a new or merged case and its audit entry. The caller holds the lock of a case that exists."""
    is_new = case._state.adding
    stored = [_stored(finding) for finding in fresh]
    replaced_keys = {_key(finding) for finding in stored}
    others = [finding for finding in case.findings if _key(finding) not in replaced_keys]
    case.findings = others + stored
    case.evidence = evidence.merged(case.evidence, evidence.window(turns, fresh))
    case.severity = max(finding["severity"] for finding in case.findings)
    due_at = timezone.now() + min(urgency.time_to_look(finding) for finding in fresh)
    case.due_at = due_at if is_new else min(case.due_at, due_at)
    case.is_restricted = any(urgency.is_child_safety(category) for category in case.categories)
    case.save(force_insert=is_new)
    audit_trail.record(
        action="case.opened" if is_new else "case.merged",
        subject=f"case:{case.pk}",
        actor=None,
        data={"severity": case.severity, "signals": sorted({finding.signal for finding in fresh})},
    )
    return case


def _key(stored: Mapping[str, Any]) -> _Key:
    return stored["signal"], stored["category"], stored["message_id"]


def _stored(finding: Finding) -> dict[str, Any]:
    return {
        **asdict(finding),
        "category": str(finding.category),
        "message_id": str(finding.message_id),
        "supports": [str(message_id) for message_id in finding.supports],
    }


def _require_sight(case: Case, moderator: User) -> None:
    if not visible_to(moderator).filter(pk=case.pk).exists():
        raise PermissionDenied("You may not see this case.")


def _require_power(case: Case, moderator: User, kind: ActionKind) -> None:
    if kind != ActionKind.SUSPEND_USER:
        return
    if case.user.is_owner:
        raise PermissionDenied("The owner's account cannot be suspended from the review desk.")
    if case.user.is_moderator and not moderator.is_owner:
        raise PermissionDenied("Only the owner can suspend a moderator.")


def _policy_version() -> str:
    return Policy.objects.filter(is_active=True).values_list("version", flat=True).first() or "none"


def _restrict(action: Action, duration: timedelta) -> Restriction:
    case, kind, restriction_id = action.case, ActionKind(action.kind), uuid4()
    ends_at = timezone.now() + duration if kind == ActionKind.SUSPEND_USER else None
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
