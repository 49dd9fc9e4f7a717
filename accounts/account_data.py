"""This room's part of a person's data: the account, consents, and quotas."""

from typing import Any

from allauth.account.models import EmailAddress

from accounts.contacts import emergency_contact, guardians
from accounts.models import EmergencyContact, Guardian, User


def export(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "email": user.email,
        "role": user.role,
        "country": user.country,
        "language": user.language,
        "birth_date": user.birth_date,
        "theme": user.theme,
        "text_size": user.text_size,
        "joined_at": user.date_joined,
        "last_signed_in_at": user.last_login,
        "consents": list(
            user.consents.order_by("given_at").values("kind", "text", "text_version", "subject_id", "given_at")
        ),
        "emergency_contact": list(
            EmergencyContact.objects.filter(user=user).values("name", "email", "own_name", "named_at", "declined_at")
        ),
        "guardian": list(
            Guardian.objects.filter(user=user).values(
                "name",
                "email",
                "own_name",
                "named_at",
                "accepted_at",
                "declined_at",
                "minutes_per_day",
                "messages_per_day",
                "only_shipped",
                "is_alerted",
                "alerted_at",
            )
        ),
        "declined_addresses": user.declined_addresses.count(),  # which ones, nobody can read
        "sittings": list(user.sittings.order_by("began_at").values("began_at", "last_at", "active")),
        "quotas": list(user.quotas.order_by("kind").values("kind", "window_start", "used")),
    }


def erase(user: User) -> None:
    """Deletes consents, emergency contact, guardian, refusals of others, quotas, sittings and addresses.

    A consent proves a declaration about a persona, which is erased too.
    """
    user.consents.all().delete()
    emergency_contact.withdraw(user)
    guardians.erase(user)
    user.declined_addresses.all().delete()
    user.quotas.all().delete()
    user.sittings.all().delete()
    EmailAddress.objects.filter(user=user).delete()
