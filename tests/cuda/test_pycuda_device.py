"""A card's context leaves its thread again, whatever failed: pycuda ends the process otherwise."""

import pytest

from meter_infer.cuda import pycuda_device
from meter_infer.cuda.pycuda_device import PycudaDevice
from meter_infer.errors import BackendError, BackendUnavailable, DeviceLost
from tests.cuda.fake_pycuda import CudaError, CudaMemoryError, FakeDriver


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    made = FakeDriver()
    made.install(monkeypatch)
    monkeypatch.setattr(pycuda_device, "cubin_of", lambda name, architecture: b"code")
    return made


def test_a_card_is_opened_and_let_go(driver: FakeDriver) -> None:
    device = PycudaDevice()
    assert (device.name, device.architecture, len(driver.stack), driver.held) == ("fake", 86, 1, 1)
    device.close()
    device.close()
    assert (driver.stack, driver.held) == ([], 0)


@pytest.mark.parametrize(
    ("what", "error", "expected"),
    [
        ("device", CudaError("unknown error"), DeviceLost),
        ("retain", CudaMemoryError("out of memory"), DeviceLost),
        ("push", CudaError("operation not permitted"), DeviceLost),
        ("module", CudaError("no kernel image is available"), DeviceLost),
        ("function", CudaError("named symbol not found"), DeviceLost),
        ("function", ValueError("no such function"), BackendError),
    ],
)
def test_a_card_that_does_not_open_leaves_no_context(
    driver: FakeDriver, what: str, error: Exception, expected: type[BackendError]
) -> None:
    driver.fails[what] = error
    with pytest.raises(expected, match=str(error)):
        PycudaDevice()
    assert (driver.stack, driver.held) == ([], 0)


def test_kernels_that_cannot_be_compiled_leave_no_context(
    driver: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str, architecture: int) -> bytes:
        raise BackendUnavailable("CUDA kernels need NVRTC; install it.")

    monkeypatch.setattr(pycuda_device, "cubin_of", missing)
    with pytest.raises(BackendUnavailable, match="NVRTC"):
        PycudaDevice()
    assert (driver.stack, driver.held) == ([], 0)


def test_a_context_that_cannot_be_popped_is_detached_all_the_same(driver: FakeDriver) -> None:
    device = PycudaDevice()
    driver.fails["pop"] = CudaError("an illegal memory access was encountered")
    with pytest.raises(DeviceLost, match="illegal memory access"):
        device.close()
    assert (driver.stack, driver.held) == ([], 0)
