"""What every backend must do, shown for each of them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

onnx = pytest.importorskip("onnx")
from onnx.reference import ReferenceEvaluator  # noqa: E402  (needs onnx)

from meter_infer.backends import BACKENDS, ON_GPU, Backend, BackendOptions, TensorSpec, create_backend  # noqa: E402
from meter_infer.backends.device import DeviceBackend  # noqa: E402
from meter_infer.cuda.worker import share_gpu  # noqa: E402
from meter_infer.errors import BackendError, BackendUnavailable  # noqa: E402
from tests.backends.tiny_onnx import CHANNELS, tiny_model  # noqa: E402
from tests.cuda.host_device import HostDevice  # noqa: E402

# Largest difference from the reference, relative to the largest output. float32 engines differ in
# the order of their sums; bfloat16 keeps 8 bits of each factor.
TOLERANCE = {"f32": 1e-5, "f16": 4e-3, "bf16": 2e-2}

# ONNX Runtime on device pointers, where the device is the host: what the GPU's backends share.
ON_HOST = "cuda@host"
VARIANTS = [(name, "f32") for name in (*BACKENDS, ON_HOST)] + [("openvino", "bf16"), (ON_HOST, "f16")]
VARIANTS += [("tensorrt", "f16"), ("cuda", "f16")]
PARAMETERS = [
    pytest.param(variant, marks=[pytest.mark.gpu] if variant[0] in ON_GPU else []) for variant in VARIANTS
]


def create(name: str, model: bytes | Path, options: BackendOptions) -> Backend:
    if name != ON_HOST:
        return create_backend(name, model, options)
    from meter_infer.backends.base import read_model
    from meter_infer.backends.cuda import OnnxRuntimeEngine, network_for

    content = network_for(read_model(model), options)
    return DeviceBackend(
        share_gpu(HostDevice, "conformance"),
        lambda _, stream: OnnxRuntimeEngine(content, stream, "CPUExecutionProvider"),
    )


@pytest.fixture(scope="module", params=PARAMETERS, ids=lambda variant: "-".join(variant))
def variant(request: pytest.FixtureRequest) -> tuple[str, BackendOptions]:
    name, precision = request.param
    options = BackendOptions(threads=1, precision=precision)
    try:
        create(name, tiny_model(), options).close()
    except BackendUnavailable as error:
        pytest.skip(str(error))
    except BackendError as error:
        if "bfloat16" not in str(error):
            raise
        pytest.skip(str(error))
    return name, options


@pytest.fixture
def backend(variant: tuple[str, BackendOptions]) -> Backend:
    return create(variant[0], tiny_model(), variant[1])


def images(count: int, height: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((count, 3, height, width), dtype=np.float32)


def reference(model: bytes, batch: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    evaluator = ReferenceEvaluator(onnx.load_from_string(model))
    return list(evaluator.run(None, {"images": batch}))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(32, 32), (64, 96)])
def test_outputs_are_those_of_the_reference(
    backend: Backend, variant: tuple[str, BackendOptions], count: int, size: tuple[int, int]
) -> None:
    batch = images(count, *size)
    wanted = reference(tiny_model(), batch)
    with backend:
        got = backend.infer(batch)
    assert len(got) == len(wanted)
    for ours, theirs in zip(got, wanted, strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == np.float32
        assert np.abs(ours - theirs).max() <= TOLERANCE[variant[1].precision] * np.abs(theirs).max()


def test_an_image_gives_the_same_alone_and_in_a_batch(backend: Backend) -> None:
    batch = images(4, 32, 64)
    with backend:
        together = backend.infer(batch)
        alone = [backend.infer(batch[i : i + 1]) for i in range(4)]
    for place, whole in enumerate(together):
        for i in range(4):
            assert np.allclose(whole[i : i + 1], alone[i][place], atol=1e-6)


def test_sizes_may_come_in_any_order(backend: Backend) -> None:
    with backend:
        first = backend.infer(images(1, 32, 32))[0]
        for height in range(32, 32 * 12, 32):  # more sizes than any cache keeps
            assert backend.infer(images(1, height, 32))[1].shape == (1, CHANNELS, height // 2, 16)
        assert np.array_equal(backend.infer(images(1, 32, 32))[0], first)


def test_results_belong_to_the_caller(backend: Backend) -> None:
    with backend:
        first = backend.infer(images(1, 32, 32, seed=1))
        kept = [array.copy() for array in first]
        backend.infer(images(1, 32, 32, seed=2))
        for array, copy in zip(first, kept, strict=True):
            assert np.array_equal(array, copy)
            array += 1  # writable
    assert np.isfinite(first[0]).all()  # outlives the backend


def test_the_input_is_left_alone_and_may_be_a_view(backend: Backend) -> None:
    channels_last = np.ascontiguousarray(images(2, 32, 32).transpose(0, 2, 3, 1))
    channels_last.setflags(write=False)
    view = channels_last.transpose(0, 3, 1, 2)
    with backend:
        assert np.array_equal(backend.infer(view)[0], backend.infer(np.ascontiguousarray(view))[0])


def test_it_says_what_it_takes_and_gives(backend: Backend) -> None:
    assert isinstance(backend, Backend)
    assert backend.inputs == (TensorSpec("images", (None, 3, None, None)),)
    assert [output.name for output in backend.outputs] == ["rows", "maps"]
    assert backend.outputs[1].shape[:2] == (None, CHANNELS)
    backend.close()


def test_its_name_is_engine_and_precision(backend: Backend, variant: tuple[str, BackendOptions]) -> None:
    assert backend.name == f"{variant[0].removesuffix('@host')}-{variant[1].precision}"
    backend.close()


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (images(1, 32, 32).astype(np.float64), "float64"),
        ((images(1, 32, 32) * 255).astype(np.uint8), "uint8"),
        (images(1, 32, 32)[0], "3 x 32 x 32"),
        (images(1, 32, 32)[:, :1], "1 x 1 x 32 x 32"),
        (images(0, 32, 32), "0 x 3 x 32 x 32"),
    ],
)
def test_a_wrong_input_is_refused(backend: Backend, batch: NDArray[np.float32], words: str) -> None:
    with backend, pytest.raises(BackendError, match=words):
        backend.infer(batch)


def test_a_closed_backend_says_so(backend: Backend) -> None:
    backend.close()
    backend.close()
    with pytest.raises(BackendError, match="closed"):
        backend.infer(images(1, 32, 32))


def test_a_file_is_as_good_as_its_bytes(variant: tuple[str, BackendOptions], tmp_path: Path) -> None:
    path = tmp_path / "a model.onnx"
    path.write_bytes(tiny_model())
    with create(variant[0], path, variant[1]) as backend:
        assert backend.infer(images(1, 32, 32))[0].shape == (1, CHANNELS, 256)


@pytest.mark.parametrize("model", [b"", b"not a model", tiny_model()[:200]])
def test_what_is_no_model_is_refused(variant: tuple[str, BackendOptions], model: bytes) -> None:
    with pytest.raises(BackendError, match="cannot read the model") as caught:
        create(variant[0], model, variant[1])
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(variant: tuple[str, BackendOptions], tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="cannot read the model"):
        create(variant[0], tmp_path / "absent.onnx", variant[1])


def test_a_model_of_another_kind_is_refused(variant: tuple[str, BackendOptions]) -> None:
    with pytest.raises(BackendError, match="one input"):
        create(variant[0], tiny_model(inputs=2), variant[1])


@pytest.mark.parametrize("hint", ["latency", "throughput"])
@pytest.mark.parametrize("threads", [0, 1, 2])
def test_options_change_the_speed_alone(variant: tuple[str, BackendOptions], hint: str, threads: int) -> None:
    batch = images(3, 64, 64)
    options = BackendOptions(threads, variant[1].precision, hint)
    with create(variant[0], tiny_model(), options) as backend:
        got = backend.infer(batch)[0]
    wanted = reference(tiny_model(), batch)[0]
    assert np.abs(got - wanted).max() <= TOLERANCE[variant[1].precision] * np.abs(wanted).max()
