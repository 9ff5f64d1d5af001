"""Even combs of peaks in a profile: where they begin, where they end, and how clear they are."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.sampling import Profile, subpixel_peak

FAINT = 2.0
"""Luma steps below which a mark is not seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Comb:
    """A comb in one profile, in samples."""

    row: int
    """Group in which it was found."""
    score: float
    """For choosing between combs."""
    low: float
    """Place of the first tooth."""
    high: float
    """Place of the last tooth."""
    evenness: float
    """Height on the comb less that between its teeth, share of the typical tooth's."""
    ends: float
    """Height of the lower of the two end teeth, likewise."""
    beyond: float
    """Height one tooth beyond the ends, of the higher side, likewise."""
    teeth: int
    residual: float
    """Scatter of the teeth about an even comb, share of the distance between two."""
    places: NDArray[np.float64]
    """Where the comb's teeth are to be expected, float64 (teeth,)."""
    at_ends: tuple[float, float] = (0.0, 0.0)
    """Height of the first and of the last tooth, likewise."""
    past_ends: tuple[float, float] = (0.0, 0.0)
    """Height one tooth beyond either end, likewise."""
    room: float = 0.0
    """How far the profile goes on beyond the nearer end, in teeth."""

    @property
    def tooth(self) -> float:
        """Mean distance between two teeth, samples."""
        return (self.high - self.low) / (self.teeth - 1)


def follow(row: int, sharp: Profile, lag: float, length: float) -> Comb | None:
    """Follow a comb through a profile and find its first and last tooth; None where there is none.

    Args:
        row: number of the profile, for the result.
        sharp: how much each place stands out, float32 (samples,).
        lag: distance between two teeth, samples; it may change slowly.
        length: length of the scale as far as it is known, samples.
    """
    peaks = np.flatnonzero((sharp[1:-1] >= sharp[:-2]) & (sharp[1:-1] > sharp[2:])) + 1
    peaks = peaks[sharp[peaks] > FAINT]
    if len(peaks) < 4 or len(peaks) > 400:
        return None
    heights = sharp[peaks]
    # A share of all peaks belongs to the comb: its typical tooth is among the higher ones.
    expected = min(len(peaks), max(4, int(0.7 * len(sharp) / lag)))
    typical = float(np.sort(heights)[-expected:].mean())
    places = np.array([subpixel_peak(sharp, int(p)) for p in peaks])
    worth = np.minimum(heights / typical, 1.0) - 0.3
    chain = _chain(places.tolist(), worth.tolist(), lag)
    if len(chain) < 4:
        return None
    places = places[chain]
    index = np.concatenate([[0], np.cumsum(np.rint(np.diff(places) / lag))])
    degree = 2 if len(chain) > 6 else 1
    left = places - np.polyval(_polynomial(index, places, degree), index)
    keep = np.abs(left) < max(0.25 * lag, 1.0)
    if keep.sum() < 4:
        return None
    fit = _polynomial(index[keep], places[keep], degree)
    residual = float(np.sqrt(np.mean((places[keep] - np.polyval(fit, index[keep])) ** 2)) / lag)
    teeth = np.arange(-3, int(index[-1]) + 4)
    on = np.polyval(fit, teeth)
    off = np.polyval(fit, teeth[:-1] + 0.5)
    inside = (on > 0) & (on < len(sharp) - 1)
    samples = np.arange(len(sharp))
    thick = cv2.dilate(sharp[None], np.ones((1, 3), np.uint8))[0]
    height = np.where(inside, np.interp(on, samples, thick), 0.0) / typical
    gap = np.interp(off, samples, sharp) / typical
    worth = np.clip(height, 0, 1) - 0.45
    low, high = _richest(worth)
    if high - low < 3:
        return None
    used = np.clip(height[low : high + 1], 0, 1)
    evenness = float(used.mean() - np.clip(gap[low:high], 0, 1).mean())
    a, b = (_snap(sharp, float(on[k]), lag) for k in (low, high))
    spread = (b - a) / length
    if not 0.6 < spread < 1.3:
        return None
    past = [height[k] if 0 <= k < len(height) else 0.0 for k in (low - 1, high + 1)]
    score = evenness * (0.6 + 0.4 * min(1.0, np.log2(high - low) / 6)) * (1.0 - 2 * residual)
    return Comb(
        row,
        float(score),
        a,
        b,
        float(np.clip(evenness, 0, 1)),
        float(np.clip(min(used[0], used[-1]), 0, 1)),
        float(np.clip(max(past), 0, 1)),
        int(high - low + 1),
        residual,
        np.asarray(on[low : high + 1], np.float64),
        (float(used[0]), float(used[-1])),
        (float(np.clip(past[0], 0, 1)), float(np.clip(past[1], 0, 1))),
        float(min(a, len(sharp) - b) / lag),
    )


def _polynomial(x: NDArray[np.float64], y: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """Return what `np.polyfit` does, at a fraction of its cost."""
    most = float(x[-1])
    powers = np.vander(x / most, degree + 1)
    normal = np.einsum("ki,kj->ij", powers, powers) + 1e-9 * np.eye(degree + 1)
    fit: NDArray[np.float64] = np.linalg.solve(normal, np.einsum("ki,k->i", powers, y))
    return fit / most ** np.arange(degree, -1, -1)


def _chain(places: list[float], worth: list[float], lag: float) -> list[int]:
    """Return the worthiest sequence of peaks that stand about `lag` apart, at most two missing between."""
    total = list(worth)
    before = [-1] * len(places)
    for i, place in enumerate(places):
        best = 0.0
        for j in range(i - 1, -1, -1):
            gap = (place - places[j]) / lag
            if gap > 3.4:
                break
            missing = round(gap) - 1
            if missing < 0:
                continue
            off = abs(gap - missing - 1)
            if off > 0.25:
                continue
            gain = total[j] - 0.8 * missing - 4 * off * off
            if gain > best:
                best, before[i] = gain, j
        total[i] += best
    i = max(range(len(total)), key=total.__getitem__)
    chain = []
    while i >= 0:
        chain.append(i)
        i = before[i]
    return chain[::-1]


def _richest(worth: NDArray[np.float64]) -> tuple[int, int]:
    """Return first and last index of the stretch with the greatest sum."""
    sums = np.concatenate([[0.0], np.cumsum(worth)])
    least = np.minimum.accumulate(sums[:-1])
    high = int(np.argmax(sums[1:] - least))
    low = int(np.argmin(sums[: high + 1]))
    return low, high


def _snap(sharp: Profile, place: float, lag: float) -> float:
    """Return the peak next to a tooth's expected place."""
    reach = max(1, int(0.3 * lag))
    low = max(0, round(place) - reach)
    near = sharp[low : round(place) + reach + 1]
    if not len(near):
        return place
    return subpixel_peak(sharp, low + int(near.argmax()))
