"""From the segmentation of one level gauge to the height of its liquid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.dial import best, cell_centers, point_of
from meter_infer.reading.geometry import TubeGeometry
from meter_infer.reading.sampling import Patch, Points, subpixel_peak
from meter_infer.reading.strip import Opinion, TubeAxis
from meter_infer.types import Box, Mask, Segment, SegmentClass

NARROW = 0.5
"""Width of a tube as a share of its length, below which its liquid's box tells the surface."""
SLENDER = 0.05
"""Variance of the tube's mask across its axis, as a share of that along it, below which it is slender."""


@dataclass(frozen=True, slots=True, eq=False)
class TubeView:
    """What the network's segments say about one level gauge."""

    geometry: TubeGeometry
    fraction: float | None
    """Height of the surface, or None where no liquid and no surface were seen."""
    spread: float
    """Disagreement of the mask's top and the surface's landmark, as a fraction of the scale."""
    tube_score: float
    surface_score: float
    """Of the better of liquid and surface."""
    end_scores: tuple[float, float]
    parts: tuple[float, float]
    """Scores of the surface's landmark and of the liquid's mask; 0 for what was not seen."""
    end_gap: float
    """Largest distance of a landmark of the scale's ends from the tube's own end, share of the tube."""
    reach: tuple[float, float] = (0.0, 1.0)
    """The tube's own ends, fractions of the scale between the landmarks."""
    axis: TubeAxis | None = None
    """The tube from end to end, for its strip; None for a mere dot."""
    top: float | None = None
    """Where the liquid's mask ends upwards, fraction of the scale; None where none was seen."""
    opinion: Opinion | None = None
    """What the strip network says; None where it was not asked."""


def view_tube(segments: Sequence[Segment]) -> TubeView | None:
    """Build the tube's axis and the surface's height from the segments of one crop.

    Returns None when no tube is seen.
    """
    tube = best(segments, SegmentClass.TUBE)
    if tube is None or tube.mask is None:
        return None
    start = best(segments, SegmentClass.START)
    end = best(segments, SegmentClass.END)
    first, last = point_of(start), point_of(end)
    along = None if first is None or last is None else last - first
    axis = _axis(tube.mask, along)
    if axis is None:
        return None
    mean, direction, low, high, width = axis
    liquid = best(segments, SegmentClass.LIQUID)
    foot = low if first is None else float((first - mean) @ direction)
    head = high if last is None else float((last - mean) @ direction)
    if head - foot < 4 or head - foot < width * 0.2:
        return None
    geometry = TubeGeometry(mean + foot * direction, mean + head * direction, width)
    fraction, spread, score, top = _surface(segments, liquid, geometry)
    scores = (start.score if start else 0.0, end.score if end else 0.0)
    point = best(segments, SegmentClass.SURFACE)
    parts = (point.score if point else 0.0, liquid.score if liquid else 0.0)
    gap = max(abs(foot - low), abs(head - high)) / (head - foot)
    reach = tube_reach(tube.box, geometry) or ((low - foot) / (head - foot), (high - foot) / (head - foot))
    line = _tube_axis(mean, direction, low, high, width, tube.box)
    return TubeView(geometry, fraction, spread, tube.score, score, scores, parts, gap, reach, line, top)


def _tube_axis(
    mean: NDArray[np.float64], direction: NDArray[np.float64], low: float, high: float, width: float, box: Box
) -> TubeAxis | None:
    """Return the axis between the tube's own ends, by its box where that can tell; None for a mere dot."""
    if high - low > 1:
        bar = TubeGeometry(mean + low * direction, mean + high * direction, width)
        reach = tube_reach(box, bar)
        if reach is not None and (reach[1] - reach[0]) * bar.length > 8:
            low, high = (low + each * bar.length for each in reach)
    if high - low <= 6:
        return None
    return TubeAxis(TubeGeometry(mean + low * direction, mean + high * direction, width))


def tube_reach(box: Box, geometry: TubeGeometry) -> tuple[float, float] | None:
    """Return the fractions between which the tube in `box` stretches; None where a box cannot tell.

    Masks are learned inside their boxes only and spill over by a cell; the box itself is exact. A bar
    of a known direction has one length and one width that fill its box, unless it stands at 45 degrees.
    """
    across, along = np.abs(geometry.direction)
    steep = along * along - across * across
    if abs(steep) < 0.4:
        return None
    half = 0.5 * (box.height * along - box.width * across) / steep / max(geometry.length, 1e-9)
    middle = geometry.fraction_of(np.array(box.center))
    return middle - half, middle + half


def rescaled(view: TubeView, geometry: TubeGeometry) -> TubeView:
    """Return the view with other ends of the scale, its surface at the same place of the picture."""
    old = view.geometry
    fraction = None if view.fraction is None else geometry.fraction_of(old.point_at(view.fraction))
    spread = view.spread * old.length / geometry.length
    return replace(view, geometry=geometry, fraction=fraction, spread=spread)


def _surface(
    segments: Sequence[Segment], liquid: Segment | None, geometry: TubeGeometry
) -> tuple[float | None, float, float, float | None]:
    """Return the surface's fraction, the disagreement about it, its score, and the liquid's own top."""
    top = None if liquid is None else _top(liquid, geometry)
    surface = best(segments, SegmentClass.SURFACE)
    point = point_of(surface)
    mark = None if point is None else geometry.fraction_of(point)
    if mark is not None and surface is not None and top is not None and liquid is not None:
        score = max(surface.score, liquid.score)
        trusted = mark if surface.score >= 0.5 * liquid.score else top
        return trusted, abs(mark - top), score, top
    if mark is not None and surface is not None:
        return mark, 0.0, 0.8 * surface.score, top
    if top is not None and liquid is not None:
        return top, 0.0, 0.8 * liquid.score, top
    return None, 0.0, 0.0, top


def _cells(mask: Mask, threshold: float = 0.4) -> tuple[Points, NDArray[np.float64]] | None:
    soft = mask.values.astype(np.float64)
    keep = soft > threshold
    if keep.sum() < 3:
        return None
    return cell_centers(mask)[keep], soft[keep]


def _axis(
    mask: Mask, along: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], float, float, float] | None:
    """Return a point of the tube's axis, its direction (upwards), both ends along it, and the width (px).

    The landmarks of the scale's ends, `along` from the lower to the upper, tell the direction; without
    them a slender tube's own shape does, and a tank that is as wide as it is high stands upright.
    """
    found = _cells(mask)
    if found is None:
        return None
    cells, soft = found
    mean = np.average(cells, axis=0, weights=soft)
    spread = (cells - mean).T @ ((cells - mean) * soft[:, None]) / soft.sum()
    values, vectors = np.linalg.eigh(spread)
    known = along is not None and float(np.linalg.norm(along)) > 3 * mask.pitch
    up = along if known and along is not None else np.array([0.0, -1.0])
    # A landmark may lie beside the tube: what is slender enough has its direction from its own shape.
    if values[0] < (SLENDER if known else 0.25) * values[1]:
        direction = vectors[:, 1] if vectors[:, 1] @ up > 0 else -vectors[:, 1]
    elif known:
        direction = up / np.linalg.norm(up)
    else:
        direction = np.array([0.0, -1.0])
    reach = (cells - mean) @ direction
    across = (cells - mean) @ np.array([-direction[1], direction[0]])
    inset = 0.1 * mask.pitch
    low, high = float(reach.min()) + inset, float(reach.max()) - inset
    # A uniform bar of width w has a standard deviation of w / sqrt(12).
    width = float(np.sqrt(12 * np.average(across**2, weights=soft)))
    return mean, direction, low, high, max(width, mask.pitch)


def _top(liquid: Segment, geometry: TubeGeometry) -> float | None:
    """Return the fraction at which the liquid ends upwards on the axis."""
    reach = tube_reach(liquid.box, geometry) if geometry.width < NARROW * geometry.length else None
    if reach is not None:
        return reach[1]
    found = None if liquid.mask is None else _cells(liquid.mask)
    if found is None or liquid.mask is None:
        return None
    cells, _ = found
    # Across a wide vessel a surface that does not stand square to the axis ends at many fractions.
    aside = (cells - geometry.start) @ geometry.normal
    middle = cells[(np.abs(aside) < 0.25 * geometry.width) & (cells[:, 1] > liquid.box.y1)]
    along = ((middle if len(middle) > 2 else cells) - geometry.start) @ geometry.direction
    return float((np.percentile(along, 98) + 0.4 * liquid.mask.pitch) / geometry.length)


def refine_surface(
    patch: Patch, geometry: TubeGeometry, fraction: float, reach: float
) -> tuple[float, float]:
    """Return the surface's fraction at native resolution, and the step's contrast in luma steps.

    The mean luma across the tube's middle makes a profile along the axis; the surface is its
    strongest step within `reach` (a fraction of the scale) of where the masks saw it.
    """
    pixel = patch.pitch / geometry.length
    half = max(reach, 3 * pixel)
    step = 0.5 * pixel
    count = int(np.clip(np.ceil(half / step), 6, 400))
    offsets = np.arange(-count, count + 1) * step
    normal = geometry.normal
    across = np.linspace(-0.28, 0.28, 9) * geometry.width
    centers = geometry.start + (fraction + offsets)[:, None] * (geometry.end - geometry.start)
    profile = np.median(patch.sample(centers[:, None, :] + across[None, :, None] * normal), axis=1)
    window = max(2, round(0.25 * geometry.width / geometry.length / step))
    window = min(window, count // 2)
    smooth = np.convolve(np.pad(profile, window, mode="edge"), np.ones(window) / window, "valid")
    # smooth[i] is the mean of the `window` samples before i: the step lies between i - 1 and i.
    below = smooth[: len(offsets)]
    above = smooth[window : window + len(offsets)]
    edge = np.abs(above - below)
    prior = np.exp(-0.5 * (offsets / (0.6 * half)) ** 2)
    peak = int(np.argmax(edge * prior))
    if edge[peak] < 5:
        return fraction, float(edge[peak])
    place = subpixel_peak(edge, peak) - 0.5
    return fraction + float(np.interp(place, np.arange(len(offsets)), offsets)), float(edge[peak])
