"""What an instrument's generator hands to the scene: sheets of texture and the truth that lies on them.

Texture coordinates are continuous pixels, as everywhere in this package: the centre of texel (i, j)
is (i + 0.5, j + 0.5), y runs down and positive angles run clockwise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meter_infer.types import MeterKind, SegmentClass


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One sheet of an instrument, parallel to its face."""

    bgra: NDArray[np.uint8]
    """uint8 (h, w, 4), straight alpha, sRGB. All layers of an instrument share h and w: the "texture"."""
    height: float
    """Towards the viewer above the face, texture px: face 0, pointer some 0.01..0.05 R, rim up to 0.25 R."""
    glass: bool = False
    """The glass lies here: glare, reflections and condensation are put above this layer."""


@dataclass(frozen=True, slots=True)
class DialScale:
    """The graduation of a dial, in the plane of its face."""

    center: tuple[float, float]
    """Texture px."""
    radius: float
    """Radius of the graduation's inner end line (where the tip points), texture px."""
    band: tuple[float, float]
    """Inner and outer radius of the graduation band, texture px."""
    start_angle: float
    """Angle of the first mark, radians, clockwise-positive from +x."""
    span: float
    """Clockwise from the first to the last mark, radians, > 0."""
    anchors: tuple[tuple[float, float], ...]
    """(fraction, value), fraction ascending from 0 to 1; the value is piecewise linear between them."""
    linear: bool
    numbers: tuple[tuple[float, float], ...] = ()
    """(fraction, value) of the marks with a number, in any order."""


@dataclass(frozen=True, slots=True)
class LevelScale:
    """The graduation of a level gauge, along its tube's axis."""

    start: tuple[float, float]
    """Fraction 0 on the tube's axis, texture px."""
    end: tuple[float, float]
    """Fraction 1 on the tube's axis, texture px."""
    anchors: tuple[tuple[float, float], ...]
    """(fraction, value), fraction ascending from 0 to 1; the value is piecewise linear between them."""
    linear: bool


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """A drawn instrument and its truth, in texture px."""

    kind: MeterKind
    layers: tuple[Layer, ...]
    """Bottom to top."""
    outline: NDArray[np.float64]
    """(n, 2): the detector's box encloses its projection. A dial: the bezel's outer edge, no stem."""
    outline_height: float
    polygons: dict[SegmentClass, NDArray[np.float64]]
    """Masks POINTER, SCALE or LIQUID, TUBE: (n, 2). An empty tube has no LIQUID."""
    landmarks: dict[SegmentClass, tuple[float, float]]
    """START, END, PIVOT, TIP or START, END, SURFACE."""
    heights: dict[SegmentClass, float]
    """Height at which each polygon and landmark lies (the pointer's things at the pointer's height)."""
    scale: DialScale | LevelScale
    fraction: float
    """The mechanical position: 0 at the first mark, 1 at the last."""
    unit: str
    range: tuple[float, float]
    """Values at fraction 0 and 1."""
    tags: frozenset[str]
    """Such as "set_hand", "nonlinear", "dark_face", "two_scales", "no_graduation"."""
