"""The doors of the filter's heads: store, try in shadow, promote, go back. Each is recorded in the audit trail.

    ready → trial → proposed → active → retired

The owner tries and proposes. If the site has another reviewer, one of them must confirm. Going back
is the owner's alone, and works at once.

VersionRefused          .user_message: a sentence for the person
"""

import hashlib

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import Role, User
from moderation import audit_trail
from moderation.desk import restrictions
from moderation.filter import head_versions
from moderation.filter.classifiers import linear
from moderation.filter.classifiers.heads import Heads
from moderation.learning.fitting import Fitted
from moderation.models import Assessment, HeadState, HeadVersion, RuleAction
from moderation.models.learning import MAY_BE_TRIED

SHIPPED = "shipped"  # how the trail names the heads of the repository


class VersionRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def store(fitted: Fitted) -> HeadVersion:
    """Keeps new heads. They judge nothing yet. Raises VersionRefused where the same are stored already."""
    content = Heads("", fitted.by_language).to_bytes()
    networks = linear.network_versions()
    version = f"d{hashlib.sha256(content).hexdigest()[:8]}"
    if HeadVersion.objects.filter(version=version).exists():
        raise VersionRefused(
            gettext("The same decisions gave version %(version)s already. Nothing has changed.") % {"version": version}
        )
    with transaction.atomic():
        row = HeadVersion.objects.create(version=version, weights=content, texts=fitted.texts, networks=networks)
        _record("learning.trained", row, None, {"texts": fitted.texts})
    return row


def active() -> HeadVersion | None:
    return HeadVersion.objects.filter(state=HeadState.ACTIVE).first()


def on_trial() -> HeadVersion | None:
    return HeadVersion.objects.filter(state=HeadState.TRIAL).first()


def needs_second(owner: User) -> bool:
    """Whether somebody else could confirm what this person proposes."""
    others = User.objects.filter(role__in=[Role.MODERATOR, Role.OWNER], is_active=True).exclude(pk=owner.pk)
    return any(map(restrictions.may_review, others))


def try_in_shadow(*, row: HeadVersion, owner: User) -> None:
    """The version judges beside the one in force and changes nothing. Another trial ends. Raises VersionRefused."""
    _require_owner(owner)
    _require_fit(row)
    with transaction.atomic():
        for other in HeadVersion.objects.filter(state=HeadState.TRIAL).exclude(pk=row.pk):
            _move(other, (HeadState.TRIAL,), HeadState.READY)
            _forget_trial(other)
        _move(row, MAY_BE_TRIED, HeadState.TRIAL, trial_since=timezone.now())
        _record("learning.trial_begun", row, owner, {})


def end_trial(*, row: HeadVersion, owner: User) -> None:
    """Ends the trial and deletes the scores that were kept for it alone. Raises VersionRefused."""
    _require_owner(owner)
    with transaction.atomic():
        _move(row, (HeadState.TRIAL,), HeadState.READY)
        _forget_trial(row)
        _record("learning.trial_ended", row, owner, {})


def propose(*, row: HeadVersion, owner: User) -> None:
    """Promotes a version that was tried in shadow, or has it wait for a second person. Raises VersionRefused."""
    _require_owner(owner)
    _require_fit(row)
    with transaction.atomic():
        if needs_second(owner):
            _move(row, (HeadState.TRIAL,), HeadState.PROPOSED, proposed_by=owner)
            _record("learning.proposed", row, owner, {})
        else:
            _activate(row, HeadState.TRIAL, actor=owner, proposed_by=owner)


def confirm(*, row: HeadVersion, reviewer: User) -> None:
    """Raises PermissionDenied and VersionRefused."""
    _require_second(row, reviewer)
    with transaction.atomic():
        _activate(row, HeadState.PROPOSED, actor=reviewer, second=reviewer)


def refuse(*, row: HeadVersion, reviewer: User) -> None:
    """The version is tried no more, and can be tried again. Raises PermissionDenied and VersionRefused."""
    _require_second(row, reviewer)
    with transaction.atomic():
        _move(row, (HeadState.PROPOSED,), HeadState.READY)
        _forget_trial(row)
        _record("learning.refused", row, reviewer, {})


def go_back(*, owner: User) -> HeadVersion | None:
    """The version that judged before judges again; None for the shipped heads. Raises VersionRefused."""
    _require_owner(owner)
    with transaction.atomic():
        row = HeadVersion.objects.select_for_update().filter(state=HeadState.ACTIVE).first()
        if row is None:
            raise VersionRefused(gettext("The shipped heads judge already, so there is nothing to go back to."))
        _move(row, (HeadState.ACTIVE,), HeadState.RETIRED)
        before = before_active(row)
        if before is not None:
            _move(before, (HeadState.RETIRED,), HeadState.ACTIVE)
        _record("learning.gone_back", row, owner, {"to": before.version if before else SHIPPED})
    return before


def before_active(row: HeadVersion) -> HeadVersion | None:
    """The version that judged before this one and still can; None for the shipped heads."""
    earlier = HeadVersion.objects.filter(
        state=HeadState.RETIRED, activated_at__lt=row.activated_at, networks=linear.network_versions()
    )
    return earlier.order_by("-activated_at").first()


def _require_fit(row: HeadVersion) -> None:
    if not head_versions.fits(row):
        raise VersionRefused(
            gettext(
                "Version %(version)s was made for networks that the site does not ship any more. "
                "Make a new one with manage.py train_from_decisions."
            )
            % {"version": row.version}
        )


def _activate(row: HeadVersion, state: HeadState, *, actor: User, **columns: User) -> None:
    _require_fit(row)
    before = active()
    if before is not None:
        _move(before, (HeadState.ACTIVE,), HeadState.RETIRED)
    _move(row, (state,), HeadState.ACTIVE, activated_at=timezone.now(), **columns)
    _forget_trial(row)
    proposed_by = f"user:{row.proposed_by_id}"
    _record(
        "learning.activated", row, actor, {"before": before.version if before else SHIPPED, "proposed_by": proposed_by}
    )


def _move(row: HeadVersion, before: tuple[HeadState, ...], after: HeadState, **columns: object) -> None:
    """One transition, if nobody else was faster. The caller holds a transaction."""
    if not HeadVersion.objects.filter(pk=row.pk, state__in=before).update(state=after, **columns):
        raise VersionRefused(
            gettext("Version %(version)s is not in that state any more. Reload the page.") % {"version": row.version}
        )
    row.refresh_from_db()
    transaction.on_commit(head_versions.forget)


def _forget_trial(row: HeadVersion) -> None:
    """Deletes the scores of texts that passed unmarked. Only this version in shadow had them stored."""
    Assessment.objects.filter(trial_version=row.version, action=RuleAction.ALLOW, level__in=("", "grief")).delete()


def _require_owner(owner: User) -> None:
    if not owner.is_owner:
        raise PermissionDenied(gettext("Only the owner changes what the filter judges by."))


def _require_second(row: HeadVersion, reviewer: User) -> None:
    if not restrictions.may_review(reviewer) or reviewer.pk == row.proposed_by_id:
        raise PermissionDenied(gettext("Another reviewer than the one who proposed it must confirm it."))


def _record(action: str, row: HeadVersion, actor: User | None, data: dict[str, object]) -> None:
    audit_trail.record(action=action, subject=f"heads:{row.version}", actor=actor, data=data)
