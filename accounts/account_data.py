"""This room's part of a person's data: the account, consents, and quotas."""

from typing import Any

from allauth.account.models import EmailAddress

from accounts.models import User


def export(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "email": user.email,
        "role": user.role,
        "country": user.country,
        "joined_at": user.date_joined,
        "last_signed_in_at": user.last_login,
        "consents": list(
            user.consents.order_by("given_at").values("kind", "text", "text_version", "subject_id", "given_at")
        ),
        "quotas": list(user.quotas.order_by("kind").values("kind", "window_start", "used")),
    }


def erase(user: User) -> None:
    """Deletes consents, quotas and addresses. A consent proves a declaration about a persona, which is erased too."""
    user.consents.all().delete()
    user.quotas.all().delete()
    EmailAddress.objects.filter(user=user).delete()
