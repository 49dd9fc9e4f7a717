"""The numbers of people at which a law asks for more, and whether the site is near one (compliance CN11).

China's Interim Measures ask for a security assessment and a filing at a million registered people or at a hundred
thousand in a month.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Sitting, User

NEAR = 0.8  # of a threshold, from which the owner is told
REGISTERED, MONTHLY = 1_000_000, 100_000
_MONTH = timedelta(days=30)  # as long as sittings are kept


@dataclass(frozen=True)
class Counter:
    name: str | Promise
    count: int
    threshold: int

    @property
    def is_near(self) -> bool:
        return self.count >= NEAR * self.threshold


def is_ready() -> bool:
    """Whether the database has the tables that are counted."""
    return {User._meta.db_table, Sitting._meta.db_table} <= set(connection.introspection.table_names())


def counters() -> list[Counter]:
    month = Sitting.objects.filter(last_at__gte=timezone.now() - _MONTH)
    return [
        Counter(_("Registered people"), User.objects.filter(is_active=True).count(), REGISTERED),
        Counter(_("People in the last 30 days"), month.values("user").distinct().count(), MONTHLY),
    ]
