"""The pointer's axis in the luma plane, to a fraction of a pixel.

Given roughly where the pointer is, a strip along it is sampled at native resolution, in dial
coordinates. In each row across the strip the pointer is a ridge, darker or brighter than the dial
on both of its sides; its centre is the centroid of that contrast. A line through the centres,
fitted so that numerals and glare do not pull it, is the pointer's axis. The reading is where that
line meets the circle of the scale, which is what a person reads, however far the pivot is off the
scale's centre.
"""

from dataclasses import dataclass
from math import atan2, hypot, sqrt

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.geometry import DialGeometry
from meter_infer.reading.hands import PointerLine
from meter_infer.reading.sampling import Patch, Profile

HALF_WIDTH = 0.16
"""Half of the strip's width, dial coordinates."""
COLUMNS = 65
ROWS = 56
_FIRST, _SECOND = np.tile(np.arange(5), 5), np.repeat(np.arange(4, 9), 5)
"""Of nine rows, the pairs of one in the inner half and one in the outer that lines are tried through."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """The pointer's axis as found in the luma plane, and how clearly."""

    angle: float
    """Where the axis meets the scale's circle, radians, dial coordinates."""
    direction: float
    """Direction of the axis, radians, dial coordinates."""
    contrast: float
    """Luma steps (0 to 255) between the pointer and the dial beside it, signed: negative if darker."""
    support: float
    """Share of the rows whose centre lies on the line, 0 to 1."""
    scatter: float
    """Robust RMS distance of the rows' centres from the line, dial coordinates."""


def crossing(hub: NDArray[np.float64], tip: NDArray[np.float64], radius: float = 1.0) -> float | None:
    """Return the angle, radians, at which the ray from `hub` through `tip` meets a circle.

    Both points (2,) in dial coordinates; the circle is centred on the origin. None when the ray
    misses it.
    """
    (x, y), (u, v) = hub.tolist(), (tip - hub).tolist()
    length = hypot(u, v)
    if length < 1e-9:
        return None
    u, v = u / length, v / length
    along = x * u + y * v
    reach = along * along - x * x - y * y + radius * radius
    if reach <= 0:
        return None
    way = sqrt(reach) - along
    return atan2(y + way * v, x + way * u)


def mask_crossing(geometry: DialGeometry, pointer: PointerLine) -> float | None:
    """Return where a pointer meets the scale's circle, radians in dial coordinates, or None."""
    return crossing(geometry.to_dial(pointer.hub), geometry.to_dial(pointer.tip), geometry.band[0])


def find_ridge(patch: Patch, geometry: DialGeometry, line: PointerLine) -> Ridge | None:
    """Find the pointer's axis near `line` in the luma plane.

    Returns None where there is no ridge: too little contrast, or centres that form no line.
    """
    hub, tip = geometry.to_dial(line.hub), geometry.to_dial(line.tip)
    length = hypot(*(tip - hub).tolist())
    if length < 0.2:
        return None
    axis = (tip - hub) / length
    # Two passes: the second samples along the line that the first one found.
    found: tuple[NDArray[np.float64], NDArray[np.float64], Ridge] | None = None
    for half_width in (HALF_WIDTH, 0.6 * HALF_WIDTH):
        found = _trace(patch, geometry, hub, axis, length, half_width)
        if found is None:
            return None
        hub, axis, _ = found
    return found[2] if found else None


def _trace(
    patch: Patch,
    geometry: DialGeometry,
    hub: NDArray[np.float64],
    axis: NDArray[np.float64],
    length: float,
    half_width: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], Ridge] | None:
    # The hub's cap hides the pointer's inner part; beyond the tip there is the graduation.
    along = np.linspace(0.28 * length, 0.97 * length, ROWS)
    across = np.linspace(-half_width, half_width, COLUMNS)
    normal = np.array([-axis[1], axis[0]])
    strip = geometry.strip_picture(patch, hub, axis, along, across)
    found = trace_strip(strip.astype(np.float32), along, across)
    if found is None:
        return None
    new_hub = hub + found.offset * normal
    new_axis = axis + found.slope * normal
    new_axis = new_axis / hypot(*new_axis.tolist())
    angle = crossing(new_hub, new_hub + new_axis, geometry.band[0])
    if angle is None:
        return None
    direction = atan2(new_axis[1], new_axis[0])
    result = Ridge(angle, direction, found.contrast, found.support, found.scatter)
    return new_hub, new_axis, result


@dataclass(frozen=True, slots=True)
class StripLine:
    """A ridge in a strip: ``across = offset + slope * along``, dial coordinates."""

    offset: float
    slope: float
    contrast: float
    """As in `Ridge`."""
    support: float
    scatter: float


def trace_strip(strip: Profile, along: NDArray[np.float64], across: NDArray[np.float64]) -> StripLine | None:
    """Find the pointer's axis in a strip of luma along it.

    Args:
        strip: float32 (rows, columns); rows run from the hub to the tip.
        along: place of each row from the hub, dial coordinates, (rows,).
        across: place of each column, dial coordinates, (columns,), symmetric about 0.

    Returns None where there is too little contrast, or where the rows' centres form no line.
    """
    contrast = _contrast(strip)
    if contrast is None:
        return None
    ridge, step = contrast
    center, mass = _centers(ridge, across, step)
    usable = mass > 0
    if usable.sum() < 8:
        return None
    fit = _fit_line(along[usable], center[usable], mass[usable], float(across[-1]))
    if fit is None:
        return None
    offset, slope, support, scatter = fit
    return StripLine(offset, slope, step, support * float(usable.mean()), scatter)


def _contrast(strip: Profile) -> tuple[Profile, float] | None:
    """Return how much each sample differs from the dial beside it, towards the pointer; and the step.

    The dial beside is a straight line between the two edges of each row, so that a gradient of light
    across the pointer is no contrast.
    """
    columns = strip.shape[1]
    edge = max(3, columns // 6)
    half = edge // 2
    left = np.partition(strip[:, :edge], half, axis=1)[:, half, None]
    right = np.partition(strip[:, -edge:], half, axis=1)[:, half, None]
    ramp = np.arange(columns, dtype=np.float32) / np.float32(columns - 1)
    flat = strip - (left + (right - left) * ramp)
    middle = flat[:, columns // 2 - columns // 8 : columns // 2 + columns // 8 + 1]
    # Polarity by the whole pointer at once: single rows cross numerals.
    darkest = middle_of(middle.min(axis=1))
    brightest = middle_of(middle.max(axis=1))
    step = darkest if -darkest >= brightest else brightest
    if abs(step) < 6:
        return None
    return (flat if step > 0 else -flat).astype(np.float32), step


def _centers(
    ridge: Profile, across: NDArray[np.float64], step: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each row's ridge centre and its weight; rows without a ridge weigh nothing."""
    # Near the expected axis first: a numeral at the strip's edge may be darker than the pointer.
    prior = np.exp(-0.5 * (across / (0.45 * across[-1])) ** 2)
    peak = np.argmax(ridge * prior[None, :], axis=1)
    rows = np.arange(len(ridge))
    height = ridge[rows, peak]
    level = 0.5 * height[:, None]
    above = ridge > level
    # The run of samples above half of the height that contains the peak.
    run = _run_around(above, peak)
    weight = np.where(run, ridge - 0.5 * level, np.float32(0.0))
    mass = weight.sum(axis=1)
    center = weight @ across / np.maximum(mass, 1e-9)
    width = run.sum(axis=1)
    good = (height > 0.35 * abs(step)) & (width < 0.7 * len(across))
    # Runs that touch the strip's edge are something else than the pointer.
    good &= ~(run[:, 0] | run[:, -1])
    return center, np.where(good, np.minimum(height / abs(step), 1.5), 0.0)


def _run_around(above: NDArray[np.bool_], peak: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return the connected run of True that contains each row's peak."""
    columns = above.shape[1]
    index = np.arange(columns)[None, :]
    false = np.where(above, -1, index)
    before = np.where(index <= peak[:, None], false, -1).max(axis=1)
    after = np.where((index >= peak[:, None]) & ~above, index, columns).min(axis=1)
    run: NDArray[np.bool_] = (index > before[:, None]) & (index < after[:, None])
    return run


def middle_of(values: NDArray[np.floating]) -> float:
    """Return the upper median: what `np.median` gives, but for even counts, at a fifth of its cost."""
    half = len(values) // 2
    return float(np.partition(values, half)[half])


def _fit_line(
    along: NDArray[np.float64],
    center: NDArray[np.float64],
    weight: NDArray[np.float64],
    half_width: float,
) -> tuple[float, float, float, float] | None:
    """Fit ``center = offset + slope * along`` robustly; return both, the support, and the scatter.

    Starts from the best of a few lines through pairs of rows (a numeral that covers a third of the
    rows would pull a least-squares start), then iterates reweighted least squares (Tukey).
    """
    n = len(along)
    scale = max(0.006, 0.1 * half_width)
    pick = np.linspace(0, n - 1, 9).astype(int)
    first, second = pick[_FIRST], pick[_SECOND]
    far = along[second] - along[first] > 0.2 * (along[-1] - along[0])
    first, second = first[far], second[far]
    if not len(first):
        return None
    slopes = (center[second] - center[first]) / (along[second] - along[first])
    offsets = center[first] - slopes * along[first]
    misses = (center - offsets[:, None] - slopes[:, None] * along) / scale
    start = int(np.argmax((weight / (1 + misses * misses)).sum(axis=1)))
    slope, offset = float(slopes[start]), float(offsets[start])
    spread = scale
    moments = np.stack([np.ones(n), along, center, along * along, along * center])
    for _ in range(4):
        miss = np.abs(center - offset - slope * along)
        near = miss[miss < 4 * scale]
        if len(near):
            spread = max(0.003, 1.5 * middle_of(near))
        share = np.maximum(1 - (miss / (4 * spread)) ** 2, 0.0) ** 2 * weight
        total, first, second, square, both = (moments @ share).tolist()
        if total <= 0:
            return None
        mean = first / total
        variance = square - mean * first
        if variance <= 1e-12:
            return None
        slope = (both - mean * second) / variance
        offset = second / total - slope * mean
    miss = np.abs(center - offset - slope * along)
    close = miss < max(0.012, 4 * spread)
    support = float(close.mean())
    scatter = float(np.sqrt((miss[close] ** 2).mean())) if close.any() else half_width
    if abs(slope) > 0.5 or abs(offset) > half_width:
        return None
    return offset, slope, support, scatter
