"""Between two looks: the pointer and the surface found again in the luma plane alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.reading.anchor import Anchor
from meter_infer.reading.fast import (
    LEAP,
    LEAPT,
    MOST_UNSEEN,
    PERSISTS,
    UNSEEN,
    Course,
    FastReading,
    Strides,
)
from meter_infer.reading.fast_dial import FastDial
from meter_infer.reading.fast_tube import FastTube
from meter_infer.reading.geometry import TubeGeometry
from meter_infer.reading.look import look
from meter_infer.render.disturb import Stage, StagedScene
from meter_infer.types import Luma, MeterKind, Reason
from tests.reading.plain_dial import View, shoot
from tests.scenes import Scene, TrueStrips

VIEWS = (
    View(2.3, 4.7, 0.3, 0.0, 0.0, 320),
    View(1.0, 4.2, 0.3, 0.54, 0.7, 260, noise=3.0),
    View(4.0, 5.2, 0.3, 0.3, 2.0, 130),
    View(3.3, 2.4, 0.3, 0.2, 1.2, 400),
)
Change = Callable[[Luma], Luma]


def begin(view: View, change: Change = lambda luma: luma) -> FastDial:
    shot = shoot(view)
    luma = change(shot.luma)
    seen, _ = look(MeterKind.POINTER, luma, shot.box, shot.segments)
    assert seen.dial is not None
    assert seen.pointer is not None
    return FastDial(luma, seen.dial, seen.pointer)


def follow(
    view: View, fractions: Sequence[float], change: Change = lambda luma: luma, trusted: float = 1.0
) -> list[float]:
    """Return the errors of what is trusted over a course, in % of the span, and check how much that is."""
    fast = begin(view, change)
    errors, at = [], view.fraction
    for number, fraction in enumerate(fractions):
        for way in np.arange(0.08, abs(fraction - at), 0.08):  # no pointer leaps
            between = at + way * np.sign(fraction - at)
            fast.read(change(shoot(replace(view, fraction=between), seed=number).luma))
        at = fraction
        found = fast.read(change(shoot(replace(view, fraction=fraction), seed=number).luma))
        if found.confidence >= 0.5:
            assert found.fraction is not None
            errors.append(100 * abs(found.fraction - fraction))
    assert len(errors) >= trusted * len(fractions)
    return errors


@pytest.mark.parametrize("view", VIEWS)
def test_a_pointer_is_followed_over_its_whole_scale(view: View) -> None:
    errors = follow(view, [*np.linspace(0, 1, 25), 0.8, 0.1, 0.55])
    assert np.mean(errors) < 0.15
    assert max(errors) < 0.5


def test_an_upright_pointer_is_exact() -> None:
    assert np.mean(follow(VIEWS[0], np.linspace(0.05, 0.95, 30).tolist())) < 0.04


def with_hand(view: View, fraction: float) -> Change:
    """Draw a set-point hand, as dark and as long as the pointer."""
    hand = shoot(replace(view, fraction=fraction, noise=0.0)).luma
    return lambda luma: np.minimum(luma, hand)


@pytest.mark.parametrize("view", VIEWS[:2])
def test_a_set_point_hand_is_no_pointer(view: View) -> None:
    errors = follow(view, np.linspace(0.3, 0.95, 14).tolist(), with_hand(view, 0.15))
    assert max(errors) < 0.6


@pytest.mark.parametrize("view", VIEWS[:2])
def test_a_spot_of_glare_moves_no_reading(view: View) -> None:
    def glare(luma: Luma) -> Luma:
        spot = luma.copy()
        cv2.circle(spot, (int(view.x + 0.16 * view.size), int(view.y)), int(0.09 * view.size), (255.0,), -1)
        return np.asarray(cv2.GaussianBlur(spot, (0, 0), 1.0), dtype=np.uint8)

    errors = follow(view, np.linspace(0.1, 0.9, 33).tolist(), glare, 0.8)
    assert max(errors) < 0.8


def test_a_covered_dial_is_not_trusted() -> None:
    fast, shot = begin(VIEWS[0]), shoot(VIEWS[0])
    covered = shot.luma.copy()
    cv2.circle(covered, (300, 280), 110, (128.0,), -1)
    found = fast.read(covered)
    assert (found.confidence, found.reason) == (0.0, Reason.OCCLUDED)


def test_a_picture_that_moved_far_is_another_view() -> None:
    fast, shot = begin(VIEWS[0]), shoot(VIEWS[0])
    assert fast.read(np.roll(shot.luma, 40, axis=1)).confidence < 0.5
    assert fast.read(shot.luma).confidence >= 0.5


@pytest.mark.parametrize("shift", [(0.4, -0.3), (3.0, 1.6), (-6.5, 4.25)])
def test_a_shift_is_measured_to_a_tenth_of_a_pixel(shift: tuple[float, float]) -> None:
    view = VIEWS[0]
    anchor = _anchor(shoot(view).luma)
    moved = shoot(replace(view, x=view.x + shift[0], y=view.y + shift[1]), seed=1).luma
    found = anchor.follow(moved)
    assert found is not None
    assert (found.x, found.y) == pytest.approx(shift, abs=0.1)
    assert abs(found.turn) < 0.002


@pytest.mark.parametrize("gain", [0.5, 1.15])
def test_light_is_measured_and_is_no_shift(gain: float) -> None:
    luma = shoot(VIEWS[0]).luma
    found = _anchor(luma).follow(np.clip(luma * gain, 0, 255).astype(np.uint8))
    assert found is not None
    assert np.hypot(found.x, found.y) < 0.1
    assert found.light == pytest.approx(np.log(gain), abs=0.15)


def test_a_wall_without_structure_is_no_anchor() -> None:
    flat = np.random.default_rng(0).normal(120, 2, (300, 300)).astype(np.uint8)
    assert not _anchor(flat).usable


@pytest.mark.parametrize("brightness", [0, 16, 255])
def test_a_wall_of_one_brightness_is_no_anchor(brightness: int) -> None:
    flat = np.full((300, 300), brightness, np.uint8)
    anchor = _anchor(flat)
    assert not anchor.usable
    tube = TubeGeometry(np.array([150.0, 260.0]), np.array([150.0, 40.0]), 30.0)
    assert FastTube(flat, tube, 0.5).read(flat).confidence < 0.5


def test_a_dial_that_turned_under_a_rim_that_did_not_is_another_view() -> None:
    view = VIEWS[0]
    fast = begin(view)
    turned = shoot(replace(view, start=view.start + np.deg2rad(4)))
    found = fast.read(turned.luma)
    assert (found.confidence, found.reason) == (0.0, Reason.CAMERA_MOVED)


def test_what_is_followed_moves_and_does_not_leap() -> None:
    course = Course(0.2)
    assert course.follows(0.2 + 0.9 * LEAP, 0.8) == 0.8
    assert course.follows(0.2, 0.8) == 0.8
    assert course.follows(0.2 + 1.1 * LEAP, 0.8) == LEAPT
    # One of the two places is wrong: what is nearer is believed again, what leapt is not.
    assert course.follows(0.2 + 0.9 * LEAP, 0.8) == LEAPT
    assert course.follows(0.2 + 0.4 * LEAP, 0.8) == 0.8
    course.go(0.9)
    assert course.follows(0.9, 0.8) == 0.8


def test_what_was_covered_may_have_moved_meanwhile() -> None:
    course = Course(0.2)
    assert not course.reaches(0.2 + LEAP + 3 * UNSEEN)
    for _ in range(4):
        assert course.follows(0.9, 0.1) == 0.1
    assert course.reaches(0.2 + LEAP + 3 * UNSEEN)


def test_what_leapt_and_stays_is_believed_in_the_end() -> None:
    course = Course(0.2)
    places = 0.7 + 0.02 * np.arange(PERSISTS)  # it goes on moving
    doubts = [course.follows(float(place), 0.9) for place in places]
    assert doubts == [LEAPT] * (PERSISTS - 1) + [0.9]
    assert course.place == places[-1]


def test_a_pointer_that_was_long_unseen_is_not_believed_anywhere() -> None:
    course = Course(0.2)
    for _ in range(100):
        course.miss()
    assert course.reaches(0.2 + 0.99 * MOST_UNSEEN)
    assert not course.reaches(0.2 + 1.01 * MOST_UNSEEN)


def test_the_other_end_of_the_pointer_is_not_believed_however_long_it_stays_or_moves() -> None:
    course = Course(0.45, half=0.667)
    places = np.linspace(1.12, 0.8, 60)
    assert {course.follows(float(place), 0.9) for place in places} == {LEAPT}
    course.go(0.8)  # the networks say so
    assert course.follows(0.8, 0.9) == 0.9


def test_what_leaps_here_and_there_is_never_believed() -> None:
    course = Course(0.2)
    assert {course.follows(place, 0.9) for _ in range(PERSISTS) for place in (0.7, 0.95)} == {LEAPT}


def test_a_scale_that_is_a_full_circle_has_no_leap_at_its_end() -> None:
    assert Course(0.99, around=1.0).reaches(0.01)
    assert not Course(0.99).reaches(0.01)


@pytest.mark.parametrize(("way", "believed"), [(0.04, True), (0.3, False)])
def test_a_ridge_of_far_more_contrast_is_the_pointer_only_where_that_can_have_got_to(
    way: float, believed: bool
) -> None:
    """A pointer gains contrast on its way from a dark sector of the face to a bright one."""
    view = replace(VIEWS[0], noise=0.0)
    shot, dark = shoot(view), shoot(replace(view, fraction=view.fraction + way)).luma
    bare = np.maximum(shot.luma, dark)
    faint = np.where(shot.luma < bare, np.maximum(shot.luma, bare - 60), bare).astype(np.uint8)
    seen, _ = look(MeterKind.POINTER, shot.luma, shot.box, shot.segments)
    assert seen.dial is not None
    assert seen.pointer is not None
    fast = FastDial(faint, seen.dial, seen.pointer)
    assert fast.read(faint).confidence >= 0.5
    found = fast.read(dark)
    assert (found.confidence >= 0.5) == believed
    assert not found.leapt  # nor is it one that is clear, and believed once it stays


def _anchor(luma: Luma) -> Anchor:
    region = np.ones((luma.shape[0] - 40, luma.shape[1] - 40), np.bool_)
    return Anchor(luma, region, (20, 20), np.array([300.0, 280.0]))


def levels(seed: int, course: NDArray[np.float64], px: float) -> tuple[list[FastReading], list[float]]:
    """Return what a level's reader says over a course, and the truth; the first frame builds it."""
    scene = StagedScene(seed, course, Stage(kind=MeterKind.LEVEL, meter_px=px))
    frames = [scene.frame(k) for k in range(len(course))]
    luma, truth = frames[0]
    known = TrueStrips(truth)  # the masks alone may take another mark for the last
    seen, _ = look(MeterKind.LEVEL, luma, truth.full_box, Scene(luma, truth).segments(), judge=known)
    assert seen.tube is not None
    assert seen.fraction is not None
    fast = FastTube(luma, seen.tube, seen.fraction)
    return [fast.read(luma) for luma, _ in frames[1:]], [item.fraction for _, item in frames[1:]]


@pytest.mark.parametrize(("seed", "px"), [(1, 320.0), (3, 190.0), (13, 210.0)])
def test_a_surface_is_followed_up_and_down(seed: int, px: float) -> None:
    course = 0.45 + 0.3 * np.sin(np.arange(60) / 60 * 2 * np.pi)
    found, truth = levels(seed, course, px)
    good = [f.confidence >= 0.5 for f in found]
    assert np.mean(good) > 0.75
    errors = [100 * abs((f.fraction or 0.0) - t) for f, t, g in zip(found, truth, good, strict=True) if g]
    assert np.mean(errors) < 1.0
    assert np.quantile(errors, 0.95) < 2.0


def test_a_tube_that_looks_the_same_everywhere_is_not_trusted() -> None:
    flat = np.full((300, 200), 120, np.uint8)
    flat[::20] = 60
    fast = FastTube(flat, TubeGeometry(np.array([100.0, 260.0]), np.array([100.0, 40.0]), 30.0), 0.5)
    assert fast.read(flat).confidence < 0.5


def strides(places: Sequence[float | None]) -> bool:
    found = Strides()
    for place in places:
        found.go(place)
    return found.coarse


def test_a_gauge_that_goes_by_steps_is_told_from_one_that_moves() -> None:
    climb = np.linspace(0.1, 0.9, 60)
    for flap, coarse in ((0.05, True), (0.02, False)):
        steps = flap * np.floor(climb / flap) + 0.003 * climb
        assert strides(steps.tolist()) == coarse
        assert strides(steps[::-1].tolist()) == coarse
    assert not strides(climb.tolist())
    assert not strides(
        np.interp(np.arange(60), [20, 40], [0.06, 0.94]).tolist()
    )  # it sweeps, it does not step


def test_a_reflection_that_is_taken_for_the_surface_now_and_then_is_no_step() -> None:
    there_and_back = [0.3] * 5 + [0.35] * 5
    assert not strides(there_and_back * 4)
    unseen = [0.1] * 3 + [None] + [0.2] * 3 + [None] + [0.3] * 3 + [None] + [0.4] * 3
    assert not strides(unseen)


def test_a_frame_that_is_read_again_makes_no_step() -> None:
    """In a service each frame that the networks look at is read twice."""
    course = np.linspace(0.2, 0.795, 18)
    scene = StagedScene(1, course, Stage(kind=MeterKind.LEVEL, meter_px=320.0))
    luma, truth = scene.frame(0)
    known = TrueStrips(truth)
    seen, _ = look(MeterKind.LEVEL, luma, truth.full_box, Scene(luma, truth).segments(), judge=known)
    assert seen.tube is not None
    assert seen.fraction is not None
    fast = FastTube(luma, seen.tube, seen.fraction)
    for index in range(1, len(course)):
        luma = scene.frame(index)[0]
        once, twice = fast.read(luma), fast.read(luma, again=True)
        assert twice.fraction == pytest.approx(once.fraction, abs=0.005)
    assert not twice.coarse
