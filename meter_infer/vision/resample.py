"""Resample a rectangle of one 8-bit plane to a given size, exactly placed and without aliasing."""

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Corners = tuple[float, float, float, float]
"""x1, y1, x2, y2 in continuous pixel coordinates."""

_SNAP = 1e-6  # pixels; below this a shift is float noise, not geometry
_STEP_MAX = 1.5  # source pixels an output pixel; up to here two-tap interpolation hardly aliases


def resample(plane: Plane, corners: Corners, size: tuple[int, int], outside: int) -> Plane:
    """Resample the rectangle `corners` of a plane to `size` (width, height).

    `plane` is uint8 (rows, columns), any row stride. Output pixel (i, j) shows the plane at
    ``x1 + (i + 0.5) * (x2 - x1) / width`` and likewise in y. Shrinking averages 2 x 2 pixels as
    often as it must and interpolates the rest; enlarging interpolates. What lies outside the plane
    is `outside`. Raises ValueError where the rectangle or the size is empty.
    """
    width, height = size
    x1, y1, x2, y2 = corners
    if not (x2 > x1 and y2 > y1 and width > 0 and height > 0):
        raise ValueError(f"the region {corners} or the size {size} is empty")
    rows, columns = plane.shape
    step_x, step_y = (x2 - x1) / width, (y2 - y1) / height
    fx, fy = _halvings(step_x), _halvings(step_y)
    left, right = _window(x1, x2, columns, fx)
    top, bottom = _window(y1, y2, rows, fy)
    if left >= right or top >= bottom:
        return np.full((height, width), outside, np.uint8)
    small = _reduce(plane[top:bottom, left:right], fx, fy)
    # From here on in pixels of `small`: the step, and the rectangle's upper left corner.
    step_x, step_y = step_x / fx, step_y / fy
    x, y = (x1 - left) / fx, (y1 - top) / fy
    if (x1 > 0 or x2 < columns or y1 > 0 or y2 < rows) or (right - left) % fx or (bottom - top) % fy:
        return _warp(small, (step_x, step_y), (x, y), size, outside)
    # The whole plane is in view. If it fills whole output pixels, a plain resize is exact and fast.
    place = (-x / step_x, -y / step_y, small.shape[1] / step_x, small.shape[0] / step_y)
    whole = (round(place[0]), round(place[1]), round(place[2]), round(place[3]))
    if max(abs(a - b) for a, b in zip(place, whole, strict=True)) > _SNAP:
        return _warp(small, (step_x, step_y), (x, y), size, outside)
    return _paste(small, whole, size, outside)


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
