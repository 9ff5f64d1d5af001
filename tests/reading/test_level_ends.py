"""Where a tube and its liquid end, from their boxes; and how that and the marks become evidence."""

from dataclasses import replace

import numpy as np
import pytest

from meter_infer.reading.evidence import TUBE_FEATURES, tube_features
from meter_infer.reading.geometry import TubeGeometry
from meter_infer.reading.level import tube_reach, view_tube
from meter_infer.reading.tube_marks import ACCEPTED, TubeScale
from meter_infer.types import Box, Mask, Segment, SegmentClass


def bar(turn_deg: float, low: float, high: float, width: float) -> tuple[TubeGeometry, np.ndarray]:
    """A scale of 100 px at an angle, and the corners of a bar along it between two fractions."""
    turn = np.deg2rad(turn_deg)
    up, right = np.array([np.sin(turn), -np.cos(turn)]), np.array([np.cos(turn), np.sin(turn)])
    start = np.array([200.0, 300.0])
    corners = [start + 100 * f * up + s * width / 2 * right for f in (low, high) for s in (-1, 1)]
    return TubeGeometry(start, start + 100 * up, width), np.array(corners)


def box_of(corners: np.ndarray) -> Box:
    return Box(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())


@pytest.mark.parametrize("turn_deg", [0.0, 15.0, -20.0, 85.0])
def test_a_bars_ends_from_its_box(turn_deg: float) -> None:
    geometry, corners = bar(turn_deg, -0.1, 1.2, 18.0)
    assert tube_reach(box_of(corners), geometry) == pytest.approx((-0.1, 1.2), abs=1e-6)


def test_a_box_at_45_degrees_tells_nothing() -> None:
    geometry, corners = bar(45.0, 0.0, 1.0, 18.0)
    assert tube_reach(box_of(corners), geometry) is None


def spilling(label: SegmentClass, low: float, high: float) -> Segment:
    """A bar whose mask reaches two cells further up than its box."""
    _, corners = bar(0.0, low, high, 16.0)
    box = box_of(corners)
    pitch = 4.0
    rows, columns = round(box.height / pitch) + 2, 4
    mask = Mask(np.full((rows, columns), 0.9, np.float32), (box.x1, box.y1 - 2 * pitch), pitch)
    return Segment(label, box, 0.9, mask)


def landmark(label: SegmentClass, fraction: float) -> Segment:
    x, y = 200.0, 300.0 - 100 * fraction
    return Segment(label, Box(x - 3, y - 3, x + 3, y + 3), 0.8, None)


def test_a_mask_that_spills_over_its_box_moves_neither_tube_nor_surface() -> None:
    view = view_tube(
        [
            spilling(SegmentClass.TUBE, -0.1, 1.1),
            spilling(SegmentClass.LIQUID, -0.1, 0.4),
            landmark(SegmentClass.START, 0.0),
            landmark(SegmentClass.END, 1.0),
        ]
    )
    assert view is not None
    assert view.reach == pytest.approx((-0.1, 1.1), abs=0.01)
    assert view.fraction == pytest.approx(0.4, abs=0.01)


def test_marks_are_evidence_for_the_ends_only_where_these_were_taken_from_them() -> None:
    view = view_tube([spilling(SegmentClass.TUBE, 0.0, 1.0), spilling(SegmentClass.LIQUID, 0.0, 0.5)])
    assert view is not None
    scale = TubeScale(view.geometry, 0.9, 0.8, 0.7, 0.1, 21, 0.05, 0.02)

    def seen(scale: TubeScale) -> dict[str, float]:
        evidence = tube_features(view, 0.5, 20.0, 200.0, scale=scale)
        return dict(zip(TUBE_FEATURES, evidence.tolist(), strict=True))

    sure, doubted = seen(scale), seen(replace(scale, sure=0.5 * ACCEPTED))
    assert (sure["graduated"], sure["comb_sure"], sure["comb_missed"]) == (1.0, 0.9, 0.0)
    assert (doubted["graduated"], doubted["comb_sure"], doubted["comb_missed"]) == (0.0, 0.0, 0.5)
