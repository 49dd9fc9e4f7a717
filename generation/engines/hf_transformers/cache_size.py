"""The number of tokens whose keys and values fit on a card."""

from dataclasses import dataclass
from typing import Any, Self

import torch

from generation.engine import EngineUnavailable

# The share of the memory that is free beside the weights. The remainder is for a running pass: the logits, a prompt's
# activations, and one layer's keys and values of all sequences, padded up to twice in both directions.
_SHARE = 0.8


@dataclass(frozen=True)
class CacheShape:
    """The shape of one token's keys and values in a model's caches."""

    layers: int
    kv_heads: int
    head_dim: int

    @classmethod
    def of(cls, config: Any) -> Self:
        """From a configuration of the transformers library."""
        text = config.get_text_config()
        heads = text.num_attention_heads
        return cls(
            layers=text.num_hidden_layers,
            kv_heads=getattr(text, "num_key_value_heads", None) or heads,
            head_dim=getattr(text, "head_dim", None) or text.hidden_size // heads,
        )

    def bytes_per_token(self, dtype: torch.dtype) -> int:
        return 2 * self.layers * self.kv_heads * self.head_dim * dtype.itemsize


def tokens_that_fit(free: int, bytes_per_token: int, *, least: int) -> int:
    """The capacity of a cache in tokens, if `free` bytes are left beside the weights.

    Raises EngineUnavailable if it would be below `least` tokens.
    """
    tokens = int(free * _SHARE) // bytes_per_token
    if tokens < least:
        needed = -(-least * bytes_per_token / _SHARE // 2**20)
        raise EngineUnavailable(
            f"A conversation of {least} tokens needs {needed:.0f} MiB free on the card beside the weights; "
            f"{free // 2**20} MiB are free."
        )
    return tokens
