"""The pointer among all hands, and the scale's ends among all candidates."""

from dataclasses import replace

import numpy as np
import pytest

from meter_infer.reading.choice import ChoiceWeights, shares, sureness
from meter_infer.reading.dial import best, point_of, view_dial
from meter_infer.reading.ends import choose_ends
from meter_infer.reading.geometry import wrap
from meter_infer.reading.hands import hands_of, likeliest_pointer
from meter_infer.reading.refined import refine_view
from meter_infer.reading.sampling import cut_patch
from meter_infer.types import Box, Segment, SegmentClass
from tests.reading.plain_dial import Shot, View, shoot

START, SPAN = np.deg2rad(135), np.deg2rad(270)


@pytest.fixture(scope="module")
def shot() -> Shot:
    return shoot(View(float(START), float(SPAN), 0.3, 0.3, 0.5, 320))


def test_a_lone_candidate_that_nothing_speaks_for_is_not_sure() -> None:
    weights = ChoiceWeights(2.0, (1.0,))
    assert shares([[0.0]], weights)[0] < 0.2
    assert shares([[8.0]], weights)[0] > 0.99


def test_sureness_counts_decimal_places() -> None:
    assert sureness(1.0) == 0.0
    assert sureness(0.1) == pytest.approx(1 / 3)
    assert sureness(1e-9) == pytest.approx(1.0)


def _mark(shot: Shot, label: SegmentClass, angle: float, score: float) -> Segment:
    """A landmark at a dial angle on the scale of `shot`."""
    view = view_dial(shot.segments)
    assert view is not None
    x, y = view.geometry.point_at(angle).tolist()
    return Segment(label, Box(x - 8, y - 8, x + 8, y + 8), score, None)


def _without(shot: Shot, *labels: SegmentClass) -> list[Segment]:
    return [s for s in shot.segments if s.label not in labels]


def _ends(shot: Shot, segments: list[Segment]) -> tuple[float, float, float]:
    """How far the chosen ends are off, degrees, and the doubt."""
    view = view_dial(segments)
    assert view is not None
    seen = refine_view(cut_patch(shot.luma, shot.box), view)
    start, span = seen.geometry.start_angle, seen.geometry.span
    return (
        abs(np.rad2deg(wrap(start - START))),
        abs(np.rad2deg(wrap(start + span - START - SPAN))),
        seen.ends_doubt,
    )


def test_clear_landmarks_are_taken(shot: Shot) -> None:
    start, end, doubt = _ends(shot, shot.segments)
    assert max(start, end) < 1.5
    assert doubt < 0.02


def test_a_faint_landmark_on_the_wrong_mark_is_outdone(shot: Shot) -> None:
    """The true end has no landmark; a wrong one is seen in the middle of the scale."""
    wrong = _mark(shot, SegmentClass.END, float(START + 0.7 * SPAN), 0.25)
    start, end, doubt = _ends(shot, [*_without(shot, SegmentClass.END), wrong])
    assert max(start, end) < 1.5
    assert doubt < 0.5


def test_contradicting_landmarks_are_doubted(shot: Shot) -> None:
    """Without marks to decide it, so that nothing but the landmarks differs."""
    contradicted = [*shot.segments, _mark(shot, SegmentClass.END, float(START + 0.8 * SPAN), 0.9)]
    doubts = []
    for segments in (shot.segments, contradicted):
        view = view_dial(segments)
        assert view is not None
        ends = choose_ends(view.geometry, view.candidates, None)
        assert ends is not None
        doubts.append(ends.doubt)
    clear, contradictory = doubts
    assert clear < 0.5 * contradictory, doubts


def test_a_set_hand_with_a_better_mask_and_no_tip_is_not_the_pointer(shot: Shot) -> None:
    pointer = next(s for s in shot.segments if s.label is SegmentClass.POINTER)
    tip = next(s for s in shot.segments if s.label is SegmentClass.TIP)
    other = shoot(View(float(START), float(SPAN), 0.7, 0.3, 0.5, 320))
    set_hand = next(s for s in other.segments if s.label is SegmentClass.POINTER)
    view = view_dial(shot.segments)
    assert view is not None
    segments = [
        *_without(shot, SegmentClass.POINTER, SegmentClass.TIP),
        replace(pointer, score=0.5),
        replace(set_hand, score=0.6),
        replace(tip, score=0.8),
    ]
    hands = hands_of(segments, view.geometry, point_of(best(segments, SegmentClass.PIVOT)))
    found = likeliest_pointer(hands, view.geometry)
    assert found is not None
    assert view.geometry.fraction_of_angle(view.geometry.angle_of(found.tip)) == pytest.approx(0.3, abs=0.02)
    assert 0.02 < found.doubt < 0.6
