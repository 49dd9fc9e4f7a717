"""The graph of a packaged model for the CPU engine, to be filled with weights: takes seconds where an export takes 40.

    python -m generation.catalogue.graph GRAPH CONVERTED TARGET

The exporter traces a model anew for each set of weights, but the trace of one architecture is always the same. So the
traces of the packaged models ship, in `generation/graphs/`, with two inputs in place of each matrix of rounded weights
and its scales. A filled graph is what the exporter would have made, to the last bit. After a change of the exporter,
make the graphs again from fresh exports:

    python -m generation.catalogue.graph EXPORTED GRAPH

It is a process of its own, because torch and the float weights take memory that the calling process would not release.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino
from openvino import opset13

FILE = "openvino_model.xml"
_SCALES = ".scales"
_RENAMED = "._openvino_orig_weight"  # the exporter's name for the bfloat16 weights that it replaced


def empty(exported: Path, graph: Path) -> None:
    """Writes the graph of an exported model: without weights and scales of products, and with everything else."""
    model = openvino.Core().read_model(exported / FILE)
    for name, weights, scales in _products(model):
        for constant, input_name in ((weights, name), (scales, name + _SCALES)):
            output = constant.output(0)
            parameter = opset13.parameter(output.get_shape(), output.get_element_type(), name=input_name)
            _replace(constant, parameter)
            model.add_parameters([parameter])
    model.validate_nodes_and_infer_types()
    graph.mkdir(parents=True)
    openvino.save_model(model, graph / FILE, compress_to_fp16=False)


def fill(graph: Path, converted: Path, target: Path) -> None:
    """Writes the graph with the rounded weights of a converted model. Raises KeyError if it is not its graph."""
    from safetensors.torch import load_file  # only here, because it takes seconds to import

    model = openvino.Core().read_model(graph / FILE)
    inputs = {parameter.get_friendly_name(): parameter for parameter in model.get_parameters()}
    tensors = load_file(converted / "model.safetensors")
    for name in [name.removesuffix(_SCALES) for name in inputs if name.endswith(_SCALES)]:
        for input_name, values in zip((name, name + _SCALES), rounded(tensors[name].float().numpy()), strict=True):
            _replace(inputs[input_name], opset13.constant(values, name=input_name))
            model.remove_parameter(inputs[input_name])
    model.validate_nodes_and_infer_types()
    with tempfile.TemporaryDirectory(prefix="exporting-", dir=target.parent) as temporary:
        written = Path(temporary) / "written"
        written.mkdir()
        openvino.save_model(model, written / FILE, compress_to_fp16=False)
        # A rename is atomic, so an existing folder is a complete model.
        written.rename(target)


def rounded(weights: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float16]]:
    """int8 `[outputs, inputs]` and scales `[outputs, 1]`, as nncf rounds symmetrically.

    The value of a row that is farthest from zero becomes -128, so the scale has the other sign than that value.
    """
    low, high = weights.min(axis=1, keepdims=True), weights.max(axis=1, keepdims=True)
    scales = np.where(np.abs(low) >= np.abs(high), low, high) / np.float32(-128)
    scales = np.where(np.abs(scales) < _LEAST, _LEAST, scales)
    return np.round(weights / scales).clip(-128, 127).astype(np.int8), scales.astype(np.float16)


_LEAST = np.finfo(np.float32).eps


def _products(model: Any) -> Iterator[tuple[str, Any, Any]]:
    """The name of each matrix of rounded weights in the model's own file, and the constants of weights and scales."""
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Constant" and node.get_element_type() == openvino.Type.i8:
            name = node.get_friendly_name().removeprefix("self.").replace(_RENAMED, ".weight")
            (widened,) = node.output(0).get_target_inputs()
            (multiplied,) = widened.get_node().output(0).get_target_inputs()
            yield name, node, multiplied.get_node().input_value(1).get_node()


def _replace(node: Any, other: Any) -> None:
    for consumer in node.output(0).get_target_inputs():
        consumer.replace_source_output(other.output(0))


if __name__ == "__main__":
    folders = [Path(argument).resolve() for argument in sys.argv[1:]]
    if len(folders) == 3:
        fill(*folders)
    else:
        empty(*folders)
