"""What is known of a meter's shape in the picture: the dial's ellipse, the tube's axis.

A dial is a circle in its own plane. Seen by a camera that is far away compared with the dial's
size, that plane is mapped by an affine map, ``p = center + axes @ u``: ``u`` are *dial
coordinates*, in which the circle of the graduation has radius 1. An affine map is known from the
ellipse up to a rotation within the dial's plane (polar decomposition: ``axes`` may be taken
symmetric and positive definite), and a rotation changes no difference of angles. So an ellipse is
enough to measure the angle between two marks.

A camera near by sees the far half of the dial smaller than the near one. Then the middle of the dial
is not seen in the middle of its ellipse. The one map of the plane that takes the ellipse to a circle and the
middle that is seen to its centre undoes that (`DialGeometry.true_angle`).
"""

from dataclasses import dataclass, replace
from math import atan2, cos, hypot, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.sampling import Patch, Points, Profile
from meter_infer.types import Luma

TAU = 2 * np.pi

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class DialGeometry:
    """Where a dial's scale lies in the picture."""

    center: NDArray[np.float64]
    """Centre of the scale's circle, frame pixels, float64 (2,)."""
    axes: Matrix
    """Symmetric positive definite float64 (2, 2): dial coordinates to frame pixels."""
    start_angle: float
    """Angle of the first mark in dial coordinates, radians, clockwise positive."""
    span: float
    """Clockwise angle from the first to the last mark, radians, in (0, 2 pi]."""
    band: tuple[float, float] = (0.92, 1.08)
    """Inner and outer radius of the graduation, dial coordinates."""
    middle: tuple[float, float] = (0.0, 0.0)
    """Where the middle of the dial is seen, dial coordinates: (0, 0) from far away, less than 1 from it."""
    advance: float = 0.0
    """How far ahead of a linear scale's beginning the first mark stands, share of the range of values, in
    [0, 1): 0 where all of the scale is linear, commonly 0.01 to 0.05 where a pointer rests on a stop."""

    @property
    def radius(self) -> float:
        """Mean radius of the scale in frame pixels (of the circle of equal area)."""
        (a, b), (c, d) = self.axes.tolist()
        return sqrt(abs(a * d - b * c))

    @property
    def tilt(self) -> float:
        """Angle between the line of sight and the dial's normal, radians, from the ellipse's axes."""
        low, high = symmetric_values(self.axes)
        return float(np.arccos(min(max(low / high, 0.0), 1.0)))

    def to_dial(self, points: Points) -> Points:
        """Map frame pixels (..., 2) to dial coordinates (..., 2)."""
        return (points - self.center) @ inverse(self.axes).T

    def to_frame(self, points: Points) -> Points:
        """Map dial coordinates (..., 2) to frame pixels (..., 2)."""
        return points @ self.axes.T + self.center

    def angle_of(self, point: Points) -> float:
        """Return the angle, radians in (-pi, pi], of a frame point about the scale's centre."""
        x, y = self.to_dial(np.asarray(point, dtype=np.float64)).tolist()
        return atan2(y, x)

    def fraction_of_angle(self, angle: float) -> float:
        """Turn an angle in dial coordinates into a fraction of the scale.

        The gap between the last mark and the first is shared between them: an angle in the gap
        passes the nearer end, so the result lies in
        ``[-gap / (2 span), 1 + gap / (2 span)]``. Nothing is clamped.
        """
        first, span = self.true_scale()
        gap = TAU - span
        turned = (self.true_angle(angle) - first + gap / 2) % TAU - gap / 2
        return turned / span

    def angle_of_fraction(self, fraction: float) -> float:
        """Return the angle, radians, at which `fraction` of the scale stands."""
        return float(self.angles_of_fractions(np.array([fraction]))[0])

    def angles_of_fractions(self, fractions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `angle_of_fraction` of many, float64 (n,)."""
        first, span = self.true_scale()
        return self.seen_angles(first + fractions * span)

    def true_scale(self) -> tuple[float, float]:
        """Return where the scale begins and how far it goes in the dial's own plane, radians."""
        first = self.true_angle(self.start_angle)
        return first, self.true_angle(self.start_angle + self.span) - first

    def true_angle(self, angle: float) -> float:
        """Return the angle in the dial's own plane of a point of the scale seen at `angle`, radians.

        A projective map that keeps a circle moves its points as a translation of the hyperbolic plane
        (Klein's model) moves those at infinity: ``angle + 2 arg(1 - b exp(-i (angle - a)))``, with a and
        n the direction and length of `middle` and ``b = n / (1 + sqrt(1 - n^2))``. Continuous, and it rises.
        """
        shift, way = self._lean()
        off = angle - way
        return angle + 2 * atan2(shift * sin(off), 1 - shift * cos(off))

    def seen_angles(self, angles: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return at which angles, float64 (n,), points of the scale are seen; undoes `true_angle`."""
        shift, way = self._lean()
        off = angles - way
        seen: NDArray[np.float64] = angles - 2 * np.arctan2(shift * np.sin(off), 1 + shift * np.cos(off))
        return seen

    def _lean(self) -> tuple[float, float]:
        x, y = self.middle
        length = hypot(x, y)
        return length / (1 + sqrt(max(0.0, 1 - length * length))), atan2(y, x)

    def point_at(self, angle: float, radius: float = 1.0) -> NDArray[np.float64]:
        """Return the frame point (2,) at a dial angle and a radius in dial coordinates."""
        return self.to_frame(radius * np.array([cos(angle), sin(angle)]))

    def polar(self, angles: NDArray[np.float64], radii: NDArray[np.float64]) -> Points:
        """Return the frame points of a polar grid, float64 (len(angles), len(radii), 2)."""
        unit = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        return self.to_frame(unit[:, None, :] * radii[None, :, None])

    def polar_table(
        self, patch: Patch, angles: NDArray[np.float64], radii: NDArray[np.float64]
    ) -> tuple[Profile, Profile]:
        """Return the points of `polar` as a table for `Patch.at`, float32 (len(angles), len(radii)) each."""
        along = np.stack([np.cos(angles), np.sin(angles)])
        rays = (self.axes @ along / patch.pitch).astype(np.float32)
        x, y = (self.center - patch.origin) / patch.pitch - 0.5
        return outer(rays[0], radii, x), outer(rays[1], radii, y)

    def polar_picture(self, patch: Patch, angles: NDArray[np.float64], radii: NDArray[np.float64]) -> Luma:
        """Return the luma at the points of `polar`, uint8 (len(angles), len(radii))."""
        return patch.at(*self.polar_table(patch, angles, radii))

    def strip_picture(
        self,
        patch: Patch,
        foot: NDArray[np.float64],
        axis: NDArray[np.float64],
        along: NDArray[np.float64],
        across: NDArray[np.float64],
    ) -> Luma:
        """Return the luma on a straight grid about a line, uint8 (len(along), len(across)).

        All in dial coordinates: the line begins in `foot` (2,) and runs along the unit vector `axis`;
        `across` counts to its right as seen in the picture.
        """
        x, y = (self.to_frame(foot) - patch.origin) / patch.pitch - 0.5
        turn = np.array([[axis[0], -axis[1]], [axis[1], axis[0]]])
        (ax, bx), (ay, by) = (self.axes @ turn / patch.pitch).tolist()
        ones = np.ones(len(along), np.float32)
        return patch.at(outer(ones, bx * across, ax * along + x), outer(ones, by * across, ay * along + y))

    def with_ends(self, start_angle: float, end_angle: float) -> "DialGeometry":
        """Return the same dial with other scale ends (radians, dial coordinates)."""
        span = (end_angle - start_angle) % TAU
        return replace(self, start_angle=float(start_angle), span=float(span) or TAU)

    def with_middle(self, x: float, y: float) -> "DialGeometry":
        """Return the same dial with its middle seen elsewhere, dial coordinates."""
        return replace(self, middle=(float(x), float(y)))

    def moved(self, shift: NDArray[np.float64]) -> "DialGeometry":
        """Return the same dial displaced by `shift` (frame pixels, (2,))."""
        return replace(self, center=self.center + shift)


@dataclass(frozen=True, slots=True, eq=False)
class TubeGeometry:
    """Where a level gauge's scale lies in the picture: a straight axis."""

    start: NDArray[np.float64]
    """Fraction 0, frame pixels (2,)."""
    end: NDArray[np.float64]
    """Fraction 1, frame pixels (2,)."""
    width: float
    """Width of the transparent part across the axis, frame pixels."""

    @property
    def length(self) -> float:
        """Length of the scale, frame pixels."""
        return float(np.linalg.norm(self.end - self.start))

    @property
    def direction(self) -> NDArray[np.float64]:
        """Unit vector from start to end, (2,)."""
        return (self.end - self.start) / max(self.length, 1e-9)

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector across the tube, (2,): its direction turned clockwise as seen in the picture."""
        along = self.direction
        return np.array([-along[1], along[0]])

    def moved(self, shift: NDArray[np.float64]) -> "TubeGeometry":
        """Return the same tube displaced by `shift` (frame pixels, (2,))."""
        return replace(self, start=self.start + shift, end=self.end + shift)

    def fraction_of(self, point: Points) -> float:
        """Project a frame point on the axis and return its fraction, not clamped."""
        along = np.asarray(point, dtype=np.float64) - self.start
        return float(along @ self.direction / max(self.length, 1e-9))

    def point_at(self, fraction: float) -> NDArray[np.float64]:
        """Return the frame point (2,) of a fraction."""
        return self.start + fraction * (self.end - self.start)


def outer(
    first: NDArray[np.floating], second: NDArray[np.floating], plus: NDArray[np.floating] | float
) -> Profile:
    """Return ``first * second + plus``, float32 (rows, columns); `plus` is a number, or one a row.

    As a product of matrices, which is four times as fast as broadcasting.
    """
    left = np.ones((2, len(first)), np.float32)
    left[0] = first
    right = np.ones((2, len(second)), np.float32)
    right[0] = second
    if isinstance(plus, float):
        right[1] = plus
    else:
        left[1] = plus
    table: Profile = left.T @ right
    return table


def inverse(matrix: Matrix) -> Matrix:
    """Return the inverse of a 2 x 2 matrix; raises ZeroDivisionError where there is none."""
    (a, b), (c, d) = matrix.tolist()
    share = 1.0 / (a * d - b * c)
    return np.array([[d * share, -b * share], [-c * share, a * share]])


def symmetric_values(matrix: Matrix) -> tuple[float, float]:
    """Return the eigenvalues of a symmetric 2 x 2 matrix, the smaller first."""
    (a, b), (_, d) = matrix.tolist()
    middle, half = 0.5 * (a + d), sqrt(0.25 * (a - d) ** 2 + b * b)
    return middle - half, middle + half


def symmetric_root(matrix: Matrix) -> Matrix:
    """Return the symmetric positive definite S with ``S @ S.T == matrix @ matrix.T``.

    It is the stretch of the polar decomposition of `matrix`: the same ellipse, without the
    rotation inside the dial's plane that no ellipse can tell.
    """
    (a, b), (c, d) = matrix.tolist()
    # The root of a 2 x 2 matrix M is (M + sqrt(det M) I) / sqrt(trace M + 2 sqrt(det M)).
    area = max(abs(a * d - b * c), 1e-12)
    first, both, second = a * a + b * b, a * c + b * d, c * c + d * d
    share = 1.0 / sqrt(first + second + 2 * area)
    return np.array([[(first + area) * share, both * share], [both * share, (second + area) * share]])


def wrap(angle: float) -> float:
    """Bring an angle into [-pi, pi)."""
    return float((angle + np.pi) % TAU - np.pi)
