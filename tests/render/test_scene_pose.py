"""Poses and lenses against formulas written out by hand, and against where painted spots turn up."""

from math import cos, pi, radians, sin, tan

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from meter_infer.render.composite import draw_sheet, premultiply
from meter_infer.render.lens import Lens, distort_image
from meter_infer.render.pose import PlanePose, circle_ellipse, make_pose

Points = NDArray[np.float64]

tilts = st.floats(0.0, radians(55.0))
turns = st.floats(-pi, pi)


def spot_center(image: NDArray[np.uint8]) -> Points:
    """Centroid of the brightness, continuous px."""
    weight = image[:, :, 0].astype(np.float64)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    return np.array([np.average(x, weights=weight), np.average(y, weights=weight)])


def test_untilted_pose_is_a_similarity() -> None:
    pose = make_pose((50.0, 50.0), 100.0, 0.0, 0.0, radians(90.0), 8.0)
    seen = pose.project(np.array([[50.0, 50.0], [60.0, 50.0], [50.0, 60.0]]), 0.0)
    # Rolled clockwise by a quarter: what was right is below, what was below is left.
    np.testing.assert_allclose(seen, [[0, 0], [0, 10], [-10, 0]], atol=1e-9)


def test_tilted_projection_by_hand() -> None:
    tilt, distance = radians(40.0), 6.0 * 100.0
    pose = make_pose((0.0, 0.0), 100.0, tilt, 0.0, 0.0, 6.0)
    for v, z in ((20.0, 0.0), (-35.0, 0.0), (0.0, 8.0), (15.0, -6.0)):
        # Turned about the x axis: the lower edge goes away from the camera, the normal turns downwards.
        y = v * cos(tilt) + z * sin(tilt)
        away = distance + v * sin(tilt) - z * cos(tilt)
        seen = pose.project(np.array([[10.0, v]]), z)[0]
        np.testing.assert_allclose(seen, [distance * 10.0 / away, distance * y / away], rtol=1e-9, atol=1e-9)


def test_height_shows_as_parallax() -> None:
    tilt = radians(40.0)
    pose = make_pose((0.0, 0.0), 100.0, tilt, pi / 2, 0.0, 500.0)
    on_face = pose.unproject(pose.project(np.array([[0.0, 0.0]]), 3.0), 0.0)[0]
    # From afar a point 3 above the face covers the point 3 * tan(tilt) beside its foot.
    assert np.hypot(*on_face) == pytest.approx(3.0 * tan(tilt), rel=0.01)


@settings(max_examples=50, deadline=None)
@given(tilts, turns, turns, st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_the_tilt_is_measured_from_the_line_of_sight(
    tilt: float, axis: float, roll: float, sx: float, sy: float
) -> None:
    pose = make_pose((0.0, 0.0), 1.0, tilt, axis, roll, 1000.0, (sx, sy))
    seen = pose.project(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), 0.0)
    jacobian = np.stack([seen[1] - seen[0], seen[2] - seen[0]], axis=1)
    # A small plane at T, its normal at `tilt` to the ray, covers f^2 cos(tilt) |T| / Z^3 of the picture.
    area = cos(tilt) * (1 + sx * sx + sy * sy) ** 0.5
    assert np.linalg.det(jacobian) == pytest.approx(area, rel=0.01)


@settings(max_examples=50, deadline=None)
@given(tilts, turns, turns)
def test_unproject_undoes_project(tilt: float, axis: float, roll: float) -> None:
    pose = make_pose((10.0, 20.0), 50.0, tilt, axis, roll, 5.0).moved(1.7, (300.0, 200.0))
    points = np.array([[0.0, 0.0], [30.0, 10.0], [-5.0, 44.0]])
    np.testing.assert_allclose(pose.unproject(pose.project(points, 2.5), 2.5), points, atol=1e-7)


@settings(max_examples=50, deadline=None)
@given(tilts, turns, st.floats(0.0, 5.0))
def test_circle_ellipse_holds_the_projected_circle(tilt: float, axis: float, height: float) -> None:
    pose = make_pose((50.0, 50.0), 100.0, tilt, axis, 0.3, 4.0).moved(2.0, (320.0, 240.0))
    center, matrix = circle_ellipse(pose, (48.0, 53.0), 37.0, height)
    a = np.linspace(0, 2 * pi, 17)
    seen = pose.project(np.stack([48.0 + 37.0 * np.cos(a), 53.0 + 37.0 * np.sin(a)], axis=1), height) - center
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", seen, matrix, seen), 1.0, atol=1e-6)


@pytest.mark.parametrize("tilt_deg", [0.0, 25.0, 50.0])
@pytest.mark.parametrize("height", [0.0, 9.0])
def test_a_painted_spot_lands_where_its_point_projects(tilt_deg: float, height: float) -> None:
    sheet = np.zeros((120, 160, 4), np.uint8)
    u, v = 110.0, 40.0
    y, x = np.mgrid[:120, :160] + 0.5
    spot = np.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * 3.0**2)) * 255
    sheet[:, :, :] = spot[:, :, None].astype(np.uint8)
    pose = make_pose((80.0, 60.0), 160.0, radians(tilt_deg), 0.4, 0.2, 20.0).moved(1.3, (130.0, 110.0))
    frame = np.zeros((220, 260, 3), np.uint8)
    draw_sheet(frame, sheet, pose.homography(height))
    expected = pose.project(np.array([[u, v]]), height)[0]
    np.testing.assert_allclose(spot_center(frame), expected, atol=0.1)


def test_resampled_and_offset_poses_show_the_same_points() -> None:
    pose = make_pose((50.0, 50.0), 100.0, 0.5, 0.1, 0.2, 5.0).moved(3.0, (200.0, 200.0))
    point = np.array([[30.0, 70.0]])
    smaller = pose.resampled(0.5, 0.25, 1.0).project(point * (0.5, 0.25), 4.0)
    np.testing.assert_allclose(smaller, pose.project(point, 4.0))
    moved = np.array([[35.0, 63.0]])
    np.testing.assert_allclose(pose.offset(5.0, -7.0).project(point, 4.0), pose.project(moved, 4.0))


@settings(max_examples=50, deadline=None)
@given(st.floats(-0.1, 0.2), st.floats(0.0, 640.0), st.floats(0.0, 480.0))
def test_distort_undoes_ideal(k: float, x: float, y: float) -> None:
    lens = Lens((310.0, 250.0), 400.0, k)
    point = np.array([[x, y]])
    np.testing.assert_allclose(lens.ideal(lens.distort(point)), point, atol=1e-6)


@pytest.mark.parametrize("k", [-0.06, 0.14])
def test_the_lens_moves_pictures_as_it_moves_points(k: float) -> None:
    lens = Lens((160.0, 120.0), 200.0, k)
    frame = np.zeros((240, 320, 3), np.uint8)
    y, x = np.mgrid[:240, :320] + 0.5
    frame[:] = (np.exp(-((x - 250.0) ** 2 + (y - 60.0) ** 2) / (2 * 3.0**2)) * 255).astype(np.uint8)[
        :, :, None
    ]
    expected = lens.distort(np.array([[250.0, 60.0]]))[0]
    np.testing.assert_allclose(spot_center(distort_image(frame, lens)), expected, atol=0.15)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 255), st.integers(0, 255))
def test_blending_is_straight_alpha_over(alpha: int, value: int) -> None:
    sheet = np.full((4, 4, 4), value, np.uint8)
    sheet[:, :, 3] = alpha
    frame = np.full((4, 4, 3), 100, np.uint8)
    draw_sheet(frame, premultiply(sheet), np.eye(3))
    inside = frame[1:3, 1:3].astype(float)
    np.testing.assert_allclose(inside, value * alpha / 255 + 100 * (1 - alpha / 255), atol=1.5)


def test_premultiply_leaves_opaque_sheets_alone() -> None:
    sheet = np.full((3, 3, 4), 255, np.uint8)
    assert premultiply(sheet) is sheet
    sheet[1, 1, 3] = 0
    assert premultiply(sheet)[1, 1].tolist() == [0, 0, 0, 0]


def test_a_pose_is_a_camera_for_any_height() -> None:
    pose = make_pose((50.0, 50.0), 100.0, radians(50.0), 1.0, -0.5, 4.5)
    assert isinstance(pose, PlanePose)
    for height in (-20.0, 0.0, 20.0):
        seen = pose.project(np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]]), height)
        assert cv2.contourArea(seen.astype(np.float32), oriented=True) > 0
