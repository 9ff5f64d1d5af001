"""Quick figures on held-out pictures during training, without any compiled operator.

Detection: average precision at IoU 0.5. Segmentation: how far the landmarks' boxes are from
where they belong, how often they are missed, and the overlap of the masks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from meter_infer.train.augment import Batch, place, stack
from meter_infer.train.data import DataFolder, Labelled, load
from meter_infer.train.recipe import CLASS_NAMES, Recipe, Task
from meter_infer.types import SegmentClass

_FLOOR = 0.01
_SEEN = 0.25
_BATCH = 16
_MOST = 400


def measure(
    network: nn.Module, recipe: Recipe, folders: Sequence[DataFolder], device: torch.device
) -> dict[str, float]:
    """Return named figures; ``score`` is the one that grows as the network improves."""
    network.eval()
    figures = _detection(network, recipe, folders, device)
    if recipe.task is Task.SEGMENT:
        figures = _segmentation(network, recipe, folders, device) | figures
        figures["score"] = figures["map50"] - figures["landmark_miss"] - 10 * figures["landmark_error"]
    else:
        figures["score"] = figures["map50"]
    return figures


def _pictures(folders: Sequence[DataFolder], recipe: Recipe) -> Iterator[list[Labelled]]:
    """Yield batches of unchanged pictures, letterboxed to the recipe's square."""
    still = replace(recipe, rotation_deg=0.0, scale=(1.0, 1.0), stretch=0.0, translate=0.0)
    side = recipe.read_size
    rng = np.random.default_rng(0)
    part: list[Labelled] = []
    for folder in folders:
        folder.scan()
        stride = max(1, len(folder.pictures) // _MOST)
        for path in folder.pictures[::stride][:_MOST]:
            part.append(place(load(path, recipe.task), side, side, still, rng))
            if len(part) == _BATCH:
                yield part
                part = []
    if part:
        yield part


def _predict(
    network: nn.Module, batch: Batch, device: torch.device
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the decoded outputs (n, channels, anchors) and the prototypes, empty for detection."""
    with torch.no_grad():
        outputs, _ = network(torch.from_numpy(batch.pictures).to(device).float().div_(255))
    if isinstance(outputs, tuple):
        return outputs[0].float().cpu().numpy(), outputs[1].float().cpu().numpy()
    return outputs.float().cpu().numpy(), np.zeros((0, 0, 0, 0), np.float32)


def _segmentation(
    network: nn.Module, recipe: Recipe, folders: Sequence[DataFolder], device: torch.device
) -> dict[str, float]:
    names = CLASS_NAMES[Task.SEGMENT]
    errors: dict[int, list[float]] = {label: [] for label in range(len(names))}
    missed: dict[int, list[bool]] = {label: [] for label in range(len(names))}
    overlaps: dict[int, list[float]] = {label: [] for label in range(len(names))}
    side = recipe.read_size
    for part in _pictures(folders, recipe):
        batch = stack(part, recipe.task)
        outputs, prototypes = _predict(network, batch, device)
        for row in range(len(batch.classes)):
            picture, label = int(batch.picture_index[row]), int(batch.classes[row])
            scores = outputs[picture, 4 + label]
            best = int(scores.argmax())
            missed[label].append(bool(scores[best] < _SEEN))
            if scores[best] < _SEEN:
                continue
            offset = outputs[picture, :2, best] / side - batch.boxes[row, :2]
            errors[label].append(float(np.hypot(*offset)))
            if label < SegmentClass.START:
                mask = _mask(outputs[picture, :, best], prototypes[picture], len(names), side)
                truth = batch.masks[row] >= 0.5
                overlaps[label].append(float((mask & truth).sum() / max(1, (mask | truth).sum())))
    figures = {}
    for label, name in enumerate(names):
        if not missed[label]:
            continue
        figures[f"miss_{name}"] = float(np.mean(missed[label]))
        if errors[label] and label >= SegmentClass.START:
            figures[f"error_{name}"] = float(np.median(errors[label]))
            figures[f"p95_{name}"] = float(np.percentile(errors[label], 95))
        if overlaps[label]:
            figures[f"iou_{name}"] = float(np.mean(overlaps[label]))
    landmarks = range(SegmentClass.START, len(names))
    every = [e for label in landmarks for e in errors[label]]
    gone = [m for label in landmarks for m in missed[label]]
    figures["landmark_error"] = float(np.median(every)) if every else 1.0
    figures["landmark_miss"] = float(np.mean(gone)) if gone else 1.0
    return figures


def _mask(
    column: NDArray[np.float32], prototypes: NDArray[np.float32], classes: int, side: int
) -> NDArray[np.bool_]:
    """Decode one mask on the prototypes' grid, inside its own box."""
    soft = np.tensordot(column[4 + classes :], prototypes, 1)
    rows, columns = soft.shape
    cx, cy, width, height = column[:4]
    x, y = (np.arange(columns) + 0.5) * side / columns, (np.arange(rows) + 0.5) * side / rows
    inside = (abs(y - cy) <= height / 2)[:, None] & (abs(x - cx) <= width / 2)[None]
    mask: NDArray[np.bool_] = (soft > 0) & inside
    return mask


def _detection(
    network: nn.Module, recipe: Recipe, folders: Sequence[DataFolder], device: torch.device
) -> dict[str, float]:
    names = CLASS_NAMES[recipe.task]
    found: list[list[tuple[float, bool]]] = [[] for _ in names]
    truths = np.zeros(len(names), np.int64)
    for part in _pictures(folders, recipe):
        batch = stack(part, recipe.task)
        outputs, _ = _predict(network, batch, device)
        for picture in range(len(part)):
            here = batch.picture_index == picture
            for label in range(len(names)):
                truth = corners(batch.boxes[here & (batch.classes == label)] * recipe.read_size)
                truths[label] += len(truth)
                scores = outputs[picture, 4 + label]
                likely = np.flatnonzero(scores > _FLOOR)
                boxes, kept = suppress(corners(outputs[picture, :4, likely]), scores[likely])
                found[label].extend(match(boxes, kept, truth))
    figures = {
        f"ap50_{name}": average_precision(found[label], int(truths[label]))
        for label, name in enumerate(names)
        if truths[label]
    }
    figures["map50"] = float(np.mean(list(figures.values()))) if figures else 0.0
    return figures


def corners(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn (n, 4) cx, cy, w, h into x1, y1, x2, y2."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], 1)


def overlap(one: NDArray[np.float32], many: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of a box (4,) with boxes (n, 4)."""
    size = np.minimum(one[2:], many[:, 2:]) - np.maximum(one[:2], many[:, :2])
    shared = np.prod(np.maximum(size, 0), 1)
    union = np.prod(one[2:] - one[:2]) + np.prod(many[:, 2:] - many[:, :2], 1) - shared
    ratio: NDArray[np.float32] = shared / np.maximum(union, 1e-9)
    return ratio


def suppress(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], limit: float = 0.6, most: int = 50
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Greedy non-maximum suppression within one class; best first."""
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    kept: list[int] = []
    alive = np.ones(len(boxes), bool)
    for index in range(len(boxes)):
        if alive[index]:
            kept.append(index)
            if len(kept) == most:
                break
            alive &= overlap(boxes[index], boxes) <= limit
    return boxes[kept], scores[kept]


def match(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], truth: NDArray[np.float32]
) -> list[tuple[float, bool]]:
    """Pair detections, best first, with truths at IoU of at least 0.5; return (score, right or wrong)."""
    free = np.ones(len(truth), bool)
    result = []
    for box, score in zip(boxes, scores, strict=True):
        ratio = np.where(free, overlap(box, truth), 0.0)
        hit = bool(len(ratio)) and float(ratio.max()) >= 0.5
        if hit:
            free[int(ratio.argmax())] = False
        result.append((float(score), hit))
    return result


def average_precision(found: Sequence[tuple[float, bool]], truths: int) -> float:
    """Area under the precision-recall curve, precision made monotonic."""
    if not found or truths == 0:
        return 0.0
    hits = np.array([hit for _, hit in sorted(found, key=lambda pair: -pair[0])])
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.concatenate([[0.0], right / truths])
    return float(np.sum(np.diff(recall) * precision))
