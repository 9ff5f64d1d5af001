"""What a tube looks like full and empty, and where in a frame the one becomes the other.

Two pictures of the tube along its axis are learned, one as it looks below the surface and one as it looks
above, each where it was seen and guessed where it was not. Each knows how uncertain it is at every height: a
guess explains much and proves little. What the surface itself looks like (a meniscus, a float's edge) is
learned as well, for liquids as clear as air. The surface then stands where the frame is likeliest: the
differences from the pictures, as normal errors of `CAP` at most, sum to a likelihood for each height.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from meter_infer.reading.quality import ramp
from meter_infer.types import Luma

UNSURE = 0.025
"""The pictures are not learned this near to the surface, share of the samples."""
FIRST_UNSURE = 0.01
"""The same at first, where what is not learned must be guessed."""
NEAR = 0.15
"""How far from the surface its two sides are compared, share of the samples."""
WINDOW = 0.04
"""How far to either side the surface's own look reaches, share of the samples."""
CAP = 40.0
"""Differences are no greater than this, in steps of `LOG`: a reflection is one thing, however bright."""
NOISE = 3.0
"""Standard deviation of a picture that was seen, steps of `LOG`."""
SLIP = 1.0
"""The frame may lie beside the pictures by this many samples: what is steep there is uncertain."""
GUESSED = 4.0
"""Standard deviation of a guess, steps of `LOG`, beside what its two parts differ by and the step makes."""
GUESSED_APART, GUESSED_STEP = 0.5, 0.2
"""Shares of these two that are added to it."""
UNKNOWN = 20.0
"""Difference of those two parts where there is but one."""
LOOSE = (10.0, 5.0)
"""Standard deviation of the surface's own look before it was seen, steps of `LOG`: in the inner half of its
window and in the outer."""
SHAPES = 8
"""Looks whose mean it is."""
HEAT = 3.5
"""Neighbouring samples err alike: the logarithm of the likelihood is divided by this."""
SURE = (0.8, 0.98)
"""Probability that the surface is where it seems to be: below the first it is not believed, from the second
on it is."""
VAGUE = (0.008, 0.014)
"""Standard deviation of its place, share of the samples: believed up to the first, not from the second on."""
CRISP = 0.4
"""Standard deviation in samples below which the place is refined by how much of a sample is full."""
ODD = (2.0, 4.0)
"""Mean cost of a stretch of the tube away from the surface: up to the first it is noise, from the second on
something unknown is seen."""
STEEP = 25.0
"""Mean square of the step from full to empty, in steps of `LOG`, that tells parts of a sample."""

Rows = NDArray[np.float32]


class Found(NamedTuple):
    """Where the surface seems to be."""

    place: float
    """In samples from the lower end of the pictures."""
    confidence: float
    """0 to 1."""


class TubePictures:
    """A tube full and empty. Not shared between threads.

    Args:
        across: number of samples across the tube.
        count: number of samples along it.
        scale: the samples that belong to the scale, bool (count,): beyond its ends there may be fittings.
    """

    def __init__(self, across: int, count: int, scale: NDArray[np.bool_]) -> None:
        self._count, self._scale = count, scale
        self.window = w = max(4, round(WINDOW * count))
        places = count + 1 - 2 * w
        self._pictures = np.zeros((2, across, count), np.float32)
        """Full and empty."""
        self._known = np.zeros((2, count), np.bool_)
        self._variance = np.full((2, count), NOISE**2, np.float32)
        inner = np.abs(np.arange(-w, w) + 0.5) < 0.5 * w
        self._loose = np.where(inner, LOOSE[0] ** 2, LOOSE[1] ** 2).astype(np.float32)
        self._shape, self._scatter = np.zeros(2 * w, np.float32), np.zeros(2 * w, np.float32)
        """The surface's own look, less the pictures: mean and variance of those that were seen."""
        self._shapes = 0
        self._stale = True
        """What was learned since is not yet in what `find` needs."""
        # What each frame needs, so that none of it is made anew.
        self._off = np.zeros((2, across, count), np.float32)
        self._squares, self._means = np.zeros((2, count), np.float32), np.zeros((2, count), np.float32)
        self._costs, self._sums = np.zeros((2, count), np.float32), np.zeros((2, count + 1), np.float32)
        self._near = [_windows(rows, w, places) for rows in (self._squares, self._means)]
        self._weights: list[Rows] = []

    def find(self, now: Luma, light: float) -> Found:
        """Return where the surface stands.

        Args:
            now: the tube in logarithmic brightness, uint8 (across, count).
            light: how much brighter than the pictures the surroundings are, steps of `LOG`.
        """
        if self._stale:
            self._prepare()
        w, off = self.window, self._off
        np.subtract(now, self._pictures, out=off)
        off -= np.float32(light)
        np.minimum(off, CAP, out=off)
        np.maximum(off, -CAP, out=off)
        np.einsum("kij,kij->kj", off, off, out=self._squares)
        np.add.reduce(off, axis=1, out=self._means)
        np.multiply(self._squares, self._share, out=self._costs)
        self._costs += self._logs
        np.cumsum(self._costs, axis=1, out=self._sums[:, 1:])
        # Full below a place, empty above it, and next to it neither quite: for every place.
        score = self._sums[1, 2 * w :] - self._sums[0, : -2 * w]
        for near, weights in zip(self._near, self._weights, strict=True):
            score -= np.einsum("kij,kij->i", near, weights)
        score -= self._always
        return self._judge(score)

    def _judge(self, score: Rows) -> Found:
        w = self.window
        best = int(score.argmax())
        likely = np.exp((score - score[best]) / HEAT)
        low = max(0, best - w)
        near = likely[low : best + w + 1]
        total = float(near.sum())
        sure = total / float(likely.sum())
        steps = np.arange(len(near), dtype=np.float32)
        mean = float(steps @ near) / total
        spread = math.sqrt(max(float(steps * steps @ near) / total - mean * mean, 0.0))
        k = best + w
        place = k + self._part(k) if spread < CRISP else low + mean + w
        # What looks neither full nor empty for a while is something that was never seen.
        miss = self._costs[1].copy()
        miss[:k] = self._costs[0, :k]
        miss[k - w // 2 : k + w // 2] = 0
        odd = float(cv2.blur(miss[None], (2 * w + 1, 1)).max())
        vague = spread / self._count
        confidence = ramp(sure, *SURE) * ramp(odd, ODD[1], ODD[0]) * ramp(vague, VAGUE[1], VAGUE[0])
        return Found(place, confidence)

    def _part(self, k: int) -> float:
        """Return how much of the samples about a surface is full beyond what the whole number says."""
        reach = 3
        low, high = max(0, k - reach), min(self._count, k + reach)
        step = self._pictures[0, :, low:high] - self._pictures[1, :, low:high]
        squares = np.square(step).sum(axis=0)
        if float(squares.sum()) < STEEP * step.size:
            return 0.0
        share = (self._off[1, :, low:high] * step).sum(axis=0) / (squares + 1.0)
        return float(np.clip(np.clip(share, 0, 1).sum() - (k - low), -1.0, 1.0))

    def learn(self, now: Luma, light: float, place: float, rate: float, unsure: float = UNSURE) -> bool:
        """Learn both pictures from a frame, and guess what was never seen; False where one is unknown.

        Args:
            now: as for `find`.
            light: as for `find`.
            place: where the surface is.
            rate: weight of this frame, 0 to 1.
            unsure: what is nearer to the surface is not learned, share of the samples.
        """
        unsure = max(2.0, unsure * self._count)
        seen = now.astype(np.float32) - np.float32(light)
        index: NDArray[np.float64] = np.arange(self._count, dtype=np.float64) + 0.5
        sides = index < place - unsure, index > place + unsure
        for picture, known, variance, part in zip(
            self._pictures, self._known, self._variance, sides, strict=True
        ):
            new, old = part & ~known, part & known
            picture[:, new] = seen[:, new]
            off = seen[:, old] - picture[:, old]
            picture[:, old] += np.float32(rate) * off
            variance[new] = NOISE**2
            variance[old] += 0.2 * (np.square(off).mean(axis=0) - variance[old])
            known |= part
        np.maximum(self._variance, NOISE**2, out=self._variance)
        return self._guess(index, place, NEAR * self._count + unsure)

    def _guess(self, index: NDArray[np.float64], place: float, near: float) -> bool:
        beside = index > place - near, index < place + near
        colors = []
        for picture, known, own in zip(self._pictures, self._known, beside, strict=True):
            sample = picture[:, known & own & self._scale]
            if sample.shape[1] < 3:
                return False
            colors.append(np.median(sample, axis=1, keepdims=True))
        step = colors[0] - colors[1]
        (full, empty), (known_full, known_empty) = self._pictures, self._known
        for k, other, seen, up in ((0, empty, known_empty, step), (1, full, known_full, -step)):
            new = ~self._known[k]
            # A clear liquid adds to what is behind it, an opaque one hides it: between the two.
            added = other + up
            guess = np.where(seen, 0.5 * (added + colors[k]), colors[k])
            self._pictures[k][:, new] = guess[:, new]
            apart = np.where(seen, np.abs(added - colors[k]), UNKNOWN).mean(axis=0)
            doubt = (GUESSED_APART * apart) ** 2 + (GUESSED_STEP * np.abs(step).mean()) ** 2
            self._variance[k, new] = NOISE**2 + GUESSED**2 + doubt[new]
        self._stale = True
        return True

    def learn_surface(self, now: Luma, light: float, place: float) -> None:
        """Learn what the surface itself looks like, beside the step from full to empty.

        Args:
            now: as for `find`.
            light: as for `find`.
            place: where the surface is.
        """
        w, k = self.window, round(place)
        if not w <= k <= self._count - w:
            return
        here = now[:, k - w : k + w].astype(np.float32) - np.float32(light)
        here[:, :w] -= self._pictures[0, :, k - w : k]
        here[:, w:] -= self._pictures[1, :, k : k + w]
        off = np.clip(here.mean(axis=0), -CAP, CAP) - self._shape
        self._shapes = min(self._shapes + 1, SHAPES)
        self._shape += off / self._shapes
        if self._shapes > 1:
            self._scatter += (np.square(off) - self._scatter) / self._shapes
        self._stale = True

    def _prepare(self) -> None:
        """Compute what `find` needs of the variances."""
        self._stale = False
        w, places = self.window, len(self._sums[0]) - 2 * self.window
        across = self._pictures.shape[1]
        slope = np.abs(np.diff(self._pictures, axis=2, append=self._pictures[..., -1:]))
        slope = np.maximum(slope, np.roll(slope, 1, axis=2)).mean(axis=1)
        variance = self._variance + np.square(SLIP * slope)
        self._share = 0.5 / (across * variance)
        self._logs = 0.5 * np.log(variance / NOISE**2)
        loose = self._scatter + self._loose / (1 + self._shapes)
        halves = np.stack([loose[:w], loose[w:]])[:, None]
        shape = np.stack([self._shape[:w], self._shape[w:]])[:, None]
        wide = _windows(variance, w, places) + halves
        weights = 0.5 / wide
        self._weights = [
            (weights / across).astype(np.float32),
            (-2 / across * shape * weights).astype(np.float32),
        ]
        self._always = (weights * shape * shape + 0.5 * np.log(wide / NOISE**2)).sum(axis=(0, 2))


def _windows(rows: Rows, width: int, places: int) -> Rows:
    """Return the samples below each place (of the first row) and above it (of the second), without a copy.

    Float32 (2, places, width); the first place is `width` samples from the rows' beginning.
    """
    row, sample = rows.strides
    return as_strided(rows, (2, places, width), (row + width * sample, sample, sample), writeable=False)
