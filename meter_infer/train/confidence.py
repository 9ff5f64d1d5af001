"""Fitting the weights of the evidence: when is a look right?

Looks whose truth is known are made with the networks that will be shipped; a logistic regression on
their evidence tells how probable it is that a look is right to 2 % of the scale. The threshold is the
lowest at which, of the looks held out in turn (cross-validation), no more than the wanted share of those
called good is wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meter_infer.calibration import Calibration
from meter_infer.errors import LabelError
from meter_infer.pipeline import MeterDetector, MeterSegmenter
from meter_infer.reading.evidence import FEATURES, TUBE_FEATURES
from meter_infer.reading.look import HOPELESS, SURE, look
from meter_infer.reading.strip import Judge, MeterStrips, judge_of
from meter_infer.train.looking import Sighting, sightings, write_module
from meter_infer.types import MeterKind
from meter_infer.valuing import MeterSetup, calibration_of

WRONG = 0.02
"""Error from which a look is wrong, share of the scale."""
FOLDS = 5
LEAST = 60
"""Looks that a fit needs."""
_THRESHOLDS = np.concatenate([np.arange(0.3, 0.9, 0.01), np.arange(0.9, 0.991, 0.002)])


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Fitted weights and what they do to looks they were not fitted to."""

    accept: float
    bias: float
    weights: NDArray[np.float64]
    coverage: float
    """Share of the looks called good."""
    wrong: float
    """Share of those that are wrong."""


@dataclass(slots=True)
class Looks:
    """Looks at meters of one kind, with their truth."""

    evidence: list[NDArray[np.float64]] = field(default_factory=list)
    """Of one crop."""
    second: list[NDArray[np.float64]] = field(default_factory=list)
    """The same with a second opinion."""
    errors: list[float] = field(default_factory=list)
    """Absolute, share of the scale."""

    def fit(self, wanted: float) -> Fit:
        """Fit weights to these looks; see `fit_weights`."""
        return fit_weights(np.array(self.evidence), np.array(self.errors), wanted, np.array(self.second))


class Use(NamedTuple):
    """A kind of meter, and how its value is told from what is seen."""

    kind: MeterKind
    placed: bool
    """By points in the picture, not by the scale's ends."""


def collect_looks(
    labels: Iterable[Path],
    detector: MeterDetector,
    segmenter: MeterSegmenter,
    progress: Callable[[], None] | None = None,
    strips: MeterStrips | None = None,
) -> dict[Use, Looks]:
    """Look at every labelled gauge and compare: by its `range`, and by its `scale_points`.

    Gauges that are not detected, or give no fraction, teach nothing here: they are never good.
    Raises LabelError and SourceError for what cannot be read.
    """
    looks = {Use(kind, placed): Looks() for kind in MeterKind for placed in (False, True)}
    for seen in sightings(
        labels, detector, segmenter, lambda gauge: gauge.reading is not None, progress, second=True
    ):
        for use in (Use(seen.gauge.kind, False), Use(seen.gauge.kind, True)):
            _take(looks[use], seen, use, judge_of(strips, seen.frame))
    return looks


def _take(looks: Looks, sighting: Sighting, use: Use, judge: Judge | None) -> None:
    """Add one look, if its error is known."""
    gauge, crops = sighting.gauge, sighting.crops
    limits = gauge.limits
    if gauge.reading is None or limits is None or limits[0] == limits[1]:
        return
    alone, seen = (
        look(
            use.kind,
            sighting.frame.luma,
            sighting.box,
            crops[0],
            again=again,
            judge=judge,
            placed=use.placed,
            thorough=True,
        )[0]
        for again in (None, lambda: crops[1])
    )
    if seen.fraction is None or seen.evidence is None or alone.evidence is None:
        return
    if alone.vetoed or seen.vetoed:  # never good, whatever the weights say
        return
    if use.placed:
        setup = MeterSetup("", "", use.kind, calibration_points=gauge.scale_points)
        calibration = calibration_of(setup, seen.dial or seen.tube) if len(gauge.scale_points) > 1 else None
    elif gauge.end_values is None or gauge.nonlinear:
        calibration = None  # whether values lie evenly along the scale is not for these weights to say
    else:
        setup = MeterSetup("", "", use.kind, calibration=Calibration.from_range(gauge.end_values))
        calibration = calibration_of(setup, seen.dial or seen.tube)
    if calibration is None:
        return
    looks.evidence.append(alone.evidence)
    looks.second.append(seen.evidence)
    looks.errors.append(abs(calibration.value(seen.fraction) - gauge.reading) / (limits[1] - limits[0]))


def fit_weights(
    evidence: NDArray[np.float64],
    errors: NDArray[np.float64],
    wanted: float,
    second: NDArray[np.float64] | None = None,
    ridge: float = 2.0,
    seed: int = 0,
) -> Fit:
    """Fit the weights of one kind of meter.

    Args:
        evidence: of one crop, float64 (looks, features).
        errors: absolute errors, share of the scale, (looks,).
        wanted: largest share of wrong looks among the good ones, 0 to 1.
        second: the same with a second opinion, which is had where `look` asks for it; None: never.
        ridge: strength of the penalty on the weights.
        seed: of the folds.

    Raises LabelError where there are too few looks to fit anything.
    """
    if len(evidence) < LEAST:
        raise LabelError(f"{len(evidence)} looks are too few to fit weights; give at least {LEAST} gauges.")
    second = evidence if second is None else second
    right = (errors <= WRONG).astype(np.float64)
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(evidence))
    alone, both = np.zeros(len(evidence)), np.zeros(len(evidence))
    for k in range(FOLDS):
        rest, held = fold != k, fold == k
        # both kinds of look occur, and the weights are to hold for both
        bias, weights = logistic(
            np.concatenate([evidence[rest], second[rest]]), np.tile(right[rest], 2), 2 * ridge
        )
        alone[held], both[held] = (_sigmoid(bias + rows[held] @ weights) for rows in (evidence, second))
    for threshold in _THRESHOLDS:
        asked = (alone >= HOPELESS * threshold) & (alone < threshold + SURE * (1 - threshold))
        good = np.where(asked, both, alone) >= threshold
        accept = float(threshold)
        # one wrong more than was seen: where few are good, none wrong among them says little
        if not good.any() or float((right[good] == 0).sum() + 1) / float(good.sum() + 1) <= wanted:
            break
    else:
        raise LabelError(
            f"no threshold keeps the share of wrong looks below {wanted:g}; give more gauges, or allow more."
        )
    bias, weights = logistic(np.concatenate([evidence, second]), np.tile(right, 2), 2 * ridge)
    wrong = float((right[good] == 0).mean()) if good.any() else 0.0
    return Fit(accept, bias, weights, float(good.mean()), wrong)


def logistic(
    evidence: NDArray[np.float64], right: NDArray[np.float64], ridge: float
) -> tuple[float, NDArray[np.float64]]:
    """Return bias and weights of a penalised logistic regression (Newton's method)."""
    design = np.column_stack([np.ones(len(evidence)), evidence])
    penalty = np.eye(design.shape[1]) * ridge
    penalty[0, 0] = 1e-6
    theta = np.zeros(design.shape[1])
    for _ in range(60):
        expected = _sigmoid(design @ theta)
        slope = design.T @ (expected - right) + penalty @ theta
        curve = (design * (expected * (1 - expected) + 1e-6)[:, None]).T @ design + penalty
        step = np.linalg.solve(curve, slope)
        theta = theta - step
        if float(np.abs(step).max()) < 1e-9:
            break
    return float(theta[0]), theta[1:]


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(x, -30, 30)))
    return result


def write_weights(path: Path, fits: Mapping[Use, Fit]) -> None:
    """Write all fits as the module `meter_infer.reading.weights`."""
    lines = [
        '"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""',
        "",
        "from meter_infer.reading.evidence import Weights",
    ]
    for use, fit in fits.items():
        tube = use.kind is MeterKind.LEVEL
        name = ("TUBE" if tube else "DIAL") + ("_PLACED" if use.placed else "")
        lines += ["", f"{name} = Weights(", f"    {fit.accept:.3f},", f"    {fit.bias:.4f},", "    ("]
        names = TUBE_FEATURES if tube else FEATURES
        lines += [f"        {weight:.4f},  # {name}" for weight, name in zip(fit.weights, names, strict=True)]
        lines += ["    ),", ")"]
    write_module(path, lines)
