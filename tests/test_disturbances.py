"""A camera that is pushed, turned, dimmed or shaded, a pointer that sweeps: no confident wrong reading.

The networks are the truth of each frame, so what is tested is the frame-rate path, its trust in itself,
and how soon a reading is good again.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.calibration import Calibration
from meter_infer.pipeline import MeterReader, MeterSetup
from meter_infer.render.disturb import STILL, Push, Stage, StagedScene, steps
from meter_infer.render.truth import SceneObject
from meter_infer.types import MeterKind, Quality, Reading, Reason, SegmentClass
from tests.scenes import TrueNetworks, frame

FPS = 20
FRAMES = 80
EVENT = 27
"""The networks look at frames 0, 20, 40 and 60: the event falls between two of their looks."""
Pushes = Callable[[int], Push]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    readings: list[Reading]
    errors: NDArray[np.float64]
    """In % of the span; NaN without a reading."""
    good: NDArray[np.bool_]
    looks: list[int]

    @property
    def wrong(self) -> int:
        return int((np.abs(self.errors[self.good]) > 2).sum())

    def recovered_after(self, event: int) -> int:
        """Return how many frames after an event the last reading came that was not good."""
        doubtful = np.flatnonzero(~self.good[event:])
        return int(doubtful[-1]) + 1 if len(doubtful) else 0


def run(seed: int, pushes: list[Push], course: NDArray[np.float64], stage: Stage) -> Run:
    scene = StagedScene(seed, course, stage)
    frames, truth = zip(*(scene.frame(k, push) for k, push in enumerate(pushes)), strict=True)
    networks = TrueNetworks(truth)
    setup = setup_of(truth[0], stage.kind)
    meters = MeterReader(networks, networks, [setup], cadence_s=1.0)
    readings = [meters.read([frame(luma, k, fps=FPS)])[0] for k, luma in enumerate(frames)]
    errors = [
        np.nan if reading.raw is None else 100 * (reading.raw - item.fraction)
        for reading, item in zip(readings, truth, strict=True)
    ]
    good = [reading.quality is Quality.GOOD for reading in readings]
    return Run(readings, np.array(errors), np.array(good), networks.looked)


def setup_of(item: SceneObject, kind: MeterKind) -> MeterSetup:
    """A dial by its range; a level by points in the picture, without which few are good."""
    if kind is MeterKind.POINTER:
        return MeterSetup("cam", "p1", kind, calibration=Calibration.from_range((0.0, 1.0)))
    low, high = (item.landmarks[name] for name in (SegmentClass.START, SegmentClass.END))
    points = ((0.0, (float(low[0]), float(low[1]))), (1.0, (float(high[0]), float(high[1]))))
    return MeterSetup("cam", "p1", kind, calibration_points=points)


def waves(low: float = 0.2, high: float = 0.8) -> NDArray[np.float64]:
    return low + (high - low) * (0.5 + 0.5 * np.sin(np.arange(FRAMES) / FPS * 2 * np.pi / 5))


DIALS = {seed: Stage(meter_px=px) for seed, px in ((2, 165.0), (5, 300.0), (13, 210.0))}
dials = pytest.mark.parametrize("seed", DIALS)


@dials
def test_a_push_by_three_pixels_is_followed_without_the_networks(seed: int) -> None:
    seen = run(seed, steps([(EVENT, Push((2.4, -1.8)))], FRAMES), waves(), DIALS[seed])
    assert seen.good.all()
    assert seen.looks == [0, 20, 40, 60]
    assert seen.wrong == 0


@dials
def test_a_camera_that_swings_is_followed_without_the_networks(seed: int) -> None:
    swing = [Push((3 * np.sin(k / 3.2), 1.5 * np.sin(k / 4.0))) for k in range(FRAMES)]
    seen = run(seed, swing, waves(), DIALS[seed])
    assert seen.good.all()
    assert seen.looks == [0, 20, 40, 60]
    assert seen.wrong == 0


@dials
@pytest.mark.parametrize("push", [Push((32.0, 24.0)), Push(turn_deg=5.0)], ids=["40 px", "5 degrees"])
def test_a_camera_that_was_knocked_is_noticed_and_read_again(seed: int, push: Push) -> None:
    seen = run(seed, steps([(EVENT, push)], FRAMES), waves(), DIALS[seed])
    assert seen.wrong == 0
    first = seen.readings[EVENT]
    assert (first.quality, first.reason) == (Quality.UNCERTAIN, Reason.CAMERA_MOVED)
    assert EVENT in seen.looks
    assert 0 < seen.recovered_after(EVENT) <= FPS
    assert seen.good[EVENT + FPS :].all()


@dials
def test_light_that_is_halved_at_once_changes_no_reading(seed: int) -> None:
    seen = run(seed, steps([(EVENT, Push(gain=0.5))], FRAMES), waves(), DIALS[seed])
    assert seen.wrong == 0
    assert seen.good.all()
    assert EVENT in seen.looks


@dials
def test_a_shadow_that_crosses_makes_no_wrong_reading(seed: int) -> None:
    pushes = [Push(shadow=(k - 15) / 50) if 15 <= k < 65 else STILL for k in range(FRAMES)]
    seen = run(seed, pushes, waves(), DIALS[seed])
    assert seen.wrong == 0
    assert seen.good.mean() > 0.9


@dials
def test_a_pointer_that_sweeps_its_span_in_a_second_is_followed(seed: int) -> None:
    course = np.interp(np.arange(FRAMES), [EVENT, EVENT + FPS], [0.06, 0.94])
    seen = run(seed, [STILL] * FRAMES, course, DIALS[seed])
    assert seen.wrong == 0
    assert seen.good.mean() > 0.9


LEVELS = {seed: Stage(kind=MeterKind.LEVEL, meter_px=px) for seed, px in ((0, 300.0), (4, 260.0))}
levels = pytest.mark.parametrize("seed", LEVELS)


@levels
@pytest.mark.parametrize("push", [Push((2.4, -1.8)), Push(gain=0.5)], ids=str)
def test_a_level_stays_right_when_the_picture_changes(seed: int, push: Push) -> None:
    seen = run(seed, steps([(EVENT, push)], FRAMES), waves(), LEVELS[seed])
    assert seen.wrong == 0
    assert seen.good[EVENT + FPS :].mean() > 0.9


@levels
def test_points_in_the_picture_move_with_a_small_push(seed: int) -> None:
    still, pushed = (
        run(seed, steps([(EVENT, push)], FRAMES), waves(), LEVELS[seed])
        for push in (STILL, Push((2.4, -1.8)))
    )
    both = still.good & pushed.good
    both[:EVENT] = False
    assert both.sum() > 20
    assert abs(np.mean(pushed.errors[both] - still.errors[both])) < 0.3  # the push is 0.6 % of these scales


CLEAR = {seed: Stage(kind=MeterKind.LEVEL, meter_px=px) for seed, px in ((2, 173.0), (8, 302.0))}


@pytest.mark.parametrize("seed", CLEAR)
def test_a_liquid_as_clear_as_air_is_followed_or_doubted(seed: int) -> None:
    seen = run(seed, [STILL] * FRAMES, np.linspace(0.8, 0.2, FRAMES), CLEAR[seed])
    assert seen.wrong == 0
    assert seen.good.mean() > 0.5


def test_a_level_that_is_shown_by_coarse_flaps_says_so() -> None:
    seen = run(116, [STILL] * FRAMES, waves(), Stage(kind=MeterKind.LEVEL, meter_px=232.5))
    known = [r.reason is Reason.BLURRED for r in seen.readings].index(True)
    assert known < 2 * FPS
    assert not seen.good[known:].any()
    assert np.nanmax(np.abs(seen.errors[known:])) < 5  # and what they show is said all the same
    assert np.isfinite(seen.errors[known:]).mean() > 0.8


@pytest.mark.parametrize("push", [Push((32.0, 24.0)), Push(turn_deg=5.0)], ids=str)
@levels
def test_points_in_the_picture_do_not_serve_another_picture(seed: int, push: Push) -> None:
    seen = run(seed, steps([(EVENT, push)], FRAMES), waves(), LEVELS[seed])
    assert seen.wrong == 0
    assert not seen.good[EVENT:].any()
    assert seen.readings[-1].reason is Reason.CAMERA_MOVED


@levels
def test_a_shadow_makes_no_wrong_level(seed: int) -> None:
    pushes = [Push(shadow=(k - 15) / 50) if 15 <= k < 65 else STILL for k in range(FRAMES)]
    seen = run(seed, pushes, waves(), LEVELS[seed])
    assert seen.wrong == 0
