"""Decisions that need two people: the gravest ones, and those about many cases at once (compliance R20).

The first person's decision leaves its cases `pending_second` and restricts nothing. A second person confirms it, or
refuses it with a reason; then its cases are open again. They are open again too when the first person takes the
decision back, and when a case becomes graver meanwhile: danger must not wait behind a proposal.

    SecondRefused   .user_message: a sentence for the second person
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from moderation import audit_trail
from moderation.desk import effects, restrictions, sight
from moderation.models import Action, ActionKind, ActionState, Case, CaseStatus, Note

GRAVEST = frozenset({ActionKind.BAN})


class SecondRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def propose(action: Action) -> None:
    """Lets the first person's decision wait for a second person. The caller holds the case's lock."""
    Case.objects.filter(pk=action.case_id).update(status=CaseStatus.PENDING_SECOND, updated_at=timezone.now())
    action.case.status = CaseStatus.PENDING_SECOND
    audit_trail.record(
        action="case.proposed",
        subject=f"case:{action.case_id}",
        actor=action.moderator,
        data={"kind": action.kind, "labels": action.labels, "policy_version": action.policy_version},
    )


def waiting_for(moderator: User) -> QuerySet[Action]:
    """Decisions of others that this moderator may confirm or refuse, oldest first."""
    if not restrictions.may_review(moderator):
        return Action.objects.none()
    pending = Action.objects.filter(state=ActionState.PENDING_SECOND, case__in=sight.visible_to(moderator))
    return pending.exclude(moderator=moderator).select_related("case__user", "moderator").order_by("decided_at")


def confirm(*, action: Action, moderator: User) -> None:
    """Carries the decision out, with all others of its batch. Raises PermissionDenied and SecondRefused."""
    with _settled(action, moderator, ActionState.IN_EFFECT) as actions:
        for each in actions:
            effects.require_power(each.case, moderator, ActionKind(each.kind))
            effects.carry_out(each, actor=moderator, details={"proposed_by": f"user:{each.moderator_id}"})


def refuse(*, action: Action, moderator: User, reason: str) -> None:
    """Opens the case again, and those of the same batch, with the reason as a note for reviewers.

    Raises PermissionDenied and SecondRefused.
    """
    reason = reason.strip()
    if not reason:
        raise SecondRefused(gettext("Say why you do not confirm the decision. The first person reads it."))
    with _settled(action, moderator, ActionState.REFUSED) as actions:
        for each in actions:
            Case.objects.filter(pk=each.case_id).update(status=CaseStatus.OPEN, updated_at=timezone.now())
            Note.objects.create(case=each.case, author=moderator, text=reason)
            audit_trail.record(
                action="case.refused", subject=f"case:{each.case_id}", actor=moderator, data={"kind": each.kind}
            )


def take_back(*, action: Action, moderator: User) -> None:
    """Opens the case again, and those of the same batch: the first person has changed their mind.

    Raises PermissionDenied to anybody else, and SecondRefused.
    """
    if action.moderator_id != moderator.pk:
        raise PermissionDenied(gettext("Only the person who proposed a decision can take it back."))
    with transaction.atomic():
        waiting = Action.objects.filter(_batch_of(action), moderator=moderator, state=ActionState.PENDING_SECOND)
        list(Case.objects.select_for_update().filter(actions__in=waiting).order_by("id"))
        actions = list(waiting.select_related("case"))  # read again behind the lock
        if not actions:
            raise SecondRefused(gettext("This decision no longer waits for a second person."))
        for each in actions:
            reopen(each.case, actor=moderator)


def reopen(case: Case, *, actor: User | None) -> None:
    """Withdraws the decision that waits on this case, and opens it again. The caller holds the case's lock."""
    case.actions.filter(state=ActionState.PENDING_SECOND).update(state=ActionState.WITHDRAWN)
    case.status = CaseStatus.OPEN
    Case.objects.filter(pk=case.pk).update(status=case.status, updated_at=timezone.now())
    audit_trail.record(action="case.taken_back", subject=f"case:{case.pk}", actor=actor, data={})


@contextmanager
def _settled(action: Action, moderator: User, state: ActionState) -> Iterator[list[Action]]:
    """The pending decisions of the batch, locked with their cases and moved to `state`, in one transaction."""
    if action.moderator_id == moderator.pk:
        raise PermissionDenied(gettext("Another person than the one who decided must confirm this."))
    with transaction.atomic():
        waiting = waiting_for(moderator).filter(_batch_of(action))
        list(Case.objects.select_for_update().filter(actions__in=waiting).order_by("id"))
        actions = list(waiting)  # read again behind the lock
        if not actions:
            raise SecondRefused(gettext("This decision no longer waits for a second person."))
        Action.objects.filter(pk__in=[each.pk for each in actions]).update(
            state=state, second=moderator, seconded_at=timezone.now()
        )
        yield actions


def _batch_of(action: Action) -> Q:
    return Q(pk=action.pk) if action.batch is None else Q(batch=action.batch)
