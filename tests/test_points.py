"""Calibration points that were given wrong: no reading with them is good. See docs/decisions/0020."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from meter_infer.binding import Bound
from meter_infer.calibration import Calibration, PicturePoints
from meter_infer.pipeline import MeterReader, MeterSetup
from meter_infer.reading.chances import FRACTIONS
from meter_infer.reading.geometry import DialGeometry, TubeGeometry
from meter_infer.reading.look import Look
from meter_infer.types import Box, Detection, MeterKind, Quality, Reading, Reason
from meter_infer.valuing import MeterState, unread, valued
from tests.scenes import KnownDetector, KnownSegmenter, Scene, draw, frame, one, plain, pointer_contrast

SETUP = MeterSetup("cam", "p1", MeterKind.POINTER, unit="bar")
SIDE = 320


@pytest.fixture(scope="module")
def scene() -> Scene:
    return next(
        s
        for s in map(draw, range(90))
        if plain(s) and s.truth.linear and pointer_contrast(s) > 60 and len(s.truth.scale_points) >= 5
    )


def reader(scene: Scene, points: PicturePoints) -> MeterReader:
    return MeterReader(
        KnownDetector(Detection(scene.truth.kind, scene.box, 0.9)),
        KnownSegmenter(scene.segments()),
        [replace(SETUP, calibration_points=points)],
    )


def read(scene: Scene, points: PicturePoints) -> Reading:
    return one(reader(scene, points), scene.luma)


def test_honest_points_are_good_whatever_their_number(scene: Scene) -> None:
    marks = scene.truth.scale_points
    for points in (marks, marks[:1] + marks[-1:], marks[::2]):
        reading = read(scene, points)
        assert (reading.quality, reading.reason) == (Quality.GOOD, Reason.OK)
        span = abs(marks[-1][0] - marks[0][0])
        assert reading.value == pytest.approx(scene.truth.value, abs=0.02 * span)


@pytest.mark.parametrize("change", ["half", "double", "exchanged", "beside"])
@pytest.mark.parametrize("count", [2, 5])
def test_points_off_the_dial_are_not_good(scene: Scene, change: str, count: int) -> None:
    marks = scene.truth.scale_points
    chosen = marks[:: len(marks) - 1] if count == 2 else marks[:count]
    # the meter stands at the right of a wider picture
    right = 2.0 * SIDE

    def spoilt(x: float, y: float) -> tuple[float, float]:
        return {"half": (x / 2, y / 2), "double": (2 * x, 2 * y), "exchanged": (y, x)}.get(
            change, (x - SIDE, y)
        )

    points = tuple((value, spoilt(x + right, y)) for value, (x, y) in chosen)
    wide = np.full((SIDE, 3 * SIDE), int(scene.luma.mean()), np.uint8)
    wide[:, 2 * SIDE :] = scene.luma
    truth = replace(
        scene.truth,
        full_box=Box(scene.box.x1 + right, scene.box.y1, scene.box.x2 + right, scene.box.y2),
        polygons={k: v + np.array([right, 0.0]) for k, v in scene.truth.polygons.items()},
        landmarks={k: (x + right, y) for k, (x, y) in scene.truth.landmarks.items()},
    )
    moved = Scene(wide, truth)
    honest = tuple((value, (x + right, y)) for value, (x, y) in chosen)
    if count == 2:
        assert read(moved, honest).quality is Quality.GOOD
    reading = read(moved, points)
    assert reading.quality is Quality.UNCERTAIN
    assert reading.reason in (Reason.CAMERA_MOVED, Reason.UNCALIBRATED)


def test_a_value_with_its_point_misplaced_is_not_good(scene: Scene) -> None:
    marks = list(scene.truth.scale_points)
    low, high = marks[1][0], marks[2][0]
    marks[2] = (low + (high - low) / 10, marks[2][1])  # 0.04 for 0.4
    reading = read(scene, tuple(marks))
    assert (reading.quality, reading.reason) == (Quality.UNCERTAIN, Reason.UNCALIBRATED)
    assert reading.value is not None


def test_points_far_from_the_reading_are_not_good(scene: Scene) -> None:
    marks = scene.truth.scale_points
    far = marks[-2:] if scene.truth.fraction < 0.5 else marks[:2]
    reading = read(scene, far)
    assert (reading.quality, reading.reason) == (Quality.UNCERTAIN, Reason.UNCALIBRATED)


def test_points_at_one_place_of_the_scale_are_not_good(scene: Scene) -> None:
    value, (x, y) = min(
        scene.truth.scale_points,
        key=lambda mark: abs(mark[0] - scene.truth.value),
    )
    reading = read(scene, ((value, (x, y)), (value + 1, (x + 0.3, y + 0.3))))
    assert (reading.quality, reading.reason) == (Quality.UNCERTAIN, Reason.UNCALIBRATED)


def test_what_is_wrong_with_the_points_is_said_once(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    marks = list(scene.truth.scale_points)
    (one_value, one_place), (two_value, two_place) = marks[1:3]
    marks[1:3] = [(two_value, one_place), (one_value, two_place)]
    meters = reader(scene, tuple(marks))
    with caplog.at_level(logging.WARNING):
        readings = [one(meters, scene.luma, index) for index in range(3)]
    assert {(r.quality, r.reason, r.value) for r in readings} == {
        (Quality.UNCERTAIN, Reason.UNCALIBRATED, None)
    }
    (said,) = (record.getMessage() for record in caplog.records if record.name == "meter_infer.valuing")
    order = f"{two_value:g}, {one_value:g}"
    assert said.startswith("p1 of camera cam: its calibration points must only rise or only fall")
    assert order in said


def test_a_look_in_doubt_says_nothing_of_the_points(caplog: pytest.LogCaptureFixture) -> None:
    state = MeterState(replace(SETUP, calibration_points=((0.0, (900.0, 900.0)), (1.0, (950.0, 900.0)))))
    reading = judged(state, DIAL, 0.3, confidence=0.2)
    assert reading.quality is Quality.UNCERTAIN
    assert not caplog.records


# --- by geometry alone ----------------------------------------------------------------------------

DIAL = DialGeometry(np.array([200.0, 150.0]), 80 * np.eye(2), 2.4, 4.7)
TUBE = TubeGeometry(np.array([500.0, 400.0]), np.array([500.0, 200.0]), 20.0)


def judged(
    state: MeterState,
    geometry: DialGeometry | TubeGeometry,
    fraction: float,
    confidence: float = 0.9,
) -> Reading:
    kind = state.setup.kind
    bound = Bound(state.setup.meter, kind, Box(0, 0, 9, 9), 1.0)
    base = unread(frame(np.zeros((480, 640), np.uint8)), bound, "m", Reason.OK, confidence, 0.0)
    dial = geometry if isinstance(geometry, DialGeometry) else None
    tube = geometry if isinstance(geometry, TubeGeometry) else None
    seen = Look(kind, fraction, confidence, Reason.DISAGREEMENT, dial, tube)
    return valued(base, seen, fraction, state)


@pytest.mark.parametrize(
    ("radii", "reason"),
    [
        ((1.0, 1.0), Reason.OK),
        ((0.6, 0.6), Reason.OK),
        ((1.25, 1.25), Reason.OK),
        ((0.6, 1.25), Reason.OK),
        ((0.3, 1.0), Reason.CAMERA_MOVED),
        ((0.3, 0.3), Reason.CAMERA_MOVED),
        ((1.0, 1.7), Reason.CAMERA_MOVED),
    ],
)
def test_points_of_a_dial_stand_on_its_face(radii: tuple[float, float], reason: Reason) -> None:
    places = (DIAL.point_at(DIAL.angle_of_fraction(float(k)), radius) for k, radius in enumerate(radii))
    points = tuple((10.0 * k, (float(x), float(y))) for k, (x, y) in enumerate(places))
    reading = judged(MeterState(replace(SETUP, calibration_points=points)), DIAL, 0.3)
    assert reading.reason is reason
    assert reading.value == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("places", "reason"),
    [
        (((500, 400), (500, 200)), Reason.OK),
        (((560, 390), (560, 210)), Reason.OK),  # numbers of a staff beside the glass
        (((500, 425), (500, 180)), Reason.OK),  # the ends were found a little too near to each other
        (((1030, 400), (1030, 200)), Reason.CAMERA_MOVED),
        (((1000, 800), (1000, 400)), Reason.CAMERA_MOVED),
        (((500, 800), (500, 400)), Reason.CAMERA_MOVED),
        (((250, 200), (250, 100)), Reason.CAMERA_MOVED),
        (((500, 303), (500, 300)), Reason.UNCALIBRATED),
        (((500, 250), (500, 200)), Reason.UNCALIBRATED),  # the level is far below them
    ],
)
def test_points_of_a_level_gauge_stand_by_its_glass(
    places: tuple[tuple[float, float], tuple[float, float]], reason: Reason
) -> None:
    points = ((0.0, places[0]), (300.0, places[1]))
    state = MeterState(replace(SETUP, kind=MeterKind.LEVEL, calibration_points=points))
    reading = judged(state, TUBE, 0.3)
    assert reading.reason is reason
    assert reading.value is not None


def test_points_swing_with_the_picture() -> None:
    points = ((0.0, (500.0, 400.0)), (300.0, (500.0, 200.0)))
    state = MeterState(replace(SETUP, kind=MeterKind.LEVEL, calibration_points=points))
    assert judged(state, TUBE, 0.3).reason is Reason.OK
    state.standing.swing((0.0, 20.0))
    assert judged(state, TUBE, 0.3).value == pytest.approx(120.0)
    state.standing.swing((150.0, 0.0))
    assert judged(state, TUBE.moved(np.array([150.0, 0.0])), 0.3).reason is Reason.OK


# --- none at all -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calibration", "law", "good"),
    [
        (Calibration.from_range((0.0, 10.0)), 0.3, False),
        (Calibration.from_range((0.0, 10.0)), 0.9, True),
        (Calibration(((0.0, 0.0), (1.0, 10.0))), 0.3, True),  # somebody says that it is even
        (Calibration(((0.0, 0.0), (0.4, 1.0), (1.0, 10.0))), 0.3, True),
    ],
)
def test_a_range_alone_is_not_enough_for_a_scale_that_may_bend(
    caplog: pytest.LogCaptureFixture, calibration: Calibration, law: float, good: bool
) -> None:
    state = MeterState(replace(SETUP, calibration=calibration))
    state.law.learn(np.full(FRACTIONS.shape, law), False)
    readings = [judged(state, DIAL, 0.4) for _ in range(3)]
    expected = (Quality.GOOD, Reason.OK) if good else (Quality.UNCERTAIN, Reason.UNCALIBRATED)
    assert {(each.quality, each.reason) for each in readings} == {expected}
    assert readings[0].value == pytest.approx(calibration.value(0.4))
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == (not good)
    assert all("a range is not enough; give it a calibration" in each for each in said)


@pytest.mark.parametrize(("unit", "good"), [("psi", False), ("°C", True)])
def test_a_range_in_two_units_is_not_enough(caplog: pytest.LogCaptureFixture, unit: str, good: bool) -> None:
    given = Calibration.from_range((-30.0, 150.0))
    reading = judged(MeterState(replace(SETUP, calibration=given, unit=unit)), DIAL, 0.4)
    assert (reading.quality is Quality.GOOD) == good
    assert good or reading.reason is Reason.UNCALIBRATED
    assert reading.value == pytest.approx(42.0)
    said = [record.getMessage() for record in caplog.records]
    assert said == [] if good else "its range begins below vacuum" in said[0]


def test_whether_a_range_is_enough_is_the_mean_of_looks_where_the_pointer_stands() -> None:
    state = MeterState(replace(SETUP, calibration=Calibration.from_range((0.0, 10.0))))
    bent = np.interp(FRACTIONS, [0.0, 0.5, 1.0], [1.0, 0.2, 1.0])

    def quality(fraction: float) -> Quality:
        return judged(state, DIAL, fraction).quality

    assert quality(0.5) is Quality.GOOD  # nobody says otherwise
    state.law.learn(bent, False)
    assert [quality(f) for f in (-0.01, 0.02, 0.5, 0.99)] == [
        Quality.GOOD,
        Quality.GOOD,
        Quality.UNCERTAIN,
        Quality.GOOD,
    ]
    for _ in range(3):
        state.law.learn(np.ones_like(bent), False)
    assert state.law.at(0.5) == pytest.approx(0.8)
    assert quality(0.5) is Quality.GOOD  # one of four looks
    state.law.learn(bent, True)
    assert quality(0.5) is Quality.UNCERTAIN  # it was moved: perhaps another dial
    for _ in range(30):
        state.law.learn(np.ones_like(bent), False)
    assert state.law.at(0.5) > 0.95  # what was seen long ago fades
