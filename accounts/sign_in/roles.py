"""Rights of accounts: the role, the flags of Django's admin that follow from it, and whether an account is active.

Every change goes through one of these doors. They write it to the audit trail, with the person who made it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.sign_in import sessions

# The models that auditors and moderators can see in the admin. Moderators decide in /moderation/, through its doors.
_VISIBLE = {
    "moderation": ["action", "assessment", "auditentry", "case", "policy", "restriction", "rule"],
}


# The only right that is given separately from a role. `moderation.models.case` describes it.
_CHILD_SAFETY = ("moderation", "review_child_safety")


class Recorder(Protocol):
    """Writes one row of the audit trail. `actor` None means the site itself."""

    def __call__(self, *, action: str, subject: str, actor: User | None, data: Mapping[str, Any]) -> object: ...


_recorders: list[Recorder] = []


def record_with(recorder: Recorder) -> None:
    """Registers the audit trail, which is in a room above this one. Called in `AppConfig.ready()`."""
    _recorders.append(recorder)


@transaction.atomic
def give(user: User, role: Role | str, *, by: User | None) -> None:
    """Gives `user` a role. `by` None: the site itself. Raises ValueError for a name that is no role."""
    new, old = Role(role), _locked(user).role
    if user.user_permissions.filter(codename=_CHILD_SAFETY[1]).exists():
        let_review_child_safety(user, by=by, may=False)  # this right ends with the role, and the trail records it
    user.role = new
    user.is_staff = user.is_moderator or user.is_auditor
    user.is_superuser = user.is_owner
    user.save(update_fields=["role", "is_staff", "is_superuser"])
    user.groups.clear()
    user.user_permissions.set(_permissions_to_see() if new in {Role.AUDITOR, Role.MODERATOR} else ())
    _record("account.role_given", user, by, {"from": str(old), "to": str(new)})


@transaction.atomic
def deactivate(user: User, *, by: User | None) -> None:
    """Closes the account and ends its sessions. Erases nothing. Raises ValueError if it is the account of `by`."""
    if by is not None and by.pk == user.pk:
        raise ValueError(_("You cannot deactivate your own account."))
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        sessions.end_all(user)
        _record("account.deactivated", user, by, {})


@transaction.atomic
def reactivate(user: User, *, by: User | None) -> None:
    """Opens a deactivated account again."""
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        _record("account.reactivated", user, by, {})


@transaction.atomic
def let_review_child_safety(user: User, *, by: User | None, may: bool) -> None:
    """Gives a moderator the right to see cases of child safety, or takes it. Raises ValueError for other accounts."""
    user = _locked(user)
    if user.role != Role.MODERATOR:
        raise ValueError(_("Account {number} is not a moderator.").format(number=user.pk))
    app, codename = _CHILD_SAFETY
    permission = Permission.objects.get(content_type__app_label=app, codename=codename)
    if user.user_permissions.filter(pk=permission.pk).exists() == may:
        return
    (user.user_permissions.add if may else user.user_permissions.remove)(permission)
    _record("account.right_given" if may else "account.right_taken", user, by, {"right": f"{app}.{codename}"})


def _locked(user: User) -> User:
    """The account's row, locked until the transaction ends, so that the trail has the true former value."""
    return User.objects.select_for_update().get(pk=user.pk)


def record(*, action: str, subject: str, actor: User | None, data: Mapping[str, Any]) -> None:
    """Writes an act of a member of staff to the audit trail, for rooms that do not know it. Call this last."""
    if not _recorders:
        raise RuntimeError("No audit trail is registered, so staff may change nothing.")
    for write in _recorders:
        write(action=action, subject=subject, actor=actor, data=data)


def _record(action: str, user: User, by: User | None, data: Mapping[str, Any]) -> None:
    record(action=action, subject=f"user:{user.pk}", actor=by, data=data)


def _permissions_to_see() -> Iterable[Permission]:
    visible = [(app, f"view_{model}") for app, models in _VISIBLE.items() for model in models]
    return [
        permission
        for permission in Permission.objects.filter(content_type__app_label__in=_VISIBLE).select_related("content_type")
        if (permission.content_type.app_label, permission.codename) in visible
    ]
