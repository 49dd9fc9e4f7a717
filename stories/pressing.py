"""Performs a form once, also when its button is pressed twice.

Each form that a page shows has a key of its own (`{% press_once %}`). The same form sent again waits until the first
one is done, and leads to the same page. A form that was refused may be sent again.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import uuid4

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from redis.exceptions import LockError

from accounts.interface.requests import SignedIn
from persona_site.redis import connection

P = ParamSpec("P")

_NAME = "press"
_LONGEST = timedelta(minutes=2)  # of a form; judging its words takes seconds
_KEPT = timedelta(hours=1)


def field() -> SafeString:
    return format_html('<input type="hidden" name="{}" value="{}">', _NAME, uuid4())


def once(view: Callable[Concatenate[SignedIn, P], HttpResponse]) -> Callable[Concatenate[SignedIn, P], HttpResponse]:
    """The view, which redirects when its form is done. A form without a key is performed each time."""

    @wraps(view)
    def performed(request: SignedIn, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if _NAME not in request.POST:
            return view(request, *args, **kwargs)
        key = _key(request)
        lock = connection().lock(f"{key}:lock", timeout=_LONGEST.total_seconds())
        lock.acquire(blocking_timeout=_LONGEST.total_seconds())
        try:
            if (done := cast("bytes | None", connection().get(key))) is not None:
                return redirect(done.decode())
            response = view(request, *args, **kwargs)
            if isinstance(response, HttpResponseRedirect):
                connection().set(key, response.url, ex=_KEPT)
            return response
        finally:
            with suppress(LockError):  # it took longer than any form
                lock.release()

    return performed


def _key(request: SignedIn) -> str:
    """Of the person, the address and every value: what is changed before it is sent again is another form."""
    sent = repr((request.user.pk, request.path, sorted(request.POST.lists())))
    return f"pressed:{hashlib.sha256(sent.encode('utf-8', 'surrogatepass')).hexdigest()}"
