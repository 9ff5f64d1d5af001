"""Decode a YOLOv8 segmentation output into the parts of one meter."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Box, Mask, Segment, SegmentClass
from meter_infer.vision.detect import frame_boxes
from meter_infer.vision.letterbox import Affine
from meter_infer.vision.nms import nms

MASK_CLASSES = frozenset({SegmentClass.POINTER, SegmentClass.SCALE, SegmentClass.LIQUID, SegmentClass.TUBE})
"""Classes whose mask matters; of the others, the landmarks, only the box does."""
COEFFICIENTS = 32
"""Mask coefficients an anchor, and prototypes."""


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """How raw instances become segments."""

    score: float = 0.15
    """Least score, 0 to 1."""
    iou: float = 0.6
    """Two boxes of one class that overlap by more are one thing."""
    per_class: int = 3
    """Instances of a class at most, best first."""
    top_k: int = 50
    """Candidates of a class that suppression looks at."""


DEFAULTS = SegmentOptions()


def decode_segments(
    output: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    affine: Affine,
    frame_size: tuple[int, int],
    input_side: int,
    options: SegmentOptions = DEFAULTS,
) -> list[Segment]:
    """Parts of one meter's crop, by class and then best first.

    `output` is float32 (4 + classes + 32, anchors): centre and size in pixels of the network's
    input, class scores 0 to 1, mask coefficients. `prototypes` is float32 (32, rows, columns) over
    the whole input of `input_side` pixels. Boxes are clipped to the frame `frame_size` (width,
    height). Masks exist only inside their box and one cell around it.
    """
    scores = output[4:-COEFFICIENTS]
    labels, anchors = np.nonzero(scores >= options.score)
    if len(labels) == 0:
        return []
    boxes = frame_boxes(output[:4, anchors], affine, frame_size)
    solid = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    labels, anchors, boxes = labels[solid], anchors[solid], boxes[solid]
    limits = np.searchsorted(labels, np.arange(len(SegmentClass) + 1)).tolist()
    segments: list[Segment] = []
    for label, first, last in zip(SegmentClass, limits, limits[1:], strict=False):
        if first == last:
            continue
        found = scores[label, anchors[first:last]]
        for i in nms(boxes[first:last], found, None, options.iou, options.top_k, options.per_class):
            box = Box(*boxes[first + i].tolist())
            mask = None
            if label in MASK_CLASSES:
                coefficients = output[-COEFFICIENTS:, anchors[first + i]]
                mask = decode_mask(coefficients, prototypes, box, affine, input_side)
            segments.append(Segment(label, box, float(found[i]), mask))
    return segments


def decode_mask(
    coefficients: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    box: Box,
    affine: Affine,
    input_side: int,
) -> Mask:
    """Soft mask of one instance on the prototypes' grid, inside its box and one cell around it."""
    _, rows, columns = prototypes.shape
    cell = input_side / columns  # input pixels a cell
    low, high = mask_window(box, affine, cell, (rows, columns))
    part = prototypes[:, low[1] : high[1], low[0] : high[0]]
    logits = np.tensordot(coefficients, part, axes=1)
    values = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    pitch = affine.scale * cell
    origin = affine.to_frame(low * cell)
    return Mask(values, (float(origin[0]), float(origin[1])), pitch)


def mask_window(
    box: Box, affine: Affine, cell: float, grid: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and last + 1 cell (column, row) that a box and one cell around it cover.

    `cell` is a cell's side in pixels of the network's input; `grid` has (rows, columns) cells.
    """
    corners = affine.to_input(np.array([[box.x1, box.y1], [box.x2, box.y2]])) / cell
    limit = np.array(grid[::-1])
    low = np.clip(np.floor(corners[0]) - 1, 0, limit - 1).astype(np.intp)
    high = np.clip(np.ceil(corners[1]) + 1, low + 1, limit).astype(np.intp)
    return low, high
