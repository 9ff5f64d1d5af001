"""Two rates: the networks look from time to time, and every frame is read in between."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from meter_infer.calibration import Calibration
from meter_infer.pipeline import MeterReader, MeterSetup
from meter_infer.types import Box, Detection, Frame, MeterKind, Quality, Reason, Segment, SegmentClass
from tests.scenes import (
    KnownDetector,
    KnownSegmenter,
    Scene,
    draw,
    frame,
    one,
    plain,
    pointer_contrast,
    redrawn,
)

SETUP = MeterSetup(
    "cam", "p1", MeterKind.POINTER, calibration=Calibration.from_range((0.0, 10.0)), unit="bar"
)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return next(s for s in map(draw, range(40)) if plain(s) and pointer_contrast(s) > 60)


class CountingDetector(KnownDetector):
    """Counts how often it is asked."""

    frames = 0

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        self.frames += len(frames)
        return super().detect(frames)


def two_rates(scene: Scene) -> tuple[MeterReader, CountingDetector]:
    detector = CountingDetector(Detection(MeterKind.POINTER, scene.box, 0.9))
    return MeterReader(detector, KnownSegmenter(scene.segments()), [SETUP], cadence_s=1.0), detector


def test_between_two_passes_the_luma_plane_alone_is_read(scene: Scene) -> None:
    meters, detector = two_rates(scene)
    readings = [one(meters, scene.luma, index) for index in range(25)]
    # Frames come at 10 a second: the networks look at 0, 1 and 2 s.
    assert detector.frames == 3
    assert all(r.quality is Quality.GOOD for r in readings)
    assert all(r.value == pytest.approx(10 * scene.truth.fraction, abs=0.1) for r in readings)


def test_the_luma_plane_alone_follows_a_pointer_that_moved(scene: Scene) -> None:
    meters, detector = two_rates(scene)
    one(meters, scene.luma)
    one(meters, redrawn(scene, 20).luma, 1)
    turned = redrawn(scene, 40)
    reading = one(meters, turned.luma, 2)
    assert detector.frames == 1
    reference = MeterReader(KnownDetector(*detector.detections), KnownSegmenter(turned.segments()), [SETUP])
    assert reading.value == pytest.approx(one(reference, turned.luma).value, abs=0.1)


def test_a_pointer_that_leaps_is_in_doubt_until_the_networks_looked(scene: Scene) -> None:
    detector = CountingDetector(Detection(MeterKind.POINTER, scene.box, 0.9))
    segmenter = KnownSegmenter(scene.segments())
    meters = MeterReader(detector, segmenter, [SETUP], cadence_s=1.0)
    one(meters, scene.luma)
    turned = redrawn(scene, 70)
    leapt = one(meters, turned.luma, 1)
    assert (leapt.quality, leapt.value) == (Quality.UNCERTAIN, None)
    segmenter.segments = list(turned.segments())
    seen, followed = one(meters, turned.luma, 2), one(meters, turned.luma, 3)
    assert detector.frames == 2
    assert (seen.quality, followed.quality) == (Quality.GOOD, Quality.GOOD)
    assert followed.value == pytest.approx(seen.value, abs=0.1)


def test_a_doubtful_frame_brings_the_networks_back_at_once(scene: Scene) -> None:
    meters, detector = two_rates(scene)
    one(meters, scene.luma)
    covered = scene.luma.copy()
    covered[:] = cv2.GaussianBlur(covered, (0, 0), 25)
    # Not within a fifth of the cadence of their last look, but then.
    first = one(meters, covered, 1)
    assert (first.quality, first.value) == (Quality.UNCERTAIN, None)
    one(meters, covered, 2)
    assert detector.frames == 2


def test_a_meter_that_stays_covered_does_not_take_every_frame(scene: Scene) -> None:
    meters, detector = two_rates(scene)
    covered = np.asarray(cv2.GaussianBlur(scene.luma, (0, 0), 25), dtype=np.uint8)
    readings = [one(meters, covered, index) for index in range(40)]
    # In four seconds: at 0, then 0.2 s, 0.4 s, 0.8 s and each 1 s after the look before.
    assert 5 <= detector.frames <= 7
    assert all(r.quality is not Quality.GOOD for r in readings)
    assert {r.reason for r in readings} == {Reason.BLURRED}


def test_networks_that_contradict_the_luma_plane_are_a_disagreement(scene: Scene) -> None:
    meters, _ = two_rates(scene)
    one(meters, scene.luma)
    turned = redrawn(scene, 40)
    # The networks still claim the old place, on a frame in which the pointer left it.
    both = (
        np.minimum(scene.luma, turned.luma)
        if np.median(scene.luma) > 110
        else np.maximum(scene.luma, turned.luma)
    )
    reading = one(meters, both, 10)
    assert reading.quality is not Quality.GOOD or reading.value == pytest.approx(
        10 * scene.truth.fraction, abs=0.2
    )


def test_a_camera_that_sends_another_size_begins_anew(scene: Scene) -> None:
    meters, detector = two_rates(scene)
    one(meters, scene.luma)
    half = np.ascontiguousarray(scene.luma[::2, ::2])
    detector.detections = [Detection(MeterKind.POINTER, scene.box.scaled(0.5, 0.5), 0.9)]
    # What was learnt of the larger picture is of no use: the networks look at once, and at the same meter.
    assert one(meters, half, 1).box == scene.box.scaled(0.5, 0.5)
    assert detector.frames == 2
    assert one(meters, half, 2).meter == "p1"


class OneMeterACamera:
    """Networks that see one meter in the view of each camera that has one, each at a place of its own."""

    def __init__(self, **boxes: Box) -> None:
        self._boxes = boxes
        self.detected: list[str] = []

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        self.detected += [frame.camera for frame in frames]
        views = [self._boxes.get(frame.camera) for frame in frames]
        return [[] if box is None else [Detection(MeterKind.POINTER, box, 0.9)] for box in views]

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        return [[] for _ in items]


def test_a_camera_that_sees_no_meter_takes_nothing_from_those_read_with_it(scene: Scene) -> None:
    boxes = {"b": Box(10, 10, 60, 60), "c": Box(80, 20, 140, 80)}
    networks = OneMeterACamera(**boxes)
    meters = MeterReader(networks, networks, cadence_s=1.0)
    assert meters.read([frame(scene.luma, 0, "a")]) == []
    readings = meters.read([frame(scene.luma, 1, camera) for camera in "abc"])
    assert {reading.camera: reading.box for reading in readings} == boxes


@pytest.mark.parametrize("deferring", [False, True])
def test_a_view_without_meters_is_searched_at_the_cadence(scene: Scene, deferring: bool) -> None:
    networks = OneMeterACamera(a=Box(10, 10, 60, 60))
    meters = MeterReader(networks, networks, cadence_s=1.0, deferring=deferring)
    for index in range(50):  # 5 s at 10 frames a second
        shot = frame(scene.luma, index, "empty")
        assert [*meters.read([shot]), *meters.verify(shot)] == []
    assert networks.detected == ["empty"] * 5


@pytest.mark.parametrize("deferring", [False, True])
@pytest.mark.parametrize("lost", ["parts", "meter", "pointer"])
def test_what_the_networks_do_not_see_any_more_is_not_followed_for_ever(
    scene: Scene, lost: str, deferring: bool
) -> None:
    """A sheet over the glass may look to the luma plane like what it follows."""
    detector = CountingDetector(Detection(MeterKind.POINTER, scene.box, 0.9))
    segmenter = KnownSegmenter(scene.segments())
    meters = MeterReader(detector, segmenter, [SETUP], cadence_s=1.0, deferring=deferring)
    readings = []
    for index in range(100):
        if index == 20:
            hand = (SegmentClass.POINTER, SegmentClass.TIP)
            segmenter.segments = [s for s in scene.segments() if lost == "pointer" and s.label not in hand]
            detector.detections = [] if lost == "meter" else detector.detections
        shown = frame(scene.luma, index)
        readings += [*meters.read([shown]), *meters.verify(shown)]
    assert any(r.quality is Quality.GOOD for r in readings if r.frame < 20)
    assert not [r.frame for r in readings if r.frame > 40 and r.quality is Quality.GOOD]
