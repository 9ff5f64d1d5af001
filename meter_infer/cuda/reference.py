"""What the kernels compute, in NumPy: slow, plain, and the measure of every kernel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meter_infer.cuda.layout import FOUND, RAYS
from meter_infer.vision.detect import frame_boxes
from meter_infer.vision.letterbox import Affine
from meter_infer.vision.nms import nms
from meter_infer.vision.resample import Corners, Sampling, plan

Floats = NDArray[np.float64]


def resample_plane(
    plane: NDArray[np.uint8], corners: Corners, size: tuple[int, int], outside: int
) -> NDArray[np.float64]:
    """Show a rectangle of a plane uint8 (rows, columns) at `size`: `vision.resample` without rounding.

    Returns float64 (height, width), 0 to 255.
    """
    width, height = size
    sampling = plan((plane.shape[0], plane.shape[1]), corners, size)
    result = np.full((height, width), float(outside))
    if sampling.is_empty:
        return result
    blocks = _block_means(plane, sampling)
    x, y, w, h = sampling.whole or (0, 0, width, height)
    mode = "edge" if sampling.whole else "constant"
    fill = {} if sampling.whole else {"constant_values": float(outside)}
    columns, part_x = _taps(np.arange(x, x + w), sampling.corner[0], sampling.step[0])
    rows, part_y = _taps(np.arange(y, y + h), sampling.corner[1], sampling.step[1])
    # far taps all see the same border, so one cell of it is enough
    edged = np.pad(blocks, 1, mode=mode, **fill)  # type: ignore[call-overload]
    for place, limit in ((columns, blocks.shape[1]), (rows, blocks.shape[0])):
        np.clip(place, -1, limit, out=place)
    part_x, part_y = part_x[None, :], part_y[:, None]
    pick = [[edged[np.ix_(rows[j] + 1, columns[i] + 1)] for i in (0, 1)] for j in (0, 1)]
    top = pick[0][0] * (1 - part_x) + pick[0][1] * part_x
    bottom = pick[1][0] * (1 - part_x) + pick[1][1] * part_x
    result[y : y + h, x : x + w] = top * (1 - part_y) + bottom * part_y
    return result


def _block_means(plane: NDArray[np.uint8], sampling: Sampling) -> NDArray[np.float64]:
    left, top, right, bottom = sampling.window
    fx, fy = sampling.factors
    part = plane[top:bottom, left:right].astype(np.float64)
    part = np.pad(part, ((0, -part.shape[0] % fy), (0, -part.shape[1] % fx)), mode="edge")
    blocks = part.reshape(part.shape[0] // fy, fy, part.shape[1] // fx, fx)
    means: NDArray[np.float64] = blocks.mean(axis=(1, 3))
    return means


def _taps(places: NDArray[np.intp], corner: float, step: float) -> tuple[NDArray[np.intp], Floats]:
    """Return both neighbours (2, n) of each output pixel, and the second one's share (n,)."""
    at = corner + (places + 0.5) * step - 0.5
    low = np.floor(at).astype(np.intp)
    return np.stack([low, low + 1]), at - low


def resample_picture(
    planes: Sequence[NDArray[np.uint8] | None],
    corners: Corners,
    size: tuple[int, int],
    outside: Sequence[int],
    matrix: NDArray[np.floating],
    *,
    halved: bool,
) -> NDArray[np.float64]:
    """Show a rectangle of three planes as RGB float64 (3, height, width), 0 to 1.

    A plane that is None is `outside` all over. `halved`: the second and third plane have half the first
    one's size (4:2:0). `matrix` (3, 4) turns levels 0 to 255 and a 1 into red, green, blue.
    """
    small = tuple(value / 2 for value in corners)
    values = []
    for place, plane in enumerate(planes):
        if plane is None:
            values.append(np.full((size[1], size[0]), float(outside[place])))
        else:
            part = (small[0], small[1], small[2], small[3]) if halved and place else corners
            values.append(resample_plane(plane, part, size, outside[place]))
    rgb = np.tensordot(matrix[:, :3], np.stack(values), axes=1) + matrix[:, 3, None, None]
    result: Floats = np.clip(rgb, 0.0, 1.0)
    return result


@dataclass(frozen=True, slots=True)
class ListLimits:
    """How one list of candidates becomes boxes; as in `DetectOptions` and `SegmentOptions`."""

    score: float
    iou: float
    top_k: int
    keep: int
    across: bool = True


def decode_boxes(
    output: NDArray[np.float32],
    labels: Sequence[int],
    affine: Affine,
    frame_size: tuple[int, int],
    limits: ListLimits,
) -> NDArray[np.void]:
    """Boxes of one list, best first: `FOUND` records.

    `output` is float32 (rows, anchors); the scores of the classes `labels` are rows 4 + label. A candidate
    has the label that scores best among them.
    """
    scores = output[[4 + label for label in labels]]
    candidates = np.flatnonzero(scores.max(axis=0) >= limits.score)
    boxes = frame_boxes(output[:4, candidates], affine, frame_size)
    solid = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    candidates, boxes = candidates[solid], boxes[solid]
    best = scores[:, candidates].max(axis=0)
    label = np.asarray(labels)[scores[:, candidates].argmax(axis=0)]
    groups = None if limits.across else label
    kept = nms(boxes, best, groups, limits.iou, limits.top_k, limits.keep)
    found = np.zeros(len(kept), FOUND)
    found["box"], found["score"] = boxes[kept], best[kept]
    found["label"], found["anchor"] = label[kept], candidates[kept]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class MaskSums:
    """What a dial's geometry needs of a mask's cells above a threshold; lengths in cells."""

    count: float
    total: float
    mean: Floats
    """Weighted sums of x and y from the rays' origin, (2,)."""
    spread: Floats
    """Weighted sums of xx, xy and yy, (3,)."""
    rays: Floats
    """In each ray the sum of the weights, of weight x distance, and of weight x angle from the ray's
    middle (radians), (3, RAYS). Ray k covers the angles k to k + 1 times 2 pi / RAYS."""


def mask_sums(
    values: NDArray[np.floating], low: tuple[int, int], origin: tuple[float, float], threshold: float
) -> MaskSums:
    """Sum a mask's cells above `threshold`.

    `values` (rows, columns) begins at cell `low` (column, row) of the grid; `origin` is where the rays
    meet, in cells.
    """
    rows, columns = np.nonzero(values > threshold)
    weight = values[rows, columns].astype(np.float64)
    x = columns + low[0] + 0.5 - origin[0]
    y = rows + low[1] + 0.5 - origin[1]
    at = np.arctan2(y, x) / (2 * np.pi) % 1.0 * RAYS
    ray = np.minimum(at.astype(int), RAYS - 1)
    offset = (at - ray - 0.5) * 2 * np.pi / RAYS
    sums = [np.bincount(ray, weight * each, RAYS) for each in (np.ones_like(x), np.hypot(x, y), offset)]
    return MaskSums(
        count=float(len(weight)),
        total=float(weight.sum()),
        mean=np.array([weight @ x, weight @ y]),
        spread=np.array([weight @ (x * x), weight @ (x * y), weight @ (y * y)]),
        rays=np.stack(sums),
    )
