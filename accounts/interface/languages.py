"""The language of the interface. People choose it at the foot of every page, and it is kept with their account.

A page speaks the language of the account. A visitor's page speaks that of the cookie which the switch sets, or else of
the browser (RFC 9110 section 12.5.4). Programs get English. Work without a request, such as a task, a websocket or an
e-mail, uses `speaking_to` with the person who will read its texts.
"""

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JSONCatalog

from accounts.models import User

_PROGRAMS = ("/v1/", "/healthz", "/readyz", "/metrics")


class Locale(LocaleMiddleware):
    """Comes after the authentication. An account without a language gets that of its first page."""

    def process_request(self, request: HttpRequest) -> None:
        # The path comes first: `request.user` asks the database, which may be down while /healthz is asked.
        if request.path.startswith(_PROGRAMS):
            translation.activate(settings.LANGUAGE_CODE)
            return
        super().process_request(request)
        if isinstance(request.user, User) and not request.user.language:
            keep(request.user, translation.get_language())
        elif isinstance(request.user, User):
            translation.activate(of(request.user))


def of(user: User) -> str:
    """The code of the person's language, in `settings.LANGUAGES`."""
    return user.language if user.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def keep(user: User, code: str) -> None:
    """Stores the language with the account. Does nothing if the site does not have it."""
    if code in dict(settings.LANGUAGES):
        user.language = code
        user.save(update_fields=["language"])


def speaking_to(user: User) -> AbstractContextManager[None]:
    """Texts that are made inside are in this person's language."""
    return translation.override(of(user))


def current() -> str:
    """The language that is spoken now, as the key of texts that are written by hand: "en" or "zh"."""
    return "zh" if translation.get_language().startswith("zh") else "en"


@cache
def script_words(code: str) -> dict[str, Any]:
    """The translations of the strings in static/js, which the page hands to js/shared/words.js. English has none."""
    if code == settings.LANGUAGE_CODE:
        return {}
    catalog = JSONCatalog()
    catalog.translation = DjangoTranslation(
        code, domain="djangojs", localedirs=[str(path) for path in settings.LOCALE_PATHS]
    )
    return catalog.get_catalog()
