"""Decode a YOLOv8 detection output into meters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Box, Detection, Frame, MeterKind
from meter_infer.vision.letterbox import Affine
from meter_infer.vision.nms import nms

KINDS = tuple(MeterKind)
AFAR = 1.4
"""What fills the picture is sought once more from so many times farther away
(`docs/decisions/0021-from-farther-away.md`)."""
_FILLS, _SEEN = 0.75, 0.25
"""Share of the picture's width or height from which a meter fills it, and score from which it may be one."""


@dataclass(frozen=True, slots=True)
class DetectOptions:
    """How raw detections become meters."""

    score: float = 0.25
    """Least score, 0 to 1."""
    iou: float = 0.6
    """Two boxes that overlap by more are one meter."""
    across: bool = True
    """Let classes suppress each other: one thing is not both a dial and a level."""
    top_k: int = 300
    """Candidates a frame that suppression looks at."""
    keep: int = 100
    """Meters a frame at most."""


DEFAULTS = DetectOptions()


def corner_boxes(centers: NDArray[np.floating]) -> NDArray[np.float64]:
    """Boxes (4, n) as centre and size to (n, 4) as corners x1, y1, x2, y2."""
    x, y, width, height = np.asarray(centers, np.float64)
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)


def frame_boxes(
    centers: NDArray[np.floating], affine: Affine, frame_size: tuple[int, int]
) -> NDArray[np.float64]:
    """Boxes (4, n) of the network's input to corners (n, 4) in the frame, clipped to it."""
    corners = affine.to_frame(corner_boxes(centers).reshape(-1, 2, 2))
    clipped: NDArray[np.float64] = np.clip(corners, 0, np.asarray(frame_size, np.float64)).reshape(-1, 4)
    return clipped


def decode_detections(
    output: NDArray[np.float32],
    affine: Affine,
    frame_size: tuple[int, int],
    options: DetectOptions = DEFAULTS,
) -> list[Detection]:
    """Meters of one frame, best first.

    `output` is float32 (4 + classes, anchors): centre x, centre y, width and height in pixels of
    the network's input, then a score 0 to 1 for each class. Boxes are clipped to the frame
    `frame_size` (width, height); what lies outside it is dropped.
    """
    scores = output[4:]
    best = scores.max(axis=0)
    candidates = np.flatnonzero(best >= options.score)
    if len(candidates) == 0:
        return []
    boxes = frame_boxes(output[:4, candidates], affine, frame_size)
    solid = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    candidates, boxes = candidates[solid], boxes[solid]
    labels = scores[:, candidates].argmax(axis=0)
    kept = nms(
        boxes, best[candidates], None if options.across else labels, options.iou, options.top_k, options.keep
    )
    return [Detection(KINDS[labels[i]], Box(*map(float, boxes[i])), float(best[candidates[i]])) for i in kept]


View = Callable[[Sequence[int], float], list[list[Detection]]]
"""Finds the meters of the frames at some places, seen from so many times farther away."""


def near_and_far(
    frames: Sequence[Frame], view: View, options: DetectOptions = DEFAULTS
) -> list[list[Detection]]:
    """Return the meters of each frame, best first; what fills its picture is sought from farther away too."""
    found = view(range(len(frames)), 1.0)
    full = [p for p, frame in enumerate(frames) if fills(found[p], (frame.width, frame.height))]
    for place, seen in zip(full, view(full, AFAR), strict=True):
        found[place] = united(found[place], seen, options)
    return found


def fills(found: Sequence[Detection], frame_size: tuple[int, int]) -> bool:
    """Say whether what may be a meter fills a frame of `frame_size` (width, height)."""
    width, height = frame_size
    return any(
        each.score >= _SEEN and max(each.box.width / width, each.box.height / height) >= _FILLS
        for each in found
    )


def united(
    near: Sequence[Detection], far: Sequence[Detection], options: DetectOptions = DEFAULTS
) -> list[Detection]:
    """Return the meters of two views of one frame, best first, each once."""
    found = [*near, *far]
    if not found:
        return []
    boxes = np.array([(each.box.x1, each.box.y1, each.box.x2, each.box.y2) for each in found], np.float64)
    scores = np.array([each.score for each in found], np.float32)
    labels = None if options.across else np.array([KINDS.index(each.kind) for each in found])
    return [found[i] for i in nms(boxes, scores, labels, options.iou, options.top_k, options.keep)]
