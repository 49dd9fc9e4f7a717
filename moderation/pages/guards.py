"""The guards of the desk's pages. Only staff who are active and not suspended pass; everybody else gets 404.

Auditors read every page. What they send is refused with 403 (compliance R28).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from accounts.models import User
from moderation.desk import restrictions

View: TypeAlias = Callable[..., HttpResponse]


def desk_only(view: View) -> View:
    """Auditors may read; only moderators may send something."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not restrictions.may_read(request.user):
            raise Http404
        if request.method not in {"GET", "HEAD"} and not restrictions.may_review(request.user):
            raise PermissionDenied(gettext("An auditor changes nothing."))
        return view(request, *args, **kwargs)

    return never_cache(guarded)


def person_of(request: HttpRequest) -> User:
    """The person who is signed in. Call this only behind a guard."""
    return cast(User, request.user)
