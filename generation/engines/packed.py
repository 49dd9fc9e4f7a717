"""One forward pass over many sequences: their new tokens lie packed in one row, each attends to its own cache.

The model's dense layers see `[1, n]` tokens, n over all sequences, so a step costs one read of the
weights however many sequences take part. Attention runs sequence by sequence over exactly the keys
that are there: no padding, no mask over other people's keys, and a sequence's attention is the same
sum alone and in company. This is the layout of vLLM's and FlashAttention's "varlen" kernels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

ATTENTION = "afterword_packed"
_GROWTH = 256  # tokens


@dataclass(eq=False)
class Cache:
    """Keys and values of one sequence, `[kv_heads, capacity, head_dim]` per layer, and the tokens that they stand for.

    The tensors are made by the first pass that writes to them and grow by need.
    """

    tokens: list[int] = field(default_factory=list)
    keys: dict[int, torch.Tensor] = field(default_factory=dict)
    values: dict[int, torch.Tensor] = field(default_factory=dict)

    def write(
        self, layer: int, start: int, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Puts `[kv_heads, n, head_dim]` at `start`; returns all up to there, `[kv_heads, start + n, head_dim]`."""
        end = start + key.shape[1]
        if layer not in self.keys or self.keys[layer].shape[1] < end:
            self._grow(layer, start, end, key)
        self.keys[layer][:, start:end] = key
        self.values[layer][:, start:end] = value
        return self.keys[layer][:, :end], self.values[layer][:, :end]

    def _grow(self, layer: int, start: int, end: int, like: torch.Tensor) -> None:
        capacity = -(-end // _GROWTH) * _GROWTH
        for tensors in (self.keys, self.values):
            grown = like.new_empty((like.shape[0], capacity, like.shape[2]))
            if start:
                grown[:, :start] = tensors[layer][:, :start]
            tensors[layer] = grown

    def beginning(self, length: int) -> "Cache":
        """A copy of the first `length` tokens, which another sequence may continue."""
        return Cache(
            tokens=self.tokens[:length],
            keys={layer: tensor[:, :length].clone() for layer, tensor in self.keys.items()},
            values={layer: tensor[:, :length].clone() for layer, tensor in self.values.items()},
        )


@dataclass(frozen=True)
class Segment:
    """The next tokens of one sequence; they follow on what its cache holds."""

    cache: Cache
    tokens: Sequence[int]


def forward(model: Any, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> torch.Tensor:
    """Runs the segments in one pass and enters their tokens into their caches.

    Returns the logits after each segment's last token, or after those at the positions `keep` of the packed
    row: float32 `[segments or kept, vocabulary]`, on the CPU.
    """
    ids = [token for segment in segments for token in segment.tokens]
    positions = [len(s.cache.tokens) + i for s in segments for i in range(len(s.tokens))]
    ends, total = [], 0
    for segment in segments:
        total += len(segment.tokens)
        ends.append(total - 1)
    device = model.device
    with torch.inference_mode():
        logits = model(
            input_ids=torch.tensor([ids], device=device),
            position_ids=torch.tensor([positions], device=device),
            use_cache=False,
            logits_to_keep=torch.tensor(ends if keep is None else keep, dtype=torch.long, device=device),
            segments=segments,
        ).logits[0]
    for segment in segments:
        segment.cache.tokens.extend(segment.tokens)
    result: torch.Tensor = logits.float().cpu()
    return result


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
        # One new token sees every key (of its window). The heads that share a key are laid out
        # as if they were queries of it, which spares the copying of keys per head.
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
    """The attention that transformers calls in every layer: `[1, n, heads, head_dim]`, and no weights."""
    done, start = [], 0
    for segment in segments:
        end = start + len(segment.tokens)
        keys, values = segment.cache.write(
            module.layer_idx, len(segment.cache.tokens), key[0, :, start:end], value[0, :, start:end]
        )
        done.append(_attend(query[0, :, start:end], keys, values, scaling, sliding_window))
        start = end
    return torch.cat(done, dim=1).transpose(0, 1)[None], None


ALL_ATTENTION_FUNCTIONS.register(ATTENTION, packed_attention)
