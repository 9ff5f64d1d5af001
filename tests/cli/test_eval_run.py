"""Evaluating labelled pictures with networks that see what the test tells them to."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.cli.eval import report
from meter_infer.cli.eval_run import detection_result, evaluate_picture, negatives_in
from meter_infer.evaluation.labels import PictureLabel, ScaleUse, load_labels
from meter_infer.evaluation.scoring import figures_by_condition
from meter_infer.types import Box, Detection, Frame, MeterKind, Quality, Reason, Segment, SegmentClass
from tests.scenes import segments_of

CENTER = np.array([300.0, 240.0])
RADIUS = 140.0
START = math.radians(135)
SPAN = math.radians(270)
BOX = Box(120, 60, 480, 420)
FRACTION = 0.4


def at(fraction: float, radius: float = RADIUS) -> NDArray[np.float64]:
    angle = START + fraction * SPAN
    return CENTER + radius * np.array([math.cos(angle), math.sin(angle)])


def draw_dial(path: Path) -> None:
    image = np.full((480, 640, 3), 90, np.uint8)

    def line(first: NDArray[np.float64], last: NDArray[np.float64], width: int) -> None:
        ends = [tuple(round(float(v - 0.5) * 16) for v in point) for point in (first, last)]
        cv2.line(image, ends[0], ends[1], (20, 20, 20), width, cv2.LINE_AA, 4)

    cv2.circle(image, (300, 240), 180, (60, 60, 60), -1, cv2.LINE_AA)
    cv2.circle(image, (300, 240), 168, (235, 235, 235), -1, cv2.LINE_AA)
    for i in range(41):
        line(at(i / 40), at(i / 40, RADIUS + (16 if i % 4 == 0 else 9)), 3 if i % 4 == 0 else 1)
    line(at(FRACTION, -20), at(FRACTION, RADIUS - 4), 5)
    cv2.circle(image, (300, 240), 12, (20, 20, 20), -1, cv2.LINE_AA)
    cv2.imwrite(str(path), image)


def parts() -> list[Segment]:
    sweep = np.linspace(0, 1, 60)
    band = np.array([at(f, RADIUS + 16) for f in sweep] + [at(f) for f in sweep[::-1]])
    side = 3 * np.array([-math.sin(START + FRACTION * SPAN), math.cos(START + FRACTION * SPAN)])
    tip, tail = at(FRACTION, RADIUS - 4), at(FRACTION, -20)
    polygons = {
        SegmentClass.SCALE: band,
        SegmentClass.POINTER: np.stack([tip - side / 3, tip + side / 3, tail + side, tail - side]),
    }
    landmarks = {
        SegmentClass.START: at(0),
        SegmentClass.END: at(1),
        SegmentClass.PIVOT: CENTER,
        SegmentClass.TIP: tip,
    }
    return segments_of(polygons, landmarks, BOX)


@dataclass
class Networks:
    """Both networks at once; counts what it was asked."""

    found: list[Detection]
    segmented: int = 0
    engine: str = "a fake"

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        return [self.found for _ in frames]

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        self.segmented += len(items)
        return [parts() for _ in items]


HIT = Detection(MeterKind.POINTER, replace(BOX, x1=BOX.x1 + 6), 0.9)
ELSEWHERE = Detection(MeterKind.POINTER, Box(500, 0, 620, 120), 0.9)


def label(folder: Path, **changes: Any) -> PictureLabel:
    draw_dial(folder / "dial.png")
    gauge: dict[str, Any] = {
        "kind": "pointer",
        "box": [BOX.x1, BOX.y1, BOX.x2, BOX.y2],
        "range": [0, 16],
        "unit": "bar",
        "reading": 16 * FRACTION,
        "scale_points": {f"{16 * f:g}": list(at(f, RADIUS - 20)) for f in (0, 0.25, 0.5, 0.75, 1)},
    } | changes
    content = {
        "images": [
            {
                "file": "dial.png",
                "gauges": [{key: value for key, value in gauge.items() if value is not None}],
            }
        ]
    }
    (folder / "labels.json").write_text(json.dumps(content), encoding="utf-8")
    return load_labels(folder / "labels.json")[0]


@pytest.mark.parametrize("use", [ScaleUse.RANGE, ScaleUse.CALIBRATED])
def test_a_found_gauge_is_read_and_scored(tmp_path: Path, use: ScaleUse) -> None:
    networks = Networks([ELSEWHERE, HIT])
    (item,) = evaluate_picture(label(tmp_path), networks, networks, use=use).outcomes
    assert item.detected
    assert item.quality is Quality.GOOD
    assert item.error_pct is not None
    assert item.error_pct < 0.5
    assert item.iou == pytest.approx(BOX.iou(HIT.box))
    assert networks.segmented == 1, "one sure crop of the labelled one; what is not labelled is not read"


def test_an_undetected_gauge_is_not_read_at_its_labelled_place(tmp_path: Path) -> None:
    """The label's box must not help to find the gauge."""
    networks = Networks([ELSEWHERE])
    (item,) = evaluate_picture(label(tmp_path), networks, networks).outcomes
    assert not item.detected
    assert item.value is None
    assert item.reason is Reason.NO_METER
    assert networks.segmented == 0


def test_a_nonlinear_scale_is_read_through_its_numbers(tmp_path: Path) -> None:
    """The same picture with numbers spaced by a square law: the value follows them."""
    points = {f"{100 * f**2:g}": list(at(f, RADIUS - 20)) for f in np.linspace(0, 1, 21)}
    picture = label(tmp_path, range=None, scale="nonlinear", scale_points=points, reading=100 * FRACTION**2)
    networks = Networks([HIT])
    assert evaluate_picture(picture, networks, networks).outcomes == ()
    (item,) = evaluate_picture(picture, networks, networks, use=ScaleUse.MIXED).outcomes
    assert item.error_pct is not None
    assert item.error_pct < 0.5


def test_a_nonlinear_scale_by_the_values_of_its_ends_alone_is_read_on_a_straight_line(tmp_path: Path) -> None:
    points = {f"{100 * f**2:g}": list(at(f, RADIUS - 20)) for f in np.linspace(0, 1, 21)}
    picture = label(tmp_path, range=None, scale="nonlinear", scale_points=points, reading=100 * FRACTION**2)
    networks = Networks([HIT])
    (item,) = evaluate_picture(picture, networks, networks, use=ScaleUse.ENDS).outcomes
    assert item.value == pytest.approx(100 * FRACTION, abs=0.5)


def test_the_drawing_shows_reading_and_truth(tmp_path: Path) -> None:
    networks = Networks([HIT])
    drawn = evaluate_picture(label(tmp_path), networks, networks, draw=True).annotated
    assert drawn is not None
    missed = evaluate_picture(label(tmp_path), Networks([]), networks, draw=True).annotated
    assert missed is not None
    assert (drawn != missed).any()
    assert evaluate_picture(label(tmp_path), networks, networks).annotated is None


def test_the_report_is_plain_json(tmp_path: Path) -> None:
    networks = Networks([HIT])
    outcomes = evaluate_picture(label(tmp_path), networks, networks).outcomes
    content = json.loads(json.dumps(report(outcomes, figures_by_condition(outcomes)), allow_nan=False))
    assert set(content) == {"all", "by_condition", "gauges"}
    assert {"n", "mae", "p95", "coverage", "confident_wrong"} <= set(content["all"])
    assert set(content["by_condition"]) == {"pointer", "front", "plain"}
    (gauge,) = content["gauges"]
    assert {
        "file",
        "index",
        "truth",
        "value",
        "error_pct",
        "quality",
        "reason",
        "confidence",
        "iou",
        "detected",
    } <= set(gauge)
    assert gauge["file"] == "dial.png"
    assert content["all"]["n"] == 1


def test_a_picture_with_an_unplaced_gauge_says_nothing_about_detection(tmp_path: Path) -> None:
    assert detection_result(label(tmp_path, box=None), Networks([HIT])) is None
    result = detection_result(label(tmp_path), Networks([HIT]))
    assert result is not None
    assert result.truth == ((MeterKind.POINTER, BOX),)
    assert result.found == (HIT,)


def test_negatives_are_found_in_depth(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("b.jpg", "deep/er/a.PNG", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    names = [item.name for item in negatives_in(tmp_path, frozenset({".jpg", ".png"}))]
    assert names == ["b.jpg", "deep/er/a.PNG"]
