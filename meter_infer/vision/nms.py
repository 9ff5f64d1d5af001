"""Non-maximum suppression on arrays."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def iou_matrix(boxes: Floats, others: Floats) -> NDArray[np.float64]:
    """Intersection over union of each of `boxes` (n, 4) with each of `others` (m, 4): (n, m).

    Boxes are x1, y1, x2, y2. Boxes without area overlap nothing.
    """
    a, b = np.asarray(boxes, np.float64).T, np.asarray(others, np.float64).T
    width = np.minimum(a[2][:, None], b[2]) - np.maximum(a[0][:, None], b[0])
    height = np.minimum(a[3][:, None], b[3]) - np.maximum(a[1][:, None], b[1])
    inter = np.maximum(width, 0) * np.maximum(height, 0)
    union = _areas(a)[:, None] + _areas(b) - inter
    # Where there is no union there is no intersection either, and the quotient is 0.
    result: NDArray[np.float64] = inter / np.maximum(union, np.finfo(np.float64).tiny)
    return result


def _areas(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas of boxes (4, n)."""
    areas: NDArray[np.float64] = np.maximum(edges[2] - edges[0], 0) * np.maximum(edges[3] - edges[1], 0)
    return areas


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
