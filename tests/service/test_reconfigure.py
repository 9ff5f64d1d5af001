"""The real reader while its meters change: what stays, what begins anew."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from meter_infer.calibration import Calibration
from meter_infer.pipeline import MeterReader, MeterSetup
from meter_infer.types import Detection, Frame, MeterKind
from tests.scenes import KnownSegmenter, Scene, draw, frame

RANGE = Calibration.from_range((0.0, 10.0))
SETUP = MeterSetup("cam", "p1", MeterKind.POINTER, calibration=RANGE, unit="bar")


class CountingDetector:
    def __init__(self, found: Detection) -> None:
        self.found = found
        self.calls = 0

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        self.calls += 1
        return [[self.found] for _ in frames]


@pytest.fixture(scope="module")
def scene() -> Scene:
    return next(
        scene
        for scene in map(draw, range(40))
        if not scene.truth.conditions & {"occluded", "glare"} and 0.1 < scene.truth.fraction < 0.9
    )


def make(scene: Scene) -> tuple[MeterReader, CountingDetector]:
    detector = CountingDetector(Detection(scene.truth.kind, scene.box, 0.9))
    return MeterReader(detector, KnownSegmenter(scene.segments()), cadence_s=1.0), detector


def test_meters_come_and_go(scene: Scene) -> None:
    reader, _ = make(scene)
    assert [r.meter for r in reader.read([frame(scene.luma, 0)])] == ["auto-1"]
    reader.configure("cam", [SETUP])
    (read,) = reader.read([frame(scene.luma, 1)])
    assert (read.meter, read.unit) == ("p1", "bar")
    twice = replace(SETUP, calibration=Calibration.from_range((0.0, 20.0)))
    reader.configure("cam", [twice])
    (changed,) = reader.read([frame(scene.luma, 2)])
    assert read.value is not None
    assert changed.value == pytest.approx(2 * read.value, abs=0.2)
    reader.forget("cam")
    assert [r.meter for r in reader.read([frame(scene.luma, 3)])] == ["auto-1"]


def test_a_meter_that_stays_keeps_what_is_known_of_it(scene: Scene) -> None:
    reader, _ = make(scene)
    reader.configure("cam", [SETUP])
    reader.read([frame(scene.luma, 0)])
    state = reader._roster.states["cam", "p1"]
    reader.configure("cam", [SETUP, replace(SETUP, meter="p2")])
    assert reader._roster.states["cam", "p1"] is state
    assert reader._roster.states["cam", "p2"] is not state
    assert reader._roster.cameras == {"cam"}
    reader.configure("cam", [replace(SETUP, max_rate=1.0)])
    assert reader._roster.states["cam", "p1"] is not state
    assert ("cam", "p2") not in reader._roster.states


def test_a_forgotten_camera_leaves_nothing_behind(scene: Scene) -> None:
    reader, _ = make(scene)
    reader.configure("cam", [SETUP])
    reader.read([frame(scene.luma, 0)])
    reader.forget("cam")
    assert not reader._roster.states
    assert not reader._roster.cameras
    assert not reader._schedule.known
    assert not reader.shapes


def test_many_configured_cameras_are_all_kept(scene: Scene) -> None:
    reader, _ = make(scene)
    for number in range(300):
        reader.configure(f"cam{number}", [replace(SETUP, camera=f"cam{number}")])
    reader.read([frame(scene.luma, 0)])
    assert ("cam0", "p1") in reader._roster.states


def test_new_limits_do_not_put_a_camera_back_that_was_moved(scene: Scene) -> None:
    reader, detector = make(scene)
    points = scene.truth.scale_points
    first = replace(SETUP, calibration=None, calibration_points=(points[0], points[-1]))
    reader.configure("cam", [first])
    reader.read([frame(scene.luma, 0)])
    state = reader._roster.states["cam", "p1"]
    state.standing.lost = True
    reader.configure("cam", [replace(first, max_rate=3.0)])
    assert reader._roster.states["cam", "p1"] is not state
    assert reader._roster.states["cam", "p1"].standing is state.standing
    # points that were clicked anew belong to the picture as it is now
    reader.configure("cam", [replace(first, calibration_points=(points[0], points[1]))])
    assert reader._roster.states["cam", "p1"].standing is not state.standing
    assert detector.calls == 1
