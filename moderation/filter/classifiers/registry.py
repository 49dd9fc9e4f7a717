"""The classifiers that settings.CLASSIFIERS can name, and a cache of their newest scores."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from moderation.filter.classifiers.base import Category, Classifier

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
    keys = [_REMEMBERED.key(text) for text in texts]
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


class _Remembered:
    """A cache of the newest texts' scores, because the monitor scores the same turns again after every turn.

    Keeps no text, and no hash that another process could compare. Thread-safe.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._key = secrets.token_bytes(32)
        self._judges: Sequence[Classifier] = ()
        self._scores: OrderedDict[bytes, dict[Category, float]] = OrderedDict()
        self._lock = threading.Lock()

    def forget_others(self, judges: Sequence[Classifier]) -> None:
        """Empty the cache if its scores come from other classifiers."""
        with self._lock:
            if judges != self._judges:
                self._judges = judges
                self._scores.clear()

    def clear(self) -> None:
        with self._lock:
            self._scores.clear()

    def key(self, text: str) -> bytes:
        return blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()

    def get(self, key: bytes) -> dict[Category, float] | None:
        with self._lock:
            if key in self._scores:
                self._scores.move_to_end(key)
            return self._scores.get(key)

    def put(self, key: bytes, scores: dict[Category, float]) -> None:
        with self._lock:
            self._scores[key] = scores
            if len(self._scores) > self._most:
                self._scores.popitem(last=False)


_REMEMBERED = _Remembered(20_000)


def version() -> str:
    """The names and versions of all configured classifiers. Raises ClassifierUnavailable."""
    infos = (judge.describe() for judge in configured())
    return " ".join(f"{info.name}-{info.version}" for info in infos)
