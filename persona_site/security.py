"""Headers of every answer that Django does not set itself, and two answers that no view gives: 405 and 503."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.sign_in import hashers

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
    """Allows only this site's own files: no inline script or style, nothing from other sites (CSP level 3)."""

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
    """Keeps pages for one person out of every cache: their browser's, a proxy's, a shared computer's.

    It marks answers to requests with a session or a key, answers that begin a session, answers to forms, and every
    page under /account/. Pages for visitors stay cacheable. Static files are answered before this.
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
    # This looks at the cookie: `request.user` would ask the database, which may be down.
    cookie = settings.SESSION_COOKIE_NAME
    return (
        cookie in request.COOKIES
        or cookie in response.cookies
        or "Authorization" in request.headers
        or request.method not in {"GET", "HEAD"}
        or request.path.startswith("/account/")
    )


class ForgetAtSignOut:
    """Makes the browser clear its storage when a session ends: drafts, and copies of conversations if it keeps them.

    Every answer that ends a session removes its cookie, and this looks for that. Browsers clear their storage only on
    HTTPS and on localhost; elsewhere only js/shared/session.js does it. Cookies and caches stay as they are.
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


class WrongMethod:
    """Gives a browser a page in place of Django's empty answer 405. Programs and scripts still get the empty one."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.content or "text/html" not in request.headers.get("Accept", ""):
            return response
        page = render(request, "errors/405.html", status=405)
        page["Allow"] = response["Allow"]
        return page


class TooManyPasswords:
    """Answers 503 on every page if a password could not be hashed in time."""

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
