"""The port to a card: memory, streams, events, kernels. `pycuda_device` has the real one."""

from typing import Any, NewType, Protocol

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Stream = NewType("Stream", int)
"""A CUstream handle: work given to one stream runs in its order."""
Event = NewType("Event", int)
"""A CUevent handle: a moment in a stream."""


class Pointer(int):
    """A device pointer, as a kernel's argument."""


class DeviceBuffer(Protocol):
    """Memory on the card; freed by `free` or with its device."""

    @property
    def address(self) -> int:
        """Device pointer."""

    @property
    def nbytes(self) -> int:
        """Size in bytes."""

    def free(self) -> None:
        """Give the memory back. Freeing twice is harmless."""


class Device(Protocol):
    """One card, used by the one thread that made it.

    Everything that takes a stream is asynchronous. Whatever fails raises `DeviceLost`, after which nothing
    but `close` is of use.
    """

    @property
    def name(self) -> str:
        """What the card calls itself."""

    @property
    def architecture(self) -> int:
        """Compute capability, 86 for 8.6."""

    def allocate(self, nbytes: int) -> DeviceBuffer:
        """Return uninitialised memory on the card."""

    def pinned(self, nbytes: int) -> Bytes:
        """Return page-locked host memory, uint8 (nbytes,), which copies without a detour."""

    def stream(self) -> Stream:
        """Make a stream."""

    def event(self) -> Event:
        """Make an event."""

    def record(self, event: Event, stream: Stream) -> None:
        """Let `event` be when all that `stream` was given so far is done."""

    def wait(self, stream: Stream, event: Event) -> None:
        """Let what `stream` is given from now on run after `event`."""

    def synchronize(self, event: Event) -> None:
        """Return when `event` has come to pass."""

    def elapsed_ms(self, first: Event, last: Event) -> float:
        """Return the time between two events that have come to pass."""

    def upload(self, address: int, source: Bytes, stream: Stream) -> None:
        """Copy host memory, which should be pinned, to the device pointer `address`."""

    def download(self, target: Bytes, address: int, stream: Stream) -> None:
        """Copy ``len(target)`` bytes from `address` to host memory, which should be pinned."""

    def copy(self, target: int, source: int, nbytes: int, stream: Stream) -> None:
        """Copy from one device pointer to another."""

    def launch(self, kernel: str, stream: Stream, blocks: int, *arguments: Any, lanes: int = 256) -> None:
        """Start a kernel of `compiler.KERNELS`; ints become C ints, and `Pointer`s pointers."""

    def close(self) -> None:
        """Free everything. Closing twice is harmless."""
