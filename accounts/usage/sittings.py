"""How long a person has been here, on the server's clock (compliance CA6, CN8, H3).

A sitting is a stretch of use without a longer break. Each sign of use adds the time since the last one, whatever tab or
device it came from, so several tabs count once, and a new tab begins nothing anew. Signs of use are an opened
conversation, a message, and the browser's note that its person is reading or typing. Rows are kept for KEPT.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Sitting, User

IDLE = timedelta(minutes=10)  # a longer gap between two signs of use does not count as use
BREAK = timedelta(minutes=30)  # a gap of this length ends the sitting
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class OwnTime:
    """The time that a person has spent here."""

    today: timedelta  # of a sitting over midnight, at most the time since midnight
    week: timedelta  # today and the six days before; a sitting belongs to the day on which it began


@transaction.atomic
def touch(user: User, now: datetime) -> Sitting:
    """Counts a sign of use at `now`. The person's row is locked, so that two tabs cannot count the same time twice."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    sitting = Sitting.objects.filter(user=user).order_by("-last_at").first()
    if sitting is None or now - sitting.last_at >= BREAK:
        return Sitting.objects.create(user=user, began_at=now, last_at=now)
    gap = now - sitting.last_at
    if gap > timedelta(0):  # else a clock went back
        sitting.active += gap if gap <= IDLE else timedelta(0)
        sitting.last_at = now
        sitting.save(update_fields=["active", "last_at"])
    return sitting


def is_reminder_due(sitting: Sitting, every: timedelta) -> bool:
    """Whether the sitting has had `every` of active use since its beginning or its last reminder."""
    return sitting.active - sitting.reminded_at >= every


def note_reminder(sitting: Sitting) -> None:
    Sitting.objects.filter(pk=sitting.pk).update(reminded_at=sitting.active)


def own_time(user: User) -> OwnTime:
    midnight = _midnight(timezone.now())
    today = _since(user, midnight) + _carried_over(user, midnight)
    return OwnTime(today=today, week=_since(user, midnight - timedelta(days=6)))


def next_day(now: datetime) -> datetime:
    """When the day after `now` begins, on the site's clock."""
    tomorrow = timezone.localdate(now) + timedelta(days=1)  # where the clock is set back, a day has 25 hours
    return timezone.make_aware(datetime.combine(tomorrow, time.min))


def _midnight(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0)


def _carried_over(user: User, midnight: datetime) -> timedelta:
    """What a sitting that began before midnight has had since, at most."""
    sitting = Sitting.objects.filter(user=user, began_at__lt=midnight, last_at__gt=midnight).first()
    return min(sitting.active, sitting.last_at - midnight) if sitting else timedelta(0)


def _since(user: User, start: datetime) -> timedelta:
    total: timedelta | None = Sitting.objects.filter(user=user, began_at__gte=start).aggregate(sum=Sum("active"))["sum"]
    return total or timedelta(0)


def in_words(span: timedelta) -> str:
    """1 h 20 min, 5 min, less than a minute; in the language that is spoken now."""
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    if hours and minutes:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    if hours:
        return _("{hours} h").format(hours=hours)
    return _("{minutes} min").format(minutes=minutes) if minutes else _("less than a minute")


def forget_old() -> None:
    """Deletes sittings older than KEPT."""
    Sitting.objects.filter(last_at__lt=timezone.now() - KEPT).delete()
