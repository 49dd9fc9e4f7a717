"""When a persona wrote: a line of time, the hours of the day, and the days of the week."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, time

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext

from personas.portrait.findings import Evidence, Finding, Line, Series, percent
from personas.portrait.models import Section

_LEAST = 10  # dated lines
_LEAST_WEEKS = 4  # in fewer, a day of the week says nothing
_LEAST_COLUMNS = 3  # of a plot
_WINDOW = 3  # hours of the busiest part of a day
_MOST_MONTHS = 60  # a longer time is shown by years


class Times:
    """Chat exports give the clock of the phone; a diary gives days without hours, which count for no hour."""

    def __init__(self) -> None:
        self.months: Counter[tuple[int, int]] = Counter()
        self.by_month: dict[tuple[int, int], Evidence] = {}
        self.hours = [Evidence() for _ in range(24)]
        self.days = [Evidence() for _ in WEEKDAYS]
        self.all = Evidence()

    def read(self, line: Line) -> None:
        if line.sent_at is None:
            return
        self.all.add(line)
        month = (line.sent_at.year, line.sent_at.month)
        self.months[month] += 1
        self.by_month.setdefault(month, Evidence()).add(line)
        self.days[line.sent_at.weekday()].add(line)
        if line.sent_at.time() != time(0):
            self.hours[line.sent_at.hour].add(line)

    def findings(self) -> Iterator[Finding]:
        if self.all.count < _LEAST:
            return
        busiest = max(self.months, key=lambda month: self.months[month])
        evidence = self.by_month[busiest]
        text = gettext("The dated lines are from %(period)s. Most of them, %(count)s, are from %(month)s.") % {
            "period": self.all.period,
            "count": f"{evidence.count:,}",
            "month": date_format(date(*busiest, 1), "YEAR_MONTH_FORMAT"),
        }
        yield Finding(Section.TIME, "period", text, evidence.lines, self.all.count)
        timed = sum(hour.count for hour in self.hours)
        if timed >= _LEAST:
            yield from self._of_day(timed)
        yield from self._of_week()

    def _of_day(self, timed: int) -> Iterator[Finding]:
        def lines_from(hour: int) -> int:
            return sum(self.hours[(hour + step) % 24].count for step in range(_WINDOW))

        start = max(range(24), key=lambda hour: (lines_from(hour), self.hours[hour].count))
        text = gettext(
            "Most active from %(start)s:00 to %(end)s:00, with %(share)s of the lines, by the clock of the export."
        ) % {"start": start, "end": (start + _WINDOW) % 24, "share": percent(lines_from(start), timed)}
        yield Finding(Section.TIME, "hours", text, self.hours[start].lines, lines_from(start))

    def _of_week(self) -> Iterator[Finding]:
        busiest = max(range(7), key=lambda day: self.days[day].count)
        weeks = (self.all.until - self.all.since).days / 7 if self.all.since and self.all.until else 0
        if weeks >= _LEAST_WEEKS and self.days[busiest].count > 1.5 * self.all.count / 7:
            text = gettext("Writes most on a %(weekday)s: %(share)s of the lines.") % {
                "weekday": WEEKDAYS[busiest],
                "share": percent(self.days[busiest].count, self.all.count),
            }
            yield Finding(Section.TIME, "weekday", text, self.days[busiest].lines, self.days[busiest].count)

    def figures(self) -> dict[str, Series]:
        if self.all.count < _LEAST:
            return {}
        timed = any(hour.count for hour in self.hours)
        hours: Series = [(f"{number}:00", hour.count) for number, hour in enumerate(self.hours)] if timed else []
        over_time = self._over_time()
        return {"time": over_time if len(over_time) >= _LEAST_COLUMNS else [], "hours": hours}

    def _over_time(self) -> Series:
        """Lines in each month, or in each year of a long time, empty ones included."""
        first, last = min(self.months), max(self.months)
        count = 12 * (last[0] - first[0]) + last[1] - first[1] + 1
        if count > _MOST_MONTHS:
            years: Counter[int] = Counter()
            for (year, _), lines in self.months.items():
                years[year] += lines
            return [(str(year), years[year]) for year in range(first[0], last[0] + 1)][-200:]
        months = [divmod(12 * first[0] + first[1] - 1 + step, 12) for step in range(count)]
        return [
            (date_format(date(year, month + 1, 1), "SHORT_YEAR_MONTH_FORMAT"), self.months[year, month + 1])
            for year, month in months
        ]
