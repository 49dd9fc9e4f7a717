"""Only this site's own pages can open a websocket (RFC 6455 section 10.2).

Covered: a page of another scheme, host or port cannot open a websocket with a person's cookie. Not covered: programs
can send any Origin; they still need the cookie.
"""

from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.utils.http import is_same_domain

_HTTP = {"ws": "http", "wss": "https"}
_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]  # scheme, host, port


class OwnOrigin:
    """Denies the handshake if the Origin is neither the site's own address nor a trusted one."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        inner = self.application if is_own(scope) else WebsocketDenier()
        return await inner(scope, receive, send)


def is_own(scope: Any) -> bool:
    """Whether the Origin is SITE_URL, the address of the request itself, or one of CSRF_TRUSTED_ORIGINS."""
    headers = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    origin = _parts(headers[0]) if len(headers) == 1 else None
    if origin is None:
        return False
    return origin in {_parts(settings.SITE_URL), _requested(scope)} or any(
        _matches(origin, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS
    )


def _requested(scope: Any) -> Origin | None:
    """The address that the request itself names, read as Django reads it for a page. Its host must be allowed."""
    as_page = {**scope, "type": "http", "method": "GET", "scheme": _HTTP.get(scope.get("scheme", "ws"), "http")}
    request = ASGIRequest(as_page, BytesIO())
    try:
        return _parts(f"{request.scheme}://{request.get_host()}")
    except DisallowedHost:
        return None


def _matches(origin: Origin, trusted: str) -> bool:
    """Matches as Django's CSRF check does: `https://*.example.org` covers every host below it."""
    pattern = _parts(trusted.replace("://*.", "://."))
    if pattern is None:
        return False
    return (origin[0], origin[2]) == (pattern[0], pattern[2]) and is_same_domain(origin[1], pattern[1])


def _parts(address: str) -> Origin | None:
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname and port else None
