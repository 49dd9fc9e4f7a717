"""The crisis ladder: how near to danger the writer of a message is.

Levels follow the Columbia Suicide Severity Rating Scale (Posner et al. 2011). A wish to be dead is *passive*.
Thoughts of killing or hurting oneself, a method, or a request for instructions are *active*. A plan in motion
(means, a time, a farewell, an act begun) is *imminent*. Below these are *low* mood and *grief*. Grief brings people
here and raises no alarm.

This module uses patterns only. It needs no model, no database and no network, so it detects a crisis when
everything else is down. Covered: English and Chinese, first person, common misspellings of phones, traditional
characters (the patterns are written in simplified ones).
Not covered: other languages, metaphors without any of the words in the patterns, and irony.
"""

from collections.abc import Iterable

from django.utils.translation import pgettext_lazy

from moderation.crisis.patterns import ASKS_HOW, DENIALS, IDIOMS, LADDER, LONG_AGO, QUOTED
from moderation.features import plain
from text.words import simplified

VERSION = "1"  # of the patterns
# As people read them. The context keeps them apart from other uses of the same words, such as an active account.
NAMES = {
    "grief": pgettext_lazy("level of a crisis", "grief"),
    "low": pgettext_lazy("level of a crisis", "low"),
    "passive": pgettext_lazy("level of a crisis", "passive"),
    "active": pgettext_lazy("level of a crisis", "active"),
    "imminent": pgettext_lazy("level of a crisis", "imminent"),
}
LEVELS = ("", *NAMES)


def level(text: str) -> str:
    """The highest step of the ladder that the writer's own words reach: "" | grief | low | passive | active | imminent.

    Idioms and quotations of songs and fiction are removed first. A denial ("I am not going to kill myself") counts
    as low mood, because its writer may be near to it. An attempt of long ago counts as passive.
    """
    cleaned = _without_idioms(text)
    remaining = DENIALS.sub(" ", cleaned)
    step = next((name for name, patterns in LADDER if any(pattern.search(remaining) for pattern in patterns)), "")
    if step == "active" and LONG_AGO.search(remaining) and not ASKS_HOW.search(remaining):
        step = "passive"
    if remaining != cleaned:
        return highest((step, "low"))
    return step


def asks_how(text: str) -> bool:
    """Whether a text asks for a way to hurt oneself. The level of such a text is at least active."""
    return bool(ASKS_HOW.search(DENIALS.sub(" ", _without_idioms(text))))


def _without_idioms(text: str) -> str:
    # The patterns are written in simplified characters. The table keeps 著, which stands for 着 beside a verb.
    folded = simplified(plain(text)).replace("著", "着").replace("’", "'").replace("‘", "'")
    return QUOTED.sub(" ", IDIOMS.sub(" ", folded))


def highest(levels: Iterable[str]) -> str:
    return max(levels, key=LEVELS.index, default="")


def is_at_least(level: str, step: str) -> bool:
    return LEVELS.index(level) >= LEVELS.index(step)


def is_for_the_site(level: str) -> bool:
    """Whether the site answers at this level instead of the persona: from *passive* upward (compliance K2)."""
    return is_at_least(level, "passive")
