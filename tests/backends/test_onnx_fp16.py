from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, numpy_helper  # noqa: E402  (needs onnx)
from onnx.reference import ReferenceEvaluator  # noqa: E402

from meter_infer.backends import BACKENDS, create_backend  # noqa: E402
from meter_infer.errors import BackendUnavailable  # noqa: E402
from meter_infer.train.onnx_fp16 import store_fp16  # noqa: E402
from tests.backends.tiny_onnx import box_bins_model, tiny_model  # noqa: E402

IMAGES = np.random.default_rng(0).random((2, 3, 32, 32), dtype=np.float32)


def stored(tmp_path: Path, content: bytes) -> Path:
    source, target = tmp_path / "source.onnx", tmp_path / "target.onnx"
    source.write_bytes(content)
    store_fp16(source, target)
    return target


def test_large_weights_are_halved_and_small_ones_kept(tmp_path: Path) -> None:
    model = onnx.load(str(stored(tmp_path, tiny_model())))
    types = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert types == {
        "first.weight": TensorProto.FLOAT16,
        "second.weight": TensorProto.FLOAT16,
        "first.bias": TensorProto.FLOAT,
        "second.bias": TensorProto.FLOAT,
        "shape": TensorProto.INT64,
    }
    ports = [*model.graph.input, *model.graph.output]
    assert all(port.type.tensor_type.elem_type == TensorProto.FLOAT for port in ports)


@pytest.mark.parametrize("name", BACKENDS)
def test_every_engine_computes_in_float32_with_the_rounded_weights(name: str, tmp_path: Path) -> None:
    rounded = onnx.load_from_string(tiny_model())
    for tensor in rounded.graph.initializer:
        if len(tensor.dims) == 4:
            values = numpy_helper.to_array(tensor).astype(np.float16).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    wanted = ReferenceEvaluator(rounded).run(None, {"images": IMAGES})
    target = stored(tmp_path, tiny_model())
    try:
        backend = create_backend(name, target)
    except BackendUnavailable as error:
        pytest.skip(str(error))
    with backend:
        got = backend.infer(IMAGES)
    for ours, theirs in zip(got, wanted, strict=True):
        assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


def test_weights_beyond_float16_stay(tmp_path: Path) -> None:
    model = onnx.load_from_string(tiny_model())
    tensor = model.graph.initializer[0]
    values = numpy_helper.to_array(tensor).copy()
    values.flat[0] = 1e6
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    stored_model = onnx.load(str(stored(tmp_path, model.SerializeToString())))
    types = {each.name: each.data_type for each in stored_model.graph.initializer}
    assert types["first.weight"] == TensorProto.FLOAT
    assert types["second.weight"] == TensorProto.FLOAT16


def test_a_file_may_be_converted_in_place_and_twice(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_model())
    store_fp16(path, path)
    once = path.read_bytes()
    store_fp16(path, path)
    assert path.read_bytes() == once


def test_the_mean_over_box_bins_is_no_convolution(tmp_path: Path) -> None:
    source, target = tmp_path / "source.onnx", tmp_path / "target.onnx"
    box_bins_model(source)
    store_fp16(source, target)
    model = onnx.load(str(target))
    assert [node.op_type for node in model.graph.node] == ["Conv", "Softmax", "Mul", "ReduceSum"]
    before = ReferenceEvaluator(onnx.load(str(source))).run(None, {"images": IMAGES})[0]
    after = ReferenceEvaluator(model).run(None, {"images": IMAGES})[0]
    assert after.shape == before.shape
    assert np.allclose(after, before, atol=1e-5)
