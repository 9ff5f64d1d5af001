"""A camera near a dial: angles on the ellipse are not those on the dial, and what undoes that."""

from dataclasses import replace
from math import cos, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from meter_infer.reading.dial import view_dial
from meter_infer.reading.geometry import TAU, DialGeometry
from meter_infer.reading.refined import MOST_NEAR, NEAR, seen_middle
from meter_infer.reading.track import DialTrack
from tests.scenes import draw

Points = NDArray[np.float64]
FIRST, SPAN = 2.3, 4.7


def project(points: Points, tilt: float, distance: float, roll: float) -> Points:
    """Show points (n, 2) of a dial of radius 1 to a pinhole camera `distance` radii away; pixels."""
    turn = np.array([[cos(roll), -sin(roll)], [sin(roll), cos(roll)]])
    x, y = (points @ turn.T).T
    depth = distance + y * sin(tilt)
    flat = np.stack([x, y * cos(tilt)], axis=-1)
    return np.asarray(100 * distance * flat / depth[:, None] + np.array([320.0, 240.0]))


def on_circle(angles: NDArray[np.float64]) -> Points:
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def dial_seen(tilt: float, distance: float, roll: float) -> DialGeometry:
    """Return the ellipse of the dial in such a picture, exactly, its scale's ends, and its middle."""
    rim = project(on_circle(np.linspace(0, TAU, 24, endpoint=False)), tilt, distance, roll)
    local = (rim - rim.mean(axis=0)) / 100
    x, y = local.T
    # the conic a x^2 + b x y + c y^2 + d x + e y = 1
    design = np.stack([x * x, x * y, y * y, x, y], axis=-1)
    a, b, c, d, e = np.linalg.lstsq(design, np.ones(24), rcond=None)[0]
    form = np.array([[a, b / 2], [b / 2, c]])
    middle = np.linalg.solve(-2 * form, np.array([d, e]))
    scale = 1 + middle @ form @ middle
    bare = DialGeometry(middle * 100 + rim.mean(axis=0), _root(np.linalg.inv(form / scale)) * 100, 0.0, TAU)
    first, last = project(on_circle(np.array([FIRST, FIRST + SPAN])), tilt, distance, roll)
    hub = bare.to_dial(project(np.zeros((1, 2)), tilt, distance, roll)[0])
    dial = bare.with_ends(bare.angle_of(first), bare.angle_of(last))
    return replace(dial, middle=(float(hub[0]), float(hub[1])))


def _root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(values)) @ vectors.T)


tilts = st.floats(0.0, 0.9)
distances = st.floats(2.5, 40.0)
rolls = st.floats(-3.1, 3.1)


@given(tilts, distances, rolls, st.floats(0.0, 1.0))
def test_a_near_camera_reads_as_a_far_one(tilt: float, distance: float, roll: float, at: float) -> None:
    dial = dial_seen(tilt, distance, roll)
    (point,) = project(on_circle(np.array([FIRST + at * SPAN])), tilt, distance, roll)
    assert dial.fraction_of_angle(dial.angle_of(point)) == pytest.approx(at, abs=1e-6)
    assert dial.point_at(dial.angle_of_fraction(at)) == pytest.approx(point, abs=1e-3)


def test_without_that_it_reads_wrong() -> None:
    dial = replace(dial_seen(0.6, 4.0, 0.3), middle=(0.0, 0.0))
    points = project(on_circle(FIRST + SPAN * np.linspace(0, 1, 11)), 0.6, 4.0, 0.3)
    off = [dial.fraction_of_angle(dial.angle_of(p)) - k / 10 for k, p in enumerate(points)]
    assert max(map(abs, off)) > 0.02
    assert off[0] == pytest.approx(0, abs=1e-9)
    assert off[-1] == pytest.approx(0, abs=1e-9)


@given(st.floats(0.0, 0.3), st.floats(-3.1, 3.1))
def test_angles_rise_and_come_back(length: float, way: float) -> None:
    dial = DialGeometry(np.zeros(2), np.eye(2), -2.0, 4.0, middle=(length * cos(way), length * sin(way)))
    angles = np.linspace(-7, 7, 200)
    true = np.array([dial.true_angle(angle) for angle in angles])
    assert (np.diff(true) > 0).all()
    assert dial.true_angle(1.0 + TAU) == pytest.approx(dial.true_angle(1.0) + TAU)
    some = np.array([-0.05, 0.0, 0.4, 1.0, 1.05])
    assert dial.angles_of_fractions(some) == pytest.approx([dial.angle_of_fraction(at) for at in some])
    for at in some:
        assert dial.fraction_of_angle(dial.angle_of_fraction(at)) == pytest.approx(at)


def test_the_middle_comes_from_the_pivot_and_no_farther_than_it_may() -> None:
    dial = dial_seen(0.5, 8.0, 0.3)
    for shift, middle in ((0.1, NEAR * 0.1), (0.33, MOST_NEAR)):
        pivot = dial.to_frame(np.array([0.0, shift]))
        assert seen_middle(dial, pivot) == pytest.approx((0.0, middle))
    assert seen_middle(dial, None) == (0.0, 0.0)


def test_looks_share_one_middle() -> None:
    scene = draw(3)
    view = view_dial(scene.segments())
    assert view is not None
    track = DialTrack()
    for x in (0.02, 0.04, 0.03):
        joint, _ = track.add(replace(view, geometry=replace(view.geometry, middle=(x, 0.0))), 1.0)
    assert joint.geometry.middle == pytest.approx((0.03, 0.0), abs=0.003)
