"""Changes to the behaviour of the account library."""

import secrets

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from accounts.models import User
from accounts.sign_in import sessions


def shown_name(user: User) -> str:
    """The name that pages and e-mails show a person for their own account."""
    return user.email


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGN_UP_OPEN)

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """Sets a random name. A name made from the address would show that another account has the same one."""
        user.username = f"person-{secrets.token_hex(6)}"

    def set_password(self, user: User, password: str) -> None:
        """Sets the password and ends all sessions. The library keeps the session of the current request.

        Every new password comes through here.
        """
        super().set_password(user, password)
        sessions.end_all(user)
