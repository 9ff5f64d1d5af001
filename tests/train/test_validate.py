import numpy as np
import pytest

from tests.train.networks import need_ultralytics

need_ultralytics()

from meter_infer.train.validate import average_precision, corners, match, overlap, suppress  # noqa: E402

A = np.array([0, 0, 10, 10], np.float32)
B = np.array([0, 0, 10, 5], np.float32)
FAR = np.array([50, 50, 60, 60], np.float32)


def test_overlap() -> None:
    assert overlap(A, np.stack([A, B, FAR])) == pytest.approx([1.0, 0.5, 0.0])
    assert corners(np.array([[5, 5, 10, 10]], np.float32))[0] == pytest.approx(A)


def test_suppression_keeps_the_best_of_each_place() -> None:
    boxes, scores = suppress(np.stack([A + 0.5, A, FAR]), np.array([0.5, 0.9, 0.3], np.float32))
    assert scores.tolist() == pytest.approx([0.9, 0.3])
    assert boxes[0] == pytest.approx(A)


def test_a_truth_is_matched_once() -> None:
    found = match(np.stack([A, A, FAR]), np.array([0.9, 0.8, 0.7], np.float32), np.stack([A]))
    assert [hit for _, hit in found] == [True, False, False]
    assert [score for score, _ in found] == pytest.approx([0.9, 0.8, 0.7])
    assert match(np.stack([A]), np.array([0.9], np.float32), np.zeros((0, 4), np.float32))[0][1] is False


def test_average_precision() -> None:
    assert average_precision([(0.9, True), (0.8, True)], 2) == pytest.approx(1.0)
    assert average_precision([(0.9, True)], 2) == pytest.approx(0.5)
    assert average_precision([(0.9, False), (0.8, True)], 1) == pytest.approx(0.5)
    assert average_precision([], 3) == 0.0
