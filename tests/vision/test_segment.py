import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from meter_infer.types import Box, Segment, SegmentClass
from meter_infer.vision.letterbox import Affine
from meter_infer.vision.segment import MASK_CLASSES, SegmentOptions, decode_mask, decode_segments

SIDE = 256
FRAME = (1920, 1080)
AFFINE = Affine(0.75, (600.25, 300.5))


def empty(anchors: int = 84) -> NDArray[np.float32]:
    return np.zeros((4 + 9 + 32, anchors), np.float32)


def put(
    output: NDArray[np.float32],
    anchor: int,
    label: SegmentClass,
    box: tuple[float, float, float, float],
    score: float,
    prototype: int = 0,
) -> None:
    output[:4, anchor] = box
    output[4 + label, anchor] = score
    output[13 + prototype, anchor] = 1


def blobs() -> NDArray[np.float32]:
    """Prototype 0 is +8 in the cell column 20 to 39 and row 10 to 29, -8 elsewhere; 1 is the opposite."""
    prototypes = np.zeros((32, 64, 64), np.float32)
    prototypes[0] = -8
    prototypes[0, 10:30, 20:40] = 8
    prototypes[1] = -prototypes[0]
    return prototypes


def decode(output: NDArray[np.float32], options: SegmentOptions | None = None) -> list[Segment]:
    return decode_segments(output, blobs(), AFFINE, FRAME, SIDE, options or SegmentOptions())


def test_a_mask_lies_where_its_prototype_does_in_the_frame() -> None:
    output = empty()
    put(output, 5, SegmentClass.POINTER, (120, 80, 80, 80), 0.9)
    (found,) = decode(output)
    assert found.mask is not None
    mask = found.mask
    assert mask.values.dtype == np.float32
    assert mask.pitch == pytest.approx(0.75 * 4)
    rows, columns = np.nonzero(mask.values > 0.5)
    x1 = mask.origin[0] + columns.min() * mask.pitch
    y1 = mask.origin[1] + rows.min() * mask.pitch
    x2 = mask.origin[0] + (columns.max() + 1) * mask.pitch
    y2 = mask.origin[1] + (rows.max() + 1) * mask.pitch
    expected = AFFINE.to_frame(np.array([[80, 40], [160, 120]]))
    assert np.allclose([[x1, y1], [x2, y2]], expected)
    assert (found.box.x1, found.box.y1) == pytest.approx(tuple(expected[0]))
    # the box's own cells and one around
    assert mask.values.shape == (22, 22)


def test_landmarks_have_no_mask_and_masks_have_no_landmark() -> None:
    output = empty()
    for label in SegmentClass:
        put(output, 3 * label, label, (120 + label, 80, 60, 60), 0.8)
    found = decode(output)
    assert [each.label for each in found] == list(SegmentClass)
    assert all((each.mask is not None) == (each.label in MASK_CLASSES) for each in found)


def test_the_best_of_each_class_stay() -> None:
    output = empty()
    for place in range(6):
        put(output, place, SegmentClass.TIP, (30 + 35 * place, 80, 12, 12), 0.3 + 0.1 * place)
    put(output, 40, SegmentClass.TIP, (31 + 35 * 5, 80, 12, 12), 0.5)  # a double of the best
    put(output, 50, SegmentClass.PIVOT, (120, 120, 12, 12), 0.2)
    found = decode(output, SegmentOptions(per_class=3))
    assert [(each.label, round(each.score, 1)) for each in found] == [
        (SegmentClass.PIVOT, 0.2),
        (SegmentClass.TIP, 0.8),
        (SegmentClass.TIP, 0.7),
        (SegmentClass.TIP, 0.6),
    ]
    assert found[1].box.center == pytest.approx(tuple(AFFINE.to_frame(np.array([205, 80]))))


def test_one_anchor_may_be_two_things() -> None:
    """The pivot often lies on the anchor that also stands for the pointer."""
    output = empty()
    put(output, 8, SegmentClass.POINTER, (120, 80, 60, 60), 0.8)
    output[4 + SegmentClass.PIVOT, 8] = 0.7
    assert [each.label for each in decode(output)] == [SegmentClass.POINTER, SegmentClass.PIVOT]


def test_silence_and_things_outside_the_frame_give_nothing() -> None:
    assert decode(empty()) == []
    output = empty()
    put(output, 5, SegmentClass.POINTER, (120, 80, 80, 80), 0.9)
    outside = Affine(1.0, (3000.0, 0.0))
    assert decode_segments(output, blobs(), outside, FRAME, SIDE) == []


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    x=st.floats(-30, 280),
    y=st.floats(-30, 280),
    width=st.floats(0.5, 300),
    height=st.floats(0.5, 300),
)
def test_a_mask_is_the_prototypes_combination_on_its_part_of_the_grid(
    seed: int, x: float, y: float, width: float, height: float
) -> None:
    rng = np.random.default_rng(seed)
    prototypes = rng.normal(size=(32, 64, 64)).astype(np.float32)
    coefficients = rng.normal(size=32).astype(np.float32)
    corners = AFFINE.to_frame(np.array([[x, y], [x + width, y + height]])).ravel()
    mask = decode_mask(coefficients, prototypes, Box(*corners), AFFINE, SIDE)
    full = 1 / (1 + np.exp(-np.einsum("c,cij->ij", coefficients, prototypes)))
    column, row = np.round((np.array(mask.origin) - AFFINE.offset) / mask.pitch).astype(int)
    rows, columns = mask.values.shape
    assert rows >= 1
    assert columns >= 1
    assert np.allclose(mask.values, full[row : row + rows, column : column + columns], atol=1e-5)
    # nothing of the box on the grid is missing
    assert column <= max(0, min(63, x // 4))
    assert column + columns >= min(64, (x + width) / 4)


def test_large_logits_do_not_overflow() -> None:
    prototypes = blobs() * 1000
    mask = decode_mask(np.ones(32, np.float32), prototypes, Box(600, 300, 700, 400), AFFINE, SIDE)
    assert np.all(np.isfinite(mask.values))
