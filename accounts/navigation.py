"""The template context of every page's frame, beside the request and the person."""

from django.conf import settings
from django.http import HttpRequest

from accounts import closing, disclosure


def navigation(request: HttpRequest) -> dict[str, object]:
    return {"closes_on": closing.announced, "sign_up_open": settings.SIGN_UP_OPEN, "disclosure": disclosure}
