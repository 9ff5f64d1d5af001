"""What many looks know of one dial, and what they do not once the picture moved."""

from dataclasses import replace

import numpy as np
import pytest

from meter_infer.reading.dial import DialView, view_dial
from meter_infer.reading.geometry import DialGeometry
from meter_infer.reading.track import DialTrack
from tests.reading.plain_dial import View, shoot

VIEW = View(2.3, 4.7, 0.4, 0.2, 0.4, 320)


def seen(turn_deg: float = 0.0) -> DialView:
    view = view_dial(shoot(View(2.3 + np.deg2rad(turn_deg), 4.7, 0.4, 0.2, 0.4, 320)).segments)
    assert view is not None
    return view


def test_looks_at_one_place_have_a_mean() -> None:
    track = DialTrack()
    for turn in (-1.0, 1.0, 0.0):
        joint, moved = track.add(seen(turn), 0.8)
        assert not moved
    assert abs(joint.geometry.start_angle - seen().geometry.start_angle) < np.deg2rad(0.5)


@pytest.mark.parametrize(("turn_deg", "elsewhere"), [(3.0, False), (6.0, True)])
def test_looks_before_and_after_the_picture_was_lost_have_none(turn_deg: float, elsewhere: bool) -> None:
    """Whether it is another place is asked as ever: a camera in a hand is lost and found near by."""
    track = DialTrack()
    for _ in range(5):
        track.add(seen(), 0.8)
    track.lose()
    joint, moved = track.add(seen(turn_deg), 0.8)
    assert moved == elsewhere
    assert (joint.geometry.start_angle, track.count) == (seen(turn_deg).geometry.start_angle, 1)


def test_a_picture_that_was_lost_and_is_back_is_known_as_well_as_before() -> None:
    track = DialTrack()
    for _ in range(5):
        track.add(seen(), 0.8)
    track.lose()
    track.add(seen(3.0), 0.05)  # a look that teaches nothing tells nothing of where the dial is, either
    _, moved = track.add(seen(0.3), 0.8)
    assert (moved, track.count) == (False, 6)
    _, moved = track.add(seen(3.0), 0.8)
    assert not moved


def short_arc(growth: float, shift: float = 0.0) -> DialGeometry:
    """Return a scale of 80 degrees from (-64, 0) to (64, 0) and above, of a circle of 100 * growth px."""
    radius, half = 100 * growth, float(np.arcsin(0.64 / growth))
    center = np.array([shift, radius * np.cos(half)])
    return DialGeometry(center, np.eye(2) * radius, -np.pi / 2 - half, 2 * half)


def test_a_short_arc_is_at_one_place_wherever_its_centre_seems_to_be() -> None:
    known, other, moved = short_arc(1.0), short_arc(1.15), short_arc(1.0, 8.0)
    assert np.linalg.norm(known.to_dial(other.center)) > 0.15
    for geometry, elsewhere in ((other, False), (moved, True)):
        track = DialTrack()
        track.add(replace(seen(), geometry=known), 0.8)
        assert track.add(replace(seen(), geometry=geometry), 0.8)[1] == elsewhere
