"""One pass of OpenVINO's paged attention over many sequences. Keys and values are in blocks of one pool.

The library rewrites the converter's model to its paged form (Kwon et al. 2023). There all new tokens are in one row,
and each sequence has a list of its blocks (`blocks.py`).
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import openvino
from openvino import opset13
from openvino._offline_transformations import paged_attention_transformation

from generation.engines.batching.blocks import BlockCache, BlockPool
from generation.engines.batching.forward_pass import Logits, Segment, ends, positions
from persona_site.cpu_inference import openvino_core

_BLOCK = 32  # tokens; the only size that the CPU's kernel supports
_KEEP = "positions_to_keep"
_HAS_AVX512 = "X86_V4" in (np.show_config(mode="dicts") or {}).get("SIMD Extensions", {}).get("found", [])
OPTIONS = {
    "PERFORMANCE_HINT": "LATENCY",
    # The same on all processors. By default the library would use bfloat16 where it can, and then refuse float keys.
    "INFERENCE_PRECISION_HINT": "f32",
    # Half floats must be widened at every step. Only AVX-512 does this faster than it reads floats. With 8 bits, the
    # result would depend on how a prompt was cut into passes.
    "KV_CACHE_PRECISION": "f16" if _HAS_AVX512 else "f32",
    # On processors that multiply bytes (VNNI), the inputs of a product are rounded to 8 bits, with a scale for each
    # 32 values. On other processors the library ignores this.
    "DYNAMIC_QUANTIZATION_GROUP_SIZE": "32",
}


class PagedForwardPass:
    """A model in OpenVINO's format, and the pool of its blocks."""

    def __init__(self, folder: Path, *, capacity: int) -> None:
        """`capacity` is in tokens. Raises RuntimeError if the library cannot rewrite or load the model."""
        blocks = -(-capacity // _BLOCK)
        core = openvino_core()
        model = core.read_model(folder / "openvino_model.xml")
        paged_attention_transformation(model)
        _keep_few_logits(model)
        _merge_products(model)
        compiled = core.compile_model(model, "CPU", OPTIONS)
        self._request = compiled.create_infer_request()
        self._inputs = {port.any_name for port in compiled.inputs}
        self._blocks = [self._tensor(port, blocks).data for port in compiled.inputs if "_cache." in port.any_name]
        self._pool = BlockPool(range(blocks), _BLOCK, self._copy)

    @property
    def free(self) -> int:
        return self._pool.free

    def cache(self) -> BlockCache:
        return BlockCache(self._pool)

    def read(self, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> Logits:
        caches = cast(list[BlockCache], [segment.cache for segment in segments])
        counts = [len(segment.tokens) for segment in segments]
        past = [len(cache.tokens) for cache in caches]
        for cache, count in zip(caches, counts, strict=True):
            cache.grow(count)
        kept_positions = ends(segments) if keep is None else keep
        self._set("input_ids", [token for segment in segments for token in segment.tokens], np.int64)
        self._set("position_ids", positions(segments), np.int64)
        self._set("past_lens", past, np.int32)
        self._set("subsequence_begins", _starts(counts), np.int32)
        self._set("block_indices", [block for cache in caches for block in cache.blocks], np.int32)
        self._set("block_indices_begins", _starts([len(cache.blocks) for cache in caches]), np.int32)
        self._set("max_context_len", max(map(sum, zip(past, counts, strict=True))), np.int32)
        self._set(_KEEP, kept_positions, np.int64)
        self._request.infer()
        for segment in segments:
            segment.cache.tokens.extend(segment.tokens)
        logits: Logits = self._request.get_output_tensor(0).data.reshape(len(kept_positions), -1).astype(np.float32)
        return logits

    def _copy(self, source: int, target: int) -> None:
        for blocks in self._blocks:  # the keys or values of a layer, `[blocks, …]`
            blocks[target] = blocks[source]

    def _set(self, name: str, values: Any, kind: type[np.integer[Any]]) -> None:
        if name in self._inputs:
            self._request.set_tensor(name, openvino.Tensor(np.array(values, dtype=kind)))

    def _tensor(self, port: Any, blocks: int) -> "openvino.Tensor":
        shape = [blocks, *(size.get_length() for size in list(port.partial_shape)[1:])]
        tensor = openvino.Tensor(port.element_type, openvino.Shape(shape))
        self._request.set_tensor(port.any_name, tensor)
        return tensor


def _keep_few_logits(model: Any) -> None:
    """Runs only the requested positions through the last product, which is a fifth of a small model's work."""
    last = model.get_results()[0].input_value(0).get_node()
    while last.get_type_name() != "MatMul":
        if not last.get_input_size():
            raise RuntimeError("The model does not end in a product with its vocabulary.")
        last = last.input_value(0).get_node()
    indices = opset13.parameter([-1], np.int64, name=_KEEP)
    indices.output(0).set_names({_KEEP})
    few = opset13.gather(last.input_value(0), indices, opset13.constant(np.int64(0)))
    last.input(0).replace_source_output(few.output(0))
    model.add_parameters([indices])
    model.validate_nodes_and_infer_types()


def _merge_products(model: Any) -> None:
    """Merges products of the same input (query, key and value, or gate and up) into one product, and splits its result.

    Each row of weights keeps its scale, so no value changes. A few large products are faster than many small ones.
    """
    sharing = defaultdict(list)
    for node in model.get_ordered_ops():
        if (weights := _rounded_weights(node)) is not None:
            source = node.input_value(0)
            sharing[source.get_node().get_friendly_name(), source.get_index()].append((node, *weights))
    for products in sharing.values():
        if len(products) == 1:
            continue
        nodes, rounded, scales = zip(*products, strict=True)
        restored = opset13.multiply(
            opset13.convert(opset13.constant(np.concatenate(rounded)), scales[0].dtype),
            opset13.constant(np.concatenate(scales)),
        )
        floats = opset13.convert(restored, np.float32)
        merged = opset13.matmul(nodes[0].input_value(0), floats, transpose_a=False, transpose_b=True)
        parts = opset13.variadic_split(merged, np.int64(-1), np.array([len(rows) for rows in rounded], np.int64))
        for node, part in zip(nodes, parts.outputs(), strict=True):
            for consumer in node.output(0).get_target_inputs():
                consumer.replace_source_output(part)
    model.validate_nodes_and_infer_types()


def _rounded_weights(node: Any) -> tuple[Any, Any] | None:
    """The weights int8 `[outputs, inputs]` and scales `[outputs, 1]` of a product that was quantized symmetrically."""
    if node.get_type_name() != "MatMul" or not node.get_attributes()["transpose_b"]:
        return None
    below, scales = node, None
    for position, name in ((1, "Convert"), (0, "Multiply"), (0, "Convert"), (0, "Constant")):
        below = below.input_value(position).get_node()
        if below.get_type_name() != name:
            return None
        if name == "Multiply":
            scales = below.input_value(1).get_node().get_data()
    weights = below.get_data()
    return (weights, scales) if weights.dtype == np.int8 else None


def _starts(lengths: Sequence[int]) -> list[int]:
    return [0, *(int(end) for end in np.cumsum(lengths))]
