"""The classifiers that settings.CLASSIFIERS can name, and what they said of the texts of late."""

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
    judges = configured()
    _REMEMBERED.forget_others(judges)
    keys = [_REMEMBERED.key(text) for text in texts]
    known = {key: found for key in keys if (found := _REMEMBERED.get(key)) is not None}
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        for key, found in zip(new, _judged(judges, list(new.values())), strict=True):
            known[key] = found
            _REMEMBERED.put(key, found)
    return [dict(known[key]) for key in keys]


def forget() -> None:
    """Has every text judged anew; for measurements."""
    _REMEMBERED.clear()


def _judged(judges: Sequence[Classifier], texts: Sequence[str]) -> list[dict[Category, float]]:
    results: list[dict[Category, float]] = [dict.fromkeys(Category, 0.0) for _ in texts]
    for judge in judges:
        for merged, found in zip(results, judge.assess(texts), strict=True):
            for category, probability in found.items():
                merged[category] = max(merged[category], probability)
    return results


class _Remembered:
    """The scores of the newest texts, which the monitor asks for again after every turn. Holds no text, and no
    hash that another process could compare. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._key = secrets.token_bytes(32)
        self._judges: Sequence[Classifier] = ()
        self._scores: OrderedDict[bytes, dict[Category, float]] = OrderedDict()
        self._lock = threading.Lock()

    def forget_others(self, judges: Sequence[Classifier]) -> None:
        """What other classifiers said does not count."""
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

    def put(self, key: bytes, found: dict[Category, float]) -> None:
        with self._lock:
            self._scores[key] = found
            if len(self._scores) > self._most:
                self._scores.popitem(last=False)


_REMEMBERED = _Remembered(20_000)


def version() -> str:
    """Of all configured classifiers together. Raises ClassifierUnavailable."""
    described = (judge.describe() for judge in configured())
    return " ".join(f"{info.name}-{info.version}" for info in described)
