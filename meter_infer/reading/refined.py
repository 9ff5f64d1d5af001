"""A dial as the masks see it, its ends chosen and its geometry refined in the luma plane."""

from dataclasses import replace
from math import hypot

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.dial import DialView
from meter_infer.reading.ends import choose_ends
from meter_infer.reading.geometry import DialGeometry
from meter_infer.reading.marks import ring_of
from meter_infer.reading.opinion import with_advance, with_likeliest_ends
from meter_infer.reading.pointer import mask_crossing
from meter_infer.reading.refine import align_ring, refine_ends
from meter_infer.reading.sampling import Patch
from meter_infer.reading.spacing import by_marks

NEAR, MOST_NEAR = 0.4, 0.1
"""Share of the pivot's distance from the ellipse's centre that is due to a near camera, and how far off it
puts the middle of the dial at most, in radii. The rest is the pivot's height above the dial, and error
(`docs/decisions/0017-near-cameras.md`)."""
MAX_SPAN_CHANGE = np.deg2rad(10)


def aligned(patch: Patch, geometry: DialGeometry) -> DialGeometry:
    """Return the dial of the masks aligned in the luma plane, its ends where they were."""
    moved = align_ring(patch, geometry)
    # Aligning moves things by little; what moved far has caught something else.
    return geometry if abs(moved.span - geometry.span) > MAX_SPAN_CHANGE else moved


def refine_view(patch: Patch, view: DialView) -> DialView:
    """Return the view with its ends chosen and its geometry refined in the luma plane."""
    geometry = aligned(patch, view.geometry)
    ring = ring_of(patch, geometry)
    ends = choose_ends(geometry, view.candidates, ring)
    if ends is not None:
        geometry = geometry.with_ends(ends.start, ends.end)
        view = replace(view, end_scores=ends.scores, end_gap=ends.off_band, ends_doubt=ends.doubt)
    if view.opinion is not None:
        geometry = with_likeliest_ends(geometry, view.opinion)
    angle = None if view.pointer is None else mask_crossing(geometry, view.pointer)
    refined = refine_ends(patch, geometry, angle)
    if abs(refined.span - geometry.span) > MAX_SPAN_CHANGE:
        refined = geometry
    refined = refined.with_middle(*seen_middle(refined, view.pivot))
    spacing = None if ring is None else by_marks(ring, refined)
    if spacing is not None:
        refined = spacing.geometry
    if view.opinion is not None:
        refined = with_advance(refined, view.opinion)
    return replace(view, geometry=refined, ring=ring, spacing=spacing)


def seen_middle(geometry: DialGeometry, pivot: NDArray[np.float64] | None) -> tuple[float, float]:
    """Return where the dial's middle is seen, by where its pivot is; see `NEAR`."""
    if pivot is None:
        return 0.0, 0.0
    x, y = (NEAR * geometry.to_dial(pivot)).tolist()
    share = min(1.0, MOST_NEAR / max(hypot(x, y), 1e-9))
    return share * x, share * y
