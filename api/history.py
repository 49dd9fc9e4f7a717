"""The turns of a talk as a client sends them: which of them are new here, and which were held back before.

A client sends the whole talk with every request, so a turn is judged when it is new, and a mark is left. A turn that
was held back is left out of what the model is told when it comes again, as a message on the site is: the person can
go on. The newest turn of the person's, and every instruction, are new each time: they are what is answered now.

A mark is a keyed digest of the words, kept for a day after the last request under the person and the model, not
under the talk: a client that drops its oldest turns to fit a window begins another talk with each request, and a
crisis that stays in its window would be answered again and again.
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

# The newest of a talk that are judged and told; what is older is left out. A message's length times _LENGTHS bounds
# their characters. The longest talk costs seconds where all of it is new.
MOST_TURNS = 200
_LENGTHS = 8
_KEPT = timedelta(days=1)
_PASSED, _WITHHELD = b"passed", b"withheld"
_SOURCES: dict[str, user_turns.Source] = {"system": "instruction", "user": "user", "assistant": "persona"}


@dataclass(frozen=True)
class Turn:
    said: Said
    position: int  # in the talk as it was sent
    mark: str
    is_new: bool
    is_withheld: bool  # when it was new
    before: str

    @property
    def to_judge(self) -> user_turns.Turn:
        return user_turns.Turn(self.said.text, self.before, _SOURCES[self.said.role])


def read(user: User, model_id: UUID, talk: Sequence[Said]) -> list[Turn]:
    """The newest turns of a talk, and all of its instructions, in order."""
    positions = _newest(talk)
    marks = _marks([talk[position] for position in positions])
    outcomes = dict(zip(marks, connection().hmget(_key(user, model_id), marks), strict=True)) if marks else {}
    last = max((position for position in positions if talk[position].role == "user"), default=-1)
    turns: list[Turn] = []
    earlier_texts: list[str] = []
    for position, mark in zip(positions, marks, strict=True):
        said = talk[position]
        is_new = said.role == "system" or position == last or outcomes[mark] is None
        is_withheld = not is_new and outcomes[mark] == _WITHHELD
        # What a turn may be the continuation of: the end of the two before it.
        before = "\n".join(earlier_texts[-2:])[-signals.CHARACTERS :] if said.role == "user" else ""
        turns.append(Turn(said, position, mark, is_new, is_withheld, before))
        if said.role != "system" and not is_withheld:
            earlier_texts.append(said.text)
    return turns


def mark(user: User, model_id: UUID, turns: Iterable[Turn], *, is_withheld: bool) -> None:
    """Notes that these turns were judged."""
    value = _WITHHELD if is_withheld else _PASSED
    fields = [each for turn in turns for each in (turn.mark, value)]
    if fields:
        connection().hset(_key(user, model_id), items=fields)
        connection().expire(_key(user, model_id), _KEPT)


def _newest(talk: Sequence[Said]) -> list[int]:
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
    """A digest for each turn; the same words said again are another turn."""
    times: Counter[tuple[str, str]] = Counter()
    marks = []
    for said in talk:
        times[said.role, said.text] += 1
        words = f"{said.role}\0{times[said.role, said.text]}\0{said.text}"
        marks.append(salted_hmac("api.history", words, algorithm="sha256").hexdigest()[:32])
    return marks


def _key(user: User, model_id: UUID) -> str:
    return f"api:judged:{user.pk}:{model_id}"
