"""How much of each kind a person may use, in fixed windows of `settings.QUOTAS`.

The owner's messages are counted and never refused: that limit protects a site from its guests. A part with a limit
of its own, an API key, is held to that limit whoever it belongs to.

A window begins at a whole multiple of its length since the epoch (UTC), so all processes agree
on it without a clock of their own. QuotaExceeded is the only error.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Case, F, Q, When
from django.utils import timezone

from accounts.models import Quota, User

Limit = tuple[int, timedelta]  # amount, window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WINDOWS = {timedelta(minutes=1): "minute", timedelta(hours=1): "hour", timedelta(days=1): "day"}


class QuotaExceeded(Exception):
    """Nothing is left in this window. `retry_after` is the time until the next one begins."""

    def __init__(self, *, kind: str, amount: int, limit: int, window: timedelta, retry_after: timedelta) -> None:
        self.kind = kind
        self.retry_after = retry_after
        if amount > limit:
            self.user_message = f"That needs {amount} {kind}; the limit is {limit} per {_per(window)}."
        else:
            self.user_message = (
                f"You have reached the limit of {limit} {kind} per {_per(window)}. "
                f"You can go on in {_in_words(retry_after)}."
            )
        super().__init__(self.user_message)


@dataclass(frozen=True)
class Meter:
    """What a person has used of one kind, for the account page."""

    kind: str
    used: int
    limit: int | None  # None: as much as they like
    per: str  # hour, day, …
    resets_at: datetime


def check(*, user: User, kind: str, amount: int = 1, part: str = "", of: Limit | None = None) -> None:
    """Raises QuotaExceeded if `amount` more would not fit; changes nothing. `spend` decides for good.

    A `part` of what a person uses, such as one API key's, is counted for itself, against its own limit `of`.
    """
    limit, window = of or settings.QUOTAS[kind]
    start = _window_start(window)
    if of is None and _is_unlimited(user, kind):
        return
    if _used(user, _counter(kind, part), start) + amount > limit:
        raise _exceeded(kind, amount, start, (limit, window))


def spend(*, user: User, kind: str, amount: int = 1, part: str = "", of: Limit | None = None) -> None:
    """Counts `amount` as used, or raises QuotaExceeded and counts nothing.

    Two requests at once cannot pass the limit together: the condition stands in the UPDATE itself,
    which PostgreSQL evaluates again after waiting for the row. A roll-back of the caller's
    transaction gives back what was spent.
    """
    limit, window = of or settings.QUOTAS[kind]
    start = _window_start(window)
    if of is None and _is_unlimited(user, kind):
        return note(user=user, kind=kind, amount=amount, part=part)
    fits = Q(used__lte=limit - amount)
    if amount > limit or not _add(user, _counter(kind, part), amount, start, fits):
        raise _exceeded(kind, amount, start, (limit, window))


def note(*, user: User, kind: str, amount: int, part: str = "", of: Limit | None = None) -> None:
    """Counts what was used already, past the limit too: what a reply costs is known at its end only."""
    _, window = of or settings.QUOTAS[kind]
    _add(user, _counter(kind, part), amount, _window_start(window), Q())


def _is_unlimited(user: User, kind: str) -> bool:
    return kind == "messages" and user.is_owner


def _add(user: User, counter: str, amount: int, start: datetime, fits: Q) -> bool:
    is_old = Q(window_start__lt=start)
    fitting = Quota.objects.filter(is_old | fits if fits else Q(), user=user, kind=counter)
    added = {
        "used": Case(When(is_old, then=amount), default=F("used") + amount),
        "window_start": Case(When(is_old, then=start), default=F("window_start")),
    }
    if fitting.update(**added):
        return True
    Quota.objects.get_or_create(user=user, kind=counter, defaults={"window_start": start})
    return bool(fitting.update(**added))


def _counter(kind: str, part: str) -> str:
    return f"{kind}:{part}" if part else kind


def meters(user: User) -> list[Meter]:
    """One meter per kind, in the order of the settings."""
    return [
        Meter(
            kind=kind,
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
    row = Quota.objects.filter(user=user, kind=kind, window_start__gte=start).values_list("used", flat=True).first()
    return row or 0


def _exceeded(kind: str, amount: int, start: datetime, of: Limit) -> QuotaExceeded:
    limit, window = of
    # A window may end between its start and this line; a retry is then possible at once.
    retry_after = max(start + window - timezone.now(), timedelta(seconds=1))
    return QuotaExceeded(kind=kind, amount=amount, limit=limit, window=window, retry_after=retry_after)


def _per(window: timedelta) -> str:
    return _WINDOWS.get(window, _in_words(window))


def _in_words(span: timedelta) -> str:
    """The largest fitting unit, rounded up: 1 minute, 23 minutes, 5 hours."""
    seconds = span.total_seconds()
    for name, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= length or name == "second":
            count = -int(-seconds // length)
            return f"{count} {name}{'' if count == 1 else 's'}"
    raise AssertionError("unreachable")
