"""Unrolled meters: places, chances, and what a look makes of them."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.reading.chances import FRACTIONS, dial_chances, lawful
from meter_infer.reading.dial import view_dial
from meter_infer.reading.geometry import TAU, DialGeometry, TubeGeometry, wrap
from meter_infer.reading.level import view_tube
from meter_infer.reading.look import look
from meter_infer.reading.opinion import dial_sights, retold, steered, tube_sights, with_advance
from meter_infer.reading.quality import GOOD
from meter_infer.reading.sampling import Profile
from meter_infer.reading.strip import (
    HIGH,
    HINTS,
    LOW,
    PLACES,
    ROWS,
    Axis,
    DialAxis,
    Opinion,
    Strip,
    Thing,
    TubeAxis,
    strip_of,
)
from meter_infer.types import MeterKind, Reason, SegmentClass
from tests.scenes import TrueStrips, certain, draw

DIAL = DialAxis(
    DialGeometry(np.array([200.0, 150.0]), np.array([[90.0, 12.0], [12.0, 70.0]]), np.deg2rad(135), 4.7)
)
FOOT, UP = np.array([60.0, 300.0]), np.array([0.1, -0.995]) / np.hypot(0.1, 0.995)
TUBE = TubeAxis(TubeGeometry(FOOT, FOOT + 240.0 * UP, 20.0))
NAMES = {MeterKind.POINTER: SegmentClass.TIP, MeterKind.LEVEL: SegmentClass.SURFACE}


@pytest.mark.parametrize("axis", [DIAL, TUBE], ids=["dial", "tube"])
def test_a_place_and_its_point_belong_together(axis: Axis) -> None:
    for place in (0.0, 17.25, 200.5, PLACES[axis.kind] - 1.0):
        assert axis.place_of(axis.point_at(place)) == pytest.approx(place)


def test_the_grid_shows_the_places() -> None:
    grid = np.stack(DIAL.table(), axis=-1)
    assert grid.shape == (ROWS, 512, 2)
    for column in (0, 100, 511):
        for row in (5, 40):
            assert DIAL.place_of(grid[row, column]) == pytest.approx(column, abs=1e-3)
    grid = np.stack(TUBE.table(), axis=-1)
    assert grid.shape == (ROWS, 384, 2)
    for column in (0, 383):
        assert TUBE.place_of(grid[3, column]) == pytest.approx(column, abs=1e-3)
    # the axis lies between the two middle rows, and the outer rows mirror each other
    assert 0.5 * (grid[0] + grid[-1]) == pytest.approx(0.5 * (grid[23] + grid[24]), abs=1e-3)
    along = (np.array([TUBE.place_of(FOOT)]) + 0.5) / 384 * (HIGH - LOW) + LOW
    assert along == pytest.approx(0.0)


def test_likeliest_is_finer_than_a_column_and_wraps() -> None:
    opinion = Opinion(DIAL, certain(DIAL, {Thing.READING: -0.3, Thing.START: 140.4, Thing.END: 511.6}))
    for thing, place in ((Thing.READING, 511.7), (Thing.START, 140.4), (Thing.END, 511.6)):
        point, chance = opinion.likeliest(thing)
        off = (DIAL.place_of(point) - place + 256) % 512 - 256
        assert off == pytest.approx(0.0, abs=0.02)
        assert chance > 0.99


def test_chance_counts_what_lies_within_reach() -> None:
    row = np.zeros((3, 512), np.float32)
    row[0, [0, 511, 250]] = 0.5, 0.2, 0.3
    opinion = Opinion(DIAL, row)
    assert opinion.chance(Thing.READING, 0.0, 2.0) == pytest.approx(0.7)
    assert opinion.chance(Thing.READING, 250.0, 0.0) == pytest.approx(0.15)  # half of its column
    assert opinion.chance(Thing.READING, 100.0, 20.0) == 0.0
    row = np.zeros((3, 384), np.float32)
    row[0, [0, 383]] = 0.5
    assert Opinion(TUBE, row).chance(Thing.READING, 0.0, 2.0) == pytest.approx(0.5)  # no wrapping


def test_hints_are_bumps_where_something_was_seen() -> None:
    far = np.array([1e5, -1e6])  # beyond the strip of a tube, and on some angle of a dial
    for axis in (DIAL, TUBE):
        seen = [[(axis.point_at(40.0), 0.8), (axis.point_at(41.0), 0.5)], [(far, 1.0)]]
        hints = strip_of(axis, seen).hints
        assert hints.shape == (2, PLACES[axis.kind])
        assert hints[0].argmax() == 40
        assert hints[0].max() == pytest.approx(0.8)
        assert hints[0, 60:].max() == 0.0
        assert (hints[1].max() > 0.9) == (axis is DIAL)


@pytest.mark.parametrize("kind", list(MeterKind))
def test_sights_fill_every_row_of_hints(kind: MeterKind) -> None:
    scene = draw(3, kind)
    segments = scene.segments()
    if kind is MeterKind.POINTER:
        view = view_dial(segments)
        assert view is not None
        sights, axis = dial_sights(view, segments), DialAxis(view.geometry)
    else:
        tube = view_tube(segments)
        assert tube is not None
        assert tube.axis is not None
        sights, axis = tube_sights(tube, segments), tube.axis  # type: ignore[assignment]
    assert len(sights) == HINTS[kind]
    assert all(len(row) > 0 for row in sights)
    reading = strip_of(axis, sights).hints[2]
    truth = axis.place_of(np.array(scene.truth.landmarks[NAMES[kind]]))
    assert abs(reading.argmax() - truth) < 3


@pytest.mark.parametrize("kind", list(MeterKind))
def test_a_look_follows_a_network_that_knows(kind: MeterKind) -> None:
    """The masks see the wrong end of the pointer and other ends; the strip network knows better."""
    scene = draw(3, kind)
    segments = scene.segments()
    swap = {SegmentClass.START: SegmentClass.END, SegmentClass.END: SegmentClass.START}
    wrong = [
        replace(s, label=swap.get(s.label, s.label)) for s in segments if s.label is not SegmentClass.TIP
    ]
    judge = TrueStrips(scene.truth)
    seen, _ = look(kind, scene.luma, scene.box, wrong if kind is MeterKind.POINTER else segments, judge=judge)
    assert len(judge.asked) == 1
    assert judge.asked[0].hints.shape == (HINTS[kind], PLACES[kind])
    assert seen.fraction == pytest.approx(scene.truth.fraction, abs=0.01)
    assert seen.evidence is not None


def test_a_pointer_that_no_mask_shows_is_believed_where_the_chance_is_high() -> None:
    scene = draw(3)
    segments = [s for s in scene.segments() if s.label not in (SegmentClass.POINTER, SegmentClass.TIP)]
    view = view_dial(segments)
    assert view is not None
    assert view.pointer is None
    axis = DialAxis(view.geometry)
    sure = Opinion(axis, certain(axis, {Thing.READING: 100.0, Thing.START: 1.0, Thing.END: 2.0}))
    pointer = steered(view, sure).pointer
    assert pointer is not None
    way = view.geometry.to_dial(pointer.tip) - view.geometry.to_dial(pointer.hub)
    angle = (100.5) / 512 * TAU - np.pi
    assert abs(wrap(float(np.arctan2(way[1], way[0])) - angle)) < 0.2
    blind = Opinion(axis, np.full((4, 512), 1 / 512, np.float32))
    assert steered(view, blind).pointer is None


def test_where_masks_and_strip_network_mean_different_hands_nothing_is_good() -> None:
    scene = draw(3)
    judge = TrueStrips(scene.truth)
    alone, _ = look(MeterKind.POINTER, scene.luma, scene.box, scene.segments(), judge=judge)
    assert alone.confidence >= GOOD

    def elsewhere(strip: Strip) -> Profile:
        rows = judge(strip)
        rows[Thing.READING] = np.roll(rows[Thing.READING], 256)
        return rows

    seen, _ = look(MeterKind.POINTER, scene.luma, scene.box, scene.segments(), judge=elsewhere)
    assert seen.reason is Reason.DISAGREEMENT
    assert seen.confidence < GOOD


def test_chances_are_those_of_the_places_that_were_read() -> None:
    scene = draw(3)
    view = view_dial(scene.segments())
    assert view is not None
    geometry = view.geometry
    opinion = Opinion(
        DialAxis(geometry), TrueStrips(scene.truth)(Strip(DialAxis(geometry), np.zeros((5, 512), np.float32)))
    )
    points: list[NDArray[np.float64]] = [
        np.array(scene.truth.landmarks[label])
        for label in (SegmentClass.TIP, SegmentClass.START, SegmentClass.END)
    ]
    tip, start, end = (geometry.angle_of(point) for point in points)
    right = dial_chances(opinion, geometry.with_ends(start, end), tip, 0.015)
    assert min(right) > 0.98
    wrong = dial_chances(opinion, geometry.with_ends(start, end), tip + 0.5, 0.015)
    assert wrong.reading < 0.01
    assert wrong.start > 0.98


def test_a_level_whose_ends_make_no_scale_is_left_as_it_was() -> None:
    scene = draw(3, MeterKind.LEVEL)
    segments = scene.segments()
    view = view_tube(segments)
    assert view is not None
    assert view.axis is not None
    axis = view.axis
    swapped = Opinion(axis, certain(axis, {Thing.READING: 100.0, Thing.START: 300.0, Thing.END: 70.0}))
    assert retold(view, swapped) is view
    other = Opinion(axis, certain(axis, {Thing.READING: 150.0, Thing.START: 70.0, Thing.END: 310.0}))
    new = retold(view, other)
    assert new.fraction == pytest.approx(80 / 240, abs=0.01)


def test_without_a_network_nothing_is_asked() -> None:
    scene = draw(3)
    seen, _ = look(MeterKind.POINTER, scene.luma, scene.box, scene.segments())
    assert seen.reason is Reason.OK
    assert seen.fraction == pytest.approx(scene.truth.fraction, abs=0.01)


def test_a_first_mark_that_stands_too_far_on_is_seen() -> None:
    geometry = DialGeometry(np.array([100.0, 100.0]), np.eye(2) * 80.0, np.deg2rad(135), np.deg2rad(270))
    axis = DialAxis(geometry)

    def seen(zero_deg: float) -> tuple[DialGeometry, float]:
        place = axis.place_of_angle(np.deg2rad(zero_deg))
        ends = (axis.place_of_angle(np.deg2rad(each)) for each in (270.0, 135.0, 405.0))
        opinion = Opinion(axis, certain(axis, dict(zip(Thing, (*ends, place), strict=True))))
        dial = with_advance(geometry, opinion)
        return dial, float(lawful(opinion, dial, 0.015)[len(FRACTIONS) // 2])

    linear, law = seen(135.3)
    assert linear.advance == 0.0
    assert law > 0.99
    squeezed, law = seen(135.0 - 10.0)
    assert squeezed.advance == pytest.approx(10 / 280, abs=1e-3)
    assert law > 0.99
    # a scale that is not linear at all: the network puts it on the end, and nothing is made of that
    other, law = seen(405.0)
    assert other.advance == 0.0
    assert law < 0.01


@pytest.mark.parametrize(("linear", "advance"), [(0.85, 0.0), (0.6, 10 / 280), (0.1, 10 / 280)])
def test_a_linear_scale_takes_more_than_half_of_the_chance(linear: float, advance: float) -> None:
    geometry = DialGeometry(np.array([100.0, 100.0]), np.eye(2) * 80.0, np.deg2rad(135), np.deg2rad(270))
    axis = DialAxis(geometry)
    chances = np.zeros((4, 512), np.float32)
    for degrees, chance in ((135.0, linear), (125.0, 1 - linear)):
        place = axis.place_of_angle(np.deg2rad(degrees))
        chances[Thing.ZERO] += chance * certain(axis, {Thing.ZERO: place})[Thing.ZERO]
    assert with_advance(geometry, Opinion(axis, chances)).advance == pytest.approx(advance, abs=2e-3)


@pytest.mark.parametrize("span", [90.0, 270.0])
@pytest.mark.parametrize("off", [-0.8, 0.0, 0.8])
@pytest.mark.parametrize("sigma", [1.3, 2.5, 4.0])
def test_a_broad_peak_on_the_first_mark_is_linear(span: float, off: float, sigma: float) -> None:
    geometry = DialGeometry(np.array([100.0, 100.0]), np.eye(2) * 80.0, np.deg2rad(135), np.deg2rad(span))
    axis = DialAxis(geometry)
    chances = certain(axis, {Thing.ZERO: axis.place_of_angle(np.deg2rad(135)) + off}, sigma=sigma)
    assert with_advance(geometry, Opinion(axis, chances)).advance == 0.0
