"""The pose of an instrument before a pinhole camera.

An instrument lives in texture space: (u, v) on its face and z, the height above it, towards the
viewer, all in texture px. A pose is the 3x4 projection of (u, v, z, 1) to the frame, so each sheet
of an instrument has a homography of its own: this is where parallax comes from.
"""

from dataclasses import dataclass
from math import cos, hypot, pi, radians, sin

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

MAX_TILT_RAD = radians(55.0)


@dataclass(frozen=True, slots=True, eq=False)
class PlanePose:
    """Projection of an instrument's sheets to the frame."""

    matrix: NDArray[np.float64]
    """(3, 4): homogeneous (u, v, z, 1) to homogeneous frame px."""
    tilt_rad: float
    """Between the face's normal and the line of sight to its centre, >= 0."""
    roll_rad: float
    """Rotation of the face in its own plane, clockwise."""

    def homography(self, height: float) -> NDArray[np.float64]:
        """Return the (3, 3) map from texture px to frame px of the sheet at this height."""
        m = self.matrix
        return np.stack([m[:, 0], m[:, 1], m[:, 3] + height * m[:, 2]], axis=1)

    def project(self, points: Points, height: float) -> Points:
        """Project (n, 2) texture points of one height to (n, 2) frame px."""
        return apply_homography(self.homography(height), points)

    def unproject(self, points: Points, height: float) -> Points:
        """Return where the rays through (n, 2) frame points meet the sheet at this height, texture px."""
        inverse = np.asarray(np.linalg.inv(self.homography(height)), dtype=np.float64)
        return apply_homography(inverse, points)

    def moved(self, scale: float, shift: tuple[float, float]) -> "PlanePose":
        """Scale the picture about its origin, then shift it: another focal length and centre."""
        a = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]], [0.0, 0.0, 1.0]])
        return PlanePose(a @ self.matrix, self.tilt_rad, self.roll_rad)

    def resampled(self, scale_u: float, scale_v: float, scale_z: float) -> "PlanePose":
        """Return the pose of the same instrument after its texture was resized by these factors."""
        return PlanePose(
            self.matrix / np.array([scale_u, scale_v, scale_z, 1.0]), self.tilt_rad, self.roll_rad
        )

    def offset(self, du: float, dv: float) -> "PlanePose":
        """Return the pose of a second instrument on the same wall, (du, dv) texture px further along it."""
        m = self.matrix.copy()
        m[:, 3] += du * m[:, 0] + dv * m[:, 1]
        return PlanePose(m, self.tilt_rad, self.roll_rad)


def apply_homography(homography: NDArray[np.float64], points: Points) -> Points:
    """Map (n, 2) points through a (3, 3) homography."""
    pts = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    w = pts @ homography[:, :2].T + homography[:, 2]
    return np.asarray(w[:, :2] / w[:, 2:], dtype=np.float64)


def make_pose(
    center: tuple[float, float],
    extent: float,
    tilt_rad: float,
    tilt_axis_rad: float,
    roll_rad: float,
    distance: float,
    sight: tuple[float, float] = (0.0, 0.0),
) -> PlanePose:
    """Return a pose that shows texture point `center` at frame (0, 0) with about 1 frame px a texture px.

    `extent` is the instrument's size in texture px and `distance` the camera's distance in extents.
    `tilt_axis_rad` is the direction, in the picture, of the axis the face is turned about. `sight`
    is the direction of the line of sight off the optical axis, as tangents (x, y): the tilt is
    measured from that line, so that a meter in the corner of a wide picture has the tilt it is said to have.
    """
    d = distance * extent
    axis = np.array([cos(tilt_axis_rad), sin(tilt_axis_rad), 0.0])
    rotation = _to_sight(sight) @ _rodrigues(axis, tilt_rad) @ _rodrigues(np.array([0.0, 0.0, 1.0]), roll_rad)
    t = d * np.array([sight[0], sight[1], 1.0])
    # (u, v, z) -> camera axes: x right, y down, z away from the viewer.
    basis = rotation @ np.diag([1.0, 1.0, -1.0])
    origin = t - basis @ np.array([center[0], center[1], 0.0])
    k = np.array([[d, 0.0, -d * sight[0]], [0.0, d, -d * sight[1]], [0.0, 0.0, 1.0]])
    return PlanePose(k @ np.column_stack([basis, origin]), tilt_rad, roll_rad)


def sample_tilt(rng: np.random.Generator, limits: tuple[float, float] | None = None) -> float:
    """Sample a tilt in radians: within `limits` uniformly, otherwise mostly mild and up to 55 degrees."""
    if limits is not None:
        return float(rng.uniform(*limits))
    low, high = ((0.0, 8.0), (8.0, 35.0), (35.0, 55.0))[int(rng.choice(3, p=(0.28, 0.5, 0.22)))]
    return radians(float(rng.uniform(low, high)))


def sample_roll(rng: np.random.Generator) -> float:
    """Sample a roll in radians: mostly a few degrees, sometimes some tens, for 5 % any."""
    kind = rng.random()
    if kind < 0.05:
        return float(rng.uniform(-pi, pi))
    return radians(float(rng.normal(0.0, 12.0 if kind < 0.22 else 2.5)))


def sample_lean(rng: np.random.Generator) -> float:
    """Sample how far a level gauge leans from the plumb line, radians: its liquid stays level."""
    lean = rng.normal(0.0, 9.0 if rng.random() < 0.15 else 2.0)
    return radians(float(np.clip(lean, -28.0, 28.0)))


def sample_pose(
    rng: np.random.Generator,
    center: tuple[float, float],
    extent: float,
    tilt_limits: tuple[float, float] | None = None,
    close: bool = True,
    roll_rad: float | None = None,
) -> PlanePose:
    """Sample a pose of an instrument of this extent (texture px), shown about frame (0, 0) at 1:1.

    `roll_rad` is sampled if None. `close` allows cameras as near as four times the instrument's size:
    they stand 0.5 to 5 m before a dial of 6 to 25 cm.
    """
    tilt = sample_tilt(rng, tilt_limits)
    # Cameras stand beside, above or below rather than askew.
    axis = float(rng.integers(4)) * pi / 2 + float(rng.normal(0.0, 0.35))
    if rng.random() < 0.25:
        axis = float(rng.uniform(0.0, 2 * pi))
    distance = float(np.exp(rng.uniform(np.log(4.0 if close else 8.0), np.log(40.0))))
    off = min(0.45, 2.5 / distance + 0.05)
    sight = (float(rng.uniform(-off, off)), float(rng.uniform(-off, off)))
    roll = sample_roll(rng) if roll_rad is None else roll_rad
    return make_pose(center, extent, tilt, axis, roll, distance, sight)


def circle_ellipse(
    pose: PlanePose, center: tuple[float, float], radius: float, height: float
) -> tuple[tuple[float, float], NDArray[np.float64]]:
    """Return the ellipse a circle on a sheet projects to: its centre and the (2, 2) matrix A of x'Ax = 1."""
    cx, cy = center
    conic = np.array([[1.0, 0.0, -cx], [0.0, 1.0, -cy], [-cx, -cy, cx * cx + cy * cy - radius * radius]])
    inverse = np.linalg.inv(pose.homography(height))
    q = inverse.T @ conic @ inverse
    middle = np.linalg.solve(q[:2, :2], -q[:2, 2])
    offset = float(q[2, 2] + q[:2, 2] @ middle)
    return (float(middle[0]), float(middle[1])), np.asarray(q[:2, :2] / -offset, dtype=np.float64)


def _rodrigues(axis: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + sin(angle) * cross + (1.0 - cos(angle)) * cross @ cross)


def _to_sight(sight: tuple[float, float]) -> NDArray[np.float64]:
    """Return the rotation that turns the optical axis onto the line of sight."""
    length = hypot(*sight)
    if length < 1e-9:
        return np.eye(3)
    axis = np.array([-sight[1] / length, sight[0] / length, 0.0])
    return _rodrigues(axis, float(np.arctan(length)))
