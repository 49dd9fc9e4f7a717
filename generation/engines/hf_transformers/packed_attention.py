"""One forward pass over many sequences. Their new tokens are packed in one row. Each attends to its own cache.

The model's dense layers see `[1, n]` tokens, where n counts all sequences. So a step reads the weights
once for any number of sequences. Attention runs sequence by sequence over exactly its own keys. There
is no padding and no mask over other sequences' keys, and a sequence's attention is the same sum alone
and in a batch. This is the layout of vLLM's and FlashAttention's "varlen" kernels.
"""

import weakref
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from generation.engine import Adapter
from generation.engines.batching import low_rank
from generation.engines.batching.forward_pass import Logits, Segment, ends, positions
from generation.engines.batching.low_rank import LowRank

ATTENTION = "afterword_packed"
_GROWTH = 256  # tokens


class PackedCache:
    """Keys and values of one sequence, `[kv_heads, capacity, head_dim]` per layer, and its tokens.

    The first pass that writes creates the tensors. They grow as needed.
    """

    def __init__(self, forward_pass: "PackedForwardPass", adapter: LowRank | None) -> None:
        self.tokens: list[int] = []
        self.adapter = adapter
        self._keys: dict[int, torch.Tensor] = {}
        self._values: dict[int, torch.Tensor] = {}
        self._forward_pass = forward_pass

    def write(
        self, layer: int, start: int, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Writes `[kv_heads, n, head_dim]` at `start`. Returns all up to its end: `[kv_heads, start + n, head_dim]`."""
        end = start + key.shape[1]
        if layer not in self._keys or self._keys[layer].shape[1] < end:
            self._grow(layer, start, end, key)
        self._keys[layer][:, start:end] = key
        self._values[layer][:, start:end] = value
        return self._keys[layer][:, :end], self._values[layer][:, :end]

    def _grow(self, layer: int, start: int, end: int, like: torch.Tensor) -> None:
        capacity = -(-end // _GROWTH) * _GROWTH
        for tensors in (self._keys, self._values):
            grown = like.new_empty((like.shape[0], capacity, like.shape[2]))
            if start:
                grown[:, :start] = tensors[layer][:, :start]
            tensors[layer] = grown

    def beginning(self, length: int) -> "PackedCache":
        copy = self._forward_pass.cache(self.adapter)
        copy.tokens = self.tokens[:length]
        copy._keys = {layer: tensor[:, :length].clone() for layer, tensor in self._keys.items()}
        copy._values = {layer: tensor[:, :length].clone() for layer, tensor in self._values.items()}
        return copy

    def cut(self, length: int) -> None:
        del self.tokens[length:]

    def release(self) -> None:
        self.cut(0)
        self._keys.clear()
        self._values.clear()


class PackedForwardPass:
    """A model of the transformers library with our attention, and the room for its caches."""

    def __init__(self, model: Any, *, capacity: int) -> None:
        """`capacity` is in tokens."""
        self._capacity = capacity
        self._model = model
        self._segments: Sequence[Segment] = ()  # of the running pass, if one of them has an adapter
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Linear):
                module.register_forward_hook(partial(self._adapted, name))
        self._caches: weakref.WeakSet[PackedCache] = weakref.WeakSet()

    @property
    def free(self) -> int:
        return self._capacity - sum(len(cache.tokens) for cache in self._caches)

    @property
    def adapts(self) -> bool:
        return True

    def load(self, adapter: Adapter) -> LowRank:
        return low_rank.read(adapter)

    def forget(self) -> None:
        self._segments = ()

    def cache(self, adapter: LowRank | None = None) -> PackedCache:
        cache = PackedCache(self, adapter)
        self._caches.add(cache)
        return cache

    def read(self, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> Logits:
        ids = [token for segment in segments for token in segment.tokens]
        kept_positions = ends(segments) if keep is None else keep
        device = self._model.device
        self._segments = segments if any(segment.cache.adapter for segment in segments) else ()
        with torch.inference_mode():
            logits = self._model(
                input_ids=torch.tensor([ids], device=device),
                position_ids=torch.tensor([positions(segments)], device=device),
                use_cache=False,
                logits_to_keep=torch.tensor(kept_positions, dtype=torch.long, device=device),
                segments=segments,
            ).logits[0]
        for segment in segments:
            segment.cache.tokens.extend(segment.tokens)
        result: Logits = logits.float().cpu().numpy()
        return result

    def _adapted(self, name: str, module: torch.nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        """Adds the low-rank products of each sequence's adapter to a linear layer's result, `[1, n, outputs]`.

        PEFT can mix adapters too, but chooses them by the rows of a batch. Here all sequences are in one row.
        """
        start = 0
        for segment in self._segments:
            end = start + len(segment.tokens)
            if segment.cache.adapter is not None and name in segment.cache.adapter.products:
                down, up = (torch.from_numpy(matrix) for matrix in segment.cache.adapter.products[name])
                output[:, start:end] += (inputs[0][:, start:end] @ down @ up).to(output.dtype)
            start = end


def _attend(
    query: torch.Tensor,  # [heads, n, head_dim]
    keys: torch.Tensor,  # [kv_heads, start + n, head_dim]
    values: torch.Tensor,
    scaling: float,
    window: int | None,
) -> torch.Tensor:  # [heads, n, head_dim]
    heads, count, width = query.shape
    kv_heads, length, _ = keys.shape
    if count == 1:
        # One new token sees every key (of its window). The heads that share a key are arranged as
        # several queries for it, so keys are not copied per head.
        if window is not None:
            keys, values = keys[:, -window:], values[:, -window:]
        grouped = query.reshape(1, kv_heads, heads // kv_heads, width)
        return scaled_dot_product_attention(grouped, keys[None], values[None], scale=scaling).reshape(heads, 1, width)
    order = torch.arange(length, device=query.device)
    own = order[length - count :, None]
    mask = order[None, :] <= own
    if window is not None:
        mask &= order[None, :] > own - window
    return scaled_dot_product_attention(
        query[None], keys[None], values[None], attn_mask=mask, scale=scaling, enable_gqa=heads != kv_heads
    )[0]


def packed_attention(
    module: Any,
    query: torch.Tensor,  # [1, heads, n, head_dim]
    key: torch.Tensor,  # [1, kv_heads, n, head_dim]
    value: torch.Tensor,
    attention_mask: None,
    *,
    segments: Sequence[Segment],
    scaling: float,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """The attention that transformers calls in every layer. Returns `[1, n, heads, head_dim]` and no weights."""
    results, start = [], 0
    for segment in segments:
        end = start + len(segment.tokens)
        cache = cast(PackedCache, segment.cache)
        keys, values = cache.write(module.layer_idx, len(cache.tokens), key[0, :, start:end], value[0, :, start:end])
        results.append(_attend(query[0, :, start:end], keys, values, scaling, sliding_window))
        start = end
    return torch.cat(results, dim=1).transpose(0, 1)[None], None


ALL_ATTENTION_FUNCTIONS.register(ATTENTION, packed_attention)
