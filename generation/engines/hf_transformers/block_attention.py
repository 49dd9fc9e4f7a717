"""Attention over keys and values in the blocks of one pool, for the models of the transformers library."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from generation.engines.hf_transformers.cache_size import CacheShape

ATTENTION = "afterword_blocks"
BLOCK = 32  # tokens; SLACK of `forward_pass.py` is two of them
SCRATCH = 0  # the block that rows of padding write to; it is never given to a sequence


class KeysAndValues:
    """The keys and values of all layers and blocks."""

    def __init__(self, shape: CacheShape, *, blocks: int, dtype: torch.dtype, device: torch.device) -> None:
        size = (2, shape.layers, blocks, BLOCK, shape.kv_heads, shape.head_dim)
        # Zeros, because masked values must be finite: 0 × NaN is NaN.
        self._both = torch.zeros(size, dtype=dtype, device=device)
        self._by_slot = [layer.unbind() for layer in self._both.flatten(2, 3).unbind(1)]
        self._by_block = [layer.unbind() for layer in self._both.flatten(3).unbind(1)]

    def copy(self, source: int, target: int) -> None:
        self._both[:, :, target] = self._both[:, :, source]

    def write(self, layer: int, slots: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> None:
        """`key` and `value` are `[n, kv_heads, head_dim]`, `slots` `[n]` are their positions in the pool, in tokens."""
        keys, values = self._by_slot[layer]
        keys.index_copy_(0, slots, key)
        values.index_copy_(0, slots, value)

    def gather(self, layer: int, table: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values of the blocks in `table` `[n, blocks]`: `[n, kv_heads, blocks * BLOCK, head_dim]` each."""
        shape = (len(table), -1, *self._both.shape[-2:])
        blocks = table.flatten()
        keys, values = (part.index_select(0, blocks).view(shape).transpose(1, 2) for part in self._by_block[layer])
        return keys, values


class Rows:
    """Sequences with the same number of new tokens. All shapes follow from the shapes of its tensors."""

    def __init__(self, pool: KeysAndValues, positions: torch.Tensor, table: torch.Tensor) -> None:
        """Both int64. `positions` `[n, count]` are the new tokens' places in their sequences, `table` `[n, blocks]` the
        sequences' blocks."""
        self._pool = pool
        self._positions = positions
        self._table = table
        self._biases: dict[int | None, torch.Tensor] = {}
        self.slots = (table.gather(1, positions // BLOCK) * BLOCK + positions % BLOCK).flatten()  # [n * count]

    def attend(self, layer: int, query: torch.Tensor, scaling: float, window: int | None) -> torch.Tensor:
        """`query` and the result are `[n * count, heads, head_dim]`. The keys must already be in the pool."""
        n, count = self._positions.shape
        keys, values = self._pool.gather(layer, self._table)
        kv_heads, width = keys.shape[1], keys.shape[3]
        # The heads that share a key are arranged as several queries for it, because kernels that take a mask do not
        # group heads: [n, kv_heads, group, count, width].
        grouped = query.reshape(n, count, kv_heads, -1, width).permute(0, 2, 3, 1, 4)
        bias = self._bias(window, query.dtype, grouped.shape[2])
        attended = scaled_dot_product_attention(grouped.flatten(2, 3), keys, values, attn_mask=bias, scale=scaling)
        return attended.view(grouped.shape).permute(0, 3, 1, 2, 4).reshape(query.shape)

    def _bias(self, window: int | None, dtype: torch.dtype, group: int) -> torch.Tensor:
        """0 where a token sees a key and -inf elsewhere, `[n, 1, group * count, keys]`.

        Layers with the same window share it.
        """
        if window not in self._biases:
            order = torch.arange(self._table.shape[1] * BLOCK, device=self._table.device)
            own = self._positions[:, :, None]
            hidden = order > own
            if window is not None:
                hidden |= order <= own - window
            bias = torch.zeros(hidden.shape, dtype=dtype, device=hidden.device)
            self._biases[window] = bias.masked_fill_(hidden, -torch.inf)[:, None].repeat(1, 1, group, 1)
        return self._biases[window]


class Pass:
    """The tokens of one forward pass in one row, ordered by the groups of `rows`."""

    def __init__(self, pool: KeysAndValues, rows: Sequence[Rows]) -> None:
        self._pool = pool
        self._rows = rows
        self._slots = torch.cat([part.slots for part in rows])
        self._borders = list(accumulate(len(part.slots) for part in rows))[:-1]

    def attend(
        self,
        layer: int,
        query: torch.Tensor,  # [n, heads, head_dim]
        key: torch.Tensor,  # [n, kv_heads, head_dim]
        value: torch.Tensor,
        scaling: float,
        window: int | None,
    ) -> torch.Tensor:  # [n, heads, head_dim]
        self._pool.write(layer, self._slots, key, value)
        parts = zip(self._rows, query.tensor_split(self._borders), strict=True)
        return torch.cat([rows.attend(layer, part, scaling, window) for rows, part in parts])


def block_attention(
    module: Any,
    query: torch.Tensor,  # [1, heads, n, head_dim]
    key: torch.Tensor,  # [1, kv_heads, n, head_dim]
    value: torch.Tensor,
    attention_mask: None,
    *,
    batch: Pass,
    scaling: float,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """The attention that transformers calls in every layer. Returns `[1, n, heads, head_dim]` and no weights."""
    queries, keys, values = (tensor[0].transpose(0, 1) for tensor in (query, key, value))
    return batch.attend(module.layer_idx, queries, keys, values, scaling, sliding_window)[None], None


ALL_ATTENTION_FUNCTIONS.register(ATTENTION, block_attention)
