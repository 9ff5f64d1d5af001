"""8-bit networks in OpenVINO compute what ONNX Runtime computes of the same file."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("openvino")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from meter_infer.backends import BackendOptions, create_backend  # noqa: E402
from meter_infer.backends.hardware import has_int8  # noqa: E402
from meter_infer.backends.precision import activation_ranges, int8_network  # noqa: E402

IMAGES = np.random.default_rng(1).random((2, 3, 64, 64), dtype=np.float32)


def block() -> bytes:
    """What YOLOv8 is made of: a convolution in two halves, one of them convolved again, all concatenated."""
    rng = np.random.default_rng(3)
    weights, nodes = [], []

    def conv(source: str, name: str, given: int, made: int, size: int) -> str:
        values = rng.normal(0, (given * size * size) ** -0.5, (made, given, size, size)).astype(np.float32)
        weights.append(numpy_helper.from_array(2 * values, f"{name}.w"))
        nodes.append(helper.make_node("Conv", [source, f"{name}.w"], [f"{name}.c"], pads=[size // 2] * 4))
        nodes.append(helper.make_node("Sigmoid", [f"{name}.c"], [f"{name}.s"]))
        nodes.append(helper.make_node("Mul", [f"{name}.c", f"{name}.s"], [name]))
        return name

    conv("images", "stem", 3, 32, 3)
    conv("stem", "both", 32, 32, 1)
    weights.append(numpy_helper.from_array(np.array([16, 16], np.int64), "halves"))
    nodes.append(helper.make_node("Split", ["both", "halves"], ["left", "right"], axis=1))
    conv(conv("right", "first", 16, 16, 3), "second", 16, 16, 3)
    nodes.append(helper.make_node("Add", ["right", "second"], ["sum"]))
    nodes.append(helper.make_node("Concat", ["left", "right", "sum"], ["all"], axis=1))
    conv(conv("all", "out", 48, 32, 1), "last", 32, 8, 1)
    shape = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        nodes, "block",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("last", TensorProto.FLOAT, ["n", 8, "h", "w"])],
        weights,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def test_concatenated_halves_keep_their_scale() -> None:
    """OpenVINO's own reading of the file rounds what passes the concatenation to whole numbers."""
    small = int8_network(block(), activation_ranges(block(), [IMAGES]))
    with create_backend("onnxruntime", small) as one, create_backend("openvino", small) as other:
        assert other.name == "openvino-int8"
        (wanted,), (got,) = one.infer(IMAGES), other.infer(IMAGES)
    with create_backend("openvino", block()) as full:
        (exact,) = full.infer(IMAGES)
    assert np.abs(got - wanted).mean() < 0.02 * np.abs(wanted).mean()
    assert np.abs(got - exact).mean() < 0.1 * np.abs(exact).mean()


def test_images_of_a_batch_are_read_as_if_alone() -> None:
    with create_backend("openvino", block(), BackendOptions(threads=2)) as backend:
        (together,) = backend.infer(np.concatenate([IMAGES, IMAGES[:1]]))
        alone = [backend.infer(image[None])[0] for image in IMAGES]
    np.testing.assert_allclose(together[:2], np.concatenate(alone), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(together[2], together[0])


@pytest.mark.parametrize(
    ("text", "suits"),
    [("flags\t\t: fpu avx2 avx512_vnni\n", True), ("flags : fpu avx2\n", False), ("", False),
     ("Features : fp asimd asimddp\n", True), ("model name : avx_vnni\nflags : fpu\n", False)],
)  # fmt: skip
def test_the_processor_says_whether_it_suits(tmp_path: Path, text: str, suits: bool) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    assert has_int8(path) is suits
    assert not has_int8(tmp_path / "none")
