"""Who sees which case. The pages, the admin and the doors of the desk all ask here."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext

from accounts.models import User
from moderation.desk import queue_rules, restrictions
from moderation.models import Case


def visible_to(moderator: User) -> QuerySet[Case]:
    """The cases that this moderator or auditor may see: none about their own account, child safety by permission only.

    A queue with a list of reviewers is seen by these alone (`queue_rules`). Auditors see child safety too: they read
    everything.
    """
    if not restrictions.may_read(moderator):
        return Case.objects.none()
    cases = Case.objects.exclude(user=moderator).exclude(queue__in=queue_rules.closed_to(moderator))
    if not may_see_restricted(moderator):
        cases = cases.filter(is_restricted=False)
    return cases


def may_see_restricted(moderator: User) -> bool:
    return moderator.is_owner or moderator.is_auditor or moderator.has_perm("moderation.review_child_safety")


def get_case_for(moderator: User, case_id: UUID) -> Case:
    """Raises Http404 if the case does not exist or the moderator may not see it."""
    case = visible_to(moderator).select_related("user").filter(pk=case_id).first()
    if case is None:
        raise Http404
    return case


def require(case: Case, moderator: User) -> None:
    """Raises PermissionDenied if the moderator may not see the case, or may not work on any."""
    if not restrictions.may_review(moderator) or not visible_to(moderator).filter(pk=case.pk).exists():
        raise PermissionDenied(gettext("You may not work on this case."))


def require_reader(case: Case, reader: User) -> None:
    """Raises PermissionDenied if the person may not read the case."""
    if not visible_to(reader).filter(pk=case.pk).exists():
        raise PermissionDenied(gettext("You may not see this case."))
