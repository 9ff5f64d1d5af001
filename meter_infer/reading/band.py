"""The scale's band in a mask: its centre line, and where it begins and ends."""

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.ellipse import circle_center, fit_ellipse
from meter_infer.reading.geometry import TAU, DialGeometry, inverse, wrap
from meter_infer.reading.sampling import Points, quantiles
from meter_infer.types import Mask

RAYS = 120
"""Directions in which the scale's band is looked for."""
_FEWEST = 12
"""Cells that make a band."""
_SHORT_ARC = np.deg2rad(200)
_SLIM = 0.4
"""Ratio of a pointer's extents up to which its mask has a direction."""
_FAINT = 0.05
"""Mean score of a direction without a band."""
_LEAST_BINS = 8
"""Directions of a turn of 240 that the shortest band fills."""


def likely_cells(mask: Mask, threshold: float) -> tuple[Points, NDArray[np.float64]]:
    """Return the centres of the cells above `threshold`, frame pixels (n, 2), and their values (n,)."""
    rows, columns = np.nonzero(mask.values > threshold)
    centers = np.stack([columns, rows], axis=-1)
    cells = np.asarray(mask.origin) + (centers + 0.5) * mask.pitch
    return cells, mask.values[rows, columns].astype(np.float64)


def principal_axes(
    points: Points, weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean (2,) of weighted points (n, 2), ascending variances (2,), and their axes as columns."""
    mean = weights @ points / weights.sum()
    around = points - mean
    values, vectors = np.linalg.eigh(around.T @ (around * weights[:, None]) / weights.sum())
    return mean, values, vectors


def likely_hub(scale: Mask, pointer: Mask | None) -> NDArray[np.float64] | None:
    """Return where the hub of a short arc may be, frame pixels (2,), where no pivot is seen.

    A panel meter hides it behind its front. An arc of 90 degrees alone does not tell an ellipse's centre;
    that the dial is nearly round and the pointer points away from its hub does, to about a tenth of the
    radius. None for longer arcs, which need no hub, and for what is no arc.
    """
    cells, soft = likely_cells(scale, 0.3)
    if len(cells) < _FEWEST:
        return None
    center = circle_center(cells, soft)
    around = cells - center
    turns = np.sort(np.arctan2(around[:, 1], around[:, 0]))
    if TAU - np.diff(turns, append=turns[0] + TAU).max() > _SHORT_ARC:
        return None
    if pointer is None:
        return center
    cells, soft = likely_cells(pointer, 0.4)
    if len(cells) < 4:
        return center
    mean, values, vectors = principal_axes(cells, soft)
    if values[0] > _SLIM**2 * values[1]:
        return center
    axis = vectors[:, 1]
    hub: NDArray[np.float64] = mean + ((center - mean) @ axis) * axis
    return hub


def arc_points(
    mask: Mask, pivot: NDArray[np.float64] | None
) -> tuple[Points, NDArray[np.float64], NDArray[np.float64]] | None:
    """Return points on the band's centre line, their weights, and the band's thickness there (px)."""
    cells, soft = likely_cells(mask, 0.3)
    if len(cells) < _FEWEST:
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


def band_ends(geometry: DialGeometry, mask: Mask) -> tuple[float, float] | None:
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
    if high <= _FAINT:  # less than a fifth of the turn has a band
        seen = level[level > _FAINT]
        if len(seen) < _LEAST_BINS:
            return None
        (high,) = quantiles(seen, 0.8)
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
