"""The signals of the monitor, one file for each family, and the cues that a turn shows.

SIGNALS tell of single turns or of the newest turns, and name the turn again at each look. SIGNS tell that a number of
cues was reached, and are told once a week.
"""

from django.utils import timezone

from moderation.crisis import ladder
from moderation.filter.policy import Decision
from moderation.monitor import meaning
from moderation.monitor.signals import (
    anniversaries,
    attachment,
    despair,
    filtered,
    grooming,
    nights,
    persona_conduct,
    preparation,
    probing,
)
from moderation.monitor.signals.base import Signal, cues_in, folded
from moderation.monitor.signals.filtered import CHARACTERS
from moderation.remembered import Remembered
from moderation.talk import Speaker, Turn

__all__ = ["CHARACTERS", "SIGNALS", "SIGNS", "cues_of"]

SIGNALS: list[Signal] = [
    filtered.lines,
    despair.crisis_levels,
    filtered.veiled_intent,
    filtered.repeated_harassment,
    probing.repeated_attempts,
    probing.jailbreak_attempts,
    persona_conduct.asks_for_personal_data,
    persona_conduct.conduct,
]
SIGNS: list[Signal] = [
    despair.rising_hopelessness,
    despair.hopelessness_over_weeks,
    despair.sudden_calm,
    preparation.preparation,
    preparation.giving_away,
    attachment.dependency,
    attachment.isolation,
    nights.sleeplessness,
    nights.night_long,
    nights.nights_in_a_row,
    anniversaries.anniversary,
    grooming.grooming,
    grooming.age,
    probing.probing_over_weeks,
    persona_conduct.drift,
]
_USER_CUES = despair.CUES | preparation.CUES | attachment.CUES | nights.CUES | anniversaries.CUES


def cues_of(turn: Turn, *, level: str, decision: Decision, jailbreak: float) -> frozenset[str]:
    """What this one turn shows. The time is linear in its length. Raises ClassifierUnavailable."""
    cues = _cues_of_text(turn.speaker, turn.text)
    if turn.speaker == "persona":
        return cues
    if (hour := timezone.localtime(turn.at).hour) in nights.HOURS:
        cues |= {nights.HOURS[hour]}
    if probing.is_probe(decision.action, decision.category, jailbreak):
        cues |= {probing.PROBE}
    return cues | {"turn"} | _of_level(level)


# The monitor reads a turn again at each look, until forty newer ones have come.
_REMEMBERED: Remembered[frozenset[str]] = Remembered(20_000)


def _cues_of_text(speaker: Speaker, text: str) -> frozenset[str]:
    key = _REMEMBERED.key([speaker, text])
    cues = _REMEMBERED.get(key)
    if cues is None:
        plain_text = folded(text)
        if speaker == "user":
            own = cues_in(plain_text, _USER_CUES) | meaning.shown(speaker, text)
        else:
            own = persona_conduct.conduct_in(plain_text) | persona_conduct.meant_in(text)
        cues = frozenset(own | grooming.by_speaker(cues_in(plain_text, grooming.CUES), speaker))
        _REMEMBERED.put(key, cues)
    return cues


def _of_level(level: str) -> set[str]:
    if level == "grief":
        return {"grief"}
    if ladder.is_at_least(level, "passive"):
        return {"low", "dark"}
    return {"low"} if level == "low" else set()
