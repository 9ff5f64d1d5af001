"""The dial's geometry at native resolution: ring and scale ends.

Masks give the scale's ellipse to about a hundredth of its radius. Two things in the luma plane are
sharper. The graduation is concentric, so in a rectified polar picture everything that belongs to it
runs straight; where it waves, the centre (one wave per turn) or the axes (two waves) are off. And
the scale ends on its first and last marks, whose position is found as a peak of the band's profile.
Marks are never counted.
"""

from math import atan2, cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.geometry import DialGeometry, inverse, symmetric_root, wrap
from meter_infer.reading.sampling import Patch, Profile, quantiles
from meter_infer.types import Luma

SECTOR = np.deg2rad(12)
MAX_SHIFT = 0.07
"""Largest radial error of the masks' ellipse that is corrected, dial coordinates."""
MEASURED_SIGMA = 0.006
CENTER_SIGMA = 0.012
AXES_SIGMA = 0.015
_PRIOR = np.diag(np.array([0.05, CENTER_SIGMA, CENTER_SIGMA, AXES_SIGMA, AXES_SIGMA]) ** -2.0)


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
    per_sector = int(min(max(radius_px * SECTOR, 12), 48))
    edges = geometry.start_angle + geometry.span * (np.arange(sectors * per_sector) + 0.5) / (
        sectors * per_sector
    )
    step = min(max(0.7 / radius_px, 0.003), 0.02)
    radii = np.arange(0.72, 1.28, step)
    x, y = geometry.polar_table(patch, edges, radii)
    # A ray is straight: it lies inside the patch when both of its ends do.
    ends = slice(None, None, len(radii) - 1)
    inside = patch.holds(x[:, ends], y[:, ends]).reshape(sectors, -1).all(axis=1)
    if inside.sum() < 5:
        return None
    picture = patch.at(x, y)
    # How much the ring changes along the angle (marks) and along the radius (arcs, sectors, rims).
    change: Luma = cv2.absdiff(picture[1:], picture[:-1])  # type: ignore[assignment]
    marks = _sector_sums(change, sectors, per_sector, per_sector - 1) / (per_sector - 1)
    arcs = _slopes(_sector_sums(picture, sectors, per_sector, per_sector) / per_sector)
    feature = _normalise(marks) + _normalise(arcs)
    template = _median(feature[inside])
    reach = round(MAX_SHIFT / step)
    scores = _correlate(feature, template[reach : len(radii) - reach])
    peak = np.argmax(scores, axis=1)
    rows = np.arange(sectors)
    height = scores[rows, peak]
    found = np.flatnonzero(inside & (peak > 0) & (peak < 2 * reach) & (height > 0.5))
    if len(found) < 5:
        return None
    shifts = np.zeros(sectors)
    weights = np.zeros(sectors)
    left, middle, right = (scores[found, peak[found] + k] for k in (-1, 0, 1))
    bend = np.minimum(left - 2 * middle + right, -1e-12)
    part = np.minimum(np.maximum(0.5 * (left - right) / bend, -0.5), 0.5)
    shifts[found] = (peak[found] + part - reach) * step
    weights[found] = (height[found] - 0.4) ** 2
    angles = geometry.start_angle + geometry.span * (np.arange(sectors) + 0.5) / sectors
    return angles, shifts, weights / np.max(weights)


def _sector_sums(picture: Luma, sectors: int, per_sector: int, rows: int) -> NDArray[np.float64]:
    """Return the sum of the first `rows` rows of each sector, (sectors, radii)."""
    if len(picture) < sectors * per_sector:
        picture = np.concatenate([picture, picture[-1:]])
    # uint16 holds it: a sector has at most 48 rows of at most 255.
    sums = picture.reshape(sectors, per_sector, -1)[:, :rows].sum(axis=1, dtype=np.uint16)
    return np.asarray(sums, dtype=np.float64)


def _slopes(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the steepness along each row, by central differences."""
    result = np.empty_like(rows)
    np.abs(rows[:, 2:] - rows[:, :-2], out=result[:, 1:-1])
    result[:, 1:-1] *= 0.5
    result[:, 0], result[:, -1] = np.abs(rows[:, 1] - rows[:, 0]), np.abs(rows[:, -1] - rows[:, -2])
    return result


def _median(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median along the first axis."""
    half = len(rows) // 2
    low = half - 1 if len(rows) % 2 == 0 else half
    part = np.partition(np.ascontiguousarray(rows.T), sorted({low, half}), axis=1)
    middle: NDArray[np.float64] = 0.5 * (part[:, low] + part[:, half])
    return middle


def _normalise(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    place = 0.95 * (rows.shape[1] - 1)
    low = int(place)
    part = np.partition(rows, (low, low + 1), axis=1)
    level = part[:, low] + (part[:, low + 1] - part[:, low]) * (place - low)
    result: NDArray[np.float64] = np.minimum(rows / np.maximum(level, 1.0)[:, None], 1.0)
    return result


def _correlate(rows: NDArray[np.float64], template: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normalised correlation of each row with the template at every shift, (rows, shifts)."""
    count, length = rows.shape[1], len(template)
    shifts = count - length + 1
    probe = template - template.mean()
    # The probe in a column for each shift: the correlations become one product of matrices. It sums
    # to nothing, so the windows need not be centred.
    columns = np.zeros((count, shifts))
    windows = np.lib.stride_tricks.as_strided(
        columns, (shifts, length), ((shifts + 1) * columns.itemsize, shifts * columns.itemsize)
    )
    windows[:] = probe
    sums = np.zeros((2, len(rows), count + 1))
    np.cumsum(rows, axis=1, out=sums[0, :, 1:])
    np.cumsum(rows * rows, axis=1, out=sums[1, :, 1:])
    total, squares = sums[..., length:] - sums[..., :shifts]
    spread = squares - total * total / length
    energy = np.sqrt(np.maximum(spread, 0.0) * (probe @ probe))
    scores: NDArray[np.float64] = rows @ columns / np.maximum(energy, 1e-9)
    return scores


def _correct(
    geometry: DialGeometry,
    angles: NDArray[np.float64],
    shifts: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> DialGeometry:
    """Solve the harmonics of the shifts and move centre and axes by them."""
    design = np.ones((5, len(angles)))
    for row, harmonic in ((1, angles), (3, 2 * angles)):
        np.cos(harmonic, out=design[row])
        np.sin(harmonic, out=design[row + 1])
    share = weights
    solution: NDArray[np.floating] = np.zeros(5)
    for _ in range(6):
        scaled = design * (share / MEASURED_SIGMA**2)
        right = scaled @ shifts
        solution = np.asarray(cv2.solve(scaled @ design.T + _PRIOR, right[:, None])[1], np.float64)[:, 0]
        miss = (shifts - solution @ design) / (3 * MEASURED_SIGMA)
        share = weights / (1 + miss**2) ** 2
    _, cx, cy, ax, ay = solution.tolist()
    stretch = np.array([[1 + ax, ay], [ay, 1 - ax]])
    center = geometry.center + geometry.axes @ np.array([cx, cy])
    moved = geometry.axes @ stretch
    axes = symmetric_root(moved)
    # The symmetric root turns the dial's plane a little: the ends turn with it.
    turn = inverse(axes) @ moved
    result = DialGeometry(center, axes, geometry.start_angle, geometry.span, geometry.band)
    ends = []
    for angle in (geometry.start_angle, geometry.start_angle + geometry.span):
        x, y = (turn @ np.array([cos(angle), sin(angle)])).tolist()
        ends.append(atan2(y, x))
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
    step = min(max(0.35 / radius_px, 0.0008), 0.02)
    margin = np.deg2rad(5.0)
    count = int(np.ceil((reach + margin) / step))
    offsets: NDArray[np.float64] = np.arange(-count, count + 1, dtype=np.float64) * step
    inner, outer = geometry.band
    radii = np.linspace(inner + 0.1 * (outer - inner), outer - 0.1 * (outer - inner), 12)
    profile = geometry.polar_picture(patch, angle + offsets, radii).mean(axis=1, dtype=np.float32)
    window = max(3, int(np.deg2rad(3.5) / step))
    level = _running_median(profile, window)
    relief = (profile - level).astype(np.float64)
    # Marks are darker or brighter than the face, all of one dial alike: take the stronger side.
    darkest, brightest = quantiles(relief, 0.02, 0.98)
    if -darkest >= brightest:
        relief = -relief
    prior = np.exp(-0.5 * (offsets / (0.5 * reach)) ** 2)
    prior[np.abs(offsets) > reach] = 0.0
    peak = int(np.argmax(relief * prior))
    noise = 1.48 * quantiles(np.abs(relief), 0.5)[0] + 1.0
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


def _running_median(values: Profile, half: int) -> Profile:
    padded = np.concatenate([np.full(half, values[0]), values, np.full(half, values[-1])])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    # numpy sorts rows of float32 faster than it finds their medians.
    median: Profile = np.sort(windows, axis=1)[:, half]
    return median
