"""What the guardian of a person under 18 has set, at work (compliance CN5).

The time and the messages of a day are counted where a reply of a persona becomes owed, in pages and in /v1/. So a
message in a crisis, which the site answers, is never refused, and counts as none. `personas.access` asks which personas
are left.

    LimitReached            a quotas.QuotaExceeded, so every door that knows quotas shows it
"""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.contacts import guardians
from accounts.models import Guardian, User
from accounts.usage import quotas, sittings

_DAY = timedelta(days=1)
_PART = "guardian"  # of the quota of messages


class LimitReached(quotas.QuotaExceeded):
    """The guardian's limit of today is reached. `sentence` says which, about {name}, {limit} and {time}."""

    def __init__(self, sentence: str, *, guardian: Guardian, limit: int, retry_after: timedelta) -> None:
        self.kind = "messages"
        self.retry_after = retry_after
        time = sittings.in_words(retry_after)
        self.user_message = f"{sentence.format(name=guardian.name, limit=limit, time=time)} {where_help_is()}"
        Exception.__init__(self, self.user_message)


def where_help_is() -> str:
    """A sentence beside each refusal by a guardian's limit: these never close the way to help."""
    return _("If you need somebody to talk to now, the help lines are here: {address}").format(
        address=f"{settings.SITE_URL}/safety/help/"
    )


def spend(user: User, amount: int = 1) -> None:
    """Counts `amount` replies, and this moment as one of use. Raises LimitReached."""
    guardian = guardians.of(user)
    if guardian is None:
        return
    if guardian.minutes_per_day is not None:
        _spend_time(user, guardian, guardian.minutes_per_day)
    if guardian.messages_per_day is not None:
        _spend_messages(user, guardian, guardian.messages_per_day, amount)


def _spend_time(user: User, guardian: Guardian, minutes: int) -> None:
    now = timezone.now()
    sittings.touch(user, now)  # a program under /v1/ gives no other sign of use
    if sittings.own_time(user).today >= timedelta(minutes=minutes):
        sentence = _(
            "{name}, your guardian, has set {limit} minutes a day for you here, and today’s are used up. You can go on "
            "in {time}. Your conversations stay as they are."
        )
        raise LimitReached(sentence, guardian=guardian, limit=minutes, retry_after=sittings.next_day(now) - now)


def _spend_messages(user: User, guardian: Guardian, most: int, amount: int) -> None:
    try:
        quotas.spend(user=user, kind="messages", amount=amount, part=_PART, of=(most, _DAY))
    except quotas.QuotaExceeded as error:
        sentence = _(
            "{name}, your guardian, has set {limit} messages a day for you here, and today’s are used up. You can go "
            "on in {time}. Your conversations stay as they are."
        )
        raise LimitReached(sentence, guardian=guardian, limit=most, retry_after=error.retry_after) from None
