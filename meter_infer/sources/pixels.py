"""Decoded pixels of any depth and order -> the planes of a Frame."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Luma

Chroma = tuple[NDArray[np.uint8], NDArray[np.uint8]]

_STRIP_ROWS = 512
_BEHIND_ALPHA = 128
_DEPTHS = (8, 10, 12, 14, 16)


def to_eight_bits(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return uint8 pixels of the same shape; white stays white.

    16-bit pictures of industrial cameras often hold 10, 12 or 14 bits in the low end of each word, so
    the smallest of these depths that holds the brightest pixel counts as white. Floating-point pictures
    are white at 1, or at their brightest pixel where that is above 1.
    """
    if pixels.dtype == np.uint8:
        return pixels
    brightest = float(np.nanmax(pixels)) if pixels.size else 0.0
    if np.issubdtype(pixels.dtype, np.floating):
        white = max(1.0, brightest) if np.isfinite(brightest) else 1.0
    else:
        white = float(2 ** next((bits for bits in _DEPTHS if brightest < 2**bits), 16) - 1)
    out = np.empty(pixels.shape, np.uint8)
    for top in range(0, pixels.shape[0], _STRIP_ROWS):
        strip = np.nan_to_num(pixels[top : top + _STRIP_ROWS].astype(np.float32), posinf=white)
        out[top : top + _STRIP_ROWS] = np.clip(np.rint(strip * (255.0 / white)), 0, 255)
    return out


def flatten_alpha(bgra: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a straight-alpha BGRA picture, uint8 (h, w, 4), over middle grey; return BGR (h, w, 3)."""
    out = np.empty((*bgra.shape[:2], 3), np.uint8)
    for top in range(0, bgra.shape[0], _STRIP_ROWS):
        strip = bgra[top : top + _STRIP_ROWS]
        alpha = strip[..., 3:].astype(np.float32) / 255.0
        out[top : top + _STRIP_ROWS] = np.rint(strip[..., :3] * alpha + _BEHIND_ALPHA * (1 - alpha))
    return out


def planes_of_bgr(bgr: NDArray[np.uint8]) -> tuple[Luma, Chroma]:
    """Return Y (h, w) and (U, V), each (ceil(h/2), ceil(w/2)), full-range BT.601, of BGR uint8 (h, w, 3).

    Strip by strip, so that a very large picture needs little more memory than its planes.
    """
    height, width = bgr.shape[:2]
    half = ((height + 1) // 2, (width + 1) // 2)
    luma = np.empty((height, width), np.uint8)
    u, v = np.empty(half, np.uint8), np.empty(half, np.uint8)
    for top in range(0, height, _STRIP_ROWS):
        ycrcb = cv2.cvtColor(np.ascontiguousarray(bgr[top : top + _STRIP_ROWS]), cv2.COLOR_BGR2YCrCb)
        rows = slice(top, top + ycrcb.shape[0])
        luma[rows] = ycrcb[..., 0]
        halves = slice(top // 2, (top + ycrcb.shape[0] + 1) // 2)
        v[halves] = _halved(ycrcb[..., 1])
        u[halves] = _halved(ycrcb[..., 2])
    return luma, (u, v)


def _halved(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """Mean of each 2 x 2 block; an odd last row or column counts twice."""
    height, width = plane.shape
    even = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge").astype(np.uint16)
    total = even[0::2, 0::2] + even[0::2, 1::2] + even[1::2, 0::2] + even[1::2, 1::2]
    return ((total + 2) >> 2).astype(np.uint8)
