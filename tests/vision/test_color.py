from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.types import ColorMatrix, Frame
from meter_infer.vision.color import bgr_matrix, frame_bgr, frame_from_bgr, region_bgr

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def flat(y: int, u: int, v: int, matrix: ColorMatrix, shape: tuple[int, int] = (8, 10)) -> Frame:
    half = ((shape[0] + 1) // 2, (shape[1] + 1) // 2)
    chroma = (np.full(half, u, np.uint8), np.full(half, v, np.uint8))
    return Frame("c", 0, NOW, np.full(shape, y, np.uint8), chroma, matrix)


def smooth_picture(rows: int, columns: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:rows, 0:columns]
    phase = np.stack([x / 17, y / 23, (x + y) / 31], axis=2)
    values: NDArray[np.float64] = np.round(128 + 90 * np.sin(phase))
    return values.astype(np.uint8)


# Published code values of 100 % red, green, blue and white: (Y, U, V) and then (B, G, R).
@pytest.mark.parametrize(
    ("matrix", "yuv", "bgr"),
    [
        (ColorMatrix.BT601_LIMITED, (81, 90, 240), (0, 0, 255)),
        (ColorMatrix.BT601_LIMITED, (145, 54, 34), (0, 255, 0)),
        (ColorMatrix.BT601_LIMITED, (41, 240, 110), (255, 0, 0)),
        (ColorMatrix.BT709_LIMITED, (63, 102, 240), (0, 0, 255)),
        (ColorMatrix.BT709_LIMITED, (173, 42, 26), (0, 255, 0)),
        (ColorMatrix.BT709_LIMITED, (32, 240, 118), (255, 0, 0)),
        (ColorMatrix.BT709_LIMITED, (235, 128, 128), (255, 255, 255)),
        (ColorMatrix.BT601_LIMITED, (16, 128, 128), (0, 0, 0)),
        (ColorMatrix.BT601_FULL, (76, 85, 255), (0, 0, 255)),
        (ColorMatrix.BT601_FULL, (150, 44, 21), (0, 255, 0)),
        (ColorMatrix.BT709_FULL, (54, 99, 255), (0, 0, 255)),
        (ColorMatrix.BT709_FULL, (255, 128, 128), (255, 255, 255)),
    ],
)
def test_known_colours(matrix: ColorMatrix, yuv: tuple[int, int, int], bgr: tuple[int, int, int]) -> None:
    frame = flat(*yuv, matrix)
    assert np.abs(frame_bgr(frame).astype(int) - bgr).max() <= 2
    assert np.abs(region_bgr(frame, (1.2, 1.3, 6.1, 5.9), (7, 5)).astype(int) - bgr).max() <= 2


@pytest.mark.parametrize("matrix", list(ColorMatrix))
def test_outside_is_grey_114_in_every_matrix(matrix: ColorMatrix) -> None:
    for frame in (flat(30, 60, 200, matrix), Frame("c", 0, NOW, np.zeros((8, 10), np.uint8), None, matrix)):
        got = region_bgr(frame, (-50, -50, -10, -10), (6, 6))
        assert np.abs(got.astype(int) - 114).max() <= 1


@pytest.mark.parametrize("shape", [(64, 96), (63, 95), (64, 95), (1, 1), (1, 7), (2, 3)])
def test_a_picture_survives_the_way_there_and_back(shape: tuple[int, int]) -> None:
    picture = smooth_picture(*shape)
    frame = frame_from_bgr(picture, "c", 3, NOW, 1.5)
    assert (frame.height, frame.width, frame.index, frame.received_s) == (*shape, 3, 1.5)
    assert frame.chroma is not None
    assert all(plane.shape == ((shape[0] + 1) // 2, (shape[1] + 1) // 2) for plane in frame.chroma)
    back = frame_bgr(frame)
    assert back.shape == picture.shape
    assert np.abs(back.astype(int) - picture).mean() < (2 if min(shape) > 9 else 20)


def test_a_grey_picture_stays_grey() -> None:
    grey = smooth_picture(31, 45)[..., 0]
    frame = frame_from_bgr(grey, "c", 0, NOW)
    assert frame.chroma is None
    assert np.array_equal(frame_bgr(frame), np.repeat(grey[..., None], 3, axis=2))
    region = region_bgr(frame, (4, 5, 20, 30), (16, 25))
    assert np.array_equal(region[..., 0], grey[5:30, 4:20])


def test_grey_of_limited_range_reaches_black_and_white() -> None:
    luma = np.array([[16, 235]], np.uint8)
    frame = Frame("c", 0, NOW, luma, None, ColorMatrix.BT709_LIMITED)
    assert frame_bgr(frame)[0, :, 0].tolist() == [0, 255]


def test_a_region_shows_what_the_whole_frame_shows_there() -> None:
    """Luma and chroma stay together: no shift between brightness and colour."""
    picture = smooth_picture(200, 300)
    frame = frame_from_bgr(picture, "c", 0, NOW)
    whole = frame_bgr(frame).astype(int)
    region = region_bgr(frame, (40, 30, 240, 170), (200, 140)).astype(int)
    assert np.abs(region - whole[30:170, 40:240]).max() <= 3
    third = region_bgr(frame, (30, 30, 270, 180), (80, 50)).astype(float)
    mean = whole[30:180, 30:270].reshape(50, 3, 80, 3, 3).mean(axis=(1, 3))
    assert np.abs(third - mean).max() <= 4


def test_chroma_and_luma_edges_coincide() -> None:
    picture = np.zeros((80, 80, 3), np.uint8)
    picture[:, 40:] = (0, 0, 255)
    region = region_bgr(frame_from_bgr(picture, "c", 0, NOW), (20, 20, 60, 60), (160, 160)).astype(int)
    edge = (region[80, :, 2] > 127).argmax()
    assert abs(edge - 80) <= 2


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8), np.zeros((4, 4), np.uint16)]
)
def test_other_arrays_are_refused(bad: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        frame_from_bgr(bad, "c", 0, NOW)


def test_a_matrix_cannot_be_changed_by_its_user() -> None:
    with pytest.raises(ValueError, match="read-only"):
        bgr_matrix(ColorMatrix.BT601_FULL)[0, 0] = 3
