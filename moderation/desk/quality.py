"""Blind reviews: a share of the decisions is decided a second time by somebody who does not see the first (R31).

The filter itself decides no case. Each text that it stopped opens a case, so people judge all its decisions.

    ReviewRefused   .user_message: a sentence for the reviewer
"""

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from accounts.models import User
from moderation import audit_trail
from moderation.desk import labels as label_rules
from moderation.desk import restrictions, sight
from moderation.models import Action, ActionKind, QualityReview


class ReviewRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def is_drawn(case_id: UUID) -> bool:
    """Whether decisions about this case are reviewed again. Nobody can foresee it without the site's secret key."""
    number = int(salted_hmac("moderation.quality", str(case_id)).hexdigest(), 16)
    return number % 10_000 < 100 * settings.QUALITY_SAMPLE


def draw(action: Action) -> None:
    if is_drawn(action.case_id):
        QualityReview.objects.create(action=action)


def waiting_for(moderator: User) -> QuerySet[QualityReview]:
    """Blind reviews that this moderator may make: none of their own decisions."""
    if not restrictions.may_review(moderator):
        return QualityReview.objects.none()
    own = Q(action__moderator=moderator) | Q(action__second=moderator)
    reviews = QualityReview.objects.filter(reviewed_at__isnull=True, action__case__in=sight.visible_to(moderator))
    return reviews.exclude(own).select_related("action__case__user")


def hidden_from(moderator: User) -> QuerySet[QualityReview, int]:
    """The ids of decisions that this moderator must not see yet."""
    return waiting_for(moderator).values_list("action", flat=True)


def review(
    *, review: QualityReview, moderator: User, kind: ActionKind | str, labels: Collection[str], reason: str
) -> QualityReview:
    """Records what this reviewer would have decided; the first decision stays.

    Raises PermissionDenied and ReviewRefused.
    """
    kind, reason = ActionKind(kind), reason.strip()
    if fault := label_rules.fault(kind, labels):
        raise ReviewRefused(fault)
    if not reason:
        raise ReviewRefused(gettext("A review needs a reason. Say what you saw and why you would decide so."))
    with transaction.atomic():
        if not waiting_for(moderator).filter(pk=review.pk).exists():
            raise PermissionDenied(gettext("This review has been made already, or you may not make it."))
        written = QualityReview.objects.filter(pk=review.pk, reviewed_at__isnull=True).update(
            reviewer=moderator, reviewed_at=timezone.now(), kind=kind, labels=sorted(set(labels)), reason=reason
        )
        if not written:
            raise ReviewRefused(gettext("Somebody has made this review in the meantime."))
        audit_trail.record(
            action="quality.reviewed",
            subject=f"case:{review.action.case_id}",
            actor=moderator,
            data={"first": review.action.kind, "second": str(kind)},
        )
    review.refresh_from_db()
    return review
