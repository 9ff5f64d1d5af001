"""Colours on a grid of points."""

from datetime import UTC, datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Frame
from meter_infer.vision.color import frame_from_bgr
from meter_infer.vision.unroll import unroll


def framed(image: np.ndarray) -> Frame:
    return frame_from_bgr(image, "c", 0, datetime(2024, 1, 1, tzinfo=UTC))


def grid(x0: float, y0: float, step: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x, y = np.meshgrid(x0 + step * np.arange(20), y0 + step * np.arange(8))
    return x.astype(np.float32), y.astype(np.float32)


def test_points_take_the_colour_of_the_picture_there() -> None:
    rows, columns = np.mgrid[0:120, 0:160]
    image = np.stack([columns, rows, 200 - columns], axis=-1).astype(np.uint8)
    out = np.zeros((3, 8, 20), np.float32)
    points = grid(30.0, 40.0, 2.0)
    for step in (1.0, 2.0):
        unroll(framed(image), *points, step, out)
        assert np.abs(out[0] * 255 - (points[0] - 0.5)).max() < 4
        assert np.abs(out[1] * 255 - (points[1] - 0.5)).max() < 4
        assert np.abs(out[2] * 255 - (200.5 - points[0])).max() < 4


def test_what_is_finer_than_the_step_is_averaged() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    image[:, ::2] = 255
    out = np.zeros((3, 8, 20), np.float32)
    unroll(framed(image), *grid(20.0, 20.0, 6.0), 6.0, out)
    assert np.abs(out - 0.5).max() < 0.1


def test_outside_the_frame_it_is_grey_and_far_outside_too() -> None:
    image = np.full((60, 80, 3), 255, np.uint8)
    out = np.zeros((3, 8, 20), np.float32)
    unroll(framed(image), *grid(-400.0, -300.0, 50.0), 50.0, out)
    assert abs(out[0, 0, 0] * 255 - 114) < 2
    unroll(framed(image), *grid(70.0, 50.0, 1.0), 1.0, out)
    assert out[0, 0, 0] > 0.98
    assert abs(out[0, -1, -1] * 255 - 114) < 2


def test_a_grey_picture_has_three_equal_planes() -> None:
    image = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (90, 90), np.uint8), (0, 0), 3)
    out = np.zeros((3, 8, 20), np.float32)
    unroll(framed(image), *grid(20.0, 20.0, 1.0), 1.0, out)
    assert np.abs(out - out[:1]).max() < 2 / 255
