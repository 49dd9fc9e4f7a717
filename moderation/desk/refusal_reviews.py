"""A person looks at a refusal that the site made by itself: by age, or by a limit of use (compliance GD6).

Restrictions of the desk are made by people, and have an objection of their own (`appeals`).

    ReviewRefused           .user_message: a sentence for the person or the moderator
"""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Quota, User
from moderation import audit_trail
from moderation.desk import restrictions
from moderation.desk.appeals import TIME_TO_ANSWER
from moderation.models import AppealOutcome, RefusalKind, RefusalReview


class ReviewRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def file(*, user: User, kind: RefusalKind | str, text: str) -> RefusalReview:
    """Asks that a person looks. Raises ReviewRefused, and ValueError for an unknown kind."""
    kind = RefusalKind(kind)
    if not text.strip():
        raise ReviewRefused(_("Say in a sentence what is wrong."))
    if of(user).filter(kind=kind, outcome="").exists():
        raise ReviewRefused(_("You have asked already. The answer comes within seven days."))
    return RefusalReview.objects.create(user=user, kind=kind, text=text.strip())


def of(user: User) -> QuerySet[RefusalReview]:
    return RefusalReview.objects.filter(user=user).order_by("-filed_at")


def waiting_for(moderator: User) -> QuerySet[RefusalReview]:
    """Those without an answer, the oldest first. Nobody answers their own."""
    return RefusalReview.objects.filter(outcome="").exclude(user=moderator).select_related("user")


def get_waiting_for(moderator: User, review_id: UUID) -> RefusalReview:
    """Raises ReviewRefused where somebody was faster."""
    review = waiting_for(moderator).filter(pk=review_id).first()
    if review is None:
        raise ReviewRefused(_("Somebody has answered this in the meantime."))
    return review


def late() -> QuerySet[RefusalReview]:
    return RefusalReview.objects.filter(outcome="", filed_at__lt=timezone.now() - TIME_TO_ANSWER)


@transaction.atomic
def answer(*, review: RefusalReview, moderator: User, outcome: AppealOutcome | str, answer: str) -> None:
    """Answers. If a limit was wrong, the person's counts begin anew.

    A wrong date of birth is corrected by the operator, who asks for a proof (`manage.py birth_date`). Raises
    ReviewRefused and PermissionDenied.
    """
    outcome = AppealOutcome(outcome)
    if not restrictions.may_review(moderator) or review.user_id == moderator.pk:
        raise PermissionDenied(_("You may not answer this."))
    if not answer.strip():
        raise ReviewRefused(_("An answer needs words for the person."))
    changed = RefusalReview.objects.filter(pk=review.pk, outcome="").update(
        outcome=outcome, answer=answer.strip(), answered_by=moderator, answered_at=timezone.now()
    )
    if not changed:
        raise ReviewRefused(_("Somebody has answered this in the meantime."))
    if outcome == AppealOutcome.OVERTURNED and review.kind == RefusalKind.LIMIT:
        Quota.objects.filter(user=review.user).delete()
    audit_trail.record(
        action="refusal.reviewed",
        subject=f"user:{review.user_id}",
        actor=moderator,
        data={"kind": review.kind, "outcome": str(outcome)},
    )
