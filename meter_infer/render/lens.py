"""The radial distortion of a lens: of points, and of pictures."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lens:
    """Radial distortion: the ideal point is ``c + (p - c) * (1 + k * r^2) * gain``, r in `radius` from c.

    The gain keeps the frame's corners in place where k > 0, so that no picture is missing there.
    """

    center: tuple[float, float]
    """Frame px."""
    radius: float
    """Where r = 1, frame px: half the frame's diagonal."""
    k: float
    """Positive: barrel (straight lines bow outwards). Within -0.15 to 0.3."""

    @property
    def gain(self) -> float:
        """Magnification that keeps the corners."""
        return 1.0 / (1.0 + max(0.0, self.k))

    def ideal(self, points: Points) -> Points:
        """Return where distorted (..., 2) points would be without the lens's distortion."""
        d = np.asarray(points, dtype=np.float64) - self.center
        r2 = (d * d).sum(axis=-1, keepdims=True) / self.radius**2
        return np.asarray(d * ((1.0 + self.k * r2) * self.gain) + self.center, dtype=np.float64)

    def distort(self, points: Points) -> Points:
        """Return where ideal (n, 2) points appear: the inverse of `ideal`, by Newton's method."""
        d = (np.asarray(points, dtype=np.float64) - self.center) / self.gain
        ideal_r = np.sqrt((d * d).sum(axis=-1, keepdims=True)) / self.radius
        r = ideal_r.copy()
        for _ in range(12):
            r -= (r * (1.0 + self.k * r * r) - ideal_r) / (1.0 + 3.0 * self.k * r * r)
        ratio = np.divide(r, ideal_r, out=np.ones_like(r), where=ideal_r > 1e-12)
        return np.asarray(d * ratio + self.center, dtype=np.float64)


def distort_image(image: Image, lens: Lens) -> Image:
    """Return the picture as a lens with radial distortion shows it."""
    h, w = image.shape[:2]
    # The map is smooth: solve it on a coarse grid of pixel centres and interpolate.
    step = 8
    xs, ys = np.arange(0, w + step, step), np.arange(0, h + step, step)
    grid = np.stack(np.meshgrid(xs + 0.5, ys + 0.5), axis=-1)
    coarse = (lens.ideal(grid) - 0.5).astype(np.float32)
    to_coarse = np.array([[1.0 / step, 0.0, 0.0], [0.0, 1.0 / step, 0.0]])
    # Two planes: with one interleaved map and a reflecting border, OpenCV 5.0's remap takes seconds.
    x, y = (
        cv2.warpAffine(part, to_coarse, (w, h), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        for part in cv2.split(coarse)
    )
    warped = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(warped, dtype=np.uint8)
