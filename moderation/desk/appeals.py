"""A person's objection to a restriction, and the answer by a moderator who did not decide it (DSA art. 20)."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from moderation import audit_trail
from moderation.desk import restrictions
from moderation.models import Appeal, AppealOutcome, Restriction

TIME_TO_OBJECT = timedelta(days=183)
TIME_TO_ANSWER = timedelta(days=7)


class AppealRefused(Exception):
    """`user_message` is a sentence for the person who objects or for the moderator who answers."""

    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def can_be_filed(restriction: Restriction) -> bool:
    return not hasattr(restriction, "appeal") and timezone.now() <= restriction.starts_at + TIME_TO_OBJECT


def file(*, restriction: Restriction, user: User, text: str) -> Appeal:
    """Files the one objection to a restriction. Raises PermissionDenied to anybody else, AppealRefused."""
    if user.pk not in restrictions.addressees(restriction):
        raise PermissionDenied(gettext("Only the person whom a restriction concerns can object to it."))
    if not text.strip():
        raise AppealRefused(gettext("Say in a few words why the decision is wrong."))
    if timezone.now() > restriction.starts_at + TIME_TO_OBJECT:
        raise AppealRefused(gettext("You could object to this decision for six months. They have passed."))
    try:
        with transaction.atomic():
            appeal = Appeal.objects.create(restriction=restriction, user=user, text=text.strip())
            audit_trail.record(
                action="appeal.filed", subject=f"restriction:{restriction.pk}", actor=user, data={"appeal": appeal.pk}
            )
    except IntegrityError:
        raise AppealRefused(
            gettext("You have already objected to this decision. The answer will appear on this page.")
        ) from None
    return appeal


def waiting_for(moderator: User) -> QuerySet[Appeal]:
    """Unanswered objections that this moderator may answer, oldest first.

    Their own objections and those to their own decisions are left out.
    """
    if not restrictions.may_review(moderator):
        return Appeal.objects.none()
    own = Q(restriction__action__moderator=moderator) | Q(restriction__action__second=moderator)
    others = Q(restriction__action__isnull=True) | ~own
    return Appeal.objects.filter(others, outcome="").exclude(user=moderator).select_related("restriction")


def answer(*, appeal: Appeal, moderator: User, outcome: AppealOutcome | str, answer: str) -> Appeal:
    """Upholds the restriction or lifts it. Raises PermissionDenied to a moderator who may not answer, AppealRefused."""
    outcome, text = AppealOutcome(outcome), answer.strip()
    if not waiting_for(moderator).filter(pk=appeal.pk).exists():
        raise PermissionDenied(gettext("This objection has been answered already, or you may not answer it."))
    if not text:
        raise AppealRefused(gettext("The person needs an answer in words."))
    with transaction.atomic():
        updated_rows = Appeal.objects.filter(pk=appeal.pk, outcome="").update(
            outcome=outcome, answer=text, answered_by=moderator, answered_at=timezone.now()
        )
        if not updated_rows:
            raise AppealRefused(gettext("Somebody has answered this objection in the meantime."))
        if outcome == AppealOutcome.OVERTURNED and appeal.restriction.is_in_force:
            restrictions.lift(restriction=appeal.restriction, moderator=moderator, reason=text)
        audit_trail.record(
            action="appeal.answered",
            subject=f"restriction:{appeal.restriction_id}",
            actor=moderator,
            data={"appeal": appeal.pk, "outcome": str(outcome)},
        )
    appeal.refresh_from_db()
    return appeal
