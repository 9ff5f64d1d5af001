"""Networks rewritten for float16 and int8: the same answer, computed in fewer bits."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper  # noqa: E402

from meter_infer.backends.precision import activation_ranges, half_network, int8_network  # noqa: E402
from meter_infer.errors import BackendError  # noqa: E402
from meter_infer.models import load_model  # noqa: E402
from tests.backends.tiny_onnx import box_bins_model, tiny_model  # noqa: E402

IMAGES = np.random.default_rng(0).random((2, 3, 64, 64), dtype=np.float32)


def run(model: bytes, images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    settings = ort.SessionOptions()
    settings.intra_op_num_threads, settings.log_severity_level = 1, 4
    session = ort.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    (port,) = session.get_inputs()
    return session.run(None, {port.name: images.astype(np.float16 if "16" in port.type else np.float32)})  # type: ignore[no-any-return]


def types_of(model: bytes) -> dict[str, int]:
    graph = onnx.shape_inference.infer_shapes(onnx.load_from_string(model)).graph
    ports = [*graph.value_info, *graph.input, *graph.output]
    return {port.name: port.type.tensor_type.elem_type for port in ports}


def test_half_computes_the_same_with_eleven_bits() -> None:
    for got, wanted in zip(run(half_network(tiny_model()), IMAGES), run(tiny_model(), IMAGES), strict=True):
        assert got.dtype == np.float32
        assert 0 < np.abs(got - wanted).max() < 3e-3 * np.abs(wanted).max()


def test_half_takes_half_and_gives_single() -> None:
    types = types_of(half_network(tiny_model()))
    assert types["images"] == TensorProto.FLOAT16
    assert types["a"] == types["b"] == TensorProto.FLOAT16
    assert types["maps"] == types["rows"] == TensorProto.FLOAT


def test_boxes_are_decoded_in_single(tmp_path: Path) -> None:
    box_bins_model(tmp_path / "bins.onnx")
    model = (tmp_path / "bins.onnx").read_bytes()
    # the mean is a convolution there, so that everything but the output is half
    types = types_of(half_network(model))
    assert types["logits"] == TensorProto.FLOAT16
    network = half_network(load_model("detect").data)
    types = types_of(network)
    graph = onnx.load_from_string(network).graph
    softmax = next(node for node in graph.node if node.op_type == "Softmax")
    assert types[softmax.input[0]] == types[softmax.output[0]] == TensorProto.FLOAT
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert len(convolutions) > 50
    assert all(types[node.output[0]] == TensorProto.FLOAT16 for node in convolutions)


def test_weights_beyond_half_stay_single() -> None:
    proto = onnx.load_from_string(tiny_model())
    weights = onnx.numpy_helper.to_array(proto.graph.initializer[0]) * 1e6
    proto.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(weights, "first.weight"))
    types = types_of(half_network(proto.SerializeToString()))
    assert types["a"] == TensorProto.FLOAT
    assert types["images"] == TensorProto.FLOAT16


@pytest.mark.parametrize("task", ["detect", "segment"])
def test_the_shipped_networks_stay_themselves_in_half(task: str) -> None:
    model = load_model(task).data  # type: ignore[arg-type]
    images = np.random.default_rng(1).random((1, 3, 96, 96), dtype=np.float32)
    for got, wanted in zip(run(half_network(model), images), run(model, images), strict=True):
        assert got.shape == wanted.shape
        assert np.abs(got - wanted).max() < 0.01 * np.abs(wanted).max()


def chain(count: int) -> bytes:
    """`count` convolutions with random weights one after the other."""
    rng = np.random.default_rng(3)
    nodes, weights, name = [], [], "images"
    for k in range(count):
        shape = (8, 3 if k == 0 else 8, 3, 3)
        weights.append(onnx.numpy_helper.from_array(rng.normal(0, 0.2, shape).astype(np.float32), f"w{k}"))
        nodes.append(helper.make_node("Conv", [name, f"w{k}"], [f"c{k}"], name=f"conv{k}", pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [f"c{k}"], [f"r{k}"], name=f"relu{k}"))
        name = f"r{k}"
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "chain",
        [value("images", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [value(name, TensorProto.FLOAT, ["n", 8, "h", "w"])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def test_int8_spares_the_first_and_the_last_convolution() -> None:
    ranges = activation_ranges(chain(4), [IMAGES])
    assert sorted(ranges) == ["r0", "r1"]
    graph = onnx.load_from_string(int8_network(chain(4), ranges)).graph
    weights = {node.name: node.input[1] for node in graph.node if node.op_type == "Conv"}
    assert weights == {"conv0": "w0", "conv1": "w1_restored", "conv2": "w2_restored", "conv3": "w3"}
    assert {each.name for each in graph.initializer if each.data_type == TensorProto.INT8} >= {
        "w1_int8",
        "w2_int8",
    }


def test_int8_computes_nearly_the_same() -> None:
    (wanted,) = run(chain(4), IMAGES)
    (got,) = run(int8_network(chain(4), activation_ranges(chain(4), [IMAGES])), IMAGES)
    error = np.abs(got - wanted)
    assert 0 < error.mean() < 0.02 * np.abs(wanted).mean()


def test_ranges_hold_over_all_pictures() -> None:
    alone = activation_ranges(chain(3), [IMAGES])
    doubled = activation_ranges(chain(3), [IMAGES, 2 * IMAGES])
    assert doubled["r0"] == pytest.approx(2 * alone["r0"], rel=1e-5)


def test_int8_without_pictures_says_so() -> None:
    with pytest.raises(BackendError, match="no calibration images"):
        activation_ranges(chain(3), [])


@pytest.mark.parametrize("model", [b"not a model", tiny_model()[:100], b""])
def test_what_is_no_network_is_refused(model: bytes) -> None:
    with pytest.raises(BackendError, match="cannot read the model"):
        half_network(model)
