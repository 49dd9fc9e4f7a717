"""What every answer carries that Django does not set itself, and the answer where passwords wait too long."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import hashers

POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


class ContentSecurityPolicy:
    """Allows this site's own files only: no inline script or style, nothing from elsewhere (CSP level 3)."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response


class NoStore:
    """Keeps what is shown to one person out of every cache: their browser's, a proxy's, a shared computer's.

    Marked are all answers to a request with a session or a key, and those that begin a session, answer a form, or
    stand under /account/. What a stranger is shown stays cacheable; static files are answered before this.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if _is_personal(request, response) and "no-store" not in response.headers.get("Cache-Control", ""):
            response.headers["Cache-Control"] = "no-store"
        return response


def _is_personal(request: HttpRequest, response: HttpResponse) -> bool:
    # By the cookie, not by `request.user`: that would ask the database, which may be away.
    cookie = settings.SESSION_COOKIE_NAME
    return (
        cookie in request.COOKIES
        or cookie in response.cookies
        or "Authorization" in request.headers
        or request.method not in {"GET", "HEAD"}
        or request.path.startswith("/account/")
    )


class ForgetAtSignOut:
    """Has the browser forget what pages kept in its storage (drafts, and nothing else here) once a session has ended.

    Every end shows in the same way: the answer takes the session's cookie away. Browsers do this on HTTPS and on
    localhost only; elsewhere js/shared/session.js does it alone. Cookies and caches are left as they are.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie is not None and not cookie.value:
            response.headers["Clear-Site-Data"] = '"storage"'
        return response


class TooManyPasswords:
    """Answers 503, on whichever page, where a password could not be hashed in time."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, hashers.HashingBusy):
            return None
        context = {"seconds": round(hashers.PATIENCE_SECONDS)}
        answer = render(request, "errors/503.html", context, status=503)
        answer["Retry-After"] = str(context["seconds"])
        return answer
