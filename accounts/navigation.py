"""The template context of every page's frame, beside the request and the person."""

from functools import partial

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from accounts import mail
from accounts.interface import languages, looks
from accounts.legal import closing
from accounts.sign_in import disclosure


def navigation(request: HttpRequest) -> dict[str, object]:
    return {
        "closes_on": closing.announced,
        "disclosure": disclosure,
        "looks": partial(looks.of, request),
        "script_words": languages.script_words(get_language()),
        "sends_email": mail.goes_out(),
        "sign_up_open": settings.SIGN_UP_OPEN,
    }
