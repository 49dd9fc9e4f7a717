"""The crisis ladder: how near to danger the writer of a message is.

Levels follow the Columbia Suicide Severity Rating Scale (Posner et al. 2011): a wish to be dead is
*passive*; thoughts of killing or hurting oneself, a method, or a request for instructions are *active*; a
plan in motion (means, a time, a farewell, an act begun) is *imminent*. Below lie *low* mood, and *grief*,
which brings people here and raises no alarm.

Patterns only, on purpose: this module needs no model, no database and no network, so a crisis is still seen
when everything else is down. Covered: English and Chinese, first person, common misspellings of phones.
Not covered: other languages, metaphors without any of the words below, and irony.
"""

from collections.abc import Iterable

from moderation.crisis.patterns import ASKS_HOW, DENIALS, IDIOMS, LADDER, LONG_AGO, QUOTED
from moderation.filter.classifiers.features import plain

VERSION = "1"  # of the patterns
LEVELS = ("", "grief", "low", "passive", "active", "imminent")


def level(text: str) -> str:
    """The highest step of the ladder that the writer's own words reach: "" | grief | low | passive | active | imminent.

    Idioms and quotations of songs and fiction are taken out first; a denial ("I am not going to kill myself")
    counts as low mood, because somebody who says so may be near it; an attempt of long ago counts as passive.
    """
    cleaned = _without_idioms(text)
    remaining = DENIALS.sub(" ", cleaned)
    found = next((step for step, patterns in LADDER if any(pattern.search(remaining) for pattern in patterns)), "")
    if found == "active" and LONG_AGO.search(remaining) and not ASKS_HOW.search(remaining):
        found = "passive"
    if remaining != cleaned:
        return highest((found, "low"))
    return found


def asks_how(text: str) -> bool:
    """Whether a text asks for a way to hurt oneself; the level of such a text is at least active."""
    return bool(ASKS_HOW.search(DENIALS.sub(" ", _without_idioms(text))))


def _without_idioms(text: str) -> str:
    read = plain(text).replace("’", "'").replace("‘", "'")
    return QUOTED.sub(" ", IDIOMS.sub(" ", read))


def highest(levels: Iterable[str]) -> str:
    return max(levels, key=LEVELS.index, default="")


def is_at_least(found: str, step: str) -> bool:
    return LEVELS.index(found) >= LEVELS.index(step)


def is_for_the_site(found: str) -> bool:
    """Whether the site answers at this level, and not the persona: from a wish to be dead upward (compliance K2)."""
    return is_at_least(found, "passive")
