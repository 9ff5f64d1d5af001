"""The dial's geometry at native resolution: ring and scale ends.

Masks give the scale's ellipse to about a hundredth of its radius. Two things in the luma plane are
sharper. The graduation is concentric, so in a rectified polar picture everything that belongs to it
runs straight; where it waves, the centre (one wave per turn) or the axes (two waves) are off. And
the scale ends on its first and last marks, whose position is found as a peak of the band's profile.
Marks are never counted.
"""

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.geometry import DialGeometry, symmetric_root, wrap
from meter_infer.reading.sampling import Patch, subpixel_peak

SECTOR = np.deg2rad(12)
MAX_SHIFT = 0.07
"""Largest radial error of the masks' ellipse that is corrected, dial coordinates."""
MEASURED_SIGMA = 0.006
CENTER_SIGMA = 0.012
AXES_SIGMA = 0.015


def align_ring(patch: Patch, geometry: DialGeometry, rounds: int = 2) -> DialGeometry:
    """Return the geometry whose rectified polar picture runs straight.

    Corrects centre and axes by the radial shifts between sectors of the ring (first and second
    harmonic of the angle), held back by how well the masks knew them. Leaves the dial as it was
    where the ring shows nothing that could be aligned.
    """
    for _ in range(rounds):
        shifts = _sector_shifts(patch, geometry)
        if shifts is None:
            return geometry
        geometry = _correct(geometry, *shifts)
    return geometry


def _sector_shifts(
    patch: Patch, geometry: DialGeometry
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the sectors' angles, their radial shifts (dial coordinates), and weights."""
    radius_px = geometry.radius / patch.pitch
    sectors = max(6, round(geometry.span / SECTOR))
    per_sector = int(np.clip(radius_px * SECTOR, 12, 48))
    edges = geometry.start_angle + geometry.span * (np.arange(sectors * per_sector) + 0.5) / (
        sectors * per_sector
    )
    step = float(np.clip(0.7 / radius_px, 0.003, 0.02))
    radii = np.arange(0.72, 1.28, step)
    points = geometry.polar(edges, radii)
    picture = patch.sample(points).reshape(sectors, per_sector, len(radii))
    inside = patch.contains(points).reshape(sectors, per_sector, len(radii)).all(axis=(1, 2))
    # How much the ring changes along the angle (marks) and along the radius (arcs, sectors, rims).
    marks = np.abs(np.diff(picture, axis=1)).mean(axis=1)
    arcs = np.abs(np.gradient(picture.mean(axis=1), axis=1))
    feature = _normalise(marks) + _normalise(arcs)
    if inside.sum() < 5:
        return None
    template = np.median(feature[inside], axis=0)
    reach = round(MAX_SHIFT / step)
    shifts = np.zeros(sectors)
    weights = np.zeros(sectors)
    scores = _correlate(feature, template[reach : len(radii) - reach])
    for k in np.flatnonzero(inside):
        peak = int(np.argmax(scores[k]))
        if 0 < peak < 2 * reach and scores[k, peak] > 0.5:
            shifts[k] = (subpixel_peak(scores[k], peak) - reach) * step
            weights[k] = (scores[k, peak] - 0.4) ** 2
    if (weights > 0).sum() < 5:
        return None
    angles = geometry.start_angle + geometry.span * (np.arange(sectors) + 0.5) / sectors
    return angles, shifts, weights / np.max(weights)


def _normalise(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    level = np.percentile(rows, 95, axis=1, keepdims=True)
    result: NDArray[np.float64] = np.minimum(rows / np.maximum(level, 1.0), 1.0).astype(np.float64)
    return result


def _correlate(rows: NDArray[np.float64], template: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normalised correlation of each row with the template at every shift, (rows, shifts)."""
    windows = np.lib.stride_tricks.sliding_window_view(rows, len(template), axis=1)
    centered = windows - windows.mean(axis=2, keepdims=True)
    probe = template - template.mean()
    energy = np.sqrt((centered**2).sum(axis=2) * (probe @ probe))
    scores: NDArray[np.float64] = (centered @ probe) / np.maximum(energy, 1e-9)
    return scores


def _correct(
    geometry: DialGeometry,
    angles: NDArray[np.float64],
    shifts: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> DialGeometry:
    """Solve the harmonics of the shifts and move centre and axes by them."""
    design = np.column_stack(
        [np.ones_like(angles), np.cos(angles), np.sin(angles), np.cos(2 * angles), np.sin(2 * angles)]
    )
    prior = np.array([0.05, CENTER_SIGMA, CENTER_SIGMA, AXES_SIGMA, AXES_SIGMA]) ** -2.0
    share = weights.copy()
    solution = np.zeros(5)
    for _ in range(6):
        scaled = design * (share / MEASURED_SIGMA**2)[:, None]
        solution = np.linalg.solve(scaled.T @ design + np.diag(prior), scaled.T @ shifts)
        miss = (shifts - design @ solution) / (3 * MEASURED_SIGMA)
        share = weights / (1 + miss**2) ** 2
    _, cx, cy, ax, ay = solution
    stretch = np.eye(2) + np.array([[ax, ay], [ay, -ax]])
    center = geometry.center + geometry.axes @ np.array([cx, cy])
    moved = geometry.axes @ stretch
    axes = symmetric_root(moved)
    # The symmetric root turns the dial's plane a little: the ends turn with it.
    turn = np.linalg.solve(axes, moved)
    result = DialGeometry(center, axes, geometry.start_angle, geometry.span, geometry.band)
    ends = [
        result.angle_of(result.to_frame(turn @ np.array([np.cos(a), np.sin(a)])))
        for a in (geometry.start_angle, geometry.start_angle + geometry.span)
    ]
    return result.with_ends(ends[0], ends[1])


def refine_ends(
    patch: Patch, geometry: DialGeometry, pointer_angle: float | None, reach: float = np.deg2rad(3.0)
) -> DialGeometry:
    """Return the geometry with its ends on the first and the last mark.

    Each end moves to the clearest mark within `reach` (radians), unless the pointer stands there:
    what would be found then is the pointer.
    """
    ends = []
    for angle in (geometry.start_angle, geometry.start_angle + geometry.span):
        hidden = pointer_angle is not None and abs(wrap(pointer_angle - angle)) < np.deg2rad(7)
        ends.append(angle if hidden else _nearest_mark(patch, geometry, angle, reach))
    return geometry.with_ends(ends[0], ends[1])


def _nearest_mark(patch: Patch, geometry: DialGeometry, angle: float, reach: float) -> float:
    """Return the angle of the mark near `angle`, or `angle` where there is none to be seen."""
    radius_px = geometry.radius / patch.pitch
    step = float(np.clip(0.35 / radius_px, 0.0008, 0.02))
    margin = np.deg2rad(5.0)
    count = int(np.ceil((reach + margin) / step))
    offsets: NDArray[np.float64] = np.arange(-count, count + 1, dtype=np.float64) * step
    inner, outer = geometry.band
    radii = np.linspace(inner + 0.1 * (outer - inner), outer - 0.1 * (outer - inner), 12)
    profile = patch.sample(geometry.polar(angle + offsets, radii)).mean(axis=1).astype(np.float64)
    window = max(3, int(np.deg2rad(3.5) / step))
    level = _running_median(profile, window)
    relief = profile - level
    # Marks are darker or brighter than the face, all of one dial alike: take the stronger side.
    if -np.percentile(relief, 2) >= np.percentile(relief, 98):
        relief = -relief
    prior = np.exp(-0.5 * (offsets / (0.5 * reach)) ** 2)
    prior[np.abs(offsets) > reach] = 0.0
    peak = int(np.argmax(relief * prior))
    noise = 1.48 * float(np.median(np.abs(relief))) + 1.0
    if relief[peak] < 6 * noise and relief[peak] < 18:
        return angle
    half = 0.5 * relief[peak]
    left = right = peak
    while left > 0 and relief[left - 1] > half:
        left -= 1
    while right < len(relief) - 1 and relief[right + 1] > half:
        right += 1
    weight = relief[left : right + 1] - 0.5 * half
    if (right - left) * step > np.deg2rad(5):
        return angle
    return angle + float((weight * offsets[left : right + 1]).sum() / weight.sum())


def _running_median(values: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    padded = np.pad(values, half, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    median: NDArray[np.float64] = np.median(windows, axis=1)
    return median
