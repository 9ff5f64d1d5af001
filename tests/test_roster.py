"""What is known of a camera as a whole: whether its boxes are of its picture."""

import logging

import pytest

from meter_infer.calibration import Calibration
from meter_infer.pipeline import MeterReader, MeterSetup
from meter_infer.types import Box, Detection, MeterKind, Quality, Reading, Reason
from tests.scenes import KnownDetector, KnownSegmenter, Scene, draw, frame, plain, pointer_contrast

RANGE = Calibration.from_range((0.0, 10.0))


@pytest.fixture(scope="module")
def scene() -> Scene:
    return next(s for s in map(draw, range(40)) if plain(s) and pointer_contrast(s) > 60)


def setups(scene: Scene, other: Box | None) -> list[MeterSetup]:
    """A meter where the scene has one, and another meter at the box `other`."""
    return [
        MeterSetup("cam", "p1", MeterKind.POINTER, scene.box, RANGE),
        MeterSetup("cam", "p2", MeterKind.POINTER, other, RANGE),
    ]


def first(meters: MeterReader, scene: Scene, index: int = 0) -> Reading:
    return meters.read([frame(scene.luma, index)])[0]


def reader(scene: Scene, other: Box | None) -> MeterReader:
    detector = KnownDetector(Detection(MeterKind.POINTER, scene.box, 0.9))
    return MeterReader(detector, KnownSegmenter(scene.segments()), setups(scene, other))


def beyond(scene: Scene) -> Box:
    """A box whose centre lies to the right of the picture."""
    width = scene.luma.shape[1]
    return Box(width - 10, 10, width + 90, 110)


def test_boxes_of_another_picture_make_no_good_reading(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """Where one box lies beyond the picture the others are of another picture too, and of other meters."""
    meters = reader(scene, beyond(scene))
    for index in range(3):
        reading = first(meters, scene, index)
        assert (reading.quality, reading.reason) == (Quality.UNCERTAIN, Reason.CAMERA_MOVED)
        assert reading.value == pytest.approx(10 * scene.truth.fraction, abs=0.15), "it is shown all the same"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    height, width = scene.luma.shape
    assert "the box of p2 lies beyond its picture" in record.getMessage()
    assert f"{width} x {height} pixels" in record.getMessage()


def test_a_box_that_only_reaches_beyond_the_picture_is_rough(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    width = scene.luma.shape[1]
    assert first(reader(scene, Box(width - 60, 10, width + 40, 110)), scene).quality is Quality.GOOD
    assert first(reader(scene, None), scene).quality is Quality.GOOD
    assert not caplog.records


def test_boxes_that_were_put_right_are_trusted_again(scene: Scene) -> None:
    meters = reader(scene, beyond(scene))
    assert first(meters, scene).quality is Quality.UNCERTAIN
    meters.configure("cam", setups(scene, Box(1, 1, 11, 11)))
    assert first(meters, scene, 1).quality is Quality.GOOD


def test_boxes_stay_in_doubt_when_the_picture_changes_its_size(scene: Scene) -> None:
    meters = reader(scene, beyond(scene))
    first(meters, scene)
    meters._roster.resize("cam", (10, 10))
    assert all(state.misplaced for state in meters._roster.states.values())


def test_a_meter_that_may_be_another_one_in_view_is_not_good(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    away = Box(-scene.box.width - 50, 0, -50, scene.box.height)
    detector = KnownDetector(
        Detection(MeterKind.POINTER, scene.box, 0.9), Detection(MeterKind.POINTER, away, 0.8)
    )
    for box, quality in ((None, Quality.UNCERTAIN), (scene.box, Quality.GOOD)):
        setup = MeterSetup("cam", "p1", MeterKind.POINTER, box, RANGE)
        meters = MeterReader(detector, KnownSegmenter(scene.segments()), [setup])
        for index in range(2):
            assert first(meters, scene, index).quality is quality
    (record,) = caplog.records
    assert "more than one pointer gauge is in view" in record.getMessage()
    assert "which of them p1 is" in record.getMessage()
