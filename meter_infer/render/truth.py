"""The truth of an instrument in a frame, projected from the truth on its face."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import atan2, hypot, pi

import numpy as np
from numpy.typing import NDArray

from meter_infer.evaluation.labels import COMPRESSED_ZERO
from meter_infer.render.model import DialScale, Instrument, LevelScale
from meter_infer.render.pose import PlanePose, Points, circle_ellipse
from meter_infer.types import Box, MeterKind, SegmentClass

LANDMARK_RADIUS = 0.045
"""Of a landmark's disc, share of the longer side of the instrument's box."""
FEW_ANCHORS = 3
"""Anchors of a scale whose pitch changes at a mark; more are those of a curve, which no mark belongs to."""
LINEAR = 2
"""Anchors of a linear scale."""
LEAST_NUMBERED = 2
"""Numbers between the ends of a dial's scale that will do: with the ends they make four points."""


@dataclass(frozen=True, slots=True, eq=False)
class SceneObject:
    """An instrument in a frame. All points are frame px."""

    kind: MeterKind
    outline: Points
    """(n, 2), not clipped."""
    box: Box
    """Around the outline, clipped to the frame."""
    full_box: Box
    """Around the outline, not clipped."""
    polygons: dict[SegmentClass, Points]
    """(n, 2) each, not clipped; those mostly hidden are absent."""
    landmarks: dict[SegmentClass, tuple[float, float]]
    """Those hidden or outside the frame are absent."""
    visible: float
    """Share of the outline that is in the frame and not hidden, 0 to 1."""
    tilt_rad: float
    ellipse: tuple[tuple[float, float], NDArray[np.float64]] | None
    """The scale's circle: centre and the (2, 2) matrix A of x'Ax = 1; None for a level."""
    fraction: float
    """What the eye reads: where the pointer meets the scale in the picture."""
    mechanical_fraction: float
    """Where the pointer stands."""
    value: float
    """At `fraction`."""
    unit: str
    range: tuple[float, float]
    """Values at fraction 0 and 1."""
    linear: bool
    anchors: tuple[tuple[float, float], ...]
    """(fraction, value) of the scale."""
    scale_points: tuple[tuple[float, tuple[float, float]], ...]
    """(value, point) of marks that somebody would click, in the order of their fractions."""
    zero: tuple[float, float] | None
    """Where a dial's first value would stand if all of its scale were as its linear part: before the first
    mark where that stands too far on. None where no part is linear up to the last, and for a level."""
    conditions: frozenset[str]

    @property
    def dial_px(self) -> float:
        """Longer side of the whole box."""
        return max(self.full_box.width, self.full_box.height)

    def mapped(self, function: Callable[[Points], Points], size: tuple[int, int]) -> "SceneObject":
        """Return this object with all its points moved by a map of (n, 2) points, in a frame of `size`."""
        outline = function(self.outline)
        full = bounds(outline)
        ellipse = None
        if self.ellipse is not None:
            ellipse = _mapped_ellipse(self.ellipse, function)
        marks = function(np.array(list(self.landmarks.values())).reshape(-1, 2))
        zero = None if self.zero is None else _first(function(np.array([self.zero])))
        numerals = function(np.array([p for _, p in self.scale_points]).reshape(-1, 2))
        return replace(
            self,
            outline=outline,
            full_box=full,
            box=clip_box(full, size),
            polygons={k: function(p) for k, p in self.polygons.items()},
            landmarks={k: (float(p[0]), float(p[1])) for k, p in zip(self.landmarks, marks, strict=True)},
            ellipse=ellipse,
            scale_points=tuple(
                (v, (float(p[0]), float(p[1]))) for (v, _), p in zip(self.scale_points, numerals, strict=True)
            ),
            zero=zero,
        )


def observe(instrument: Instrument, pose: PlanePose, size: tuple[int, int]) -> SceneObject:
    """Return the truth of an instrument seen in this pose in a frame of `size` (width, height)."""
    heights = instrument.heights
    outline = pose.project(instrument.outline, instrument.outline_height)
    full = bounds(outline)
    scale = instrument.scale
    sheet = heights.get(SegmentClass.SCALE, heights.get(SegmentClass.START, 0.0))
    ellipse = None
    if isinstance(scale, DialScale):
        ellipse = circle_ellipse(pose, scale.center, scale.radius, sheet)
    fraction = eye_fraction(instrument, pose)
    box = clip_box(full, size)
    inside = (box.width * box.height) / max(1e-9, full.width * full.height)
    numerals = [
        (value, _first(pose.project(scale_point(scale, f)[None], sheet)))
        for f, value in _clicked(scale, instrument.tags)
    ]
    origin = linear_zero(scale.anchors, instrument.tags) if isinstance(scale, DialScale) else None
    return SceneObject(
        kind=instrument.kind,
        outline=outline,
        box=box,
        full_box=full,
        polygons={k: pose.project(p, heights.get(k, 0.0)) for k, p in instrument.polygons.items()},
        landmarks={
            k: _first(pose.project(np.array([p]), heights.get(k, 0.0)))
            for k, p in instrument.landmarks.items()
        },
        visible=inside,
        tilt_rad=pose.tilt_rad,
        ellipse=ellipse,
        fraction=fraction,
        mechanical_fraction=instrument.fraction,
        value=value_at(scale.anchors, fraction),
        unit=instrument.unit,
        range=instrument.range,
        linear=scale.linear,
        anchors=scale.anchors,
        scale_points=tuple(numerals),
        zero=_first(pose.project(scale_point(scale, origin)[None], sheet)) if origin is not None else None,
        conditions=instrument.tags,
    )


def eye_fraction(instrument: Instrument, pose: PlanePose) -> float:
    """Return the fraction the eye reads in this pose.

    A dial: the line from hub to tip as it is seen, laid on the face, meets the scale's circle. A
    level: the surface as it is seen, laid on the plane of the scale's marks, along their axis.
    """
    scale, heights, marks = instrument.scale, instrument.heights, instrument.landmarks
    if isinstance(scale, DialScale):
        sheet = heights.get(SegmentClass.SCALE, 0.0)
        hub, tip = (_laid(instrument, pose, k, sheet) for k in (SegmentClass.PIVOT, SegmentClass.TIP))
        center = np.array(scale.center)
        direction = (tip - hub) / hypot(*(tip - hub))
        back = hub - center
        b = float(back @ direction)
        root = max(0.0, b * b - float(back @ back) + scale.radius**2)
        meet = back + (root**0.5 - b) * direction
        return fraction_of_angle(scale, atan2(float(meet[1]), float(meet[0])))
    if SegmentClass.SURFACE not in marks:
        return instrument.fraction
    sheet = heights.get(SegmentClass.START, 0.0)
    surface = _laid(instrument, pose, SegmentClass.SURFACE, sheet)
    start, end = np.array(scale.start), np.array(scale.end)
    axis = end - start
    return float((surface - start) @ axis / (axis @ axis))


def fraction_of_angle(scale: DialScale, angle: float) -> float:
    """Return the fraction of a direction on the face; the gap between the ends is split in its middle."""
    middle = scale.start_angle + scale.span / 2
    turn = (angle - middle + pi) % (2 * pi) - pi
    return 0.5 + turn / scale.span


def value_at(anchors: tuple[tuple[float, float], ...], fraction: float) -> float:
    """Return the piecewise linear value at a fraction; beyond the ends their segments go on."""
    f = [a[0] for a in anchors]
    i = min(max(int(np.searchsorted(f, fraction)), 1), len(f) - 1)
    (f0, v0), (f1, v1) = anchors[i - 1], anchors[i]
    return v0 + (v1 - v0) * (fraction - f0) / (f1 - f0)


def linear_zero(anchors: tuple[tuple[float, float], ...], tags: frozenset[str]) -> float | None:
    """Return the fraction, 0 or below, at which a scale's linear part would begin; None: it has none."""
    if COMPRESSED_ZERO in tags:
        (f0, v0), (f1, v1) = anchors[-2:]
        return f0 + (anchors[0][1] - v0) * (f1 - f0) / (v1 - v0)
    return 0.0 if len(anchors) == LINEAR else None


def scale_point(scale: DialScale | LevelScale, fraction: float) -> NDArray[np.float64]:
    """Return the texture point (2,) of a fraction: on the dial's circle or on the level's axis."""
    if isinstance(scale, DialScale):
        a = scale.start_angle + fraction * scale.span
        return np.array(scale.center) + scale.radius * np.array([np.cos(a), np.sin(a)])
    start, end = np.array(scale.start), np.array(scale.end)
    return np.asarray(start + fraction * (end - start), dtype=np.float64)


def landmark_disc(point: tuple[float, float], box: Box, corners: int = 12) -> Points:
    """Return the polygon (corners, 2) of a landmark's disc; `box` is the instrument's whole box."""
    radius = LANDMARK_RADIUS * max(box.width, box.height)
    a = np.arange(corners) * (2 * pi / corners)
    return np.asarray(np.stack([np.cos(a), np.sin(a)], axis=1) * radius + point, dtype=np.float64)


def bounds(points: Points) -> Box:
    """Return the box around (n, 2) points."""
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return Box(float(x1), float(y1), float(x2), float(y2))


def clip_box(box: Box, size: tuple[int, int]) -> Box:
    """Return the part of a box inside a frame of `size` (width, height); empty where there is none."""
    x1, x2 = (float(np.clip(v, 0, size[0])) for v in (box.x1, box.x2))
    y1, y2 = (float(np.clip(v, 0, size[1])) for v in (box.y1, box.y2))
    return Box(x1, y1, x2, y2)


def _laid(instrument: Instrument, pose: PlanePose, mark: SegmentClass, sheet: float) -> NDArray[np.float64]:
    seen = pose.project(np.array([instrument.landmarks[mark]]), instrument.heights.get(mark, 0.0))
    return np.asarray(pose.unproject(seen, sheet)[0], dtype=np.float64)


def _clicked(scale: DialScale | LevelScale, tags: frozenset[str]) -> list[tuple[float, float]]:
    """Return (fraction, value) of the marks that somebody would click: a scale's ends and its numbers.

    Where a dial's pitch changes is a mark too; on a curved scale, and where hardly any mark has a number,
    marks are counted.
    """
    first, *knots, last = scale.anchors
    if "no_graduation" in tags:
        return [first, last]
    if len(scale.anchors) > FEW_ANCHORS:  # between the numbers of a curve a straight line would read wrong
        return [*scale.anchors]
    if isinstance(scale, DialScale):
        numbered = [(f, v) for f, v in scale.numbers if 0.0 < f < 1.0]
        if len(numbered) >= LEAST_NUMBERED:
            places = {round(v, 9): f for f, v in [*knots, *numbered]}
            return [first, *sorted((f, v) for v, f in places.items()), last]
    fifths = {0.0, *(f for f, _ in knots), 0.2, 0.4, 0.6, 0.8, 1.0}
    return [(f, value_at(scale.anchors, f)) for f in sorted(fifths)]


def _first(points: Points) -> tuple[float, float]:
    return float(points[0, 0]), float(points[0, 1])


def _mapped_ellipse(
    ellipse: tuple[tuple[float, float], NDArray[np.float64]], function: Callable[[Points], Points]
) -> tuple[tuple[float, float], NDArray[np.float64]]:
    """Map an ellipse by the map's linear part at its centre."""
    center, matrix = ellipse
    step = 1.0
    p = function(np.array([center, (center[0] + step, center[1]), (center[0], center[1] + step)]))
    jacobian = np.stack([p[1] - p[0], p[2] - p[0]], axis=1) / step
    inverse = np.linalg.inv(jacobian)
    return _first(p[:1]), np.asarray(inverse.T @ matrix @ inverse, dtype=np.float64)
