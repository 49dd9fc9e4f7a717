"""The filter's networks: a BERT for each language, fine-tuned end to end for the categories.

English is read by all-MiniLM-L6-v2. Its word vectors stay those of the package, so the file holds the layers and the
heads alone. Chinese is read by multilingual-e5-small, with the pieces that Chinese needs
(`moderation.filter.network_training`, docs/decisions/0017).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from moderation import features
from moderation.categories import Category
from moderation.filter import encoder
from moderation.filter.classifiers.heads import Head
from moderation.networks import bert
from moderation.networks.bert import Bert, Matrix, Row
from moderation.remembered import Remembered

LANGUAGES = ("en", "zh")
_FOLDER = Path(__file__).resolve().parent.parent.parent / "data"
WEIGHTS = {language: _FOLDER / f"filter_{language}.safetensors" for language in LANGUAGES}
_PACKAGED_MARKS = 101, 102  # [CLS] and [SEP]
_REMEMBERED = 512  # texts
LONGEST = 128  # tokens of a text that are read, with the marks at its beginning and end


def language_of(text: str) -> str:
    """Which network reads a text."""
    return "zh" if features.is_mostly_cjk(text) else "en"


class Reader:
    """A tokenizer, and the marks at the beginning and end of what its network reads."""

    def __init__(self, tokenizer: Tokenizer, begin: int, end: int) -> None:
        self.tokenizer = tokenizer
        self.begin = begin
        self.end = end

    def row(self, text: str) -> Row:
        """The first tokens of a text, of which all count."""
        valid = text.encode("utf-8", "replace").decode()  # replaces unpaired surrogates
        ids = self.tokenizer.encode(features.plain(valid), add_special_tokens=False).ids
        return Row((self.begin, *ids[: LONGEST - 2], self.end))


def packaged_reader() -> Reader:
    """The reader of the network whose word vectors are in the package. Raises encoder.EncoderMissing."""
    return Reader(encoder.tokenizer(), *_PACKAGED_MARKS)


def about(path: Path) -> dict[str, Any]:
    """What a file of weights says of itself: "version", "categories", and what its tokenizer is.

    Raises OSError, SafetensorError, KeyError or ValueError.
    """
    with safe_open(path, framework="numpy") as stored:
        described: dict[str, Any] = json.loads(stored.metadata()["about"])
    return described


class Network:
    """One network. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Raises encoder.EncoderMissing, and OSError, SafetensorError, RuntimeError, KeyError or ValueError."""
        described = about(path)
        with safe_open(path, framework="numpy") as stored:
            arrays: dict[str, Any] = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a mapping)
        self.version: str = described["version"]
        self.categories = tuple(Category(name) for name in described["categories"])
        self.head = Head(arrays.pop("head.weight"), arrays.pop("head.bias"))
        self._vectors: Remembered[Matrix] = Remembered(_REMEMBERED)
        if bert.WORDS in arrays:
            self._reader = Reader(Tokenizer.from_str(described["tokenizer"]), described["begin"], described["end"])
        else:
            self._reader = packaged_reader()
            arrays |= bert.rounded({bert.WORDS: encoder.weights()[bert.WORDS]})
        self._bert = Bert(arrays, heads=encoder.HEADS)

    def logits(self, texts: Sequence[str], head: Head | None = None) -> Matrix:
        """float32 [texts, categories], by another head than the network's own if one is given."""
        chosen = head or self.head
        return np.asarray(self.vectors(texts) @ chosen.weight.T + chosen.bias, dtype=np.float32)

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """float32 [texts, width]. The newest are remembered, because a head in shadow reads them too."""
        keys = [self._vectors.key([text]) for text in texts]
        found = {key: vector for key in keys if (vector := self._vectors.get(key)) is not None}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if new:
            means = self._bert.means([self._reader.row(text) for text in new.values()])
            for key, vector in zip(new, means, strict=True):
                found[key] = vector
                self._vectors.put(key, vector)
        return np.stack([found[key] for key in keys])

    def forget(self) -> None:
        """Empty the cache of vectors. For measurements and for trainings that are the same each time."""
        self._vectors.clear()


def save(
    path: Path,
    weights: dict[str, Any],
    *,
    reader: Reader,
    head: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32],
    categories: Sequence[Category],
    version: str,
) -> None:
    """Writes what `Network` reads. `weights`: as `TrainedBert.weights` gives them, or without the word vectors.

    Without them the network is the package's, with its tokenizer.
    """
    about: dict[str, Any] = {"version": version, "categories": list(categories)}
    if bert.WORDS in weights:
        about |= {"tokenizer": reader.tokenizer.to_str(), "begin": reader.begin, "end": reader.end}
    arrays = bert.rounded(weights) | {"head.weight": head, "head.bias": bias}
    # One key, because the format keeps several in no fixed order. The same weights must give the same bytes.
    save_file(arrays, path, {"about": json.dumps(about)})
