"""Pictures along a curve: what the strip networks look at."""

from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Frame
from meter_infer.vision.color import OUTSIDE, region_bgr
from meter_infer.vision.letterbox import Blob

COARSE = 1.25
"""Distance of two samples, frame pixels, from which the picture is shrunk before it is sampled."""


def unroll(frame: Frame, points: NDArray[np.float64], step: float, out: Blob) -> None:
    """Sample a frame's colours on a grid of points.

    Args:
        frame: the picture.
        points: frame pixels, float64 (rows, columns, 2).
        step: frame pixels between two columns where it matters; what is finer is averaged.
        out: takes blue, green and red, float32 (3, rows, columns), 0 to 1; grey 114 outside the frame.
    """
    shrink = step if step > COARSE else 1.0
    # One pixel more on each side, for interpolation, and no more than that beyond the frame.
    low = np.maximum(points.min(axis=(0, 1)) - shrink, -2.0 * shrink)
    high = np.minimum(points.max(axis=(0, 1)) + shrink, (frame.width + 2 * shrink, frame.height + 2 * shrink))
    x1, y1 = (floor(each) for each in low.tolist())
    size = [max(2, ceil((far - near) / shrink)) for near, far in zip((x1, y1), high.tolist(), strict=True)]
    corners = x1, y1, x1 + size[0] * shrink, y1 + size[1] * shrink
    view = region_bgr(frame, corners, (size[0], size[1]))
    x = ((points[..., 0] - x1) / shrink - 0.5).astype(np.float32)
    y = ((points[..., 1] - y1) / shrink - 0.5).astype(np.float32)
    grey = (OUTSIDE,) * 3
    strip = cv2.remap(view, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=grey)
    for channel, plane in enumerate(cv2.split(strip)):
        np.multiply(plane, np.float32(1 / 255), out=out[channel], dtype=np.float32)
