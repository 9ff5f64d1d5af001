"""ONNX Runtime's CUDA provider as far as that goes without a card: its stream, options and errors."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException  # noqa: E402

from meter_infer.backends import cuda  # noqa: E402
from meter_infer.backends.cuda import PROVIDER, OnnxRuntimeEngine  # noqa: E402
from meter_infer.backends.device import DeviceBackend, DeviceTensor  # noqa: E402
from meter_infer.cuda.device import Device, Stream  # noqa: E402
from meter_infer.cuda.worker import share_gpu  # noqa: E402
from meter_infer.errors import BackendError, BackendUnavailable, DeviceLost  # noqa: E402
from meter_infer.models import load_model  # noqa: E402
from tests.backends.tiny_onnx import tiny_model  # noqa: E402
from tests.cuda.host_device import HostDevice  # noqa: E402

CPU = "CPUExecutionProvider"
IMAGES = DeviceTensor(4096, (1, 3, 32, 32))


class FakeRuntime:
    """ONNX Runtime with a CUDA provider; what it computes with is the CPU's."""

    def __init__(self) -> None:
        self.loads = True
        self.fails: Exception | None = None
        self.choices: list[Any] = []
        self.preloaded = 0
        self.SessionOptions, self.RunOptions = onnxruntime.SessionOptions, onnxruntime.RunOptions

    def get_available_providers(self) -> list[str]:
        return [PROVIDER, CPU]

    def preload_dlls(self) -> None:
        self.preloaded += 1
        print("Failed to load libcudnn.so.9: cannot open shared object file")

    def InferenceSession(self, model: bytes, settings: Any, providers: Sequence[Any]) -> Any:  # noqa: N802  its name
        self.choices += providers
        real = onnxruntime.InferenceSession(model, settings, providers=[CPU])
        return SimpleNamespace(
            get_providers=lambda: [PROVIDER, CPU] if self.loads else [CPU],
            get_inputs=real.get_inputs,
            get_outputs=real.get_outputs,
            io_binding=lambda: SimpleNamespace(bind_input=lambda *_: None, bind_output=lambda *_: None),
            run_with_iobinding=self._run,
        )

    def _run(self, binding: Any, settings: Any) -> None:
        assert self.fails is not None
        raise self.fails


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    made = FakeRuntime()
    monkeypatch.setattr(cuda, "ort", made)
    return made


def test_copies_and_engine_share_one_stream() -> None:
    device = HostDevice()
    streams: list[Stream] = []

    def load(_: Device, stream: Stream) -> OnnxRuntimeEngine:
        streams.append(stream)
        return OnnxRuntimeEngine(tiny_model(), stream, CPU)

    with DeviceBackend(share_gpu(lambda: device, "one stream"), load) as backend:
        infer = backend.engine.infer

        def spied(images: DeviceTensor, stream: Stream) -> tuple[DeviceTensor, ...]:
            streams.append(stream)
            return infer(images, stream)

        backend.engine.infer = spied  # type: ignore[method-assign]  # to see what it is given
        backend.infer(np.zeros((1, 3, 32, 32), np.float32))
    streams += [call[2] for call in device.calls if call[0] in ("upload", "download", "record")]
    assert len(streams) == 6
    assert set(streams) == {streams[0]}
    assert sum(call[0] == "stream" for call in device.calls) == 1


def test_the_engine_is_told_its_stream_and_to_search_no_algorithms(
    runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    OnnxRuntimeEngine(tiny_model(), Stream(77))
    ((provider, options),) = runtime.choices
    assert provider == PROVIDER
    assert options["user_compute_stream"] == "77"
    assert options["cudnn_conv_algo_search"] == "HEURISTIC"
    assert runtime.preloaded == 1
    assert capsys.readouterr().out == ""


def test_a_provider_that_does_not_load_is_no_reason_to_take_the_cpu(runtime: FakeRuntime) -> None:
    runtime.loads = False
    with pytest.raises(BackendUnavailable, match=r"libcudnn\.so\.9.*pip install") as caught:
        OnnxRuntimeEngine(tiny_model(), Stream(1))
    assert "\n" not in str(caught.value)


def test_an_older_runtime_preloads_nothing(runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(FakeRuntime, "preload_dlls")
    runtime.loads = False
    with pytest.raises(BackendUnavailable, match="does not say why"):
        OnnxRuntimeEngine(tiny_model(), Stream(1))


@pytest.mark.parametrize(
    "error",
    [
        Fail("CUDNN failure 4: CUDNN_STATUS_INTERNAL_ERROR ; GPU=0 ; expr=set(dimensions)"),
        RuntimeException("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : CUBLAS failure 13: expr=gemm(shape)"),
        Fail("CUDA failure 700: an illegal memory access was encountered"),
        RuntimeException("bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 100"),
        Fail("something that nobody has heard of"),
        RuntimeError("std::exception"),
    ],
)
def test_what_is_not_about_the_size_of_images_is_a_lost_card(runtime: FakeRuntime, error: Exception) -> None:
    runtime.fails = error
    with pytest.raises(DeviceLost, match="failed on the GPU"):
        OnnxRuntimeEngine(tiny_model(), Stream(1)).infer(IMAGES, Stream(1))


@pytest.mark.parametrize(
    "error",
    [
        InvalidArgument("[ONNXRuntimeError] : 2 : INVALID : Got invalid dimensions for input: images"),
        Fail("core/providers/cuda/tensor/concat.cc:57 Non concat axis dimensions must match: 4 and 3"),
    ],
)
def test_a_size_that_the_network_cannot_take_is_a_mistake(runtime: FakeRuntime, error: Exception) -> None:
    runtime.fails = error
    with pytest.raises(BackendError, match="cannot take images of 3 x 32 x 32") as caught:
        OnnxRuntimeEngine(tiny_model(), Stream(1)).infer(IMAGES, Stream(1))
    assert not isinstance(caught.value, DeviceLost)


def test_a_shape_of_another_kind_never_reaches_the_card(runtime: FakeRuntime) -> None:
    runtime.fails = Fail("never seen")
    with pytest.raises(BackendError, match="takes any x 3 x any x any"):
        OnnxRuntimeEngine(tiny_model(), Stream(1)).infer(DeviceTensor(4096, (1, 4, 32, 32)), Stream(1))


def test_what_the_real_runtime_says_of_a_wrong_size_is_understood() -> None:
    pixels = np.zeros((1, 3, 40, 40), np.float32)
    engine = OnnxRuntimeEngine(load_model("detect").data, Stream(1), CPU)
    with pytest.raises(BackendError, match="cannot take images of 3 x 40 x 40") as caught:
        engine.infer(DeviceTensor(pixels.ctypes.data, pixels.shape), Stream(1))
    assert not isinstance(caught.value, DeviceLost)
