"""Where the picture has gone: the surroundings of a meter, followed from frame to frame.

A camera that swings in the wind moves the whole picture by a few pixels; one that was knocked moves it
for good. Some hundred points with structure, picked around the meter where nothing of it moves, tell
the displacement by one linear step (Lucas and Kanade, 1981): the brightness differences of the points
are a linear function of a small shift, rotation and growth, and the inverse of that function is
precomputed. Brightness is logarithmic (`LOG`), so that light which changes is an additive constant;
each sector around the meter loses its own constant, so that a shadow across some of them does no harm.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Luma

SECTORS = 16
POINTS = 40
"""Points in a sector."""
STEP = 0.3
"""A linear step farther than this (px) is taken again from where it led."""
STEPS = 8
REACH = 8
"""How far (px) a picture that jumped is looked for."""
LOST = (0.06, 0.08)
"""Mean square of the differences that are left, each as a share of what a shift by a pixel makes, in the
middle one of the sectors, above which this is not the view that was set: for the points that tell of a
shift, and for those that tell of a turn. Rendered views that were kept give 0.054 and 0.073 at most, half of
the views turned by five degrees 0.1 and 0.25 at least."""
GONE = 0.5
"""Share of the points' own contrast that is no longer there, in the middle one of the sectors, above which
this is not the view that was set: a bare wall differs little from points that lie on the same grey. Rendered
views that were kept give 0.27 at most, views pushed by 40 px 0.65 at least."""
LEAST_SLOPE = 4.0
"""Mean slope of a sector's points, steps of `LOG` a pixel, below which the sector tells nothing."""
LEAST_SECTORS = 5
SURE_TURN = math.radians(0.3)
"""A turn is known no better than this: what it exceeds this by is believed."""
MAX_TURN = math.radians(1.5)
"""A picture that turned farther than this is another view."""
MAX_SHIFT = 0.08
"""A shift farther than this, as a share of the meter's size, is another view."""

_DARK = 12.0
_BLOCK = 32
_MOST_PLACES = 500_000


def _log_table() -> NDArray[np.uint8]:
    values = np.log((np.arange(256) + _DARK) / _DARK)
    table: NDArray[np.uint8] = np.round(255 * values / values[-1]).astype(np.uint8)
    return table


LOG = _log_table()
"""Luma to logarithmic brightness, uint8 (256,): a change of light adds the same to all."""
LOG_STEP = float(np.log((255 + _DARK) / _DARK) / 255)
"""One step of `LOG` is this change of the logarithm."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How the picture has moved since the anchor was set."""

    x: float
    y: float
    """Pixels."""
    turn: float
    """Radians, clockwise."""
    light: float
    """Change of brightness, natural logarithm."""


class Anchor:
    """Follows the surroundings of one meter. Not shared between threads.

    Args:
        luma: the frame it is set in, uint8 (height, width).
        region: where structure may be picked, bool (rows, columns).
        corner: the frame pixel (x, y) of the region's first sample.
        center: the middle of the meter, frame pixels (2,).
    """

    def __init__(
        self, luma: Luma, region: NDArray[np.bool_], corner: tuple[int, int], center: NDArray[np.float64]
    ) -> None:
        rows, columns = region.shape
        self._x, self._y = corner
        self._size = (columns, rows)
        self._extent = 0.5 * max(rows, columns)
        view = luma[corner[1] : corner[1] + rows, corner[0] : corner[0] + columns]
        picture = cv2.LUT(cv2.blur(view, (2, 2), anchor=(0, 0)), LOG).astype(np.float32)
        slope_x = cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=1 / 8)
        slope_y = cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=1 / 8)
        # A point of the blurred picture stands on the corner between four pixels.
        middle = center[0] - corner[0] - 1.0, center[1] - corner[1] - 1.0
        index = _pick(region, middle, slope_x, slope_y)
        self.usable = index is not None
        if index is None:
            return
        grid = np.stack([index % columns, index // columns], axis=-1).astype(np.int16)[None]
        self._grid = grid
        self._part = np.empty(grid.shape[:2], np.uint16)
        """Fixed-point fraction of a pixel at which all points are sampled, in the coding of `cv2.remap`."""
        gx, gy = (a.reshape(-1)[index].astype(np.float64) for a in (slope_x, slope_y))
        px, py = index % columns - middle[0], index // columns - middle[1]
        design = np.stack([gx, gy, (gy * px - gx * py) / self._extent, (gx * px + gy * py) / self._extent])
        # What differs more than a shift by a pixel would explain (the pointer passes) counts no more.
        limit = (1.2 * np.hypot(gx, gy) + 10.0).astype(np.float32).reshape(SECTORS, POINTS)
        self._most, self._least, self._share = limit, -limit, (1 / limit).astype(np.float32)
        slopes = np.hypot(gx, gy), np.abs(gy * px - gx * py) / np.maximum(np.hypot(px, py), 1.0)
        self._weights, self._telling = _weigh(*slopes)
        self.usable = any(self._telling)
        if not self.usable:  # all of one brightness: nothing to solve for
            return
        # A shift also changes the mean brightness of the points; the light does not.
        self._drift = -design.mean(axis=1).astype(np.float32)
        design = _centered(design)
        # The brightness at a fixed place changes against the slope.
        self._design = -design.T.astype(np.float32)
        normal = design @ design.T
        # What the surroundings do not tell (straight lines along themselves) stays as it was.
        normal += 1e-3 * np.trace(normal) / 4 * np.eye(4)
        self._solve = -(np.linalg.inv(normal) @ design).astype(np.float32)
        self._samples = np.empty(grid.shape[:2], np.uint8)
        self._level = np.empty((SECTORS, POINTS), np.float32)
        self._at = 0.0, 0.0
        self._known = np.zeros((SECTORS, POINTS), np.float32)
        sampled = self._sample(luma)
        if sampled is None:
            self.usable = False
            return
        self._known = sampled.astype(np.float32)
        own = self._known - self._known.mean(axis=1, keepdims=True)
        whole = (np.minimum(np.abs(own), limit) * np.abs(own)).sum(axis=1, keepdims=True)
        self._own = -own / np.maximum(whole, 1e-6)
        self._misses = 0

    def follow(self, luma: Luma) -> Shift | None:
        """Return how the picture of this frame has moved; None when it cannot be found again."""
        start = self._at
        found = self._refine(luma)
        if found is None and start != (0.0, 0.0):
            self._at = 0.0, 0.0
            found = self._refine(luma)
        if found is not None:
            self._misses = 0
            return found
        self._at = start
        self._misses += 1
        if self._misses % 4 != 1:
            return None
        self._search(luma)
        found = self._refine(luma)
        if found is None:
            self._at = start
        return found

    def _refine(self, luma: Luma) -> Shift | None:
        for _ in range(STEPS):
            compared = self._compare(luma)
            if compared is None:
                return None
            difference, light = compared
            flat = difference.reshape(-1)
            found = self._solve.dot(flat)
            x, y = float(found[0]), float(found[1])
            before = self._at
            self._at = before[0] + max(-2.0, min(2.0, x)), before[1] + max(-2.0, min(2.0, y))
            if max(abs(x), abs(y)) <= STEP:
                break
        else:
            return None
        flat -= self._design.dot(found)
        gone = np.einsum("ij,ij->i", difference, self._own).tolist()
        difference *= self._share
        np.square(difference, out=difference)
        difference *= self._weights
        shares = difference.reshape(2 * SECTORS, POINTS // 2).dot(_ONES).tolist()
        lost = sorted(gone)[SECTORS // 2] > GONE or any(
            sectors and sorted([shares[k] for k in sectors])[len(sectors) // 2] > limit
            for sectors, limit in zip(self._telling, LOST, strict=True)
        )
        turn = float(found[2]) / self._extent
        x, y = self._at
        far = x * x + y * y > (MAX_SHIFT * 2 * self._extent) ** 2
        if lost or abs(turn) > MAX_TURN or far:
            return None
        turn = math.copysign(max(0.0, abs(turn) - SURE_TURN), turn)
        return Shift(x, y, turn, (light - float(self._drift.dot(found))) * LOG_STEP)

    def _compare(self, luma: Luma) -> tuple[NDArray[np.float32], float] | None:
        """Return the points' differences, each sector without its own light, and the mean light."""
        sampled = self._sample(luma)
        if sampled is None:
            return None
        difference = np.subtract(sampled, self._known, out=self._level)
        light = difference.dot(_MEAN)
        difference -= light
        np.minimum(difference, self._most, out=difference)
        np.maximum(difference, self._least, out=difference)
        return difference, sum(light[:, 0].tolist()) / SECTORS

    def _sample(self, luma: Luma) -> Luma | None:
        """Sample the points where the picture is taken to be; None where that is outside the frame."""
        # Half a pixel more in both directions: at rest, bilinear interpolation is the mean of four pixels.
        right, down = round(32 * self._at[0]) + 16, round(32 * self._at[1]) + 16
        x, y = self._x + right // 32, self._y + down // 32
        height, width = luma.shape
        columns, rows = self._size
        if x < 0 or y < 0 or x + columns > width or y + rows > height:
            return None
        self._part.fill(down % 32 * 32 + right % 32)
        view = luma[y : y + rows, x : x + columns]
        cv2.remap(view, self._grid, self._part, cv2.INTER_LINEAR, self._samples, cv2.BORDER_REPLICATE)
        cv2.LUT(self._samples, LOG, self._samples)
        return self._samples.reshape(SECTORS, POINTS)

    def _search(self, luma: Luma) -> None:
        """Go to where the surroundings look most alike, on a grid of shifts about the last place."""
        start = self._at
        known = (self._known - self._known.mean(axis=1, keepdims=True)) * self._share
        least = 0.2 * float(np.linalg.norm(known))
        best, place = 0.0, start
        for dy in range(-REACH, REACH + 1):
            for dx in range(-REACH, REACH + 1):
                self._at = start[0] + dx, start[1] + dy
                sampled = self._sample(luma)
                if sampled is None:
                    continue
                # By correlation: a bare wall differs little from anything.
                now = np.subtract(sampled, sampled.mean(axis=1, keepdims=True), out=self._level)
                now *= self._share
                alike = float(np.vdot(now, known)) / max(math.sqrt(float(np.vdot(now, now))), least)
                if alike > best:
                    best, place = alike, self._at
        self._at = place


_ONES = np.ones(POINTS // 2, np.float32)
_MEAN = np.full((POINTS, 1), 1 / POINTS, np.float32)
"""The mean as a product of matrices, which for so few numbers is fifty times as fast as `mean`."""


def _weigh(
    steep: NDArray[np.float64], across: NDArray[np.float64]
) -> tuple[NDArray[np.float32], list[list[int]]]:
    """Return how much each point tells of a displacement, and which half sectors tell of it at all.

    The first half of a sector's points tells of a shift by its slopes `steep`, the second of a turn by
    those across the direction to the middle. Weights: float32 (sectors, points), each half sums to 1.
    """
    slopes = steep.reshape(SECTORS, 2, POINTS // 2).copy()
    slopes[:, 1] = across.reshape(SECTORS, 2, POINTS // 2)[:, 1]
    weights = slopes / (slopes + 8.0)
    weights /= np.maximum(weights.sum(axis=2, keepdims=True), 1e-9)
    mean = slopes.mean(axis=2)
    halves = [[2 * k + half for k in range(SECTORS) if mean[k, half] > LEAST_SLOPE] for half in (0, 1)]
    telling = [half if len(half) >= LEAST_SECTORS else [] for half in halves]
    return weights.reshape(SECTORS, POINTS).astype(np.float32), telling


def _centered(design: NDArray[np.float64]) -> NDArray[np.float64]:
    shaped = design.reshape(len(design), SECTORS, POINTS)
    centered: NDArray[np.float64] = (shaped - shaped.mean(axis=2, keepdims=True)).reshape(len(design), -1)
    return centered


def _pick(
    region: NDArray[np.bool_],
    middle: tuple[float, float],
    slope_x: NDArray[np.floating | np.integer],
    slope_y: NDArray[np.floating | np.integer],
) -> NDArray[np.intp] | None:
    """Return the flat indices of the steepest points, sector by sector about the `middle`; None without room.

    Half of a sector's points are the steepest, half those steepest across the direction to the middle.
    """
    allowed = region.copy()
    allowed[:2], allowed[-2:], allowed[:, :2], allowed[:, -2:] = False, False, False, False
    # Of very many places a part will do: each costs time in a frame that has to wait for it.
    step = math.ceil(math.sqrt(np.count_nonzero(allowed) / _MOST_PLACES))
    if step > 1:
        thin = np.zeros_like(allowed)
        thin[::step, ::step] = allowed[::step, ::step]
        allowed = thin
    down, right = np.nonzero(allowed)
    if len(down) < 2 * SECTORS * POINTS:
        return None
    free = down * region.shape[1] + right
    x = right.astype(np.float32) - np.float32(middle[0])
    y = down.astype(np.float32) - np.float32(middle[1])
    gx, gy = slope_x.reshape(-1)[free], slope_y.reshape(-1)[free]
    steep = gx * gx + gy * gy
    across = np.abs(gy * x - gx * y) / np.maximum(np.sqrt(x * x + y * y), np.float32(1.0))
    # Sectors of equally many pixels: at the frame's edge some directions have none. Sixteen bits are sorted
    # in a tenth of the time.
    turn = ((np.arctan2(y, x) + np.float32(np.pi)) * np.float32(65535 / (2 * np.pi))).astype(np.uint16)
    order = np.argsort(turn, kind="stable")
    half = POINTS // 2
    return np.concatenate(
        [
            free[own[highest(measure[own], half)]]
            for own in np.array_split(order, SECTORS)
            for measure in (steep, across)
        ]
    )


def highest(values: NDArray[np.floating], count: int) -> NDArray[np.intp]:
    """Return where the `count` highest of at least as many values are, in no order."""
    blocks = len(values) // _BLOCK
    if blocks <= count:
        return np.argpartition(values, -count)[-count:]
    # The highest of `count` blocks are as many values: what lies below all of them is none of the highest.
    peaks = values[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
    likely = np.flatnonzero(values >= np.partition(peaks, -count)[-count])
    return likely[np.argpartition(values[likely], -count)[-count:]]
