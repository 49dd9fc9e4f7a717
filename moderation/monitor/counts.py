"""Stores how often cues were seen, for each conversation and day, and reads them as `Days`.

Each turn counts once, also when its branch is read again. The rows are numbers and ids. `forget` deletes them with
their conversation, and `forget_old` deletes what is older than KEPT days.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from moderation.models import CountedTurns, DailyCue
from moderation.monitor.days import KEPT, Days, Seen, day_of
from moderation.monitor.signals.base import Scored

_REMEMBERED = 200  # counted turns of a conversation whose ids are kept


def lock(user: User, conversation_id: UUID) -> CountedTurns:
    """Which turns are counted. Inside the caller's transaction, nobody else counts this conversation."""
    CountedTurns.objects.get_or_create(conversation_id=conversation_id, defaults={"user": user})
    return CountedTurns.objects.select_for_update().get(conversation_id=conversation_id)


def new_turns(counted: CountedTurns, turns: Sequence[Scored]) -> list[Scored]:
    known, until = set(counted.message_ids), counted.counted_until
    return [
        scored
        for scored in turns
        if str(scored.turn.message_id) not in known and (until is None or scored.turn.at > until)
    ]


def add(counted: CountedTurns, turns: Sequence[Scored]) -> None:
    """Counts the cues of new turns. The caller holds the lock."""
    _count(counted, [(day_of(scored.turn.at), cue, scored.turn.message_id) for scored in turns for cue in scored.cues])
    message_ids = counted.message_ids + [str(scored.turn.message_id) for scored in turns]
    if len(message_ids) > _REMEMBERED:
        counted.counted_until = min(scored.turn.at for scored in turns) - timedelta(microseconds=1)
        message_ids = message_ids[-_REMEMBERED:]
    counted.message_ids = message_ids
    counted.save(update_fields=["message_ids", "counted_until"])


def add_told(counted: CountedTurns, signals: Iterable[str], today: date, message_id: UUID) -> None:
    """Remembers that a case was told of these signals today."""
    _count(counted, [(today, told(signal), message_id) for signal in signals])


def told(signal: str) -> str:
    return f"told:{signal}"


def days_of(user: User, conversation_id: UUID, today: date) -> tuple[Days, Days]:
    """The last days of the conversation, and of all conversations of the person."""
    rows = DailyCue.objects.filter(user=user, day__gt=today - timedelta(days=KEPT), day__lte=today)
    talk: dict[str, dict[date, Seen]] = defaultdict(dict)
    person: dict[str, dict[date, Seen]] = defaultdict(dict)
    for row_id, day, cue, count, message_id in rows.values_list("conversation_id", "day", "cue", "count", "message_id"):
        others = person[cue].get(day, Seen(0)).count
        person[cue][day] = Seen(others + count, message_id)
        if row_id == conversation_id:
            talk[cue][day] = Seen(count, message_id)
    return Days(today, talk), Days(today, person)


def forget(conversation_id: UUID) -> None:
    DailyCue.objects.filter(conversation_id=conversation_id).delete()
    CountedTurns.objects.filter(conversation_id=conversation_id).delete()


def forget_old() -> None:
    DailyCue.objects.filter(day__lte=day_of(timezone.now()) - timedelta(days=KEPT)).delete()
    CountedTurns.objects.exclude(conversation_id__in=DailyCue.objects.values("conversation_id")).delete()


def tallied(turns: Iterable[Scored], today: date) -> Days:
    """The cues of these turns alone, for a conversation that is not stored."""
    seen: dict[str, dict[date, Seen]] = defaultdict(dict)
    for scored in turns:
        day = day_of(scored.turn.at)
        for cue in scored.cues:
            seen[cue][day] = Seen(seen[cue].get(day, Seen(0)).count + 1, scored.turn.message_id)
    return Days(today, seen)


def _count(counted: CountedTurns, cues: Sequence[tuple[date, str, UUID]]) -> None:
    owner = {"user_id": counted.user_id, "conversation_id": counted.conversation_id}
    stored = DailyCue.objects.filter(**owner, day__in={day for day, _, _ in cues})
    rows = {(row.day, row.cue): row for row in stored}
    for day, cue, message_id in cues:
        row = rows.setdefault((day, cue), DailyCue(**owner, day=day, cue=cue, count=0))
        row.count, row.message_id = row.count + 1, message_id
    DailyCue.objects.bulk_create([row for row in rows.values() if row.pk is None])
    DailyCue.objects.bulk_update([row for row in rows.values() if row.pk is not None], ["count", "message_id"])
