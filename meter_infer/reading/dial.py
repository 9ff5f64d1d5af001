"""From the segmentation of one dial to its geometry and its pointer, at the masks' precision.

Masks and landmarks say where things are to about a hundredth of the dial; `refine` and `pointer`
take it from there in the luma plane.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.band import arc_points, band_ends, likely_hub
from meter_infer.reading.ellipse import fit_ellipse
from meter_infer.reading.ends import MIN_SPAN, Candidate, Candidates
from meter_infer.reading.geometry import TAU, DialGeometry, wrap
from meter_infer.reading.hands import Hand, hands_of, likeliest_pointer
from meter_infer.reading.hands import PointerLine as PointerLine
from meter_infer.reading.marks import Ring
from meter_infer.reading.sampling import Points
from meter_infer.reading.spacing import Spacing
from meter_infer.reading.strip import Opinion
from meter_infer.types import Mask, Segment, SegmentClass

PIVOT_OFF = 0.05
"""Expected distance of the scale's centre from the pivot, share of the radius."""
HUB_OFF = 0.1
"""The same from where the hub is supposed to be."""


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
    scale_score: float
    end_scores: tuple[float, float]
    """Scores of the two landmarks of the scale's ends; 0 where only the band's ends were seen."""
    end_gap: float
    """Largest disagreement between a landmark and the band's own end, radians."""
    ring_residual: float
    """How far the band is from an ellipse, share of its radius."""
    marks: Marks
    candidates: Candidates
    """All that may be the scale's start, and its end."""
    pivot: NDArray[np.float64] | None = None
    """Where the pivot is seen, frame pixels (2,)."""
    hands: tuple[Hand, ...] = ()
    """All that may be the pointer."""
    ends_doubt: float = 1.0
    """Share of what speaks for other ends, 0 to 1; known once they are chosen in the luma plane."""
    ring: Ring | None = None
    """The marks in the luma plane; None where none can be seen, or before they are looked for."""
    spacing: Spacing | None = None
    """What their spacing says; None where it says nothing."""
    opinion: Opinion | None = None
    """What the strip network says; None where it was not asked."""
    split: bool = False
    """Masks and strip network mean different hands."""


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
    hub, off = pivot, PIVOT_OFF
    if hub is None:
        pointer = best(segments, SegmentClass.POINTER)
        hub, off = likely_hub(scale.mask, None if pointer is None else pointer.mask), HUB_OFF
    arc = arc_points(scale.mask, hub)
    if arc is None:
        return None
    points, weights, thickness = arc
    fit = fit_ellipse(points, weights, pivot=hub, pivot_sigma=off)
    if fit is None:
        return None
    bare = DialGeometry(fit.center, fit.axes, 0.0, TAU)
    half = min(max(0.5 * float(thickness @ weights / weights.sum()) / bare.radius, 0.02), 0.2)
    bare = replace(bare, band=(1 - half, 1 + half))
    ends = _scale_ends(bare, scale.mask, segments)
    if ends is None:
        return None
    start, end, scores, gap, candidates = ends
    geometry = bare.with_ends(start, end)
    if geometry.span < MIN_SPAN:
        # One of the landmarks is not what it seems; the band's own ends say how far the scale goes at least.
        geometry = bare.with_ends(*(bare.angle_of(own.point) for *_, own in candidates))
        scores = 0.0, 0.0
    if geometry.span < MIN_SPAN:
        return None
    hands = tuple(hands_of(segments, geometry, pivot))
    line = likeliest_pointer(hands, geometry)
    marks = _marks(segments, geometry, line)
    return DialView(geometry, line, scale.score, scores, gap, fit.residual, marks, candidates, pivot, hands)


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


def cell_centers(mask: Mask) -> Points:
    """Return the centres of a mask's cells, frame pixels, float64 (rows, columns, 2)."""
    rows, columns = mask.values.shape
    x = mask.origin[0] + (np.arange(columns) + 0.5) * mask.pitch
    y = mask.origin[1] + (np.arange(rows) + 0.5) * mask.pitch
    return np.stack(np.meshgrid(x, y), axis=-1)


def _scale_ends(
    geometry: DialGeometry, mask: Mask, segments: Sequence[Segment]
) -> tuple[float, float, tuple[float, float], float, Candidates] | None:
    """Return start and end angle, the landmarks' scores, how far band and landmarks disagree, and all
    that may be an end."""
    band = band_ends(geometry, mask)
    if band is None:
        return None
    result: list[float] = []
    scores: list[float] = []
    candidates: list[tuple[Candidate, ...]] = []
    gap = 0.0
    for label, own in ((SegmentClass.START, band[0]), (SegmentClass.END, band[1])):
        found = [s for s in segments if s.label is label]
        candidates.append(
            (
                *(Candidate(np.array(s.box.center), s.score, False) for s in found),
                Candidate(geometry.point_at(own), 0.0, True),
            )
        )
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
    return result[0], result[1], (scores[0], scores[1]), gap, (candidates[0], candidates[1])


def _angle_of(geometry: DialGeometry, segment: Segment) -> float:
    return geometry.angle_of(np.array(segment.box.center))
