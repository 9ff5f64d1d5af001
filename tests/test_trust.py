"""When the networks look, and who is believed where they and the frame-rate path contradict each other."""

from dataclasses import replace

import numpy as np
import pytest

from meter_infer.calibration import Calibration
from meter_infer.pipeline import MeterReader, MeterSetup
from meter_infer.reading.fast import FastReading
from meter_infer.reading.fast_dial import FastDial
from meter_infer.reading.fast_tube import FastTube
from meter_infer.reading.geometry import TubeGeometry
from meter_infer.reading.look import Look, look
from meter_infer.trust import AGREE, Schedule, between, majority, verify
from meter_infer.types import Detection, MeterKind, Quality, Reason
from meter_infer.valuing import MeterState
from tests.reading.plain_dial import View, shoot
from tests.scenes import KnownDetector, KnownSegmenter, TrueStrips, draw, frame

SHOT = shoot(View(2.3, 4.7, 0.4, 0.2, 0.4, 320))
SETUP = MeterSetup("cam", "p1", MeterKind.POINTER)


def seen(fraction: float) -> Look:
    found, _ = look(MeterKind.POINTER, SHOT.luma, SHOT.box, SHOT.segments)
    return replace(found, fraction=fraction)


def test_cameras_never_all_fall_together() -> None:
    schedule = Schedule(1.0)
    looks: dict[int, int] = {}
    for tick in range(20 * 10):
        for camera in range(8):
            if schedule.is_due(f"cam{camera}", 1000 + tick / 20):
                schedule.looked(f"cam{camera}", 1000 + tick / 20)
                looks[tick] = looks.get(tick, 0) + 1
    # All at the first frame, where nothing is known yet; never more than two after that.
    assert looks.pop(0) == 8
    assert max(looks.values()) <= 2
    assert sum(looks.values()) in range(8 * 9, 8 * 11)


def test_a_look_out_of_turn_does_not_move_a_camera_to_another_phase() -> None:
    schedule = Schedule(1.0)
    schedule.is_due("a", 0.0)
    schedule.is_due("b", 0.0)
    schedule.looked("b", 10.0)
    due = [k for k in range(1, 60) if schedule.is_due("b", 10.0 + k / 20)]
    schedule.looked("b", 10.0 + due[0] / 20 - 0.4)
    assert schedule.is_due("b", 10.0 + due[0] / 20)


def test_the_networks_look_at_each_camera_once_a_cadence() -> None:
    schedule = Schedule(0.5)
    looked = []
    for tick in range(100):
        if schedule.is_due("a", tick / 20):
            schedule.looked("a", tick / 20)
            looked.append(tick)
    assert looked == list(range(0, 100, 10))


def test_a_contradiction_stands_until_two_of_three_agree() -> None:
    state = MeterState(SETUP)
    verify(SHOT.luma, seen(0.4), None, False, state)
    assert state.fast is not None
    followed = FastReading(0.4, 1.0)

    doubted = verify(SHOT.luma, seen(0.5), followed, False, state)
    assert (doubted.reason, doubted.confidence < 0.5) == (Reason.DISAGREEMENT, True)
    held = between(SHOT.luma, state)
    assert held is not None
    assert (held.confidence, held.reason) == (0.0, Reason.DISAGREEMENT)

    # The networks come back to what the frame-rate path says: these two agree.
    agreed = verify(SHOT.luma, seen(0.401), followed, False, state)
    assert agreed.confidence >= 0.5
    found = between(SHOT.luma, state)
    assert found is not None
    assert found.confidence >= 0.5


def test_networks_that_repeat_themselves_overrule_the_frame_rate_path() -> None:
    state = MeterState(SETUP)
    verify(SHOT.luma, seen(0.4), None, False, state)
    before, followed = state.fast, FastReading(0.6, 1.0)
    assert verify(SHOT.luma, seen(0.4), followed, False, state).reason is Reason.DISAGREEMENT
    assert verify(SHOT.luma, seen(0.405), followed, False, state).confidence >= 0.5
    assert state.fast is not before


def test_a_misreading_of_a_picture_that_stands_still_is_not_confirmed_by_its_repetition() -> None:
    state = MeterState(SETUP)
    verify(SHOT.luma, seen(0.4), None, False, state)
    before, followed = state.fast, FastReading(0.4, 1.0)
    for _ in range(3):
        # The pointer stands at 0.4 of the same picture in each of these looks.
        assert verify(SHOT.luma, seen(0.43), followed, False, state).reason is Reason.DISAGREEMENT
    assert state.fast is before
    assert verify(SHOT.luma, seen(0.4), followed, False, state).confidence >= 0.5


@pytest.mark.parametrize(
    ("confidence", "gap", "doubted"), [(0.4, 0.06, True), (0.4, 0.03, False), (0.2, 0.06, False)]
)
def test_a_weak_opinion_is_heard_where_it_is_far_off(confidence: float, gap: float, doubted: bool) -> None:
    state = MeterState(SETUP)
    verify(SHOT.luma, seen(0.4), None, False, state)
    first = verify(SHOT.luma, seen(0.4), FastReading(0.4 - gap, confidence), False, state)
    assert (first.reason is Reason.DISAGREEMENT) == doubted
    assert verify(SHOT.luma, seen(0.4), FastReading(0.4 - gap, 0.1), False, state).confidence >= 0.5


def test_a_look_that_leaps_waits_for_another_unless_the_frame_rate_path_sees_it_too() -> None:
    for followed, doubted in ((None, True), (FastReading(0.8, 0.2, leapt=True), False)):
        state = MeterState(SETUP)
        verify(SHOT.luma, seen(0.4), None, False, state)
        first = verify(SHOT.luma, seen(0.8), followed, False, state)
        assert (first.reason is Reason.DISAGREEMENT) == doubted
        if doubted:
            assert verify(SHOT.luma, seen(0.8), None, False, state).confidence >= 0.5


def test_points_in_the_picture_make_scales_that_differ_no_contradiction() -> None:
    points = tuple((v, (300 + 90 * np.cos(a), 280 + 90 * np.sin(a))) for v, a in ((0.0, 2.3), (1.0, 7.0)))
    first = seen(0.4)
    assert first.dial is not None
    # The same pointer, on a scale whose ends another look saw elsewhere.
    angle, wider = first.dial.angle_of_fraction(0.4), first.dial.with_ends(2.3, 7.6)
    second = replace(first, dial=wider, fraction=wider.fraction_of_angle(angle))
    assert abs((second.fraction or 0.0) - 0.4) > AGREE
    for setup, contradicts in ((SETUP, True), (replace(SETUP, calibration_points=points), False)):
        state = MeterState(setup)
        verify(SHOT.luma, first, None, False, state)
        assert isinstance(state.fast, FastDial)
        followed = state.fast.read(SHOT.luma)
        assert followed.confidence >= 0.5
        doubted = verify(SHOT.luma, second, followed, False, state)
        assert (doubted.reason is Reason.DISAGREEMENT) == contradicts


@pytest.mark.parametrize(
    ("points", "off", "kept"), [(True, 0.1, True), (False, 0.1, False), (True, 0.3, False)]
)
def test_a_level_with_points_is_followed_on_though_its_ends_jump(
    points: bool, off: float, kept: bool
) -> None:
    scene = draw(3, MeterKind.LEVEL)
    first, _ = look(MeterKind.LEVEL, scene.luma, scene.box, scene.segments(), judge=TrueStrips(scene.truth))
    tube = first.tube
    assert tube is not None
    assert first.fraction is not None
    surface = tube.point_at(first.fraction)
    first = replace(first, confidence=0.9)
    marks = tuple((float(v), (float(x), float(y))) for v in (0, 1) for x, y in [tube.point_at(v)])
    setup = MeterSetup(
        "cam", "l1", MeterKind.LEVEL, calibration=Calibration.from_range((0.0, 1.0)),
        calibration_points=marks if points else None,
    )  # fmt: skip
    state = MeterState(setup)
    verify(scene.luma, first, None, False, state)
    fast = state.fast
    assert isinstance(fast, FastTube)
    followed = fast.read(scene.luma)
    assert followed.confidence >= 0.5
    # the same surface in the picture, on a tube of which a look sees more below
    longer = TubeGeometry(tube.point_at(-off), tube.end, tube.width)
    second = replace(first, tube=longer, fraction=longer.fraction_of(surface))
    for _ in range(3):  # by range the ends are the reading: it is in dispute first
        verify(scene.luma, second, fast.read(scene.luma), False, state)
    assert (state.fast is fast) == kept
    if kept:
        assert np.linalg.norm(fast.geometry.start - tube.start) < 1.0
        assert fast.read(scene.luma).fraction == pytest.approx(followed.fraction, abs=0.005)


def test_what_is_followed_well_is_not_left_for_another_hand_in_passing() -> None:
    state = MeterState(SETUP)
    here = seen(0.4)
    verify(SHOT.luma, here, None, False, state)
    before, followed = state.fast, FastReading(0.4, 1.0)
    assert here.pointer is not None
    # as when the pointer passes a set-point hand that is longer, and a look takes that for the pointer
    hub, tip = here.pointer.hub, here.pointer.tip
    other = replace(here, fraction=0.41, pointer=replace(here.pointer, tip=hub + 1.5 * (tip - hub)))
    assert verify(SHOT.luma, other, followed, False, state).confidence >= 0.5
    assert state.fast is before
    verify(SHOT.luma, here, followed, False, state)
    verify(SHOT.luma, other, followed, False, state)
    assert state.fast is before
    verify(SHOT.luma, other, followed, False, state)  # twice in a row: what is followed is out of date
    assert state.fast is not before
    # and what is not followed well is left at once
    before = state.fast
    verify(SHOT.luma, here, FastReading(0.4, 0.4), False, state)
    assert state.fast is not before


def test_three_that_differ_stay_in_doubt() -> None:
    state = MeterState(SETUP)
    verify(SHOT.luma, seen(0.4), None, False, state)
    for fraction in (0.6, 0.8, 0.2):
        doubted = verify(SHOT.luma, seen(fraction), FastReading(0.4, 1.0), False, state)
        assert doubted.reason is Reason.DISAGREEMENT


def test_the_reading_says_so_from_the_contradiction_to_its_end() -> None:
    hands = {at: shoot(View(2.3, 4.7, at, 0.2, 0.4, 320)) for at in (0.3, 0.6)}
    both = np.minimum(hands[0.3].luma, hands[0.6].luma)
    segmenter = KnownSegmenter(hands[0.3].segments)
    detector = KnownDetector(Detection(MeterKind.POINTER, hands[0.3].box, 0.9))
    setup = replace(SETUP, calibration=Calibration.from_range((0.0, 1.0)))
    meters = MeterReader(detector, segmenter, [setup], cadence_s=1.0)

    def read(index: int) -> tuple[Quality, Reason]:
        (reading,) = meters.read([frame(both, index)])
        return reading.quality, reading.reason

    good, contradicted = (Quality.GOOD, Reason.OK), (Quality.UNCERTAIN, Reason.DISAGREEMENT)
    assert [read(index) for index in range(10)] == [good] * 10
    # One look takes the set-point hand for the pointer; the next one comes 0.2 s later.
    segmenter.segments = list(hands[0.6].segments)
    assert [read(10), read(11)] == [contradicted, contradicted]
    segmenter.segments = list(hands[0.3].segments)
    assert [read(index) for index in range(12, 20)] == [good] * 8


@pytest.mark.parametrize("cadence_s", [0.0, 1.0])
def test_a_camera_that_is_forgotten_is_forgotten(cadence_s: float) -> None:
    schedule = Schedule(cadence_s)
    schedule.is_due("a", 0.0)
    schedule.looked("a", 0.0)
    schedule.forget("a")
    assert not schedule.known


def test_what_the_networks_have_long_not_seen_is_no_longer_believed() -> None:
    state = MeterState(SETUP)
    verify(SHOT.luma, seen(0.4), None, False, state)
    lately, long_ago = between(SHOT.luma, state, 1.0), between(SHOT.luma, state, 61.0)
    assert lately is not None
    assert long_ago is not None
    assert (lately.reason, long_ago.reason) == (Reason.OK, Reason.STALE)
    assert long_ago.confidence < 0.5


def test_a_camera_starves_when_the_networks_do_not_get_to_it() -> None:
    schedule = Schedule(1.0)
    assert schedule.is_starving("a", 100.0)
    schedule.looked("a", 100.0)  # it is its turn, but not done
    assert schedule.is_starving("a", 100.1)
    schedule.looked_through("a", 100.0)
    assert not schedule.is_starving("a", 104.0)
    assert schedule.is_starving("a", 105.5)


def test_one_good_look_among_many_in_doubt_is_doubted() -> None:
    state = MeterState(SETUP)
    good = seen(0.4)
    assert majority(good, False, state) is good  # the first look counts as it is
    for _ in range(8):
        majority(replace(good, confidence=0.1), False, state)
    doubted = majority(good, False, state)
    assert (doubted.confidence < 0.5, doubted.reason, state.clear) == (True, Reason.DISAGREEMENT, True)
    later = [majority(good, False, state).confidence >= 0.5 for _ in range(5)]
    assert later == sorted(later)
    assert later[-1]


def test_the_first_look_at_another_place_counts_as_it_is() -> None:
    state = MeterState(SETUP)
    for _ in range(8):
        majority(replace(seen(0.4), confidence=0.1), False, state)
    assert majority(seen(0.4), True, state).confidence >= 0.5
