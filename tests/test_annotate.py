"""Drawing readings: what is said, where it goes, what it leaves alone."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from meter_infer.annotate import Image, Polyline, Role, annotate, value_text
from meter_infer.types import Box, MeterKind, Quality, Reading, Reason

READING = Reading(
    captured_at=datetime(2026, 5, 4, tzinfo=UTC),
    camera="cam",
    meter="boiler",
    kind=MeterKind.POINTER,
    value=5.602,
    unit="bar",
    raw=5.602,
    fraction=0.35,
    quality=Quality.GOOD,
    reason=Reason.OK,
    confidence=0.9,
    frame=0,
    latency_ms=4.0,
    box=Box(300, 200, 500, 400),
)


def picture(width: int = 960, height: int = 540) -> Image:
    return np.full((height, width, 3), 120, np.uint8)


def changed(before: Image, after: Image) -> Image:
    return np.asarray((before != after).any(axis=2), np.uint8)


@pytest.mark.parametrize(
    ("value", "unit", "fraction", "text"),
    [
        (5.602, "bar", 0.35, "5.60 bar"),
        (0.4213, "MPa", 0.35, "0.421 MPa"),
        (-0.5, None, 0.35, "-0.500"),
        (142.31, "°C", 0.35, "142.3 °C"),
        (12345.6, "kg", 0.35, "12346 kg"),
        (None, None, 0.623, "62.3 % of scale"),
        (None, "bar", None, "no reading"),
    ],
)
def test_the_text_says_value_and_unit(
    value: float | None, unit: str | None, fraction: float | None, text: str
) -> None:
    assert value_text(replace(READING, value=value, unit=unit, fraction=fraction)) == text


def test_the_picture_given_is_not_changed() -> None:
    image = picture()
    drawn = annotate(image, [READING])
    assert (image == 120).all()
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    assert (drawn != image).any()


def test_the_inside_of_the_dial_stays_visible() -> None:
    image = picture()
    marks = changed(image, annotate(image, [READING]))
    assert marks[205:395, 305:495].sum() == 0, "the box and its label leave the dial's face alone"
    assert marks[198:203, 300:500].sum() > 0


@pytest.mark.parametrize("quality", list(Quality))
def test_each_quality_has_its_own_color(quality: Quality) -> None:
    others = [item for item in Quality if item is not quality]
    own = annotate(picture(), [replace(READING, quality=quality)])
    for other in others:
        assert (own != annotate(picture(), [replace(READING, quality=other)])).any(axis=2)[198:202].any()


def test_a_meter_that_was_not_found_is_still_listed() -> None:
    image = picture()
    lost = replace(READING, box=None, value=None, quality=Quality.BAD, reason=Reason.NO_METER)
    marks = changed(image, annotate(image, [lost]))
    assert marks[: 540 // 2].sum() == 0
    assert marks[540 // 2 :, : 960 // 2].sum() > 500


def test_labels_of_neighbours_do_not_cover_each_other() -> None:
    image = picture()
    boxes = [Box(100 + 90 * i, 250, 180 + 90 * i, 330) for i in range(4)]
    together = annotate(image, [replace(READING, meter=f"meter-{i}", box=box) for i, box in enumerate(boxes)])
    dark = (together.sum(axis=2) < 3 * 70).sum()
    alone = sum(
        (annotate(image, [replace(READING, meter=f"meter-{i}", box=box)]).sum(axis=2) < 3 * 70).sum()
        for i, box in enumerate(boxes)
    )
    assert dark > 0.97 * alone, "no plaque lies on another one"


def test_shapes_are_drawn_where_they_are() -> None:
    image = picture()
    line = Polyline(Role.POINTER, np.array([[350.5, 300.5], [450.5, 300.5]]))
    mark = Polyline(Role.START, np.array([[400.5, 350.5]]))
    marks = changed(image, annotate(image, [], [line, mark]))
    rows, columns = np.nonzero(marks[:330])
    assert abs(rows.mean() - 300) < 0.1
    assert abs(columns.mean() - 400) < 0.25
    rows, columns = np.nonzero(marks[330:])
    assert abs(rows.mean() + 330 - 350) < 0.1
    assert abs(columns.mean() - 400) < 0.25


def test_values_of_points_that_lie_close_together_do_not_cover_each_other() -> None:
    image = picture()
    points = [Polyline(Role.CLICKED, np.array([[400.5 + 6 * k, 250.5 + k]]), text="34.41") for k in range(4)]
    alone = changed(image, annotate(image, [], [points[0], *(replace(p, text="") for p in points[1:])]))
    assert np.array_equal(changed(image, annotate(image, [], points)), alone)
    far = replace(points[3], points=np.array([[600.5, 250.5]]))
    assert changed(image, annotate(image, [], [points[0], far])).sum() > alone.sum()


def test_a_clicked_point_is_a_cross_with_its_value() -> None:
    image = picture()
    bare = Polyline(Role.CLICKED, np.array([[400.5, 250.5]]))
    cross = changed(image, annotate(image, [], [bare]))
    rows, columns = np.nonzero(cross)
    assert abs(rows.mean() - 250) < 0.3
    assert abs(columns.mean() - 400) < 0.3
    assert cross.sum() < 0.6 * (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    marks = changed(image, annotate(image, [], [replace(bare, text="0.4")]))
    assert marks.sum() > 2 * cross.sum()
    for corner in ((0.0, 0.0), (960.0, 540.0), (5000.0, -300.0)):  # points may be given wrong
        annotate(image, [], [Polyline(Role.CLICKED, np.array([corner]), text="0.4")])


@pytest.mark.parametrize(("width", "height"), [(1, 1), (40, 30), (320, 180), (200, 1600)])
def test_any_size_of_picture_is_drawn(width: int, height: int) -> None:
    lost = replace(READING, box=None)
    wild = replace(READING, box=Box(-50, -50, 5000, 5000), meter="a very long name of a meter " * 4)
    assert annotate(picture(width, height), [READING, lost, wild]).shape == (height, width, 3)


def test_text_grows_with_the_picture() -> None:
    def height_of_label(scale: int) -> int:
        image = picture(960 * scale, 540 * scale)
        box = Box(300 * scale, 200 * scale, 500 * scale, 400 * scale)
        marks = changed(image, annotate(image, [replace(READING, box=box)]))
        return int(np.flatnonzero(marks[: 190 * scale].any(axis=1)).size)

    assert height_of_label(4) == pytest.approx(4 * height_of_label(1), rel=0.25)
