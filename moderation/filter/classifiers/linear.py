"""The trained classifier: logistic heads over hashed n-grams, then fine-tuned networks where they can help.

It has two stages. The first reads n-grams and costs under a millisecond. A text whose probability is below the floor
in every category stops there. All others get the second stage: the network of their language reads them, and in each
category a logistic head over its logit and that of the n-grams decides. `moderation.filter.training` fits and
calibrates both stages (Platt 1999), and sets the floors.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from moderation.filter import encoder
from moderation.filter.classifiers import features, network, set_phrases
from moderation.filter.classifiers.base import Category, ClassifierInfo, ClassifierUnavailable
from moderation.filter.classifiers.heads import Heads

WEIGHTS = Path(__file__).resolve().parent.parent.parent / "data" / "linear.safetensors"
LICENCE = "CC BY-SA 4.0 (trained on share-alike texts; see docs/moderation-model-card.md)"

# A text longer than LONGEST characters is judged in overlapping windows, so a long letter does not dilute a sentence.
LONGEST, WINDOW, STEP = 700, 500, 400
_UNREADABLE = (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError)

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
    # For each of network.LANGUAGES:
    floors: Scores  # [L, C]: the second stage runs from this first-stage probability on
    meaning: Scores  # [L, 3, C]: factors of the network's logit and of the first stage's, and the offset

    def ngram_logits(self, texts: Sequence[str]) -> Scores:
        """float32 [n, C]."""
        logits = np.empty((len(texts), len(self.categories)), dtype=np.float32)
        for row, text in enumerate(texts):
            buckets = features.buckets(text)
            total = self.ngrams[buckets].sum(axis=0, dtype=np.int32)
            logits[row] = total * self.ngram_scale / np.float32(np.sqrt(max(len(buckets), 1))) + self.ngram_bias
        return logits

    def first(self, ngram_logits: Scores) -> Scores:
        """float32 [n, C]: the probabilities of the first stage."""
        return sigmoid(ngram_logits * self.ngram_calibration[0] + self.ngram_calibration[1])

    def second(self, language: str, network_logits: Scores, ngram_logits: Scores) -> Scores:
        """float32 [n, C]: the probabilities of the second stage."""
        of_network, of_ngrams, offset = self.meaning[network.LANGUAGES.index(language)]
        return sigmoid(network_logits * of_network + np.clip(ngram_logits, -12, 12) * of_ngrams + offset)

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
    """The classifier. Thread-safe. Loads its weights at the first text. `heads`: in place of the networks' own."""

    def __init__(
        self, path: Path = WEIGHTS, network_paths: Mapping[str, Path] = network.WEIGHTS, heads: Heads | None = None
    ) -> None:
        self._path = path
        self._network_paths = network_paths
        self._heads = heads

    def assess(self, texts: Sequence[str]) -> list[dict[Category, float]]:
        texts = [set_phrases.read_plainly(text) for text in texts]
        windows = [window for text in texts for window in _windows(text)]
        owners = [index for index, text in enumerate(texts) for _ in _windows(text)]
        scores = self._probabilities(windows)
        best = np.zeros((len(texts), len(self._weights.categories)), dtype=np.float32)
        np.maximum.at(best, owners, scores)
        return [dict(zip(self._weights.categories, map(float, row), strict=True)) for row in best]

    def describe(self) -> ClassifierInfo:
        return ClassifierInfo(
            name="linear",
            version=".".join(
                [
                    self._weights.version,
                    *(one.version for one in self._networks.values()),
                    set_phrases.VERSION,
                    *([self._heads.version] if self._heads else []),
                ]
            ),
            categories=frozenset(self._weights.categories),
            languages=frozenset({"en", "zh"}),
            licence=LICENCE,
        )

    def _probabilities(self, texts: Sequence[str]) -> Scores:
        """float32 [n, C]; 0 for a text without a content word. Raises ClassifierUnavailable."""
        logits = self._weights.ngram_logits(texts)
        results = self._weights.first(logits)
        results[[row for row, text in enumerate(texts) if not features.has_content(text)]] = 0
        for index, language in enumerate(network.LANGUAGES):
            suspect = np.flatnonzero((results >= self._weights.floors[index]).any(axis=1)).tolist()
            uncertain = [row for row in suspect if network.language_of(texts[row]) == language]
            if uncertain:
                # By length, so that the texts of a batch have similar lengths.
                uncertain.sort(key=lambda row: len(texts[row]))
                head = self._heads.by_language.get(language) if self._heads else None
                read = self._networks[language].logits([texts[row] for row in uncertain], head)
                results[uncertain] = self._weights.second(language, read, logits[uncertain])
        return results

    @cached_property
    def _weights(self) -> Weights:
        try:
            return Weights.load(self._path)
        except _UNREADABLE as error:
            raise ClassifierUnavailable(f"The weights in {self._path.name} cannot be read: {error}.") from error

    @cached_property
    def _networks(self) -> dict[str, network.Network]:
        return {language: network_of(path) for language, path in self._network_paths.items()}


@cache
def network_of(path: Path) -> network.Network:
    """The one instance of this process. Raises ClassifierUnavailable."""
    try:
        return network.Network(path)
    except encoder.EncoderMissing as error:
        raise ClassifierUnavailable(str(error)) from error
    except _UNREADABLE as error:
        raise ClassifierUnavailable(f"The weights in {path.name} cannot be read: {error}.") from error


@cache
def network_versions() -> dict[str, str]:
    """The version of each language's shipped network, which is not loaded for this. Raises ClassifierUnavailable."""
    versions = {}
    for language, path in network.WEIGHTS.items():
        try:
            versions[language] = network.about(path)["version"]
        except _UNREADABLE as error:
            raise ClassifierUnavailable(f"The weights in {path.name} cannot be read: {error}.") from error
    return versions


def sigmoid(logits: Scores) -> Scores:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)


def _windows(text: str) -> Iterator[str]:
    if len(text) <= LONGEST:
        yield text
        return
    for start in range(0, len(text) - (WINDOW - STEP), STEP):
        yield text[start : start + WINDOW]
