"""The trained classifier: logistic heads over hashed n-grams, then over MiniLM's vector where that can help.

It has two stages. The first reads n-grams and costs under a millisecond. A text whose probability is below the floor
in every category stops there. So does a text that is mostly Chinese, Japanese or Korean, which MiniLM cannot read. All
others get the second stage: heads over the first stage's logits and the sentence vector. `moderation.filter.training`
fits both stages, sets the floors, and calibrates each probability (Platt 1999).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from moderation.filter import encoder
from moderation.filter.classifiers import features, set_phrases
from moderation.filter.classifiers.base import Category, ClassifierInfo, ClassifierUnavailable

WEIGHTS = Path(__file__).resolve().parent.parent.parent / "data" / "linear.safetensors"
LICENCE = "CC BY-SA 4.0 (trained on share-alike texts; see docs/moderation-model-card.md)"

# A text longer than LONGEST characters is judged in overlapping windows, so a long letter does not dilute a sentence.
LONGEST, WINDOW, STEP = 700, 500, 400
VECTOR_TOKENS = 128

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """The weights for C categories, in order, and B buckets of n-grams. Scores are logits until they are calibrated."""

    version: str
    categories: tuple[Category, ...]
    ngrams: npt.NDArray[np.int8]  # [B, C]
    ngram_scale: Scores  # [C]: the logit of one step of `ngrams`
    ngram_bias: Scores  # [C]
    ngram_calibration: Scores  # [2, C]: slope and offset
    floors: Scores  # [C]: the second stage runs from this first-stage probability on
    meaning: Scores  # [384 + C, C]: weights of the vector, then of the first stage's logits
    meaning_bias: Scores  # [C]
    meaning_calibration: Scores  # [2, C]

    def ngram_logits(self, texts: Sequence[str]) -> Scores:
        """float32 [n, C]."""
        logits = np.empty((len(texts), len(self.categories)), dtype=np.float32)
        for row, text in enumerate(texts):
            buckets = features.buckets(text)
            total = self.ngrams[buckets].sum(axis=0, dtype=np.int32)
            logits[row] = total * self.ngram_scale / np.float32(np.sqrt(max(len(buckets), 1))) + self.ngram_bias
        return logits

    def meaning_logits(self, vectors: Scores, ngram_logits: Scores) -> Scores:
        """float32 [n, C]."""
        return np.concatenate([vectors, np.clip(ngram_logits, -12, 12)], axis=1) @ self.meaning + self.meaning_bias

    def save(self, path: Path) -> None:
        arrays = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        # One key, because the format keeps several in no fixed order. The same weights must give the same bytes.
        save_file(arrays, path, {"about": json.dumps({"version": self.version, "categories": self.categories})})

    @classmethod
    def load(cls, path: Path) -> "Weights":
        with safe_open(path, framework="numpy") as stored:
            about = json.loads(stored.metadata()["about"])
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a mapping)
        categories = tuple(Category(name) for name in about["categories"])
        return cls(version=about["version"], categories=categories, **arrays)


class Linear:
    """The classifier. Thread-safe. Loads its weights at the first text."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        self._path = path

    def assess(self, texts: Sequence[str]) -> list[dict[Category, float]]:
        texts = [set_phrases.read_plainly(text) for text in texts]
        windows = [window for text in texts for window in _windows(text)]
        owners = [index for index, text in enumerate(texts) for _ in _windows(text)]
        try:
            scores = probabilities(self._weights, windows)
        except encoder.EncoderMissing as error:
            raise ClassifierUnavailable(str(error)) from error
        best = np.zeros((len(texts), len(self._weights.categories)), dtype=np.float32)
        np.maximum.at(best, owners, scores)
        return [dict(zip(self._weights.categories, map(float, row), strict=True)) for row in best]

    def describe(self) -> ClassifierInfo:
        return ClassifierInfo(
            name="linear",
            version=f"{self._weights.version}.{set_phrases.VERSION}",
            categories=frozenset(self._weights.categories),
            languages=frozenset({"en", "zh"}),
            licence=LICENCE,
        )

    @cached_property
    def _weights(self) -> Weights:
        try:
            return Weights.load(self._path)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ClassifierUnavailable(f"The weights in {self._path.name} cannot be read: {error}.") from error


def probabilities(weights: Weights, texts: Sequence[str]) -> Scores:
    """float32 [n, C], calibrated; 0 for a text without a content word. Raises encoder.EncoderMissing."""
    logits = weights.ngram_logits(texts)
    results = calibrated(logits, weights.ngram_calibration)
    results[[row for row, text in enumerate(texts) if not features.has_content(text)]] = 0
    suspect = np.flatnonzero((results >= weights.floors).any(axis=1)).tolist()
    uncertain = [row for row in suspect if not features.is_mostly_cjk(texts[row])]
    if uncertain:
        # By length, so that the texts of a batch have similar lengths.
        uncertain.sort(key=lambda row: len(texts[row]))
        vectors = encoder.minilm().encode([texts[row] for row in uncertain], max_tokens=VECTOR_TOKENS)
        results[uncertain] = calibrated(weights.meaning_logits(vectors, logits[uncertain]), weights.meaning_calibration)
    return results


def calibrated(logits: Scores, calibration: Scores) -> Scores:
    """Platt's sigmoid of each column: probabilities from logits, with slope and offset per category."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits * calibration[0] + calibration[1], -30, 30))), dtype=np.float32)


def _windows(text: str) -> Iterator[str]:
    if len(text) <= LONGEST:
        yield text
        return
    for start in range(0, len(text) - (WINDOW - STEP), STEP):
        yield text[start : start + WINDOW]
