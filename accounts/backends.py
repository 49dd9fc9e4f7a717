"""Signs people in where several accounts may have one address.

This site must not tell whether an address has an account. While addresses need not be confirmed
(`EMAIL_VERIFICATION=optional`), a sign-up with a known address therefore creates another account beside the first.
Each account has its own password. The account that confirms the address keeps it.

Covered: answers and the number of hashes are the same for no account, for one account, and for one account with a
second that somebody created beside it as a test. Not covered: a person who creates several more accounts can count
them. `EMAIL_VERIFICATION=mandatory` prevents that too.

Every session holds the dotted name of this class. A move of this module would sign everybody out.
"""

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress

from accounts.models import User

LEAST_HASHES = 2
MOST_HASHES = 5  # otherwise many accounts with one address would slow down the sign-in of its owner


class EveryAccountOfTheAddress(AuthenticationBackend):
    """Tries the accounts that confirmed the address first, then the others, from the oldest on."""

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
