"""Cues that a turn shows by its meaning, whatever its words: a small classifier over sentence vectors.

Patterns know the words that somebody thought of. On lines that others wrote they meet one in twenty
(docs/moderation-model-card.md). So a multinomial logistic regression reads a turn and its sentences, too: their vectors
(MiniLM's, and multilingual-e5-small's for Chinese) and their runs of one to three characters. `meaning_training` fits
one for each language and speaker on the examples and look-alikes of data/cues.toml and on ordinary talk. A cue counts
from the probability on that few ordinary lines reach.

Not covered: what only the turns before tell, and languages other than English and Chinese.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from moderation.categories import ClassifierUnavailable
from moderation.features import is_mostly_cjk, plain
from moderation.filter import chinese_encoder, encoder, topics
from moderation.talk import Speaker

WEIGHTS = Path(__file__).resolve().parent.parent / "data" / "cues.safetensors"
BUCKETS = 1 << 14  # of the hashed runs of characters
_LONGEST_RUN = 3  # characters
_TOKENS = 96
_MOST = 32  # sentences at the end of a text that are read, so that a long one holds nobody up
_LONGEST = 300  # characters of a text that is read as a whole, too

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """The classifier of one language and speaker. The last class is none of the cues."""

    cues: tuple[str, ...]
    weights: Matrix  # float32 [384 + BUCKETS, cues + 1]
    bias: Matrix  # float32 [cues + 1]
    threshold: float  # of the probability of all cues together

    def shown(self, features: Matrix) -> set[str]:
        """The likeliest cue of each part that shows one. `features`: float32 [parts, 384 + BUCKETS]."""
        probabilities = self.probabilities(features)
        rows = probabilities[1 - probabilities[:, -1] >= self.threshold, :-1]
        return {self.cues[index] for index in rows.argmax(axis=1)}

    def probabilities(self, features: Matrix) -> Matrix:
        """float32 [parts, cues + 1]."""
        logits = features @ self.weights + self.bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def shown(speaker: Speaker, text: str) -> set[str]:
    """The cues of a turn. Raises ClassifierUnavailable."""
    language = "zh" if is_mostly_cjk(text) else "en"
    parts = parts_of(text)
    return _heads()[f"{language} {speaker}"].shown(features(language, parts)) if parts else set()


def parts_of(text: str) -> list[str]:
    """What is read of a turn: the whole, where it is short, and its last sentences."""
    sentences = list(topics.sentence_parts(text))[-_MOST:]
    is_short = len(sentences) > 1 and len(text) <= _LONGEST
    return [text, *sentences] if is_short else sentences


def features(language: str, texts: Sequence[str]) -> Matrix:
    """float32 [texts, 384 + BUCKETS]. Raises ClassifierUnavailable."""
    return np.concatenate([vectors(language, texts), runs_of(texts)], axis=1)


def runs_of(texts: Sequence[str]) -> Matrix:
    """float32 [texts, BUCKETS]: which runs of one to three characters a text holds, hashed; rows of length 1."""
    runs = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, text in enumerate(texts):
        folded = f" {plain(text)} "
        for length in range(1, _LONGEST_RUN + 1):
            for start in range(len(folded) - length + 1):
                run = folded[start : start + length].encode("utf-8", "surrogatepass")
                runs[row, zlib.crc32(run) % BUCKETS] = 1.0
    return np.asarray(runs / np.maximum(np.linalg.norm(runs, axis=1, keepdims=True), 1.0), dtype=np.float32)


def vectors(language: str, texts: Sequence[str]) -> Matrix:
    """float32 [texts, 384]. Raises ClassifierUnavailable."""
    try:
        if language == "zh":
            return chinese_encoder.encode(texts)
        return encoder.minilm().encode(texts, max_tokens=_TOKENS)
    except encoder.EncoderMissing as error:
        raise ClassifierUnavailable(str(error)) from error


def save(path: Path, heads: Mapping[str, Head]) -> None:
    arrays: dict[str, Matrix] = {}
    for name, head in heads.items():
        arrays |= {f"{name} weights": head.weights, f"{name} bias": head.bias}
    about = {name: {"cues": head.cues, "threshold": head.threshold} for name, head in heads.items()}
    save_file(arrays, path, {"about": json.dumps(about)})


def read(path: Path) -> dict[str, Head]:
    """Raises ClassifierUnavailable."""
    try:
        with safe_open(path, framework="numpy") as stored:
            about = json.loads(stored.metadata()["about"])
            return {
                name: Head(
                    cues=tuple(kept["cues"]),
                    weights=stored.get_tensor(f"{name} weights"),
                    bias=stored.get_tensor(f"{name} bias"),
                    threshold=kept["threshold"],
                )
                for name, kept in about.items()
            }
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ClassifierUnavailable(f"{path.name} does not load: {error}") from error


@cache
def _heads() -> dict[str, Head]:
    return read(WEIGHTS)
