"""Fitting the ellipse of a scale to points of its arc.

Least squares on the radial residual in dial coordinates, with what is known beforehand as further
residuals: the pivot is near the centre, and dials are rarely seen from far aside. A full ring
overrules both; an arc of 90 degrees, which leaves an ellipse undetermined, needs them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.geometry import Matrix, symmetric_root
from meter_infer.reading.sampling import Points

_STEP = 1e-6


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
    unit = float(np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1).mean())) or 1.0
    shift = points.mean(axis=0)
    local = (points - shift) / unit
    hub = None if pivot is None else (pivot - shift) / unit
    first = hub if hub is not None else _algebraic_center(local, weights)
    radius = float(np.average(np.linalg.norm(local - first, axis=1), weights=weights))
    theta = np.array([first[0], first[1], radius, 0.0, radius])
    sigmas = (point_sigma, pivot_sigma, stretch_sigma)

    def residuals(params: NDArray[np.float64], robust: NDArray[np.float64]) -> NDArray[np.float64]:
        return _residuals(params, local, robust, hub, sigmas)

    robust = np.sqrt(weights)
    damping = 1e-3
    error = residuals(theta, robust)
    for _ in range(rounds):
        jacobian = np.stack(
            [(residuals(theta + _STEP * axis, robust) - error) / _STEP for axis in np.eye(5)], axis=1
        )
        normal = jacobian.T @ jacobian
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), -jacobian.T @ error)
        trial = theta + step
        if trial[2] * trial[4] - trial[3] ** 2 <= 1e-4 or trial[2] <= 0:
            damping *= 10
            continue
        trial_error = residuals(trial, robust)
        if trial_error @ trial_error > error @ error:
            damping *= 10
            continue
        theta, damping = trial, damping / 3
        radial = np.abs(_radial(theta, local))
        robust = np.sqrt(weights / (1 + (radial / (3 * point_sigma)) ** 2))
        error = residuals(theta, robust)
        if np.abs(step).max() < 1e-5:
            break
    axes = np.array([[theta[2], theta[3]], [theta[3], theta[4]]])
    low, high = np.linalg.eigvalsh(axes)
    if not np.isfinite(theta).all() or low <= 0 or high / low > 4 or high > 20:
        return None
    radial = _radial(theta, local)
    share = weights / (1 + (radial / (3 * point_sigma)) ** 2)
    residual = float(np.sqrt((share * radial**2).sum() / max(share.sum(), 1e-9)))
    return EllipseFit(theta[:2] * unit + shift, symmetric_root(axes * unit), residual)


def _radial(theta: NDArray[np.float64], local: Points) -> NDArray[np.float64]:
    axes = np.array([[theta[2], theta[3]], [theta[3], theta[4]]])
    dial = (local - theta[:2]) @ np.linalg.inv(axes).T
    radial: NDArray[np.float64] = np.linalg.norm(dial, axis=1) - 1.0
    return radial


def _residuals(
    theta: NDArray[np.float64],
    local: Points,
    robust: NDArray[np.float64],
    hub: NDArray[np.float64] | None,
    sigmas: tuple[float, float, float],
) -> NDArray[np.float64]:
    point_sigma, pivot_sigma, stretch_sigma = sigmas
    axes = np.array([[theta[2], theta[3]], [theta[3], theta[4]]])
    mean = 0.5 * (theta[2] + theta[4])
    # The two components of the stretch, smooth where the ellipse is a circle (its axes' ratio is not).
    stretch = np.array([(theta[2] - theta[4]) / mean, 2 * theta[3] / mean])
    # The points of one arc share the mask's errors: they count as some twenty, however many there are.
    share = np.sqrt(min(1.0, 20.0 / max(float((robust**2).sum()), 1e-9)))
    parts = [share * robust * _radial(theta, local) / point_sigma]
    parts.append(stretch / stretch_sigma)
    if hub is not None:
        parts.append(np.linalg.solve(axes, theta[:2] - hub) / pivot_sigma)
    return np.concatenate(parts)


def _algebraic_center(local: Points, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre of the circle that fits best in the algebraic sense (Kasa's method)."""
    root = np.sqrt(weights)[:, None]
    design = np.column_stack([2 * local, np.ones(len(local))])
    solution, *_ = np.linalg.lstsq(root * design, root[:, 0] * (local**2).sum(axis=1), rcond=None)
    center: NDArray[np.float64] = solution[:2]
    return center
