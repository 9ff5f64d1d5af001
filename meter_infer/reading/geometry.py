"""What is known of a meter's shape in the picture: the dial's ellipse, the tube's axis.

A dial is a circle in its own plane. Seen by a camera that is far away compared with the dial's
size, that plane is mapped by an affine map, ``p = center + axes @ u``: ``u`` are *dial
coordinates*, in which the circle of the graduation has radius 1. An affine map is known from the
ellipse up to a rotation within the dial's plane (polar decomposition: ``axes`` may be taken
symmetric and positive definite), and a rotation changes no difference of angles. So an ellipse is
enough to measure the angle between two marks.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.sampling import Points

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

    @property
    def radius(self) -> float:
        """Mean radius of the scale in frame pixels (of the circle of equal area)."""
        return float(np.sqrt(abs(np.linalg.det(self.axes))))

    @property
    def tilt(self) -> float:
        """Angle between the line of sight and the dial's normal, radians, from the ellipse's axes."""
        low, high = np.linalg.eigvalsh(self.axes)
        return float(np.arccos(np.clip(low / high, 0.0, 1.0)))

    def to_dial(self, points: Points) -> Points:
        """Map frame pixels (..., 2) to dial coordinates (..., 2)."""
        return (points - self.center) @ np.linalg.inv(self.axes).T

    def to_frame(self, points: Points) -> Points:
        """Map dial coordinates (..., 2) to frame pixels (..., 2)."""
        return points @ self.axes.T + self.center

    def angle_of(self, point: Points) -> float:
        """Return the angle, radians in (-pi, pi], of a frame point about the scale's centre."""
        x, y = self.to_dial(np.asarray(point, dtype=np.float64))
        return float(np.arctan2(y, x))

    def fraction_of_angle(self, angle: float) -> float:
        """Turn an angle in dial coordinates into a fraction of the scale.

        The gap between the last mark and the first is shared between them: an angle in the gap
        passes the nearer end, so the result lies in
        ``[-gap / (2 span), 1 + gap / (2 span)]``. Nothing is clamped.
        """
        gap = TAU - self.span
        turned = (angle - self.start_angle + gap / 2) % TAU - gap / 2
        return turned / self.span

    def angle_of_fraction(self, fraction: float) -> float:
        """Return the angle, radians, at which `fraction` of the scale stands."""
        return self.start_angle + fraction * self.span

    def point_at(self, angle: float, radius: float = 1.0) -> NDArray[np.float64]:
        """Return the frame point (2,) at a dial angle and a radius in dial coordinates."""
        return self.to_frame(radius * np.array([np.cos(angle), np.sin(angle)]))

    def polar(self, angles: NDArray[np.float64], radii: NDArray[np.float64]) -> Points:
        """Return the frame points of a polar grid, float64 (len(angles), len(radii), 2)."""
        unit = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        return self.to_frame(unit[:, None, :] * radii[None, :, None])

    def with_ends(self, start_angle: float, end_angle: float) -> "DialGeometry":
        """Return the same dial with other scale ends (radians, dial coordinates)."""
        span = (end_angle - start_angle) % TAU
        return replace(self, start_angle=float(start_angle), span=float(span) or TAU)

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

    def fraction_of(self, point: Points) -> float:
        """Project a frame point on the axis and return its fraction, not clamped."""
        along = np.asarray(point, dtype=np.float64) - self.start
        return float(along @ self.direction / max(self.length, 1e-9))

    def point_at(self, fraction: float) -> NDArray[np.float64]:
        """Return the frame point (2,) of a fraction."""
        return self.start + fraction * (self.end - self.start)


def symmetric_root(matrix: Matrix) -> Matrix:
    """Return the symmetric positive definite S with ``S @ S.T == matrix @ matrix.T``.

    It is the stretch of the polar decomposition of `matrix`: the same ellipse, without the
    rotation inside the dial's plane that no ellipse can tell.
    """
    values, vectors = np.linalg.eigh(matrix @ matrix.T)
    root: Matrix = (vectors * np.sqrt(np.maximum(values, 1e-12))) @ vectors.T
    return root


def wrap(angle: float) -> float:
    """Bring an angle into [-pi, pi)."""
    return float((angle + np.pi) % TAU - np.pi)
