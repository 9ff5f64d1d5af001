"""A level gauge at frame rate: what the tube looks like full and empty, and where the one becomes the other.

A level's surface is no clear edge among others: marks, reflections, foam and flaps have stronger ones.
So two pictures of the tube along its axis are learned, one as it looks below the surface and one as it
looks above, each where it was seen and guessed where it was not. In a frame every height is compared
with both, and the sum of what speaks for "full" below and "empty" above is greatest at the surface. What
the surface itself looks like (a meniscus, a float's edge) is learned as well, for liquids as clear as
air. Brightness is logarithmic (`anchor.LOG`).
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.anchor import LOG, LOG_STEP, Anchor, Shift
from meter_infer.reading.fast import RELIT, FastReading
from meter_infer.reading.geometry import TubeGeometry
from meter_infer.types import Luma, Reason

ACROSS = 6
"""Samples across the tube."""
BROAD = 0.28
"""They reach this far from the axis, as a share of the tube's width."""
MARGIN = 0.12
"""How far the pictures go beyond the scale's ends, as a share of its length."""
UNSURE = 0.025
"""The pictures are not learned this near to the surface, share of the scale's length."""
NEAR = 0.15
"""How far from the surface its two sides are compared, share of the scale's length."""
CAP = 40.0
"""Differences are no greater than this, in steps of `LOG`: a reflection is one thing, however bright."""
LEARN = 0.2
LEARN_EVERY = 6
LOOKS = 12
"""Looks of the networks whose mean is the geometry."""
STALE_MAP = 0.04
"""The scale's ends may be this far from where the tables assume them, share of its length."""

Rows = NDArray[np.float32]


class FastTube:
    """Reads one level gauge at frame rate. Built from a network pass; not shared between threads.

    Args:
        luma: the frame of that pass, uint8 (height, width).
        geometry: the tube.
        fraction: where the surface stands.
    """

    def __init__(self, luma: Luma, geometry: TubeGeometry, fraction: float) -> None:
        self.geometry = geometry
        self._drawn = geometry
        self._count = int(np.clip(round((1 + 2 * MARGIN) * geometry.length), 64, 640))
        self._make_table(luma)
        self._shift = Shift(0.0, 0.0, 0.0, 0.0)
        self._light = 0.0
        self._anchor = _anchor_of(luma, geometry)
        self._window = max(4, round(0.04 * self._count))
        self._reads = 0
        self._looks = [geometry]
        self._last: float | None = None
        self._energy = 0.0
        self._rest = 0.0
        self._offset = 0.0
        """What the networks call the surface lies this many samples above what is found here."""
        place = self._place(fraction)
        shape = (ACROSS, self._count)
        self._empty, self._full = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self._known = np.zeros((2, self._count), np.bool_)
        self._shape = np.zeros(2 * self._window, np.float32)
        self._take(luma)
        self._usable = self._learn(place, 1.0)
        if self._usable:
            self._learn_shape(place, 1.0)

    @property
    def shift(self) -> tuple[float, float]:
        """How far (px) the picture has swung since this was built, as of the last frame."""
        return self._shift.x, self._shift.y

    def verified(self, geometry: TubeGeometry, fraction: float) -> bool:
        """Take what the networks saw in the last frame that was read; False where that does not fit."""
        back = -np.array(self.shift)
        still = TubeGeometry(geometry.start + back, geometry.end + back, geometry.width)
        off = max(
            abs(self._drawn.fraction_of(still.start)),
            abs(self._drawn.fraction_of(still.end) - 1),
            abs(still.width / self._drawn.width - 1) * 0.15,
        )
        aside = np.abs((np.stack([still.start, still.end]) - self._drawn.start) @ _normal(self._drawn)).max()
        if off > STALE_MAP or aside > 0.2 * self._drawn.width or not self._usable:
            return False
        self._looks = [*self._looks, still][-LOOKS:]
        mean = np.mean([(look.start, look.end) for look in self._looks], axis=0)
        self.geometry = TubeGeometry(mean[0], mean[1], self._drawn.width)
        seen = self._place(self._drawn.fraction_of(still.point_at(fraction)))
        if self._last is not None and abs(seen - self._last) < 0.02 * self._count:
            self._offset += 0.2 * (seen - self._last - self._offset)
            self._learn_shape(self._last, LEARN)
        self._light = self._shift.light
        return True

    def read(self, luma: Luma) -> FastReading:
        """Return the surface's place in this frame.

        `camera_moved` where the surroundings are not where they were, `occluded` where no surface is seen.
        """
        self._last = None
        if self._anchor is not None:
            shift = self._anchor.follow(luma)
            if shift is None:
                return FastReading(None, 0.0, Reason.CAMERA_MOVED)
            self._shift = shift
        if not self._usable:
            return FastReading(None, 0.0, Reason.OCCLUDED)
        self._take(luma)
        place, confidence = self._surface()
        self._last = place
        self._reads += 1
        if confidence > 0.6 and self._reads % LEARN_EVERY == 0:
            self._learn(place, LEARN)
        point = self._drawn.point_at((place + self._offset) / self._count * (1 + 2 * MARGIN) - MARGIN)
        fraction = self.geometry.fraction_of(point)
        relit = abs(self._shift.light - self._light) > RELIT
        return FastReading(fraction, confidence, Reason.OK if confidence >= 0.5 else Reason.OCCLUDED, relit)

    def _make_table(self, luma: Luma) -> None:
        geometry = self._drawn
        fractions = (np.arange(self._count) + 0.5) / self._count * (1 + 2 * MARGIN) - MARGIN
        along = geometry.start + fractions[:, None] * (geometry.end - geometry.start)
        across = np.linspace(-BROAD, BROAD, ACROSS) * geometry.width
        points = along[None] + across[:, None, None] * _normal(geometry)
        height, width = luma.shape
        low = np.floor(points.reshape(-1, 2).min(axis=0)).astype(int) - 1
        high = np.ceil(points.reshape(-1, 2).max(axis=0)).astype(int) + 2
        x1, y1 = int(np.clip(low[0], 0, width - 1)), int(np.clip(low[1], 0, height - 1))
        x2, y2 = int(np.clip(high[0], x1 + 1, width)), int(np.clip(high[1], y1 + 1, height))
        self._box, self._frame = (x1, y1, x2, y2), (width, height)
        grid = (points - (x1 + 0.5, y1 + 0.5)).astype(np.float32)
        self._table = cv2.convertMaps(grid[..., 0], grid[..., 1], cv2.CV_16SC2)
        self._now = np.zeros((ACROSS, self._count), np.uint8)

    def _place(self, fraction: float) -> float:
        return (fraction + MARGIN) / (1 + 2 * MARGIN) * self._count

    def _take(self, luma: Luma) -> None:
        """Sample the tube, in logarithmic brightness, where it is now."""
        x1, y1, x2, y2 = self._box
        dx = min(max(round(self._shift.x), -x1), self._frame[0] - x2)
        dy = min(max(round(self._shift.y), -y1), self._frame[1] - y2)
        view = luma[y1 + dy : y2 + dy, x1 + dx : x2 + dx]
        cv2.remap(view, *self._table, cv2.INTER_LINEAR, self._now, cv2.BORDER_REPLICATE)
        cv2.LUT(self._now, LOG, self._now)
        # The rest of the shift, along the axis.
        ex, ey = self._shift.x - dx, self._shift.y - dy
        direction = self._drawn.direction
        self._rest = (
            (ex * direction[0] + ey * direction[1]) / self._drawn.length * self._count / (1 + 2 * MARGIN)
        )

    def _surface(self) -> tuple[float, float]:
        """Return the surface's place in samples from the lower end, and a confidence."""
        light = np.float32(self._shift.light / LOG_STEP)
        above = np.subtract(self._now, self._empty, dtype=np.float32) - light
        below = np.subtract(self._now, self._full, dtype=np.float32) - light
        mean_above, mean_below = above.mean(axis=0), below.mean(axis=0)
        gain = np.minimum(np.square(above), CAP * CAP) - np.minimum(np.square(below), CAP * CAP)
        score = np.zeros(self._count + 1, np.float32)
        np.cumsum(gain.sum(axis=0), out=score[1:])
        shape, w = self._shape, self._window
        if self._energy > 0:
            seen = np.correlate(mean_below[:-w], shape[:w], "valid")
            seen += np.correlate(mean_above[w:], shape[w:], "valid")
            score[w : w + len(seen)] += ACROSS * (2 * seen - self._energy)
        k = int(score.argmax())
        low, high = max(0, k - w), min(self._count, k + w)
        contrast = np.square(self._full[:, low:high] - self._empty[:, low:high])
        expected = float(contrast.sum()) * w / max(high - low, 1) + ACROSS * self._energy
        rival = max(
            float(score[: k - w].max()) if k > w else -np.inf,
            float(score[k + w + 1 :].max()) if k + w < self._count else -np.inf,
        )
        clear = (float(score[k]) - rival) / max(expected, 1.0)
        strength = math.sqrt(expected / (w * ACROSS))
        fit = np.concatenate([np.abs(below[:, :k]), np.abs(above[:, k:])], axis=1)
        good = float((fit < max(12.0, 0.6 * strength)).mean())
        place = float(k) + self._part(above, below, k) - self._rest
        confidence = _ramp(clear, 0.15, 0.5) * _ramp(strength, 3.0, 7.0) * _ramp(good, 0.5, 0.75)
        return place, confidence

    def _part(self, above: Rows, below: Rows, k: int) -> float:
        """Return how much of the samples about a surface is full beyond what the whole number says."""
        reach = 3
        low, high = max(0, k - reach), min(self._count, k + reach)
        step = self._full[:, low:high] - self._empty[:, low:high]
        weight = float(np.square(step).sum())
        if weight < 25.0 * step.size:
            return 0.0
        share = (above[:, low:high] * step).sum(axis=0) / (np.square(step).sum(axis=0) + 1.0)
        return float(np.clip(np.clip(share, 0, 1).sum() - (k - low), -1.0, 1.0))

    def _learn(self, place: float, rate: float) -> bool:
        """Learn both pictures from the last frame, and guess what was never seen; False if one is unknown."""
        unsure = max(3, round(UNSURE * self._count))
        now = self._now.astype(np.float32) - np.float32(self._shift.light / LOG_STEP)
        index = np.arange(self._count) + 0.5
        for picture, known, part in (
            (self._full, self._known[0], index < place - unsure),
            (self._empty, self._known[1], index > place + unsure),
        ):
            new = part & ~known
            picture[:, new] = now[:, new]
            old = part & known
            picture[:, old] += np.float32(rate) * (now[:, old] - picture[:, old])
            known |= part
        near = NEAR * self._count
        sides = [
            np.median(picture[:, own], axis=1, keepdims=True) if own.sum() >= 3 else None
            for picture, own in (
                (self._full, self._known[0] & (index > place - near - unsure)),
                (self._empty, self._known[1] & (index < place + near + unsure)),
            )
        ]
        if sides[0] is None or sides[1] is None:
            return False
        step = sides[0] - sides[1]
        for picture, known, other, seen, side, sign in (
            (self._full, self._known[0], self._empty, self._known[1], sides[0], 1.0),
            (self._empty, self._known[1], self._full, self._known[0], sides[1], -1.0),
        ):
            # A clear liquid adds to what is behind it, an opaque one hides it: between the two.
            guess = np.where(seen, 0.5 * (other + sign * step) + 0.5 * side, side)
            picture[:, ~known] = guess[:, ~known]
        return True

    def _learn_shape(self, place: float, rate: float) -> None:
        """Learn what the surface itself looks like, beside the step from full to empty."""
        w = self._window
        k = round(place)
        if w <= k < self._count - w:
            light = np.float32(self._shift.light / LOG_STEP)
            now = self._now.astype(np.float32) - light
            below = (now[:, k - w : k] - self._full[:, k - w : k]).mean(axis=0)
            above = (now[:, k : k + w] - self._empty[:, k : k + w]).mean(axis=0)
            shape = np.concatenate([below, above])
            self._shape += np.float32(rate) * (shape - self._shape)
        self._energy = float(np.square(self._shape).sum())


def _normal(geometry: TubeGeometry) -> NDArray[np.float64]:
    direction = geometry.direction
    return np.array([-direction[1], direction[0]])


def _ramp(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _anchor_of(luma: Luma, geometry: TubeGeometry) -> Anchor | None:
    """Return an anchor on what stands around the tube."""
    height, width = luma.shape
    margin = 9
    reach = max(1.5 * geometry.width, 0.35 * geometry.length)
    ends = np.stack([geometry.point_at(-0.25), geometry.point_at(1.25)])
    x1, y1 = (int(v) for v in np.maximum(np.floor(ends.min(axis=0) - reach), margin))
    x2, y2 = (
        int(v) for v in np.minimum(np.ceil(ends.max(axis=0) + reach), (width - margin, height - margin))
    )
    if x2 - x1 < 24 or y2 - y1 < 24:
        return None
    grid = np.stack(np.meshgrid(np.arange(x1, x2) + 0.5, np.arange(y1, y2) + 0.5), axis=-1)
    along = (grid - geometry.start) @ geometry.direction / geometry.length
    across = np.abs((grid - geometry.start) @ _normal(geometry))
    free = (across < reach) & (along > -0.25) & (along < 1.25)
    free &= (across > 0.7 * geometry.width) | (along < -0.1) | (along > 1.1)
    anchor = Anchor(luma, free, (x1, y1), geometry.point_at(0.5))
    return anchor if anchor.usable else None
