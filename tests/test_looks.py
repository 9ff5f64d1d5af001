"""What one look at one meter gives, without anybody who decides when to look."""

import pytest

from meter_infer.binding import Bound
from meter_infer.calibration import Calibration
from meter_infer.looks import SETTLED, Looks
from meter_infer.reading.look import Again
from meter_infer.roster import Roster
from meter_infer.types import Box, Frame, MeterKind, Quality, Reason, Segment, SegmentClass
from meter_infer.valuing import MeterSetup
from tests.scenes import Scene, draw, frame, plain, pointer_contrast

SETUP = MeterSetup("cam", "p1", MeterKind.POINTER, calibration=Calibration.from_range((0.0, 10.0)))


@pytest.fixture(scope="module")
def scene() -> Scene:
    return next(s for s in map(draw, range(40)) if plain(s) and pointer_contrast(s) > 60)


class Second:
    """Notes for which frames a second opinion could have been had."""

    def __init__(self) -> None:
        self.offered: list[int] = []

    def __call__(self, frame: Frame, box: Box) -> Again:
        self.offered.append(frame.index)
        return list


def looks(again: Second | None = None) -> Looks:
    return Looks(
        Roster([SETUP]),
        again or Second(),
        strips=None,
        two_rates=True,
        deferring=False,
        latency_ms=lambda _: 0.0,
    )


def bound(scene: Scene, score: float = 0.9) -> Bound:
    return Bound("p1", MeterKind.POINTER, scene.box, score)


def headless(scene: Scene) -> list[Segment]:
    """What the networks see of a dial whose pointer is hidden."""
    gone = {SegmentClass.POINTER, SegmentClass.TIP}
    return [segment for segment in scene.segments() if segment.label not in gone]


def test_a_good_look_is_vouched_for_in_between(scene: Scene) -> None:
    meters, where = looks(), bound(scene)
    shown = meters.reading(frame(scene.luma), where, scene.segments())
    state = meters.state(frame(scene.luma), where)
    found = state.follow(scene.luma)
    followed = meters.between(frame(scene.luma, 1), where, state, found)
    assert (shown.quality, followed.quality) == (Quality.GOOD, Quality.GOOD)
    assert followed.value == pytest.approx(shown.value, abs=0.05)
    assert followed.confidence <= shown.confidence


@pytest.mark.parametrize(
    ("dial", "score", "reason"),
    [
        (False, 0.0, Reason.NO_METER),
        (True, 0.0, Reason.NO_METER),
        (True, 0.9, Reason.NO_POINTER),
    ],
    ids=["not in view", "a poor view of what is not there", "without a pointer"],
)
def test_a_look_without_a_reading_ends_the_trust_in_what_is_followed(
    scene: Scene, dial: bool, score: float, reason: Reason
) -> None:
    meters = looks()
    meters.reading(frame(scene.luma), bound(scene), scene.segments())
    state = meters.state(frame(scene.luma), bound(scene))
    found = state.follow(scene.luma)
    assert state.seen is not None
    parts = headless(scene) if dial else []
    reading = meters.reading(frame(scene.luma, 1), bound(scene, score), parts)
    assert (reading.quality, reading.reason, reading.value) == (Quality.BAD, reason, None)
    assert state.seen is None
    after = meters.between(frame(scene.luma, 2), bound(scene), state, found)
    assert (after.quality, after.value) == (Quality.UNCERTAIN, None)


def test_a_second_opinion_is_not_offered_again_soon_after_a_good_look(scene: Scene) -> None:
    again = Second()
    meters = looks(again)
    for index in range(SETTLED + 2):
        meters.reading(frame(scene.luma, index), bound(scene), scene.segments())
    assert again.offered == [0, SETTLED]
