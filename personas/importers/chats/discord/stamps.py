"""Times as DiscordChatExporter writes them for people: by the customs of the language that it was set to."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from django.utils.translation import gettext

from personas.importers.syntax import export_values
from personas.importers.times import date_order, dates, long_dates
from personas.importers.times.date_order import DateOrder, SampleDate

_NUMBERS = re.compile(r"(\d{1,4})([./-])\s?(\d{1,2})[./-]\s?(\d{1,4})\.?")
_NAMED = re.compile(r"(\d{1,2})[-. ]([^\W\d_]{3,10})\.?[-. ](\d{2,4})")
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?!\d|\.\d)")
_EVENING = re.compile(r"\bp\.?\s?m\b|下午|午後|오후", re.IGNORECASE)
_MORNING = re.compile(r"\ba\.?\s?m\b|上午|午前|오전", re.IGNORECASE)
_LONGEST = 80


class Stamps:
    """Learns the order of day and month from all stamps of a file, then reads them."""

    def __init__(self) -> None:
        self._order = DateOrder()
        self._sample: SampleDate | None = None
        self._chosen = ""

    def see(self, stamp: str) -> None:
        match = _NUMBERS.search(stamp[:_LONGEST])
        if match is None:
            return
        fields = (int(match[1]), int(match[3]), int(match[4]))
        self._order.see(fields)
        is_american = match[2] == "/" and bool(_EVENING.search(stamp[:_LONGEST]) or _MORNING.search(stamp[:_LONGEST]))
        if self._sample is None or is_american:
            self._sample = SampleDate(match[2], fields[0] > 31, fields[2] > 99, is_american)

    def decide(self) -> str:
        """The remark for the person if the order had to be guessed, or ""."""
        if self._sample is None:
            return ""
        self._chosen, is_guessed = self._order.decide(self._sample)
        if not is_guessed:
            return ""
        return gettext("The dates were read as %(order)s; the file does not say.") % {"order": gettext(self._chosen)}

    def moment(self, stamp: str) -> datetime | None:
        stamp = stamp.strip()
        if len(stamp) > _LONGEST:
            return None
        if (exact := export_values.iso(stamp)) is not None:
            return exact
        day = _day(stamp, self._chosen)
        return _at(day, stamp) if day else long_dates.moment(stamp)


@lru_cache(maxsize=4096)
def _day(stamp: str, order: str) -> date | None:
    if numbers := _NUMBERS.search(stamp):
        return date_order.in_order((int(numbers[1]), int(numbers[3]), int(numbers[4])), order) if order else None
    if named := _NAMED.search(stamp):
        month = dates.MONTHS.get(named[2].casefold())
        year = int(named[3])
        try:
            return date(year + 2000 if year < 100 else year, month, int(named[1])) if month else None
        except ValueError:
            return None
    return None


def _at(day: date, stamp: str) -> datetime | None:
    rest = _NUMBERS.sub(" ", stamp, count=1)
    clock = _CLOCK.search(rest)
    if clock is None:
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if hour <= 12 and (_EVENING.search(rest) or _MORNING.search(rest)):
        hour = hour % 12 + 12 * bool(_EVENING.search(rest))
    try:
        return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
