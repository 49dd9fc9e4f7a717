"""The restrictions in force, which chat must apply, and the doors that acknowledge and lift them."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import Role, User
from moderation import audit_trail
from moderation.models import Restriction, RestrictionKind
from persona_site import redis


class LiftRefused(Exception):
    """`user_message` is a sentence for the moderator."""

    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def in_force() -> QuerySet[Restriction]:
    return Restriction.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now()), lifted_at__isnull=True)


def active_for(*, user: User, conversation_id: UUID | None = None, persona_id: UUID | None = None) -> list[Restriction]:
    """The restrictions that forbid this person to write here, newest first. Warnings forbid nothing.

    Without a conversation or a persona, only suspensions of the person count.
    """
    binds = Q(kind=RestrictionKind.USER_SUSPENDED, user=user)
    if conversation_id is not None:
        binds |= Q(kind=RestrictionKind.CONVERSATION_LOCKED, conversation_id=conversation_id)
    if persona_id is not None:
        binds |= Q(kind=RestrictionKind.PERSONA_DISABLED, persona_id=persona_id)
    return list(in_force().filter(binds))


def is_disabled(persona_id: UUID) -> bool:
    """Whether a moderator's decision closes this persona to everybody now."""
    return in_force().filter(kind=RestrictionKind.PERSONA_DISABLED, persona_id=persona_id).exists()


def may_review(user: object) -> bool:
    """Whether this user may use the review desk now: a moderator, active and not suspended. Queries the database."""
    if not isinstance(user, User) or not user.is_authenticated:
        return False
    return _has_role(user, Role.MODERATOR, Role.OWNER)


def may_read(user: object) -> bool:
    """Whether this user may read the desk: who may review, and auditors, who change nothing (compliance R28)."""
    if not isinstance(user, User) or not user.is_authenticated:
        return False
    return _has_role(user, Role.AUDITOR, Role.MODERATOR, Role.OWNER)


def _has_role(user: User, *roles: Role) -> bool:
    people = User.objects.filter(pk=user.pk, is_active=True, role__in=roles)
    return people.exists() and not active_for(user=user)


def unread_warnings(user: User) -> list[Restriction]:
    """Warnings that the person has not acknowledged, oldest first."""
    warnings = in_force().filter(kind=RestrictionKind.WARNING, user=user, acknowledged_at__isnull=True)
    return list(warnings.order_by("starts_at"))


def acknowledge(*, restriction: Restriction, user: User) -> None:
    """Notes when the person first read the restriction. Raises PermissionDenied to anybody else."""
    if restriction.user_id != user.pk:
        raise PermissionDenied(gettext("Only the person whom a restriction concerns can acknowledge it."))
    Restriction.objects.filter(pk=restriction.pk, acknowledged_at__isnull=True).update(acknowledged_at=timezone.now())


def addressed_to(user: User) -> QuerySet[Restriction]:
    """All restrictions about this person, in force or ended."""
    return Restriction.objects.filter(Q(user=user) | Q(action__case__user=user)).distinct()


def get_restriction_for(user: User, restriction_id: UUID) -> Restriction:
    """A restriction about this person. Raises Http404."""
    is_active = Exists(User.objects.filter(pk=user.pk, is_active=True))
    restriction = addressed_to(user).filter(is_active, pk=restriction_id).first()
    if restriction is None:
        raise Http404
    return restriction


def lift(*, restriction: Restriction, moderator: User, reason: str) -> Restriction:
    """Ends a restriction now.

    Raises LiftRefused, and PermissionDenied if the moderator may not review or is the addressee.
    """
    reason = reason.strip()
    if not may_review(moderator) or moderator.pk in addressees(restriction):
        raise PermissionDenied(gettext("You may not lift this restriction."))
    if not reason:
        raise LiftRefused(gettext("Lifting a restriction needs a reason."))
    with transaction.atomic():
        now = timezone.now()
        updated_rows = (
            in_force().filter(pk=restriction.pk).update(lifted_at=now, lifted_by=moderator, lift_reason=reason)
        )
        if not updated_rows:
            raise LiftRefused(gettext("This restriction has already ended."))
        audit_trail.record(
            action="restriction.lifted",
            subject=f"restriction:{restriction.pk}",
            actor=moderator,
            data={"kind": restriction.kind},
        )
        if restriction.action and restriction.kind != RestrictionKind.WARNING:
            conversation_id = restriction.action.case.conversation_id
            transaction.on_commit(lambda: _allow_replies(conversation_id))
    restriction.refresh_from_db()
    return restriction


def addressees(restriction: Restriction) -> set[int]:
    """The ids of the accounts that the restriction concerns; none when its account was erased."""
    user_ids = {restriction.user_id, restriction.action.case.user_id if restriction.action else None}
    return {user_id for user_id in user_ids if user_id is not None}


def _allow_replies(conversation_id: UUID) -> None:
    redis.connection().delete(redis.cancel_key(conversation_id))
