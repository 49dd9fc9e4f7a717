"""A forward pass of a model of the transformers library, with keys and values in blocks of one pool, for CUDA cards.

On a CPU, `packed_attention.py` is used instead. It attends to the keys in place. Copying them out of their blocks
in every layer would cost a decode pass up to 30 % there (docs/decisions/0008).
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from generation.engine import Adapter, EngineFailed
from generation.engines.batching.blocks import BlockCache, BlockPool
from generation.engines.batching.forward_pass import Logits, Segment, ends
from generation.engines.batching.low_rank import LowRank
from generation.engines.hf_transformers.block_attention import BLOCK, SCRATCH, KeysAndValues, Pass, Rows
from generation.engines.hf_transformers.cache_size import CacheShape
from generation.engines.hf_transformers.cuda_graphs import Capture, Decode, GraphedDecode

_FEWEST_BLOCKS = 8  # of a decode pass: a prompt soon needs as many, and each width needs one more graph

Ints = NDArray[np.int64]


class BlockForwardPass:
    """All sequences with one new token attend together, under a mask. Longer segments attend one after another.

    In a decode pass, every sequence has one new token. It is padded to a power of two in sequences and in blocks.
    So there are few shapes, and each can be captured.
    """

    def __init__(self, model: Any, *, capacity: int, capture: Capture | None = None) -> None:
        """`capacity` is in tokens. With `capture`, decode passes are replayed from graphs."""
        self._model = model
        blocks = -(-capacity // BLOCK)
        shape = CacheShape.of(model.config)
        self._keys_and_values = KeysAndValues(shape, blocks=blocks + 1, dtype=model.dtype, device=model.device)
        self._pool = BlockPool(range(SCRATCH + 1, SCRATCH + 1 + blocks), BLOCK, self._keys_and_values.copy)
        self._decode: Decode = GraphedDecode(self._decoded, capture) if capture else self._decoded

    @property
    def free(self) -> int:
        return self._pool.free

    @property
    def adapts(self) -> bool:
        return False  # its graphs of decode passes have no place for the products of adapters

    def load(self, adapter: Adapter) -> LowRank:
        raise EngineFailed(f"This engine cannot use the adapter {adapter.name}.")

    def forget(self) -> None:
        pass  # it has no adapters

    def cache(self, adapter: LowRank | None = None) -> BlockCache:
        return BlockCache(self._pool)

    def read(self, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> Logits:
        with torch.inference_mode():
            for segment in segments:
                cast(BlockCache, segment.cache).grow(len(segment.tokens))
            if keep is None and all(len(segment.tokens) == 1 for segment in segments):
                logits = self._decode(self._on_device(_padded(_table(segments))))[: len(segments)]
            else:
                logits = self._read_mixed(segments, ends(segments) if keep is None else keep)
        for segment in segments:
            segment.cache.tokens.extend(segment.tokens)
        result: Logits = logits.float().cpu().numpy()
        return result

    def _decoded(self, table: torch.Tensor) -> torch.Tensor:
        """Logits `[n, vocabulary]` of a decode pass. Graphs capture it, so nothing in it depends on values."""
        return self._forward([table], [1], 0)

    def _read_mixed(self, segments: Sequence[Segment], keep: Sequence[int]) -> torch.Tensor:
        """Logits `[kept, vocabulary]`. Segments with one token are put first, so that they attend together."""
        single = [i for i, segment in enumerate(segments) if len(segment.tokens) == 1]
        longer = [i for i, segment in enumerate(segments) if len(segment.tokens) > 1]
        groups = [group for group in (single, *([i] for i in longer)) if group]
        tables = [self._on_device(_table([segments[i] for i in group])) for group in groups]
        counts = [len(segments[group[0]].tokens) for group in groups]
        places = _places(segments, [*single, *longer])
        return self._forward(tables, counts, self._on_device(places[np.asarray(keep, dtype=np.int64)]))

    def _forward(self, tables: Sequence[torch.Tensor], counts: Sequence[int], keep: torch.Tensor | int) -> torch.Tensor:
        """Logits `[kept, vocabulary]`; `keep` is 0 for all. `tables` are `_table`'s, with `counts` new tokens a row."""
        # Tokens, positions, blocks.
        parts = [table.tensor_split((count, 2 * count), dim=1) for table, count in zip(tables, counts, strict=True)]
        batch = Pass(self._keys_and_values, [Rows(self._keys_and_values, part[1], part[2]) for part in parts])
        logits: torch.Tensor = self._model(
            input_ids=torch.cat([part[0].flatten() for part in parts])[None],
            position_ids=torch.cat([part[1].flatten() for part in parts])[None],
            use_cache=False,
            logits_to_keep=keep,
            batch=batch,
        ).logits[0]
        return logits

    def _on_device(self, values: Ints) -> torch.Tensor:
        return torch.from_numpy(values).to(self._model.device)


def _table(segments: Sequence[Segment]) -> Ints:
    """`[n, 2 * count + blocks]`, a row per segment of `count` tokens: tokens, positions, blocks.

    All are in one array, because each array that goes to a card costs a copy of its own.
    """
    caches = [cast(BlockCache, segment.cache) for segment in segments]
    count = len(segments[0].tokens)
    table = np.full((len(segments), 2 * count + max(len(cache.blocks) for cache in caches)), SCRATCH, dtype=np.int64)
    for row, segment, cache in zip(table, segments, caches, strict=True):
        row[:count] = segment.tokens
        row[count : 2 * count] = np.arange(len(cache.tokens), len(cache.tokens) + count)
        row[2 * count : 2 * count + len(cache.blocks)] = cache.blocks
    return table


def _padded(table: Ints) -> Ints:
    """`table` padded to powers of two in rows and in blocks. Rows of zeros write to the scratch block."""
    rows, blocks = table.shape[0], table.shape[1] - 2
    padding = _power_of_two(rows) - rows, max(_power_of_two(blocks), _FEWEST_BLOCKS) - blocks
    return np.pad(table, ((0, padding[0]), (0, padding[1])))


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()


def _places(segments: Sequence[Segment], order: Sequence[int]) -> Ints:
    """The places of the tokens of `segments` after the segments are arranged in `order`."""
    starts = np.cumsum([0, *(len(segment.tokens) for segment in segments)])
    arranged = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in order])
    return np.argsort(arranged)
