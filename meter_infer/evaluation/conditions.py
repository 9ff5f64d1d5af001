"""How a gauge is seen, told from its picture where the label does not say: coarse, for grouping only."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.evaluation.labels import GaugeLabel
from meter_infer.types import Box, MeterKind

_TILTED_RAD = math.radians(25)
_DARK_LUMA = 60.0
_BLURRED = 0.012
_GLARE_SHARE = 0.02
_SMALL_PX = 100.0
_EDGE_PX = 2.0
_PROBE_PX = 160


def conditions_of(label: GaugeLabel, luma: NDArray[np.uint8]) -> tuple[str, ...]:
    """Name the conditions of a labelled gauge.

    Its kind always; then what the label lists, or else what `luma` (uint8 (height, width)) shows inside
    the label's box: `front` or `tilted` (dials wholly in view, from the box's aspect; 25 degrees), `dark`,
    `blurred`, `glare`, `small` (longer side below 100 px), and `plain` where none of the last four holds.
    """
    names = [label.kind.value]
    if label.conditions is not None:
        return (*names, *label.conditions)
    if label.box is None:
        return tuple(names)
    tilt = _tilt_rad(label.box, luma.shape[1], luma.shape[0])
    if label.kind is MeterKind.POINTER and tilt is not None:
        names.append("tilted" if tilt > _TILTED_RAD else "front")
    harms = _harms(label.box, luma)
    return (*names, *(harms or ("plain",)))


def _tilt_rad(box: Box, width: int, height: int) -> float | None:
    """Tell a round dial's tilt from its box's aspect; None where the frame cuts it off."""
    cut = box.x1 < _EDGE_PX or box.y1 < _EDGE_PX or box.x2 > width - _EDGE_PX or box.y2 > height - _EDGE_PX
    if cut:
        return None
    return math.acos(min(box.width, box.height) / max(box.width, box.height))


def _harms(box: Box, luma: NDArray[np.uint8]) -> tuple[str, ...]:
    x1, y1 = max(int(box.x1), 0), max(int(box.y1), 0)
    crop = luma[y1 : math.ceil(box.y2), x1 : math.ceil(box.x2)]
    if crop.size == 0:
        return ()
    names = []
    if float(crop.mean()) < _DARK_LUMA:
        names.append("dark")
    if _sharpness(crop) < _BLURRED:
        names.append("blurred")
    if _glare_share(crop) > _GLARE_SHARE:
        names.append("glare")
    if max(box.width, box.height) < _SMALL_PX:
        names.append("small")
    return tuple(names)


def _sharpness(crop: NDArray[np.uint8]) -> float:
    """Return the energy of the Laplacian over that of the contrast, at a fixed size."""
    scale = _PROBE_PX / max(crop.shape)
    probe: cv2.typing.MatLike = crop
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in crop.shape)
        probe = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA)
    contrast = float(probe.astype(np.float32).var())
    if contrast < 1.0:
        return 0.0
    return float(cv2.Laplacian(probe, cv2.CV_32F).var()) / contrast / 16


def _glare_share(crop: NDArray[np.uint8]) -> float:
    """Return the share of burnt-out pixels, unless the whole face is that bright."""
    if float(np.median(crop)) > 200:
        return 0.0
    return float(np.mean(crop >= 252))
