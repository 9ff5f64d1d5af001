"""What the marks tell of where a dial's middle is seen."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.reading.geometry import TAU, DialGeometry
from meter_infer.reading.marks import Ring
from meter_infer.reading.spacing import by_marks

START, SPAN = 2.35, 4.71
SAMPLES = 2000


def marked(
    dial: DialGeometry, intervals: int, radius_px: float = 150.0, missing: float = 0.0, noise: float = 0.0
) -> Ring:
    """Marks that stand evenly on `dial`, as they are seen."""
    rng = np.random.default_rng(7)
    sharp = rng.uniform(0, 0.15, SAMPLES).astype(np.float32)
    for k in range(intervals + 1):
        if rng.random() < missing and 0 < k < intervals:
            continue
        angle = dial.angle_of_fraction(k / intervals) + rng.normal(0, noise)
        place = round(angle / TAU * SAMPLES)
        sharp[np.arange(place - 2, place + 3) % SAMPLES] = (0.5, 0.9, 1.0, 0.9, 0.5)
    return Ring(_wide(sharp), radius_px, sharp)


def _wide(sharp: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.max([np.roll(sharp, shift) for shift in (-2, -1, 0, 1, 2)], axis=0), np.float64)


def flat(middle: tuple[float, float] = (0.0, 0.0), start: float = START, span: float = SPAN) -> DialGeometry:
    return DialGeometry(np.zeros(2), 150 * np.eye(2), start, span, middle=middle)


@pytest.mark.parametrize("intervals", [10, 20, 50])
@pytest.mark.parametrize("middle", [(0.0, 0.04), (-0.03, -0.02), (0.0, 0.0)])
def test_the_middle_is_found_from_the_marks(intervals: int, middle: tuple[float, float]) -> None:
    true = flat(middle)
    near = flat((0.5 * middle[0], 0.5 * middle[1]))  # as the pivot tells it
    found = by_marks(marked(true, intervals), near)
    assert found is not None
    assert found.intervals == intervals
    at = np.linspace(0, 1, 21)
    off = [found.geometry.fraction_of_angle(true.angle_of_fraction(share)) - share for share in at]
    blind = [flat().fraction_of_angle(true.angle_of_fraction(share)) - share for share in at]
    assert np.abs(off).max() < 0.002 + 0.35 * np.abs(blind).max()
    assert found.found == pytest.approx(1.0)


def test_a_zero_mark_beside_the_even_marks_stays_where_it_is() -> None:
    true = flat((0.02, -0.02))
    rest = flat((0.01, -0.01), start=START - 0.05, span=SPAN + 0.05)
    found = by_marks(marked(true, 50), rest)
    assert found is not None
    assert (found.geometry.start_angle, found.geometry.span) == (rest.start_angle, rest.span)
    assert found.geometry.middle == pytest.approx(true.middle, abs=0.008)


def test_a_few_marks_may_be_hidden() -> None:
    true = flat((0.03, 0.0))
    found = by_marks(marked(true, 50, missing=0.1), flat((0.015, 0.0)))
    assert found is not None
    assert found.intervals == 50
    assert found.found < 0.95
    assert found.geometry.middle == pytest.approx((0.03, 0.0), abs=0.012)


@pytest.mark.parametrize(
    "ring",
    [
        marked(flat(), 5),
        marked(flat(), 50, missing=0.6),
        marked(flat(), 40, noise=0.05),
        marked(flat(), 50, radius_px=30.0),
        Ring(np.zeros(SAMPLES), 150.0, np.zeros(SAMPLES, np.float32)),
    ],
    ids=["too few", "mostly hidden", "uneven", "too small", "none"],
)
def test_what_tells_nothing_changes_nothing(ring: Ring) -> None:
    assert by_marks(ring, flat((0.02, 0.0))) is None


def test_a_scale_that_is_not_linear_is_left_alone() -> None:
    sharp = np.zeros(SAMPLES, np.float32)
    for share in np.linspace(0, 1, 41) ** 1.7:
        place = round((START + share * SPAN) / TAU * SAMPLES)
        sharp[np.arange(place - 2, place + 3) % SAMPLES] = 1.0
    found = by_marks(Ring(_wide(sharp), 150.0, sharp), flat())
    assert found is None or np.hypot(*found.geometry.middle) < 0.02


def test_the_other_fields_stay() -> None:
    dial = replace(flat((0.01, 0.005)), band=(0.9, 1.1))
    found = by_marks(marked(flat((0.02, 0.01)), 50), dial)
    assert found is not None
    assert found.geometry.band == (0.9, 1.1)
    assert found.geometry.center is dial.center


def test_a_graduation_is_compared_as_it_stands_on_the_dial() -> None:
    true = flat((0.05, 0.03))
    ring = marked(true, 60)
    known, unknown = ring.graduation(true), ring.graduation(flat(start=true.start_angle, span=true.span))
    assert known is not None
    assert unknown is not None
    assert known.evenness > 0.6
    assert known.evenness > unknown.evenness + 0.2
    assert known.ends > 0.9
