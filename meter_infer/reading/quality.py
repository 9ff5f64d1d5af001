"""How far one look at a meter may be trusted, and why not further.

Each piece of evidence is turned into a factor between 0 and 1; the confidence is their product, so
that one bad sign is enough to doubt. The reason names the weakest factor, in the words of `Reason`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from meter_infer.reading.dial import DialView
from meter_infer.reading.geometry import TAU, DialGeometry, wrap
from meter_infer.reading.level import TubeView
from meter_infer.reading.pointer import Ridge
from meter_infer.reading.sampling import Patch, luma_quantiles
from meter_infer.types import Reason

GOOD = 0.5
"""Confidence from which a reading is good."""

SATURATED = 250
OFF_SCALE, OFF_SCALE_FROM = 0.12, 0.06
"""Distance beyond the scale's nearer end, share of the scale, from which a pointer is off it, and from which
that is doubtful."""
MIDDLE, MIDDLE_FROM = 0.5, 0.35
"""The same as shares of the gap between the scale's two ends: half way it belongs to either."""
CUT = np.deg2rad(13.0)
"""So far beyond its ends a scale must lie in the picture: a band that ends where the picture does goes on."""

TOLD = 0.4, 0.8
"""Chance of a scale's end by the strip network from which it counts, and from which it counts as seen."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One piece of evidence."""

    reason: Reason
    """What is wrong when the factor is low."""
    value: float
    """0 to 1."""


def ramp(value: float, low: float, high: float, floor: float = 0.0) -> float:
    """Rise from `floor` at `low` to 1 at `high`; `low` may be the larger of the two (then it falls)."""
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return floor + (1 - floor) * share


def on_scale(geometry: DialGeometry, fraction: float) -> float:
    """Return whether a pointer at a place is on the scale, 0 (it is off it) to 1."""
    over = max(-fraction, fraction - 1.0, 0.0)
    gap = max(TAU - geometry.span, 1e-6)
    return ramp(over, OFF_SCALE, OFF_SCALE_FROM) * ramp(over * geometry.span / gap, MIDDLE, MIDDLE_FROM)


def is_cut_off(geometry: DialGeometry, frame: tuple[int, int] | None) -> bool:
    """Say whether a scale's ring leaves the frame (width, height) at one of its ends or right beyond."""
    if frame is None:
        return False
    beyond = np.linspace(0.0, CUT, 8)
    ends = geometry.start_angle - beyond, geometry.start_angle + geometry.span + beyond
    angles = np.concatenate(ends)
    points = np.array([geometry.point_at(float(angle)) for angle in angles])
    return bool((points < 0).any() or (points > frame).any())


def combine(factors: Iterable[Factor]) -> tuple[float, Reason]:
    """Return the product of the factors and the reason of the weakest (ok when none is low)."""
    confidence, weakest = 1.0, Factor(Reason.OK, 0.95)
    for factor in factors:
        confidence *= factor.value
        if factor.value < weakest.value:
            weakest = factor
    return confidence, weakest.reason if confidence < GOOD else Reason.OK


def sharpness(patch: Patch, geometry: DialGeometry) -> float:
    """Return the finest detail on the dial: RMS luma gradient of the ring per its contrast, 1/px.

    A sharp edge of one pixel gives about 0.5 and more; an edge blurred over n pixels about 1/n.
    """
    radius_px = geometry.radius / patch.pitch
    angles = np.linspace(0, 2 * np.pi, int(min(max(2 * np.pi * radius_px, 90), 1600)), endpoint=False)
    ring = geometry.polar_picture(patch, angles, np.linspace(0.8, 1.1, 9))
    low, high = luma_quantiles(ring, 0.02, 0.98)
    spread = high - low
    if spread < 8:
        return 0.0
    step_px = 2 * np.pi * radius_px / len(angles)
    (steepest,) = luma_quantiles(cv2.absdiff(ring[1:], ring[:-1]), 0.99)  # type: ignore[arg-type]
    return steepest / step_px / spread


def glare(patch: Patch, geometry: DialGeometry, angle: float) -> float:
    """Return the share of saturated samples on the scale's ring and along the pointer at `angle`.

    A white face may be saturated all over and still be read, as long as the line to the pointer shows
    something dark: then nothing is lost, and the share is that of the line alone.
    """
    angles = geometry.start_angle + geometry.span * np.linspace(0, 1, 120)
    ring = geometry.polar_picture(patch, angles, np.linspace(0.6, 1.0, 8))
    line = geometry.polar_picture(patch, angle + np.linspace(-0.05, 0.05, 5), np.linspace(0.3, 1, 20))
    dark = luma_quantiles(ring, 0.04)[0] < 128
    along = float((line >= SATURATED).mean())
    return along if dark else max(float((ring >= SATURATED).mean()), along)


@dataclass(frozen=True, slots=True)
class Light:
    """What the picture itself allows."""

    sharpness: float
    """See `sharpness`."""
    dazzled: float
    """See `glare`; 0 where no pointer is known."""


def light_of(patch: Patch, geometry: DialGeometry, angle: float | None) -> Light:
    """Measure sharpness and glare of a dial whose pointer stands at `angle` (radians, dial coordinates)."""
    return Light(sharpness(patch, geometry), 0.0 if angle is None else glare(patch, geometry, angle))


def dial_factors(
    view: DialView,
    ridge: Ridge | None,
    mask_angle: float | None,
    patch: Patch,
    light: Light,
    *,
    ends: tuple[float, float] = (0.0, 0.0),
    placed: bool = False,
) -> list[Factor]:
    """Weigh one look at a dial by rules: each names what is wrong.

    `ends`: chance that start and end are where they are read, by the strip network; 0 where it was not asked.
    `placed`: it does not matter where the scale begins and ends.
    """
    # An end that one network did not see at all is often plain to the other.
    told = [1.0 if placed else ramp(chance, *TOLD) for chance in ends]
    geometry = view.geometry
    radius_px = geometry.radius / patch.pitch
    angle = ridge.angle if ridge is not None else mask_angle
    # What is lost in glare has no edges either: the glare is to blame.
    unsharp = Reason.GLARE if light.dazzled > 0.4 else Reason.BLURRED
    factors = [
        Factor(Reason.OCCLUDED, ramp(view.scale_score, 0.15, 0.6)),
        Factor(Reason.OCCLUDED, ramp(view.ring_residual, 0.12, 0.04, 0.2)),
        Factor(Reason.OCCLUDED, max(ramp(view.ends_doubt, 0.7, 0.4, 0.2), min(told))),
        Factor(Reason.BLURRED, ramp(radius_px, 6.0, 14.0)),
        Factor(unsharp, ramp(light.sharpness, 0.04, 0.1)),
        Factor(Reason.OCCLUDED, ramp(geometry.tilt, np.deg2rad(75), np.deg2rad(58), 0.1)),
    ]
    factors += [
        Factor(Reason.OCCLUDED, max(ramp(score, 0.0, 0.4, 0.5), chance))
        for score, chance in zip(view.end_scores, told, strict=True)
    ]
    if not placed and is_cut_off(geometry, patch.frame):
        factors.append(Factor(Reason.OCCLUDED, 0.1))
    if view.pointer is None:
        return [*factors, Factor(Reason.NO_POINTER, 0.0)]
    factors.append(Factor(Reason.NO_POINTER, ramp(view.pointer.score, 0.1, 0.5)))
    factors.append(Factor(Reason.DISAGREEMENT, ramp(view.pointer.doubt, 0.45, 0.25, 0.1)))
    if ridge is None or mask_angle is None:
        factors.append(Factor(unsharp, 0.4))
    else:
        turn = abs(wrap(ridge.angle - mask_angle))
        factors += [
            Factor(Reason.DISAGREEMENT, ramp(turn, np.deg2rad(10), np.deg2rad(4), 0.1)),
            Factor(Reason.OCCLUDED, ramp(ridge.support, 0.15, 0.5, 0.3)),
            Factor(unsharp, ramp(abs(ridge.contrast), 6, 20, 0.4)),
        ]
    if angle is not None:
        factors.append(Factor(Reason.GLARE, ramp(light.dazzled, 0.5, 0.2, 0.2)))
        factors.append(Factor(Reason.OFF_SCALE, on_scale(geometry, geometry.fraction_of_angle(angle))))
    return factors


def tube_factors(view: TubeView, contrast: float, patch: Patch) -> list[Factor]:
    """Weigh one look at a level gauge."""
    length_px = view.geometry.length / patch.pitch
    factors = [
        Factor(Reason.OCCLUDED, ramp(view.tube_score, 0.15, 0.6)),
        Factor(Reason.BLURRED, ramp(length_px, 16, 40)),
        Factor(Reason.DISAGREEMENT, ramp(view.spread, 0.2, 0.06, 0.1)),
    ]
    factors += [Factor(Reason.OCCLUDED, ramp(score, 0.0, 0.4, 0.6)) for score in view.end_scores]
    if view.fraction is None:
        return [*factors, Factor(Reason.NO_POINTER, 0.0)]
    factors += [
        Factor(Reason.NO_POINTER, ramp(view.surface_score, 0.1, 0.5)),
        Factor(Reason.BLURRED, ramp(contrast, 2, 8, 0.5)),
        Factor(Reason.OFF_SCALE, ramp(max(-view.fraction, view.fraction - 1), 0.15, 0.08)),
    ]
    return factors
