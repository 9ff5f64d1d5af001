"""Network inputs: a frame, or a square around a meter, as float RGB planes, and the way back."""

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Box, Frame
from meter_infer.vision.color import region_bgr
from meter_infer.vision.resample import Corners

Blob = NDArray[np.float32]
"""float32 (3, height, width), red green blue, 0 to 1."""

CROP_MARGIN = 1.13
"""Side of the segmenter's square crop over the longer side of the detector's box.

Training sees 1.09 to 1.36. Of these the tighter read better: the same meter has more pixels."""

_SECOND_ZOOM = 1.21
_SECOND_SHIFT = (0.02, 0.01)


def second_box(box: Box) -> Box:
    """Return the box whose crop is a second opinion on the same meter: wider, and shifted by a few pixels.

    The network's chance errors in the two crops have little to do with each other.
    """
    side = max(box.width, box.height)
    x, y = (at + shift * side for at, shift in zip(box.center, _SECOND_SHIFT, strict=True))
    width, height = box.width * _SECOND_ZOOM / 2, box.height * _SECOND_ZOOM / 2
    return Box(x - width, y - height, x + width, y + height)


@dataclass(frozen=True, slots=True)
class Affine:
    """Network input to frame: ``frame = offset + scale * input``, in continuous pixel coordinates."""

    scale: float
    """Frame pixels an input pixel."""
    offset: tuple[float, float]
    """Frame coordinates of the input's upper left corner."""

    def to_frame(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map points (..., 2) from the network's input to the frame."""
        mapped: NDArray[np.float64] = np.asarray(self.offset) + self.scale * np.asarray(points, np.float64)
        return mapped

    def to_input(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map points (..., 2) from the frame to the network's input."""
        mapped: NDArray[np.float64] = (np.asarray(points, np.float64) - np.asarray(self.offset)) / self.scale
        return mapped

    def corners(self, size: tuple[int, int]) -> Corners:
        """The frame rectangle that an input of `size` (width, height) shows."""
        (x, y), (width, height) = self.offset, size
        return x, y, x + self.scale * width, y + self.scale * height


def input_shape(frame_size: tuple[int, int], longer: int, stride: int = 32) -> tuple[int, int]:
    """Detector input (width, height) for frames of `frame_size` (width, height).

    The longer side is `longer`; the shorter is the least of 3/5, 3/4 and all of it, in whole strides,
    that holds the frame: 1920 x 1080 becomes 640 x 384. There are five shapes and no more, because
    an engine compiles each shape that it meets, which takes seconds.
    """
    scale = longer / max(frame_size)
    steps = [ceil(longer * share / stride - 1e-9) * stride for share in (0.6, 0.75, 1.0)]
    width, height = (next((s for s in steps if s >= side * scale - 1e-6), longer) for side in frame_size)
    return width, height


def letterbox_affine(frame_size: tuple[int, int], size: tuple[int, int], afar: float = 1.0) -> Affine:
    """Fit frames of `frame_size` into the middle of `size`, both (width, height), `afar` times smaller."""
    scale = afar * max(frame_size[0] / size[0], frame_size[1] / size[1])
    x = (frame_size[0] - scale * size[0]) / 2
    y = (frame_size[1] - scale * size[1]) / 2
    # A whole number of input pixels of border spares a second interpolation.
    return Affine(scale, (scale * round(x / scale), scale * round(y / scale)))


def crop_affine(box: Box, side: int, margin: float = CROP_MARGIN) -> Affine:
    """The square around `box` (same centre, `margin` times its longer side) at side x side pixels."""
    length = max(box.width, box.height) * margin
    x, y = box.center
    return Affine(length / side, (x - length / 2, y - length / 2))


def letterbox(
    frame: Frame, size: tuple[int, int], out: Blob | None = None, afar: float = 1.0
) -> tuple[Blob, Affine]:
    """The whole frame in an input of `size` (width, height), `afar` times smaller, grey 114 around it.

    Returns RGB float32 (3, height, width), 0 to 1, written to `out` if given, and the way back.
    """
    affine = letterbox_affine((frame.width, frame.height), size, afar)
    return _blob(frame, affine, size, out), affine


def crop(frame: Frame, box: Box, side: int, out: Blob | None = None) -> tuple[Blob, Affine]:
    """The square around a meter's box at side x side pixels: RGB float32 (3, side, side), 0 to 1."""
    affine = crop_affine(box, side)
    return _blob(frame, affine, (side, side), out), affine


def _blob(frame: Frame, affine: Affine, size: tuple[int, int], out: Blob | None) -> Blob:
    width, height = size
    if out is None:
        out = np.empty((3, height, width), np.float32)
    image = region_bgr(frame, affine.corners(size), size)
    for channel, plane in enumerate(reversed(cv2.split(image))):
        np.multiply(plane, np.float32(1 / 255), out=out[channel], dtype=np.float32)
    return out
