"""What the owner sets for a queue: decisions that it does not offer, and who works on it (compliance R21).

Pages hide such a decision, and every door refuses it. A queue with a list of reviewers is seen by these, the owner and
auditors alone; a queue without one is seen by every reviewer.
"""

from collections.abc import Collection, Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext

from accounts.models import Role, User
from moderation import audit_trail
from moderation.models import ActionKind, Queue, QueueRule


def rule_of(queue: Queue | str) -> QueueRule:
    return QueueRule.objects.prefetch_related("reviewers").filter(queue=queue).first() or QueueRule(queue=queue)


def closed_to(reviewer: User) -> list[str]:
    """The queues whose cases this reviewer does not see."""
    if reviewer.is_owner or reviewer.is_auditor:
        return []
    listed = QueueRule.objects.filter(reviewers__isnull=False).distinct()
    return list(listed.exclude(reviewers=reviewer).values_list("queue", flat=True))


def offered(queue: Queue | str) -> list[ActionKind]:
    hidden = rule_of(queue).hidden_actions
    return [kind for kind in ActionKind if kind not in hidden]


def require_offered(queue: Queue | str, kind: ActionKind) -> None:
    """Raises PermissionDenied for a decision that this queue does not offer."""
    if kind not in offered(queue):
        raise PermissionDenied(
            gettext("The queue “%(label)s” does not offer “%(kind)s”. The owner set it so.")
            % {"label": Queue(queue).label, "kind": kind.label}
        )


def change(*, queue: Queue | str, owner: User, hidden: Collection[str], reviewers: Iterable[User]) -> None:
    """Sets both for a queue. A queue always offers to dismiss. Raises PermissionDenied and ValueError."""
    if not owner.is_owner:
        raise PermissionDenied(gettext("Only the owner sets what a queue offers."))
    queue, hidden_kinds = Queue(queue), sorted({ActionKind(kind) for kind in hidden})
    if ActionKind.DISMISS in hidden_kinds:
        raise ValueError(gettext("A queue must offer to dismiss a case."))
    people = [person for person in reviewers if person.role in {Role.MODERATOR, Role.OWNER}]
    with transaction.atomic():
        row, _ = QueueRule.objects.update_or_create(queue=queue, defaults={"hidden_actions": hidden_kinds})
        row.reviewers.set(people)
        audit_trail.record(
            action="queue.changed",
            subject=f"queue:{queue}",
            actor=owner,
            data={"hidden": list(map(str, hidden_kinds)), "reviewers": sorted(person.pk for person in people)},
        )
