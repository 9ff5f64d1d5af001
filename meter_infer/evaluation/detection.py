"""Average precision of the detector at IoU 0.5, and its false finds in pictures without a meter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from meter_infer.types import Box, Detection, MeterKind

MATCH_IOU = 0.5


@dataclass(frozen=True, slots=True)
class PictureResult:
    """The truth of one picture and what the detector found in it."""

    truth: tuple[tuple[MeterKind, Box], ...]
    found: tuple[Detection, ...]


def average_precision(results: Sequence[PictureResult], kind: MeterKind) -> float | None:
    """Return AP50 of one class, the area under its precision envelope over all recall points.

    Detections are taken in the order of their scores over all pictures; each finds the free box of its class
    that it overlaps most, if by at least 0.5. None where the class has no box. (PASCAL VOC 2010 and later.)
    """
    total = sum(1 for result in results for label, _ in result.truth if label is kind)
    if total == 0:
        return None
    ranked: list[tuple[float, bool]] = []
    for result in results:
        ranked.extend(_hits(result, kind))
    ranked.sort(key=lambda item: -item[0])
    hits = np.cumsum([hit for _, hit in ranked], dtype=np.float64)
    recall = np.concatenate(([0.0], hits / total))
    precision = hits / np.arange(1, len(ranked) + 1)
    # the best precision at this recall or beyond
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall) * envelope))


def _hits(result: PictureResult, kind: MeterKind) -> Iterable[tuple[float, bool]]:
    free = [box for label, box in result.truth if label is kind]
    for detection in sorted((d for d in result.found if d.kind is kind), key=lambda d: -d.score):
        overlaps = [detection.box.iou(box) for box in free]
        best = int(np.argmax(overlaps)) if overlaps else -1
        hit = best >= 0 and overlaps[best] >= MATCH_IOU
        if hit:
            free.pop(best)
        yield detection.score, hit


@dataclass(frozen=True, slots=True)
class DetectionFigures:
    """How well meters are found. Shares 0 to 1; None where the labels or negatives are missing."""

    pictures: int
    boxes: int
    ap50: dict[str, float]
    """By class, only classes that have a box."""
    map50: float | None
    """Mean over those classes."""
    recall: float | None
    """Share of the boxes found above the working threshold."""
    negatives: int
    """Pictures without a meter, in the label file or the folder of negatives."""
    clean_negatives: float | None
    """Share of those in which nothing is found above the working threshold."""


def detection_figures(results: Sequence[PictureResult], threshold: float) -> DetectionFigures:
    """Sum up over pictures; `threshold` is the working score, 0 to 1."""
    positives = [result for result in results if result.truth]
    negatives = [result for result in results if not result.truth]
    # a false find in a picture without a meter counts against precision as well
    found = {kind.value: average_precision(results, kind) for kind in MeterKind}
    ap50 = {name: value for name, value in found.items() if value is not None}
    boxes = sum(len(result.truth) for result in positives)
    clean = [not any(d.score >= threshold for d in result.found) for result in negatives]
    hits = sum(
        hit and score >= threshold
        for result in positives
        for kind in MeterKind
        for score, hit in _hits(result, kind)
    )
    return DetectionFigures(
        pictures=len(results),
        boxes=boxes,
        ap50=ap50,
        map50=float(np.mean(list(ap50.values()))) if ap50 else None,
        recall=hits / boxes if boxes else None,
        negatives=len(negatives),
        clean_negatives=float(np.mean(clean)) if clean else None,
    )
