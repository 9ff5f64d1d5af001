"""What a lost card leaves behind is freed by the thread that owned it: engines, streams, memory."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from meter_infer.backends.base import TensorSpec
from meter_infer.backends.device import DeviceBackend, DeviceTensor
from meter_infer.cuda.device import Device, Stream
from meter_infer.cuda.worker import GpuThread, release_gpu, share_gpu
from meter_infer.errors import BackendError, DeviceLost
from meter_infer.gpu.networks import GpuNetworks
from meter_infer.models import ModelFile, load_model
from meter_infer.vision import detect, segment
from tests.cuda.host_device import HostDevice

IMAGE = np.zeros((1, 3, 32, 32), np.float32)


@dataclass
class FakeEngine:
    """Tells on which thread it was closed, and whether its device was there still."""

    device: HostDevice
    fails: bool = False
    name: str = "fake-f32"
    half: bool = False
    inputs: tuple[TensorSpec, ...] = (TensorSpec("images", (None, 3, None, None)),)
    outputs: tuple[TensorSpec, ...] = ()
    closed: list[tuple[str, bool]] = field(default_factory=list)

    def infer(self, images: DeviceTensor, stream: Stream) -> tuple[DeviceTensor, ...]:
        return (DeviceTensor(images.address, images.shape),)

    def close(self) -> None:
        self.closed.append((threading.current_thread().name, self.device.closed))
        if self.fails:
            raise RuntimeError("the context is gone")


def lose(_: Device) -> None:
    raise DeviceLost("The GPU failed: it was reset.")


def held(device: HostDevice) -> int:
    return sum(buffer.nbytes for buffer in device.buffers)


@pytest.fixture
def device() -> HostDevice:
    return HostDevice()


@pytest.fixture
def gpu(device: HostDevice, request: pytest.FixtureRequest) -> GpuThread:
    return share_gpu(lambda: device, request.node.name)


def loader(engines: list[FakeEngine]) -> Callable[[ModelFile, Device, Stream], FakeEngine]:
    waiting = iter(engines)
    return lambda model, device, stream: next(waiting)


def networks(gpu: GpuThread, engines: list[FakeEngine]) -> GpuNetworks:
    files = load_model("detect"), load_model("segment")
    return GpuNetworks(gpu, loader(engines), *files, detect.DEFAULTS, segment.DEFAULTS)


@pytest.mark.parametrize("fails", [False, True])
def test_engines_are_closed_by_the_cards_thread_after_a_loss(
    gpu: GpuThread, device: HostDevice, fails: bool
) -> None:
    engines = [FakeEngine(device, fails), FakeEngine(device)]
    made = networks(gpu, engines)
    with pytest.raises(DeviceLost):
        gpu.run(lose)
    made.close()
    assert [engine.closed for engine in engines] == [[("gpu", False)], [("gpu", False)]]
    assert device.closed


def test_without_a_loss_engines_are_closed_once(gpu: GpuThread, device: HostDevice) -> None:
    engines = [FakeEngine(device), FakeEngine(device)]
    networks(gpu, engines).close()
    assert [engine.closed for engine in engines] == [[("gpu", False)], [("gpu", False)]]


def test_where_the_second_engine_does_not_load_the_first_is_closed(
    gpu: GpuThread, device: HostDevice
) -> None:
    engine = FakeEngine(device)

    def load(model: ModelFile, _: Device, stream: Stream) -> FakeEngine:
        if model.spec.task == "segment":
            raise BackendError("no engine")
        return engine

    files = load_model("detect"), load_model("segment")
    with pytest.raises(BackendError, match="no engine"):
        GpuNetworks(gpu, load, *files, detect.DEFAULTS, segment.DEFAULTS)
    assert engine.closed == [("gpu", False)]
    assert device.closed


def test_a_backend_frees_its_engine_and_memory_after_a_loss(gpu: GpuThread, device: HostDevice) -> None:
    engine = FakeEngine(device, fails=True)
    freed: list[int] = []
    backend = DeviceBackend(gpu, lambda _, stream: engine)
    gpu.at_end(lambda: freed.append(0))  # run before the backend's own
    backend.infer(IMAGE)
    assert held(device) > 0
    with pytest.raises(DeviceLost):
        gpu.run(lose)
    backend.close()
    backend.close()
    assert engine.closed == [("gpu", False)]
    assert held(device) == 0
    assert freed == [0]


def test_a_backend_that_is_closed_leaves_nothing_to_its_card(
    gpu: GpuThread, device: HostDevice, request: pytest.FixtureRequest
) -> None:
    """Others still use the card: what was closed before is neither kept nor closed again."""
    engine = FakeEngine(device)
    with DeviceBackend(gpu, lambda _, stream: engine) as backend:
        assert share_gpu(lambda: pytest.fail("opened twice"), request.node.name) is gpu
        backend.infer(IMAGE)
    assert not device.closed
    assert engine.closed == [("gpu", False)]
    assert gpu._closers == []
    release_gpu(gpu)
    assert device.closed
