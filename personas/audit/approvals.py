"""Whether a persona may talk under a policy that requires approval, and the doors through which a reviewer decides.

DecisionRefused         `user_message` is a sentence for the reviewer

An approval belongs to an audit, and an audit to the fingerprint of the persona's words, model and fine-tune. So a
change of any of them asks again, whichever way it was made.
"""

from contextlib import suppress
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from moderation import audit_trail
from moderation.desk import restrictions
from moderation.filter import policy
from personas.audit import fingerprint
from personas.audit.models import Audit, AuditState, Decision
from personas.models import Persona

_SILENT = gettext_noop(
    "{name} cannot talk yet. On this site a persona that somebody made talks only after an audit has passed and a "
    "reviewer has approved it. Nothing that you wrote is lost. {next}"
)
_UNSAVED = gettext_noop(
    "On this site a persona that somebody made talks only after an audit has passed and a reviewer has approved it. So "
    "no line can be tried. Save the persona, and start the audit on its page."
)
_ASK = gettext_noop("Start the audit on the persona's page.")
_AGAIN = gettext_noop(
    "Its words, its model or its fine-tune have changed since the last audit. Run the audit again on its page."
)
_RUNS = gettext_noop("The audit is under way.")
_FAILED = gettext_noop("The last audit did not pass. Its report on the persona's page says why.")
_ENDED_EARLY = gettext_noop("The last audit ended before its last probe. Run it again on the persona's page.")
_WAITS = gettext_noop("The audit has passed, and a reviewer will look at it.")
_REFUSED = gettext_noop("A reviewer has refused it. The report on the persona's page gives the reason.")


class DecisionRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


# --- May it talk? -------------------------------------------------------------------------------


def is_required() -> bool:
    """Whether the active policy requires an approval. Without an active policy the filter lets no text pass anyway."""
    with suppress(policy.PolicyMissing):
        return policy.active().requires_persona_approval
    return False


def silence_of(persona: Persona) -> str:
    """Why a persona without an approval that the policy requires is silent, and what its owner can do (compliance T1).

    Empty if it may talk. `personas.access` asks this for every way to a persona's words.
    """
    if persona.owner_id is None or not is_required():  # the shipped personas are the operator's
        return ""
    now = fingerprint.of(persona)
    ended = persona.audits.filter(fingerprint=now, state=AuditState.ENDED).exclude(is_passed=True, decision="")
    newest = ended.order_by("-ended_at").first()  # with a result that counts: failed, or decided
    if newest is not None and newest.decision == Decision.APPROVED:
        return ""
    return gettext(_SILENT).format(name=persona.name, next=gettext(_next_step(persona.audits.first(), now)))


def silence_of_draft() -> str:
    """Why a persona that is not saved yet is silent. Empty if the policy requires no approval."""
    return gettext(_UNSAVED) if is_required() else ""


def _next_step(audit: Audit | None, now: fingerprint.Fingerprint) -> str:
    if audit is None:
        return _ASK
    if audit.is_under_way:
        return _RUNS
    if audit.fingerprint != now:
        return _AGAIN
    if audit.state != AuditState.ENDED:
        return _ENDED_EARLY
    if audit.decision == Decision.REFUSED:
        return _REFUSED
    return _WAITS if audit.is_passed else _FAILED


# --- The reviewer -------------------------------------------------------------------------------


def visible_to(reviewer: User) -> QuerySet[Audit]:
    """Audits that have ended, of other people's personas. Nobody reviews their own."""
    if not restrictions.may_review(reviewer):
        return Audit.objects.none()
    ended = Audit.objects.filter(state=AuditState.ENDED, persona__owner__isnull=False)
    return ended.exclude(persona__owner=reviewer).select_related("persona", "decided_by")


def waiting_for(reviewer: User) -> QuerySet[Audit]:
    """Audits that have passed and wait for a decision, oldest first; none while the policy requires no approval.

    Some may be out of date (`is_current`): then nothing can be approved, and the owner has to run the audit again.
    """
    passed = visible_to(reviewer).filter(is_passed=True, decision="").order_by("ended_at")
    return passed if is_required() else passed.none()


def is_current(audit: Audit) -> bool:
    """Whether the persona is still as it was audited."""
    return bool(audit.fingerprint == fingerprint.of(audit.persona))


def get_for(reviewer: User, audit_id: UUID) -> Audit:
    """Raises Http404."""
    audit = visible_to(reviewer).filter(pk=audit_id).first()
    if audit is None:
        raise Http404
    return audit


def view(*, audit: Audit, reviewer: User) -> None:
    """Records that a reviewer opened a report."""
    audit_trail.record(
        action="persona_audit.viewed",
        subject=f"persona:{audit.persona_id}",
        actor=reviewer,
        data={"audit": str(audit.pk)},
    )


def decide(*, audit: Audit, reviewer: User, decision: Decision | str, reason: str) -> None:
    """Approves or refuses a persona as it was audited. A later decision replaces an earlier one.

    Raises DecisionRefused, and PermissionDenied if the reviewer may not see the audit.
    """
    decision, reason = Decision(decision), reason.strip()
    if not reason:
        raise DecisionRefused(gettext("A decision needs a reason. Say what you saw and why you decide so."))
    with transaction.atomic():
        locked = Audit.objects.select_for_update(of=("self",)).select_related("persona").get(pk=audit.pk)
        if not visible_to(reviewer).filter(pk=locked.pk).exists():
            raise PermissionDenied(gettext("You may not decide about this persona."))
        if decision == Decision.APPROVED and not locked.is_passed:
            raise DecisionRefused(gettext("This audit did not pass, so the persona cannot be approved."))
        if decision == Decision.APPROVED and not is_current(locked):
            raise DecisionRefused(
                gettext(
                    "The persona, its fine-tune or the model has changed since this audit. Its owner has to run it "
                    "again."
                )
            )
        locked.decision, locked.reason = decision, reason
        locked.decided_by, locked.decided_at = reviewer, timezone.now()
        locked.save(update_fields=["decision", "reason", "decided_by", "decided_at"])
        audit_trail.record(
            action=f"persona.{decision}",
            subject=f"persona:{locked.persona_id}",
            actor=reviewer,
            data={"audit": str(locked.pk), "policy_version": locked.policy_version, **locked.fingerprint},
        )
