import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_infer.calibration import Calibration, mixed_units
from meter_infer.errors import CalibrationError

COMPRESSED = Calibration(((0.0, 0.0), (0.07, 20.0), (0.23, 50.0), (1.0, 300.0)))


def test_a_range_is_a_straight_line() -> None:
    line = Calibration.from_range((-1.0, 3.0))
    assert line.value(0.25) == pytest.approx(0.0)
    assert line.span == 4.0


def test_a_first_mark_that_stands_too_far_on_squeezes_the_first_bit_of_a_range_alone() -> None:
    line = Calibration.from_range((0.0, 10.0))
    squeezed = line.with_advance(0.04)
    assert squeezed.value(0.0) == 0.0
    assert squeezed.value(1.0) == 10.0
    # from there on it is the line that would begin 0.04 of the range before the first mark
    for fraction in (0.08, 0.3, 0.8, 1.1):
        assert squeezed.value(fraction) == pytest.approx(10 * (0.04 + 0.96 * fraction))
    assert squeezed.value(0.04) == pytest.approx(0.5 * (0.4 + 9.6 * 0.08))
    for fraction in (-0.02, -0.3):  # a pointer on its stop
        assert squeezed.value(fraction) == pytest.approx(10 * fraction)
    backwards = Calibration.from_range((40.0, 0.0)).with_advance(0.1)
    assert backwards.value(0.5) == pytest.approx(40 - 40 * 0.55)
    assert backwards.value(-0.1) == pytest.approx(44.0)
    assert line.with_advance(0.0) == line
    assert COMPRESSED.with_advance(0.04) is COMPRESSED
    assert Calibration.from_dict(line.to_dict()) == line


def test_points_are_met_exactly_and_joined_by_straight_lines() -> None:
    for fraction, value in COMPRESSED.points:
        assert COMPRESSED.value(fraction) == pytest.approx(value)
    assert COMPRESSED.value(0.15) == pytest.approx(35.0)


@pytest.mark.parametrize(("fraction", "value"), [(-0.07, -20.0), (1.077, 325.0)])
def test_past_the_ends_the_outer_segments_go_on(fraction: float, value: float) -> None:
    assert COMPRESSED.value(fraction) == pytest.approx(value)


def test_a_scale_may_fall() -> None:
    falling = Calibration(((0.0, 40.0), (0.5, 10.0), (1.0, 0.0)))
    assert falling.value(0.25) == pytest.approx(25.0)
    assert falling.span == 40.0


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    count = draw(st.integers(2, 8))
    steps = st.lists(st.floats(0.01, 5.0), min_size=count - 1, max_size=count - 1)
    fractions, values = [0.0], [draw(st.floats(-100, 100))]
    for step in draw(steps):
        fractions.append(fractions[-1] + step)
    sign = draw(st.sampled_from([-1, 1]))
    for step in draw(steps):
        values.append(values[-1] + sign * step)
    return Calibration(tuple((f / fractions[-1], v) for f, v in zip(fractions, values, strict=True)))


@given(calibrations(), st.floats(-0.5, 1.5), st.floats(1e-6, 1.0))
def test_values_go_one_way_all_along(calibration: Calibration, fraction: float, step: float) -> None:
    rise = calibration.value(fraction + step) - calibration.value(fraction)
    assert (rise > 0) == (calibration.points[-1][1] > calibration.points[0][1])


@given(calibrations())
def test_plain_data_brings_the_same_calibration_back(calibration: Calibration) -> None:
    assert Calibration.from_dict(calibration.to_dict()) == calibration


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ((), "at least two"),
        (((0.0, 1.0),), "at least two"),
        (((0.0, 1.0), (0.0, 2.0)), "ascend"),
        (((0.5, 1.0), (0.2, 2.0)), "ascend"),
        (((0.0, 1.0), (0.5, 1.0), (1.0, 2.0)), "rise"),
        (((0.0, 1.0), (0.5, 3.0), (1.0, 2.0)), "rise"),
        (((0.0, math.nan), (1.0, 2.0)), "finite"),
        (((0.0, 1.0), (math.inf, 2.0)), "finite"),
    ],
)
def test_points_that_are_no_function_are_refused(points: tuple[tuple[float, float], ...], says: str) -> None:
    with pytest.raises(CalibrationError, match=says):
        Calibration(points)


def bent(*values: float, places: tuple[float, ...] | None = None) -> Calibration:
    at = places or tuple(index / (len(values) - 1) for index in range(len(values)))
    return Calibration(tuple(zip(at, values, strict=True)))


@pytest.mark.parametrize(
    "honest",
    [
        bent(0, 1),
        bent(0, 0.2, 0.4, 0.6, 0.8, 1),
        bent(60, 40, 20, 0),
        bent(0, 20, 40, 60, 80, 100, places=(0, 0.18, 0.42, 0.58, 0.82, 1)),  # clicked with an unsteady hand
        bent(*(math.sqrt(k / 10) for k in range(11))),  # a differential pressure that shows a flow
        bent(0, 5, 20, 45, 80, 125),  # crowded at one end
        bent(0, 50, 100, 150, 200, 1200, places=(0, 0.2, 0.4, 0.6, 0.85, 1)),  # an overload range
        bent(0, 495, 500, 3000, places=(0, 0.79, 0.8, 1)),  # the same, with a number just before it
        bent(-1, 0, 5, 10, places=(0, 0.3, 0.65, 1)),  # vacuum and pressure
        bent(0, 5e-324, 1e-323, places=(-0.5, 0.5, 1.5)),
    ],
)
def test_honest_points_have_no_flaw(honest: Calibration) -> None:
    assert honest.flaw() is None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (bent(0, 0.2, 0.04 + 0.2, 0.6, 0.8, 1), "near the value 0.24"),
        (bent(0, 0.04, 0.6, 1, places=(0, 0.4, 0.6, 1)), "near the value 0.04"),
        (bent(0, 2, 40, 60, 80), "near the value 2"),
        (bent(0, 20, 40, 60, 8000), "near the value 60"),
        (bent(100, 80, 60, 21, 20, 0), "near the value 21"),
        (bent(0, 0.2, 0.4, 0.6, places=(0, 0.2, 0.55, 0.6)), "near the value 0.4"),  # misplaced
        (bent(0, 1, places=(0.4, 0.41)), "lie within 1 % of its scale"),
    ],
)
def test_points_that_no_scale_has_are_told(wrong: Calibration, says: str) -> None:
    assert says in (wrong.flaw() or "")


def test_how_far_a_reading_lies_beyond_the_points() -> None:
    two = bent(6, 8, places=(0.6, 0.8))
    assert [two.beyond(fraction) for fraction in (0.6, 0.7, 0.8)] == [0, 0, 0]
    assert two.beyond(0.4) == pytest.approx(1.0)
    assert two.beyond(0.85) == pytest.approx(0.25)


def test_a_range_without_width_is_refused() -> None:
    with pytest.raises(CalibrationError, match="no width"):
        Calibration.from_range((3.0, 3.0))


@pytest.mark.parametrize("data", [{}, {"points": 3}, {"points": [1, 2]}, {"points": [{"fraction": 0}]}])
def test_data_of_another_form_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(CalibrationError):
        Calibration.from_dict(data)


@pytest.mark.parametrize(
    ("ends", "unit", "mixed"),
    [
        ((-30.0, 150.0), "psi", True),
        ((-30.0, 30.0), "PSIG", True),
        ((-76.0, 4.0), "kgf/cm²", True),
        ((-760.0, 1.5), "bar(g)", True),
        ((150.0, -30.0), "psi", True),  # written backwards
        ((-30.0, 21.0), "inHg below 0 / psi above 0", True),
        ((-30.0, 150.0), "lbs/in.²", True),
        ((-76.0, 4.0), "kp/cm2", True),
        ((-30.0, 30.0), "bar", False),  # as much to both sides: of a difference
        ((-14.7, 150.0), "psi", False),
        ((-15.0, 60.0), "psi", False),
        ((-1.0, 15.0), "bar", False),
        ((-100.0, 300.0), "kPa", False),
        ((-0.1, 2.4), "MPa", False),
        ((-500.0, 500.0), "psi", False),  # of a difference
        ((-100.0, 0.0), "mmH2O", False),
        ((-30.0, 0.0), "inHg", False),
        ((-760.0, 0.0), "mmHg", False),
        ((-30.0, 50.0), "°C", False),
        ((-30.0, 50.0), None, False),
        ((0.0, 16.0), "bar", False),
    ],
)
def test_a_range_in_two_units_is_known_by_its_vacuum(
    ends: tuple[float, float], unit: str | None, mixed: bool
) -> None:
    assert (mixed_units(ends, unit) is not None) == mixed
