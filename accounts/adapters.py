"""What this site changes in the account library."""

import secrets

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from accounts import sessions
from accounts.models import User


def shown_name(user: User) -> str:
    """How the site names somebody to themselves, on pages and in letters."""
    return user.email


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGN_UP_OPEN)

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """A name that says nothing: one made from the address would show that another has the same."""
        user.username = f"person-{secrets.token_hex(6)}"

    def set_password(self, user: User, password: str) -> None:
        """Every new password comes through here; the library keeps the session of the request at hand."""
        super().set_password(user, password)
        sessions.end_all(user)
