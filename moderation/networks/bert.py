"""BERT (Devlin et al. 2018) on OpenVINO: rows of tokens in, a mean vector for each row out.

MPNet (Song et al. 2020) is the same network with a table more: what it adds to the scores of attention, by distance.

The network is built here from OpenVINO's operations, because it also runs in the web process, where loading torch would
cost seconds and hundreds of megabytes (docs/decisions/0009). Its matrices are int8, with a scale for each row.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino
from openvino import opset13 as ops

from persona_site.cpu_inference import openvino_core

# The rows of a batch are laid end to end, so no row is padded to the length of another.
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
WORDS, PLACES, KINDS = (f"embeddings.{name}_embeddings.weight" for name in ("word", "position", "token_type"))
DISTANCES = "encoder.distances"  # float32 [2 * places - 1, heads], for the distances from 1 - places up
SCALE = ".scale"  # ends the name of the scales of a rounded matrix

Matrix = npt.NDArray[np.float32]
Weights = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Row:
    tokens: Sequence[int]
    first: int = 0  # the first token that counts in the mean; all tokens are attended to

    def __len__(self) -> int:
        return len(self.tokens)


class Bert:
    """The compiled network. Thread-safe."""

    def __init__(self, weights: Weights, *, heads: int) -> None:
        """`weights`: as `rounded` gives them, named as in the transformers library. Raises RuntimeError, KeyError."""
        self.width = weights[WORDS].shape[1]
        compiled = openvino_core().compile_model(_network(weights, heads), "CPU", _OPTIONS)
        self._request = compiled.create_infer_request()
        self._shared = _Shared(self._forward)

    def means(self, rows: Sequence[Row]) -> Matrix:
        """float32 [rows, width]: the mean of each row's last hidden states, from its token `first` on.

        The means of a row computed alone and in a batch differ by rounding only (their cosine is above 0.998).
        """
        vectors = np.empty((len(rows), self.width), dtype=np.float32)
        for batch in _batches([len(row) for row in rows]):
            vectors[batch] = self._shared.compute([rows[index] for index in batch])
        return vectors

    def _forward(self, rows: Sequence[Row]) -> Matrix:
        """float32 [rows, width]. Only one thread at a time may call this."""
        lengths = [len(row) for row in rows]
        total = sum(lengths)
        padding = -total % _STEP
        tokens = np.array([token for row in rows for token in row.tokens] + [0] * padding, np.int32)
        places = np.concatenate([np.arange(length, dtype=np.int32) for length in (*lengths, padding)])
        owners = np.repeat(np.arange(len(rows) + 1, dtype=np.int32), (*lengths, padding))
        hidden = self._request.infer([tokens, places, owners])[0][:total]  # [tokens, width]
        ends = np.cumsum(lengths)
        spans = zip(ends - lengths + [row.first for row in rows], ends, strict=True)
        return np.stack([hidden[start:end].mean(axis=0) for start, end in spans])


class _Shared:
    """Computes the rows of all threads together: the thread that has the lock computes waiting rows of others too."""

    def __init__(self, forward: Callable[[Sequence[Row]], Matrix]) -> None:
        self._forward = forward
        self._waiting: deque[tuple[Row, Future[Matrix]]] = deque()
        self._turn = threading.Lock()

    def compute(self, rows: Sequence[Row]) -> list[Matrix]:
        """The vector of each row, float32 [width]. Raises the exception that `forward` raised for its batch."""
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


def joined(weights: Weights) -> dict[str, npt.NDArray[Any]]:
    """The weights with the vector of the first kind of text, the only one that is used, as a part of the places."""
    result = dict(weights)
    if KINDS in result:
        result[PLACES] = result[PLACES] + result.pop(KINDS)[0]
    return result


def rounded(weights: Weights) -> dict[str, npt.NDArray[Any]]:
    """The weights with each matrix as int8 and, under its name with SCALE, float32 [rows, 1].

    Vectors and the table of DISTANCES stay float32.
    """
    result: dict[str, npt.NDArray[Any]] = {}
    for name, value in joined(weights).items():
        if value.ndim == 2 and name != DISTANCES:
            result[name], result[name + SCALE] = rounded_matrix(value)
        else:
            result[name] = value
    return result


def floats(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, Matrix]:
    """The weights of `rounded` as float32."""
    return {
        name: value.astype(np.float32) * arrays[name + SCALE] if name + SCALE in arrays else value
        for name, value in arrays.items()
        if not name.endswith(SCALE)
    }


def rounded_matrix(matrix: Matrix) -> tuple[npt.NDArray[np.int8], Matrix]:
    """The matrix as int8 with a scale for each row, float32 [rows, 1]."""
    scale = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), np.float32(1e-12)) / np.float32(127)
    return np.rint(matrix / scale).astype(np.int8), scale


def _network(weights: Weights, heads: int) -> Any:
    """The network: tokens of rows laid end to end, with position and number of row, [tokens] -> [tokens, width]."""
    tokens, places, owners = (ops.parameter([-1], np.int32, name=name) for name in ("tokens", "places", "owners"))
    words = _rows(weights, WORDS, tokens)
    positions = _rows(weights, PLACES, places)
    hidden = _normalised(words + positions, weights, "embeddings.LayerNorm")
    is_own = ops.equal(ops.unsqueeze(owners, [0]), ops.unsqueeze(owners, [1]))  # attention stays within each row
    added = _by_distance(weights[DISTANCES], places) if DISTANCES in weights else np.zeros((1, 1, 1), np.float32)
    mask = ops.unsqueeze(ops.select(is_own, added, np.float32(-1e9)), [0])  # [1, heads or 1, tokens, tokens]
    layers = sum(name.endswith("attention.self.query.bias") for name in weights)
    for number in range(layers):
        hidden = _layer(hidden, mask, weights, f"encoder.layer.{number}.", heads)
    return openvino.Model([ops.result(hidden)], [tokens, places, owners], "bert")


def _by_distance(table: Matrix, places: Any) -> Any:
    """float32 [heads, tokens, tokens]: the row of the table for the distance from each token to each other."""
    distances = ops.subtract(ops.unsqueeze(places, [0]), ops.unsqueeze(places, [1]))
    rows = ops.gather(ops.constant(table), ops.add(distances, np.int32(len(table) // 2)), np.int32(0))
    return ops.transpose(rows, [2, 0, 1])


def _layer(hidden: Any, mask: Any, weights: Weights, prefix: str, heads: int) -> Any:
    width = len(weights[f"{prefix}output.dense.bias"])

    def split(name: str) -> Any:  # [tokens, width] -> [1, heads, tokens, width / heads]
        inputs = _product(hidden, weights, f"{prefix}attention.self.{name}")
        apart = ops.reshape(inputs, [1, -1, heads, width // heads], special_zero=False)
        return ops.transpose(apart, [0, 2, 1, 3])

    attended = ops.scaled_dot_product_attention(split("query"), split("key"), split("value"), mask)
    joined = ops.reshape(ops.transpose(attended, [0, 2, 1, 3]), [-1, width], special_zero=False)
    hidden = _normalised(
        hidden + _product(joined, weights, f"{prefix}attention.output.dense"),
        weights,
        f"{prefix}attention.output.LayerNorm",
    )
    inner = ops.gelu(_product(hidden, weights, f"{prefix}intermediate.dense"), "erf")
    return _normalised(hidden + _product(inner, weights, f"{prefix}output.dense"), weights, f"{prefix}output.LayerNorm")


def _product(inputs: Any, weights: Weights, name: str) -> Any:
    """inputs @ kernel.T + bias. The kernel [outputs, inputs] is int8, with a scale for each output."""
    kernel, scale = weights[f"{name}.weight"], weights[f"{name}.weight{SCALE}"]
    restored = ops.multiply(ops.convert(ops.constant(kernel), np.float32), ops.constant(scale))
    return ops.add(ops.matmul(inputs, restored, transpose_a=False, transpose_b=True), weights[f"{name}.bias"])


def _rows(weights: Weights, name: str, numbers: Any) -> Any:
    """The rows of a table at these numbers. The table is int8, with a scale for each row."""
    axis = np.int32(0)
    rows = ops.convert(ops.gather(ops.constant(weights[name]), numbers, axis), np.float32)
    return ops.multiply(rows, ops.gather(ops.constant(weights[name + SCALE]), numbers, axis))


def _normalised(inputs: Any, weights: Weights, name: str) -> Any:
    centred = ops.mvn(inputs, [-1], normalize_variance=True, eps=1e-12, eps_mode="inside_sqrt")
    return centred * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The indices in batches. A batch has at most BATCH_TOKENS tokens or is a single row."""
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
