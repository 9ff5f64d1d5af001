"""Noise of several kinds, cut from tiles that are the same in every process."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

_TILE = 512


@lru_cache(maxsize=8)
def noise_tile(kind: str) -> F32:
    """A periodic noise tile, float32 (512, 512), mean 0, deviation 1.

    `kind`: "cloud" (all scales), "mottle" (blotches of some 16 px), "grain" (per pixel) or "streak"
    (vertical runs).
    """
    seed = {"cloud": 11, "mottle": 12, "grain": 13, "streak": 14}[kind]
    white = np.random.default_rng(seed).standard_normal((_TILE, _TILE)).astype(np.float32)
    fy = np.fft.fftfreq(_TILE)[:, None]
    fx = np.fft.rfftfreq(_TILE)[None, :]
    radius = np.hypot(fx, fy)
    if kind == "cloud":
        gain = 1 / np.maximum(radius, 1 / _TILE) ** 1.25
    elif kind == "mottle":
        gain = np.exp(-(((radius - 0.03) / 0.025) ** 2)) + 0.12 / (1 + (radius * 40) ** 2)
    elif kind == "grain":
        gain = np.exp(-((radius / 0.35) ** 2))
    else:
        gain = np.exp(-((fy / 0.008) ** 2)) / (1 + np.abs(fx) * 30)
    gain = np.where(radius == 0, 0, gain)
    tile = np.fft.irfft2(np.fft.rfft2(white) * gain, s=(_TILE, _TILE))
    return np.asarray(tile / tile.std(), np.float32)


@lru_cache(maxsize=8)
def _doubled(kind: str) -> F32:
    return np.tile(noise_tile(kind), (2, 2))


def noise(rng: np.random.Generator, height: int, width: int, kind: str = "cloud", zoom: float = 1.0) -> F32:
    """A random piece of a noise tile, float32 (height, width); `zoom` > 1 makes its grains larger."""
    rows, cols = max(2, round(height / zoom)), max(2, round(width / zoom))
    y, x = (int(v) for v in rng.integers(0, _TILE, 2))
    tile = _doubled(kind)
    if max(rows, cols) > _TILE:
        tile = np.tile(noise_tile(kind), (rows // _TILE + 2, cols // _TILE + 2))
    piece = tile[y : y + rows, x : x + cols]
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    piece = np.ascontiguousarray(piece)
    if (rows, cols) != (height, width):
        resized = cv2.resize(piece, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized, np.float32)
    return piece
