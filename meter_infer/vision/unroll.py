"""Pictures along a curve: what the strip networks look at."""

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Frame
from meter_infer.vision.color import points_bgr
from meter_infer.vision.letterbox import Blob


def unroll(frame: Frame, x: NDArray[np.float32], y: NDArray[np.float32], step: float, out: Blob) -> None:
    """Sample a frame's colours at points.

    Args:
        frame: the picture.
        x, y: where, frame pixels, float32 (rows, columns).
        step: frame pixels between two columns where it matters; what is much finer is averaged.
        out: takes blue, green and red, float32 (3, rows, columns), 0 to 1; grey 114 outside the frame.
    """
    for channel, plane in enumerate(cv2.split(points_bgr(frame, x, y, step))):
        np.multiply(plane, np.float32(1 / 255), out=out[channel], dtype=np.float32)
