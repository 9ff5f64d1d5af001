"""Sampling a luma plane at continuous coordinates.

Everything here works on a `Patch`: the part of the luma plane around one meter, shrunk when the
meter is larger than a reading needs, so that the cost of a reading does not grow with the camera.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Box, Luma

Points = NDArray[np.float64]
"""Points in frame pixels, float64 (..., 2), x before y."""

Profile = NDArray[np.float32]

MAX_SIDE = 560
"""Longest side of a patch in samples: beyond it more pixels no longer make a better reading."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A piece of a luma plane, perhaps shrunk.

    Sample (column i, row j) is centred on frame pixel
    ``(origin[0] + (i + 0.5) * pitch, origin[1] + (j + 0.5) * pitch)``.
    """

    pixels: Luma
    origin: tuple[float, float]
    pitch: float
    """Frame pixels a sample, at least 1."""

    def sample(self, points: Points) -> Profile:
        """Return bilinear samples at `points` (frame pixels), float32, the shape of ``points[..., 0]``.

        Points outside the patch take the value of its nearest edge.
        """
        shape = points.shape[:-1]
        flat = points.reshape(-1, 2) if points.ndim != 3 else points
        grid_x = ((flat[..., 0] - self.origin[0]) / self.pitch - 0.5).astype(np.float32)
        grid_y = ((flat[..., 1] - self.origin[1]) / self.pitch - 0.5).astype(np.float32)
        if grid_x.ndim == 1:
            grid_x, grid_y = grid_x[:, None], grid_y[:, None]
        out = cv2.remap(self.pixels, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return out.astype(np.float32).reshape(shape)

    def contains(self, points: Points) -> NDArray[np.bool_]:
        """Say for each point whether it lies inside the patch, bool (...,)."""
        height, width = self.pixels.shape
        x = (points[..., 0] - self.origin[0]) / self.pitch
        y = (points[..., 1] - self.origin[1]) / self.pitch
        inside: NDArray[np.bool_] = (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
        return inside


def cut_patch(luma: Luma, box: Box, margin: float = 0.12, max_side: int = MAX_SIDE) -> Patch:
    """Cut the part of `luma` around `box` and shrink it to at most `max_side` samples a side.

    Args:
        luma: Y plane, uint8 (height, width).
        box: the meter, in pixels of the frame.
        margin: added on each side, as a share of the box's longer side.
        max_side: longest side of the result, samples.

    A box that lies outside the frame gives a patch of one pixel.
    """
    height, width = luma.shape
    pad = margin * max(box.width, box.height)
    x1 = int(np.clip(np.floor(box.x1 - pad), 0, width - 1))
    y1 = int(np.clip(np.floor(box.y1 - pad), 0, height - 1))
    x2 = int(np.clip(np.ceil(box.x2 + pad), x1 + 1, width))
    y2 = int(np.clip(np.ceil(box.y2 + pad), y1 + 1, height))
    view = luma[y1:y2, x1:x2]
    longest = max(view.shape)
    if longest <= max_side:
        return Patch(np.ascontiguousarray(view), (float(x1), float(y1)), 1.0)
    scale = max_side / longest
    size = (max(1, round(view.shape[1] * scale)), max(1, round(view.shape[0] * scale)))
    shrunk = cv2.resize(view, size, interpolation=cv2.INTER_AREA)
    # One pitch serves both axes: the rounding of the sizes is below half a sample over the patch.
    return Patch(shrunk.astype(np.uint8), (float(x1), float(y1)), view.shape[1] / size[0])


def subpixel_peak(values: NDArray[np.floating], index: int) -> float:
    """Return the abscissa of the parabola through a peak and its two neighbours.

    Args:
        values: one-dimensional.
        index: the largest of the three values; at either end it is returned as it is.
    """
    if index <= 0 or index >= len(values) - 1:
        return float(index)
    left, middle, right = (float(values[index + k]) for k in (-1, 0, 1))
    bend = left - 2 * middle + right
    if bend >= 0:
        return float(index)
    return index + float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))
