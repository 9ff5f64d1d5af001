"""A dial at frame rate: two table lookups, a ridge, a line.

1. A coarse polar picture about the hub, by one `cv2.remap` with fixed-point tables made once, in
   logarithmic brightness, against a background that is learned as the pointer moves: set-point hands,
   numerals and the rim's shadow are background. What is higher than the dial on *both* of its sides is
   a ridge; the edge of a moving shadow is none. The rings vote for the direction.
2. A fine polar picture around that direction: a slice of a second table. In each ring the pointer's
   centre is the centroid of what differs from the background; a line through the centres, fitted so
   that no single ring pulls it, is the pointer's axis.

The reading is where that line meets the circle of the scale. The tables stay as they were made when the
picture swings or the networks come to know the dial's geometry better: both only change how the line is
mapped into the dial.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.anchor import Shift
from meter_infer.reading.dial import PointerLine
from meter_infer.reading.fast import RELIT, Course, FastReading
from meter_infer.reading.geometry import TAU, DialGeometry
from meter_infer.reading.pointer import mask_crossing
from meter_infer.reading.polar import PolarPicture, Table, polar_table
from meter_infer.reading.quality import on_scale, ramp
from meter_infer.reading.surroundings import around_dial
from meter_infer.types import Luma, Reason

BINS = 480
RINGS = 10
FINE_RINGS = 16
APART = 11
"""Bins between a ridge and the dial beside it."""
MASK_RAD = math.radians(9)
MASK_BINS = math.ceil(MASK_RAD / TAU * BINS)
"""Half-width of what the pointer may cover near its tip, around its axis."""
BROAD = 0.11
"""Half-width of what it may cover farther in, as a share of its length."""
FINE_RAD = math.radians(12)
"""Half-width of the fine picture."""
HALF = 0.45
"""What stands above this share of a ring's height is the pointer."""
WIDEST = math.radians(3.2) ** 2
"""A ring where the variance is greater (radians squared) shows something else than the pointer."""
SCALES = (math.radians(2.5), math.radians(1.0), math.radians(0.5))
"""Tolerances of the line's fit, one after the other."""
STRONGER = (3.0, 2.2)
"""Contrast, as a share of the pointer's, from which on and up to which a ridge that leapt is not the pointer.
One that moves on may have come from a dark sector of the face to a bright one."""
STIFF = 0.02
LEARN_EVERY = 8
"""Frames between two that are learned: the background is static, and learning is not free."""
NO_GAP = 0.03
"""Gap between a scale's ends up to which pointers go round and round, share of the scale."""
STALE_MAP = 0.05
"""The hub may be this far (dial coordinates) from where the tables assume it."""


class FastDial:
    """Reads one dial at frame rate. Built from a network pass; not shared between threads.

    Args:
        luma: the frame of that pass, uint8 (height, width).
        geometry: the dial.
        pointer: its axis in that frame; gives hub, length and polarity.
    """

    def __init__(self, luma: Luma, geometry: DialGeometry, pointer: PointerLine) -> None:
        hub, tip = geometry.to_dial(pointer.hub), geometry.to_dial(pointer.tip)
        self._length = float(np.linalg.norm(tip - hub))
        self._center = geometry.to_frame(hub)
        self._axes = geometry.axes
        self._angle = math.atan2(tip[1] - hub[1], tip[0] - hub[0])
        reach = 1.02 * self._length * np.sqrt((geometry.axes**2).sum(axis=1))
        height, width = luma.shape
        low, high = (
            np.floor(self._center - reach).astype(int) - 1,
            np.ceil(self._center + reach).astype(int) + 2,
        )
        x1, y1 = int(np.clip(low[0], 0, width - 1)), int(np.clip(low[1], 0, height - 1))
        x2, y2 = int(np.clip(high[0], x1 + 1, width)), int(np.clip(high[1], y1 + 1, height))
        self._window = x1, y1, x2, y2
        self.shape = height, width
        """Of the frames that can be read."""

        def covers(radii: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.maximum(MASK_RAD, BROAD * self._length / radii)

        pad = APART + 2
        radii = np.linspace(0.38, 0.94, RINGS) * self._length
        self._coarse = PolarPicture(self._table(radii, BINS, pad), BINS, pad, covers(radii))
        pixels = self._length * geometry.radius
        bins = int(np.clip(math.ceil(TAU * pixels / 0.6), 720, 2880))
        self._half = math.ceil(FINE_RAD / TAU * bins)
        radii = np.linspace(0.5, 0.955, FINE_RINGS) * self._length
        self._fine = PolarPicture(self._table(radii, bins, self._half), bins, self._half, covers(radii))
        self._reads = 0
        self._light = 0.0
        self._shift = Shift(0.0, 0.0, 0.0, 0.0)
        self._make_fit(radii)
        for polar in (self._coarse, self._fine):
            polar.begin(self._view(luma), self._angle)
        self._anchor = around_dial(luma, geometry, pointer, BROAD)
        self._sign, self._step = self._polarity(luma)
        self._cap = max(1, int(1.3 * self._step))
        self._see(geometry)
        self.course = Course(_fraction_of(geometry, pointer), _around(geometry), 0.5 * TAU / geometry.span)

    @property
    def shift(self) -> tuple[float, float]:
        """How far (px) the picture has swung since this was built, as of the last frame."""
        return self._shift.x, self._shift.y

    def verified(self, geometry: DialGeometry, pointer: PointerLine) -> bool:
        """Take the geometry that the networks know by now; False where the tables no longer fit it.

        Args:
            geometry: in the last frame that was read.
            pointer: its axis in that frame.
        """
        still = geometry.moved(-np.array(self.shift))
        hub, tip = geometry.to_dial(pointer.hub), geometry.to_dial(pointer.tip)
        off = float(np.linalg.norm(still.to_dial(self._center)[:2] - hub))
        longer = float(np.linalg.norm(tip - hub)) / self._length
        warped = float(np.abs(np.linalg.solve(still.axes, self._axes) - np.eye(2)).max())
        if off > STALE_MAP or not 0.8 < longer < 1.25 or warped > STALE_MAP or self._step < 3:
            return False
        self._see(still)
        self._light = self._shift.light
        self.course.go(_fraction_of(geometry, pointer))
        return True

    def read(self, luma: Luma) -> FastReading:
        """Return the pointer's place in this frame.

        `camera_moved` where the surroundings are not where they were, `occluded` where no pointer is seen.
        """
        if self._anchor is not None:
            shift = self._anchor.follow(luma)
            if shift is None:
                return FastReading(None, 0.0, Reason.CAMERA_MOVED)
            self._shift = shift
        view = self._view(luma)
        angle, clear = self._direction(view)
        found = self._line(view, angle)
        if found is None:
            return FastReading(None, 0.0, Reason.OCCLUDED)
        direction, beside, support, strength = found
        fraction = self._fraction(direction, beside)
        if fraction is None:
            return FastReading(None, 0.0, Reason.OCCLUDED)
        confidence = ramp(clear, 1.1, 1.9) * ramp(support, 0.0, 0.6) * ramp(strength, 0.2, 0.5)
        if not self.course.reaches(fraction):
            confidence *= ramp(strength, *STRONGER)
        on = on_scale(self.geometry, fraction)
        confidence *= on
        clear, confidence = confidence >= 0.5, self.course.follows(fraction, confidence)
        self._angle = direction
        self._reads += 1
        if confidence > 0.6 and self._reads % LEARN_EVERY == 0:
            self._coarse.learn(self._angle)
            self._fine.take(view)
            self._fine.learn(self._angle)
        relit = abs(self._shift.light - self._light) > RELIT
        reason = Reason.OK if confidence >= 0.5 else Reason.OCCLUDED if on >= 0.5 else Reason.OFF_SCALE
        return FastReading(fraction, confidence, reason, relit, clear and confidence < 0.5)

    def _view(self, luma: Luma) -> Luma:
        """Return the part of the frame that the tables are made for, moved along by whole pixels."""
        x1, y1, x2, y2 = self._window
        dx = min(max(round(self._shift.x), -x1), self.shape[1] - x2)
        dy = min(max(round(self._shift.y), -y1), self.shape[0] - y2)
        self._moved = dx, dy
        return luma[y1 + dy : y2 + dy, x1 + dx : x2 + dx]

    def _table(self, radii: NDArray[np.float64], bins: int, pad: int) -> Table:
        """Return the table of a polar grid, wrapped around by `pad` bins at both ends."""
        phi = (np.arange(-pad, bins + pad) + 0.5) / bins * TAU - np.pi
        unit = np.stack([np.cos(phi), np.sin(phi)], axis=-1)
        points = radii[:, None, None] * unit[None] @ self._axes.T + self._center
        return polar_table(points, self._window[:2])

    def _direction(self, view: Luma) -> tuple[float, float]:
        """Return the direction of the clearest ridge, and how much clearer it is than the second best."""
        relief = self._coarse.relief(view, self._sign)
        ridge, votes = self._ridge, self._votes
        # A ridge is as high as it stands above the higher of its two sides.
        cv2.max(relief[:, : -2 * APART], relief[:, 2 * APART :], ridge)
        cv2.subtract(relief[:, APART:-APART], ridge, ridge)
        # A bright spot or a dark lid on one ring must not outvote the others.
        cv2.threshold(ridge, self._cap, 0, cv2.THRESH_TRUNC, ridge)
        cv2.threshold(ridge, 0, 0, cv2.THRESH_TOZERO, ridge)
        cv2.reduce(ridge, 0, cv2.REDUCE_SUM, votes, cv2.CV_32F)
        cv2.blur(votes, (3, 1), votes)
        profile = votes[0, 2:-2]
        peak = int(profile.argmax())
        second = max(float(profile[part].max()) for part in _outside(peak, MASK_BINS, BINS))
        clear = float(profile[peak]) / max(second, 0.04 * RINGS * self._cap)
        return (peak + 0.5) / BINS * TAU - math.pi, clear

    def _line(self, view: Luma, angle: float) -> tuple[float, float, float, float] | None:
        """Fit the pointer's axis near a direction.

        Returns its direction (radians), its distance from the tables' hub (dial coordinates, clockwise
        positive), the share of rings that agree, and its contrast as a share of the known one.
        """
        fine = self._fine
        first = int((angle + math.pi) / TAU * fine.bins) % fine.bins
        relief = fine.part(view, first, self._sign)
        # The dial beside the pointer is a straight line between the two edges of each ring.
        relief -= relief.dot(self._edges).dot(self._slope)
        heights = relief[:, self._inner].max(axis=1)
        relief -= (HALF * heights)[:, None]
        np.maximum(relief, 0.0, out=relief)
        centers: list[float] = []
        weights: list[float] = []
        strengths = [height / max(self._step, 1.0) for height in heights.tolist()]
        for strength, (mass, moment, square) in zip(
            strengths, relief.dot(self._moments).tolist(), strict=True
        ):
            center = moment / (mass + 1e-6)
            narrow = square / (mass + 1e-6) - center * center < WIDEST
            centers.append(center)
            weights.append(min(strength, 1.2) if narrow and strength > 0.3 else 0.0)
        if sum(weights) < 0.1 * FINE_RINGS:
            return None
        start, slope, support = _robust_line(self._lever, centers, weights)
        # On the ring of radius r a line at distance d stands at its direction + asin(d / r).
        direction = (first + 0.5) / fine.bins * TAU - math.pi + start - slope * self._mean_inverse
        return direction, slope * self._length, support, sorted(strengths)[FINE_RINGS // 2]

    def _make_fit(self, radii: NDArray[np.float64]) -> None:
        """Precompute what `_direction` and `_line` multiply with and write to."""
        self._ridge = np.empty((RINGS, BINS + 4), np.int16)
        self._votes = np.empty((1, BINS + 4), np.float32)
        width = 2 * self._half + 1
        x = ((np.arange(width) - self._half) * (TAU / self._fine.bins)).astype(np.float32)
        edge = max(2, width // 8)
        self._edges = np.zeros((width, 2), np.float32)
        self._edges[:edge, 0] = self._edges[-edge:, 1] = 1 / edge
        ramp = np.clip((np.arange(width) - edge / 2) / (width - edge), 0, 1).astype(np.float32)
        self._slope = np.stack([1 - ramp, ramp])
        self._inner = slice(edge, -edge)
        self._moments = np.stack([np.ones_like(x), x, x * x], axis=1)
        inverse = self._length / radii
        self._mean_inverse = float(inverse.mean())
        self._lever = [float(v) for v in inverse - self._mean_inverse]

    def _polarity(self, luma: Luma) -> tuple[int, float]:
        """Return whether the pointer is brighter (1) or darker (-1) than the dial, and by how much."""
        first = int((self._angle + math.pi) / TAU * self._fine.bins) % self._fine.bins
        relief = self._fine.part(self._view(luma), first, 1)
        inner = relief[:, self._half // 2 : -(self._half // 2)]
        bright, dark = float(np.median(inner.max(axis=1))), float(np.median(-inner.min(axis=1)))
        return (1, bright) if bright > dark else (-1, dark)

    def _see(self, geometry: DialGeometry) -> None:
        """Precompute the map from the tables' coordinates to those of a geometry (of the unmoved picture)."""
        self.geometry = geometry
        inverse = np.linalg.inv(geometry.axes)
        self._to_dial = [[float(v) for v in row] for row in inverse @ self._axes]
        self._hub = [float(v) for v in inverse @ (self._center - geometry.center)]
        self._inverse_axes = [[float(v) for v in row] for row in inverse]

    def _fraction(self, direction: float, beside: float) -> float | None:
        """Return where a line meets the scale; `beside` is its distance from the tables' hub."""
        (a, b), (c, d) = self._to_dial
        (p, q), (r, s) = self._inverse_axes
        # The view was moved by whole pixels; the rest of the shift is in the line.
        ex, ey = self._moved[0] - self._shift.x, self._moved[1] - self._shift.y
        hx, hy = self._hub[0] + p * ex + q * ey, self._hub[1] + r * ex + s * ey
        ux, uy = math.cos(direction), math.sin(direction)
        x0, y0 = -uy * beside, ux * beside
        x, y = a * x0 + b * y0 + hx, c * x0 + d * y0 + hy
        vx, vy = a * ux + b * uy, c * ux + d * uy
        norm = math.hypot(vx, vy)
        vx, vy = vx / norm, vy / norm
        radius = self.geometry.band[0]
        along = x * vx + y * vy
        reach = along * along - x * x - y * y + radius * radius
        if reach <= 0:
            return None
        go = math.sqrt(reach) - along
        angle = math.atan2(y + go * vy, x + go * vx) - self._shift.turn
        return self.geometry.fraction_of_angle(angle)


def _around(geometry: DialGeometry) -> float:
    """Return once around the dial as a fraction of its scale; infinite where a gap bars the way."""
    turn = TAU / geometry.span
    return turn if turn < 1 + NO_GAP else math.inf


def _fraction_of(geometry: DialGeometry, pointer: PointerLine) -> float:
    """Return where on the scale a pointer stands."""
    angle = mask_crossing(geometry, pointer)
    return 0.5 if angle is None else geometry.fraction_of_angle(angle)


def _outside(peak: int, reach: int, bins: int) -> list[slice]:
    """Return the ranges of bins farther than `reach` from a peak, on the circle."""
    low, high = peak - reach, peak + reach + 1
    if low < 0:
        return [slice(high, bins + low)]
    if high > bins:
        return [slice(high - bins, low)]
    return [slice(a, b) for a, b in ((0, low), (high, bins)) if b > a]


def _robust_line(
    lever: list[float], centers: list[float], weights: list[float]
) -> tuple[float, float, float]:
    """Fit ``center = start + slope * lever`` and return start, slope, and the share of points that agree.

    Reweighted least squares whose tolerance shrinks, so that the start needs no search. Plain floats:
    for so few points each call of numpy costs more than the sums.
    """
    start = slope = 0.0
    shares = weights
    for scale in SCALES:
        w = wx = wxx = wy = wxy = 0.0
        for x, y, share in zip(lever, centers, shares, strict=True):
            w += share
            wx += share * x
            wxx += share * x * x
            wy += share * y
            wxy += share * x * y
        # Where the rings tell little of the slope, the axis goes through the hub.
        slope = (w * wxy - wx * wy) / (w * wxx - wx * wx + STIFF * w * w + 1e-9)
        start = (wy - slope * wx) / (w + 1e-9)
        shares = [
            weight / (1 + ((y - start - slope * x) / scale) ** 2) ** 2
            for x, y, weight in zip(lever, centers, weights, strict=True)
        ]
    return start, slope, sum(shares) / len(shares)
