"""The values that signals read, and the form of a signal.

A signal is a function from a `Watch` to findings. To add one, write the function in the file of its family, and add it
to a list in `signals/__init__.py`. A signal that needs a new cue adds a pattern to the CUES of its family.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise

from moderation.features import plain
from moderation.filter.policy import ActivePolicy, Decision
from moderation.monitor.days import Days
from moderation.talk import NOT_STORED, Finding, Speaker, Turn

Cues = Mapping[str, re.Pattern[str]]


@dataclass(frozen=True)
class Scored:
    """A turn with its scores and decision, judged alone, its crisis level behind the turns before it, and its cues."""

    turn: Turn
    probabilities: dict[str, float]  # of categories and topics
    decision: Decision
    level: str
    cues: frozenset[str]


@dataclass(frozen=True)
class Watch:
    """What the monitor knows of a conversation: its newest turns, and the cues of the last weeks in numbers."""

    turns: Sequence[Scored]
    new: Sequence[Scored]  # those of them that no look before this one has seen
    rules: ActivePolicy
    version: str
    talk: Days  # of this conversation
    person: Days  # of all conversations of this person
    dates_of_death: Sequence[tuple[int, int]] = ()  # month and day, where the persona states them

    def by(self, speaker: Speaker) -> list[Scored]:
        return [scored for scored in self.turns if scored.turn.speaker == speaker]

    def newest(self, *cues: str) -> Scored | None:
        """The newest new turn that shows any of the cues. A sign is told at the turn that completes it."""
        return next((scored for scored in reversed(self.new) if scored.cues.intersection(cues)), None)


Signal = Callable[[Watch], Iterable[Finding]]


def folded(text: str) -> str:
    """The form of a text in which the patterns of cues are matched."""
    return plain(text).replace("’", "'").replace("‘", "'")


def cues_in(text: str, cues: Cues) -> set[str]:
    return {cue for cue, pattern in cues.items() if pattern.search(text)}


def any_of(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives))


def finding(
    watch: Watch,
    scored: Scored,
    signal: str,
    category: str,
    severity: int,
    score: float,
    threshold: float,
    detail: str | Promise,
    supports: Sequence[UUID] = (),
) -> Finding:
    own_id = scored.turn.message_id
    return Finding(
        signal,
        str(category),
        severity,
        round(score, 4),
        threshold,
        own_id,
        detail,
        watch.version,
        tuple(message_id for message_id in supports if message_id not in {own_id, NOT_STORED}),
    )
