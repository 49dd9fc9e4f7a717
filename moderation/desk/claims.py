"""Claims: a moderator takes a case for a while, and gives it back by deciding, releasing, skipping or moving it.

A claim is a lease. When its time has passed, the case is free again, and a decision with the old token is refused.

    ClaimRefused    .user_message: a sentence for the moderator
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from moderation import audit_trail
from moderation.desk import restrictions, sight, urgency, wellbeing
from moderation.models import Case, CaseStatus, Claim, ClaimEnd, Queue
from moderation.plain_words import category_in_words

LEASE = timedelta(minutes=20)

# The audit trail keeps one of these keys. It keeps no free text, because it is never erased.
SKIP_REASONS = {
    "language": gettext_noop("I do not read this language well"),
    "too_close": gettext_noop("It is too close to me"),
    "unsure": gettext_noop("I am not sure how to decide"),
    "know_them": gettext_noop("I know somebody in it"),
}

_IMMINENT = Q(queue=Queue.CRISIS, severity__gte=urgency.IMMINENT_SEVERITY)

# As many cases as other moderators could take between the query and the lock.
_CANDIDATES = 20


class ClaimRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def live() -> QuerySet[Claim]:
    return Claim.objects.filter(ended_at__isnull=True, until__gt=timezone.now())


def live_on(case: Case) -> Claim | None:
    return live().filter(case=case).select_related("moderator").first()


def of(moderator: User) -> Claim | None:
    """The case that this moderator works on now."""
    return live().filter(moderator=moderator).select_related("case").order_by("claimed_at").first()


def claimable_by(moderator: User, *, queue: str = "", category: str = "") -> QuerySet[Case]:
    """Open cases that this moderator can be served, in the order of the queue (compliance R3).

    Left out: cases that somebody has claimed, cases that this moderator skipped, and, for all but the owner, cases
    that were handed to the owner. A pause leaves out everything. A break and the limit on graphic cases leave out
    everything but imminent danger; the categories that the moderator opted out of are left out always.
    """
    if not restrictions.may_review(moderator) or wellbeing.paused_until(moderator):
        return Case.objects.none()
    skipped = Claim.objects.filter(case=OuterRef("pk"), moderator=moderator, end=ClaimEnd.SKIPPED)
    cases = sight.visible_to(moderator).filter(
        ~Exists(live().filter(case=OuterRef("pk"))), ~Exists(skipped), status=CaseStatus.OPEN
    )
    if wellbeing.break_until(moderator):
        cases = cases.filter(_IMMINENT)
    for category_out in wellbeing.of(moderator).opted_out:
        cases = cases.exclude(findings__contains=[{"category": category_out}])
    for exhausted in wellbeing.exhausted(moderator):
        cases = cases.filter(_IMMINENT | ~Q(findings__contains=[{"category": exhausted}]))
    if not moderator.is_owner:
        cases = cases.exclude(queue=Queue.SENIOR)
    if queue:
        cases = cases.filter(queue=queue)
    if category:
        cases = cases.filter(findings__contains=[{"category": category}])
    return cases.order_by("-severity", "due_at", "opened_at", "id")


def claim(*, case: Case, moderator: User) -> Claim:
    """Claims an open case, or renews this moderator's own claim. One of many concurrent callers wins.

    Raises ClaimRefused, and PermissionDenied if the moderator may not see the case.
    """
    with transaction.atomic():
        locked = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
        sight.require(locked, moderator)
        if locked.status != CaseStatus.OPEN:
            raise ClaimRefused(gettext("This case is no longer open."))
        now = timezone.now()
        current = live_on(locked)
        if current is not None and current.moderator_id != moderator.pk:
            raise ClaimRefused(_taken_by(current))
        if current is not None:
            Claim.objects.filter(pk=current.pk).update(until=now + LEASE)
            current.refresh_from_db()
            return current
        taken = _take(locked, moderator)
        audit_trail.record(
            action="case.claimed", subject=f"case:{case.pk}", actor=moderator, data={"claim": str(taken.pk)}
        )
        return taken


def take_next(*, moderator: User, queue: str = "", category: str = "") -> Claim | None:
    """The moderator's own claim, or the first case that is free now. None if no case is free."""
    own = of(moderator)
    if own is not None:
        return own
    for case in claimable_by(moderator, queue=queue, category=category)[:_CANDIDATES]:
        try:
            return claim(case=case, moderator=moderator)
        except ClaimRefused:
            continue  # somebody else was faster
    return None


def settle(*, case: Case, moderator: User, token: UUID | None) -> Claim:
    """The claim under which this moderator decides a case now. A free case is claimed if no token is given.

    The caller holds the case's lock, and records the claim with the decision. Raises ClaimRefused for a token whose
    lease has passed, and while somebody else has the case.
    """
    current = live_on(case)
    if current is None and token is None:
        return _take(case, moderator)
    if current is not None and current.moderator_id == moderator.pk and token in {None, current.pk}:
        return current
    if current is not None and current.moderator_id != moderator.pk:
        raise ClaimRefused(_taken_by(current))
    raise ClaimRefused(gettext("Your claim on this case has ended. Claim the case again, then decide."))


def release(*, case: Case, moderator: User) -> None:
    """Gives the case back to the queue. Raises ClaimRefused."""
    with transaction.atomic():
        _finish(case, moderator, ClaimEnd.RELEASED)
        audit_trail.record(action="case.released", subject=f"case:{case.pk}", actor=moderator, data={})


def skip(*, case: Case, moderator: User, reason: str) -> None:
    """Gives the case back, and it is not served to this moderator again. `reason` is a key of SKIP_REASONS.

    Raises ClaimRefused.
    """
    if reason not in SKIP_REASONS:
        raise ClaimRefused(gettext("Choose a reason for skipping the case."))
    with transaction.atomic():
        _finish(case, moderator, ClaimEnd.SKIPPED, skip_reason=reason)
        audit_trail.record(action="case.skipped", subject=f"case:{case.pk}", actor=moderator, data={"reason": reason})


def move(*, case: Case, moderator: User, queue: Queue | str) -> None:
    """Moves the case to another queue, for example to the owner's. Raises ClaimRefused.

    A case of child safety stays where only reviewers with that permission see it.
    """
    queue = Queue(queue)
    if case.is_restricted and queue not in {Queue.CHILD_SAFETY, Queue.SENIOR}:
        raise ClaimRefused(gettext("A case of child safety can only be handed to the owner."))
    with transaction.atomic():
        _finish(case, moderator, ClaimEnd.MOVED)
        Case.objects.filter(pk=case.pk).update(queue=queue, updated_at=timezone.now())
        audit_trail.record(action="case.moved", subject=f"case:{case.pk}", actor=moderator, data={"queue": str(queue)})


def end_decided(claim: Claim) -> None:
    Claim.objects.filter(pk=claim.pk).update(ended_at=timezone.now(), end=ClaimEnd.DECIDED)


def _finish(case: Case, moderator: User, end: ClaimEnd, *, skip_reason: str = "") -> None:
    sight.require(case, moderator)
    own = live().filter(case=case, moderator=moderator)
    if not own.update(ended_at=timezone.now(), end=end, skip_reason=skip_reason):
        raise ClaimRefused(gettext("Your claim on this case has ended."))


def _take(case: Case, moderator: User) -> Claim:
    """A new claim of a free case. The caller holds the case's lock. Raises ClaimRefused above the limit of the day."""
    above = wellbeing.exhausted(moderator) & set(case.categories)
    if above and not _is_imminent(case):
        raise ClaimRefused(
            gettext(
                "You have had %(limit)s cases of %(category)s today. That is the limit for one day. Another "
                "reviewer will take this case."
            )
            % {"limit": settings.EXPOSURE_LIMIT, "category": category_in_words(min(above))}
        )
    now = timezone.now()
    lapsed = Claim.objects.filter(case=case, ended_at__isnull=True, until__lte=now)
    lapsed.update(ended_at=F("until"), end=ClaimEnd.EXPIRED)
    return Claim.objects.create(case=case, moderator=moderator, claimed_at=now, until=now + LEASE)


def _is_imminent(case: Case) -> bool:
    return case.queue == Queue.CRISIS and case.severity >= urgency.IMMINENT_SEVERITY


def _taken_by(claim: Claim) -> str:
    words = {"name": claim.moderator.get_username(), "time": f"{claim.until:%H:%M}"}
    return gettext("%(name)s works on this case until %(time)s UTC.") % words
