"""Store an ONNX model's weights as float16 while every engine still computes in float32.

Each large float32 initialiser becomes a float16 one followed by a Cast to float32. Engines fold
the casts when they load the model, so it runs as fast as before and the file halves.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_SMALLEST = 64  # values; below this a Cast costs more bytes than it saves, and shapes and anchors stay exact
_LARGEST = float(np.finfo(np.float16).max)


def store_fp16(src: Path, dst: Path) -> None:
    """Write the model `src` to `dst` with float16 weights. The two may be the same file.

    Weights beyond float16's range (65504) stay float32. Inputs, outputs and every computation
    keep their types.
    """
    model = onnx.load(str(src))
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _SMALLEST:
            continue
        values = numpy_helper.to_array(tensor)
        if not np.abs(values).max() <= _LARGEST:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_fp16"))
        casts.append(
            helper.make_node("Cast", [tensor.name], [name], name=f"{name}_cast", to=TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    # An initialiser may be listed among the inputs (IR version 3); it no longer is one.
    listed = {node.output[0] for node in casts}
    inputs = [each for each in graph.input if each.name not in listed]
    del graph.input[:]
    graph.input.extend(inputs)
    onnx.checker.check_model(model)
    onnx.save(model, str(dst))
