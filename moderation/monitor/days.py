"""How often cues were seen on each day: the numbers that the signals over weeks read instead of old turns.

A cue is what one turn shows: low mood, a word of farewell, an hour of the night. A day ends at five in the morning, so
one night belongs to one day. The site knows no person's own clock: its TIME_ZONE counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from moderation.talk import NOT_STORED

KEPT = 60  # days; older numbers are deleted
_DAY_ENDS = timedelta(hours=5)


def day_of(at: datetime) -> date:
    return (timezone.localtime(at) - _DAY_ENDS).date()


@dataclass(frozen=True)
class Seen:
    """How often a cue was seen on a day, and the newest turn that showed it."""

    count: int
    message_id: UUID = NOT_STORED


@dataclass(frozen=True)
class Days:
    """The cues of one person or one conversation up to `today`, the day of the newest turn."""

    today: date
    seen: Mapping[str, Mapping[date, Seen]]

    def total(self, cue: str, *, within: int, before: int = 0) -> int:
        """The count on the `within` days that end `before` days before today."""
        return sum(seen.count for _, seen in self._between(cue, within, before))

    def days(self, *cues: str, within: int, before: int = 0) -> list[date]:
        """The days on which any of the cues was seen, in order."""
        return sorted({day for cue in cues for day, _ in self._between(cue, within, before)})

    def turns(self, *cues: str, within: int) -> tuple[UUID, ...]:
        """The newest turn of each of these days and cues, each once, in order of time."""
        found = sorted((day, seen.message_id) for cue in cues for day, seen in self._between(cue, within, 0))
        return tuple(dict.fromkeys(message_id for _, message_id in found))

    def _between(self, cue: str, within: int, before: int) -> list[tuple[date, Seen]]:
        last = self.today - timedelta(days=before)
        first = last - timedelta(days=within - 1)
        return [(day, seen) for day, seen in self.seen.get(cue, {}).items() if first <= day <= last]


def spelled(days: Sequence[date]) -> str | Promise:
    """`2026-11-03`, or `2026-11-03 to 2026-11-09`, in the language of its reader."""
    if days[0] == days[-1]:
        return str(days[0])
    return format_lazy(gettext_lazy("{first} to {last}"), first=days[0], last=days[-1])
