"""The four figures by which readings are judged, in all and by condition."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from meter_infer.evaluation.labels import GaugeLabel
from meter_infer.types import Quality, Reading, Reason

CONFIDENT_WRONG_PCT = 2.0
"""A good reading that is off by more than this (% of span) is confidently wrong."""

MATCH_IOU = 0.5
"""A reading belongs to a label when their boxes overlap at least this much."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one labelled gauge."""

    file: str
    index: int
    kind: str
    truth: float
    unit: str | None
    low: float
    """The scale's least value."""
    span: float
    value: float | None
    """What was read, None where nothing was."""
    quality: Quality
    reason: Reason
    confidence: float
    iou: float
    """Overlap of the label's box with the meter's, 0 where it was not found."""
    detected: bool
    conditions: tuple[str, ...]

    @property
    def error_pct(self) -> float | None:
        """Absolute error in % of span; None without a value."""
        return None if self.value is None else abs(self.value - self.truth) / self.span * 100

    @property
    def is_good(self) -> bool:
        """A value that the reader stands for."""
        return self.detected and self.value is not None and self.quality is Quality.GOOD


def outcome(file: str, label: GaugeLabel, reading: Reading | None, conditions: Iterable[str]) -> Outcome:
    """Score the reading of a labelled gauge; None, or one whose box is elsewhere, counts as not detected.

    The label must have a box, a reading and a span.
    """
    limits = label.limits
    if label.box is None or label.reading is None or limits is None or limits[0] == limits[1]:
        raise ValueError("a scored label needs a box, a reading and a span")
    iou = 0.0 if reading is None or reading.box is None else label.box.iou(reading.box)
    found = reading if iou >= MATCH_IOU else None
    return Outcome(
        file=file,
        index=label.index,
        kind=label.kind.value,
        truth=label.reading,
        unit=label.unit,
        low=limits[0],
        span=limits[1] - limits[0],
        value=found.value if found else None,
        quality=found.quality if found else Quality.BAD,
        reason=found.reason if found else Reason.NO_METER,
        confidence=found.confidence if found else 0.0,
        iou=iou,
        detected=found is not None,
        conditions=tuple(conditions),
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a set of gauges was read. Errors in % of span, shares 0 to 1; None where undefined."""

    n: int
    """Labelled gauges, found or not."""
    mae: float | None
    """Mean absolute error of the good readings."""
    p95: float | None
    """95th percentile of the absolute error of the good readings."""
    coverage: float | None
    """Share of all n gauges with a good reading."""
    confident_wrong: float | None
    """Share of the good readings off by more than 2 % of span."""
    detected: int
    """Gauges that were found."""
    mae_all: float | None
    """Mean absolute error of every reading with a value, good or not."""
    p95_all: float | None
    """95th percentile of the same."""


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Sum up a set of outcomes."""
    good = _errors(item for item in outcomes if item.is_good)
    every = _errors(item for item in outcomes if item.detected)
    return Figures(
        n=len(outcomes),
        mae=_mean(good),
        p95=_p95(good),
        coverage=len(good) / len(outcomes) if outcomes else None,
        confident_wrong=float(np.mean(np.asarray(good) > CONFIDENT_WRONG_PCT)) if good else None,
        detected=sum(item.detected for item in outcomes),
        mae_all=_mean(every),
        p95_all=_p95(every),
    )


def figures_by_condition(outcomes: Sequence[Outcome]) -> dict[str, Figures]:
    """Sum up per condition, most frequent first. A gauge counts under each of its conditions."""
    groups: dict[str, list[Outcome]] = {}
    for item in outcomes:
        for name in dict.fromkeys(item.conditions):
            groups.setdefault(name, []).append(item)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return {name: figures(group) for name, group in ordered}


def _errors(outcomes: Iterable[Outcome]) -> list[float]:
    return [item.error_pct for item in outcomes if item.error_pct is not None]


def _mean(errors: list[float]) -> float | None:
    return float(np.mean(errors)) if errors else None


def _p95(errors: list[float]) -> float | None:
    return float(np.percentile(errors, 95)) if errors else None
