"""A card made of the host's own memory: the kernels' source, compiled by the system's C++ compiler."""

import ctypes
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.cuda.compiler import FOLDER, KERNELS, SOURCES
from meter_infer.cuda.device import Bytes, Device, Event, Pointer, Stream


@cache
def host_kernels() -> ctypes.CDLL:
    """Compile all sources into one library; skip the test where there is no compiler."""
    compiler = shutil.which("g++") or shutil.which("clang++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler is installed, so the kernels' arithmetic cannot be tried")
    folder = Path(tempfile.mkdtemp(prefix="meter-infer-kernels-"))
    try:
        (folder / "all.cpp").write_text("".join(f'#include "{FOLDER / name}.cu"\n' for name in SOURCES))
        flags = ["-std=c++17", "-O2", "-ffp-contract=off", "-Wall", "-Werror", "-Wno-parentheses", "-shared"]
        library = folder / "kernels.so"
        subprocess.run([compiler, *flags, "-fPIC", "-o", library, folder / "all.cpp"], check=True)
        return ctypes.CDLL(str(library))
    finally:
        shutil.rmtree(folder)


@dataclass
class HostBuffer:
    content: Bytes | None

    @property
    def address(self) -> int:
        assert self.content is not None, "the memory was freed"
        return self.content.ctypes.data

    @property
    def nbytes(self) -> int:
        return 0 if self.content is None else len(self.content)

    def free(self) -> None:
        self.content = None


@dataclass
class HostDevice:
    """Everything happens at once and in the order it was asked for; `calls` tells what was."""

    name: str = "host"
    architecture: int = 86
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    buffers: list[HostBuffer] = field(default_factory=list)
    times: dict[int, float] = field(default_factory=dict)
    closed: bool = False

    def allocate(self, nbytes: int) -> HostBuffer:
        self.buffers.append(HostBuffer(np.full(nbytes, 0xA5, np.uint8)))
        return self.buffers[-1]

    def pinned(self, nbytes: int) -> Bytes:
        return np.full(nbytes, 0x5A, np.uint8)

    def stream(self) -> Stream:
        self.calls.append(("stream",))
        return Stream(sum(call[0] == "stream" for call in self.calls))

    def event(self) -> Event:
        self.calls.append(("event",))
        return Event(sum(call[0] == "event" for call in self.calls))

    def record(self, event: Event, stream: Stream) -> None:
        self.calls.append(("record", event, stream))
        self.times[event] = time.perf_counter()

    def wait(self, stream: Stream, event: Event) -> None:
        assert event in self.times, "an event is waited for that was never recorded"
        self.calls.append(("wait", stream, event))

    def synchronize(self, event: Event) -> None:
        assert event in self.times, "an event is waited for that was never recorded"
        self.calls.append(("synchronize", event))

    def elapsed_ms(self, first: Event, last: Event) -> float:
        return (self.times[last] - self.times[first]) * 1000

    def _end(self, address: int) -> int | None:
        """Where the buffer ends that an address lies in; None for memory that is not of this device."""
        for buffer in self.buffers:
            if buffer.content is not None and 0 <= address - buffer.address < max(1, buffer.nbytes):
                return buffer.address + buffer.nbytes
        return None

    def upload(self, address: int, source: Bytes, stream: Stream) -> None:
        end = self._end(address)
        assert end is not None, "a copy goes to memory that is not the device's"
        assert address + len(source) <= end, "a copy would end beyond its buffer"
        ctypes.memmove(address, source.ctypes.data, len(source))
        self.calls.append(("upload", len(source), stream))

    def download(self, target: Bytes, address: int, stream: Stream) -> None:
        end = self._end(address)  # an engine's own outputs lie elsewhere
        assert end is None or address + len(target) <= end, "a copy would begin beyond its buffer"
        ctypes.memmove(target.ctypes.data, address, len(target))
        self.calls.append(("download", len(target), stream))

    def copy(self, target: int, source: int, nbytes: int, stream: Stream) -> None:
        ctypes.memmove(target, source, nbytes)

    def launch(self, kernel: str, stream: Stream, blocks: int, *arguments: Any, lanes: int = 256) -> None:
        assert kernel in KERNELS
        assert blocks > 0, "a launch without blocks is an error on a card"
        given = [ctypes.c_void_p(a) if isinstance(a, Pointer) else ctypes.c_int(a) for a in arguments]
        getattr(host_kernels(), kernel)(*given)
        self.calls.append(("launch", kernel, stream))

    def close(self) -> None:
        self.closed = True
        for buffer in self.buffers:
            buffer.free()


def run_kernel(device: Device, kernel: str, *arguments: NDArray[Any] | int, blocks: int = 64) -> None:
    """Run a kernel over arrays, which are copied to the device, and back when it is done."""
    stream, done = device.stream(), device.event()
    arrays = [each for each in arguments if not isinstance(each, int)]
    buffers = [device.allocate(max(1, each.nbytes)) for each in arrays]
    views = [each.reshape(-1).view(np.uint8) for each in arrays]
    assert all(np.shares_memory(view, each) for view, each in zip(views, arrays, strict=True) if each.size)
    for buffer, view in zip(buffers, views, strict=True):
        device.upload(buffer.address, view, stream)
    addresses = iter(buffers)
    given = [each if isinstance(each, int) else Pointer(next(addresses).address) for each in arguments]
    device.launch(kernel, stream, blocks, *given)
    for buffer, view in zip(buffers, views, strict=True):
        device.download(view, buffer.address, stream)
    device.record(done, stream)
    device.synchronize(done)
    for buffer in buffers:
        buffer.free()
