"""The graduation's own word on the scale's ends."""

from dataclasses import replace

import numpy as np
import pytest

from meter_infer.reading.geometry import DialGeometry
from meter_infer.reading.marks import Graduation, ring_of
from meter_infer.reading.sampling import Patch

SIDE = 300
SPAN = np.deg2rad(270)
START = np.deg2rad(135)
INTERVALS = 27


def graduation(patch: Patch, geometry: DialGeometry) -> Graduation | None:
    ring = ring_of(patch, geometry)
    return None if ring is None else ring.compare(geometry.start_angle, geometry.span)


def dial() -> DialGeometry:
    return DialGeometry(np.array([150.0, 150.0]), np.eye(2) * 110.0, START, SPAN, (0.92, 1.08))


def drawn(marked: bool = True, bright: bool = False) -> Patch:
    """A face with an even graduation from the first to the last mark."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    angle = np.arctan2(y - 150, x - 150)
    radius = np.hypot(x - 150, y - 150) / 110.0
    pixels = np.full((SIDE, SIDE), 60.0 if bright else 220.0)
    if marked:
        for k in range(INTERVALS + 1):
            away = np.angle(np.exp(1j * (angle - START - SPAN * k / INTERVALS)))
            pixels[(np.abs(away) * radius * 110 < 1.5) & (radius > 0.92) & (radius < 1.08)] = (
                220.0 if bright else 40.0
            )
    pixels += np.random.default_rng(1).normal(0, 1.5, pixels.shape)
    return Patch(np.clip(pixels, 0, 255).astype(np.uint8), (0.0, 0.0), 1.0)


@pytest.mark.parametrize("bright", [False, True])
def test_true_ends_are_borne_out(bright: bool) -> None:
    seen = graduation(drawn(bright=bright), dial())
    assert seen is not None
    assert seen.evenness > 0.8
    assert seen.ends > 0.8
    assert seen.beyond < 0.1


@pytest.mark.parametrize("end", ["start", "end"])
def test_an_end_one_mark_short_shows_a_mark_beyond(end: str) -> None:
    tooth = SPAN / INTERVALS
    start = START + (tooth if end == "start" else 0.0)
    seen = graduation(drawn(), replace(dial(), start_angle=start, span=SPAN - tooth))
    assert seen is not None
    assert seen.ends > 0.8
    assert seen.beyond > 0.8


def test_an_end_in_the_gap_has_no_mark() -> None:
    seen = graduation(drawn(), replace(dial(), span=SPAN + 1.5 * SPAN / INTERVALS))
    assert seen is not None
    assert seen.ends < 0.3


def test_a_blank_face_tells_nothing() -> None:
    seen = graduation(drawn(marked=False), dial())
    assert seen is None or seen.evenness < 0.5
