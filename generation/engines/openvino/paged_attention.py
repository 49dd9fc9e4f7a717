"""One pass of OpenVINO's paged attention over many sequences. Keys and values are in blocks of one pool.

The library rewrites the converter's model to its paged form (Kwon et al. 2023). There all new tokens are in one row,
and each sequence has a list of its blocks (`blocks.py`).
"""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import openvino
from openvino import opset13
from openvino._offline_transformations import paged_attention_transformation

from generation.engine import Adapter
from generation.engines.batching import low_rank
from generation.engines.batching.blocks import BlockCache, BlockPool
from generation.engines.batching.forward_pass import Logits, Segment, ends, positions
from generation.engines.batching.low_rank import LowRank
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


@dataclass(frozen=True)
class Product:
    """A product of the graph with the weights of one linear layer, or of several with the same input."""

    names: Sequence[str]  # of the linear layers, as the library that made the model names them
    sizes: Sequence[int]  # of their outputs
    inputs: int
    output: Any


class PagedForwardPass:
    """A model in OpenVINO's format, and the pool of its blocks.

    There are two graphs with the same blocks: the plain one, and one with the low-rank products of adapters. The second
    is made for the first adapter, and runs only the passes in which a sequence has one.
    """

    def __init__(self, folder: Path, *, capacity: int) -> None:
        """`capacity` is in tokens. Raises RuntimeError if the library cannot rewrite or load the model."""
        blocks = -(-capacity // _BLOCK)
        self._folder = folder
        self._plain = Graph(_network(folder)[0])
        self._caches = self._plain.new_caches(blocks)
        self._adapted: AdaptedGraph | None = None
        self._compiling = threading.Lock()
        self._pool = BlockPool(range(blocks), _BLOCK, self._copy)

    @property
    def free(self) -> int:
        return self._pool.free

    @property
    def adapts(self) -> bool:
        return True

    def load(self, adapter: Adapter) -> LowRank:
        loaded = low_rank.read(adapter)
        with self._compiling:
            if self._adapted is None:
                self._adapted = AdaptedGraph(*_network(self._folder), self._caches)
        return loaded

    def forget(self) -> None:
        if self._adapted is not None:
            self._adapted.forget()

    def cache(self, adapter: LowRank | None = None) -> BlockCache:
        return BlockCache(self._pool, adapter)

    def read(self, segments: Sequence[Segment], keep: Sequence[int] | None = None) -> Logits:
        caches = cast(list[BlockCache], [segment.cache for segment in segments])
        counts = [len(segment.tokens) for segment in segments]
        past = [len(cache.tokens) for cache in caches]
        for cache, count in zip(caches, counts, strict=True):
            cache.grow(count)
        kept_positions = ends(segments) if keep is None else keep
        graph = self._graph([(cache.adapter, count) for cache, count in zip(caches, counts, strict=True)])
        graph.set("input_ids", [token for segment in segments for token in segment.tokens], np.int64)
        graph.set("position_ids", positions(segments), np.int64)
        graph.set("past_lens", past, np.int32)
        graph.set("subsequence_begins", _starts(counts), np.int32)
        graph.set("block_indices", [block for cache in caches for block in cache.blocks], np.int32)
        graph.set("block_indices_begins", _starts([len(cache.blocks) for cache in caches]), np.int32)
        graph.set("max_context_len", max(map(sum, zip(past, counts, strict=True))), np.int32)
        graph.set(_KEEP, kept_positions, np.int64)
        logits = graph.logits(len(kept_positions))
        for segment in segments:
            segment.cache.tokens.extend(segment.tokens)
        return logits

    def _graph(self, rows: Sequence[tuple[LowRank | None, int]]) -> "Graph":
        """The graph for a pass over sequences with these adapters and numbers of tokens."""
        if all(adapter is None for adapter, _ in rows):
            return self._plain
        assert self._adapted is not None  # `load` made it before any cache got an adapter
        self._adapted.adapt(rows)
        return self._adapted

    def _copy(self, source: int, target: int) -> None:
        for cache in self._caches.values():  # the keys or values of a layer, `[blocks, …]`
            cache.data[target] = cache.data[source]


class Graph:
    """A compiled model and its one request."""

    def __init__(self, model: Any) -> None:
        compiled = openvino_core().compile_model(model, "CPU", OPTIONS)
        self._request = compiled.create_infer_request()
        self._ports = {port.any_name: port for port in compiled.inputs}

    def new_caches(self, blocks: int) -> dict[str, "openvino.Tensor"]:
        """The tensors of all keys and values, which are its inputs from now on."""
        caches = {}
        for name, port in self._ports.items():
            if "_cache." in name:
                shape = [blocks, *(size.get_length() for size in list(port.partial_shape)[1:])]
                caches[name] = openvino.Tensor(port.element_type, openvino.Shape(shape))
                self._request.set_tensor(name, caches[name])
        return caches

    def set(self, name: str, values: Any, kind: type[np.number[Any]]) -> None:
        if name in self._ports:
            self._request.set_tensor(name, openvino.Tensor(np.array(values, dtype=kind)))

    def logits(self, count: int) -> Logits:
        """Runs the pass. Returns its logits `[count, vocabulary]`."""
        self._request.infer()
        data = self._request.get_output_tensor(0).data
        logits: Logits = data.reshape(count, data.shape[-1]).astype(np.float32)  # a pass may keep none
        return logits


class AdaptedGraph(Graph):
    """A graph with the low-rank products of several adapters beside the products of the MLP."""

    def __init__(self, model: Any, products: Sequence[Product], caches: dict[str, "openvino.Tensor"]) -> None:
        self._products = [product for product in products if all(map(_is_adapted, product.names))]
        _add_low_rank_products(model, self._products)
        super().__init__(model)
        for name, cache in caches.items():
            self._request.set_tensor(name, cache)
        self._adapters: list[LowRank] = []  # whose matrices are its inputs now

    def adapt(self, rows: Sequence[tuple[LowRank | None, int]]) -> None:
        """Gives each token of the next pass the products of its adapter."""
        wanted = list({id(adapter): adapter for adapter, _ in rows if adapter is not None}.values())
        if any(adapter not in self._adapters for adapter in wanted):
            self._take(wanted)
        mask = low_rank.mask(self._adapters, rows)[:, None]  # [tokens, 1, ranks]
        for layers in {len(product.names) for product in self._products}:
            self.set(_mask_name(layers), np.tile(mask, layers), np.float32)

    def forget(self) -> None:
        self._take([])

    def _take(self, adapters: list[LowRank]) -> None:
        for product in self._products:
            down, up = low_rank.joined(adapters, product.names, product.sizes, product.inputs)
            self.set(f"{product.names[0]}.down", down, np.float32)
            self.set(f"{product.names[0]}.up", up, np.float32)
        self._adapters = adapters


def _network(folder: Path) -> tuple[Any, list[Product]]:
    """The model in its paged form, and its products with rounded weights."""
    model = openvino_core().read_model(folder / "openvino_model.xml")
    paged_attention_transformation(model)
    _keep_few_logits(model)
    return model, _merge_products(model)


def _is_adapted(name: str) -> bool:
    return name.rpartition(".")[2] in low_rank.LAYERS


def _mask_name(layers: int) -> str:
    return f"adapter_mask_{layers}"


def _add_low_rank_products(model: Any, products: Sequence[Product]) -> None:
    """Adds ((x @ down) * mask) @ up to the result of each product. The three are inputs of the model.

    The columns of `down` are the ranks of all adapters side by side, and the mask chooses those of a token's adapter.
    So one product serves all sequences. S-LoRA and Punica use kernels of their own for this, which skip the others.
    """
    inputs = {layers: _input(_mask_name(layers), [-1, 1, -1]) for layers in {len(p.names) for p in products}}
    matrices = []
    for product in products:
        down = _input(f"{product.names[0]}.down", [product.inputs, -1])
        up = _input(f"{product.names[0]}.up", [-1, sum(product.sizes)])
        matrices += [down, up]
        consumers = product.output.get_target_inputs()
        narrow = opset13.matmul(product.output.get_node().input_value(0), down, transpose_a=False, transpose_b=False)
        chosen = opset13.multiply(narrow, inputs[len(product.names)])
        added = opset13.add(product.output, opset13.matmul(chosen, up, transpose_a=False, transpose_b=False))
        for consumer in consumers:
            consumer.replace_source_output(added.output(0))
    model.add_parameters([*inputs.values(), *matrices])
    model.validate_nodes_and_infer_types()


def _input(name: str, shape: list[int]) -> Any:
    parameter = opset13.parameter(shape, np.float32, name=name)
    parameter.output(0).set_names({name})
    return parameter


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


def _merge_products(model: Any) -> list[Product]:
    """Merges products of the same input (query, key and value, or gate and up) into one product, and splits its result.

    Each row of weights keeps its scale, so no value changes. A few large products are faster than many small ones.
    Returns all products with rounded weights, as they are then.
    """
    sharing = defaultdict(list)
    for node in model.get_ordered_ops():
        if (weights := _rounded_weights(node)) is not None:
            source = node.input_value(0)
            sharing[source.get_node().get_friendly_name(), source.get_index()].append((node, *weights))
    products = []
    for same_input in sharing.values():
        nodes, rounded, scales = zip(*same_input, strict=True)
        names, sizes = [_layer(node) for node in nodes], [len(rows) for rows in rounded]
        if len(nodes) == 1:
            products.append(Product(names, sizes, rounded[0].shape[1], nodes[0].output(0)))
            continue
        restored = opset13.multiply(
            opset13.convert(opset13.constant(np.concatenate(rounded)), scales[0].dtype),
            opset13.constant(np.concatenate(scales)),
        )
        floats = opset13.convert(restored, np.float32)
        merged = opset13.matmul(nodes[0].input_value(0), floats, transpose_a=False, transpose_b=True)
        parts = opset13.variadic_split(merged, np.int64(-1), np.array(sizes, np.int64))
        for node, part in zip(nodes, parts.outputs(), strict=True):
            for consumer in node.output(0).get_target_inputs():
                consumer.replace_source_output(part)
        products.append(Product(names, sizes, rounded[0].shape[1], merged.output(0)))
    model.validate_nodes_and_infer_types()
    return products


def _layer(node: Any) -> str:
    """The name of a product's linear layer, from `__module.model.layers.0.mlp.up_proj/ov_ext::linear/MatMul`."""
    name: str = node.get_friendly_name()
    return name.partition("/")[0].removeprefix("__module.")


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
