"""Frames on the card: uploaded once, looked at by both networks."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meter_infer.backends.device import Growing
from meter_infer.cuda.device import Bytes, Device, Event, Stream
from meter_infer.cuda.layout import item_record, sampling_record
from meter_infer.types import ColorMatrix, Frame
from meter_infer.vision.color import OUTSIDE, bgr_matrix
from meter_infer.vision.letterbox import Affine

_SLOTS = 2  # one is filled by the host while the other is copied
_NEUTRAL = 128
KEPT = 16
"""So many surfaces are kept for later calls, 50 MB of 1080p, and more only where one call asks for more."""


@dataclass(frozen=True, slots=True)
class Surface:
    """A frame in device memory: its planes one after the other. The frame itself is not kept."""

    address: int
    size: tuple[int, int]
    """Width and height, pixels."""
    chroma: tuple[int, int] | None
    """Rows and columns of each colour plane; None for a grey picture."""
    matrix: ColorMatrix

    def item(self, affine: Affine, size: tuple[int, int]) -> NDArray[np.void]:
        """Return the kernel's record for showing the frame through `affine` at `size` (width, height)."""
        width, height = self.size
        corners = affine.corners(size)
        half = (corners[0] / 2, corners[1] / 2, corners[2] / 2, corners[3] / 2)
        samplings = [sampling_record((height, width), corners, size)]
        places = [(self.address, width, 1), (0, 0, 0), (0, 0, 0)]
        if self.chroma is None:
            samplings *= 2
        else:
            rows, columns = self.chroma
            first = self.address + width * height
            places[1:] = [(first, columns, 1), (first + rows * columns, columns, 1)]
            samplings.append(sampling_record(self.chroma, half, size))
        to_rgb = bgr_matrix(self.matrix)[::-1] / 255
        return item_record(places, samplings, (OUTSIDE, _NEUTRAL, _NEUTRAL), to_rgb)


@dataclass(frozen=True, slots=True)
class _Held:
    frame: "weakref.ref[Frame]"
    """The host's memory is its owner's: a frame that nobody else keeps is never asked for again."""
    surface: Surface
    buffer: int
    """Number of the buffer that it lies in."""


class Surfaces:
    """Uploads frames through two pinned buffers in turn, and keeps those that were asked for last."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._memory = Growing(device)
        self._stream: Stream = device.stream()
        self._copied: list[Event] = [device.event() for _ in range(_SLOTS)]
        self._busy = [False] * _SLOTS
        self._all: Event = device.event()
        self._next = 0
        self._held: dict[int, _Held] = {}
        """By the frame's id, what was asked for last at the end."""
        self._sizes: list[int] = []
        """Of each buffer, bytes."""

    def hold(self, frames: Sequence[Frame], reader: Stream, *, fresh: bool) -> list[Surface]:
        """Return the frames' surfaces, uploaded where they are not there yet.

        What `reader` is given from now on runs after the uploads. `fresh` forgets the surfaces of earlier
        calls. The readers of earlier calls must be done, since their surfaces' memory is used again.
        """
        wanted = {id(frame): frame for frame in frames}  # the same frame may be asked for twice
        known = {} if fresh else {key: held for key, held in self._held.items() if held.frame() is not None}
        asked = {key: held for key in wanted if (held := known.pop(key, None)) is not None}
        room = max(0, KEPT - len(wanted))
        self._held = dict(list(known.items())[max(0, len(known) - room) :]) | asked
        for key, frame in wanted.items():
            if key not in asked:
                self._held[key] = self._upload(frame)
        if len(asked) < len(wanted):
            self._device.record(self._all, self._stream)
            self._device.wait(reader, self._all)
        return [self._held[id(frame)].surface for frame in frames]

    def free(self) -> None:
        """Give all memory back."""
        self._held.clear()
        self._sizes.clear()
        self._memory.free()

    def _buffer(self, nbytes: int) -> int:
        """Return the number of a buffer that nobody holds, if possible one that is large enough."""
        taken = {held.buffer for held in self._held.values()}
        free = [number for number in range(len(self._sizes)) if number not in taken]
        if not free:
            self._sizes.append(0)
            free = [len(self._sizes) - 1]
        best = min(free, key=lambda number: (self._sizes[number] < nbytes, abs(self._sizes[number] - nbytes)))
        self._sizes[best] = max(self._sizes[best], nbytes)
        return best

    def _upload(self, frame: Frame) -> _Held:
        planes = [frame.luma, *(frame.chroma or ())]
        nbytes = sum(plane.size for plane in planes)
        slot, self._next = self._next, (self._next + 1) % _SLOTS
        if self._busy[slot]:
            self._device.synchronize(self._copied[slot])
        staged = self._memory.pinned(f"slot {slot}", nbytes)
        _pack(planes, staged)
        number = self._buffer(nbytes)
        buffer = self._memory.on_card(f"surface {number}", nbytes)
        self._device.upload(buffer.address, staged, self._stream)
        self._device.record(self._copied[slot], self._stream)
        self._busy[slot] = True
        chroma = None if frame.chroma is None else (frame.chroma[0].shape[0], frame.chroma[0].shape[1])
        surface = Surface(buffer.address, (frame.width, frame.height), chroma, frame.matrix)
        return _Held(weakref.ref(frame), surface, number)


def _pack(planes: Sequence[NDArray[np.uint8]], target: Bytes) -> None:
    first = 0
    for plane in planes:
        np.copyto(target[first : first + plane.size].reshape(plane.shape), plane)
        first += plane.size
