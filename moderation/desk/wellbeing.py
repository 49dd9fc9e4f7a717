"""What a reviewer is not served: too much of the same, categories that they opted out of, and anything in a break.

Nothing here is recorded in the audit trail or shown to anybody else (compliance R35, R36, R38).
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from moderation.desk.evidence import GRAPHIC
from moderation.models import Claim, Reviewer

LONGEST_PAUSE = timedelta(days=14)


def of(moderator: User) -> Reviewer:
    return Reviewer.objects.filter(user=moderator).first() or Reviewer(user=moderator)


def opt_out(*, moderator: User, categories: Collection[str]) -> None:
    """Replaces the categories that the moderator is not served. No reason is asked for."""
    Reviewer.objects.update_or_create(user=moderator, defaults={"opted_out": sorted(set(categories))})


def pause(*, moderator: User, duration: timedelta) -> None:
    """Serves the moderator no case for this time. Raises ValueError for more than 14 days."""
    if not timedelta(0) < duration <= LONGEST_PAUSE:
        raise ValueError(gettext("A pause is longer than zero and at most 14 days."))
    Reviewer.objects.update_or_create(user=moderator, defaults={"paused_until": timezone.now() + duration})


def resume(*, moderator: User) -> None:
    Reviewer.objects.filter(user=moderator).update(paused_until=None)


def paused_until(moderator: User) -> datetime | None:
    until = of(moderator).paused_until
    return until if until is not None and until > timezone.now() else None


def break_until(moderator: User) -> datetime | None:
    """The end of the break that is due: REVIEW_BREAK after REVIEW_BREAK_AFTER of work without one."""
    now = timezone.now()
    claims = Claim.objects.filter(moderator=moderator, claimed_at__gt=now - timedelta(days=1)).order_by("-claimed_at")
    start = end = None
    for claimed_at, ended_at, until in claims.values_list("claimed_at", "ended_at", "until"):
        stopped_at = ended_at or min(until, now)
        if start is not None and start - stopped_at >= settings.REVIEW_BREAK:
            break
        start, end = claimed_at, end or stopped_at
    if start is None or end is None or end - start < settings.REVIEW_BREAK_AFTER:
        return None
    return end + settings.REVIEW_BREAK if end + settings.REVIEW_BREAK > now else None


def exhausted(moderator: User) -> frozenset[str]:
    """The graphic categories of which the moderator has had as many cases today as EXPOSURE_LIMIT allows."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    names = {f"number_{index}": category for index, category in enumerate(sorted(GRAPHIC))}
    counts = Claim.objects.filter(moderator=moderator, claimed_at__gte=midnight).aggregate(
        **{
            name: Count("pk", filter=Q(case__findings__contains=[{"category": category}]))
            for name, category in names.items()
        }
    )
    return frozenset(category for name, category in names.items() if counts[name] >= settings.EXPOSURE_LIMIT)
