"""The low-rank products of an adapter (LoRA: Hu et al. 2021), as an engine adds them beside a model's own products.

The weights of the model stay as they are, so sequences of several adapters, and of none, run in one pass. Each token
gets the products of its own adapter (S-LoRA: Sheng et al. 2023; Punica: Chen et al. 2023).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from generation.engine import Adapter, EngineFailed

Matrix = np.ndarray[Any, np.dtype[np.float32]]

# The linear layers that an adapter may change: those of the MLP. They learn more than those of the attention, and few
# layers cost little beside the model's own (docs/decisions/0015).
LAYERS = ("gate_proj", "up_proj", "down_proj")
WEIGHTS = "adapter_model.safetensors"
_CONFIG = "adapter_config.json"
_PREFIX = "base_model.model."
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


@dataclass(frozen=True, eq=False)
class LowRank:
    """An adapter in memory. Two are the same only if they are the same object."""

    rank: int
    # By the name of the linear layer: float32 [inputs, rank] and [rank, outputs], with the scale in the second.
    products: Mapping[str, tuple[Matrix, Matrix]]


def read(adapter: Adapter) -> LowRank:
    """Reads the files that PEFT wrote. Raises EngineFailed."""
    folder = Path(adapter.folder)
    try:
        config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        rank = int(config["r"])
        tensors = load_file(folder / WEIGHTS)
        names = sorted(name.removesuffix(_DOWN) for name in tensors if name.endswith(_DOWN))
        scale = np.float32(config["lora_alpha"] / rank)
        products = {
            name.removeprefix(_PREFIX): (
                np.ascontiguousarray(tensors[name + _DOWN].T, np.float32),
                np.ascontiguousarray(tensors[name + _UP].T, np.float32) * scale,
            )
            for name in names
        }
    except (OSError, ValueError, KeyError, TypeError) as error:  # TypeError: a type that NumPy does not have
        raise EngineFailed(f"The adapter {adapter.name} cannot be read: {type(error).__name__}.") from error
    return LowRank(rank, products)


def mask(adapters: Sequence[LowRank], rows: Sequence[tuple[LowRank | None, int]]) -> Matrix:
    """Which columns of the joined products count for which token: float32 [tokens, sum of ranks].

    `rows` are the sequences of the pass: the adapter of each and the number of its tokens.
    """
    ends = np.cumsum([adapter.rank for adapter in adapters])
    of_adapter = np.zeros((len(adapters) + 1, int(ends[-1])), np.float32)
    for number, (adapter, end) in enumerate(zip(adapters, ends, strict=True)):
        of_adapter[number, end - adapter.rank : end] = 1
    number_of = {id(adapter): number for number, adapter in enumerate(adapters)}
    numbers = [len(adapters) if adapter is None else number_of[id(adapter)] for adapter, _ in rows]
    chosen: Matrix = of_adapter[np.repeat(numbers, [count for _, count in rows])]
    return chosen


def joined(
    adapters: Sequence[LowRank], names: Sequence[str], sizes: Sequence[int], inputs: int
) -> tuple[Matrix, Matrix]:
    """The products of all adapters for linear layers whose outputs are computed as one, `sizes` wide each.

    float32 [inputs, layers x sum of ranks] and [layers x sum of ranks, sum of sizes]. A layer that an adapter does not
    change has zeros.
    """
    ranks = sum(adapter.rank for adapter in adapters)
    down = np.zeros((inputs, len(names) * ranks), np.float32)
    up = np.zeros((len(names) * ranks, sum(sizes)), np.float32)
    row = column = 0
    for name, size in zip(names, sizes, strict=True):
        for adapter in adapters:
            if name in adapter.products:
                down[:, row : row + adapter.rank], up[row : row + adapter.rank, column : column + size] = (
                    adapter.products[name]
                )
            row += adapter.rank
        column += size
    return down, up
