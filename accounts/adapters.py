"""What this site changes in the account library."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from accounts import sessions
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGN_UP_OPEN)

    def set_password(self, user: User, password: str) -> None:
        """Every new password comes through here; the library keeps the session of the request at hand."""
        super().set_password(user, password)
        sessions.end_all(user)
