import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from meter_infer.types import Box
from meter_infer.vision.nms import iou_matrix, nms


def random_boxes(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    corner = rng.uniform(0, 60, (count, 2))
    return np.hstack([corner, corner + rng.uniform(1, 40, (count, 2))])


def naive(
    boxes: NDArray[np.float64],
    scores: NDArray[np.float64],
    labels: NDArray[np.int64] | None,
    iou: float,
    keep: int,
) -> list[int]:
    """The definition: the best box removes what overlaps it, then the best of the rest, and so on."""
    left = sorted(range(len(boxes)), key=lambda i: -scores[i])
    kept: list[int] = []
    while left and len(kept) < keep:
        best = left.pop(0)
        kept.append(best)
        left = [
            i
            for i in left
            if (labels is not None and labels[i] != labels[best])
            or Box(*boxes[i]).iou(Box(*boxes[best])) <= iou
        ]
    return kept


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 60),
    classes=st.sampled_from([None, 1, 2, 5]),
    iou=st.floats(0.05, 0.95),
    keep=st.integers(1, 40),
    coarse=st.booleans(),
)
def test_the_same_boxes_stay_as_by_definition(
    seed: int, count: int, classes: int | None, iou: float, keep: int, coarse: bool
) -> None:
    rng = np.random.default_rng(seed)
    boxes = random_boxes(rng, count)
    scores = rng.random(count).round(1 if coarse else 9)  # coarse: many equal scores
    labels = None if classes is None else rng.integers(0, classes, count)
    assert nms(boxes, scores, labels, iou, keep=keep).tolist() == naive(boxes, scores, labels, iou, keep)


@given(st.integers(0, 2**32 - 1))
def test_overlaps_are_those_of_box(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = random_boxes(rng, 5), random_boxes(rng, 4)
    got = iou_matrix(a, b)
    assert got.shape == (5, 4)
    for i, j in np.ndindex(5, 4):
        assert abs(got[i, j] - Box(*a[i]).iou(Box(*b[j]))) < 1e-12


def test_boxes_without_area_overlap_nothing() -> None:
    point = np.array([[5.0, 5.0, 5.0, 5.0]])
    assert iou_matrix(point, point)[0, 0] == 0


def test_only_the_best_are_looked_at() -> None:
    rng = np.random.default_rng(3)
    boxes = np.arange(50)[:, None] * 100 + np.array([0, 0, 10, 10.0])
    scores = rng.permutation(50) / 50
    assert nms(boxes, scores, None, 0.5, top_k=7).tolist() == np.argsort(-scores)[:7].tolist()
