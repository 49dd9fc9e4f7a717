"""Types of requests in views."""

from django.http import HttpRequest

from accounts.models import User


class SignedIn(HttpRequest):
    """A request that `login_required` let through."""

    user: User
