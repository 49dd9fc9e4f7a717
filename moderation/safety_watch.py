"""Checks every minute that the crisis module and the site's notices work, and alerts the owners (compliance NY4).

An alert goes out at the second failed check in a row, so within about two minutes, or at the first one after that at
which the mail server takes it. A worker that is only starting causes none. Each outage causes one alert. Not covered:
an outage of the general worker itself, which `manage.py up` restarts, and which /readyz shows to a monitor outside.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings

from accounts import mail
from accounts.models import Role, User
from moderation.crisis import self_check
from moderation.filter import policy
from persona_site.redis import connection

logger = logging.getLogger(__name__)

_FAILURES = "safety:failures"  # failed checks in a row
_ALERTED = "safety:alerted"  # the owners know of this outage
_REMEMBERED = timedelta(hours=1)
_SUBJECT = "Afterword: the crisis module is down"
_BODY = (
    "These parts of {site} do not work: {parts}. While the filter is down, no message passes; people who write of "
    "suicide still get the help lines, from patterns alone. Look at {site}/readyz, and at the log for safety.down."
)


def watch() -> None:
    """Makes one check. Alerts the owners when an outage has lasted for two checks."""
    if down := self_check.failing(_CHECKS):
        failures = connection().incr(_FAILURES)
        for key in (_FAILURES, _ALERTED):
            connection().expire(key, _REMEMBERED)
        logger.error("safety.down", extra={"parts": down, "checks": failures})
        if failures >= 2 and not connection().exists(_ALERTED) and _alert(down):
            connection().set(_ALERTED, 1, ex=_REMEMBERED)
    elif connection().delete(_FAILURES, _ALERTED):
        logger.info("safety.works_again")


def _policy() -> bool:
    return bool(policy.active().rules)


_CHECKS: dict[str, Callable[[], bool]] = {**self_check.CHECKS, "policy": _policy}


def _alert(parts: list[str]) -> bool:
    """Whether the e-mail went out. The next check tries again if it did not."""
    owners = User.objects.filter(role=Role.OWNER, is_active=True).exclude(email__endswith="@localhost")
    addresses = list(owners.values_list("email", flat=True))
    body = _BODY.format(site=settings.SITE_URL, parts=", ".join(parts))
    if addresses and not mail.is_sent(_SUBJECT, body, addresses):
        return False
    logger.warning("safety.alerted", extra={"owners": len(addresses), "mail": settings.EMAIL_BACKEND})
    return True
