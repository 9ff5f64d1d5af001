"""Labels, scores, detection precision: small cases whose figures are known by hand."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_infer.errors import LabelError
from meter_infer.evaluation.conditions import conditions_of
from meter_infer.evaluation.detection import PictureResult, average_precision, detection_figures
from meter_infer.evaluation.labels import GaugeLabel, Scale, ScaleUse, load_labels
from meter_infer.evaluation.matching import match
from meter_infer.evaluation.plot import draw_plot
from meter_infer.evaluation.scoring import Outcome, figures, figures_by_condition, outcome
from meter_infer.types import Box, Detection, MeterKind, Quality, Reading, Reason

BOX = Box(0, 0, 100, 100)
LABEL = GaugeLabel(
    index=0,
    kind=MeterKind.POINTER,
    box=BOX,
    range=(0.0, 10.0),
    unit="bar",
    reading=4.0,
    scale_points=(),
    nonlinear=False,
    conditions=None,
)
READING = Reading(
    captured_at=datetime(2026, 5, 4, tzinfo=UTC),
    camera="cam",
    meter="m",
    kind=MeterKind.POINTER,
    value=4.1,
    unit="bar",
    raw=4.1,
    fraction=0.41,
    quality=Quality.GOOD,
    reason=Reason.OK,
    confidence=0.9,
    frame=0,
    latency_ms=4.0,
    box=BOX,
)


def scored(value: float | None, quality: Quality = Quality.GOOD, *conditions: str) -> Outcome:
    return outcome("a.jpg", LABEL, replace(READING, value=value, quality=quality), conditions)


MISSED = outcome("a.jpg", LABEL, None, ())


def write(path: Path, *gauges: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"images": [{"file": "a.jpg", "gauges": list(gauges)}]}), encoding="utf-8")
    return path


class TestLabels:
    def test_every_key_is_read(self, tmp_path: Path) -> None:
        gauge = {
            "kind": "pointer",
            "box": [1, 2, 30, 40],
            "range": [40, 0],
            "unit": "MPa",
            "reading": 10,
            "scale_points": {"0": [1, 2], "-2.5": [3.5, 4]},
            "note": "ignored",
            "conditions": ["dark"],
        }
        (picture,) = load_labels(write(tmp_path / "labels.json", gauge))
        assert picture.path == tmp_path / "a.jpg"
        (label,) = picture.gauges
        assert label.box == Box(1, 2, 30, 40)
        assert label.range == (40, 0)
        assert label.span == 40
        assert label.limits == (0, 40)
        assert label.scale_points == ((0.0, (1.0, 2.0)), (-2.5, (3.5, 4.0)))
        assert label.conditions == ("dark",)

    @pytest.mark.parametrize(
        ("missing", "plain", "calibrated"),
        [
            (None, True, True),
            ("box", False, False),
            ("reading", False, False),
            ("range", False, True),
            ("scale_points", True, False),
        ],
    )
    def test_what_takes_part(
        self, tmp_path: Path, missing: str | None, plain: bool, calibrated: bool
    ) -> None:
        gauge: dict[str, Any] = {
            "kind": "pointer",
            "box": [1, 2, 30, 40],
            "range": [0, 10],
            "reading": 3,
            "scale_points": {"0": [1, 2], "10": [3, 4]},
        }
        if missing:
            del gauge[missing]
        ((label,),) = (picture.gauges for picture in load_labels(write(tmp_path / "labels.json", gauge)))
        assert bool(label.scale_for(ScaleUse.RANGE)) == plain
        assert bool(label.scale_for(ScaleUse.CALIBRATED)) == calibrated
        assert bool(label.scale_for(ScaleUse.MIXED)) == plain

    def test_a_nonlinear_gauge_is_read_with_its_numbers_where_that_is_allowed(self) -> None:
        points = ((0.0, (0.0, 0.0)), (10.0, (1.0, 0.0)))
        label = replace(LABEL, range=None, nonlinear=True, scale_points=points)
        assert label.scale_for(ScaleUse.RANGE) is None
        assert label.scale_for(ScaleUse.MIXED) is Scale.NUMBERS
        assert replace(label, range=(0.0, 10.0)).scale_for(ScaleUse.MIXED) is Scale.RANGE

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"kind": "clock"}, "kind"),
            ({"box": [3, 2, 1, 4]}, "box"),
            ({"box": [1, 2, 3]}, "box"),
            ({"range": [5, 5]}, "range"),
            ({"range": ["0", "1"]}, "range"),
            ({"reading": "five"}, "reading"),
            ({"reading": True}, "reading"),
            ({"reading": math.nan}, "'reading' is no number that a gauge shows; leave it out where"),
            ({"reading": 10**400}, "'reading' is no number that a gauge shows"),
            ({"range": [0, 1e300]}, "'range' is no number that a gauge shows"),
            ({"box": [0, 0, 1, math.inf]}, "'box' is no number"),
            ({"scale_points": {"ten": [1, 2]}}, "ten"),
            ({"scale_points": {"nan": [1, 2]}}, "scale_points.'nan'.' is no number"),
            ({"scale_points": {"1e300": [1, 2]}}, "scale_points.'1e300'.' is no number"),
            ({"scale_points": [[1, 2]]}, "scale_points"),
            ({"conditions": "dark"}, "conditions"),
        ],
    )
    def test_mistakes_are_named(self, tmp_path: Path, change: dict[str, Any], named: str) -> None:
        path = write(tmp_path / "labels.json", {"kind": "pointer", "box": [1, 2, 3, 4]} | change)
        with pytest.raises(LabelError, match=named) as caught:
            load_labels(path)
        assert "a.jpg" in str(caught.value)

    @pytest.mark.parametrize("text", ["", "[]", '{"images": 3}', "{", '{"images": [{}]}', "\x00\xff"])
    def test_other_files_are_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "labels.json"
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises(LabelError):
            load_labels(path)
        with pytest.raises(LabelError, match=r"nowhere\.json"):
            load_labels(tmp_path / "nowhere.json")

    @pytest.mark.parametrize("text", ["[" * 100_000, '{"images": ' + "9" * 5000 + "}"])
    def test_a_file_made_to_exhaust_the_reader_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "labels.json"
        path.write_text(text)
        with pytest.raises(LabelError, match=r"labels\.json cannot be read as JSON; name a label file"):
            load_labels(path)


class TestEnds:
    def test_of_a_range_that_runs_backwards(self) -> None:
        points = ((0.0, (1.0, 2.0)), (5.0, (3.0, 4.0)), (10.0, (5.0, 6.0)))
        label = replace(LABEL, scale_points=points)
        assert label.ends == ((1.0, 2.0), (5.0, 6.0))
        assert replace(label, range=(10.0, 0.0)).ends == ((5.0, 6.0), (1.0, 2.0))

    def test_unknown_unless_both_are_labelled(self) -> None:
        assert LABEL.ends is None
        assert replace(LABEL, scale_points=((0.0, (1.0, 2.0)), (5.0, (3.0, 4.0)))).ends is None
        assert replace(LABEL, range=None, scale_points=((0.0, (1.0, 2.0)), (9.0, (3.0, 4.0)))).ends is None


class TestScores:
    def test_the_four_figures(self) -> None:
        outcomes = [scored(4.1), scored(4.3), scored(3.9), scored(8.0, Quality.UNCERTAIN), MISSED]
        result = figures(outcomes)
        assert result.n == 5
        assert result.detected == 4
        assert result.mae == pytest.approx((1 + 3 + 1) / 3)
        assert result.p95 == pytest.approx(2.8)
        assert result.coverage == pytest.approx(3 / 5)
        assert result.confident_wrong == pytest.approx(1 / 3)
        assert result.mae_all == pytest.approx((1 + 3 + 1 + 40) / 4)

    def test_a_good_reading_off_by_two_percent_is_not_yet_wrong(self) -> None:
        assert figures([scored(4.199)]).confident_wrong == 0
        assert figures([scored(4.201)]).confident_wrong == 1

    def test_nothing_read_is_not_perfect(self) -> None:
        result = figures([MISSED, scored(None, Quality.BAD)])
        assert (result.mae, result.p95, result.confident_wrong) == (None, None, None)
        assert result.coverage == 0
        assert figures([]).coverage is None

    def test_a_reading_elsewhere_counts_as_not_detected(self) -> None:
        off = replace(READING, box=Box(60, 0, 160, 100))
        result = outcome("a.jpg", LABEL, off, ())
        assert not result.detected
        assert result.value is None
        assert result.reason is Reason.NO_METER
        assert result.iou == pytest.approx(40 / 160)

    def test_span_comes_from_the_printed_numbers_where_there_is_no_range(self) -> None:
        points = ((2.0, (0.0, 0.0)), (6.0, (1.0, 0.0)), (4.0, (2.0, 0.0)))
        label = replace(LABEL, range=None, scale_points=points)
        assert outcome("a.jpg", label, READING, ()).error_pct == pytest.approx(0.1 / 4 * 100)

    def test_a_range_that_runs_backwards_has_a_positive_span(self) -> None:
        label = replace(LABEL, range=(10.0, 0.0))
        assert outcome("a.jpg", label, READING, ()).error_pct == pytest.approx(1.0)

    def test_conditions_are_summed_up_apart(self) -> None:
        outcomes = [scored(4.1, Quality.GOOD, "dark", "front"), scored(4.5, Quality.GOOD, "front")]
        result = figures_by_condition(outcomes)
        assert list(result) == ["front", "dark"]
        assert result["front"].n == 2
        assert result["dark"].mae == pytest.approx(1.0)

    @given(st.lists(st.floats(-5, 15), min_size=1, max_size=30))
    def test_shares_stay_shares(self, values: list[float]) -> None:
        result = figures([scored(value) for value in values])
        assert result.coverage == 1
        assert result.confident_wrong is not None
        assert 0 <= result.confident_wrong <= 1
        assert result.mae is not None
        assert result.p95 is not None
        assert result.mae <= max(abs(value - 4) * 10 for value in values) + 1e-9
        assert result.p95 <= max(abs(value - 4) * 10 for value in values) + 1e-9


def found(x: float, score: float, kind: MeterKind = MeterKind.POINTER) -> Detection:
    return Detection(kind, Box(x, 0, x + 100, 100), score)


class TestDetection:
    def test_everything_found_is_one(self) -> None:
        result = PictureResult(((MeterKind.POINTER, BOX),), (found(5, 0.6),))
        assert average_precision([result], MeterKind.POINTER) == pytest.approx(1.0)
        assert average_precision([result], MeterKind.LEVEL) is None

    def test_a_known_curve(self) -> None:
        """Hits by falling score: yes, no, yes, no; three boxes. Envelope 1 to 1/3, then 2/3 to 2/3."""
        results = [
            PictureResult(((MeterKind.POINTER, BOX),), (found(0, 0.9), found(300, 0.8))),
            PictureResult(((MeterKind.POINTER, BOX),), (found(10, 0.7), found(400, 0.3))),
            PictureResult(((MeterKind.POINTER, BOX),), ()),
        ]
        assert average_precision(results, MeterKind.POINTER) == pytest.approx(1 / 3 + 1 / 3 * 2 / 3)

    def test_a_second_box_on_the_same_meter_is_a_mistake(self) -> None:
        double = PictureResult(((MeterKind.POINTER, BOX),), (found(0, 0.5), found(1, 0.9)))
        other = PictureResult(((MeterKind.POINTER, BOX),), (found(0, 0.4),))
        expected = 0.5 + 0.5 * 2 / 3
        assert average_precision([double, other], MeterKind.POINTER) == pytest.approx(expected)

    def test_the_class_must_be_right(self) -> None:
        result = PictureResult(((MeterKind.POINTER, BOX),), (found(0, 0.9, MeterKind.LEVEL),))
        assert average_precision([result], MeterKind.POINTER) == 0

    def test_negatives_are_clean_below_the_threshold(self) -> None:
        results = [
            PictureResult(((MeterKind.POINTER, BOX),), (found(0, 0.9),)),
            PictureResult((), (found(0, 0.1),)),
            PictureResult((), (found(0, 0.4),)),
        ]
        result = detection_figures(results, 0.25)
        assert (result.pictures, result.boxes, result.negatives) == (3, 1, 2)
        assert result.clean_negatives == pytest.approx(0.5)
        assert result.recall == 1
        assert result.map50 == pytest.approx(1.0), "both false finds score less than the hit"

    @given(st.lists(st.tuples(st.floats(0, 300), st.floats(0.01, 1)), max_size=12))
    def test_precision_lies_between_zero_and_one(self, places: list[tuple[float, float]]) -> None:
        result = PictureResult(
            ((MeterKind.POINTER, BOX), (MeterKind.POINTER, Box(150, 0, 250, 100))),
            tuple(found(x, score) for x, score in places),
        )
        value = average_precision([result], MeterKind.POINTER)
        assert value is not None
        assert 0 <= value <= 1 + 1e-12


class TestMatching:
    def test_the_closest_pairs_go_first(self) -> None:
        labels = [LABEL, replace(LABEL, index=1, box=Box(30, 0, 130, 100))]
        first, second = found(20, 0.9), found(2, 0.5)
        assert match(labels, [first, second]) == [second, first]

    def test_half_an_overlap_or_nothing(self) -> None:
        assert match([LABEL], [found(34, 0.9)]) == [None]
        assert match([LABEL], [found(33, 0.9)]) == [found(33, 0.9)]
        assert match([LABEL], [found(0, 0.9, MeterKind.LEVEL)]) == [None]


class TestConditions:
    def noise(self, low: int, high: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
        return np.random.default_rng(0).integers(low, high, (400, 400), np.uint8)

    def test_the_label_knows_best(self) -> None:
        label = replace(LABEL, conditions=("glare",))
        assert conditions_of(label, self.noise(0, 10)) == ("pointer", "glare")

    def test_an_ellipse_is_a_tilted_dial(self) -> None:
        face = self.noise(90, 160)
        front = replace(LABEL, box=Box(100, 100, 300, 300))
        tilted = replace(LABEL, box=Box(100, 100, 100 + 200 * math.cos(math.radians(40)), 300))
        cut = replace(LABEL, box=Box(0, 100, 100, 300))
        assert conditions_of(front, face) == ("pointer", "front", "plain")
        assert conditions_of(tilted, face) == ("pointer", "tilted", "plain")
        assert conditions_of(cut, face) == ("pointer", "plain")

    def test_what_harms_is_named(self) -> None:
        label = replace(LABEL, box=Box(100, 100, 300, 300))
        assert "dark" in conditions_of(label, self.noise(0, 40))
        smooth = np.tile(np.linspace(80, 180, 400).astype(np.uint8), (400, 1))
        assert "blurred" in conditions_of(label, smooth)
        burnt = self.noise(60, 160)
        burnt[120:200, 120:200] = 255
        assert "glare" in conditions_of(label, burnt)
        assert "small" in conditions_of(replace(LABEL, box=Box(100, 100, 150, 160)), self.noise(60, 160))


def test_the_plot_is_drawn_for_any_number_of_gauges() -> None:
    outcomes = [scored(4 + 0.02 * i, Quality.GOOD, "front") for i in range(30)] + [MISSED]
    drawn = draw_plot(outcomes, figures_by_condition(outcomes), "test")
    assert drawn.shape == (1000, 1600, 3)
    empty = draw_plot([], {}, "test")
    assert (drawn != empty).any()


def test_the_photographs_beside_the_checkout_are_valid_labels(shared_gauges: Path) -> None:
    pictures = load_labels(shared_gauges / "val.json")
    assert sum(bool(gauge.scale_for(ScaleUse.RANGE)) for picture in pictures for gauge in picture.gauges) > 50
    assert (
        sum(bool(gauge.scale_for(ScaleUse.CALIBRATED)) for picture in pictures for gauge in picture.gauges)
        > 30
    )
