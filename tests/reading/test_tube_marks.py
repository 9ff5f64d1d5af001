"""The ends of a level gauge's scale, from the first and last mark of its graduation."""

import cv2
import numpy as np
import pytest

from meter_infer.reading.geometry import TubeGeometry
from meter_infer.reading.sampling import Patch
from meter_infer.reading.tube_comb import Hints
from meter_infer.reading.tube_marks import ACCEPTED, TubeScale, graduated_ends

SIDE = 360
WIDTH = 24.0
FIRST, LAST = 300.0, 70.0
"""Rows of the scale's ends."""


def drawn(
    intervals: int = 20, bright: bool = False, turn_deg: float = 0.0, lean: float = 0.0, marked: bool = True
) -> Patch:
    """A tube on a plate with a graduation to its right; `lean`: rise of the marks for a step across."""
    y, x = (np.mgrid[: 3 * SIDE, : 3 * SIDE] + 0.5) / 3
    turn = np.deg2rad(turn_deg)
    right, down = x - SIDE / 2, y - SIDE / 2
    u = np.cos(turn) * right + np.sin(turn) * down
    v = -np.sin(turn) * right + np.cos(turn) * down + SIDE / 2 + lean * u
    paper, ink = (60.0, 215.0) if bright else (215.0, 50.0)
    pixels = np.full(u.shape, 110.0)
    pixels[(np.abs(u) < 90) & (v > 30) & (v < 330)] = paper
    pixels[(np.abs(u) < WIDTH / 2) & (v > 45) & (v < 320)] = 150.0
    pixels[(np.abs(u) < WIDTH / 2) & (v > 180) & (v < 320)] = 90.0
    for k in range(intervals + 1) if marked else ():
        row = FIRST + (LAST - FIRST) * k / intervals
        long = 28 if k % 5 == 0 else 14
        pixels[(np.abs(v - row) < 1.1) & (u > 16) & (u < 16 + long)] = ink
    shrunk = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float64)
    shrunk += np.random.default_rng(3).normal(0, 2.0, shrunk.shape)
    return Patch(np.clip(shrunk, 0, 255).astype(np.uint8), (0.0, 0.0), 1.0)


def tube(start: float, end: float, turn_deg: float = 0.0) -> TubeGeometry:
    """The tube's axis with its ends at two rows of the upright picture."""
    turn = np.deg2rad(turn_deg)
    down = np.array([-np.sin(turn), np.cos(turn)])
    middle = np.array([SIDE / 2, SIDE / 2])
    return TubeGeometry(middle + (start - SIDE / 2) * down, middle + (end - SIDE / 2) * down, WIDTH)


def taken(patch: Patch, geometry: TubeGeometry, hints: Hints | None = None) -> TubeScale | None:
    """The graduation that a reading would take its ends from."""
    scale = graduated_ends(patch, geometry, hints)
    return None if scale is None or scale.sure < ACCEPTED else scale


def errors(found: TubeGeometry, truth: TubeGeometry) -> list[float]:
    return [abs(truth.fraction_of(found.start)), abs(truth.fraction_of(found.end) - 1)]


@pytest.mark.parametrize("intervals", [10, 20, 40])
@pytest.mark.parametrize("bright", [False, True])
def test_ends_move_from_the_tubes_own_to_the_marks(intervals: int, bright: bool) -> None:
    scale = taken(drawn(intervals, bright), tube(320, 45))
    assert scale is not None
    assert max(errors(scale.geometry, tube(FIRST, LAST))) < 0.005
    assert scale.teeth in (intervals + 1, intervals // 5 + 1)  # all marks, or the long ones
    assert scale.ends > 0.7
    assert scale.beyond < 0.3
    assert scale.shift == pytest.approx(25 / 275, abs=0.01)


def test_ends_inside_the_graduation_move_out() -> None:
    seen = tube(285, 80)
    own = seen.fraction_of(tube(320, 45).start), seen.fraction_of(tube(320, 45).end)
    scale = taken(drawn(), seen, Hints((0.3, 0.3), own))
    assert scale is not None
    assert max(errors(scale.geometry, tube(FIRST, LAST))) < 0.005


def test_a_turned_gauge_with_leaning_marks() -> None:
    scale = taken(drawn(turn_deg=20, lean=0.12), tube(320, 45, 20))
    assert scale is not None
    assert max(errors(scale.geometry, tube(FIRST, LAST, 20))) < 0.01


def test_a_shrunk_patch_at_an_offset() -> None:
    patch = drawn()
    moved = Patch(patch.pixels, (100.0, 40.0), 2.0)
    seen, truth = (
        TubeGeometry(t.start * 2 + [100, 40], t.end * 2 + [100, 40], WIDTH * 2)
        for t in (tube(320, 45), tube(FIRST, LAST))
    )
    scale = taken(moved, seen)
    assert scale is not None
    assert max(errors(scale.geometry, truth)) < 0.005


def test_no_graduation_no_ends() -> None:
    assert taken(drawn(marked=False), tube(320, 45)) is None


def test_a_plates_edge_one_tooth_beyond_is_not_taken_for_a_mark() -> None:
    patch = drawn(intervals=10)
    pixels = patch.pixels.copy()
    pixels[322:325, 90:270] = 50
    scale = taken(Patch(pixels, patch.origin, patch.pitch), tube(330, 60))
    assert scale is None or max(errors(scale.geometry, tube(FIRST, LAST))) < 0.01


def test_flaps_of_a_magnetic_indicator_are_no_graduation() -> None:
    patch = drawn(marked=False)
    pixels = patch.pixels.copy()
    middle = SIDE // 2
    for row in range(50, 318, 7):
        pixels[row : row + 2, middle - 12 : middle + 12] = 30
    assert taken(Patch(pixels, patch.origin, patch.pitch), tube(305, 60)) is None


def test_stripes_of_the_wall_behind_are_no_graduation() -> None:
    patch = drawn(marked=False)
    pixels = patch.pixels.copy()
    for row in range(3, SIDE, 22):
        pixels[row : row + 3, :85] = 40
        pixels[row : row + 3, -85:] = 40
    assert taken(Patch(pixels, patch.origin, patch.pitch), tube(320, 45)) is None


def test_a_tube_too_small_to_see_marks() -> None:
    geometry = TubeGeometry(np.array([10.0, 20.0]), np.array([10.0, 5.0]), 3.0)
    assert taken(Patch(np.full((30, 20), 128, np.uint8), (0.0, 0.0), 1.0), geometry) is None
