"""Signing in where several accounts may have one address.

Nobody may learn from this site whether an address has an account. While addresses need not be confirmed
(`EMAIL_VERIFICATION=optional`), a sign-up with a known address therefore makes another account beside the first,
and each is signed in to with its own password. Confirming the address decides whose it is.

Covered: answers, and the number of hashes, are the same for no account, one, and one that somebody made beside it
to find out. Not covered: who makes several more can count them; `EMAIL_VERIFICATION=mandatory` closes that, too.
"""

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress

from accounts.models import User

LEAST_HASHES = 2
MOST_HASHES = 5  # so that nobody makes another person's sign-in slow with accounts of the same address


class EveryAccountOfTheAddress(AuthenticationBackend):
    """Tries the accounts that confirmed the address, then the others, the oldest first."""

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        self._did_check_password = True
        users = _candidates(email)
        for user in users:
            if self._check_password(user, password):
                return user
        for _ in range(len(users), LEAST_HASHES):
            self._mitigate_timing_attack(password)
        return None


def _candidates(email: str) -> list[User]:
    users: list[User] = filter_users_by_email(email, for_login=True)
    confirmed = set(EmailAddress.objects.filter(email=email.lower(), verified=True).values_list("user_id", flat=True))
    return sorted(users, key=lambda user: (user.pk not in confirmed, user.pk))[:MOST_HASHES]
