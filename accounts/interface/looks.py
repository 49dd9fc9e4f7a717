"""How pages look to a person: a theme and a text size.

Both are kept with the account and in a cookie of the browser. What the account says goes first. Where it says nothing,
as for a visitor, the cookie decides. The server writes the choice into the page, so no page begins in another theme.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import TextSize, Theme, User

COOKIE = "looks"
_COOKIE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Looks:
    """Values of `Theme` and `TextSize`; an empty one means: as the device says."""

    theme: str = Theme.DEVICE
    text_size: str = TextSize.NORMAL


def of(request: HttpRequest) -> Looks:
    """How the page of this request looks."""
    cookie = _read(request.COOKIES.get(COOKIE, ""))
    user = getattr(request, "user", None)  # an error before the sign-in was read has none
    if not isinstance(user, User):
        return cookie
    return Looks(theme=user.theme or cookie.theme, text_size=user.text_size or cookie.text_size)


def keep(request: HttpRequest, response: HttpResponse, looks: Looks) -> None:
    """Writes the choice to the account, if the request has one, and to the browser's cookie."""
    if isinstance(request.user, User):
        User.objects.filter(pk=request.user.pk).update(theme=looks.theme, text_size=looks.text_size)
    response.set_cookie(
        COOKIE,
        f"{looks.theme}.{looks.text_size}",
        max_age=_COOKIE_SECONDS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _read(cookie: str) -> Looks:
    """The choice in a cookie. A part that is none of ours counts as empty."""
    theme, _, text_size = cookie.partition(".")
    return Looks(
        theme=theme if theme in Theme.values else Theme.DEVICE,
        text_size=text_size if text_size in TextSize.values else TextSize.NORMAL,
    )
