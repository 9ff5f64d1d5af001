"""The reading path over networks that see the truth: what becomes of it, and every reason."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from meter_infer.calibration import Calibration
from meter_infer.looks import FRESH_FRAMES
from meter_infer.pipeline import MeterReader, MeterSetup
from meter_infer.roster import MAX_PASSING
from meter_infer.types import (
    Box,
    Detection,
    MeterKind,
    Quality,
    Reason,
    Segment,
    SegmentClass,
)
from tests.scenes import (
    KnownDetector,
    KnownSegmenter,
    Scene,
    TrueStrips,
    draw,
    frame,
    one,
    plain,
    pointer_contrast,
    redrawn,
    turned,
)

RANGE = Calibration.from_range((0.0, 10.0))
SETUP = MeterSetup("cam", "p1", MeterKind.POINTER, calibration=RANGE, unit="bar")


@pytest.fixture(scope="module")
def scene() -> Scene:
    return next(s for s in map(draw, range(40)) if plain(s) and pointer_contrast(s) > 60)


def reader(
    scene: Scene,
    segments: Sequence[Segment] | None = None,
    setup: MeterSetup = SETUP,
    strips: TrueStrips | None = None,
    **options: float,
) -> MeterReader:
    detector = KnownDetector(Detection(scene.truth.kind, scene.box, 0.9))
    known = KnownSegmenter(scene.segments() if segments is None else segments)
    return MeterReader(
        detector,
        known,
        [setup],
        max_age_s=options.get("max_age_s"),
        clock=lambda: options.get("now", 0.0),
        strips=strips,
    )


def without(scene: Scene, *labels: SegmentClass) -> list[Segment]:
    return [s for s in scene.segments() if s.label not in labels]


def test_a_clear_dial_is_good_and_right(scene: Scene) -> None:
    reading = one(reader(scene), scene.luma)
    assert (reading.quality, reading.reason) == (Quality.GOOD, Reason.OK)
    assert reading.value == pytest.approx(10 * scene.truth.fraction, abs=0.1)
    assert reading.raw == reading.value
    assert reading.unit == "bar"
    assert reading.box == scene.box


def test_what_is_good_of_clear_levels_is_right() -> None:
    clear = [
        s for s in (draw(k, MeterKind.LEVEL) for k in range(30))
        if not s.truth.conditions & {"occluded", "glare", "empty", "full", "staff"}
        and 0.2 < s.truth.fraction < 0.8
    ]  # fmt: skip
    setup = replace(SETUP, kind=MeterKind.LEVEL)
    readings = [one(reader(s, setup=setup, strips=TrueStrips(s.truth)), s.luma) for s in clear]
    good = [(r, s) for r, s in zip(readings, clear, strict=True) if r.quality is Quality.GOOD]
    assert good  # where its scale ends must be found in the picture, few are believed
    for reading, each in good:
        assert reading.value == pytest.approx(10 * each.truth.fraction, abs=0.3)


def test_a_strip_network_that_knows_better_is_followed(scene: Scene) -> None:
    swap = {SegmentClass.START: SegmentClass.END, SegmentClass.END: SegmentClass.START}
    wrong = [replace(s, label=swap.get(s.label, s.label)) for s in scene.segments()]
    strips = TrueStrips(scene.truth)
    detector = KnownDetector(Detection(scene.truth.kind, scene.box, 0.9))
    meters = MeterReader(detector, KnownSegmenter(wrong), [SETUP], strips=strips)
    reading = one(meters, scene.luma)
    assert reading.value == pytest.approx(10 * scene.truth.fraction, abs=0.1)
    assert strips.asked


def test_a_dial_that_is_not_linear_asks_for_points_and_is_good_with_them() -> None:
    bent = next(
        s for s in map(draw, range(200))
        if plain(s) and not s.truth.linear and "compressed_zero" not in s.truth.conditions
        and 0.3 < s.truth.fraction < 0.7 and len(s.truth.scale_points) >= 5
    )  # fmt: skip
    strips = TrueStrips(bent.truth)
    ranged = replace(SETUP, calibration=Calibration.from_range(bent.truth.range))
    reading = one(reader(bent, setup=ranged, strips=strips), bent.luma)
    assert (reading.quality, reading.reason) == (Quality.UNCERTAIN, Reason.UNCALIBRATED)
    placed = replace(SETUP, calibration_points=bent.truth.scale_points)
    reading = one(reader(bent, setup=placed, strips=strips), bent.luma)
    assert (reading.quality, reading.reason) == (Quality.GOOD, Reason.OK)
    low, high = bent.truth.range
    assert reading.value == pytest.approx(bent.truth.value, abs=0.03 * abs(high - low))


def test_without_a_range_there_is_a_fraction_and_no_value(scene: Scene) -> None:
    reading = one(reader(scene, setup=replace(SETUP, calibration=None)), scene.luma)
    assert (reading.quality, reading.reason) == (Quality.UNCERTAIN, Reason.UNCALIBRATED)
    assert reading.value is None
    assert reading.raw is None
    assert reading.fraction == pytest.approx(scene.truth.fraction, abs=0.01)


def test_an_unknown_meter_is_read_under_an_id_of_its_own(scene: Scene) -> None:
    detector = KnownDetector(Detection(MeterKind.POINTER, scene.box, 0.9))
    meters = MeterReader(detector, KnownSegmenter(scene.segments()))
    assert one(meters, scene.luma).meter == "auto-1"
    assert one(meters, scene.luma, 1).meter == "auto-1"


def test_points_clicked_in_the_picture_overrule_the_range(scene: Scene) -> None:
    marks = scene.truth.scale_points
    setup = replace(SETUP, calibration=None, calibration_points=tuple(marks))
    reading = one(reader(scene, setup=setup), scene.luma)
    span = abs(marks[-1][0] - marks[0][0])
    assert reading.quality is Quality.GOOD
    assert reading.value == pytest.approx(scene.truth.value, abs=0.02 * span)


def test_points_that_were_clicked_before_the_camera_moved_are_noticed_at_the_first_look() -> None:
    scene = next(
        s
        for s in map(draw, range(60))
        if plain(s) and pointer_contrast(s) > 60 and len(s.truth.scale_points) >= 5
    )
    assert scene.truth.ellipse is not None
    reach = 0.3 * scene.truth.dial_px / 2
    for shift, reason in ((0.0, Reason.OK), (reach, Reason.CAMERA_MOVED)):
        points = tuple((value, (x + shift, y)) for value, (x, y) in scene.truth.scale_points)
        setup = replace(SETUP, calibration=None, calibration_points=points)
        reading = one(reader(scene, setup=setup), scene.luma)
        assert reading.reason is reason


@pytest.mark.parametrize("level", [0, 255])
def test_a_blank_frame_is_no_signal_for_every_configured_meter(scene: Scene, level: int) -> None:
    reading = one(reader(scene), np.full_like(scene.luma, level))
    assert (reading.quality, reading.reason, reading.value) == (Quality.BAD, Reason.NO_SIGNAL, None)


def test_a_frame_that_is_too_old_is_stale(scene: Scene) -> None:
    meters = reader(scene, max_age_s=2.0, now=100.0)
    (reading,) = meters.read([replace(frame(scene.luma), received_s=97.0)])
    assert (reading.quality, reading.reason) == (Quality.BAD, Reason.STALE)
    (reading,) = meters.read([replace(frame(scene.luma), received_s=99.0)])
    assert reading.quality is Quality.GOOD


def test_a_meter_that_is_not_there_is_no_meter(scene: Scene) -> None:
    meters = MeterReader(KnownDetector(), KnownSegmenter([]), [SETUP])
    reading = one(meters, scene.luma)
    assert (reading.quality, reading.reason, reading.fraction) == (Quality.BAD, Reason.NO_METER, None)


def test_a_dial_without_a_pointer_is_no_pointer(scene: Scene) -> None:
    segments = without(scene, SegmentClass.POINTER, SegmentClass.TIP)
    reading = one(reader(scene, segments), scene.luma)
    assert (reading.quality, reading.reason, reading.value) == (Quality.BAD, Reason.NO_POINTER, None)


def test_a_covered_dial_is_occluded(scene: Scene) -> None:
    segments = without(scene, SegmentClass.SCALE, SegmentClass.START)
    luma = scene.luma.copy()
    luma[luma.shape[0] // 2 :] = np.random.default_rng(0).integers(
        0, 200, (luma.shape[0] - luma.shape[0] // 2, 1)
    )
    reading = one(reader(scene, segments), luma)
    assert (reading.quality, reading.reason) == (Quality.BAD, Reason.OCCLUDED)


def test_a_blurred_dial_is_blurred(scene: Scene) -> None:
    luma = np.asarray(cv2.GaussianBlur(scene.luma, (0, 0), 14), dtype=np.uint8)
    reading = one(reader(scene), luma)
    assert reading.quality is not Quality.GOOD
    assert reading.reason is Reason.BLURRED


def test_a_dial_lost_in_glare_is_glare(scene: Scene) -> None:
    luma = scene.luma.copy()
    assert scene.truth.ellipse is not None
    center = tuple(int(v) for v in scene.truth.ellipse[0])
    cv2.circle(luma, center, int(0.36 * scene.box.width), (255.0,), -1)
    reading = one(reader(scene), luma)
    assert reading.quality is not Quality.GOOD
    assert reading.reason is Reason.GLARE


def test_a_pointer_in_the_gap_is_off_scale() -> None:
    gapped = next(
        s for s in map(draw, range(80))
        if not s.truth.conditions & {"occluded", "glare"} and _gap_deg(s) > 60
        and 0.1 < s.truth.fraction < 0.9
    )  # fmt: skip
    span = 360 - _gap_deg(gapped)
    turn = (1 - gapped.truth.fraction) * span + _gap_deg(gapped) / 2
    reading = one(reader(gapped, turned(gapped, turn)), gapped.luma)
    assert reading.quality is not Quality.GOOD
    assert reading.reason in (Reason.OFF_SCALE, Reason.BLURRED)
    assert reading.fraction is not None
    assert not -0.05 < reading.fraction < 1.05


def _gap_deg(scene: Scene) -> float:
    from meter_infer.reading.dial import view_dial

    view = view_dial(scene.segments())
    return 360 - float(np.rad2deg(view.geometry.span)) if view else 0.0


def test_two_pointers_that_score_alike_are_a_disagreement(scene: Scene) -> None:
    hand = (SegmentClass.POINTER, SegmentClass.TIP)
    other = [s for s in turned(scene, 60) if s.label in hand]
    reading = one(reader(scene, [*scene.segments(), *other]), scene.luma)
    assert (reading.quality, reading.reason) == (Quality.UNCERTAIN, Reason.DISAGREEMENT)


def test_a_jump_is_implausible_until_it_is_confirmed(scene: Scene) -> None:
    meters = reader(scene, setup=replace(SETUP, max_rate=0.5))
    before = one(meters, scene.luma)
    # The same dial, now read with its range reversed in time: the pointer redrawn elsewhere.
    turned = redrawn(scene, 40)
    segmenter = KnownSegmenter(turned.segments())
    meters._segmenter = segmenter
    held = one(meters, turned.luma, 1)
    assert (held.quality, held.reason) == (Quality.UNCERTAIN, Reason.IMPLAUSIBLE_RATE)
    assert held.value == before.value
    assert held.raw != before.raw
    one(meters, turned.luma, 2)
    accepted = one(meters, turned.luma, 3)
    assert accepted.quality is Quality.GOOD
    assert accepted.value == accepted.raw


def test_a_camera_that_moved_says_so_and_recovers(scene: Scene) -> None:
    meters = reader(scene)
    for index in range(4):
        assert one(meters, scene.luma, index).quality is Quality.GOOD
    shift = np.array([[1.0, 0.0, 24.0], [0.0, 1.0, 0.0]])
    height, width = scene.luma.shape
    luma = np.asarray(
        cv2.warpAffine(scene.luma, shift, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
    move = np.array([24.0, 0.0])
    truth = replace(
        scene.truth,
        full_box=Box(scene.box.x1 + 24, scene.box.y1, scene.box.x2 + 24, scene.box.y2),
        polygons={k: v + move for k, v in scene.truth.polygons.items()},
        landmarks={k: (v[0] + 24, v[1]) for k, v in scene.truth.landmarks.items()},
    )
    moved = Scene(luma, truth)
    meters._detector = KnownDetector(Detection(MeterKind.POINTER, moved.box, 0.9))
    meters._segmenter = KnownSegmenter(moved.segments())
    first = one(meters, luma, 4)
    assert (first.quality, first.reason) == (Quality.UNCERTAIN, Reason.CAMERA_MOVED)
    rest = [one(meters, luma, 5 + k) for k in range(FRESH_FRAMES + 2)]
    assert rest[-1].quality is Quality.GOOD
    assert rest[-1].value == pytest.approx(10 * scene.truth.fraction, abs=0.15)


def test_frames_of_several_cameras_are_kept_apart(scene: Scene) -> None:
    other = replace(SETUP, camera="cam2", meter="p9")
    detector = KnownDetector(Detection(MeterKind.POINTER, scene.box, 0.9))
    meters = MeterReader(detector, KnownSegmenter(scene.segments()), [SETUP, other])
    readings = meters.read([frame(scene.luma, 0), frame(scene.luma, 0, "cam2")])
    assert [(r.camera, r.meter) for r in readings] == [("cam", "p1"), ("cam2", "p9")]


def test_a_folder_of_photographs_does_not_fill_the_memory(scene: Scene) -> None:
    detector = KnownDetector(Detection(MeterKind.POINTER, scene.box, 0.9))
    meters = MeterReader(detector, KnownSegmenter([]))
    for index in range(3 * MAX_PASSING):
        meters.read([frame(scene.luma, 0, f"photo-{index}")])
    assert len(meters._roster.cameras) <= MAX_PASSING
    assert {camera for camera, _ in meters._roster.states} <= meters._roster.cameras
    assert {camera for camera, _ in meters.shapes} <= meters._roster.cameras
