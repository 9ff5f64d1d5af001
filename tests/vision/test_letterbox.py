from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_infer.types import Box, Frame
from meter_infer.vision.letterbox import (
    CROP_MARGIN,
    Affine,
    crop,
    crop_affine,
    input_shape,
    letterbox,
    letterbox_affine,
)

NOW = datetime(2024, 5, 1, tzinfo=UTC)
sides = st.integers(1, 5000)
coordinates = st.floats(-5000, 5000)


def spot(width: int, height: int, x: float, y: float, sigma: float) -> Frame:
    """A grey frame with a soft white spot around the continuous point (x, y)."""
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    light = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    return Frame("c", 0, NOW, np.round(light * 255).astype(np.uint8))


def centroid(image: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> tuple[float, float]:
    rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]] + 0.5
    weight = np.clip(image - 0.02, 0, None)
    return float((columns * weight).sum() / weight.sum()), float((rows * weight).sum() / weight.sum())


@pytest.mark.parametrize(
    ("frame", "wanted"),
    [
        ((1920, 1080), (640, 384)),
        ((1080, 1920), (384, 640)),
        ((1280, 720), (640, 384)),
        ((640, 480), (640, 480)),
        ((2592, 1944), (640, 480)),
        ((500, 500), (640, 640)),
        ((1, 1), (640, 640)),
        ((12000, 10), (640, 384)),
        ((900, 1000), (640, 640)),
    ],
)
def test_input_shapes(frame: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert input_shape(frame, 640) == wanted


@given(width=sides, height=sides, longer=st.integers(1, 40))
def test_input_shapes_are_whole_strides_and_hold_the_frame(width: int, height: int, longer: int) -> None:
    size = input_shape((width, height), 32 * longer)
    assert max(size) == 32 * longer
    assert all(side % 32 == 0 and side > 0 for side in size)
    affine = letterbox_affine((width, height), size)
    corners = affine.to_input(np.array([[0.0, 0.0], [width, height]]))
    slack = 0.5 + 1e-6
    assert np.all(corners[0] >= -slack)
    assert np.all(corners[1] <= np.array(size) + slack)
    assert max(corners[1] - corners[0]) == pytest.approx(32 * longer) or min(size) == 32


@given(width=sides, height=sides)
def test_from_farther_away_the_frame_is_smaller_and_in_the_middle(width: int, height: int) -> None:
    size = input_shape((width, height), 640)
    near, far = (letterbox_affine((width, height), size, afar) for afar in (1.0, 1.4))
    assert far.scale == pytest.approx(1.4 * near.scale)
    middle = far.to_input(np.array([width / 2, height / 2]))
    assert np.allclose(middle, np.array(size) / 2, atol=0.51)


@given(st.floats(0.01, 100), coordinates, coordinates, coordinates, coordinates)
def test_there_and_back(scale: float, ox: float, oy: float, x: float, y: float) -> None:
    affine = Affine(scale, (ox, oy))
    point = np.array([x, y])
    assert np.allclose(affine.to_input(affine.to_frame(point)), point, atol=1e-6)
    assert np.allclose(affine.to_frame(affine.to_input(point)), point, atol=1e-6)


@given(coordinates, coordinates, st.floats(1, 2000), st.floats(1, 2000), st.sampled_from([192, 256, 320]))
def test_a_crop_is_the_square_around_its_box(
    x: float, y: float, width: float, height: float, side: int
) -> None:
    box = Box(x, y, x + width, y + height)
    x1, y1, x2, y2 = crop_affine(box, side).corners((side, side))
    assert x2 - x1 == pytest.approx(CROP_MARGIN * max(box.width, box.height))
    assert y2 - y1 == pytest.approx(x2 - x1)
    assert ((x1 + x2) / 2, (y1 + y2) / 2) == pytest.approx(box.center)


@settings(max_examples=40, deadline=None)
@given(
    size=st.sampled_from([(1920, 1080), (1280, 720), (799, 601), (300, 500), (101, 37), (1501, 1499)]),
    u=st.floats(0.25, 0.75),
    v=st.floats(0.25, 0.75),
)
def test_a_spot_in_a_letterboxed_frame_is_where_the_affine_says(
    size: tuple[int, int], u: float, v: float
) -> None:
    width, height = size
    x, y = u * width, v * height
    frame = spot(width, height, x, y, min(size) / 14)
    target = input_shape(size, 320)
    image, affine = letterbox(frame, target)
    assert image.shape == (3, target[1], target[0])
    # What surrounds the frame is brighter than the spot's own background.
    x1, y1 = np.ceil(affine.to_input(np.array([0.0, 0.0])) + 1).astype(int)
    x2, y2 = np.floor(affine.to_input(np.array([width, height])) - 1).astype(int)
    found = np.array([x1, y1]) + centroid(image[1, y1:y2, x1:x2])
    assert np.abs(affine.to_frame(found) - (x, y)).max() < max(0.06 * affine.scale, 0.06)


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(150, 450),
    y=st.floats(150, 330),
    side=st.floats(30, 180),
    du=st.floats(-0.2, 0.2),
    dv=st.floats(-0.2, 0.2),
)
def test_a_spot_in_a_crop_is_where_the_affine_says(
    x: float, y: float, side: float, du: float, dv: float
) -> None:
    frame = spot(600, 480, x, y, max(side / 14, 2))
    center = (x + du * side, y + dv * side)
    box = Box(center[0] - side / 2, center[1] - side / 3, center[0] + side / 2, center[1] + side / 3)
    image, affine = crop(frame, box, 256)
    assert np.abs(affine.to_frame(np.array(centroid(image[1]))) - (x, y)).max() < 0.1


def test_channels_are_red_green_blue_and_scaled_to_one() -> None:
    y, u, v = 76, 85, 255  # red, full range
    chroma = (np.full((20, 20), u, np.uint8), np.full((20, 20), v, np.uint8))
    image, _ = letterbox(Frame("c", 0, NOW, np.full((40, 40), y, np.uint8), chroma), (32, 32))
    assert image.dtype == np.float32
    assert image.mean(axis=(1, 2)) == pytest.approx([1, 0, 0], abs=0.01)


def test_the_border_is_grey() -> None:
    image, affine = letterbox(Frame("c", 0, NOW, np.zeros((108, 192), np.uint8)), (64, 64))
    assert affine.scale == 3
    assert np.allclose(image[:, :13], 114 / 255)
    assert np.allclose(image[:, 15:49], 0)
    assert np.allclose(image[:, 51:], 114 / 255)


def test_the_result_is_written_where_asked() -> None:
    frame = spot(192, 108, 90, 50, 9)
    batch = np.zeros((2, 3, 32, 64), np.float32)
    image, _ = letterbox(frame, (64, 32), batch[1])
    assert image.base is batch
    assert np.array_equal(batch[1], letterbox(frame, (64, 32))[0])
    assert not batch[0].any()
