"""Reports of people about what a persona said: a receipt, a case, and the outcome in a word (compliance DS2, R1, R26).

A flood of reports of one person is set aside at once, by two people (R7).
"""

from collections.abc import Sequence
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from moderation import audit_trail
from moderation.categories import Category
from moderation.desk import cases, claims, restrictions, second_person, sight
from moderation.desk.labels import NO_VIOLATION
from moderation.desk.merging import REPORT
from moderation.models import Action, ActionKind, ActionState, Case, CaseStatus, Policy, Report
from moderation.talk import Finding, Turn

SEVERITY = 40
VERSION = "report 1"


class NothingToSetAside(cases.DecisionRefused):
    pass


def file(
    *,
    reporter: User,
    conversation_id: UUID,
    persona_id: UUID,
    persona_name: str,
    category: Category | str,
    message_id: UUID,
    turns: Sequence[Turn],
) -> Report:
    """Opens a case about a message of the reporter's own conversation, or adds to its open case.

    A second report of the same message and category returns the first one.
    """
    category = Category(category)
    detail = gettext_lazy("Reported by the person.")
    finding = Finding(REPORT, category, SEVERITY, 1.0, 1.0, message_id, detail, VERSION)
    with transaction.atomic():
        case = cases.open_case(
            user=reporter,
            conversation_id=conversation_id,
            persona_id=persona_id,
            persona_name=persona_name,
            findings=[finding],
            turns=turns,
        )
        report, _ = Report.objects.get_or_create(
            reporter=reporter, message_id=message_id, category=category, defaults={"case": case}
        )
    return report


def of(reporter: User) -> QuerySet[Report]:
    """The person's own reports, newest first."""
    return Report.objects.filter(reporter=reporter).select_related("case").prefetch_related("case__actions")


def outcome(report: Report) -> str:
    """What came of a report, without any detail of anybody: a sentence for the reporter."""
    if report.case is None:
        return gettext("The report is closed.")
    decisions = [action for action in report.case.actions.all() if action.state == ActionState.IN_EFFECT]
    if not decisions:
        return gettext("A person will look at it.")
    if all(action.kind == ActionKind.DISMISS for action in decisions):
        return gettext("A person looked at it and found that no rule was broken.")
    return gettext("A person looked at it, and something was done about it.")


def pending_from(reporter: User, moderator: User) -> QuerySet[Case]:
    """Open cases that nothing but this person's reports opened, of those that the moderator sees and may decide now."""
    others = Report.objects.filter(case=OuterRef("pk")).exclude(reporter=reporter)
    reported = sight.visible_to(moderator).filter(status=CaseStatus.OPEN, reports__reporter=reporter).distinct()
    claimed = claims.live().filter(case=OuterRef("pk")).exclude(moderator=moderator)
    free = reported.filter(~Exists(others), ~Exists(claimed))
    ids = [case.pk for case in free if all(finding["signal"] == REPORT for finding in case.findings)]
    return Case.objects.filter(pk__in=ids, status=CaseStatus.OPEN).order_by("id")


def void_flood(*, moderator: User, reporter: User, reason: str) -> int:
    """Proposes to dismiss all pending cases of this reporter together. A second person confirms. Returns how many.

    Raises PermissionDenied, ReasonMissing, and NothingToSetAside.
    """
    if not restrictions.may_review(moderator) or reporter.pk == moderator.pk:
        raise PermissionDenied(gettext("You may not set these reports aside."))
    if not reason.strip():
        raise cases.ReasonMissing(gettext("Setting reports aside needs a reason."))
    batch, version = uuid4(), Policy.objects.filter(is_active=True).values_list("version", flat=True).first()
    with transaction.atomic():
        locked = pending_from(reporter, moderator).select_for_update()
        claimed = {case: claims.live_on(case) for case in locked}
        # A colleague may have claimed one meanwhile. The moderator's own claim ends with the proposal.
        pending = [case for case, claim in claimed.items() if claim is None or claim.moderator_id == moderator.pk]
        if not pending:
            raise NothingToSetAside(gettext("No case is open that only this person’s reports opened and that is free."))
        for case in pending:
            if claim := claimed[case]:
                claims.end_decided(claim)
            action = Action.objects.create(
                case=case,
                moderator=moderator,
                kind=ActionKind.DISMISS,
                labels=[NO_VIOLATION],
                reason=reason.strip(),
                policy_version=version or "none",
                state=ActionState.PENDING_SECOND,
                batch=batch,
            )
            second_person.propose(action)
        audit_trail.record(
            action="reports.voided", subject=f"user:{reporter.pk}", actor=moderator, data={"cases": len(pending)}
        )
    return len(pending)
