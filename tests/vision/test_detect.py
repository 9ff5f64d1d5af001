import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.types import Box, Detection, MeterKind
from meter_infer.vision.detect import DetectOptions, decode_detections, fills, united
from meter_infer.vision.letterbox import Affine

AFFINE = Affine(3.0, (0.0, -36.0))
FRAME = (1920, 1080)


def output(*rows: tuple[float, float, float, float, float, float], anchors: int = 200) -> NDArray[np.float32]:
    """An output with the given anchors (x, y, width, height, two scores) among silent ones."""
    result = np.zeros((6, anchors), np.float32)
    result[:4] = np.random.default_rng(0).uniform(1, 300, (4, anchors))
    for place, row in enumerate(rows):
        result[:, 7 * place + 3] = row
    return result


def test_a_meter_comes_back_in_frame_pixels() -> None:
    (found,) = decode_detections(output((320, 192, 100, 50, 0.9, 0.1)), AFFINE, FRAME)
    assert found.kind is MeterKind.POINTER
    assert found.score == pytest.approx(0.9)
    assert (found.box.x1, found.box.y1, found.box.x2, found.box.y2) == (810, 465, 1110, 615)


def test_the_best_come_first_and_doubles_go() -> None:
    found = decode_detections(
        output((100, 100, 40, 40, 0.5, 0), (101, 100, 40, 42, 0.8, 0), (300, 200, 40, 40, 0, 0.9)),
        AFFINE,
        FRAME,
    )
    assert [(each.kind, round(each.score, 2)) for each in found] == [
        (MeterKind.LEVEL, 0.9),
        (MeterKind.POINTER, 0.8),
    ]


def test_one_place_is_one_meter_unless_asked_otherwise() -> None:
    both = output((100, 100, 40, 40, 0.5, 0), (101, 100, 40, 42, 0, 0.8))
    assert [each.kind for each in decode_detections(both, AFFINE, FRAME)] == [MeterKind.LEVEL]
    apart = DetectOptions(across=False)
    assert len(decode_detections(both, AFFINE, FRAME, apart)) == 2


def test_boxes_end_at_the_frame() -> None:
    found = decode_detections(
        output((5, 20, 40, 40, 0.9, 0), (630, 370, 60, 60, 0.8, 0), (300, -60, 20, 20, 0.9, 0)), AFFINE, FRAME
    )
    assert [(each.box.x1, each.box.y1) for each in found] == [(0, 0), (1800, 984)]
    assert (found[1].box.x2, found[1].box.y2) == FRAME


def test_the_threshold_is_inclusive_and_silence_is_empty() -> None:
    assert decode_detections(output(), AFFINE, FRAME) == []
    half = output((100, 100, 40, 40, 0.5, 0))
    assert len(decode_detections(half, AFFINE, FRAME, DetectOptions(score=0.5))) == 1
    assert decode_detections(half, AFFINE, FRAME, DetectOptions(score=0.51)) == []


def test_not_a_number_is_no_meter() -> None:
    broken = output((100, 100, 40, 40, 0.9, 0))
    broken[:, 3] = np.nan
    assert decode_detections(broken, AFFINE, FRAME) == []


def test_no_more_than_asked() -> None:
    many = output(*((20.0 * i + 10, 50, 10, 10, 0.9, 0) for i in range(20)))
    assert len(decode_detections(many, AFFINE, FRAME, DetectOptions(keep=6))) == 6


def test_what_fills_the_picture() -> None:
    def found(width: float, height: float, score: float) -> list[Detection]:
        return [Detection(MeterKind.POINTER, Box(10, 10, 10 + width, 10 + height), score)]

    assert fills(found(1500, 200, 0.3), FRAME)
    assert fills(found(200, 820, 0.3), FRAME)
    assert not fills(found(1400, 800, 0.9), FRAME)
    assert not fills(found(1500, 900, 0.2), FRAME)
    assert not fills([], FRAME)


def test_two_views_are_united_by_the_surer() -> None:
    box, beside = Box(100, 100, 500, 500), Box(900, 100, 1100, 700)
    near = [Detection(MeterKind.POINTER, box, 0.5), Detection(MeterKind.LEVEL, beside, 0.4)]
    far = [Detection(MeterKind.POINTER, Box(104, 96, 505, 500), 0.8)]
    assert united(near, far) == [far[0], near[1]]
    other = Detection(MeterKind.LEVEL, box, 0.9)
    assert united(near[:1], [other]) == [other]
    assert united(near[:1], [other], DetectOptions(across=False)) == [other, near[0]]
    assert united([], []) == []
