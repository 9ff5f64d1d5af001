"""Small networks for the tests, made in code."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CHANNELS = 8


def tiny_model(seed: int = 0, *, inputs: int = 1) -> bytes:
    """A network of two convolutions with two outputs: maps (n, 8, h/2, w/2), and the same flattened."""
    rng = np.random.default_rng(seed)
    weights = {
        "first.weight": rng.normal(0, 0.3, (CHANNELS, 3, 3, 3)),
        "first.bias": rng.normal(0, 0.3, CHANNELS),
        "second.weight": rng.normal(0, 0.3, (CHANNELS, CHANNELS, 1, 1)),
        "second.bias": rng.normal(0, 0.3, CHANNELS),
    }
    nodes = [
        helper.make_node(
            "Conv",
            ["images", "first.weight", "first.bias"],
            ["a"],
            kernel_shape=[3, 3],
            strides=[2, 2],
            pads=[1] * 4,
        ),
        helper.make_node("Sigmoid", ["a"], ["gate"]),
        helper.make_node("Mul", ["a", "gate"], ["b"]),
        helper.make_node("Conv", ["b", "second.weight", "second.bias"], ["maps"], kernel_shape=[1, 1]),
        helper.make_node("Reshape", ["maps", "shape"], ["rows"]),
    ]
    if inputs == 2:
        nodes.insert(0, helper.make_node("Add", ["images", "images1"], ["both"]))
        nodes[1].input[0] = "both"
    initializers = [
        numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()
    ]
    initializers.append(numpy_helper.from_array(np.array([0, CHANNELS, -1], np.int64), "shape"))
    value = helper.make_tensor_value_info
    ports = [
        value(f"images{i or ''}", TensorProto.FLOAT, ["batch", 3, "height", "width"]) for i in range(inputs)
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        ports,
        [
            value("rows", TensorProto.FLOAT, ["batch", CHANNELS, "anchors"]),
            value("maps", TensorProto.FLOAT, ["batch", CHANNELS, "rows_", "columns"]),
        ],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def box_bins_model(path: Path) -> None:
    """A network that ends as YOLOv8's box branch does: a softmax over 16 bins, then their mean."""
    bins = numpy_helper.from_array(np.arange(16, dtype=np.float32).reshape(1, 16, 1, 1), "bins")
    head = numpy_helper.from_array(
        np.random.default_rng(1).normal(0, 2, (16, 3, 1, 1)).astype(np.float32), "head.weight"
    )
    nodes = [
        helper.make_node("Conv", ["images", "head.weight"], ["logits"], name="head", kernel_shape=[1, 1]),
        helper.make_node("Softmax", ["logits"], ["shares"], name="softmax", axis=1),
        helper.make_node("Conv", ["shares", "bins"], ["mean"], name="mean", kernel_shape=[1, 1]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "bins",
        [value("images", TensorProto.FLOAT, ["batch", 3, "height", "width"])],
        [value("mean", TensorProto.FLOAT, ["batch", 1, "height", "width"])],
        [head, bins],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
