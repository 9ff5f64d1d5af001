"""Resample a rectangle of one 8-bit plane to a given size, exactly placed and without aliasing."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Corners = tuple[float, float, float, float]
"""x1, y1, x2, y2 in continuous pixel coordinates."""

_SNAP = 1e-6  # pixels; below this a shift is float noise, not geometry
_STEP_MAX = 1.5  # source pixels an output pixel; up to here two-tap interpolation hardly aliases


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a rectangle of a plane becomes an output: average blocks of a window, then interpolate."""

    window: tuple[int, int, int, int]
    """Pixels that are looked at: left, top, right, bottom; empty where the rectangle misses the plane."""
    factors: tuple[int, int]
    """Width and height of the blocks, powers of two."""
    step: tuple[float, float]
    """Blocks an output pixel."""
    corner: tuple[float, float]
    """The rectangle's upper left corner, in blocks from the window's."""
    whole: tuple[int, int, int, int] | None
    """Where the whole plane fills whole output pixels: that place (x, y, width, height); its edge is then
    repeated, not blended with what lies outside."""

    @property
    def is_empty(self) -> bool:
        """The rectangle shows nothing of the plane."""
        left, top, right, bottom = self.window
        return left >= right or top >= bottom


def plan(shape: tuple[int, int], corners: Corners, size: tuple[int, int]) -> Sampling:
    """Say how to show the rectangle `corners` of a plane (rows, columns) at `size` (width, height).

    Raises ValueError where the rectangle or the size is empty.
    """
    width, height = size
    x1, y1, x2, y2 = corners
    if not (x2 > x1 and y2 > y1 and width > 0 and height > 0):
        raise ValueError(f"the region {corners} or the size {size} is empty")
    rows, columns = shape
    step_x, step_y = (x2 - x1) / width, (y2 - y1) / height
    fx, fy = _halvings(step_x), _halvings(step_y)
    left, right = _window(x1, x2, columns, fx)
    top, bottom = _window(y1, y2, rows, fy)
    step_x, step_y = step_x / fx, step_y / fy
    x, y = (x1 - left) / fx, (y1 - top) / fy
    whole = None
    inside = x1 <= 0 and x2 >= columns and y1 <= 0 and y2 >= rows
    if inside and not (right - left) % fx and not (bottom - top) % fy:
        # The whole plane is in view. If it fills whole output pixels, a plain resize is exact and fast.
        blocks = (right - left) // fx, (bottom - top) // fy
        place = (-x / step_x, -y / step_y, blocks[0] / step_x, blocks[1] / step_y)
        rounded = (round(place[0]), round(place[1]), round(place[2]), round(place[3]))
        if max(abs(a - b) for a, b in zip(place, rounded, strict=True)) <= _SNAP:
            whole = rounded
    return Sampling((left, top, right, bottom), (fx, fy), (step_x, step_y), (x, y), whole)


def resample(plane: Plane, corners: Corners, size: tuple[int, int], outside: int) -> Plane:
    """Resample the rectangle `corners` of a plane to `size` (width, height).

    `plane` is uint8 (rows, columns), any row stride. Output pixel (i, j) shows the plane at
    ``x1 + (i + 0.5) * (x2 - x1) / width`` and likewise in y. Shrinking averages 2 x 2 pixels as
    often as it must and interpolates the rest; enlarging interpolates. What lies outside the plane
    is `outside`. Raises ValueError where the rectangle or the size is empty.
    """
    sampling = plan((plane.shape[0], plane.shape[1]), corners, size)
    if sampling.is_empty:
        return np.full((size[1], size[0]), outside, np.uint8)
    left, top, right, bottom = sampling.window
    small = _reduce(plane[top:bottom, left:right], *sampling.factors)
    if sampling.whole is not None:
        return _paste(small, sampling.whole, size, outside)
    return _warp(small, sampling.step, sampling.corner, size, outside)


def sample(plane: Plane, x: NDArray[np.float32], y: NDArray[np.float32], step: float, outside: int) -> Plane:
    """Sample a plane at points, uint8 of the shape of `x` and `y`.

    Args:
        plane: uint8 (rows, columns), any row stride.
        x, y: where, continuous pixel coordinates, float32 (rows, columns).
        step: distance of neighbouring points, pixels; what is much finer is averaged first.
        outside: value of what lies outside the plane.
    """
    factor = _halvings(step)
    rows, columns = plane.shape
    left, right = _window(float(x.min()), float(x.max()), columns, factor)
    top, bottom = _window(float(y.min()), float(y.max()), rows, factor)
    if left >= right or top >= bottom:
        return np.full(x.shape, outside, np.uint8)
    small = _reduce(plane[top:bottom, left:right], factor, factor)
    share = np.float32(1 / factor)
    # OpenCV counts from pixel centres, hence the halves.
    across, down = x * share - np.float32(left / factor + 0.5), y * share - np.float32(top / factor + 0.5)
    return cv2.remap(  # type: ignore[return-value]
        small, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(outside,)
    )


def _halvings(step: float) -> int:
    """The power of two by which to average before interpolating."""
    factor = 1
    while step / factor > _STEP_MAX + _SNAP:
        factor *= 2
    return factor


def _window(low: float, high: float, limit: int, factor: int) -> tuple[int, int]:
    """First and last + 1 source pixel that an output needs, clipped to the plane."""
    margin = 2 * factor
    return max(0, int(np.floor(low)) - margin), min(limit, int(np.ceil(high)) + margin)


def _reduce(plane: Plane, fx: int, fy: int) -> Plane:
    """Mean of each fx x fy block, both powers of two; an unfinished block repeats the plane's edge."""
    rows, columns = plane.shape
    extra_x, extra_y = -columns % fx, -rows % fy
    if extra_x or extra_y:
        plane = cv2.copyMakeBorder(plane, 0, extra_y, 0, extra_x, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    # OpenCV's halving is vectorised, and several times faster than any other factor.
    while fx > 1 or fy > 1:
        bx, by = min(fx, 2), min(fy, 2)
        rows, columns = plane.shape
        plane = cv2.resize(plane, (columns // bx, rows // by), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        fx, fy = fx // bx, fy // by
    return plane


def _warp(
    small: Plane, step: tuple[float, float], corner: tuple[float, float], size: tuple[int, int], outside: int
) -> Plane:
    """Interpolate at ``corner + (i + 0.5) * step``."""
    # OpenCV counts from pixel centres, hence the halves.
    shift_x, shift_y = corner[0] + step[0] / 2 - 0.5, corner[1] + step[1] / 2 - 0.5
    return cv2.warpAffine(  # type: ignore[return-value]
        small,
        np.array([[step[0], 0.0, shift_x], [0.0, step[1], shift_y]]),
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(outside,),
    )


def _paste(small: Plane, place: tuple[int, int, int, int], size: tuple[int, int], outside: int) -> Plane:
    """The whole of `small` at `place` (x, y, width, height) of an output of `size`."""
    x, y, width, height = place
    if small.shape != (height, width):
        small = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    if (width, height) == size:
        return small
    out = np.full((size[1], size[0]), outside, np.uint8)
    out[y : y + height, x : x + width] = small
    return out
