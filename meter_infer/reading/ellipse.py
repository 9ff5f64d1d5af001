"""Fitting the ellipse of a scale to points of its arc.

Least squares on the radial residual in dial coordinates, with what is known beforehand as further
residuals: the pivot is near the centre, and dials are rarely seen from far aside. A full ring
overrules both; an arc of 90 degrees, which leaves an ellipse undetermined, needs them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.geometry import Matrix, symmetric_root, symmetric_values
from meter_infer.reading.sampling import Points


@dataclass(frozen=True, slots=True, eq=False)
class EllipseFit:
    """An ellipse ``|inv(axes) @ (p - center)| = 1`` and how well it fits."""

    center: NDArray[np.float64]
    axes: Matrix
    residual: float
    """Robust RMS of the radial residuals, as a share of the radius."""


def fit_ellipse(
    points: Points,
    weights: NDArray[np.float64],
    *,
    pivot: NDArray[np.float64] | None,
    point_sigma: float = 0.015,
    pivot_sigma: float = 0.05,
    stretch_sigma: float = 0.35,
    rounds: int = 12,
) -> EllipseFit | None:
    """Fit the ellipse of a scale to points along its arc.

    Args:
        points: frame pixels, (n, 2), along the arc's centre line.
        weights: (n,), 0 to 1.
        pivot: where the pointer's axis is seen, frame pixels (2,), or None when it is not seen.
        point_sigma: expected error of a point, as a share of the radius.
        pivot_sigma: expected distance of the centre from the pivot, as a share of the radius.
        stretch_sigma: expected relative difference of the axes.
        rounds: Gauss-Newton steps at most.

    Returns None when there are too few points or the fit runs away.
    """
    if len(points) < 8 or weights.sum() < 4:
        return None
    shift = points.mean(axis=0)
    local = np.ascontiguousarray((points - shift).T)
    unit = float(np.sqrt((local * local).sum() / len(points))) or 1.0
    local /= unit
    hub = None if pivot is None else (pivot - shift) / unit
    first = hub if hub is not None else _algebraic_center(local.T, weights)
    radius = float(np.hypot(local[0] - first[0], local[1] - first[1]) @ weights / weights.sum())
    theta = np.array([first[0], first[1], radius, 0.0, radius])

    damping = 1e-3
    shape = _Shape(theta, local)
    radial = shape.radial
    # The points of one arc share the mask's errors: they count as some twenty, however many there are.
    robust = weights
    share = min(1.0, 20.0 / max(float(robust.sum()), 1e-9)) / point_sigma**2
    prior, slopes = shape.prior(hub, pivot_sigma, stretch_sigma)
    normal, gradient = _normal(shape, robust * share, prior, slopes)
    for _ in range(rounds):
        damped = normal.copy()
        damped.reshape(-1)[::6] += damping * (normal.reshape(-1)[::6] + 1e-9)
        step = cv2.solve(damped, -gradient[:, None])[1][:, 0]
        trial = _Shape(theta + step, local) if _is_ellipse(theta + step) else None
        if trial is None:
            damping *= 10
            continue
        trial_prior, slopes = trial.prior(hub, pivot_sigma, stretch_sigma)
        cost = share * float(robust @ radial**2) + float(prior @ prior)
        if share * float(robust @ trial.radial**2) + float(trial_prior @ trial_prior) > cost:
            damping *= 10
            continue
        theta, shape, radial, prior, damping = trial.theta, trial, trial.radial, trial_prior, damping / 3
        if np.abs(step).max() < 1e-5:
            break
        robust = weights / (1 + (radial / (3 * point_sigma)) ** 2)
        share = min(1.0, 20.0 / max(float(robust.sum()), 1e-9)) / point_sigma**2
        normal, gradient = _normal(shape, robust * share, prior, slopes)
    if not np.isfinite(theta).all():
        return None
    axes = np.array([[theta[2], theta[3]], [theta[3], theta[4]]])
    low, high = symmetric_values(axes)
    if low <= 0 or high / low > 4 or high > 20:
        return None
    robust = weights / (1 + (radial / (3 * point_sigma)) ** 2)
    residual = float(np.sqrt((robust @ radial**2) / max(robust.sum(), 1e-9)))
    return EllipseFit(theta[:2] * unit + shift, symmetric_root(axes * unit), residual)


def circle_center(points: Points, weights: NDArray[np.float64], rounds: int = 8) -> NDArray[np.float64]:
    """Return the centre, (2,), of the circle that is nearest to weighted points (n, 2), by Gauss and Newton.

    Points on a straight line have none: then it is far away.
    """
    center = _algebraic_center(points, weights)
    share = weights / weights.sum()
    for _ in range(rounds):
        away = points - center
        distance = np.linalg.norm(away, axis=1)
        # the radius is the mean distance: it gives way at once when the centre moves
        slope = away / np.maximum(distance, 1e-9)[:, None]
        slope -= share @ slope
        residual = distance - share @ distance
        normal = slope.T @ (slope * share[:, None])
        center = center + np.linalg.lstsq(normal, slope.T @ (share * residual), rcond=1e-9)[0]
    return center


def _is_ellipse(theta: NDArray[np.float64]) -> bool:
    return bool(theta[2] > 0 and theta[2] * theta[4] - theta[3] ** 2 > 1e-4)


class _Shape:
    """The ellipse of one step of the fit, ``theta = (center x, y, axes 00, 01, 11)``, and its points."""

    def __init__(self, theta: NDArray[np.float64], local: NDArray[np.float64]) -> None:
        """`local`: the points (2, n), in units of their spread."""
        self.theta = theta
        x, y, a, b, d = theta.tolist()
        share = 1.0 / (a * d - b * b)
        self._inverse = d * share, -b * share, a * share
        p, q, r = self._inverse
        dx, dy = local[0] - x, local[1] - y
        self._u, self._v = p * dx + q * dy, q * dx + r * dy
        self._norm = np.sqrt(self._u * self._u + self._v * self._v)
        self.radial = self._norm - 1.0
        """Distance of each point from the ellipse, in dial coordinates, (n,)."""

    def slopes(self) -> NDArray[np.float64]:
        """Return the derivatives of `radial` by theta, (5, n)."""
        # |B d| with B the inverse of the axes A: by the centre -B n, by A_ij -(B n)_i (B d)_j.
        p, q, r = self._inverse
        u, v = self._u, self._v
        share = -1.0 / self._norm
        rows = np.empty((5, len(u)))
        f, g = rows[0], rows[1]
        np.multiply(p * u + q * v, share, out=f)
        np.multiply(q * u + r * v, share, out=g)
        np.multiply(f, u, out=rows[2])
        np.add(f * v, g * u, out=rows[3])
        np.multiply(g, v, out=rows[4])
        return rows

    def prior(
        self, hub: NDArray[np.float64] | None, pivot_sigma: float, stretch_sigma: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the residuals of what is known beforehand, (4,), and their derivatives by theta, (4, 5)."""
        x, y, a, b, d = self.theta.tolist()
        # The two components of the stretch, smooth where the ellipse is a circle (its axes' ratio is not).
        total = a + d
        k = 2 / (stretch_sigma * total)
        first, second = k * (a - d), 2 * k * b
        rows = [
            [0.0, 0.0, k - first / total, 0.0, -k - first / total],
            [0.0, 0.0, -second / total, 2 * k, -second / total],
        ]
        if hub is None:
            return np.array([first, second, 0.0, 0.0]), np.array([*rows, _ZEROS, _ZEROS])
        p, q, r = (each / pivot_sigma for each in self._inverse)
        dx, dy = x - float(hub[0]), y - float(hub[1])
        u, v = p * dx + q * dy, q * dx + r * dy
        # In dial coordinates the offset is (u, v) * pivot_sigma: the derivatives by A are -B e_ij (u, v).
        e, f, g = self._inverse
        rows += [
            [p, q, -e * u, -(e * v + f * u), -f * v],
            [q, r, -f * u, -(f * v + g * u), -g * v],
        ]
        return np.array([first, second, u, v]), np.array(rows)


_ZEROS = [0.0] * 5


def _normal(
    shape: _Shape, weights: NDArray[np.float64], prior: NDArray[np.float64], slopes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the normal matrix (5, 5) and the gradient (5,) of the weighted squares."""
    rows = shape.slopes()
    weighted = rows * weights
    return weighted @ rows.T + slopes.T @ slopes, weighted @ shape.radial + slopes.T @ prior


def _algebraic_center(local: Points, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre of the circle that fits best in the algebraic sense (Kasa's method)."""
    root = np.sqrt(weights)[:, None]
    design = np.column_stack([2 * local, np.ones(len(local))])
    solution, *_ = np.linalg.lstsq(root * design, root[:, 0] * (local**2).sum(axis=1), rcond=None)
    center: NDArray[np.float64] = solution[:2]
    return center
