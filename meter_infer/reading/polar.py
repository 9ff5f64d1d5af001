"""A polar picture of a dial about its hub, and the background that is learned of it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.anchor import LOG
from meter_infer.reading.geometry import TAU
from meter_infer.types import Luma

LEARN = 0.25
"""Share of a learned picture in the background, where the pointer is not."""

Table = tuple[NDArray[np.int16], NDArray[np.uint16]]
"""Fixed-point maps of `cv2.remap`: int16 (rings, bins, 2) and uint16 (rings, bins)."""


def polar_table(points: NDArray[np.float64], corner: tuple[int, int]) -> Table:
    """Return the table that samples frame points, float64 (rings, bins, 2), from a window at `corner`."""
    grid = (points - np.array(corner) - 0.5).astype(np.float32)
    first, second = cv2.convertMaps(grid[..., 0], grid[..., 1], cv2.CV_16SC2)
    return np.asarray(first, dtype=np.int16), np.asarray(second, dtype=np.uint16)


class PolarPicture:
    """A polar picture of the dial and the background that is learned of it; wraps around by `pad` bins."""

    def __init__(self, table: Table, bins: int, pad: int, covers: NDArray[np.float64]) -> None:
        """`covers`: half-width of the pointer on each ring, radians."""
        self._x, self._y = table
        self.bins, self._pad = bins, pad
        self._covers = covers[:, None]
        shape = self._y.shape
        self._now = np.zeros(shape, np.uint8)
        self._background = np.zeros(shape, np.uint8)
        self._slow = np.zeros(shape, np.float32)
        self._phi = (np.arange(bins) + 0.5) / bins * TAU - np.pi
        self._difference = np.empty(shape, np.int16)
        self._piece = np.empty((shape[0], 2 * pad + 1), np.uint8)
        self._relief = np.empty(self._piece.shape, np.float32)
        self._seen = np.zeros((shape[0], bins), np.bool_)
        self._complete = False

    def take(self, view: Luma) -> None:
        """Sample a view, in logarithmic brightness."""
        cv2.remap(view, self._x, self._y, cv2.INTER_LINEAR, self._now, cv2.BORDER_REPLICATE)
        cv2.LUT(self._now, LOG, self._now)

    def relief(self, view: Luma, sign: int) -> NDArray[np.int16]:
        """Return how much a view differs from the background, towards the pointer (1: brighter)."""
        self.take(view)
        first, second = (self._now, self._background) if sign > 0 else (self._background, self._now)
        cv2.subtract(first, second, self._difference, None, cv2.CV_16S)
        return self._difference

    def part(self, view: Luma, first: int, sign: int) -> NDArray[np.float32]:
        """Return the same for the bins about the bin `first`, `pad` to each side."""
        piece = self._piece
        part = slice(first, first + piece.shape[1])
        cv2.remap(view, self._x[:, part], self._y[:, part], cv2.INTER_LINEAR, piece, cv2.BORDER_REPLICATE)
        cv2.LUT(piece, LOG, piece)
        behind = self._background[:, part]
        first_of, second_of = (piece, behind) if sign > 0 else (behind, piece)
        cv2.subtract(first_of, second_of, self._relief, None, cv2.CV_32F)
        return self._relief

    def begin(self, view: Luma, angle: float) -> None:
        """Take the background from a view, bridging the pointer from both sides."""
        self.take(view)
        covered = self._near(angle)
        bins = np.arange(self.bins)
        inner = self._now[:, self._pad : self._pad + self.bins].astype(np.float32)
        for ring, hidden in zip(inner, covered, strict=True):
            ring[hidden] = np.interp(bins[hidden], bins[~hidden], ring[~hidden], period=self.bins)
        self._seen = ~covered
        self._put(inner)

    def learn(self, angle: float) -> None:
        """Learn what was taken last, where the pointer is not."""
        free = ~self._near(angle)
        inner = self._now[:, self._pad : self._pad + self.bins]
        slow = self._slow[:, self._pad : self._pad + self.bins]
        cv2.accumulateWeighted(inner, slow, LEARN, free.view(np.uint8))
        if not self._complete:
            new = free & ~self._seen
            slow[new] = inner[new]
            self._seen |= new
            self._complete = bool(self._seen.all())
        self._put(slow)

    def _put(self, inner: NDArray[np.float32]) -> None:
        pad, bins = self._pad, self.bins
        self._slow[:, pad : pad + bins] = inner
        self._slow[:, :pad], self._slow[:, pad + bins :] = inner[:, -pad:], inner[:, :pad]
        cv2.convertScaleAbs(self._slow, self._background)

    def _near(self, angle: float) -> NDArray[np.bool_]:
        near: NDArray[np.bool_] = np.abs((self._phi - angle + np.pi) % TAU - np.pi) < self._covers
        return near
