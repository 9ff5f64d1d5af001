"""Prepare an exported ONNX model for its engines: float16 weights on disk, exact box decoding.

Each large float32 initialiser becomes a float16 one followed by a Cast to float32. Engines fold
the casts when they load the model, so it runs as fast as before and the file halves.

YOLOv8 takes each side of a box as the mean of 16 bins, and exports that mean as a convolution
with the weights 0 to 15. An engine that computes convolutions in bfloat16 rounds it to 8 bits:
most of the error that bfloat16 brings to a box. As a product and a sum it stays float32.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_SMALLEST = 64  # values; below this a Cast costs more bytes than it saves, and shapes and anchors stay exact
_BINS = 16
_LARGEST = float(np.finfo(np.float16).max)


def store_fp16(src: Path, dst: Path) -> None:
    """Write the model `src` to `dst` with float16 weights. The two may be the same file.

    The mean over box bins becomes a product and a sum. Weights beyond float16's range (65504) stay
    float32. Inputs, outputs and every computation keep their types.
    """
    model = onnx.load(str(src))
    graph = model.graph
    _sum_box_bins(graph)
    casts: dict[str, str] = {}
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _SMALLEST:
            continue
        values = numpy_helper.to_array(tensor)
        if np.abs(values).max() <= _LARGEST:
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), tensor.name))
            casts[tensor.name] = f"{tensor.name}_f32"
    # The weights keep their names, by which a later training finds them; their users read the casts.
    for node in graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = casts.get(name, name)
    nodes = [
        helper.make_node("Cast", [stored], [cast], name=f"{stored}_cast", to=TensorProto.FLOAT)
        for stored, cast in casts.items()
    ]
    nodes += graph.node
    del graph.node[:]
    graph.node.extend(nodes)
    # IR version 3 lists initialisers among the inputs too, where their type would now be wrong.
    inputs = [each for each in graph.input if each.name not in casts]
    del graph.input[:]
    graph.input.extend(inputs)
    onnx.checker.check_model(model)
    onnx.save(model, str(dst))


def _sum_box_bins(graph: onnx.GraphProto) -> None:
    """Replace each 1 x 1 convolution with the weights 0 to 15 by a product and a sum."""
    bins = np.arange(_BINS, dtype=np.float32).reshape(1, _BINS, 1, 1)
    weights = {
        tensor.name
        for tensor in graph.initializer
        if tuple(tensor.dims) == bins.shape and np.array_equal(numpy_helper.to_array(tensor), bins)
    }
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type != "Conv" or node.input[1] not in weights:
            nodes.append(node)
            continue
        axis, weighted = f"{node.name}_axis", f"{node.name}_weighted"
        graph.initializer.append(numpy_helper.from_array(np.array([1], np.int64), axis))
        nodes.append(helper.make_node("Mul", [node.input[0], node.input[1]], [weighted], name=weighted))
        nodes.append(
            helper.make_node(
                "ReduceSum", [weighted, axis], [node.output[0]], name=f"{node.name}_sum", keepdims=1
            )
        )
    del graph.node[:]
    graph.node.extend(nodes)
