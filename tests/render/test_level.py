"""Level gauges: the truth lies where the picture shows it."""

import math
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from meter_infer.render.level import Level, clip_below, draw_level, sample_fraction, sample_level_style
from meter_infer.render.level_parts import leave_ring
from meter_infer.render.level_style import KINDS
from meter_infer.render.materials import Sheet
from meter_infer.render.model import Instrument, LevelScale
from meter_infer.types import MeterKind, SegmentClass

SIZE = 240
CLOSED = tuple(kind for kind in KINDS if kind != "staff")


def gauge(kind: str, seed: int) -> Level:
    """A gauge of a kind, its look from the seed."""
    return Level(replace(sample_level_style(np.random.default_rng(seed)), kind=kind), SIZE)


def pixels(item: Instrument) -> NDArray[np.float32]:
    """The sheet of the face, premultiplied and flattened to (h, w, 4)."""
    bgra = item.layers[0].bgra.astype(np.float32)
    bgra[..., :3] *= bgra[..., 3:] / 255
    return bgra


def area(polygon: NDArray[np.float64]) -> float:
    return float(cv2.contourArea(polygon.astype(np.float32)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_the_instrument_is_whole(kind: str, seed: int) -> None:
    item = gauge(kind, seed).instrument(0.4)
    assert item.kind is MeterKind.LEVEL
    height, width = item.layers[0].bgra.shape[:2]
    assert max(height, width) == SIZE
    for layer in item.layers:
        assert layer.bgra.shape == (height, width, 4)
        assert layer.bgra.dtype == np.uint8
    margin = 0.04 * SIZE
    assert (item.outline.min(0) >= margin).all()
    assert (item.outline.max(0) <= np.array([width, height]) - margin).all()
    assert set(item.heights) == {*item.polygons, *item.landmarks}
    assert isinstance(item.scale, LevelScale)
    fractions = [f for f, _ in item.scale.anchors]
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert (np.diff(fractions) > 0).all()
    assert item.range == (item.scale.anchors[0][1], item.scale.anchors[-1][1])
    assert kind in item.tags


def test_every_texture_has_the_size_asked_for() -> None:
    for seed in range(150):
        rng = np.random.default_rng(seed)
        size = int(rng.integers(32, 120))
        assert max(draw_level(rng, size).layers[0].bgra.shape) == size


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_what_is_painted_lies_inside_the_outline(kind: str, seed: int) -> None:
    item = gauge(kind, seed).instrument(0.5)
    alpha = item.layers[0].bgra[..., 3].astype(np.float32)
    box = np.concatenate([item.outline.min(0) - 3, item.outline.max(0) + 3]).round().astype(int)
    if kind == "staff":  # the water around its foot is scenery
        alpha[round(item.landmarks[SegmentClass.SURFACE][1]) :] = 0
    inside = alpha[max(0, box[1]) : box[3], max(0, box[0]) : box[2]].sum()
    assert inside >= 0.97 * alpha.sum()


@pytest.mark.parametrize("kind", CLOSED)
@pytest.mark.parametrize("seed", range(8))
def test_the_picture_changes_just_between_two_levels(kind: str, seed: int) -> None:
    level = gauge(kind, seed)
    low, high = level.instrument(0.35), level.instrument(0.65)
    change = np.abs(pixels(low) - pixels(high)).max(2).max(1)
    ys = sorted(item.landmarks[SegmentClass.SURFACE][1] for item in (low, high))
    rows = np.arange(len(change)) + 0.5
    half = abs(low.polygons[SegmentClass.TUBE][:, 0].max() - low.landmarks[SegmentClass.SURFACE][0])
    near = 3 + 1.6 * half  # menisci, foam, floats
    assert change[(rows < ys[0] - near) | (rows > ys[1] + near)].max(initial=0) == 0
    between = change[(rows > ys[0] + 2) & (rows < ys[1] - 2)]
    assert between.max() > 12, "liquid must differ from gas"


@pytest.mark.parametrize("kind", KINDS)
@given(fraction=st.floats(0.1, 0.9), tilt=st.floats(-0.5, 0.5))
def test_the_surface_crosses_the_axis_at_the_fraction(kind: str, fraction: float, tilt: float) -> None:
    item = _LEVELS[kind].instrument(fraction, tilt)
    assert isinstance(item.scale, LevelScale)
    start, end = np.array(item.scale.start), np.array(item.scale.end)
    surface = np.array(item.landmarks[SegmentClass.SURFACE])
    assert surface == pytest.approx(start + item.fraction * (end - start))
    if kind != "staff":
        assert item.fraction == fraction
        wet = item.polygons[SegmentClass.LIQUID]
        turned = 0.0 if kind == "flap" else tilt
        depth = (wet - surface) @ np.array([-math.sin(turned), math.cos(turned)])
        assert depth.min() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("kind", CLOSED)
def test_liquid_grows_with_the_level_and_stays_in_the_tube(kind: str) -> None:
    areas = []
    for fraction in (0.1, 0.3, 0.5, 0.7, 0.9):
        item = _LEVELS[kind].instrument(fraction)
        wet, tube = item.polygons[SegmentClass.LIQUID], item.polygons[SegmentClass.TUBE]
        assert (wet.min(0) >= tube.min(0) - 1e-6).all()
        assert (wet.max(0) <= tube.max(0) + 1e-6).all()
        areas.append(area(wet))
    assert (np.diff(areas) > 0).all()


@pytest.mark.parametrize("kind", CLOSED)
def test_an_empty_and_a_full_gauge_show_no_surface(kind: str) -> None:
    level = _LEVELS[kind]
    empty, full = level.instrument(-0.9), level.instrument(1.9)
    for item in (empty, full):
        assert SegmentClass.SURFACE not in item.landmarks
        assert SegmentClass.TUBE in item.polygons
    assert SegmentClass.LIQUID not in empty.polygons
    assert "empty" in empty.tags
    assert "full" in full.tags
    assert empty.fraction <= 0
    assert full.fraction >= 1
    assert area(full.polygons[SegmentClass.LIQUID]) > 0.5 * area(full.polygons[SegmentClass.TUBE])
    assert np.array_equal(pixels(empty), pixels(level.instrument(-5.0)))


def test_a_staff_in_water_is_what_stands_above_it() -> None:
    item = _LEVELS["staff"].instrument(0.5)
    surface = item.landmarks[SegmentClass.SURFACE][1]
    assert item.polygons[SegmentClass.TUBE][:, 1].max() == pytest.approx(surface)
    assert surface < item.outline[:, 1].max() < surface + 0.05 * SIZE
    assert SegmentClass.START not in item.landmarks
    assert SegmentClass.LIQUID not in item.polygons


def test_a_tilted_surface_tilts_in_the_picture() -> None:
    style = replace(sample_level_style(np.random.default_rng(3)), kind="tank", foam=False)
    level = Level(style, SIZE)
    flat, turned = level.instrument(0.5), level.instrument(0.5, 0.3)
    change = np.abs(pixels(flat) - pixels(turned)).max(2) > 12
    x, y = flat.landmarks[SegmentClass.SURFACE]
    left, right = change[:, : int(x) - 5], change[:, int(x) + 5 :]
    # clockwise: the right side goes down, so the left gains liquid above and the right loses it below
    assert np.nonzero(left)[0].mean() < y < np.nonzero(right)[0].mean()


def test_equal_seeds_draw_equal_pixels_and_others_do_not() -> None:
    first, second, other = (draw_level(np.random.default_rng(s), 160) for s in (5, 5, 6))
    assert first.fraction == second.fraction
    assert np.array_equal(first.layers[0].bgra, second.layers[0].bgra)
    assert first.fraction != other.fraction


def test_redrawing_leaves_no_trace() -> None:
    level = gauge("tube", 11)
    before = pixels(level.instrument(0.3))
    level.instrument(0.8, 0.2)
    assert np.array_equal(before, pixels(level.instrument(0.3)))


def test_fractions_are_sometimes_empty_and_sometimes_full() -> None:
    rng = np.random.default_rng(1)
    draws = np.array([sample_fraction(rng) for _ in range(4000)])
    assert 0.06 < (draws <= 0).mean() < 0.10
    assert 0.035 < (draws >= 1).mean() < 0.065


def test_styles_reach_every_kind() -> None:
    rng = np.random.default_rng(2)
    assert {sample_level_style(rng).kind for _ in range(400)} == set(KINDS)


@given(y=st.floats(-2, 12), tilt=st.floats(-1.2, 1.2))
def test_clipping_splits_the_area(y: float, tilt: float) -> None:
    square = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])
    below = clip_below(square, (5.0, y), tilt)
    above = clip_below(square, (5.0, y), tilt + math.pi)
    total = sum(area(part) for part in (below, above) if len(part) > 2)
    assert total == pytest.approx(100, abs=0.05)


_LEVELS = {kind: gauge(kind, 21) for kind in KINDS}


def test_what_an_older_level_left_is_no_line_across_the_glass() -> None:
    """An even one would be the surface, and an empty tube could not be told from a filled one."""
    seen = 0
    for seed in range(40):
        gas = np.full((300, 60, 4), 0.5, np.float32)
        leave_ring(np.random.default_rng(seed), gas, (30, 60, 90))
        change = np.abs(gas - 0.5).max(2)
        seen += bool(change.max() > 5)
        assert (change.min(1) < 0.5 * change.max()).all(), seed
    assert seen > 30


def test_a_staff_says_what_is_printed_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    heights: list[float] = []
    write = Sheet.text

    def text(self: Sheet, said: str, x: float, y: float, *rest: Any) -> None:
        heights.append(y)
        write(self, said, x, y, *rest)

    monkeypatch.setattr(Sheet, "text", text)
    scale = gauge("staff", 4).instrument(0.5).scale
    assert isinstance(scale, LevelScale)
    a_decimetre = float(np.abs(np.diff(sorted(heights))).min())
    (_, low), (_, high) = scale.anchors
    slope = (high - low) / (scale.start[1] - scale.end[1])
    assert slope * a_decimetre == pytest.approx(0.1, rel=1e-3)
