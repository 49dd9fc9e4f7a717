"""Cleans the text that a browser sends, before any view reads it.

Covered: the query string, form fields, names of uploaded files, cookies, and the parts of the address that become
arguments of a view. Not covered: JSON bodies of /v1/ (`api.views`) and frames of the websocket
(`chat.socket.protocol`), which are cleaned where they are parsed; other headers, because no view stores them.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from text import cleaning

Application = Callable[..., Awaitable[None]]


class CleanText:
    """Middleware. It must come before everything that reads a cookie or a form."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.encoding = "utf-8"  # as the pages use; a request may name an encoding that does not exist
        request.GET = _cleaned(request.GET)  # type: ignore[assignment]  # the stubs only know the immutable class
        request.COOKIES = _cleaned_cookies(request.COOKIES)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], arguments: Sequence[Any], named: dict[str, Any]
    ) -> None:
        for name, value in named.items():
            if isinstance(value, str):
                named[name] = cleaning.clean(value)
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):  # exempt views read no form
            request.POST = _cleaned(request.POST)  # type: ignore[assignment]  # as above
            for _, uploads in request.FILES.lists():
                for upload in uploads:
                    upload.name = cleaning.clean_line(upload.name or "") or "file"


def with_clean_cookies(inner: Application) -> Application:
    """Cleans the cookies of a websocket. It must come after channels' cookies and before its sessions."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await inner({**scope, "cookies": _cleaned_cookies(scope["cookies"])}, receive, send)

    return application


def _cleaned(fields: QueryDict) -> QueryDict:
    cleaned = QueryDict(mutable=True)
    for name, values in fields.lists():
        for value in values:
            cleaned.appendlist(cleaning.clean(name), cleaning.clean(value))
    cleaned._mutable = False
    return cleaned


def _cleaned_cookies(cookies: dict[str, str]) -> dict[str, str]:
    """Cleans names and values: a cookie in quotation marks can contain any character, written as an octal number."""
    return {cleaning.clean(name): cleaning.clean(value) for name, value in cookies.items()}
