"""What a view knows of the person behind a request."""

from django.http import HttpRequest

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """The person behind a view that `login_required` guards."""
    assert isinstance(request.user, User)
    return request.user
