"""Frames on the card: uploaded once, looked at by both networks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meter_infer.backends.device import Growing
from meter_infer.cuda.device import Bytes, Device, Event, Stream
from meter_infer.cuda.layout import item_record, sampling_record
from meter_infer.types import Frame
from meter_infer.vision.color import OUTSIDE, bgr_matrix
from meter_infer.vision.letterbox import Affine

_SLOTS = 2  # one is filled by the host while the other is copied
_NEUTRAL = 128


@dataclass(frozen=True, slots=True)
class Surface:
    """A frame in device memory: its planes one after the other."""

    frame: Frame
    address: int

    def item(self, affine: Affine, size: tuple[int, int]) -> NDArray[np.void]:
        """Return the kernel's record for showing the frame through `affine` at `size` (width, height)."""
        frame = self.frame
        corners = affine.corners(size)
        half = (corners[0] / 2, corners[1] / 2, corners[2] / 2, corners[3] / 2)
        luma = (frame.height, frame.width)
        samplings = [sampling_record(luma, corners, size)]
        places = [(self.address, frame.width, 1), (0, 0, 0), (0, 0, 0)]
        if frame.chroma is None:
            samplings *= 2
        else:
            rows, columns = frame.chroma[0].shape
            first = self.address + frame.luma.size
            places[1:] = [(first, columns, 1), (first + rows * columns, columns, 1)]
            samplings.append(sampling_record((rows, columns), half, size))
        to_rgb = bgr_matrix(frame.matrix)[::-1] / 255
        return item_record(places, samplings, (OUTSIDE, _NEUTRAL, _NEUTRAL), to_rgb)


class Surfaces:
    """Uploads frames through two pinned buffers in turn, and keeps those of the newest `hold`."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._memory = Growing(device)
        self._stream: Stream = device.stream()
        self._copied: list[Event] = [device.event() for _ in range(_SLOTS)]
        self._busy = [False] * _SLOTS
        self._all: Event = device.event()
        self._next = 0
        self._held: dict[int, Surface] = {}

    def hold(self, frames: Sequence[Frame], reader: Stream, *, fresh: bool) -> list[Surface]:
        """Return the frames' surfaces, uploaded where they are not there yet.

        What `reader` is given from now on runs after the uploads. `fresh` forgets the surfaces of earlier
        calls, whose readers must be done.
        """
        if fresh:
            self._held.clear()
        missing = [frame for frame in frames if self._surface(frame) is None]
        for frame in missing:
            if self._surface(frame) is None:  # the same frame may be asked for twice
                self._held[id(frame)] = self._upload(frame, len(self._held))
        if missing:
            self._device.record(self._all, self._stream)
            self._device.wait(reader, self._all)
        return [surface for frame in frames if (surface := self._surface(frame)) is not None]

    def free(self) -> None:
        """Give all memory back."""
        self._held.clear()
        self._memory.free()

    def _surface(self, frame: Frame) -> Surface | None:
        held = self._held.get(id(frame))
        return held if held is not None and held.frame is frame else None

    def _upload(self, frame: Frame, place: int) -> Surface:
        planes = [frame.luma, *(frame.chroma or ())]
        nbytes = sum(plane.size for plane in planes)
        slot, self._next = self._next, (self._next + 1) % _SLOTS
        if self._busy[slot]:
            self._device.synchronize(self._copied[slot])
        staged = self._memory.pinned(f"slot {slot}", nbytes)
        _pack(planes, staged)
        buffer = self._memory.on_card(f"surface {place}", nbytes)
        self._device.upload(buffer.address, staged, self._stream)
        self._device.record(self._copied[slot], self._stream)
        self._busy[slot] = True
        return Surface(frame, buffer.address)


def _pack(planes: Sequence[NDArray[np.uint8]], target: Bytes) -> None:
    first = 0
    for plane in planes:
        np.copyto(target[first : first + plane.size].reshape(plane.shape), plane)
        first += plane.size
