"""Limits how much of each kind a person may use, in the fixed windows of `settings.QUOTAS`.

The owner's messages are counted and never refused, because that limit protects a site from its guests. A part with
its own limit, such as an API key, keeps that limit, also if the owner holds it.

A window begins at a whole multiple of its length since the epoch (UTC), so all processes agree
on its start. QuotaExceeded is the only error.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Case, F, Q, When
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Quota, User

Limit = tuple[int, timedelta]  # amount, window

LONGEST = timedelta(days=2)  # a counter is kept for this long; no window is longer
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WINDOWS = {timedelta(minutes=1): _("minute"), timedelta(hours=1): _("hour"), timedelta(days=1): _("day")}
# Of each kind, its name and its name after a number.
_KINDS = {
    "messages": (_("Messages"), _("messages")),
    "conversations": (_("Conversations"), _("conversations")),
    "uploads": (_("Uploads"), _("uploads")),
    "fine-tunes": (_("Fine-tunes"), _("fine-tunes")),
    "audits": (_("Audits"), _("audits")),
    "tokens": (_("Tokens"), _("tokens")),
}


class QuotaExceeded(Exception):
    """The limit of this window is reached. `retry_after` is the time until the next window begins."""

    def __init__(self, *, kind: str, amount: int, limit: int, window: timedelta, retry_after: timedelta) -> None:
        self.kind = kind
        self.retry_after = retry_after
        if amount > limit:
            text = gettext("That needs {amount} {kind}; the limit is {limit} per {window}.")
        else:
            text = gettext("You have reached the limit of {limit} {kind} per {window}. You can go on in {time}.")
        self.user_message = text.format(
            amount=amount,
            kind=_KINDS[kind][1],
            limit=limit,
            window=_per(window),
            time=_in_words(retry_after),
        )
        super().__init__(self.user_message)


@dataclass(frozen=True)
class Meter:
    """How much of one kind a person has used, for the account page."""

    kind: str
    label: str
    used: int
    limit: int | None  # None: no limit
    per: str  # hour, day, …
    resets_at: datetime


def check(*, user: User, kind: str, amount: int = 1, part: str = "", of: Limit | None = None) -> None:
    """Raises QuotaExceeded if `amount` more would not fit, and changes nothing. Only `spend` counts the amount.

    A `part` of a person's use, such as that of one API key, is counted separately, against its own limit `of`.
    """
    limit, window = of or settings.QUOTAS[kind]
    start = _window_start(window)
    if of is None and _is_unlimited(user, kind):
        return
    if _used(user, _counter(kind, part), start) + amount > limit:
        raise _exceeded(kind, amount, start, (limit, window))


def spend(*, user: User, kind: str, amount: int = 1, part: str = "", of: Limit | None = None) -> None:
    """Counts `amount` as used, or raises QuotaExceeded and counts nothing.

    Two requests at once cannot pass the limit together: the condition is part of the UPDATE, and
    PostgreSQL evaluates it again after it waited for the row. A rollback of the caller's
    transaction also takes back the amount.
    """
    limit, window = of or settings.QUOTAS[kind]
    start = _window_start(window)
    if of is None and _is_unlimited(user, kind):
        return note(user=user, kind=kind, amount=amount, part=part)
    fits = Q(used__lte=limit - amount)
    if amount > limit or not _add(user, _counter(kind, part), amount, start, fits):
        raise _exceeded(kind, amount, start, (limit, window))


def note(*, user: User, kind: str, amount: int, part: str = "", of: Limit | None = None) -> None:
    """Counts an amount that was already used, also past the limit: the cost of a reply is known only at its end."""
    _, window = of or settings.QUOTAS[kind]
    _add(user, _counter(kind, part), amount, _window_start(window), Q())


def hold(*, user: User, kind: str) -> None:
    """Locks the counter until the caller's transaction ends, so that the person's requests run one by one from here."""
    list(Quota.objects.select_for_update().filter(user=user, kind=kind))


def _is_unlimited(user: User, kind: str) -> bool:
    return kind == "messages" and user.is_owner


def _add(user: User, counter: str, amount: int, start: datetime, fits: Q) -> bool:
    is_old = Q(window_start__lt=start)
    fitting = Quota.objects.filter(is_old | fits if fits else Q(), user=user, kind=counter)
    changes = {
        "used": Case(When(is_old, then=amount), default=F("used") + amount),
        "window_start": Case(When(is_old, then=start), default=F("window_start")),
    }
    if fitting.update(**changes):
        return True
    Quota.objects.get_or_create(user=user, kind=counter, defaults={"window_start": start})
    return bool(fitting.update(**changes))


def _counter(kind: str, part: str) -> str:
    return f"{kind}:{part}" if part else kind


def meters(user: User) -> list[Meter]:
    """One meter per kind, in the order of the settings."""
    return [
        Meter(
            kind=kind,
            label=str(_KINDS[kind][0]),
            used=_used(user, kind, start),
            limit=None if _is_unlimited(user, kind) else limit,
            per=_per(window),
            resets_at=start + window,
        )
        for kind, (limit, window) in settings.QUOTAS.items()
        for start in [_window_start(window)]
    ]


def _window_start(window: timedelta) -> datetime:
    now = timezone.now()
    return now - (now - _EPOCH) % window


def _used(user: User, kind: str, start: datetime) -> int:
    used = Quota.objects.filter(user=user, kind=kind, window_start__gte=start).values_list("used", flat=True).first()
    return used or 0


def _exceeded(kind: str, amount: int, start: datetime, of: Limit) -> QuotaExceeded:
    limit, window = of
    # The window may have ended since the check; a retry is then possible at once.
    retry_after = max(start + window - timezone.now(), timedelta(seconds=1))
    return QuotaExceeded(kind=kind, amount=amount, limit=limit, window=window, retry_after=retry_after)


def _per(window: timedelta) -> str:
    return str(_WINDOWS.get(window) or _in_words(window))


def _in_words(span: timedelta) -> str:
    """The span in the largest fitting unit, rounded up: 1 minute, 23 minutes, 5 hours."""
    seconds = span.total_seconds()
    if seconds >= 86400:
        count = -int(-seconds // 86400)
        return ngettext("{count} day", "{count} days", count).format(count=count)
    if seconds >= 3600:
        count = -int(-seconds // 3600)
        return ngettext("{count} hour", "{count} hours", count).format(count=count)
    if seconds >= 60:
        count = -int(-seconds // 60)
        return ngettext("{count} minute", "{count} minutes", count).format(count=count)
    count = -int(-seconds // 1)
    return ngettext("{count} second", "{count} seconds", count).format(count=count)
