"""Lettering: fonts, and lines of text as masks."""

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

FACES = (
    "sans",
    "sans-bold",
    "sans-bold-italic",
    "serif-bold",
    "din",
    "engraved",
    "engraved-narrow",
    "grotesk",
    "grotesk-narrow",
    "grotesk-narrow-bold",
)
"""The faces shipped with the renderer; "uni" (OpenCV's own, with Chinese) and "rubik" come on top."""


@dataclass(frozen=True, slots=True)
class Font:
    """A face and how it is set."""

    face: str
    squeeze: float = 1.0
    """Horizontal scale."""


@lru_cache(maxsize=32)
def _face(name: str) -> cv2.FontFace:
    if name in ("uni", "rubik"):
        return cv2.FontFace("uni" if name == "uni" else "sans")
    with resources.as_file(resources.files("meter_infer.render") / "fonts" / f"{name}.ttf") as path:
        return cv2.FontFace(str(path))


@lru_cache(maxsize=32)
def _cap_height(name: str) -> float:
    """Height of an H as a share of the font's size."""
    size = 200
    _, _, _, h = cv2.getTextSize((4 * size, 4 * size), "H", (size, 2 * size), _face(name), size, 400)
    return max(h, 1) / size


@lru_cache(maxsize=4096)
def _mask(text: str, font: Font, em: int) -> NDArray[np.uint8]:
    face = _face(font.face)
    x, y, w, h = cv2.getTextSize((8 * em * (len(text) + 1), 4 * em), text, (em, 2 * em), face, em, 400)
    if w <= 0 or h <= 0:
        return np.zeros((1, 1), np.uint8)
    pad = 2
    mask = np.zeros((h + 2 * pad, w + 2 * pad + em // 4), np.uint8)
    cv2.putText(mask, text, (em - x + pad, 2 * em - y + pad), (255,), face, em, 400)
    ink = np.flatnonzero(mask.any(axis=0))
    if ink.size:
        mask = mask[:, max(ink[0] - 1, 0) : ink[-1] + 2]
    if abs(font.squeeze - 1.0) > 0.02:
        size = (max(1, round(mask.shape[1] * font.squeeze)), mask.shape[0])
        mask = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    mask.flags.writeable = False
    return mask


def text_mask(text: str, font: Font, height_px: float) -> NDArray[np.uint8]:
    """Return a line of text as a mask, tight around its ink.

    Args:
        text: what to print.
        font: face and squeeze.
        height_px: height of the capitals.

    Returns:
        uint8 (h, w), 255 where there is ink; read-only.
    """
    em = max(4, round(height_px / _cap_height(font.face)))
    return _mask(text, font, em)
