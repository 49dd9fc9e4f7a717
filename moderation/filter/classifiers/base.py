"""The Classifier seam: takes texts, returns a probability per category."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from moderation.categories import Category


@dataclass(frozen=True)
class ClassifierInfo:
    name: str  # its key in the registry
    version: str
    categories: frozenset[Category]
    languages: frozenset[str]  # BCP 47 primary tags
    licence: str


class Classifier(Protocol):
    def assess(self, texts: Sequence[str]) -> list[dict[Category, float]]:
        """One result per text, in order. Probabilities are in [0, 1] and, except for rounding, the same in any batch.

        Raises ClassifierUnavailable.
        """
        ...

    def describe(self) -> ClassifierInfo: ...
