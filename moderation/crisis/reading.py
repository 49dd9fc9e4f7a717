"""What the patterns and the model together say about a person's newest message.

The higher step counts, so the model never lowers a step of the patterns. Where it is sure that there is no crisis, and
the patterns see none, the scores that rise with talk of death do not withhold the message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moderation.categories import Category
from moderation.crisis import ladder
from moderation.crisis.recognition import Recognition, recogniser
from moderation.evasion import forms

# The categories that rise where people tell of somebody's death or attempt.
_SELF_HARM = frozenset({Category.SELF_HARM, Category.SELF_HARM_INTENT, Category.SELF_HARM_INSTRUCTIONS})
_OF_SURVIVORS = _SELF_HARM | {Category.VIOLENCE, Category.VIOLENCE_GRAPHIC, Category.HATE_THREATENING}


@dataclass(frozen=True)
class Reading:
    step: str  # as in ladder.LEVELS
    not_meant: frozenset[Category] = frozenset()  # categories whose scores must not withhold this message

    def meant(self, probabilities: Mapping[str, float]) -> dict[str, float]:
        """The scores on which the policy may decide."""
        return {category: value for category, value in probabilities.items() if category not in self.not_meant}


NOTHING = Reading("")  # of a text that no person wrote


def read(talks: Sequence[Sequence[str]]) -> list[Reading]:
    """For each talk (one person's messages, the newest last), its last message. Raises ClassifierUnavailable.

    The message is read as it stands and without its disguises. The graver reading counts.
    """
    variants = [[talk, *([*talk[:-1], form] for form in forms.undisguised(talk[-1]))] for talk in talks]
    recognitions = iter(recogniser().recognise([talk for of_talk in variants for talk in of_talk]))
    return [_gravest([_reading(talk[-1], next(recognitions)) for talk in of_talk]) for of_talk in variants]


def _gravest(readings: Sequence[Reading]) -> Reading:
    step = ladder.highest(reading.step for reading in readings)
    return Reading(step, frozenset.intersection(*(reading.not_meant for reading in readings)))


def _reading(text: str, recognition: Recognition) -> Reading:
    by_patterns = ladder.level(text)
    step = ladder.highest((by_patterns, recognition.step))
    if ladder.is_for_the_site(step) or not recognition.is_calm:
        return Reading(step)
    # Short texts without a word of grief may look like grief to the model, so the patterns must agree.
    is_grief = recognition.is_grief and ladder.is_at_least(by_patterns, "grief")
    return Reading(step, _OF_SURVIVORS if is_grief else _SELF_HARM)


def load() -> None:
    """Loads the model, so that no message waits for it. Raises ClassifierUnavailable."""
    recogniser().load()


def version() -> str:
    """Raises ClassifierUnavailable."""
    return recogniser().version
