"""Who may do what: a role, and the flags of Django's admin that follow from it."""

from collections.abc import Iterable

from django.contrib.auth.models import Permission
from django.db import transaction

from accounts.models import Role, User

# What a moderator may look at in the admin; decisions are taken in /moderation/, through its doors.
_MODERATOR_SEES = {
    "moderation": ["action", "assessment", "auditentry", "case", "policy", "restriction", "rule"],
}


@transaction.atomic
def give(user: User, role: Role | str) -> None:
    """Makes `user` a user, moderator or owner. Raises ValueError for any other role."""
    user.role = Role(role)
    user.is_staff = user.is_moderator
    user.is_superuser = user.is_owner
    user.save(update_fields=["role", "is_staff", "is_superuser"])
    user.user_permissions.set(_moderator_permissions() if user.role == Role.MODERATOR else ())


def _moderator_permissions() -> Iterable[Permission]:
    wanted = [(app, f"view_{model}") for app, models in _MODERATOR_SEES.items() for model in models]
    return [
        permission
        for permission in Permission.objects.filter(content_type__app_label__in=_MODERATOR_SEES).select_related(
            "content_type"
        )
        if (permission.content_type.app_label, permission.codename) in wanted
    ]
