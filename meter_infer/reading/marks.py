"""Do the marks of the graduation bear the scale's ends out?

The segmenter says where the scale begins and ends. The marks say so too, in their own way: they stand
evenly between the ends, one stands at either end, and the gap beyond the ends has none. Where one of
these fails, an end may have been put on the wrong mark. It weighs in the choice of the ends (`ends`), and it
is evidence.
"""

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.geometry import TAU, DialGeometry, wrap
from meter_infer.reading.sampling import Patch, quantiles

MOST = 150
"""Most intervals between marks that are tried."""
LEAST = 4
STEP_PX = 0.5
"""Arc between two samples of the profile, samples of the patch."""
CLOSEST_PX = 4.5
"""Least distance between two marks that can be told apart, samples of the patch."""
FACE_DEG = 3.0
"""The face around a mark is the median over this much to either side."""
FAINT = 4.0
"""Luma steps below which there is no graduation to be seen."""


@dataclass(frozen=True, slots=True)
class Graduation:
    """How the marks agree with the scale's ends. All between 0 and 1."""

    evenness: float
    """Darkness on the best even comb between the ends, less that half way between its teeth; may be
    negative where there are no marks."""
    typical: float
    """Median darkness on the comb."""
    ends: float
    """Darkness of the fainter of the two end marks."""
    beyond: float
    """Darkness one tooth beyond the ends, of the darker side."""
    beyond_mean: float
    """The same, mean of up to three teeth."""


@cache
def all_teeth() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Return all combs as shares of the scale: teeth, the middles between them, and where each begins."""
    counts = np.arange(LEAST, MOST + 1)
    teeth = np.concatenate([np.arange(n + 1) / n for n in counts])
    gaps = np.concatenate([(np.arange(n) + 0.5) / n for n in counts])
    return teeth, gaps, np.concatenate([[0], np.cumsum(counts + 1)]), np.concatenate([[0], np.cumsum(counts)])


def comb_scores(
    on: NDArray[np.float64], off: NDArray[np.float64], most: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return all numbers of intervals up to `most`, and how evenly each comb's teeth are dark, -1 to 1.

    `on` and `off` are the darkness at the teeth and at the middles between them, in the order of `all_teeth`.
    """
    _, _, teeth_from, gaps_from = all_teeth()
    intervals = np.arange(LEAST, most + 1)
    mean_on = np.add.reduceat(on, teeth_from[: len(intervals)]) / (intervals + 1)
    mean_off = np.add.reduceat(off, gaps_from[: len(intervals)]) / intervals
    return intervals, mean_on - mean_off


def finest(scores: NDArray[np.float64]) -> int:
    """Return the finest comb that fits nearly as well as the best: long marks alone fit a coarser one."""
    top = scores.max()
    return int(np.flatnonzero(scores >= 0.8 * top)[-1]) if top > 0 else int(scores.argmax())


@dataclass(frozen=True, slots=True, eq=False)
class Ring:
    """How much each direction looks like a mark."""

    dark: NDArray[np.float64]
    """0 to 1, over a full turn from dial angle 0, float64 (samples,)."""
    radius_px: float
    """Samples of the patch."""
    sharp: NDArray[np.float32]
    """`dark` before marks were widened by a sample to either side, float32 (samples,)."""

    def at(self, angles: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the darkness at dial angles, radians."""
        count = len(self.dark)
        places = np.rint(angles * (count / TAU)).astype(np.intp)
        return self.dark.take(places, mode="wrap")  # half the time of `%`, for a few turns at most

    def graduation(self, geometry: DialGeometry) -> Graduation | None:
        """Compare with a dial's scale, its marks as they stand on the dial; see `compare`."""
        angles = np.arange(len(self.dark), dtype=np.float64) * (TAU / len(self.dark))
        flat = replace(self, dark=self.at(geometry.seen_angles(angles)))
        return flat.compare(*geometry.true_scale())

    def compare(self, start: float, span: float) -> Graduation | None:
        """Compare with a scale from `start` over `span` (radians); None where it has too few marks."""
        most = min(MOST, int(span * self.radius_px / CLOSEST_PX))
        if most < LEAST + 2:
            return None
        teeth, gaps, teeth_from, gaps_from = all_teeth()
        combs = most - LEAST + 1
        on = self.at(start + teeth[: teeth_from[combs]] * span)
        off = self.at(start + gaps[: gaps_from[combs]] * span)
        intervals, scores = comb_scores(on, off, most)
        best = finest(scores)
        tooth = span / intervals[best]
        comb = self.at(start + np.arange(intervals[best] + 1) * tooth)
        outside = np.arange(1, int(np.clip((TAU - span) / 2 / tooth, 1, 3)) + 1)
        before = self.at(start - outside * tooth)
        after = self.at(start + span + outside * tooth)
        return Graduation(
            float(scores[best]),
            float(np.median(comb)),
            float(min(comb[0], comb[-1])),
            float(max(before[0], after[0])),
            float(max(before.mean(), after.mean())),
        )

    def gaps(self) -> list[tuple[float, float]]:
        """Return the two widest stretches without a mark: dial angles of the marks before and after."""
        marks = np.flatnonzero(self.dark > 0.5)
        if len(marks) < 3:
            return []
        width = np.diff(np.append(marks, marks[0] + len(self.dark)))
        step = TAU / len(self.dark)
        half = 1.5 / self.radius_px
        return [
            (wrap(marks[k] * step - half), wrap(marks[(k + 1) % len(marks)] * step + half))
            for k in np.argsort(-width)[:2]
            if width[k] * step > np.deg2rad(12)
        ]

    def nearest(self, angle: float, reach: float = np.deg2rad(5.0)) -> float:
        """Return the clearest mark within `reach` of `angle`, or `angle` (radians)."""
        offsets = np.linspace(-reach, reach, 41)
        dark = self.at(angle + offsets) * np.exp(-0.5 * (offsets / (0.5 * reach)) ** 2)
        k = int(dark.argmax())
        return wrap(angle + offsets[k]) if dark[k] > 0.3 else wrap(angle)

    def weigh(self, start: float, span: float) -> tuple[float, float, float]:
        """Return mean darkness beyond the ends and between them, and the longest blank stretch next to one.

        The stretch is inside the scale, radians.
        """
        margin = np.deg2rad(2.5)
        beyond = self.at(np.linspace(start + span + margin, start + TAU - margin, 180))
        between = self.at(np.linspace(start, start + span, 360))
        marks = np.flatnonzero(between > 0.5)
        blank = 1.0 if not len(marks) else float(max(marks[0], 359 - marks[-1])) / 359
        return float(beyond.mean()), float(between.mean()), blank * span


def ring_of(patch: Patch, geometry: DialGeometry) -> Ring | None:
    """Return where marks can be seen on a dial's ring, or None."""
    radius_px = geometry.radius / patch.pitch
    sharp = _darkness(patch, geometry, radius_px)
    if sharp is None:
        return None
    reach = max(1, round(len(sharp) / TAU / radius_px))
    dark = cv2.dilate(sharp[None], np.ones((1, 2 * reach + 1), np.uint8))[0]
    return Ring(np.asarray(dark, np.float64), radius_px, sharp)


def _darkness(patch: Patch, geometry: DialGeometry, radius_px: float) -> NDArray[np.float32] | None:
    """Return how much each direction looks like a mark, 0 to 1, over a full turn from angle 0."""
    count = int(np.clip(TAU * radius_px / STEP_PX, 360, 4000))
    angles = np.arange(count, dtype=np.float64) * (TAU / count)
    inner, outer = geometry.band
    inset = 0.1 * (outer - inner)
    radii = np.linspace(inner + inset, outer - inset, 8)
    profile = geometry.polar_picture(patch, angles, radii).mean(axis=1, dtype=np.float32)
    half = max(2, round(np.deg2rad(FACE_DEG) / TAU * count))
    low, high = float(profile.min()), float(profile.max())
    if high - low < FAINT:
        return None
    # The median of bytes is the fast one; a 256th of the profile's own range is finer than its noise.
    coded = ((profile - low) * (255.0 / (high - low))).astype(np.uint8)
    ring = np.concatenate([coded[-half:], coded, coded[:half]])[None]
    face = cv2.medianBlur(np.ascontiguousarray(ring), 2 * half + 1)[0, half:-half]
    relief = profile - (face * ((high - low) / 255.0) + low)
    # Marks are darker or brighter than the face, all of one dial alike: take the stronger side.
    darkest, brightest = quantiles(relief, 0.04, 0.96)
    if -darkest >= brightest:
        relief = -relief
    (top,) = quantiles(relief, 0.95)
    if top < FAINT:
        return None
    return np.asarray(np.clip(relief / top, 0.0, 1.0), np.float32)
