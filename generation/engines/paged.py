"""One pass of OpenVINO's paged attention over many sequences, whose keys and values lie in blocks of one pool.

The converter's model is rewritten by the library to its paged form (Kwon et al. 2023), in which all new tokens lie in
one row and each sequence names its blocks. Blocks are shared by sequences with a common beginning, to the token: one
that is shared is copied before it is written.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import opset13
from openvino._offline_transformations import paged_attention_transformation

from generation.engines.reading import Logits, Segment, ends, positions

_BLOCK = 32  # tokens; the only size that the CPU's kernel knows
_KEEP = "positions_to_keep"


class PagedCache:
    """One sequence's tokens and the numbers of its blocks."""

    def __init__(self, pool: "_Pool") -> None:
        self.tokens: list[int] = []
        self.blocks: list[int] = []
        self._pool = pool

    def beginning(self, length: int) -> "PagedCache":
        shared = PagedCache(self._pool)
        shared.tokens = self.tokens[:length]
        shared.blocks = self.blocks[: _blocks(length)]
        self._pool.share(shared.blocks)
        return shared

    def cut(self, length: int) -> None:
        del self.tokens[length:]
        self._pool.give_back(self.blocks[_blocks(length) :])
        del self.blocks[_blocks(length) :]

    def release(self) -> None:
        self.cut(0)

    def grow(self, count: int) -> None:
        """Blocks of its own for the next `count` tokens."""
        begun, offset = divmod(len(self.tokens), _BLOCK)
        if offset:
            self.blocks[begun] = self._pool.own(self.blocks[begun])
        while len(self.blocks) < _blocks(len(self.tokens) + count):
            self.blocks.append(self._pool.take())


class _Pool:
    """Which blocks are free, and by how many sequences the others are held."""

    def __init__(self, tensors: Sequence["NDArray[Any]"], blocks: int) -> None:
        """`tensors` are the keys and values of all layers, `[blocks, …]` each."""
        self._tensors = tensors
        self._free = list(range(blocks))
        self._holders: Counter[int] = Counter()

    @property
    def free(self) -> int:
        return len(self._free)

    def take(self) -> int:
        block = self._free.pop()
        self._holders[block] = 1
        return block

    def share(self, blocks: Sequence[int]) -> None:
        self._holders.update(blocks)

    def give_back(self, blocks: Sequence[int]) -> None:
        self._holders.subtract(blocks)
        self._free.extend(block for block in blocks if not self._holders[block])

    def own(self, block: int) -> int:
        """The block itself, or a copy where somebody else holds it too."""
        if self._holders[block] == 1:
            return block
        copy = self.take()
        for tensor in self._tensors:
            tensor[copy] = tensor[block]
        self.give_back([block])
        return copy


class PagedReader:
    """A model in OpenVINO's format, and the pool of its blocks."""

    def __init__(self, folder: Path, *, capacity: int) -> None:
        """`capacity` is in tokens. Raises RuntimeError where the library cannot rewrite or load the model."""
        blocks = _blocks(capacity)
        core = openvino.Core()
        model = core.read_model(folder / "openvino_model.xml")
        paged_attention_transformation(model)
        _keep_few_logits(model)
        # Halves, so that numpy can copy a block on every machine; 8 bits would depend on how a prompt was cut.
        compiled = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY", "KV_CACHE_PRECISION": "f16"})
        self._request = compiled.create_infer_request()
        self._inputs = {port.any_name for port in compiled.inputs}
        tensors = [self._blocks_of(port, blocks) for port in compiled.inputs if "_cache." in port.any_name]
        self._pool = _Pool([tensor.data for tensor in tensors], blocks)

    @property
    def free(self) -> int:
        return self._pool.free * _BLOCK

    def cache(self) -> PagedCache:
        return PagedCache(self._pool)

    def read(self, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> Logits:
        caches = cast(list[PagedCache], [segment.cache for segment in segments])
        counts = [len(segment.tokens) for segment in segments]
        past = [len(cache.tokens) for cache in caches]
        for cache, count in zip(caches, counts, strict=True):
            cache.grow(count)
        kept = ends(segments) if keep is None else keep
        self._set("input_ids", [token for segment in segments for token in segment.tokens], np.int64)
        self._set("position_ids", positions(segments), np.int64)
        self._set("past_lens", past, np.int32)
        self._set("subsequence_begins", _starts(counts), np.int32)
        self._set("block_indices", [block for cache in caches for block in cache.blocks], np.int32)
        self._set("block_indices_begins", _starts([len(cache.blocks) for cache in caches]), np.int32)
        self._set("max_context_len", max(map(sum, zip(past, counts, strict=True))), np.int32)
        self._set(_KEEP, kept, np.int64)
        self._request.infer()
        for segment in segments:
            segment.cache.tokens.extend(segment.tokens)
        logits: Logits = self._request.get_output_tensor(0).data.reshape(len(kept), -1).astype(np.float32)
        return logits

    def _set(self, name: str, values: Any, kind: type[np.integer[Any]]) -> None:
        if name in self._inputs:
            self._request.set_tensor(name, openvino.Tensor(np.array(values, dtype=kind)))

    def _blocks_of(self, port: Any, blocks: int) -> "openvino.Tensor":
        shape = [blocks, *(size.get_length() for size in list(port.partial_shape)[1:])]
        tensor = openvino.Tensor(port.element_type, openvino.Shape(shape))
        self._request.set_tensor(port.any_name, tensor)
        return tensor


def _keep_few_logits(model: Any) -> None:
    """Only the positions that are asked for go through the last product, a fifth of a small model's work."""
    last = model.get_results()[0].input_value(0).get_node()
    while last.get_type_name() != "MatMul":
        if not last.get_input_size():
            raise RuntimeError("The model does not end in a product with its vocabulary.")
        last = last.input_value(0).get_node()
    kept = opset13.parameter([-1], np.int64, name=_KEEP)
    kept.output(0).set_names({_KEEP})
    few = opset13.gather(last.input_value(0), kept, opset13.constant(np.int64(0)))
    last.input(0).replace_source_output(few.output(0))
    model.add_parameters([kept])
    model.validate_nodes_and_infer_types()


def _blocks(tokens: int) -> int:
    return -(-tokens // _BLOCK)


def _starts(lengths: Sequence[int]) -> list[int]:
    return [0, *(int(end) for end in np.cumsum(lengths))]
