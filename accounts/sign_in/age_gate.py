"""Lets nobody past whose age is unknown or too low (compliance H4).

An account of before the question is asked at its next page. Its person has declared to be 18, so /v1/ goes on
meanwhile. The account's own pages, the help lines and the public pages stay open to everybody: a person who may not
use the site can still take their data along and erase it.
"""

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.models import User
from accounts.sign_in import ages

_OPEN = (
    "/account/",
    "/setup/",
    "/safety/",
    "/rules/",
    "/privacy/",
    "/confirm/",
    "/emergency-contact/",
    "/v1/",
    "/static/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/manifest.webmanifest",
)


class AgeGate:
    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The path comes first: `request.user` asks the database, which may be down while /healthz is asked.
        if request.path.startswith(_OPEN) or not isinstance(request.user, User):
            return self.get_response(request)
        if request.user.birth_date is None:
            wanted = {"next": request.get_full_path()} if request.method == "GET" else {}
            return redirect(f"{reverse('birth_date')}?{urlencode(wanted)}")
        if not ages.is_admitted(request.user):
            return render(request, "account/not_admitted.html", status=403)
        return self.get_response(request)
