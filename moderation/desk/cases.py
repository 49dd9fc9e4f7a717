"""The doors of the review queue: open a case, view it, reveal its hidden words, decide it.

    DecisionRefused             .user_message: a sentence for the moderator
    ├── AlreadyDecided
    ├── ClaimLost
    ├── LabelMissing
    └── ReasonMissing

Nobody can decide about their own account. Only the owner can suspend a moderator. Nobody can suspend the owner.
The doors raise `PermissionDenied` in these cases.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from accounts.models import User
from moderation import audit_trail
from moderation.desk import claims, effects, merging, second_person, sight
from moderation.desk import labels as label_rules
from moderation.desk.effects import SUSPENSION
from moderation.models import Action, ActionKind, ActionState, Case, CaseStatus, Claim, Policy, Source
from moderation.talk import Finding, Turn

REVEALABLE = ("words", "personal")


class DecisionRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


class AlreadyDecided(DecisionRefused):
    pass


class ClaimLost(DecisionRefused):
    pass


class LabelMissing(DecisionRefused):
    pass


class ReasonMissing(DecisionRefused):
    pass


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
                current = next((case for case in cases if case.status != CaseStatus.DECIDED), None)
                fresh = merging.unknown(candidates, cases)
                if not fresh:
                    return current or max(cases, key=lambda case: case.opened_at)
                case = current or Case(
                    user=user,
                    conversation_id=conversation_id,
                    persona_id=persona_id,
                    persona_name=persona_name,
                )
                return merging.add(case, fresh, turns)
        except IntegrityError as error:
            # Another caller opened a case between the query and the insert. The next round finds it.
            if "one_open_case_per_conversation" not in str(error):
                raise


def view(*, case: Case, moderator: User) -> None:
    """Records that a moderator or an auditor opened a case."""
    sight.require_reader(case, moderator)
    audit_trail.record(action="case.viewed", subject=f"case:{case.pk}", actor=moderator, data={})


def reveal(*, case: Case, moderator: User, what: str, reason: str) -> None:
    """Records that a moderator asked for covered words (`words`) or masked personal data (`personal`), and why.

    `reason` is a key of `moderation.pages.forms.REVEAL_REASONS`, not free text, because the trail cannot be erased.
    """
    if what not in REVEALABLE:
        raise ValueError(f"{what!r} cannot be revealed; only {', '.join(REVEALABLE)}.")
    sight.require(case, moderator)
    audit_trail.record(
        action="case.revealed", subject=f"case:{case.pk}", actor=moderator, data={"what": what, "reason": reason}
    )


def decide(
    *,
    case: Case,
    moderator: User,
    kind: ActionKind | str,
    reason: str,
    labels: Collection[str],
    duration: timedelta = SUSPENSION,
    token: UUID | None = None,
) -> Action:
    """Decides an open case in one transaction: action, restriction, audit entry; then stops a live reply.

    `labels` are the categories whose rules were broken, or `no_violation`. `duration` is the length of a suspension.
    `token` is the id of the moderator's claim; without one, a free case is claimed and decided at once. A decision of
    the gravest kinds waits for a second person. Raises PermissionDenied, a DecisionRefused, and ValueError for an
    unknown kind or a duration that is not positive.
    """
    kind, reason = ActionKind(kind), reason.strip()
    _refuse_incomplete(kind, reason, labels, duration)
    with transaction.atomic():
        locked = _locked_for_decision(case, moderator, kind)
        claim = _settled(locked, moderator, token)
        needs_second = kind in second_person.GRAVEST
        action = Action.objects.create(
            case=locked,
            moderator=moderator,
            kind=kind,
            reason=reason,
            labels=sorted(set(labels)),
            policy_version=_policy_version(),
            state=ActionState.PENDING_SECOND if needs_second else ActionState.IN_EFFECT,
        )
        claims.end_decided(claim)
        if needs_second:
            second_person.propose(action)
        else:
            effects.carry_out(action, actor=moderator, details={"claim": str(claim.pk)}, suspension=duration)
    case.status = locked.status
    return action


def _refuse_incomplete(kind: ActionKind, reason: str, labels: Collection[str], duration: timedelta) -> None:
    """Raises LabelMissing, ReasonMissing and ValueError."""
    if duration <= timedelta(0):
        raise ValueError(
            gettext("A suspension must be longer than zero; %(duration)s was given.") % {"duration": duration}
        )
    if fault := label_rules.fault(kind, labels):
        raise LabelMissing(fault)
    if not reason:
        raise ReasonMissing(gettext("A decision needs a reason. Say what you saw and why you decide so."))


def _locked_for_decision(case: Case, moderator: User, kind: ActionKind) -> Case:
    """The open case, locked. Raises PermissionDenied and DecisionRefused if this moderator cannot decide it so."""
    locked = Case.objects.select_for_update(of=("self",)).select_related("user").get(pk=case.pk)
    sight.require(locked, moderator)
    effects.require_power(locked, moderator, kind)
    _refuse_lock_of_objection(locked, kind)
    if locked.status != CaseStatus.OPEN:
        raise AlreadyDecided(gettext("Somebody has decided this case in the meantime. Their decision stands."))
    return locked


def _refuse_lock_of_objection(case: Case, kind: ActionKind) -> None:
    """An objection is about a persona, and its case has no conversation that could be locked."""
    if case.source == Source.OBJECTION and kind == ActionKind.LOCK_CONVERSATION:
        raise DecisionRefused(
            gettext("This case is about a persona, not a conversation. Disable the persona or dismiss it.")
        )


def _settled(case: Case, moderator: User, token: UUID | None) -> Claim:
    try:
        return claims.settle(case=case, moderator=moderator, token=token)
    except claims.ClaimRefused as refusal:
        raise ClaimLost(refusal.user_message) from None


def _policy_version() -> str:
    return Policy.objects.filter(is_active=True).values_list("version", flat=True).first() or "none"
