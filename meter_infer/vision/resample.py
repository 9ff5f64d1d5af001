"""Resample a rectangle of one 8-bit plane to a given size, exactly placed and without aliasing."""

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Corners = tuple[float, float, float, float]
"""x1, y1, x2, y2 in continuous pixel coordinates."""

_SNAP = 1e-6  # output pixels; below this a shift is float noise, not geometry


def _factor(scale: float) -> int:
    """Whole number of source pixels to average before interpolating.

    The rest, ``scale / factor``, stays within 0.75 to 1.5, where two-tap interpolation neither
    aliases nor blurs to speak of.
    """
    return max(1, int(scale + 0.5))


def _window(low: float, high: float, limit: int, factor: int) -> tuple[int, int]:
    """First and last+1 source pixel that an output needs, clipped; whole multiples of `factor` apart.

    The first is a multiple of `factor` too when it can be, so that whole frames reduced by whole
    numbers need no second interpolation.
    """
    margin = 2 * factor
    first = max(0, int(np.floor(low)) - margin) // factor * factor
    last = min(limit, int(np.ceil(high)) + margin)
    return first, last


def _reduce(plane: Plane, fx: int, fy: int) -> Plane:
    """Mean of each fx x fy block; a partial block at the right or the bottom repeats its edge."""
    if fx == 1 and fy == 1:
        return plane
    height, width = plane.shape
    extra_x, extra_y = -width % fx, -height % fy
    if extra_x or extra_y:
        plane = cv2.copyMakeBorder(plane, 0, extra_y, 0, extra_x, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
        height, width = plane.shape
    # Halving is vectorised by OpenCV and several times faster than any other factor.
    while fx % 2 == 0 and fy % 2 == 0 and (fx, fy) != (2, 2):
        plane = cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        fx, fy, width, height = fx // 2, fy // 2, width // 2, height // 2
    return cv2.resize(plane, (width // fx, height // fy), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def resample(plane: Plane, corners: Corners, size: tuple[int, int], outside: int) -> Plane:
    """Resample the rectangle `corners` of a plane to `size` (width, height).

    `plane` is uint8 (rows, columns), any row stride. Output pixel (i, j) shows the plane at
    ``x1 + (i + 0.5) * (x2 - x1) / width`` and likewise in y. Shrinking averages over the area;
    enlarging interpolates linearly. What lies outside the plane is `outside`.
    """
    width, height = size
    x1, y1, x2, y2 = corners
    rows, columns = plane.shape
    scale_x, scale_y = (x2 - x1) / width, (y2 - y1) / height
    if not (scale_x > 0 and scale_y > 0):
        raise ValueError(f"the region {corners} has no area, or the size {size} none")
    fx, fy = _factor(scale_x), _factor(scale_y)
    left, right = _window(x1, x2, columns, fx)
    top, bottom = _window(y1, y2, rows, fy)
    if left >= right or top >= bottom:
        return np.full((height, width), outside, np.uint8)
    small = _reduce(plane[top:bottom, left:right], fx, fy)
    step_x, step_y = scale_x / fx, scale_y / fy
    # Index (not coordinate) of the first output pixel in `small`.
    start_x = (x1 - left) / fx + 0.5 * step_x - 0.5
    start_y = (y1 - top) / fy + 0.5 * step_y - 0.5
    whole_x, whole_y = round(start_x), round(start_y)
    aligned = max(abs(start_x - whole_x), abs(start_y - whole_y)) < _SNAP
    if aligned and abs(step_x - 1) * width < _SNAP and abs(step_y - 1) * height < _SNAP:
        return _paste(small, whole_x, whole_y, size, outside)
    matrix = np.array([[step_x, 0.0, start_x], [0.0, step_y, start_y]])
    return cv2.warpAffine(  # type: ignore[return-value]
        small,
        matrix,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(outside,),
    )


def _paste(small: Plane, x: int, y: int, size: tuple[int, int], outside: int) -> Plane:
    """The window of `size` whose upper left pixel is (x, y) of `small`."""
    width, height = size
    rows, columns = small.shape
    if x == 0 and y == 0 and (columns, rows) == size:
        return small
    out = np.full((height, width), outside, np.uint8)
    x0, x1 = max(x, 0), min(x + width, columns)
    y0, y1 = max(y, 0), min(y + height, rows)
    if x0 < x1 and y0 < y1:
        out[y0 - y : y1 - y, x0 - x : x1 - x] = small[y0:y1, x0:x1]
    return out
