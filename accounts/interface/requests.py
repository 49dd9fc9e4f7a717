"""Requests in views: their types, and whether a person sees the answer."""

from django.http import HttpRequest

from accounts.models import User


class SignedIn(HttpRequest):
    """A request that `login_required` let through."""

    user: User


def is_seen(request: HttpRequest) -> bool:
    """Whether a tab shows the answer. Scripts fetch pages too, and browsers fetch them ahead.

    Browsers send `Sec-Fetch-Dest` to HTTPS and localhost only; without it, the answer counts as seen.
    """
    is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    return is_page and not request.headers.get("Sec-Purpose", "")
