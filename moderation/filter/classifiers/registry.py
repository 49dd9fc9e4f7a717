"""The classifiers that settings.CLASSIFIERS can name, and a cache of their newest scores."""

from collections.abc import Sequence
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from moderation.filter.classifiers.base import Category, Classifier
from moderation.filter.classifiers.remembered import Remembered

CLASSIFIERS = {
    "lexicon": "moderation.filter.classifiers.lexicon.Lexicon",
    "linear": "moderation.filter.classifiers.linear.Linear",
}


@cache
def classifier(name: str) -> Classifier:
    """The one instance of this process. Raises ImproperlyConfigured for a name that is not in CLASSIFIERS."""
    if name not in CLASSIFIERS:
        raise ImproperlyConfigured(f"CLASSIFIERS names {name!r}. It can name {', '.join(sorted(CLASSIFIERS))}.")
    instance: Classifier = import_string(CLASSIFIERS[name])()
    return instance


def configured() -> list[Classifier]:
    if not settings.CLASSIFIERS:
        raise ImproperlyConfigured("CLASSIFIERS is empty. Without a classifier no text may pass. Name at least one.")
    return [classifier(name) for name in settings.CLASSIFIERS]


def score(texts: Sequence[str]) -> list[dict[Category, float]]:
    """For each text, in order, the highest probability that any configured classifier gives each category.

    Raises ClassifierUnavailable when any of them cannot judge, even if the others can.
    """
    judges = configured()
    _REMEMBERED.forget_others(judges)
    keys = [_REMEMBERED.key([text]) for text in texts]
    scores = {key: cached for key in keys if (cached := _REMEMBERED.get(key)) is not None}
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in scores}
    if new:
        for key, fresh in zip(new, _highest(judges, list(new.values())), strict=True):
            scores[key] = fresh
            _REMEMBERED.put(key, fresh)
    return [dict(scores[key]) for key in keys]


def forget() -> None:
    """Empty the cache, so that every text is judged anew. For measurements."""
    _REMEMBERED.clear()


def _highest(judges: Sequence[Classifier], texts: Sequence[str]) -> list[dict[Category, float]]:
    results: list[dict[Category, float]] = [dict.fromkeys(Category, 0.0) for _ in texts]
    for judge in judges:
        for result, scores in zip(results, judge.assess(texts), strict=True):
            for category, probability in scores.items():
                result[category] = max(result[category], probability)
    return results


_REMEMBERED: Remembered[dict[Category, float]] = Remembered(20_000)


def version() -> str:
    """The names and versions of all configured classifiers. Raises ClassifierUnavailable."""
    infos = (judge.describe() for judge in configured())
    return " ".join(f"{info.name}-{info.version}" for info in infos)
