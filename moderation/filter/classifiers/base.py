"""The Classifier seam: takes texts, returns a probability per category."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Category(StrEnum):
    """OpenAI's published taxonomy, with `illicit`, `pii` and `jailbreak` added."""

    HATE = "hate"
    HATE_THREATENING = "hate/threatening"
    HARASSMENT = "harassment"
    HARASSMENT_THREATENING = "harassment/threatening"
    SELF_HARM = "self-harm"
    SELF_HARM_INTENT = "self-harm/intent"
    SELF_HARM_INSTRUCTIONS = "self-harm/instructions"
    SEXUAL = "sexual"
    SEXUAL_MINORS = "sexual/minors"
    VIOLENCE = "violence"
    VIOLENCE_GRAPHIC = "violence/graphic"
    ILLICIT = "illicit"
    PII = "pii"
    JAILBREAK = "jailbreak"


@dataclass(frozen=True)
class ClassifierInfo:
    name: str  # its key in the registry
    version: str
    categories: frozenset[Category]
    languages: frozenset[str]  # BCP 47 primary tags
    licence: str


class ClassifierUnavailable(Exception):
    """The classifier cannot judge. Callers must refuse the text, because the filter fails closed."""


class Classifier(Protocol):
    def assess(self, texts: Sequence[str]) -> list[dict[Category, float]]:
        """One result per text, in order. Probabilities are in [0, 1] and, except for rounding, the same in any batch.

        Raises ClassifierUnavailable.
        """
        ...

    def describe(self) -> ClassifierInfo: ...
