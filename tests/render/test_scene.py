"""Scenes: their truth against searches that know nothing of how it was computed."""

from dataclasses import replace
from math import hypot, pi, radians
from pathlib import Path

import cv2
import numpy as np
import pytest

from meter_infer.errors import SourceError
from meter_infer.evaluation.labels import COMPRESSED_ZERO
from meter_infer.render.camera import Severity
from meter_infer.render.dial import Dial, draw_dial, sample_dial_style
from meter_infer.render.level import draw_level
from meter_infer.render.model import DialScale, Instrument
from meter_infer.render.occlude import hide
from meter_infer.render.place import Target, draw_sheets, fit_pose, pose_instrument
from meter_infer.render.pose import PlanePose, make_pose
from meter_infer.render.scene import Layout, SceneSpec, render_scene
from meter_infer.render.scenery import draw_scenery
from meter_infer.render.truth import (
    FEW_ANCHORS,
    LEAST_NUMBERED,
    SceneObject,
    eye_fraction,
    fraction_of_angle,
    landmark_disc,
    linear_zero,
    observe,
    scale_point,
    value_at,
)
from meter_infer.types import Box, MeterKind, SegmentClass

SIZE = (320, 240)


def posed(instrument: Instrument, tilt_deg: float, axis: float = 1.1, roll: float = 0.2) -> PlanePose:
    c = instrument.outline.mean(axis=0)
    extent = float(np.ptp(instrument.outline, axis=0).max())
    pose = make_pose((float(c[0]), float(c[1])), extent, radians(tilt_deg), axis, roll, 6.0)
    return fit_pose(pose, instrument, Target((160.0, 120.0), 180.0))


def searched_fraction(instrument: Instrument, pose: PlanePose) -> float:
    """Where on the scale's circle, in the picture, the ray from hub to tip comes nearest."""
    scale = instrument.scale
    assert isinstance(scale, DialScale)
    hub, tip = (
        pose.project(np.array([instrument.landmarks[k]]), instrument.heights[k])[0]
        for k in (SegmentClass.PIVOT, SegmentClass.TIP)
    )
    # From half a gap before the first mark to half a gap after the last.
    gap = (2 * pi / scale.span - 1) / 2
    fractions = np.linspace(-gap, 1 + gap, 200_001)
    angles = scale.start_angle + fractions * scale.span
    circle = np.array(scale.center) + scale.radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    seen = pose.project(circle, instrument.heights[SegmentClass.SCALE]) - hub
    along = (tip - hub) / hypot(*(tip - hub))
    beside = np.abs(seen @ np.array([-along[1], along[0]]))
    beside[seen @ along < 0] = np.inf
    return float(fractions[int(np.argmin(beside))])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("tilt_deg", [10.0, 35.0, 55.0])
def test_the_eye_reads_where_the_line_meets_the_scale(seed: int, tilt_deg: float) -> None:
    instrument = draw_dial(np.random.default_rng(seed), 120)
    pose = posed(instrument, tilt_deg, axis=float(seed))
    assert eye_fraction(instrument, pose) == pytest.approx(searched_fraction(instrument, pose), abs=1e-4)


@pytest.mark.parametrize("tilt_deg", [0.0, 30.0, 55.0])
def test_without_height_there_is_no_parallax(tilt_deg: float) -> None:
    for seed in range(6):
        drawn = draw_dial(np.random.default_rng(seed), 120, 0.3 + 0.05 * seed)
        flat = replace(drawn, heights=dict.fromkeys(drawn.heights, 0.0))
        assert eye_fraction(flat, posed(flat, tilt_deg)) == pytest.approx(drawn.fraction, abs=2e-3)


def test_seen_from_the_front_the_eye_reads_the_mechanical_fraction() -> None:
    for seed in range(6):
        drawn = draw_dial(np.random.default_rng(seed), 120, 0.3 + 0.05 * seed)
        pivot = drawn.landmarks[SegmentClass.PIVOT]
        pose = make_pose(pivot, 120.0, 0.0, 0.0, 0.3, 1000.0)
        assert eye_fraction(drawn, pose) == pytest.approx(drawn.fraction, abs=2e-3)


def test_parallax_at_a_tilt_is_a_few_per_cent() -> None:
    drawn = draw_dial(np.random.default_rng(1), 120, 0.5)
    errors = [abs(eye_fraction(drawn, posed(drawn, 50.0, axis=a)) - 0.5) for a in np.linspace(0, pi, 7)]
    assert 0.001 < max(errors) < 0.08


@pytest.mark.parametrize("tilt_deg", [0.0, 40.0])
def test_the_pointer_is_painted_where_its_polygon_says(tilt_deg: float) -> None:
    checked = 0
    for seed in range(12):
        first = draw_dial(np.random.default_rng(seed), 200, 0.3)
        if {"obscured", "display"} & first.tags:
            continue
        frames = []
        seen = []
        for fraction in (0.3, 0.7):
            dial = draw_dial(np.random.default_rng(seed), 200, fraction)
            pose = posed(dial, tilt_deg)
            frame = np.full((240, 320, 3), 128, np.uint8)
            draw_sheets(frame, dial, pose, None)
            frames.append(frame.astype(int))
            seen.append(observe(dial, pose, SIZE).polygons[SegmentClass.POINTER])
        changed = np.abs(frames[0] - frames[1]).max(axis=2) > 60
        inside = np.zeros((240, 320), np.uint8)
        for polygon in seen:
            cv2.fillPoly(inside, [np.round(polygon - 0.5).astype(np.int32)], 255)
        # A strong change lies in one of the two pointers or, less often, in their soft shadows.
        if changed.sum() < 60:
            continue
        checked += 1
        near = cv2.dilate(inside, np.ones((7, 7), np.uint8)) > 0
        assert (changed & near).sum() > 0.7 * changed.sum()
    assert checked >= 4


def test_a_level_is_read_along_its_axis() -> None:
    for seed in range(6):
        level = draw_level(np.random.default_rng(seed), 160, 0.4)
        if SegmentClass.SURFACE not in level.landmarks:
            continue
        item = observe(level, posed(level, 30.0), SIZE)
        assert item.fraction == pytest.approx(0.4, abs=0.05)
        assert item.value == pytest.approx(value_at(level.scale.anchors, item.fraction))
        assert item.ellipse is None


def test_truth_is_made_of_projected_points() -> None:
    dial = draw_dial(np.random.default_rng(4), 150, 0.6)
    pose = posed(dial, 30.0)
    item = observe(dial, pose, SIZE)
    for mark, point in dial.landmarks.items():
        np.testing.assert_allclose(
            item.landmarks[mark], pose.project(np.array([point]), dial.heights[mark])[0]
        )
    assert max(item.full_box.width, item.full_box.height) == pytest.approx(180.0)
    assert item.dial_px == pytest.approx(180.0)
    assert item.full_box.center == pytest.approx((160.0, 120.0))
    values = [v for v, _ in item.scale_points]
    assert values[0] == pytest.approx(item.range[0])
    assert values[-1] == pytest.approx(item.range[1])
    assert item.ellipse is not None
    center, matrix = item.ellipse
    for _, point in item.scale_points:
        d = np.array(point) - center
        assert d @ matrix @ d == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("linear", [True, False])
def test_the_points_of_a_dial_are_its_ends_and_the_numbers_printed_on_it(linear: bool) -> None:
    """As somebody would click them: no value is configured that stands nowhere on the dial."""
    styles = (sample_dial_style(np.random.default_rng(seed)) for seed in range(60))
    checked = 0
    for style in (each for each in styles if each.linear is linear):
        if len(style.main.anchors) > FEW_ANCHORS:
            continue
        dial = Dial(style, 96).instrument(0.3)
        item = observe(dial, pose := posed(dial, 20.0), SIZE)
        (first, *inner, last) = item.scale_points
        assert (first[0], last[0]) == item.range
        labels = style.main.numerals.labels if style.main.numerals else ()
        printed = {fraction: text for fraction, text in labels if 0 < fraction < 1}
        if len(printed) < LEAST_NUMBERED:
            continue
        checked += 1
        bends = [f for f, _ in style.main.anchors[1:-1]]
        bends = [f for f in bends if min(abs(f - other) for other in printed) > 1e-9]
        assert len(inner) == len(printed) + len(bends)
        for (value, point), fraction in zip(inner, sorted([*printed, *bends]), strict=True):
            place = pose.project(scale_point(dial.scale, fraction)[None], dial.heights[SegmentClass.SCALE])[0]
            np.testing.assert_allclose(point, place)
            assert value == pytest.approx(style.main.value(fraction))
            if fraction in printed:
                number = float(printed[fraction].replace(",", "."))
                # on some dials the face says by how much the numbers are to be multiplied
                assert value == number or value in (10 * number, 100 * number, 1000 * number)
            else:
                marks = [mark for row in style.main.rows for mark in row.fractions]
                assert min(abs(fraction - mark) for mark in marks) < 1e-9
    assert checked >= 8


def test_the_points_of_a_curved_scale_leave_no_line_to_read_wrong() -> None:
    styles = [sample_dial_style(np.random.default_rng(seed)) for seed in range(150)]
    curved = [each for each in styles if len(each.main.anchors) > FEW_ANCHORS]
    assert len(curved) >= 3
    for style in curved:
        dial = Dial(style, 96).instrument(0.3)
        points = observe(dial, posed(dial, 20.0), SIZE).scale_points
        assert [value for value, _ in points] == [value for _, value in style.main.anchors]


def test_where_a_linear_scale_would_begin_lies_before_a_first_mark_that_stands_too_far_on() -> None:
    rng = np.random.default_rng(11)
    styles = [sample_dial_style(rng) for _ in range(300)]
    advances = []
    for style in styles:
        anchors = style.main.anchors
        zero = linear_zero(anchors, frozenset(style.tags))
        if len(anchors) == 2:
            assert zero == 0.0
        elif COMPRESSED_ZERO not in style.tags:
            assert zero is None
        else:
            assert zero is not None
            assert zero < 0.0
            (knee, at_knee), (_, high) = anchors[-2:]
            assert at_knee == pytest.approx(high * (knee - zero) / (1 - zero))  # its low is 0
            advances.append(-zero / (1 - zero))
            assert knee > 0.0  # the next mark stands beyond the first
    assert len(advances) > 30
    # of photographs of gauges half lie between 0.9 and 3.2 %
    assert 0.01 < np.median(advances) < 0.06
    assert max(advances) > 0.08


def test_fraction_of_angle_splits_the_gap() -> None:
    scale = DialScale((0, 0), 1.0, (1.0, 1.1), radians(135), radians(270), ((0.0, 0.0), (1.0, 10.0)), True)
    assert fraction_of_angle(scale, radians(135)) == pytest.approx(0.0)
    assert fraction_of_angle(scale, radians(405)) == pytest.approx(1.0)
    assert fraction_of_angle(scale, radians(100)) == pytest.approx(-35 / 270)
    assert fraction_of_angle(scale, radians(80)) == pytest.approx(1 + 35 / 270)
    np.testing.assert_allclose(scale_point(scale, 0.5), [0, -1], atol=1e-12)


def test_value_goes_on_beyond_the_ends() -> None:
    anchors = ((0.0, 0.0), (0.1, 10.0), (1.0, 20.0))
    assert value_at(anchors, 0.05) == pytest.approx(5.0)
    assert value_at(anchors, -0.1) == pytest.approx(-10.0)
    assert value_at(anchors, 1.09) == pytest.approx(21.0)


def test_landmark_discs_have_the_agreed_size() -> None:
    disc = landmark_disc((10.0, 20.0), Box(0, 0, 100, 40))
    assert disc.shape == (12, 2)
    np.testing.assert_allclose(np.hypot(*(disc - (10.0, 20.0)).T), 4.5)


def rendered(seed: int, spec: SceneSpec) -> tuple[np.ndarray, tuple[SceneObject, ...]]:
    scene = render_scene(np.random.default_rng([seed, 3]), spec)
    return scene.image, scene.objects


@pytest.mark.parametrize("layout", list(Layout))
def test_scenes_are_deterministic(layout: Layout) -> None:
    spec = SceneSpec(size=(128, 128), layout=layout)
    for seed in range(3):
        (a, first), (b, second) = rendered(seed, spec), rendered(seed, spec)
        np.testing.assert_array_equal(a, b)
        assert [o.box for o in first] == [o.box for o in second]
        assert [o.fraction for o in first] == [o.fraction for o in second]


def test_crops_are_what_the_network_sees() -> None:
    centers, margins = [], []
    for seed in range(20):
        image, objects = rendered(seed, SceneSpec(size=(96, 96), layout=Layout.CROP))
        assert image.shape == (96, 96, 3)
        assert image.dtype == np.uint8
        (item,) = objects
        centers.append(item.full_box.center)
        margins.append(96 / item.dial_px)
    assert np.abs(np.array(centers) - 48).max() < 96 * 0.1
    assert 1.1 < float(np.median(margins)) < 1.3
    assert min(margins) > 0.9
    assert max(margins) < 1.75


def test_frames_keep_to_their_limits() -> None:
    spec = SceneSpec(
        size=(320, 240),
        count=(1, 1),
        tilt=(radians(35), radians(55)),
        dial_px=(60.0, 120.0),
        kind=MeterKind.POINTER,
    )
    for seed in range(12):
        image, objects = rendered(seed, spec)
        assert image.shape == (240, 320, 3)
        (item,) = objects
        assert item.kind is MeterKind.POINTER
        assert radians(35) <= item.tilt_rad <= radians(55)
        # The lens may magnify the middle a little.
        assert 50.0 <= item.dial_px <= 140.0
        assert {"tilted", "steep"} <= item.conditions
        assert 0 <= item.box.x1 < item.box.x2 <= 320
        assert 0 <= item.box.y1 < item.box.y2 <= 240


def test_instruments_do_not_overlap_and_some_frames_are_empty() -> None:
    counts = []
    for seed in range(24):
        _, objects = rendered(seed, SceneSpec(size=(160, 160)))
        counts.append(len(objects))
        for i, a in enumerate(objects):
            for b in objects[i + 1 :]:
                assert a.box.iou(b.box) < 0.25
    assert 0 in counts
    assert max(counts) >= 3


def test_what_an_occluder_hides_is_not_labelled() -> None:
    dial = draw_dial(np.random.default_rng(4), 150, 0.5)
    item = observe(dial, posed(dial, 0.0), SIZE)
    nothing = np.zeros((240, 320), np.uint8)
    assert hide(item, nothing) is item
    left = nothing.copy()
    left[:, :160] = 255
    half = hide(item, left)
    assert "occluded" in half.conditions
    assert half.visible == pytest.approx(0.5, abs=0.05)
    assert all(x >= 160 for x, _ in half.landmarks.values())
    everything = hide(item, np.full((240, 320), 255, np.uint8))
    assert not everything.polygons
    assert not everything.landmarks


def test_hard_scenes_are_harder() -> None:
    def blurred(severity: Severity) -> int:
        spec = SceneSpec(size=(96, 96), layout=Layout.CROP, severity=severity)
        return sum("blurred" in rendered(s, spec)[1][0].conditions for s in range(16))

    assert blurred(Severity.HARD) > blurred(Severity.MILD)


def test_poses_respect_the_target() -> None:
    rng = np.random.default_rng(0)
    for kind, draw in ((MeterKind.POINTER, draw_dial), (MeterKind.LEVEL, draw_level)):
        instrument = draw(rng, 120)
        assert instrument.kind is kind
        pose = pose_instrument(rng, instrument, Target((70.0, 90.0), 55.0))
        box = observe(instrument, pose, SIZE).full_box
        assert box.center == pytest.approx((70.0, 90.0))
        assert max(box.width, box.height) == pytest.approx(55.0)


def test_pictures_serve_as_backgrounds(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((90, 120, 3), (10, 200, 30), np.uint8))
    found = [draw_scenery(np.random.default_rng(s), 64, 48, (tmp_path / "a.png",)) for s in range(12)]
    assert all(f.shape == (48, 64, 3) for f in found)
    assert any((f == (10, 200, 30)).all() for f in found)
    (tmp_path / "b.png").write_text("no picture")
    rng = np.random.default_rng(0)
    with pytest.raises(SourceError, match=r"b\.png"):
        [draw_scenery(rng, 64, 48, (tmp_path / "b.png",)) for _ in range(12)]
