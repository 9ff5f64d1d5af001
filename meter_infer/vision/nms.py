"""Non-maximum suppression on arrays."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def iou_matrix(boxes: Floats, others: Floats) -> NDArray[np.float64]:
    """Intersection over union of each of `boxes` (n, 4) with each of `others` (m, 4): (n, m).

    Boxes are x1, y1, x2, y2. Boxes without area overlap nothing.
    """
    a, b = np.asarray(boxes, np.float64), np.asarray(others, np.float64)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inter = np.clip(high - low, 0, None).prod(axis=2)
    area_a = np.clip(a[:, 2:] - a[:, :2], 0, None).prod(axis=1)
    area_b = np.clip(b[:, 2:] - b[:, :2], 0, None).prod(axis=1)
    union = area_a[:, None] + area_b[None, :] - inter
    result: NDArray[np.float64] = np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)
    return result


def nms(
    boxes: Floats,
    scores: Floats,
    labels: NDArray[np.integer] | None,
    iou: float,
    top_k: int = 300,
    keep: int = 100,
) -> NDArray[np.intp]:
    """Greedy suppression: indices of the boxes that stay, best first.

    `boxes` (n, 4) x1, y1, x2, y2; `scores` (n,); a box falls to a better one of the same label
    (n,) that it overlaps by more than `iou`. Without `labels` classes suppress each other. Only
    the `top_k` best are looked at and at most `keep` returned. Equal scores keep their order.
    """
    order = np.argsort(-scores, kind="stable")[:top_k]
    overlaps = iou_matrix(boxes[order], boxes[order]) > iou
    if labels is not None:
        overlaps &= labels[order][:, None] == labels[order][None, :]
    alive = np.ones(len(order), bool)
    kept: list[int] = []
    for place in range(len(order)):
        if not alive[place]:
            continue
        kept.append(place)
        if len(kept) == keep:
            break
        alive &= ~overlaps[place]
    result: NDArray[np.intp] = order[kept]
    return result
