"""Panel meters hide their hub: a short arc and a pointer must do."""

import numpy as np
import pytest

from meter_infer.reading.band import likely_hub
from meter_infer.reading.ellipse import circle_center
from meter_infer.reading.look import look
from meter_infer.types import MeterKind, SegmentClass
from tests.scenes import draw

PANELS = (2, 7, 13, 28, 45, 62, 71, 84, 89, 91)
"""Seeds of square panel meters with arcs of some 90 degrees."""


@pytest.mark.parametrize("seed", PANELS)
def test_a_panel_meter_is_read_without_its_hub(seed: int) -> None:
    scene = draw(seed)
    assert "square" in scene.truth.conditions
    seen = scene.segments(noise=0.3, seed=1)
    hidden = [segment for segment in seen if segment.label is not SegmentClass.PIVOT]
    assert len(hidden) < len(seen)
    with_it, without = (look(MeterKind.POINTER, scene.luma, scene.box, each)[0] for each in (seen, hidden))
    assert with_it.fraction is not None
    assert without.fraction == pytest.approx(with_it.fraction, abs=0.003)
    assert without.fraction == pytest.approx(scene.truth.fraction, abs=0.01)


def test_the_hub_lies_on_the_pointers_line_near_the_arcs_centre() -> None:
    scene = draw(PANELS[2])
    masks = {segment.label: segment.mask for segment in scene.segments()}
    scale, pointer = masks[SegmentClass.SCALE], masks[SegmentClass.POINTER]
    assert scale is not None
    pivot, tip = (np.array(scene.truth.landmarks[name]) for name in (SegmentClass.PIVOT, SegmentClass.TIP))
    radius = float(np.linalg.norm(tip - pivot))
    along = (tip - pivot) / radius
    alone, both = likely_hub(scale, None), likely_hub(scale, pointer)
    assert alone is not None
    assert both is not None
    assert np.linalg.norm(alone - pivot) < 0.2 * radius
    assert np.linalg.norm(both - pivot) < 0.2 * radius
    assert abs(float((both - pivot) @ np.array([-along[1], along[0]]))) < 0.02 * radius


@pytest.mark.parametrize("seed", [0, 3])
def test_a_long_arc_needs_no_hub(seed: int) -> None:
    scene = draw(seed)
    assert "square" not in scene.truth.conditions
    (scale,) = (segment.mask for segment in scene.segments() if segment.label is SegmentClass.SCALE)
    assert scale is not None
    assert likely_hub(scale, None) is None


@pytest.mark.parametrize("arc_deg", [50, 90, 150, 270])
@pytest.mark.parametrize("first_deg", [-170, 0, 100])
def test_the_centre_of_an_arc(arc_deg: int, first_deg: int) -> None:
    rng = np.random.default_rng(3)
    angles = np.deg2rad(first_deg + rng.uniform(0, arc_deg, 400))
    radii = 80 + rng.uniform(-4, 4, 400)
    points = np.array([300.0, -40.0]) + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    off = np.linalg.norm(circle_center(points, np.ones(400)) - (300, -40))
    assert off < {50: 15.0, 90: 4.0, 150: 2.0, 270: 1.0}[arc_deg]


def test_points_on_a_line_have_no_centre_near_by() -> None:
    points = np.stack([np.linspace(0, 100, 50), np.full(50, 20.0)], axis=-1)
    center = circle_center(points, np.ones(50))
    assert np.isfinite(center).all()
