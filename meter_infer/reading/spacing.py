"""Where the middle of a dial is seen, by the spacing of all its marks.

The marks of a linear scale stand evenly on the dial. In the picture of a near camera they do not: towards
the far side they crowd together. From many marks this can be told apart from chance, and more finely than
from the pivot. The scale's ends are left where they are: the zero mark of many pressure gauges stands
beside the even marks, where the pointer comes to rest.
"""

from functools import cache
from math import hypot
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.geometry import TAU, DialGeometry, wrap
from meter_infer.reading.marks import CLOSEST_PX, LEAST, MOST, Ring, all_teeth, comb_scores

FEWEST = 10
"""Intervals of a graduation that tells anything."""
EVEN = 0.3
"""Evenness (as `marks.Graduation`) from which there is a linear scale."""
FOUND = 0.6
"""Share of the marks that must be found where they should be."""
LOOSE = 0.12
"""Scatter of the marks about their places, in intervals, up to which they are believed."""
_WINDOWS = (0.45, 0.25)
"""Parts of an interval to either side in which a mark is looked for, first and then."""
_CLEAR = 0.4
"""Darkness from which there is one."""
_SHARES = np.linspace(0, 1, 4096)
_KNOTS = np.linspace(0, 1, 33)
TRIED = 3
"""Numbers of intervals that are tried."""
_END_SIGMA = np.deg2rad(3.0)
"""How far an end may stand beside the even marks, and the next two: how far off the middle may be, and the
ellipse's flattening."""
_MIDDLE_SIGMA = 0.02
_SHAPE_SIGMA = 0.01
_MARK_SIGMA = np.deg2rad(0.35)
"""How far a mark may be off, and still be a mark of the scale."""
_PRIOR = np.diag(
    (_MARK_SIGMA / np.array([_END_SIGMA] * 2 + [_MIDDLE_SIGMA] * 2 + [_SHAPE_SIGMA] * 2)) ** 2
)  # of the two ends, the middle's two coordinates, and the flattening's two
_MOST_SHIFT = np.deg2rad(5.0)
_MOST_MIDDLE = 0.12


class Spacing(NamedTuple):
    """What the marks say."""

    geometry: DialGeometry
    """With its middle where they put it."""
    intervals: int
    """Intervals between marks."""
    found: float
    """Share of the marks that were found."""
    scatter: float
    """RMS distance of these from their places, intervals."""
    evenness: float
    """Darkness on these places less that half way between them, as `marks.Graduation`."""


def by_marks(ring: Ring, geometry: DialGeometry) -> Spacing | None:
    """Return the dial with its middle as all marks have it; None where they do not tell.

    Args:
        ring: where marks are seen.
        geometry: the dial with its ends on its first and last mark, to about an interval, and its middle to a
            few hundredths of the radius.
    """
    most = min(MOST, int(geometry.span * ring.radius_px / CLOSEST_PX))
    if most < FEWEST:
        return None
    best: Spacing | None = None
    for intervals in _combs(ring, _seen_angles(geometry, _SHARES), most):
        share = np.arange(intervals + 1) / intervals
        comb: Spacing | None = None
        for window in _WINDOWS:
            comb = _fitted(ring, geometry if comb is None else comb.geometry, geometry, share, window)
            if comb is None:
                break
        if comb is None or comb.evenness < EVEN:
            continue
        # Long marks alone make a comb as well; but only the right one has a mark at each of many places.
        if best is None or comb.evenness > (0.8 if intervals > best.intervals else 1.0) * best.evenness:
            best = comb
    return None if best is None else best._replace(geometry=geometry.with_middle(*best.geometry.middle))


def _fitted(
    ring: Ring, near: DialGeometry, given: DialGeometry, share: NDArray[np.float64], window: float
) -> Spacing | None:
    """Return the comb of the marks, near the ends and the middle of `near`; None where it fits none.

    `given` is what it may not be far from, `window` how far a mark may be from its place, intervals.
    """
    angles = _seen_angles(near, share)
    interval = near.span / (len(share) - 1)
    offsets, clear = _marks_near(ring, angles, window * interval)
    if clear.mean() < FOUND:
        return None
    fit, scatter = _fit(share[clear], angles[clear], offsets[clear])
    first, slope, x, y = fit[:4].tolist()
    start, end = near.start_angle + first, near.start_angle + near.span + first + slope
    shifts = wrap(start - given.start_angle), wrap(end - given.start_angle - given.span)
    comb = near.with_ends(start, end).with_middle(near.middle[0] + x, near.middle[1] + y)
    far = max(map(abs, shifts)) > _MOST_SHIFT or hypot(*comb.middle) > _MOST_MIDDLE
    if far or scatter > LOOSE * interval:
        return None
    dark = ring.at(_seen_angles(comb, np.linspace(0, 1, 2 * len(share) - 1)))
    evenness = float(dark[::2].mean() - dark[1::2].mean())
    return Spacing(comb, len(share) - 1, float(clear.mean()), scatter / interval, evenness)


def _seen_angles(geometry: DialGeometry, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the angles at which shares (ascending, 0 to 1) of the scale are seen."""
    return np.interp(share, _KNOTS, geometry.angles_of_fractions(_KNOTS))


@cache
def _places() -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return all combs as places in `_SHARES`: teeth, the middles between them, and where each begins."""
    teeth, gaps, teeth_from, gaps_from = all_teeth()
    last = len(_SHARES) - 1
    return np.rint(teeth * last).astype(np.intp), np.rint(gaps * last).astype(np.intp), teeth_from, gaps_from


def _combs(ring: Ring, seen: NDArray[np.float64], most: int) -> list[int]:
    """Return the likeliest numbers of intervals, coarsest first.

    `seen` are the angles at which `_SHARES` are seen.
    """
    teeth, gaps, teeth_from, gaps_from = _places()
    combs = most - LEAST + 1
    dark = ring.at(seen)
    on, off = dark[teeth[: teeth_from[combs]]], dark[gaps[: gaps_from[combs]]]
    intervals, scores = comb_scores(on, off, most)
    order = np.argsort(-scores)[:TRIED]
    return sorted(int(intervals[k]) for k in order if intervals[k] >= FEWEST and scores[k] > 0.5 * EVEN)


def _marks_near(
    ring: Ring, angles: NDArray[np.float64], reach: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return how far the mark near each angle is from it (radians, centroid), and whether there is one."""
    pitch = TAU / len(ring.sharp)
    half = max(2, int(reach / pitch))
    steps = np.arange(-half, half + 1)
    nearest = np.rint(angles / pitch).astype(np.intp)
    value = ring.sharp.take(nearest[:, None] + steps, mode="wrap").astype(np.float64)
    top = value.max(axis=1)
    weight = np.maximum(value - 0.5 * top[:, None], 0.0)
    centre = (weight @ steps) / np.maximum(weight.sum(axis=1), 1e-9)
    spread = np.sqrt(
        (weight * (steps - centre[:, None]) ** 2).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
    )
    # a wide blot is a number or a pointer
    clear = (top > _CLEAR) & (spread < 0.6 * half)
    return (nearest + centre) * pitch - angles, clear


def _fit(
    share: NDArray[np.float64], angles: NDArray[np.float64], offsets: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return shifts of ends and middle, the ellipse's flattening, and the RMS that is left, radians."""
    design = np.empty((6, len(share)))
    design[0], design[1] = 1.0, share
    np.negative(np.sin(angles), out=design[2])
    np.cos(angles, out=design[3])
    np.sin(2 * angles, out=design[4])
    np.cos(2 * angles, out=design[5])
    left = offsets
    weight = np.ones(len(share))
    fit = np.zeros(6)
    for _ in range(5):
        scaled = design * weight
        right = (scaled @ offsets)[:, None]
        fit = np.asarray(cv2.solve(scaled @ design.T + _PRIOR, right)[1], np.float64)[:, 0]
        left = offsets - fit @ design
        weight = 1 / (1 + (left / _MARK_SIGMA) ** 2) ** 2
    return fit, float(np.sqrt((weight @ left**2) / weight.sum()))
