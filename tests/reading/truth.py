"""What a perfect segmentation network would see of a rendered scene: segments made from its truth."""

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Box, Mask, Segment, SegmentClass

GRID = 64
CROP = 1.2


def segments_of(
    polygons: Mapping[SegmentClass, NDArray[np.float64]],
    landmarks: Mapping[SegmentClass, NDArray[np.float64]],
    box: Box,
    noise: float = 0.0,
    seed: int = 0,
) -> list[Segment]:
    """Return segments on the network's own grid (64 x 64 cells over the crop).

    `noise` moves every landmark by that many cells (standard deviation), and shifts every mask.
    """
    rng = np.random.default_rng(seed)
    side = CROP * max(box.width, box.height)
    cx, cy = box.center
    origin = (cx - side / 2, cy - side / 2)
    pitch = side / GRID
    result = []
    for label, polygon in polygons.items():
        fine = 8
        canvas = np.zeros((GRID * fine, GRID * fine), np.uint8)
        cells = (np.asarray(polygon) - origin) / pitch + rng.normal(0, noise, 2)
        cv2.fillPoly(canvas, [np.round((cells * fine - 0.5) * 16).astype(np.int32)], 255, shift=4)
        soft = canvas.reshape(GRID, fine, GRID, fine).mean(axis=(1, 3)).astype(np.float32) / 255
        low, high = np.asarray(polygon).min(axis=0), np.asarray(polygon).max(axis=0)
        mask = Mask(soft, origin, pitch)
        result.append(Segment(label, Box(low[0], low[1], high[0], high[1]), 0.95, mask))
    for label, point in landmarks.items():
        x, y = np.asarray(point) + rng.normal(0, noise, 2) * pitch
        r = 0.045 * max(box.width, box.height)
        result.append(Segment(label, Box(x - r, y - r, x + r, y + r), 0.95, None))
    return result
