"""Engines that take and give device memory, and any of them as a `Backend` for host arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Protocol, Self

import numpy as np

from meter_infer.backends.base import Tensor, TensorSpec, check_images
from meter_infer.cuda.device import Device, DeviceBuffer, Stream
from meter_infer.cuda.worker import GpuThread, release_gpu
from meter_infer.errors import BackendError


@dataclass(frozen=True, slots=True)
class DeviceTensor:
    """An array on the card, in C order."""

    address: int
    shape: tuple[int, ...]
    half: bool = False
    """float16, else float32."""

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return prod(self.shape) * (2 if self.half else 4)


class DeviceEngine(Protocol):
    """A loaded model on the card. Used by the thread that owns the card alone."""

    @property
    def name(self) -> str:
        """Engine and precision, such as ``tensorrt-f16``."""

    @property
    def half(self) -> bool:
        """The input is float16, else float32; outputs are always float32."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The one input."""

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The outputs, in the order in which `infer` returns them."""

    def infer(self, images: DeviceTensor, stream: Stream) -> tuple[DeviceTensor, ...]:
        """Queue a batch on `stream`; the outputs are valid until the next call. Raises BackendError."""

    def close(self) -> None:
        """Free the model. Closing twice is harmless."""


class Growing:
    """Memory by name that grows with what is asked of it: after the first batches nothing is allocated."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._buffers: dict[str, DeviceBuffer] = {}
        self._pinned: dict[str, np.ndarray[tuple[int], np.dtype[np.uint8]]] = {}

    def on_card(self, name: str, nbytes: int) -> DeviceBuffer:
        """Return the buffer `name` with at least `nbytes`; growing loses its content."""
        buffer = self._buffers.get(name)
        if buffer is None or buffer.nbytes < nbytes:
            if buffer is not None:
                buffer.free()
            buffer = self._buffers[name] = self._device.allocate(max(nbytes, 256))
        return buffer

    def pinned(self, name: str, nbytes: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        """Return `nbytes` of the page-locked memory `name`; growing loses its content."""
        memory = self._pinned.get(name)
        if memory is None or len(memory) < nbytes:
            memory = self._pinned[name] = self._device.pinned(max(nbytes, 256))
        return memory[:nbytes]

    def free(self) -> None:
        """Give all of it back."""
        for buffer in self._buffers.values():
            buffer.free()
        self._buffers.clear()
        self._pinned.clear()


class DeviceBackend:
    """A `DeviceEngine` behind the protocol of all backends: host arrays in, host arrays out."""

    def __init__(self, thread: GpuThread, load: Callable[[Device, Stream], DeviceEngine]) -> None:
        """Load the engine on the card's thread, which this backend holds a share of. Raises BackendError.

        `load` is given the stream on which the engine will be run: uploads, engine and downloads share it, in
        whose order they run.
        """
        self.thread = thread
        self._closed = False

        def start(device: Device) -> None:
            self._stream, self._memory, self._done = device.stream(), Growing(device), device.event()
            self.engine = load(device, self._stream)
            thread.at_end(self._free)

        try:
            # building an engine takes minutes
            thread.run(start, deadline_s=None)
        except BaseException:
            release_gpu(thread)
            raise

    @property
    def name(self) -> str:
        """Engine and precision."""
        return self.engine.name

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The model's one input."""
        return self.engine.inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The model's outputs."""
        return self.engine.outputs

    def infer(self, images: Tensor) -> tuple[Tensor, ...]:
        """Run a batch; see `Backend.infer`. Raises DeviceLost where the card fell away."""
        if self._closed:
            raise BackendError("The backend is closed; make a new one.")
        check_images(images, self.inputs[0])
        return self.thread.run(lambda device: self._infer(device, images))

    def _infer(self, device: Device, images: Tensor) -> tuple[Tensor, ...]:
        half = self.engine.half
        given = np.ascontiguousarray(images, np.float16 if half else np.float32).reshape(-1).view(np.uint8)
        staged = self._memory.pinned("images", len(given))
        staged[:] = given
        buffer = self._memory.on_card("images", len(given))
        device.upload(buffer.address, staged, self._stream)
        outputs = self.engine.infer(DeviceTensor(buffer.address, images.shape, half), self._stream)
        staged_out = [
            self._memory.pinned(f"output {place}", each.nbytes) for place, each in enumerate(outputs)
        ]
        for target, output in zip(staged_out, outputs, strict=True):
            device.download(target, output.address, self._stream)
        device.record(self._done, self._stream)
        device.synchronize(self._done)
        return tuple(
            target.view(np.float32).reshape(each.shape).copy()
            for target, each in zip(staged_out, outputs, strict=True)
        )

    def close(self) -> None:
        """Free the model, and the card if nobody else uses it."""
        if self._closed:
            return
        self._closed = True
        try:
            self.thread.run(lambda _: self._free())
            self.thread.not_at_end(self._free)
        except BackendError:
            pass  # a card that fell away takes no work: its thread frees all when it ends
        finally:
            release_gpu(self.thread)

    def _free(self) -> None:
        try:
            self.engine.close()
        finally:
            self._memory.free()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
