"""From the segmentation of one dial to its geometry and its pointer, at the masks' precision.

Masks and landmarks say where things are to about a hundredth of the dial; `refine` and `pointer`
take it from there in the luma plane.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.ellipse import fit_ellipse
from meter_infer.reading.geometry import TAU, DialGeometry, inverse, wrap
from meter_infer.reading.sampling import Points, quantiles
from meter_infer.types import Mask, Segment, SegmentClass

RAYS = 120
"""Directions in which the scale's band is looked for."""
MIN_SPAN = np.deg2rad(40)


@dataclass(frozen=True, slots=True, eq=False)
class PointerLine:
    """The pointer's axis in the picture."""

    hub: NDArray[np.float64]
    """A point of the axis at the hub, frame pixels (2,)."""
    tip: NDArray[np.float64]
    """The pointer's tip, frame pixels (2,)."""
    score: float
    contested: bool = False
    """The other end, or another thing, may as well be the tip."""


@dataclass(frozen=True, slots=True)
class Marks:
    """How well the landmarks were seen, and how well they fit the rest. Lengths in dial coordinates."""

    pivot_score: float
    tip_score: float
    second_tip: float
    """Score of the second best tip."""
    second_end: float
    """Score of the second best start or end, whichever is higher."""
    pivot_offset: float
    """Distance of the pivot from the ellipse's centre; 1 where no pivot was seen."""
    tip_radius: float
    """Distance of the tip from the centre; 0 where no tip was seen."""
    tip_beside: float
    """Distance of the tip from the pointer's axis; 1 where either was not seen."""


@dataclass(frozen=True, slots=True, eq=False)
class DialView:
    """What the network's segments say about one dial."""

    geometry: DialGeometry
    pointer: PointerLine | None
    rival: PointerLine | None
    """A second pointer that scores nearly as well and points elsewhere."""
    scale_score: float
    end_scores: tuple[float, float]
    """Scores of the two landmarks of the scale's ends; 0 where only the band's ends were seen."""
    end_gap: float
    """Largest disagreement between a landmark and the band's own end, radians."""
    ring_residual: float
    """How far the band is from an ellipse, share of its radius."""
    marks: Marks


def best(segments: Sequence[Segment], label: SegmentClass) -> Segment | None:
    """Return the segment of a class with the highest score, or None."""
    found = [s for s in segments if s.label is label]
    return max(found, key=lambda s: s.score, default=None)


def point_of(segment: Segment | None) -> NDArray[np.float64] | None:
    """Return a landmark's point, frame pixels (2,), or None."""
    return None if segment is None else np.array(segment.box.center)


def view_dial(segments: Sequence[Segment]) -> DialView | None:
    """Build the dial's geometry and its pointer from the segments of one crop.

    Returns None when no scale is seen, or when what is seen is no arc.
    """
    scale = best(segments, SegmentClass.SCALE)
    if scale is None or scale.mask is None:
        return None
    pivot = point_of(best(segments, SegmentClass.PIVOT))
    tips = sorted((s for s in segments if s.label is SegmentClass.TIP), key=lambda s: -s.score)
    tip = point_of(tips[0]) if tips else None
    arc = _arc_points(scale.mask, pivot)
    if arc is None:
        return None
    points, weights, thickness = arc
    fit = fit_ellipse(points, weights, pivot=pivot)
    if fit is None:
        return None
    bare = DialGeometry(fit.center, fit.axes, 0.0, TAU)
    half = min(max(0.5 * float(thickness @ weights / weights.sum()) / bare.radius, 0.02), 0.2)
    bare = replace(bare, band=(1 - half, 1 + half))
    ends = _scale_ends(bare, scale.mask, segments)
    if ends is None:
        return None
    start, end, scores, gap = ends
    geometry = bare.with_ends(start, end)
    if geometry.span < MIN_SPAN:
        return None
    lines = [
        line
        for segment in sorted(segments, key=lambda s: -s.score)
        if segment.label is SegmentClass.POINTER and (line := _pointer_line(segment, geometry, pivot, tips))
    ]
    if not lines and pivot is not None and tip is not None:
        tip_segment, pivot_segment = best(segments, SegmentClass.TIP), best(segments, SegmentClass.PIVOT)
        if tip_segment is not None and pivot_segment is not None:
            lines = [PointerLine(pivot, tip, 0.5 * min(tip_segment.score, pivot_segment.score))]
    rival = next((o for o in lines[1:] if _is_rival(lines[0], o)), None)
    line = lines[0] if lines else None
    marks = _marks(segments, geometry, line)
    return DialView(geometry, line, rival, scale.score, scores, gap, fit.residual, marks)


def _marks(segments: Sequence[Segment], geometry: DialGeometry, line: PointerLine | None) -> Marks:
    def scores(label: SegmentClass) -> list[float]:
        return [*sorted((s.score for s in segments if s.label is label), reverse=True), 0.0, 0.0]

    pivot, tip = (point_of(best(segments, label)) for label in (SegmentClass.PIVOT, SegmentClass.TIP))
    beside = 1.0
    if tip is not None and line is not None:
        hub, end, mark = (geometry.to_dial(p) for p in (line.hub, line.tip, tip))
        axis = (end - hub) / max(float(np.linalg.norm(end - hub)), 1e-9)
        beside = abs(float((mark - hub) @ np.array([-axis[1], axis[0]])))
    return Marks(
        pivot_score=scores(SegmentClass.PIVOT)[0],
        tip_score=scores(SegmentClass.TIP)[0],
        second_tip=scores(SegmentClass.TIP)[1],
        second_end=max(scores(SegmentClass.START)[1], scores(SegmentClass.END)[1]),
        pivot_offset=1.0 if pivot is None else hypot(*geometry.to_dial(pivot).tolist()),
        tip_radius=0.0 if tip is None else hypot(*geometry.to_dial(tip).tolist()),
        tip_beside=min(1.0, beside),
    )


def _is_rival(first: PointerLine, other: PointerLine) -> bool:
    a, b = first.tip - first.hub, other.tip - other.hub
    turn = abs(wrap(float(np.arctan2(a[1], a[0]) - np.arctan2(b[1], b[0]))))
    return other.score > 0.6 * first.score and turn > np.deg2rad(6)


def cell_centers(mask: Mask) -> Points:
    """Return the centres of a mask's cells, frame pixels, float64 (rows, columns, 2)."""
    rows, columns = mask.values.shape
    x = mask.origin[0] + (np.arange(columns) + 0.5) * mask.pitch
    y = mask.origin[1] + (np.arange(rows) + 0.5) * mask.pitch
    return np.stack(np.meshgrid(x, y), axis=-1)


def likely_cells(mask: Mask, threshold: float) -> tuple[Points, NDArray[np.float64]]:
    """Return the centres of the cells above `threshold`, frame pixels (n, 2), and their values (n,)."""
    rows, columns = np.nonzero(mask.values > threshold)
    centers = np.stack([columns, rows], axis=-1)
    cells = np.asarray(mask.origin) + (centers + 0.5) * mask.pitch
    return cells, mask.values[rows, columns].astype(np.float64)


def _arc_points(
    mask: Mask, pivot: NDArray[np.float64] | None
) -> tuple[Points, NDArray[np.float64], NDArray[np.float64]] | None:
    """Return points on the band's centre line, their weights, and the band's thickness there (px)."""
    cells, soft = likely_cells(mask, 0.3)
    if len(cells) < 12:
        return None
    center = pivot
    if center is None:
        fit = fit_ellipse(cells, soft, pivot=None)
        if fit is None:
            return None
        center = fit.center
    dx, dy = cells[:, 0] - center[0], cells[:, 1] - center[1]
    distance = np.sqrt(dx * dx + dy * dy)
    turns = np.arctan2(dy, dx) * (RAYS / TAU)
    ray = np.floor(turns).astype(np.int64)
    # Mean direction and radius of the cells of each ray: their centroid would fall inside the curve.
    offset = (turns - ray - 0.5) * (TAU / RAYS)
    ray %= RAYS
    total = np.bincount(ray, soft, RAYS)
    radius = np.bincount(ray, soft * distance, RAYS) / np.maximum(total, 1e-9)
    angle = np.bincount(ray, soft * offset, RAYS) / np.maximum(total, 1e-9)
    # A ray crosses an area of r * dphi * thickness.
    thickness = total * mask.pitch**2 / np.maximum(radius * TAU / RAYS, 1e-9)
    used = total > 0.25 * quantiles(total[total > 0], 0.5)[0]
    if used.sum() < 8:
        return None
    phi = (np.arange(RAYS) + 0.5) / RAYS * TAU + angle
    points = center + radius[:, None] * np.stack([np.cos(phi), np.sin(phi)], axis=-1)
    weights = np.minimum(total / quantiles(total[used], 0.5)[0], 1.0)
    return points[used], weights[used], thickness[used]


def _scale_ends(
    geometry: DialGeometry, mask: Mask, segments: Sequence[Segment]
) -> tuple[float, float, tuple[float, float], float] | None:
    """Return start and end angle, the landmarks' scores, and how far band and landmarks disagree."""
    band = _band_ends(geometry, mask)
    if band is None:
        return None
    band_start, band_end = band
    result: list[float] = []
    scores: list[float] = []
    gap = 0.0
    for label, own in ((SegmentClass.START, band_start), (SegmentClass.END, band_end)):
        found = [s for s in segments if s.label is label]
        near = [s for s in found if abs(wrap(_angle_of(geometry, s) - own)) < np.deg2rad(25)]
        mark = max(near or found, key=lambda s: s.score, default=None)
        if mark is None:
            result.append(own)
            scores.append(0.0)
            continue
        angle = _angle_of(geometry, mark)
        gap = max(gap, abs(wrap(angle - own)))
        result.append(angle)
        scores.append(mark.score)
    return result[0], result[1], (scores[0], scores[1]), gap


def _angle_of(geometry: DialGeometry, segment: Segment) -> float:
    return geometry.angle_of(np.array(segment.box.center))


def _band_ends(geometry: DialGeometry, mask: Mask) -> tuple[float, float] | None:
    """Return where the band begins and ends, radians: the two sides of its largest gap."""
    rows, columns = mask.values.shape
    x = mask.origin[0] + (np.arange(columns) + 0.5) * mask.pitch - geometry.center[0]
    y = mask.origin[1] + (np.arange(rows) + 0.5) * mask.pitch - geometry.center[1]
    matrix = inverse(geometry.axes)
    u = matrix[0, 0] * x + (matrix[0, 1] * y)[:, None]
    v = matrix[1, 0] * x + (matrix[1, 1] * y)[:, None]
    square = u * u + v * v
    ring = (square > (geometry.band[0] - 0.05) ** 2) & (square < (geometry.band[1] + 0.05) ** 2)
    angle = np.arctan2(v[ring], u[ring]) % TAU
    bins = 240
    index = np.floor(angle / TAU * bins).astype(int) % bins
    total = np.bincount(index, mask.values[ring].astype(np.float64), bins)
    count = np.bincount(index, minlength=bins)
    kernel = np.array([0.5, 1.0, 1.0, 1.0, 0.5])
    smooth_total = np.convolve(np.r_[total[-2:], total, total[:2]], kernel, "valid")
    smooth_count = np.convolve(np.r_[count[-2:], count, count[:2]], kernel, "valid")
    level = smooth_total / np.maximum(smooth_count, 1e-9)
    (high,) = quantiles(level, 0.8)
    if high <= 0.05:
        return None
    inside = level > 0.5 * high
    if inside.all():
        return 0.0, TAU - 1e-6
    # Longest run outside the band, on the circle.
    first = int(np.argmax(inside))
    band = np.append(np.flatnonzero(np.roll(inside, -first)), bins)
    runs = np.diff(band) - 1
    longest = int(np.argmax(runs))
    at = first + int(band[longest]) + 1
    end = at / bins * TAU
    start = (at + int(runs[longest])) / bins * TAU
    return wrap(start), wrap(end)


LIKELY_TIP = 0.5
"""Share of the best tip's score from which another one may be the tip as well."""
LONGER = 0.12
"""A tip that reaches farther than its rival by this much, in dial coordinates, is the tip."""


def _pointer_line(
    segment: Segment,
    geometry: DialGeometry,
    pivot: NDArray[np.float64] | None,
    tips: Sequence[Segment],
) -> PointerLine | None:
    """Turn a pointer's mask into a directed line from the hub to the tip.

    The principal axis of the mask gives the line; which of its ends is the tip is told by the tips'
    landmarks that lie on it (by the one that reaches farther, where both ends have one), else by which
    end is farther from the pivot. What cannot be told for sure is marked as contested.
    """
    if segment.mask is None:
        return None
    places, soft = likely_cells(segment.mask, 0.4)
    if len(places) < 4:
        return None
    cells = geometry.to_dial(places)
    mean = soft @ cells / soft.sum()
    around = cells - mean
    spread = around.T @ (around * soft[:, None]) / soft.sum()
    values, vectors = np.linalg.eigh(spread)
    axis = vectors[:, 1]
    along = around @ axis
    hub = np.zeros(2) if pivot is None else geometry.to_dial(pivot)
    if hypot(*hub.tolist()) > 0.35:
        hub = np.zeros(2)
    hub_along = float((hub - mean) @ axis)
    low, high = quantiles(along, 0.01, 0.99)
    forward = high - hub_along >= hub_along - low
    likely = [t for t in tips if t.score >= LIKELY_TIP * tips[0].score]
    marks = [geometry.to_dial(np.array(t.box.center)) for t in likely]
    beside = [abs((p - mean) @ np.array([-axis[1], axis[0]])) for p in marks]
    arms = [float((p - mean) @ axis) - hub_along for p in marks]
    on_axis = [
        (arm, p) for arm, p, off in zip(arms, marks, beside, strict=True) if off < 0.12 and abs(arm) > 0.25
    ]
    contested = any(off >= 0.12 for off in beside)
    tip_dial = marks[0] if marks else None
    if on_axis:
        front = max((arm for arm, _ in on_axis if arm > 0), default=0.0)
        back = max((-arm for arm, _ in on_axis if arm < 0), default=0.0)
        forward = on_axis[0][0] > 0
        if front and back:
            contested |= abs(front - back) < LONGER
            forward = front > back if abs(front - back) >= LONGER else forward
        tip_dial = next(p for arm, p in on_axis if (arm > 0) == forward)
    ahead, behind = (high - hub_along, hub_along - low) if forward else (hub_along - low, high - hub_along)
    contested |= behind > ahead + LONGER
    reach = high if forward else low
    # A short mask (only the counterweight seen, say) is no pointer.
    if abs(reach - hub_along) < 0.25:
        return None
    foot = mean + hub_along * axis
    end = mean + reach * axis
    if values[0] > 0.25 * values[1]:
        # Too round for its axis to mean much: trust the landmarks.
        if tip_dial is None or pivot is None:
            return None
        foot, end = hub, tip_dial
    return PointerLine(geometry.to_frame(foot), geometry.to_frame(end), segment.score, contested)
