"""Warps sheets of texture into a frame, each into its own region only.

Textures are blended with premultiplied alpha, so that resampling leaves no dark fringes. The frame
is changed in place: a scene is some ten sheets, and copies of it would cost more than the sheets.
"""

from collections.abc import Container
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.model import Instrument, Layer
from meter_infer.render.pose import PlanePose, apply_homography

Image = NDArray[np.uint8]

OVERSAMPLING = 1.25
"""Texels a frame pixel: below this a texture looks soft, far above it aliases."""


def premultiply(bgra: Image) -> Image:
    """Return uint8 (h, w, 4) with the colours multiplied by their alpha."""
    alpha = bgra[:, :, 3]
    low = int(alpha.min())
    if low == 255:
        return bgra
    factor = cv2.merge([alpha, alpha, alpha, np.full_like(alpha, 255)])
    return np.asarray(cv2.multiply(bgra, factor, scale=1 / 255), dtype=np.uint8)


def blend_over(frame: Image, premultiplied: Image) -> None:
    """Put a premultiplied (h, w, 4) picture over a BGR region of the same size, in place."""
    keep = cv2.bitwise_not(premultiplied[:, :, 3])
    under = cv2.multiply(frame, cv2.merge([keep, keep, keep]), scale=1 / 255)
    cv2.add(under, cv2.cvtColor(premultiplied, cv2.COLOR_BGRA2BGR), dst=under)
    frame[...] = under


def blend_color(frame: Image, color: Image | tuple[float, float, float], mask: Image) -> None:
    """Blend a colour, or a BGR picture, into a BGR region through a uint8 mask, in place."""
    if isinstance(color, tuple):
        picture = np.empty_like(frame)
        picture[:] = np.clip(color, 0, 255)
    else:
        picture = color
    m = cv2.merge([mask, mask, mask])
    under = cv2.multiply(frame, cv2.bitwise_not(m), scale=1 / 255)
    frame[...] = cv2.add(under, cv2.multiply(picture, m, scale=1 / 255))


def region_of(
    points: NDArray[np.float64], shape: tuple[int, ...], margin: int = 1
) -> tuple[int, int, int, int]:
    """Return (x1, y1, x2, y2), whole pixels around (n, 2) points clipped to the shape; empty if x2 <= x1."""
    low = np.floor(points.min(axis=0)) - margin
    high = np.ceil(points.max(axis=0)) + margin
    x1, y1 = (int(v) for v in np.clip(low, 0, (shape[1], shape[0])))
    x2, y2 = (int(v) for v in np.clip(high, 0, (shape[1], shape[0])))
    return x1, y1, x2, y2


def polygon_mask(polygon: NDArray[np.float64], region: tuple[int, int, int, int]) -> Image:
    """Rasterise an (n, 2) polygon of frame px with soft edges into a uint8 mask of the region."""
    x1, y1, x2, y2 = region
    mask = np.zeros((y2 - y1, x2 - x1), np.uint8)
    points = np.round((polygon - (x1 + 0.5, y1 + 0.5)) * 16).astype(np.int32)
    cv2.fillPoly(mask, [points], 255, lineType=cv2.LINE_AA, shift=4)
    return mask


def warp_sheet(
    premultiplied: Image, homography: NDArray[np.float64], region: tuple[int, int, int, int]
) -> Image:
    """Return the region (x1, y1, x2, y2) of the sheet as the frame sees it, premultiplied (h, w, 4)."""
    x1, y1, x2, y2 = region
    to_region = np.array([[1.0, 0.0, -x1 - 0.5], [0.0, 1.0, -y1 - 0.5], [0.0, 0.0, 1.0]])
    from_index = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    return np.asarray(
        cv2.warpPerspective(
            premultiplied,
            to_region @ homography @ from_index,
            (x2 - x1, y2 - y1),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(0, 0, 0, 0),
        ),
        dtype=np.uint8,
    )


def trim(bgra: Image) -> tuple[Image, tuple[int, int]]:
    """Cut away the empty margin of a (h, w, 4) texture; return the rest and its upper left corner."""
    x, y, w, h = cv2.boundingRect(np.ascontiguousarray(bgra[:, :, 3]))
    # An empty border of a texel keeps the edge soft under bilinear sampling.
    x1, y1 = max(0, x - 1), max(0, y - 1)
    return bgra[y1 : y + h + 1, x1 : x + w + 1], (x1, y1)


def draw_sheet(frame: Image, premultiplied: Image, homography: NDArray[np.float64]) -> None:
    """Warp a premultiplied texture into the frame, in place, touching only the region it covers."""
    part, (x, y) = trim(premultiplied)
    if part.size == 0:
        return
    moved = homography @ np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
    h, w = part.shape[:2]
    corners = apply_homography(moved, np.array([[0.0, 0.0], [w, 0.0], [w, h], [0.0, h]]))
    region = region_of(corners, frame.shape)
    x1, y1, x2, y2 = region
    if x2 <= x1 or y2 <= y1:
        return
    blend_over(frame[y1:y2, x1:x2], warp_sheet(part, moved, region))


def texels_per_pixel(instrument: Instrument, pose: PlanePose) -> tuple[float, float]:
    """Return frame px a texel along u and v, at the outline's middle."""
    c = (instrument.outline.min(axis=0) + instrument.outline.max(axis=0)) / 2
    p = pose.project(c + np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), instrument.outline_height)
    return float(np.hypot(*(p[1] - p[0]))), float(np.hypot(*(p[2] - p[0])))


def fit_sheets(
    instrument: Instrument, pose: PlanePose, first: int = 0, skip: Container[int] = ()
) -> tuple[tuple[Layer, ...], PlanePose]:
    """Premultiply the layers and shrink them by area to about the size they are seen at.

    Returns the layers (heights as before) and the pose that belongs to the shrunken texture. Layers
    before `first` and those in `skip` are passed through as they are: for who has them already.
    """
    h, w = instrument.layers[0].bgra.shape[:2]
    su, sv = (min(1.0, OVERSAMPLING * s) for s in texels_per_pixel(instrument, pose))
    size = max(4, round(w * su)), max(4, round(h * sv))
    shrink = size[0] <= 0.85 * w or size[1] <= 0.85 * h
    layers = []
    for i, layer in enumerate(instrument.layers):
        if i < first or i in skip:
            layers.append(layer)
            continue
        sheet = premultiply(layer.bgra)
        if shrink:
            sheet = np.asarray(cv2.resize(sheet, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        layers.append(replace(layer, bgra=sheet))
    return tuple(layers), pose.resampled(size[0] / w, size[1] / h, 1.0) if shrink else pose
