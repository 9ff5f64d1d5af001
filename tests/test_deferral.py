"""Looks that wait until readings are out: in which order readings come, and which of them wait."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from meter_infer.binding import Bound
from meter_infer.calibration import Calibration
from meter_infer.deferral import FORGOTTEN_S, Deferral, Wanted
from meter_infer.errors import BackendError
from meter_infer.pipeline import WAITED_FOR, MeterReader, MeterSetup
from meter_infer.reading.look import look
from meter_infer.reading.quality import GOOD
from meter_infer.types import Box, Detection, Frame, Luma, MeterKind, Quality, Reading, Segment
from tests.scenes import Scene, draw, frame, segments_of

RANGE = Calibration.from_range((0.0, 10.0))


def is_good(scene: Scene) -> bool:
    """Say whether networks that see the truth read it well."""
    seen, _ = look(scene.truth.kind, scene.luma, scene.box, scene.segments())
    return seen.confidence >= GOOD


class Pair:
    """Two dials side by side in one picture, and networks that see them; only the second is ever covered."""

    def __init__(self) -> None:
        dial = next(scene for scene in map(draw, range(40)) if is_good(scene))
        self.width = dial.luma.shape[1]
        self.clear = np.hstack([dial.luma, dial.luma])
        covered = np.asarray(cv2.GaussianBlur(dial.luma, (0, 0), 25), dtype=np.uint8)
        self.covered = np.hstack([dial.luma, covered])
        self.boxes = (dial.box, self._shifted(dial.box))
        shift = np.array([self.width, 0.0])
        polygons = {label: points + shift for label, points in dial.truth.polygons.items()}
        marks = {label: np.array(point) + shift for label, point in dial.truth.landmarks.items()}
        self._segments = (dial.segments(), segments_of(polygons, marks, self.boxes[1]))

    def _shifted(self, box: Box) -> Box:
        return Box(box.x1 + self.width, box.y1, box.x2 + self.width, box.y2)

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        return [[Detection(MeterKind.POINTER, box, 0.9) for box in self.boxes] for _ in frames]

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        return [list(self._segments[box.center[0] > self.width]) for _, box in items]

    def reader(self) -> MeterReader:
        setups = [
            MeterSetup("cam", f"p{number}", MeterKind.POINTER, box, RANGE)
            for number, box in enumerate(self.boxes)
        ]
        return MeterReader(self, self, setups, cadence_s=1.0, deferring=True)


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def of_second(readings: Sequence[Reading]) -> list[Reading]:
    return [reading for reading in readings if reading.meter == "p1"]


def played(meters: MeterReader, luma: Luma, indices: range) -> list[list[Reading]]:
    """Read and verify frame by frame; return what came of each."""
    return [
        [*meters.read([shot]), *meters.verify(shot)] for shot in (frame(luma, index) for index in indices)
    ]


def test_readings_wait_for_a_look_and_come_in_order(pair: Pair) -> None:
    meters = pair.reader()
    meters.read([frame(pair.clear, 0)])
    shots = [frame(pair.covered, index) for index in range(3, 7)]
    assert [[r.meter for r in meters.read([shot])] for shot in shots] == [["p0"]] * 4
    assert [(r.meter, r.frame) for r in meters.verify(shots[0])] == [("p1", index) for index in range(3, 7)]
    assert meters.verify(shots[0]) == []


def test_what_was_looked_at_in_vain_is_waited_for_no_longer(pair: Pair) -> None:
    meters = pair.reader()
    meters.read([frame(pair.clear, 0)])
    at_once = []
    for index in range(3, 60):
        shot = frame(pair.covered, index)
        at_once.append(len(of_second(meters.read([shot]))))
        assert at_once[-1] + len(of_second(meters.verify(shot))) == 1
    assert at_once.count(0) == WAITED_FOR  # and each time for one look, which comes at once here


def test_a_meter_is_good_again_soon_after_it_was_covered_for_long(pair: Pair) -> None:
    meters = pair.reader()
    meters.read([frame(pair.clear, 0)])
    during = played(meters, pair.covered, range(3, 103))
    assert all(r.quality is not Quality.GOOD for readings in during for r in of_second(readings))
    after = played(meters, pair.clear, range(103, 203))
    good = [r.quality is Quality.GOOD for readings in after for r in of_second(readings)]
    assert good == sorted(good)
    # the longest pause between two looks is 4 s; the first good one may come that late, and need another
    assert good.index(True) <= 70


def test_a_look_that_never_came_is_let_go() -> None:
    deferral = Deferral()
    shot = frame(np.zeros((8, 8), np.uint8))
    deferral.want(shot, Bound("p1", MeterKind.POINTER, None, 1.0), hold=True)
    at_s = shot.captured_at.timestamp()
    assert deferral.awaits("cam", at_s + 0.9 * FORGOTTEN_S)
    assert not deferral.awaits("cam", at_s + FORGOTTEN_S)
    assert deferral.wanted(shot) is None


def test_a_look_that_was_given_up_takes_nothing_from_the_next() -> None:
    deferral = Deferral()
    bound = Bound("p1", MeterKind.POINTER, None, 1.0)
    first, second = (frame(np.zeros((8, 8), np.uint8), index) for index in (0, 101))
    deferral.want(first, bound, hold=True)
    old = deferral.wanted(first)
    assert old is not None
    assert not deferral.awaits("cam", second.captured_at.timestamp())
    deferral.want(second, bound, hold=True)
    assert deferral.done(old) == []
    assert deferral.wanted(second) is not None
    assert deferral.holds(Wanted(second, bound))


def test_what_waited_for_a_look_that_fails_is_not_lost(pair: Pair) -> None:
    class Failing(Pair):
        broken = False

        def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
            if self.broken:
                raise BackendError("The card is gone.")
            return super().segment(items)

    failing = Failing()
    meters = failing.reader()
    meters.read([frame(pair.clear, 0)])
    shots = [frame(pair.covered, index) for index in range(3, 6)]
    assert [of_second(meters.read([shot])) for shot in shots] == [[], [], []]
    failing.broken = True
    with pytest.raises(BackendError):
        meters.verify(shots[0])
    failing.broken = False
    after = of_second(meters.read([frame(pair.covered, 6)]))
    assert [reading.frame for reading in after][:3] == [3, 4, 5]


def test_other_frames_may_be_read_while_a_second_opinion_is_asked_for(pair: Pair) -> None:
    """A look must not be compared with what the frame-rate path saw in later frames."""

    class Slow(Pair):
        meters: MeterReader | None = None

        def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
            if self.meters is not None and len(items) == 1:
                busy, self.meters = self.meters, None
                for index in range(1, 4):  # as another thread would, which has the desk meanwhile
                    busy.read([frame(self.clear, index)])
            return super().segment(items)

    slow = Slow()
    meters = slow.reader()
    first = meters.read([frame(pair.clear, 0)])
    slow.meters = meters
    due = frame(pair.clear, 11)
    meters.read([due])
    meters.verify(due)
    later = meters.read([frame(pair.clear, 12)])
    assert [r.quality for r in later] == [Quality.GOOD] * 2
    assert [r.value for r in later] == pytest.approx([r.value for r in first], abs=0.05)


def test_a_camera_that_is_forgotten_holds_nothing_back(pair: Pair) -> None:
    meters = pair.reader()
    meters.read([frame(pair.clear, 0)])
    shot = frame(pair.covered, 3)
    assert of_second(meters.read([shot])) == []
    meters.forget("cam")
    assert meters.verify(shot) == []
