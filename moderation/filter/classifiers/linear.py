"""The trained classifier: logistic heads over hashed n-grams, then fine-tuned networks where they can help.

It has three stages. The first reads n-grams and costs under a millisecond. A text whose probability is below the floor
in every category stops there. All others get the second stage: the network of their language reads them, and in each
category a logistic head over its logit and that of the n-grams decides. The third is for English texts of which the
second is in doubt: the larger network reads them too, and a logistic head over all three logits decides.
`moderation.filter.training` fits and calibrates the stages (Platt 1999), and sets the floors.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from moderation import features
from moderation.categories import Category, ClassifierUnavailable
from moderation.filter import encoder
from moderation.filter.classifiers import network, set_phrases
from moderation.filter.classifiers.base import ClassifierInfo
from moderation.filter.classifiers.heads import Heads
from moderation.networks import english_network
from moderation.networks.bert import Row
from moderation.networks.english_network import EnglishNetwork
from persona_site.loading import loaded_once

WEIGHTS = Path(__file__).resolve().parent.parent.parent / "data" / "linear.safetensors"
LICENCE = "CC BY-SA 4.0 (trained on share-alike texts; see docs/moderation-model-card.md)"

# A text longer than LONGEST characters is judged in overlapping windows, so a long letter does not dilute a sentence.
LONGEST, WINDOW, STEP = 700, 500, 400
DOUBT = 0.1, 0.95  # The second stage is in doubt about a text with a probability between these in any category.

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """The weights for C categories, in order, and B buckets of n-grams. Scores are logits until they are calibrated."""

    version: str
    categories: tuple[Category, ...]
    english: str  # the version of the larger network that `doubt` was fitted for
    ngrams: npt.NDArray[np.int8]  # [B, C]
    ngram_scale: Scores  # [C]: the logit of one step of `ngrams`
    ngram_bias: Scores  # [C]
    ngram_calibration: Scores  # [2, C]: slope and offset
    # For each of network.LANGUAGES:
    floors: Scores  # [L, C]: the second stage runs from this first-stage probability on
    meaning: Scores  # [L, 3, C]: factors of the network's logit and of the first stage's, and the offset
    doubt: Scores  # [4, C]: factors of the larger network's logit and of those two, and the offset

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

    def third(self, larger: Scores, network_logits: Scores, ngram_logits: Scores, learned: Scores) -> Scores:
        """float32 [n, C]: the probabilities of the third stage.

        `larger`: the logits of the larger network. `learned`: what learned heads add to the network's logits. It counts
        as in the second stage, since the larger network has not learned it.
        """
        of_larger, of_network, of_ngrams, offset = self.doubt
        of_learned = self.meaning[network.LANGUAGES.index("en")][0]
        logits = larger * of_larger + network_logits * of_network + np.clip(ngram_logits, -12, 12) * of_ngrams + offset
        return sigmoid(logits + learned * of_learned)

    def save(self, path: Path) -> None:
        arrays = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        about = {"version": self.version, "categories": self.categories, "english": self.english}
        # One key, because the format keeps several in no fixed order. The same weights must give the same bytes.
        save_file(arrays, path, {"about": json.dumps(about)})

    @classmethod
    def load(cls, path: Path) -> "Weights":
        with safe_open(path, framework="numpy") as stored:
            about = json.loads(stored.metadata()["about"])
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a mapping)
        categories = tuple(Category(name) for name in about["categories"])
        return cls(version=about["version"], categories=categories, english=about["english"], **arrays)


class Linear:
    """The classifier. Thread-safe. Loads its weights at the first text. `heads`: in place of the networks' own."""

    def __init__(
        self,
        path: Path = WEIGHTS,
        network_paths: Mapping[str, Path] = network.WEIGHTS,
        english: Path = english_network.WEIGHTS,
        heads: Heads | None = None,
    ) -> None:
        self._path = path
        self._network_paths = network_paths
        self._english_path = english
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
                    self._english_version,
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
        ngrams = self._weights.ngram_logits(texts)
        results = self._weights.first(ngrams)
        results[[row for row, text in enumerate(texts) if not features.has_content(text)]] = 0
        for index, language in enumerate(network.LANGUAGES):
            suspect = np.flatnonzero((results >= self._weights.floors[index]).any(axis=1)).tolist()
            uncertain = [row for row in suspect if network.language_of(texts[row]) == language]
            if uncertain:
                # By length, so that the texts of a batch have similar lengths.
                uncertain.sort(key=lambda row: len(texts[row]))
                results[uncertain] = self._read(language, [texts[row] for row in uncertain], ngrams[uncertain])
        return results

    def _read(self, language: str, texts: Sequence[str], ngrams: Scores) -> Scores:
        """float32 [n, C]: by the second stage, and by the third where that is in doubt."""
        judge = self._networks[language]
        shipped = judge.logits(texts)
        head = self._heads.by_language.get(language) if self._heads else None
        learned = judge.logits(texts, head) - shipped if head else np.zeros_like(shipped)
        results = self._weights.second(language, shipped + learned, ngrams)
        doubtful = np.flatnonzero(is_in_doubt(results)).tolist() if language == "en" else []
        if doubtful:
            larger = self._english
            rows = [english_row(larger.tokenizer, texts[row]) for row in doubtful]
            read = larger.logits(rows, english_network.FILTER)
            results[doubtful] = self._weights.third(read, shipped[doubtful], ngrams[doubtful], learned[doubtful])
        return results

    @cached_property
    def _weights(self) -> Weights:
        with _readable(self._path):
            return Weights.load(self._path)

    @cached_property
    def _english_version(self) -> str:
        with _readable(self._english_path):
            return str(english_network.about(self._english_path)["version"])

    @cached_property
    def _english(self) -> EnglishNetwork:
        with _readable(self._english_path):
            larger = english_network.of(self._english_path)
            if larger.version != self._weights.english or larger.labels[english_network.FILTER] != list(
                self._weights.categories
            ):
                raise ValueError(f"{self._path.name} was fitted for another one. Run train_moderation --keep-networks")
            return larger

    @cached_property
    def _networks(self) -> dict[str, network.Network]:
        return {language: network_of(path) for language, path in self._network_paths.items()}


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except encoder.EncoderMissing as error:
        raise ClassifierUnavailable(str(error)) from error
    except english_network.UNREADABLE as error:
        raise ClassifierUnavailable(f"The weights in {path.name} cannot be read: {error}.") from error


@loaded_once
def network_of(path: Path) -> network.Network:
    """The one instance of this process. Raises ClassifierUnavailable."""
    with _readable(path):
        return network.Network(path)


@cache
def network_versions() -> dict[str, str]:
    """The version of each language's shipped network, which is not loaded for this. Raises ClassifierUnavailable."""
    versions = {}
    for language, path in network.WEIGHTS.items():
        with _readable(path):
            versions[language] = network.about(path)["version"]
    return versions


def is_in_doubt(probabilities: Scores) -> npt.NDArray[np.bool_]:
    """bool [n]: whether the third stage reads a text of these probabilities."""
    least, most = DOUBT
    return np.asarray(((probabilities > least) & (probabilities < most)).any(axis=1))


def english_row(tokenizer: Tokenizer, text: str) -> Row:
    """A text as the larger network reads it: as the crisis module reads a short message that stands alone."""
    reader = network.Reader(tokenizer, english_network.BEGIN, english_network.END)
    return Row(reader.row(text).tokens, first=1)


def sigmoid(logits: Scores) -> Scores:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)


def _windows(text: str) -> Iterator[str]:
    if len(text) <= LONGEST:
        yield text
        return
    for start in range(0, len(text) - (WINDOW - STEP), STEP):
        yield text[start : start + WINDOW]
