"""Fitting what tells the graduation of a level gauge from other combs of marks.

Every comb that is seen around a labelled level gauge either has both ends where the scale has them, or
not; a logistic regression on its features tells how probable that is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import LabelError
from meter_infer.evaluation.labels import GaugeLabel
from meter_infer.pipeline import MeterDetector, MeterSegmenter
from meter_infer.reading.geometry import TubeGeometry
from meter_infer.reading.look import tube_view_of
from meter_infer.reading.opinion import hints_of
from meter_infer.reading.sampling import Patch, cut_patch
from meter_infer.reading.strip import Judge, MeterStrips, judge_of
from meter_infer.reading.tube_comb import COMB_FEATURES, CombWeights, Ends, comb_features
from meter_infer.reading.tube_marks import seen_combs
from meter_infer.train.confidence import logistic
from meter_infer.train.looking import gauges_missing, sightings, write_module
from meter_infer.types import MeterKind, Segment

OFF = 0.015
"""Error of an end from which a comb is not the graduation, share of the scale."""
RIDGE = 1.0
LEAST = 200
"""Combs that a fit needs."""


class CombFit(NamedTuple):
    """Fitted weights, and how they do."""

    weights: CombWeights
    seen: int
    """Combs that were fitted to."""
    share: float
    """Share of these that are the graduation."""


@dataclass(slots=True)
class Combs:
    """Combs around level gauges whose truth is known."""

    features: list[NDArray[np.float64]] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    gauges: int = 0
    """Level gauges around which combs were looked for."""

    def take(
        self, patch: Patch, segments: Iterable[Segment], truth: TubeGeometry, judge: Judge | None = None
    ) -> None:
        """Add the combs around one gauge whose scale lies at `truth`."""
        self.gauges += 1
        view = tube_view_of(list(segments), judge)
        if view is None:
            return
        combs = seen_combs(patch, view.geometry)
        hints = hints_of(view)
        for comb in combs:
            self.features.append(comb_features(comb, combs, hints))
            self.right.append(_off(view.geometry, comb.ends, truth) < OFF)

    def fit(self) -> CombFit:
        """Fit the weights. Raises LabelError where there are too few combs, or all are alike."""
        right = np.array(self.right, dtype=np.float64)
        seen = f"{len(right)} combs of marks around {self.gauges} level gauges"
        which = "level gauges with `range` and `scale_points` that hold both ends of it"
        if len(right) < LEAST:
            missing = gauges_missing(len(right), self.gauges, LEAST)
            raise LabelError(
                f"{seen} are too few to fit weights, which needs {LEAST}: give about {missing} more {which}."
            )
        if not 0 < right.sum() < len(right):
            raise LabelError(
                f"{'All' if right.any() else 'None'} of {seen} are graduations, which teaches nothing: "
                f"give more {which}."
            )
        bias, weights = logistic(np.array(self.features), right, RIDGE)
        return CombFit(CombWeights(bias, tuple(weights.tolist())), len(right), float(right.mean()))


def collect_combs(
    labels: Iterable[Path],
    detector: MeterDetector,
    segmenter: MeterSegmenter,
    progress: Callable[[], None] | None = None,
    strips: MeterStrips | None = None,
) -> Combs:
    """Look for combs around every labelled level gauge whose `scale_points` hold both ends of its `range`.

    Raises LabelError and SourceError for what cannot be read.
    """
    combs = Combs()
    for seen in sightings(labels, detector, segmenter, lambda gauge: _scale(gauge) is not None, progress):
        scale = _scale(seen.gauge)
        if scale is not None:
            judge = judge_of(strips, seen.frame)
            combs.take(cut_patch(seen.frame.luma, seen.box), seen.crops[0], scale, judge)
    return combs


def write_comb_weights(path: Path, weights: CombWeights) -> None:
    """Write the fit as the module `meter_infer.reading.comb_weights`."""
    lines = [
        '"""What tells a graduation from other combs. Written by `meter-infer train graduations`."""',
        "",
        "from meter_infer.reading.tube_comb import CombWeights",
        "",
        "COMB = CombWeights(",
        f"    {weights.bias:.4f},",
        "    (",
        *(f"        {v:.4f},  # {name}" for v, name in zip(weights.values, COMB_FEATURES, strict=True)),
        "    ),",
        ")",
    ]
    write_module(path, lines)


def _scale(gauge: GaugeLabel) -> TubeGeometry | None:
    """Return where a level gauge's scale begins and ends; None where the label does not say."""
    if gauge.kind is not MeterKind.LEVEL or gauge.ends is None:
        return None
    start, end = gauge.ends
    return TubeGeometry(np.array(start), np.array(end), 1.0)


def _off(seen: TubeGeometry, ends: Ends, truth: TubeGeometry) -> float:
    first, last = (truth.fraction_of(seen.point_at(at)) for at in ends)
    return max(abs(first), abs(last - 1))
