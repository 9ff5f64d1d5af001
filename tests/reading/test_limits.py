"""Where a look must not be believed: beyond the scale, beyond the picture; and scales that are short."""

from dataclasses import replace

import numpy as np
import pytest

from meter_infer.reading.fast_dial import FastDial
from meter_infer.reading.geometry import TAU, DialGeometry
from meter_infer.reading.look import look
from meter_infer.reading.quality import GOOD, is_cut_off, on_scale
from meter_infer.reading.sampling import cut_patch
from meter_infer.types import Box, MeterKind, Reason
from meter_infer.valuing import MeterSetup, MeterState, _left
from tests.reading.plain_dial import View, shoot
from tests.reading.test_fast import begin

VIEW = View(2.3, 4.7, 0.3, 0.0, 0.0, 320)


def dial(start: float, span: float, radius: float = 100.0, center: float = 150.0) -> DialGeometry:
    return DialGeometry(np.array([center, center]), np.eye(2) * radius, start, span)


def test_a_pointer_far_below_the_first_mark_is_off_the_scale() -> None:
    wide = dial(2.3, 4.7)
    assert on_scale(wide, 0.0) == on_scale(wide, 1.03) == 1.0
    assert on_scale(wide, -0.12) == on_scale(wide, 1.15) == 0.0


def test_in_the_middle_of_a_narrow_gap_a_pointer_belongs_to_neither_end() -> None:
    narrow = dial(1.8, np.deg2rad(330.0))
    gap = 30.0 / 330.0
    assert on_scale(narrow, -0.2 * gap) == 1.0
    assert on_scale(narrow, -0.49 * gap) < 0.1
    assert on_scale(dial(0.0, TAU), 0.5) == 1.0


def test_between_two_looks_a_pointer_beyond_the_scale_is_not_believed_at_its_other_end() -> None:
    fast = begin(replace(VIEW, fraction=0.02))
    assert fast.geometry.span == pytest.approx(VIEW.span, abs=0.05)
    believed: list[float] = []
    off: list[Reason] = []
    for number, fraction in enumerate(np.arange(0.0, -0.24, -0.02)):
        found = fast.read(shoot(replace(VIEW, fraction=float(fraction)), seed=number).luma)
        if found.confidence >= GOOD and found.fraction is not None:
            believed.append(found.fraction)
        else:
            off.append(found.reason)
    assert len(believed) >= 4
    assert all(-0.1 < each < 0.1 for each in believed)
    assert off.count(Reason.OFF_SCALE) >= 5


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_dial_that_leaves_the_picture_at_an_end_of_its_scale_is_not_read_by_its_ends(side: str) -> None:
    shot = shoot(VIEW)
    seen, _ = look(MeterKind.POINTER, shot.luma, shot.box, shot.segments)
    assert seen.dial is not None
    assert not is_cut_off(seen.dial, (shot.luma.shape[1], shot.luma.shape[0]))
    mark = seen.dial.point_at(seen.dial.start_angle + (0.0 if side == "left" else seen.dial.span))
    if side == "left":
        cut = seen.dial.moved(np.array([-mark[0] - 3.0, 0.0]))
        frame = shot.luma.shape[1], shot.luma.shape[0]
    else:
        cut, frame = seen.dial, (int(mark[0]) - 3, shot.luma.shape[0])
    assert is_cut_off(cut, frame)
    assert not is_cut_off(cut, None)


def test_a_cut_dial_is_in_doubt_unless_it_is_calibrated_by_points() -> None:
    shot = shoot(VIEW)
    whole, _ = look(MeterKind.POINTER, shot.luma, shot.box, shot.segments)
    assert whole.dial is not None
    edge = int(whole.dial.point_at(whole.dial.start_angle + whole.dial.span)[0]) - 2
    cut = np.ascontiguousarray(shot.luma[:, :edge])
    box = Box(shot.box.x1, shot.box.y1, float(edge), shot.box.y2)
    seen, _ = look(MeterKind.POINTER, cut, box, shot.segments)
    assert (seen.confidence < GOOD, seen.reason, seen.vetoed) == (True, Reason.OCCLUDED, True)
    placed, _ = look(MeterKind.POINTER, cut, box, shot.segments, placed=True)
    assert not placed.vetoed


@pytest.mark.parametrize("span_deg", [45, 60, 72, 90])
def test_scales_of_a_small_part_of_the_turn_are_read(span_deg: int) -> None:
    span = float(np.deg2rad(span_deg))
    view = View(float(-np.pi / 2 - span / 2), span, 0.4, 0.0, 0.0, 320, majors=2)
    shot = shoot(view)
    seen, _ = look(MeterKind.POINTER, shot.luma, shot.box, shot.segments)
    assert seen.fraction == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize(("width", "height"), [(4000, 1000), (3000, 400), (400, 3000), (1700, 1300)])
def test_a_shrunken_patch_is_where_the_frame_is(width: int, height: int) -> None:
    """A row and a column that shine are found where they are to half a sample."""
    row, column = int(0.9 * height), int(0.9 * width)
    luma = np.zeros((height, width), np.uint8)
    luma[row, :], luma[:, column] = 255, 255
    patch = cut_patch(luma, Box(0, 0, width, height))
    down = float(np.average(np.arange(patch.pixels.shape[0]), weights=patch.pixels[:, 0]))
    right = float(np.average(np.arange(patch.pixels.shape[1]), weights=patch.pixels[0]))
    found = patch.origin[0] + (right + 0.5) * patch.pitch, patch.origin[1] + (down + 0.5) * patch.pitch
    assert found == pytest.approx((column + 0.5, row + 0.5), abs=0.55 * patch.pitch)


def test_a_pointer_that_points_exactly_left_can_be_followed() -> None:
    view = View(2.3, 4.7, (np.pi - 2.3) / 4.7, 0.0, 0.0, 320)
    shot = shoot(view)
    seen, _ = look(MeterKind.POINTER, shot.luma, shot.box, shot.segments)
    assert seen.dial is not None
    assert seen.pointer is not None
    hub = np.round(seen.pointer.hub)
    level = replace(seen.pointer, hub=hub, tip=np.array([np.round(seen.pointer.tip[0]), hub[1]]))
    round_dial = replace(seen.dial, axes=np.eye(2) * seen.dial.radius)
    fast = FastDial(shot.luma, round_dial, level)
    assert fast.read(shot.luma).fraction == pytest.approx(view.fraction, abs=0.03)


def test_calibration_points_know_of_a_swing_from_the_first_look_on() -> None:
    """A camera that stood aside at the first look, and swings back, is back."""
    shot = shoot(VIEW)
    seen, _ = look(MeterKind.POINTER, shot.luma, shot.box, shot.segments)
    assert seen.dial is not None
    points = tuple(
        (float(k), tuple(seen.dial.point_at(seen.dial.start_angle + seen.dial.span * k / 4).tolist()))
        for k in range(5)
    )
    state = MeterState(MeterSetup("cam", "m", MeterKind.POINTER, calibration_points=points))
    state.standing.swing((30.0, 0.0))
    assert not _left(state, seen.dial.moved(np.array([30.0, 0.0])))
    state.standing.swing((0.0, 0.0))
    assert not _left(state, seen.dial)
    assert _left(state, seen.dial.moved(np.array([30.0, 0.0])))
