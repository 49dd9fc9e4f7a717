"""The turns of a talk that a client sends: which of them are new here, and which the filter has withheld before.

A client sends the whole talk with every request. A turn is judged when it is new, and then marked. If a withheld turn
is sent again, it is left out of the model's prompt, like a withheld message on the site, so the person can go on. The
person's newest turn and every instruction count as new in each request, because they are answered now.

A mark is a keyed digest of the turn's text. It is kept for a day after the last request, under the person and the
model, and not under the talk. A client that drops its oldest turns to fit a window begins another talk with each
request; with marks under the talk, a crisis that stays in the window would be answered again and again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.models import User
from api.jobs import Said
from moderation import user_turns
from moderation.monitor import signals
from persona_site.redis import connection

# The newest turns of a talk, which are judged and put into the prompt. Older ones are left out. Their characters are
# limited to a message's length times _LENGTHS. Judging the longest talk takes seconds if all of it is new.
MOST_TURNS = 200
_LENGTHS = 8
KEPT = timedelta(days=1)
_MOST_MARKS = 20_000  # of a person and a model, where requests never rest for a day
_PASSED, _WITHHELD = b"passed", b"withheld"
_SOURCES: dict[str, user_turns.Source] = {"system": "instruction", "user": "user", "assistant": "persona"}


@dataclass(frozen=True)
class Turn:
    said: Said
    position: int  # in the talk as it was sent
    mark: str
    is_new: bool
    is_withheld: bool  # the verdict of the request in which it was new
    before: str
    earlier: tuple[str, ...]  # the person's messages before theirs, also those that the site answered

    @property
    def to_judge(self) -> user_turns.Turn:
        return user_turns.Turn(self.said.text, self.before, self.earlier, _SOURCES[self.said.role])


def read(user: User, model_id: UUID, talk: Sequence[Said]) -> list[Turn]:
    """The newest turns of a talk, and all of its instructions, in order."""
    positions = _newest(talk)
    marks = _marks([talk[position] for position in positions])
    outcomes = dict(zip(marks, connection().hmget(_key(user, model_id), marks), strict=True)) if marks else {}
    last = max((position for position in positions if talk[position].role == "user"), default=-1)
    turns: list[Turn] = []
    earlier_texts: list[str] = []
    own_texts: list[str] = []
    for position, mark in zip(positions, marks, strict=True):
        sent_turn = talk[position]
        is_new = sent_turn.role == "system" or position == last or outcomes[mark] is None
        is_withheld = not is_new and outcomes[mark] == _WITHHELD
        # The turn may continue the two turns before it, so the filter gets their end.
        before = "\n".join(earlier_texts[-2:])[-signals.CHARACTERS :] if sent_turn.role == "user" else ""
        earlier = tuple(own_texts[-user_turns.EARLIER :]) if sent_turn.role == "user" else ()
        turns.append(Turn(sent_turn, position, mark, is_new, is_withheld, before, earlier))
        if sent_turn.role == "user":
            own_texts.append(sent_turn.text)
        if sent_turn.role != "system" and not is_withheld:
            earlier_texts.append(sent_turn.text)
    return turns


def mark(user: User, model_id: UUID, turns: Iterable[Turn], *, is_withheld: bool) -> None:
    """Marks these turns as judged. Too many marks end all at once, and the turns are judged once more."""
    value, key = _WITHHELD if is_withheld else _PASSED, _key(user, model_id)
    fields = [item for turn in turns for item in (turn.mark, value)]
    if fields:
        if connection().hlen(key) > _MOST_MARKS:
            connection().delete(key)
        connection().hset(key, items=fields)
        connection().expire(key, KEPT)


def _newest(talk: Sequence[Said]) -> list[int]:
    """The positions of the newest turns within the limits, and of all instructions, in order."""
    positions = []
    turns = characters = 0
    for position in reversed(range(len(talk))):
        is_instruction = talk[position].role == "system"
        turns += not is_instruction
        characters += 0 if is_instruction else len(talk[position].text)
        if is_instruction or (turns <= MOST_TURNS and characters <= settings.MESSAGE_CHARACTERS * _LENGTHS):
            positions.append(position)
    return positions[::-1]


def _marks(talk: Iterable[Said]) -> list[str]:
    """A digest for each turn. A repeated text is another turn with another digest."""
    times: Counter[tuple[str, str]] = Counter()
    marks = []
    for turn in talk:
        times[turn.role, turn.text] += 1
        words = f"{turn.role}\0{times[turn.role, turn.text]}\0{turn.text}"
        marks.append(salted_hmac("api.history", words, algorithm="sha256").hexdigest()[:32])
    return marks


def _key(user: User, model_id: UUID) -> str:
    return f"api:judged:{user.pk}:{model_id}"
