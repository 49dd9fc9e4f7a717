"""Checks every minute that the crisis module and the site's notices work, and alerts the owners (compliance NY4).

An alert goes out at the second failed check in a row, so within about two minutes. A worker that is only starting
causes none. Each outage causes one alert. Not covered: an outage of the general worker itself, which `manage.py up`
restarts, and which /readyz shows to a monitor outside.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail

from accounts.models import Role, User
from moderation.crisis import ladder, notices, reading
from moderation.filter import policy
from persona_site.redis import connection

logger = logging.getLogger(__name__)

_FAILURES = "safety:failures"  # failed checks in a row
_REMEMBERED = timedelta(hours=1)
_IN_CRISIS = ("I am going to kill myself tonight.", "我今晚就要自杀。")
_SUBJECT = "Afterword: the crisis module is down"
_BODY = (
    "These parts of {site} do not work: {parts}. While the filter is down, no message passes; people who write of "
    "suicide still get the help lines, from patterns alone. Look at {site}/readyz, and at the log for safety.down."
)


def watch() -> None:
    """Makes one check. Alerts the owners when an outage has lasted for two checks."""
    if down := [name for name, check in _CHECKS.items() if not _works(check)]:
        failures = connection().incr(_FAILURES)
        connection().expire(_FAILURES, _REMEMBERED)
        logger.error("safety.down", extra={"parts": down, "checks": failures})
        if failures == 2:
            _alert(down)
    elif connection().delete(_FAILURES):
        logger.info("safety.works_again")


def _works(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception as error:  # every failure of a part is an outage
        logger.warning("safety.check_failed", extra={"error": type(error).__name__})
        return False


def _patterns() -> bool:
    return all(ladder.is_for_the_site(ladder.level(text)) for text in _IN_CRISIS)


def _model() -> bool:
    return all(ladder.is_for_the_site(found.step) for found in reading.read([[text] for text in _IN_CRISIS]))


def _notices() -> bool:
    shown = [notices.notice(country="", language=language, level="active") for language in ("en", "zh")]
    return all(notice.text and notice.resources for notice in shown)


def _policy() -> bool:
    return bool(policy.active().rules)


_CHECKS: dict[str, Callable[[], bool]] = {
    "crisis patterns": _patterns,
    "crisis model": _model,
    "crisis notices": _notices,
    "policy": _policy,
}


def _alert(parts: list[str]) -> None:
    owners = User.objects.filter(role=Role.OWNER, is_active=True).exclude(email__endswith="@localhost")
    addresses = list(owners.values_list("email", flat=True))
    body = _BODY.format(site=settings.SITE_URL, parts=", ".join(parts))
    send_mail(_SUBJECT, body, None, addresses)
    logger.warning("safety.alerted", extra={"owners": len(addresses)})
