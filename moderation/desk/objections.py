"""Objections to a persona by the person depicted, an heir or the family (compliance GD7).

An objection that means one persona opens a case about it, and the persona rests while the case is open. It opens none,
and waits for a moderator, where it means no persona or several, and where a person has decided about this persona
before: so nobody silences many personas with one name, or one persona again and again.

    ObjectionRefused    .user_message: a sentence for the moderator
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from moderation import audit_trail
from moderation.desk import cases, objection_mail, restrictions
from moderation.desk.labels import RIGHTS_OF_OTHERS
from moderation.desk.merging import OBJECTION
from moderation.models import Case, CaseStatus, Objection, Objector, Source
from moderation.talk import Finding

SEVERITY = 50
VERSION = "objection 1"


class ObjectionRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


@dataclass(frozen=True)
class Target:
    """A persona that an objection may mean."""

    persona_id: UUID
    name: str
    owner: User


def rests(persona_id: UUID) -> bool:
    """Whether a case about an objection to this persona is open."""
    about = Case.objects.filter(conversation_id=persona_id, persona_id=persona_id, source=Source.OBJECTION)
    return about.exclude(status=CaseStatus.DECIDED).exists()


def file(*, subject: str, objector: Objector | str, reason: str, email: str, targets: Sequence[Target]) -> Objection:
    """Stores an objection, and opens a case if it means one persona that nobody has decided about yet."""
    with transaction.atomic():
        objection = Objection.objects.create(
            subject=subject, objector=Objector(objector), reason=reason.strip(), email=email
        )
        audit_trail.record(action="objection.filed", subject=f"objection:{objection.pk}", actor=None, data={})
        if len(targets) == 1 and not _was_decided(targets[0]):
            _open_case(objection, targets[0])
    return objection


def waiting_for(moderator: User) -> QuerySet[Objection]:
    """Objections without a case that are open, and those whose outcome could not be mailed. Oldest first."""
    if not restrictions.may_read(moderator):
        return Objection.objects.none()
    return Objection.objects.filter(
        Q(case__isnull=True, closed_at__isnull=True) | Q(closed_at__isnull=False, told_at__isnull=True)
    ).exclude(case__user=moderator)


def open_case(*, objection: Objection, moderator: User, target: Target) -> Case:
    """Opens a case about the persona that a moderator found. Raises PermissionDenied."""
    if target.owner == moderator:
        raise PermissionDenied(gettext("You may not open a case about your own persona."))
    with transaction.atomic():
        locked = _locked(objection, moderator)
        case = _open_case(locked, target)
        audit_trail.record(
            action="objection.assigned",
            subject=f"objection:{locked.pk}",
            actor=moderator,
            data={"case": str(case.pk), "persona": str(target.persona_id)},
        )
    return case


def close(*, objection: Objection, moderator: User, reason: str, targets: Sequence[Target]) -> None:
    """Ends an objection that means no persona here, and tells the objector. Raises ObjectionRefused, PermissionDenied.

    A moderator with a persona of this name cannot end it.
    """
    if any(target.owner == moderator for target in targets):
        raise PermissionDenied(gettext("A persona of your own has this name. Somebody else ends this objection."))
    if not reason.strip():
        raise ObjectionRefused(gettext("The person needs a reason in words."))
    with transaction.atomic():
        locked = _locked(objection, moderator)
        objection_mail.close_without_case(locked, reason=reason.strip())
        audit_trail.record(action="objection.closed", subject=f"objection:{locked.pk}", actor=moderator, data={})


def mark_told(*, objection: Objection, moderator: User) -> None:
    """Records that somebody wrote to the objector, whose e-mail did not go out. Raises PermissionDenied."""
    if not restrictions.may_review(moderator):
        raise PermissionDenied(gettext("You may not work on this objection."))
    with transaction.atomic():
        untold = Objection.objects.filter(pk=objection.pk, closed_at__isnull=False, told_at__isnull=True)
        if untold.update(told_at=timezone.now()):
            audit_trail.record(action="objection.told", subject=f"objection:{objection.pk}", actor=moderator, data={})


def _locked(objection: Objection, moderator: User) -> Objection:
    """Raises PermissionDenied, and ObjectionRefused if somebody else was faster."""
    if not restrictions.may_review(moderator):
        raise PermissionDenied(gettext("You may not work on this objection."))
    locked = Objection.objects.select_for_update().get(pk=objection.pk)
    if locked.case_id is not None or locked.closed_at is not None:
        raise ObjectionRefused(gettext("Somebody has worked on this objection in the meantime."))
    return locked


def _was_decided(target: Target) -> bool:
    return Case.objects.filter(
        conversation_id=target.persona_id, source=Source.OBJECTION, status=CaseStatus.DECIDED
    ).exists()


def _open_case(objection: Objection, target: Target) -> Case:
    """A case about a persona has the persona's id in place of a conversation's, so one of them is open at a time."""
    detail = gettext_lazy("An objection.")
    finding = Finding(OBJECTION, RIGHTS_OF_OTHERS, SEVERITY, 1.0, 1.0, objection.pk, detail, VERSION)
    was_resting = rests(target.persona_id)
    case = cases.open_case(
        user=target.owner,
        conversation_id=target.persona_id,
        persona_id=target.persona_id,
        persona_name=target.name,
        findings=[finding],
        turns=[],
    )
    objection.case = case
    objection.save(update_fields=["case"])
    if not was_resting:
        objection_mail.opened(case)
    return case
