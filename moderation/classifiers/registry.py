"""The classifiers that settings.CLASSIFIERS can name."""

from collections.abc import Sequence
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from moderation.classifiers.base import Category, Classifier

CLASSIFIERS = {
    "lexicon": "moderation.classifiers.lexicon.Lexicon",
    "linear": "moderation.classifiers.linear.Linear",
}


@cache
def classifier(name: str) -> Classifier:
    """The process's one instance. Raises ImproperlyConfigured for a name that is not listed above."""
    if name not in CLASSIFIERS:
        raise ImproperlyConfigured(f"CLASSIFIERS names {name!r}; it can name {', '.join(sorted(CLASSIFIERS))}.")
    made: Classifier = import_string(CLASSIFIERS[name])()
    return made


def configured() -> list[Classifier]:
    if not settings.CLASSIFIERS:
        raise ImproperlyConfigured("CLASSIFIERS is empty: without a classifier no text may pass.")
    return [classifier(name) for name in settings.CLASSIFIERS]


def score(texts: Sequence[str]) -> list[dict[Category, float]]:
    """Of each text, in order, the highest probability that any configured classifier gives each category.

    Raises ClassifierUnavailable when one of them cannot judge: a filter with a hole is no filter.
    """
    results: list[dict[Category, float]] = [dict.fromkeys(Category, 0.0) for _ in texts]
    for judge in configured():
        for merged, found in zip(results, judge.assess(texts), strict=True):
            for category, probability in found.items():
                merged[category] = max(merged[category], probability)
    return results


def version() -> str:
    """Of all configured classifiers together. Raises ClassifierUnavailable."""
    described = (judge.describe() for judge in configured())
    return " ".join(f"{info.name}-{info.version}" for info in described)
