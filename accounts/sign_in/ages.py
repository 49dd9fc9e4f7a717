"""Who is old enough for this site, by their date of birth (compliance H4, IT1).

The date is asked once and neutrally: nothing on the page tells which answer is accepted. `record` is the only door
that a person has, and it writes it once. A sign-up that is too young is refused for a day, also from a new window.

Covered: another answer from the same browser, and from a private window or another browser profile at the same
network address with the same browser name. Not covered: another device at another address, and a false date at the
first try. The refusal does not depend on the e-mail address, because then strangers could find out who was refused.
"""

import logging
from datetime import date, timedelta

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac

from accounts.models import User

logger = logging.getLogger(__name__)

ADULT = 18
ELDER = 60
COOL_OFF = timedelta(days=1)
_COOKIE = "device"


def age(birth_date: date, *, on: date) -> int:
    """Whole years. Somebody born on 29 February grows older on 1 March of other years."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def is_old_enough(birth_date: date) -> bool:
    return age(birth_date, on=timezone.localdate()) >= settings.MINIMUM_AGE


def is_minor(user: User) -> bool:
    """Whether the rules for minors apply. An account of before the question has declared that its person is 18."""
    return user.birth_date is not None and age(user.birth_date, on=timezone.localdate()) < ADULT


def is_elder(user: User) -> bool:
    """Whether the person is 60 or over, as Chinese law counts elderly people."""
    return user.birth_date is not None and age(user.birth_date, on=timezone.localdate()) >= ELDER


def is_admitted(user: User) -> bool:
    """Whether the person may use the site, as far as their age is known."""
    return user.birth_date is None or is_old_enough(user.birth_date)


def record(*, user: User, birth_date: date) -> bool:
    """Stores the date of birth. False if the account has one already, which stays."""
    is_first = User.objects.filter(pk=user.pk, birth_date=None).update(birth_date=birth_date) == 1
    user.refresh_from_db(fields=["birth_date"])
    return is_first


def correct(*, user: User, birth_date: date) -> None:
    """Replaces a wrong date for the operator, who has asked for a proof. No page does this."""
    User.objects.filter(pk=user.pk).update(birth_date=birth_date)
    logger.info("birth_date.corrected", extra={"user": user.pk})


def is_cooling_off(request: HttpRequest) -> bool:
    """Whether a sign-up from this device was refused within the last day."""
    return bool(cache.get_many(_keys(request)))


def begin_cool_off(request: HttpRequest, response: HttpResponseBase) -> None:
    """Refuses further sign-ups from this device for a day. The server keeps digests, and no date or address."""
    device = request.COOKIES.get(_COOKIE) or get_random_string(32)
    keys = {*_keys(request), _key(_COOKIE, device)}
    cache.set_many(dict.fromkeys(keys, True), timeout=COOL_OFF.total_seconds())
    response.set_cookie(
        _COOKIE, device, max_age=COOL_OFF, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def _keys(request: HttpRequest) -> list[str]:
    place = f"{get_adapter().get_client_ip(request)} {request.headers.get('User-Agent', '')}"
    device = request.COOKIES.get(_COOKIE)
    return [_key("place", place), *([_key(_COOKIE, device)] if device else [])]


def _key(kind: str, value: str) -> str:
    return f"age:{kind}:{salted_hmac('accounts.ages', value, algorithm='sha256').hexdigest()}"
