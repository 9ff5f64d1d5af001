"""A card through pycuda's driver API."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from meter_infer.cuda.compiler import KERNELS, SOURCES, cubin_of
from meter_infer.cuda.device import Bytes, DeviceBuffer, Event, Pointer, Stream
from meter_infer.cuda.worker import GpuThread, share_gpu
from meter_infer.errors import BackendError, BackendUnavailable, DeviceLost, MeterInferError


def driver() -> Any:
    """Import pycuda and start the driver.

    Raises BackendUnavailable without pycuda, BackendError without a card.
    """
    try:
        import pycuda.driver as cuda
    except ImportError as error:
        raise BackendUnavailable(
            "The GPU path needs NVIDIA's driver and pycuda; install it with: pip install '.[gpu]' in the "
            f"checkout ({error})."
        ) from error
    try:
        cuda.init()
        count = cuda.Device.count()
    except cuda.Error as error:
        raise BackendError(f"No NVIDIA GPU answers ({error}); check nvidia-smi.") from error
    if not count:
        raise BackendError("There is no NVIDIA GPU here; check nvidia-smi.")
    return cuda


def gpu_name() -> str:
    """Return the first card's name and compute capability, such as ``NVIDIA A2 sm_86``."""
    card = driver().Device(0)
    major, minor = card.compute_capability()
    return f"{card.name()} sm_{major}{minor}"


def open_gpu() -> GpuThread:
    """Return the thread that owns the first card, shared by the whole process."""
    driver()
    return share_gpu(PycudaDevice)


class _Memory:
    def __init__(self, allocation: Any, nbytes: int) -> None:
        self._allocation = allocation
        self.nbytes = nbytes
        self.address = int(allocation)

    def free(self) -> None:
        if self._allocation is not None:
            self._allocation.free()
            self._allocation = None


class PycudaDevice:
    """The first card. It uses the card's primary context, which TensorRT and ONNX Runtime share."""

    def __init__(self) -> None:
        """Open the card and compile the kernels for it. Raises BackendError."""
        self._cuda = cuda = driver()
        self._streams: dict[int, Any] = {}
        self._events: dict[int, Any] = {}
        self._kernels: dict[str, Any] = {}
        with self._watched():
            card = cuda.Device(0)
            major, minor = card.compute_capability()
            self.architecture = 10 * major + minor
            self.name = str(card.name())
            self._context = card.retain_primary_context()
        try:
            with self._watched():
                self._context.push()
                self._kernels = self._load()
        except MeterInferError:
            raise
        except Exception as error:
            raise BackendError(f"The GPU cannot be opened: {error}.") from error
        finally:
            if not self._kernels:
                with suppress(DeviceLost):  # what went wrong first is told
                    self.close()

    def _load(self) -> dict[str, Any]:
        modules = {name: self._cuda.module_from_buffer(cubin_of(name, self.architecture)) for name in SOURCES}
        return {kernel: modules[name].get_function(kernel) for kernel, name in KERNELS.items()}

    def allocate(self, nbytes: int) -> DeviceBuffer:
        """Return uninitialised memory on the card."""
        with self._watched():
            return _Memory(self._cuda.mem_alloc(nbytes), nbytes)

    def pinned(self, nbytes: int) -> Bytes:
        """Return page-locked host memory."""
        with self._watched():
            memory: Bytes = self._cuda.pagelocked_empty(nbytes, np.uint8)
            return memory

    def stream(self) -> Stream:
        """Make a stream."""
        with self._watched():
            made = self._cuda.Stream()
        self._streams[made.handle] = made
        return Stream(made.handle)

    def event(self) -> Event:
        """Make an event."""
        with self._watched():
            made = self._cuda.Event()
        number = len(self._events) + 1
        self._events[number] = made
        return Event(number)

    def record(self, event: Event, stream: Stream) -> None:
        """Let `event` be when all that `stream` was given so far is done."""
        with self._watched():
            self._events[event].record(self._streams[stream])

    def wait(self, stream: Stream, event: Event) -> None:
        """Let what `stream` is given from now on run after `event`."""
        with self._watched():
            self._streams[stream].wait_for_event(self._events[event])

    def synchronize(self, event: Event) -> None:
        """Return when `event` has come to pass; other Python threads run on meanwhile."""
        with self._watched():
            self._events[event].synchronize()

    def elapsed_ms(self, first: Event, last: Event) -> float:
        """Return the time between two events."""
        with self._watched():
            return float(self._events[first].time_till(self._events[last]))

    def upload(self, address: int, source: Bytes, stream: Stream) -> None:
        """Copy host memory to the card."""
        with self._watched():
            self._cuda.memcpy_htod_async(address, source, self._streams[stream])

    def download(self, target: Bytes, address: int, stream: Stream) -> None:
        """Copy from the card to host memory."""
        with self._watched():
            self._cuda.memcpy_dtoh_async(target, address, self._streams[stream])

    def copy(self, target: int, source: int, nbytes: int, stream: Stream) -> None:
        """Copy within the card."""
        with self._watched():
            self._cuda.memcpy_dtod_async(target, source, nbytes, self._streams[stream])

    def launch(self, kernel: str, stream: Stream, blocks: int, *arguments: Any, lanes: int = 256) -> None:
        """Start a kernel."""
        given = [np.uint64(each) if isinstance(each, Pointer) else np.int32(each) for each in arguments]
        with self._watched():
            self._kernels[kernel](*given, grid=(blocks, 1), block=(lanes, 1, 1), stream=self._streams[stream])

    def close(self) -> None:
        """Let go of the context.

        pycuda ends the process where a thread ends that still has a context on its stack.
        """
        context, self._context = self._context, None
        if context is None:
            return
        self._streams.clear()
        self._events.clear()
        self._kernels.clear()
        with self._watched():
            try:
                context.pop()  # may report an earlier failure in place of taking the context off the stack
            finally:
                context.detach()  # takes it off where it is still there

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except self._cuda.MemoryError as error:
            raise DeviceLost(
                f"The GPU has no memory left ({error}); give it fewer cameras or close what else uses it."
            ) from error
        except self._cuda.Error as error:
            raise DeviceLost(f"The GPU failed: {error}.") from error
