"""The classifiers that settings.CLASSIFIERS can name, and a cache of their newest scores."""

from collections.abc import Sequence
from functools import cache, lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from moderation.categories import Category
from moderation.filter.classifiers import linear, network
from moderation.filter.classifiers.base import Classifier
from moderation.filter.classifiers.heads import Heads
from moderation.networks import english_network
from moderation.remembered import Remembered

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


def configured(heads: Heads | None = None) -> list[Classifier]:
    """The classifiers of the settings. `heads` judge in place of the shipped ones."""
    if not settings.CLASSIFIERS:
        raise ImproperlyConfigured("CLASSIFIERS is empty. Without a classifier no text may pass. Name at least one.")
    return [_with_heads(heads) if heads and name == "linear" else classifier(name) for name in settings.CLASSIFIERS]


@lru_cache(maxsize=3)
def _with_heads(heads: Heads) -> Classifier:
    return linear.Linear(heads=heads)


def score(texts: Sequence[str], heads: Heads | None = None) -> list[dict[Category, float]]:
    """For each text, in order, the highest probability that any configured classifier gives each category.

    `heads` judge in place of the shipped ones.

    Raises ClassifierUnavailable when any of them cannot judge, even if the others can.
    """
    judges = configured(heads)
    remembered = _remembered(tuple(judges))
    keys = [remembered.key([text]) for text in texts]
    scores = {key: cached for key in keys if (cached := remembered.get(key)) is not None}
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in scores}
    if new:
        for key, fresh in zip(new, _highest(judges, list(new.values())), strict=True):
            scores[key] = fresh
            remembered.put(key, fresh)
    return [dict(scores[key]) for key in keys]


def forget() -> None:
    """Empty the cache, so that every text is judged anew. For measurements."""
    _remembered.cache_clear()
    for path in network.WEIGHTS.values():
        linear.network_of(path).forget()
    english_network.of(english_network.WEIGHTS).forget()


def _highest(judges: Sequence[Classifier], texts: Sequence[str]) -> list[dict[Category, float]]:
    results: list[dict[Category, float]] = [dict.fromkeys(Category, 0.0) for _ in texts]
    for judge in judges:
        for result, scores in zip(results, judge.assess(texts), strict=True):
            for category, probability in scores.items():
                result[category] = max(result[category], probability)
    return results


@lru_cache(maxsize=2)
def _remembered(judges: tuple[Classifier, ...]) -> Remembered[dict[Category, float]]:
    """A cache for those who judge now, and one for those in shadow."""
    return Remembered(20_000)


def version(heads: Heads | None = None) -> str:
    """The names and versions of all configured classifiers. Raises ClassifierUnavailable."""
    infos = (judge.describe() for judge in configured(heads))
    return " ".join(f"{info.name}-{info.version}" for info in infos)
