"""Between YUV 4:2:0 frames and colours, converting only what is looked at.

Colour matrices follow ITU-R BT.601 and BT.709; limited range has luma 16 to 235 and chroma 16 to
240. Chroma samples are taken to sit in the middle of their 2 x 2 luma pixels, as in JPEG; MPEG's
left siting is half a luma pixel off, which no network sees.
"""

from datetime import datetime
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.types import ColorMatrix, Frame
from meter_infer.vision.resample import Corners, resample, sample

Image = NDArray[np.uint8]
"""uint8 (height, width, 3), blue green red."""

OUTSIDE = 114
"""Grey level of what lies outside the frame; luma 114 and chroma 128 give it in every matrix (+-1)."""
_NEUTRAL = 128

_KR_KB = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}


@cache
def bgr_matrix(matrix: ColorMatrix) -> NDArray[np.float64]:
    """3 x 4 matrix from (Y, U, V, 1), each 0 to 255, to (B, G, R), each 0 to 255."""
    standard, span = matrix.value.split("-")
    kr, kb = _KR_KB[standard]
    kg = 1 - kr - kb
    full = span == "full"
    y_gain, c_gain, y_zero = (1.0, 1.0, 0.0) if full else (255 / 219, 255 / 224, 16.0)
    to_bgr = np.array(
        [
            [y_gain, 2 * (1 - kb) * c_gain, 0.0],
            [y_gain, -2 * kb * (1 - kb) / kg * c_gain, -2 * kr * (1 - kr) / kg * c_gain],
            [y_gain, 0.0, 2 * (1 - kr) * c_gain],
        ]
    )
    offset = -to_bgr @ np.array([y_zero, 128.0, 128.0])
    result: NDArray[np.float64] = np.column_stack([to_bgr, offset])
    result.setflags(write=False)
    return result


def region_bgr(frame: Frame, corners: Corners, size: tuple[int, int]) -> Image:
    """Show the rectangle `corners` (x1, y1, x2, y2, frame pixels) at `size` (width, height).

    Returns BGR uint8 (height, width, 3), grey 114 outside the frame. Averages where it shrinks.
    """
    luma = resample(frame.luma, corners, size, OUTSIDE)
    if frame.chroma is None:
        return cv2.transform(luma, _grey_matrix(frame.matrix))  # type: ignore[return-value]
    x1, y1, x2, y2 = corners
    half = (x1 / 2, y1 / 2, x2 / 2, y2 / 2)
    u, v = (resample(plane, half, size, _NEUTRAL) for plane in frame.chroma)
    return _to_bgr(luma, u, v, frame.matrix)


def points_bgr(frame: Frame, x: NDArray[np.float32], y: NDArray[np.float32], step: float) -> Image:
    """Show a frame at points: BGR uint8 (rows, columns, 3), grey 114 outside it; see `resample.sample`."""
    luma = sample(frame.luma, x, y, step, OUTSIDE)
    if frame.chroma is None:
        return cv2.transform(luma, _grey_matrix(frame.matrix))  # type: ignore[return-value]
    half = np.float32(0.5)
    u, v = (sample(plane, half * x, half * y, 0.5 * step, _NEUTRAL) for plane in frame.chroma)
    return _to_bgr(luma, u, v, frame.matrix)


def frame_bgr(frame: Frame) -> Image:
    """The whole frame in colour: BGR uint8 (height, width, 3)."""
    height, width = frame.height, frame.width
    if frame.chroma is None:
        return region_bgr(frame, (0, 0, width, height), (width, height))
    u, v = (_double(plane)[:height, :width] for plane in frame.chroma)
    return _to_bgr(frame.luma, u, v, frame.matrix)


def frame_from_bgr(
    image: NDArray[np.uint8], camera: str, index: int, captured_at: datetime, received_s: float = 0.0
) -> Frame:
    """Make a frame from a picture: BGR uint8 (height, width, 3) or grey uint8 (height, width).

    Colours go through BT.601 full range, as in JPEG. Raises ValueError on any other array.
    """
    if image.dtype != np.uint8 or image.size == 0 or image.ndim < 2 or image.shape[2:] not in ((), (3,)):
        raise ValueError(f"expected uint8 (height, width[, 3]), got {image.dtype} {image.shape}")
    if image.ndim == 2:
        return Frame(camera, index, captured_at, np.ascontiguousarray(image), None, received_s=received_s)
    # Chroma from the halved picture: the transform is linear, and a quarter of the memory will do.
    y = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.cvtColor(_halve(image), cv2.COLOR_BGR2YCrCb)
    chroma = (np.ascontiguousarray(small[..., 2]), np.ascontiguousarray(small[..., 1]))
    return Frame(camera, index, captured_at, y, chroma, ColorMatrix.BT601_FULL, received_s)  # type: ignore[arg-type]


def _to_bgr(y: Image, u: Image, v: Image, matrix: ColorMatrix) -> Image:
    return cv2.transform(cv2.merge((y, u, v)), bgr_matrix(matrix))  # type: ignore[return-value]


@cache
def _grey_matrix(matrix: ColorMatrix) -> NDArray[np.float64]:
    """3 x 2 matrix from (Y, 1) to equal B, G, R."""
    full = bgr_matrix(matrix)
    offset = full[:, 3] + full[:, 1:3].sum(axis=1) * _NEUTRAL
    return np.column_stack([full[:, 0], offset])


def _double(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    size = (2 * plane.shape[1], 2 * plane.shape[0])
    return cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _halve(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mean of each 2 x 2 block; an odd last row or column counts twice."""
    rows, columns = plane.shape[:2]
    if rows % 2 or columns % 2:
        plane = cv2.copyMakeBorder(plane, 0, rows % 2, 0, columns % 2, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    size = ((columns + 1) // 2, (rows + 1) // 2)
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
