"""Which detection is which labelled gauge."""

from collections.abc import Sequence

from meter_infer.evaluation.labels import GaugeLabel
from meter_infer.evaluation.scoring import MATCH_IOU
from meter_infer.types import Detection


def match(labels: Sequence[GaugeLabel], found: Sequence[Detection]) -> list[Detection | None]:
    """Return for each label the detection of its kind that overlaps it most, if by at least 0.5.

    One detection serves one label; the closest pairs go first.
    """
    pairs = sorted(
        (
            (label.box.iou(detection.box), -i, -j)
            for i, label in enumerate(labels)
            for j, detection in enumerate(found)
            if label.box is not None and label.kind is detection.kind
        ),
        reverse=True,
    )
    matched: list[Detection | None] = [None] * len(labels)
    used: set[int] = set()
    for overlap, i, j in pairs:
        if overlap >= MATCH_IOU and matched[-i] is None and -j not in used:
            matched[-i] = found[-j]
            used.add(-j)
    return matched
