"""In what order the three numbers of a file's dates stand, by the evidence of all of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from django.utils.translation import gettext_noop

_BUDDHIST = 2400  # years after this are counted from 543 BC (Thai exports)
_PERSIAN = (1369, 1480)  # years of the Persian calendar
_PERSIAN_ORDINAL = 226_143  # so that 1 Farvardin 1400 is 21 March 2021


@dataclass(frozen=True)
class SampleDate:
    """How a date is written: 6/5/23 and 2023-06-05 tell different things."""

    separator: str
    is_year_first: bool
    is_year_last: bool  # with all four digits
    is_american: bool  # 6/5/23 of an American phone, as far as its other marks tell


ORDERS = {
    gettext_noop("day, month, year"): (2, 1, 0),
    gettext_noop("month, day, year"): (2, 0, 1),
    gettext_noop("year, month, day"): (0, 1, 2),
}


@dataclass
class DateOrder:
    """Evidence for the order of day, month and year within one layout, gathered head by head."""

    possible: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(ORDERS, True))
    backwards: Counter[str] = field(default_factory=Counter)
    first: dict[str, date] = field(default_factory=dict)
    last: dict[str, date] = field(default_factory=dict)

    def see(self, fields: tuple[int, int, int]) -> None:
        for order in ORDERS:
            day = in_order(fields, order)
            if day is None:
                self.possible[order] = False
                continue
            self.first.setdefault(order, day)
            self.backwards[order] += day < self.last.get(order, day)
            self.last[order] = day

    def span(self, order: str) -> int:
        return (self.last[order] - self.first[order]).days

    def decide(self, sample: SampleDate) -> tuple[str, bool]:
        """The order, and whether it had to be guessed. `sample` is one of the dates that were seen."""
        year_first, year_last = sample.is_year_first, sample.is_year_last
        orders = [order for order in ORDERS if order in self.last]
        if year_first or year_last:
            orders = [order for order in orders if order.startswith("year") == bool(year_first)]
        orders = [order for order in orders if self.possible[order]] or orders or list(ORDERS)
        fewest = min(self.backwards[order] for order in orders)
        orders = [order for order in orders if self.backwards[order] == fewest]
        if len(orders) == 1:
            return orders[0], False
        if not fewest and all(order in self.last for order in orders):
            # People write again within days: of two orders that both run forward, the shorter chat is the likelier.
            shortest = min(self.span(order) for order in orders)
            closest = [order for order in orders if self.span(order) == shortest]
            if len(closest) == 1:
                return closest[0], self.span(max(orders, key=self.span)) < 3 * (shortest + 1)
        return _customary(orders, sample), True


def _customary(orders: list[str], sample: SampleDate) -> str:
    """What phones write where the numbers do not tell: American ones the month first, others the day."""
    wanted = ["month, day, year"] if sample.is_american else ["day, month, year"]
    if sample.separator == "-":
        wanted = ["year, month, day"]
    return next((order for order in [*wanted, *orders] if order in orders), orders[0])


@lru_cache(maxsize=4096)
def in_order(fields: tuple[int, int, int], order: str) -> date | None:
    """The date that three numbers make, or None where the calendar has none such."""
    year, month, day = (fields[index] for index in ORDERS[order])
    if year > _BUDDHIST:
        year -= 543
    if year < 100:
        year += 2000
    if _PERSIAN[0] <= year < _PERSIAN[1]:
        return _of_persian(year, month, day)
    try:
        return date(year, month, day) if 1990 <= year < 2100 else None
    except ValueError:
        return None


def _of_persian(year: int, month: int, day: int) -> date | None:
    """A date of the Persian calendar by the rule of eight leap years in 33, exact for the years that are read."""
    longest = 31 if month < 7 else 30
    if not (1 <= month <= 12 and 1 <= day <= longest):
        return None
    shifted = year + 1595  # a cycle of 33 years begins where this divides
    leap_days = shifted // 33 * 8 + (shifted % 33 + 3) // 4
    before = (month - 1) * 31 if month < 7 else 186 + (month - 7) * 30
    return date.fromordinal(_PERSIAN_ORDINAL + 365 * year + leap_days + before + day - 1)
