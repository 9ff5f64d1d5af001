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
FIRST_UNSURE = 0.01
"""The same at first, where what is not learned must be guessed."""
NEAR = 0.15
"""How far from the surface its two sides are compared, share of the scale's length."""
CAP = 40.0
"""Differences are no greater than this, in steps of `LOG`: a reflection is one thing, however bright."""
ODD = (10.0, 18.0)
"""Mean difference from both pictures, in steps of `LOG`, over a stretch of the tube: up to the first it is
noise, from the second on something unknown."""
FAR = 0.04
"""Networks and frame-rate path may call the surface by this share of the tube differently."""
LEAP = 0.08
"""Share of the tube that the surface moves from one frame to the next, at most."""
VAGUE = (0.025, 0.05)
"""Share of the tube in which the surface may as well stand."""
CLEAR = 8.0
"""Difference between full and empty, in steps of `LOG`, from which the surface needs no look of its own."""
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
        self._patience = 0.0
        self._looks = [geometry]
        self._last: float | None = None
        self._energy = 0.0
        self._first = np.zeros(2 * self._window, np.float32)
        self._shape_at: float | None = None
        self._rest = 0.0
        self._compared = 0
        self._offset = 0.0
        """What the networks call the surface lies this many samples above what is found here."""
        self._trusted = place = self._place(fraction)
        shape = (ACROSS, self._count)
        self._empty, self._full = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self._known = np.zeros((2, self._count), np.bool_)
        self._shape = np.zeros(2 * self._window, np.float32)
        self._take(luma)
        self._usable = self._learn(place, 1.0, FIRST_UNSURE)
        if self._usable:
            self._learn_shape(place)
            self._calibrate(place, self._surface()[0])

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
        if self._last is not None and abs(seen - self._last) < FAR * self._count:
            self._calibrate(seen, self._last)
            place = self._last
        else:
            place = seen - self._offset
        self._trusted, self._patience = place, 0.0
        relit = abs(self._shift.light - self._light) > 0.5 * RELIT
        self._usable = self._learn(place, 1.0 if relit else LEARN)
        self._learn_shape(place)
        self._light = self._shift.light
        return self._usable

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
        self._patience += LEAP * self._count
        if abs(place - self._trusted) > self._patience:
            # No liquid leaps: a shadow's edge, or a reflection. Or the networks say so.
            confidence = min(confidence, 0.3)
        elif confidence >= 0.5:
            self._trusted, self._patience = place, 0.0
        if confidence > 0.6 and self._reads % LEARN_EVERY == 0:
            self._learn(place, LEARN)
        point = self._drawn.point_at((place + self._offset) / self._count * (1 + 2 * MARGIN) - MARGIN)
        fraction = self.geometry.fraction_of(point)
        relit = abs(self._shift.light - self._light) > RELIT
        return FastReading(fraction, confidence, Reason.OK if confidence >= 0.5 else Reason.OCCLUDED, relit)

    def _calibrate(self, seen: float, found: float) -> None:
        """Learn by how much the networks call the surface higher than what is found here."""
        if abs(seen - found) < FAR * self._count:
            self._compared = min(self._compared + 1, LOOKS)
            self._offset += (seen - found - self._offset) / self._compared

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
        contrast = np.minimum(np.square(self._full[:, low:high] - self._empty[:, low:high]), CAP * CAP)
        expected = float(contrast.sum()) * w / max(high - low, 1) + ACROSS * self._energy
        rival = max(
            float(score[: k - w].max()) if k > w else -np.inf,
            float(score[k + w + 1 :].max()) if k + w < self._count else -np.inf,
        )
        clear = (float(score[k]) - rival) / max(expected, 1.0)
        strength = math.sqrt(expected / (w * ACROSS))
        # What looks neither full nor empty for a while is something that was never seen.
        miss = np.minimum(np.abs(np.concatenate([below[:, :k], above[:, k:]], axis=1)), CAP).mean(axis=0)
        if self._energy > 0:
            miss[max(0, k - w) : k + w] *= 0.5
        odd = float(cv2.blur(miss[None], (2 * w + 1, 1)).max())
        place = float(k) + self._part(above, below, k) - self._rest
        # Behind a clamp, or where full and empty look alike, the surface may stand anywhere.
        vague = np.count_nonzero(score > score[k] - 0.1 * expected) / self._count
        odd_or_vague = _ramp(odd, ODD[1], ODD[0]) * _ramp(vague, VAGUE[1], VAGUE[0])
        confidence = _ramp(clear, 0.15, 0.5) * _ramp(strength, 3.0, 7.0) * odd_or_vague
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

    def _learn(self, place: float, rate: float, unsure: float = UNSURE) -> bool:
        """Learn both pictures from the last frame, and guess what was never seen; False if one is unknown."""
        unsure = max(2.0, unsure * self._count)
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
        # Beyond the scale's ends there may be fittings.
        scale = (index > self._place(-0.01)) & (index < self._place(1.01))
        sides = [
            np.median(picture[:, own], axis=1, keepdims=True) if own.sum() >= 3 else None
            for picture, own in (
                (self._full, self._known[0] & scale & (index > place - near - unsure)),
                (self._empty, self._known[1] & scale & (index < place + near + unsure)),
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

    def _learn_shape(self, place: float) -> None:
        """Learn what the surface itself looks like, beside the step from full to empty.

        Seen at one place only it may as well be a clamp or a mark that stays there; so it counts for a
        liquid as clear as air alone, until it has been seen at another: then what both have in common.
        """
        w, k = self._window, round(place)
        if not w <= k < self._count - w:
            return
        light = np.float32(self._shift.light / LOG_STEP)
        now = self._now.astype(np.float32) - light
        below, above = slice(k - w, k), slice(k, k + w)
        step = float(np.abs(self._full[:, k - w : k + w] - self._empty[:, k - w : k + w]).mean())
        shape = np.concatenate(
            [
                (now[:, below] - self._full[:, below]).mean(axis=0),
                (now[:, above] - self._empty[:, above]).mean(axis=0),
            ]
        )
        if self._shape_at is None:
            self._shape = shape if step < CLEAR else np.zeros_like(shape)
        elif abs(place - self._shape_at) > 2 * w:
            common = np.where(shape * self._first > 0, np.sign(shape), np.float32(0.0))
            self._shape = common * np.minimum(np.abs(shape), np.abs(self._first))
        else:
            return
        self._first, self._shape_at = shape, place
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
