"""Decoded pixels of any depth -> 8 bits without transparency."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

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
