"""What speaks for and against one look at a meter, as numbers.

The features are kept apart from their weights, because the weights are fitted to looks whose truth is
known (`meter_infer.train.confidence`), not chosen.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.chances import Chances
from meter_infer.reading.choice import chance, sureness
from meter_infer.reading.dial import DialView
from meter_infer.reading.geometry import wrap
from meter_infer.reading.level import TubeView
from meter_infer.reading.marks import Graduation
from meter_infer.reading.pointer import Ridge
from meter_infer.reading.spacing import LOOSE, Spacing
from meter_infer.reading.tube_marks import ACCEPTED, TubeScale

Evidence = NDArray[np.float64]
"""float64 (len(FEATURES),)."""

_STRIP = (
    *("reading", "start", "end", "all", "reading_sure", "start_sure", "end_sure", "all_sure"),
    *("unasked", "right", "right_sure"),
)
"""What the strip network says of a look's places; see `_judged`."""
FEATURES = (
    "scale_score",
    "pointer_score",
    "pivot_score",
    "tip_score",
    "start_score",
    "end_score",
    "weakest_end",
    "end_gap",
    "ring_residual",
    "pivot_offset",
    "tip_beside",
    "tip_off_ring",
    "support",
    "scatter",
    "faint",
    "turn",
    "no_ridge",
    "sure_of_pointer",
    "sure_of_ends",
    "second_tip",
    "second_end",
    "small",
    "blurred",
    "glare",
    "oblique",
    "narrow",
    "at_an_end",
    "evenness",
    "typical_mark",
    "end_marks",
    "beyond",
    "beyond_mean",
    "no_marks",
    "marks_found",
    "marks_scatter",
    "marks_even",
    "apart",
    "far_apart",
    "alone",
    "rules",
    *(f"strip_{name}" for name in _STRIP),
)
"""Names of the features, in the order of `features`. Each lies within 0 to 1."""

NEAR, FAR = 0.006, 0.03
"""Differences between two opinions at which `apart` and `far_apart` are 1, shares of the scale."""
UNASKED = Chances(0.95, 0.95, 0.95, right=0.9)
"""What a look without strip networks counts as."""
END_OFF = 0.05
"""Distance of a scale's end from the tube's own, share of the scale, that counts as 1."""


def features(
    view: DialView,
    ridge: Ridge | None,
    mask_angle: float,
    sharpness: float,
    dazzled: float,
    radius_px: float,
    marks_seen: Graduation | None = None,
    apart: float | None = None,
    rules: float = 1.0,
    chances: Chances | None = None,
) -> NDArray[np.float64]:
    """Return the evidence of one look, float64 (len(FEATURES),).

    Args:
        view: what the masks say, its geometry refined.
        ridge: what the luma plane says of the pointer; None where it says nothing.
        mask_angle: where the masks' pointer meets the scale, radians, dial coordinates.
        sharpness: as `quality.sharpness`.
        dazzled: as `quality.glare`.
        radius_px: radius of the scale, samples of the patch.
        marks_seen: how the graduation bears the scale's ends out; None where it cannot be seen.
        apart: by how much another crop reads otherwise, share of the scale; None where there is none.
        rules: confidence by the rules alone, 0 to 1.
        chances: what the strip network says of the places; None: it was not asked.
    """
    marks, geometry = view.marks, view.geometry
    fraction = geometry.fraction_of_angle(mask_angle if ridge is None else ridge.angle)
    turn = 0.0 if ridge is None else abs(wrap(ridge.angle - mask_angle))
    end_distance = min(abs(fraction), abs(1.0 - fraction))
    values = (
        view.scale_score,
        0.0 if view.pointer is None else view.pointer.score,
        marks.pivot_score,
        marks.tip_score,
        view.end_scores[0],
        view.end_scores[1],
        min(view.end_scores),
        view.end_gap / np.deg2rad(20),
        view.ring_residual / 0.1,
        marks.pivot_offset / 0.3,
        marks.tip_beside / 0.2,
        abs(marks.tip_radius - 0.9) / 0.5,
        0.0 if ridge is None else ridge.support,
        1.0 if ridge is None else ridge.scatter / 0.02,
        1.0 if ridge is None else np.exp(-abs(ridge.contrast) / 30),
        turn / np.deg2rad(8),
        float(ridge is None),
        0.0 if view.pointer is None else sureness(view.pointer.doubt),
        sureness(view.ends_doubt),
        marks.second_tip,
        marks.second_end,
        np.exp(-radius_px / 40),
        np.exp(-sharpness / 0.12),
        dazzled,
        geometry.tilt / np.deg2rad(70),
        np.exp(-geometry.span / np.deg2rad(90)),
        np.exp(-end_distance / 0.05),
        *_graduated(marks_seen),
        *_spaced(view.spacing),
        *_compared(apart),
        rules,
        *_judged(chances),
    )
    return np.clip(np.array(values, dtype=np.float64), 0.0, 1.0)


def _graduated(marks: Graduation | None) -> tuple[float, ...]:
    if marks is None:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 1.0
    return marks.evenness, marks.typical, marks.ends, marks.beyond, marks.beyond_mean, 0.0


def _spaced(spacing: Spacing | None) -> tuple[float, float, float]:
    if spacing is None:
        return 0.0, 1.0, 0.0
    return spacing.found, spacing.scatter / LOOSE, spacing.evenness


def _compared(apart: float | None) -> tuple[float, float, float]:
    """Return how far two opinions lie apart; one alone counts as two that differ by the lesser step."""
    known = NEAR if apart is None else apart
    return known / NEAR, known / FAR, float(apart is None)


def _judged(chances: Chances | None) -> tuple[float, ...]:
    """Return what the strip network says: the chances, and the doubt in them by its decimal places.

    A look without it counts as one that it bears out as it commonly does.
    """
    each = UNASKED if chances is None else chances
    places = each.reading, each.start, each.end
    whole = each.reading * each.start * each.end
    sure = (sureness(1 - chance) for chance in (*places, whole))
    return *places, whole, *sure, float(chances is None), each.right, sureness(1 - each.right)


TUBE_FEATURES = (
    "tube_score",
    "surface_score",
    "liquid_score",
    "both",
    "spread",
    "start_score",
    "end_score",
    "weakest_end",
    "end_gap",
    "faint",
    "small",
    "at_an_end",
    "narrow",
    "apart",
    "far_apart",
    "alone",
    "rules",
    "graduated",
    "comb_evenness",
    "comb_ends",
    "comb_beyond",
    "comb_teeth",
    "comb_shift",
    "comb_sure",
    "comb_missed",
    "off_foot",
    "off_head",
    *(f"strip_{name}" for name in _STRIP),
)
"""Names of the features of a level gauge, in the order of `tube_features`. Each lies within 0 to 1."""


def tube_features(
    view: TubeView,
    fraction: float,
    contrast: float,
    length_px: float,
    apart: float | None = None,
    rules: float = 1.0,
    scale: TubeScale | None = None,
    chances: Chances | None = None,
) -> Evidence:
    """Return the evidence of one look at a level gauge, float64 (len(TUBE_FEATURES),).

    Args:
        view: what the masks say.
        fraction: where the surface was found in the luma plane.
        contrast: luma steps across the surface.
        length_px: length of the scale, samples of the patch.
        apart: by how much another crop reads otherwise, share of the scale; None where there is none.
        rules: confidence by the rules alone, 0 to 1.
        scale: the likeliest graduation; None where no marks were seen.
        chances: what the strip network says of the places; None: it was not asked.
    """
    surface, liquid = view.parts
    end_distance = min(abs(fraction), abs(1.0 - fraction))
    values = (
        view.tube_score,
        surface,
        liquid,
        min(surface, liquid),
        view.spread / 0.15,
        view.end_scores[0],
        view.end_scores[1],
        min(view.end_scores),
        view.end_gap / 0.3,
        np.exp(-contrast / 15),
        np.exp(-length_px / 60),
        np.exp(-end_distance / 0.05),
        np.exp(-view.geometry.width / max(view.geometry.length, 1e-9) / 0.05),
        *_compared(apart),
        rules,
        *_combed(scale),
        abs(view.reach[0]) / END_OFF,
        abs(1 - view.reach[1]) / END_OFF,
        *_judged(chances),
    )
    return np.clip(np.array(values, dtype=np.float64), 0.0, 1.0)


def _combed(scale: TubeScale | None) -> tuple[float, ...]:
    """Return what the marks say, whether the ends were taken from them or not."""
    if scale is None:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if scale.sure < ACCEPTED:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, scale.sure / ACCEPTED
    shift = scale.shift / 0.2
    return 1.0, scale.evenness, scale.ends, scale.beyond, scale.teeth / 40, shift, scale.sure, 0.0


class Weights(NamedTuple):
    """Fitted weights of one kind of look, and the probability from which its reading is good."""

    accept: float
    bias: float
    values: tuple[float, ...]
    """In the order of the features."""


def probability(evidence: NDArray[np.float64], weights: Weights) -> float:
    """Return the fitted probability that a look is right to 2 % of the scale (logistic regression)."""
    return chance(weights.bias + float(evidence @ np.asarray(weights.values)))
