"""How probable it is that what was read is right."""

import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.reading.chances import FRACTIONS, dial_chances, lawful, tube_chances
from meter_infer.reading.geometry import TAU, DialGeometry, TubeGeometry
from meter_infer.reading.sampling import Profile
from meter_infer.reading.strip import PLACES, DialAxis, Opinion, Thing, TubeAxis
from meter_infer.types import MeterKind

TUBE = TubeGeometry(np.array([50.0, 300.0]), np.array([70.0, 100.0]), 20.0)
AXIS = TubeAxis(TUBE)
WITHIN = 0.015


def rows(kind: MeterKind, *things: dict[int, float]) -> Profile:
    """Return chances: of each thing, the places where it may be."""
    made = np.zeros((len(things), PLACES[kind]), np.float32)
    for row, places in zip(made, things, strict=True):
        for place, chance in places.items():
            row[place % len(row)] = chance
    return made


@pytest.mark.parametrize(("surface", "expected"), [(295, 1.0), (110, 0.5), (65, 0.5)])
def test_an_end_in_doubt_matters_the_less_the_farther_the_surface_is(surface: int, expected: float) -> None:
    opinion = Opinion(AXIS, rows(MeterKind.LEVEL, {surface: 1.0}, {60: 0.5, 80: 0.5}, {300: 1.0}))
    start, end = AXIS.point_at(60), AXIS.point_at(300)
    tube = TubeGeometry(start, end, TUBE.width)
    chances = tube_chances(opinion, tube, tube.fraction_of(AXIS.point_at(surface)), WITHIN)
    assert chances.start == pytest.approx(0.5, abs=1e-3)
    assert chances.right == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("at", [0, 100, 505])
@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.97])
def test_the_chance_is_that_of_draws(at: int, fraction: float) -> None:
    rng = np.random.default_rng([at, round(100 * fraction)])

    def spread(middle: float, wide: float) -> dict[int, float]:
        places = round(middle) + np.arange(-20, 21)
        shares = np.exp(-0.5 * ((places - middle) / wide) ** 2) * rng.uniform(0.3, 1.0, 41)
        return dict(zip(places.tolist(), (shares / shares.sum()).tolist(), strict=True))

    span = 380.0
    things = spread(at + fraction * span, 3.0), spread(at, 5.0), spread(at + span, 4.0)
    angle = (at + 0.5) / 512 * TAU - np.pi
    dial = DialGeometry(np.array([100.0, 100.0]), np.eye(2) * 80.0, angle, span / 512 * TAU)
    opinion = Opinion(DialAxis(dial), rows(MeterKind.POINTER, *things, {at: 1.0}))
    chances = dial_chances(opinion, dial, angle + fraction * dial.span, WITHIN)

    def drawn(thing: Thing) -> NDArray[np.float64]:
        places = things[thing]
        return rng.choice(list(places), 40_000, p=np.array(list(places.values()))).astype(np.float64)

    pointer, begin, end = (drawn(thing) for thing in (Thing.READING, Thing.START, Thing.END))
    pointer += rng.uniform(-0.5, 0.5, pointer.shape)  # a column is as wide as that
    hit = np.abs((pointer - begin) / (end - begin) - fraction) <= WITHIN
    assert chances.right == pytest.approx(float(hit.mean()), abs=0.015)
    assert lawful(opinion, dial, WITHIN) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("fraction", "advance", "law"),
    [(0.0, 0.0, 1.0), (0.5, 0.0, 0.6), (0.5, 0.1, 0.3), (0.9, 0.0, 0.9), (1.0, 0.1, 1.0), (0.05, 0.0, 0.6)],
)
def test_where_a_linear_scale_begins_matters_in_its_middle(
    fraction: float, advance: float, law: float
) -> None:
    """It begins at the first mark, or a tenth of it before, or it is not linear; its ends are known."""
    span = 360
    places = {100: 0.6, 100 - span // 9: 0.3, 100 + span: 0.1}
    angle = 100.5 / 512 * TAU - np.pi
    dial = DialGeometry(np.array([100.0, 100.0]), np.eye(2) * 80.0, angle, span / 512 * TAU, advance=advance)
    there = {round(100 + fraction * span): 1.0}
    opinion = Opinion(DialAxis(dial), rows(MeterKind.POINTER, there, {100: 1.0}, {100 + span: 1.0}, places))
    assert float(np.interp(fraction, FRACTIONS, lawful(opinion, dial, WITHIN))) == pytest.approx(law)


def test_a_scale_that_may_be_no_scale_makes_nothing_right() -> None:
    opinion = Opinion(AXIS, rows(MeterKind.LEVEL, {150: 1.0}, {200: 1.0}, {200: 1.0}))
    tube = TubeGeometry(AXIS.point_at(100), AXIS.point_at(200), TUBE.width)
    assert tube_chances(opinion, tube, 0.5, WITHIN).right == 0.0
    sure = Opinion(AXIS, rows(MeterKind.LEVEL, {180: 1.0}, {60: 1.0}, {300: 1.0}))
    tiny = TubeGeometry(AXIS.point_at(100), AXIS.point_at(103), TUBE.width)
    assert tube_chances(sure, tiny, 0.5, WITHIN).right == 0.0  # a third of the scale, and so it is there


def test_ends_that_may_be_swapped_are_not_right() -> None:
    start, end, span = 66, 446, 380
    dial = DialGeometry(
        np.array([100.0, 100.0]), np.eye(2) * 80.0, (start + 0.5) / 512 * TAU - np.pi, span / 512 * TAU
    )
    there = {start + span // 2: 1.0}
    opinion = Opinion(
        DialAxis(dial),
        rows(MeterKind.POINTER, there, {start: 0.5, end: 0.5}, {start: 0.5, end: 0.5}, {start: 1.0}),
    )
    assert dial_chances(opinion, dial, dial.start_angle + dial.span / 2, WITHIN).right < 0.3
