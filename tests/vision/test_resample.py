import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from meter_infer.vision.resample import Corners, resample

OUTSIDE = 114


def ramp(rows: int, columns: int, per_x: float, per_y: float, base: float) -> NDArray[np.uint8]:
    """A plane whose brightness is ``base + per_x * x + per_y * y`` at continuous (x, y)."""
    y, x = np.mgrid[0:rows, 0:columns] + 0.5
    values: NDArray[np.float64] = base + per_x * x + per_y * y
    return np.round(values).astype(np.uint8)


def expected(
    corners: Corners, size: tuple[int, int], per_x: float, per_y: float, base: float
) -> NDArray[np.float64]:
    x1, y1, x2, y2 = corners
    x = x1 + (np.arange(size[0]) + 0.5) * (x2 - x1) / size[0]
    y = y1 + (np.arange(size[1]) + 0.5) * (y2 - y1) / size[1]
    result: NDArray[np.float64] = base + per_x * x[None, :] + per_y * y[:, None]
    return result


@settings(max_examples=200, deadline=None)
@given(
    x=st.floats(16, 40),
    width=st.floats(4, 70),
    y=st.floats(16, 40),
    height=st.floats(4, 70),
    size=st.tuples(st.integers(4, 150), st.integers(4, 150)),
    upright=st.booleans(),
)
def test_a_ramp_is_sampled_where_the_geometry_says(
    x: float, width: float, y: float, height: float, size: tuple[int, int], upright: bool
) -> None:
    """At every scale; a lost half pixel would show as one grey level."""
    per_x, per_y = (0.0, 2.0) if upright else (2.0, 0.0)
    corners = (x, y, x + width, y + height)
    got = resample(ramp(126, 126, per_x, per_y, 0), corners, size, OUTSIDE)
    error = got - expected(corners, size, per_x, per_y, 0)
    halvings = max(0.0, np.ceil(np.log2(max(width / size[0], height / size[1]) / 1.5)))
    # Rounding costs half a level at worst, and each halving, which rounds ties up, as much again.
    assert abs(error.mean()) < 0.55 + 0.3 * halvings
    assert np.abs(error).max() < 0.9 + 0.5 * halvings


@pytest.mark.parametrize("shape", [(1080, 1920), (720, 1280), (601, 799), (97, 133), (1, 1), (3, 1000)])
@pytest.mark.parametrize("longer", [64, 640])
def test_a_whole_plane_is_placed_where_the_geometry_says(shape: tuple[int, int], longer: int) -> None:
    rows, columns = shape
    scale = longer / max(shape)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    per_x, per_y = 200 / columns, 40 / rows
    got = resample(ramp(rows, columns, per_x, per_y, 5), (0, 0, columns, rows), size, OUTSIDE)
    want = expected((0, 0, columns, rows), size, per_x, per_y, 5)
    inner = (slice(1, -1) if size[1] > 2 else slice(None), slice(1, -1) if size[0] > 2 else slice(None))
    # Within half a source pixel of the edge there is nothing to interpolate with.
    halvings = max(0.0, np.ceil(np.log2(max(columns / size[0], rows / size[1]) / 1.5)))
    slack = (
        1.2 + 0.5 * halvings + (per_x if columns < size[0] else 0) / 2 + (per_y if rows < size[1] else 0) / 2
    )
    assert np.abs(got - want)[inner].max() < slack


def test_shrinking_averages_instead_of_picking() -> None:
    """A checkerboard of single pixels becomes grey, not stripes."""
    plane = (np.indices((400, 400)).sum(axis=0) % 2 * 255).astype(np.uint8)
    for size in (31, 57, 100, 133):
        got = resample(plane, (40.3, 41.9, 360.3, 361.9), (size, size), OUTSIDE)
        assert np.abs(got.astype(float) - 127.5).max() <= 2


def test_one_to_one_copies_pixels() -> None:
    plane = np.random.default_rng(0).integers(0, 256, (50, 60), dtype=np.uint8)
    assert np.array_equal(resample(plane, (7, 9, 27, 39), (20, 30), OUTSIDE), plane[9:39, 7:27])
    assert np.array_equal(resample(plane, (0, 0, 60, 50), (60, 50), OUTSIDE), plane)


def test_outside_the_plane_is_the_given_grey() -> None:
    plane = np.full((40, 40), 200, np.uint8)
    got = resample(plane, (-20, -20, 60, 60), (80, 80), OUTSIDE)
    assert np.all(got[20:60, 20:60] == 200)
    got[20:60, 20:60] = OUTSIDE
    assert np.all(got == OUTSIDE)
    assert np.all(resample(plane, (100, 0, 120, 20), (8, 8), OUTSIDE) == OUTSIDE)
    assert np.all(resample(plane, (-400, -400, -200, -200), (8, 8), OUTSIDE) == OUTSIDE)


def test_a_view_with_a_stride_gives_what_its_copy_gives() -> None:
    padded = np.random.default_rng(1).integers(0, 256, (90, 128), dtype=np.uint8)
    view = padded[:, :100]
    for size in ((100, 90), (33, 21), (200, 180)):
        corners = (0.0, 0.0, 100.0, 90.0)
        assert np.array_equal(resample(view, corners, size, 0), resample(view.copy(), corners, size, 0))


def test_the_source_is_left_alone() -> None:
    plane = np.full((20, 20), 9, np.uint8)
    plane.setflags(write=False)
    for corners in ((0, 0, 20, 20), (-5, -5, 30, 30), (1.5, 1.5, 9, 9)):
        resample(plane, corners, (10, 10), OUTSIDE)


@pytest.mark.parametrize("corners", [(5, 5, 5, 9), (5, 5, 9, 4), (float("nan"), 0, 5, 5)])
def test_an_empty_region_is_refused(corners: Corners) -> None:
    with pytest.raises(ValueError, match="empty"):
        resample(np.zeros((9, 9), np.uint8), corners, (4, 4), OUTSIDE)
