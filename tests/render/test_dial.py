"""Dials: what is drawn must lie where the truth says."""

from dataclasses import replace
from itertools import pairwise
from math import atan2, cos, hypot, pi, sin

import cv2
import numpy as np
import pytest

from meter_infer.render.canvas import OUTER, Canvas
from meter_infer.render.dial import Dial, DialStyle, draw_dial, sample_dial_style, sample_fraction
from meter_infer.render.dial_face import paint_face
from meter_infer.render.dial_style import HubStyle, Shape
from meter_infer.render.model import DialScale
from meter_infer.render.pointer_sample import LONGEST_TAIL
from meter_infer.types import MeterKind, SegmentClass

SIZE = 512


def style_of(seed: int) -> DialStyle:
    return sample_dial_style(np.random.default_rng(seed))


def bare(style: DialStyle) -> DialStyle:
    """The style without anything that could cover the pointer or the marks."""
    face = replace(style.face, mottle=0.0, dirt=0.0, scratches=0, brushed=0.0, shade=0.0, light=0.0)
    hub, pointer = HubStyle((), 0.0, 0.0, 0.0), replace(style.pointer, holes=())
    style = replace(style, face=face, hands=(), front=(), fill_line=None, hub=hub, pointer=pointer)
    return replace(style, marks=(), prints=(), sectors=(), extra_scales=())


@pytest.mark.parametrize("seed", range(8))
def test_same_seed_same_pixels(seed: int) -> None:
    a = draw_dial(np.random.default_rng(seed), 160)
    b = draw_dial(np.random.default_rng(seed), 160)
    assert len(a.layers) == len(b.layers)
    for x, y in zip(a.layers, b.layers, strict=True):
        assert x.height == y.height
        assert np.array_equal(x.bgra, y.bgra)
    assert a.fraction == b.fraction
    assert a.scale == b.scale


def test_other_seeds_other_dials() -> None:
    faces = {draw_dial(np.random.default_rng(seed), 64).layers[0].bgra.tobytes() for seed in range(12)}
    assert len(faces) == 12


def test_a_redrawn_pointer_leaves_the_rest_alone() -> None:
    style = style_of(3)
    dial = Dial(style, 200)
    first, again, other = dial.instrument(0.2), dial.instrument(0.2), dial.instrument(0.8)
    fresh = Dial(style, 200).instrument(0.2)
    for a, b, c in zip(first.layers, again.layers, fresh.layers, strict=True):
        assert np.array_equal(a.bgra, b.bgra)
        assert np.array_equal(a.bgra, c.bgra)
    changed = [not np.array_equal(a.bgra, b.bgra) for a, b in zip(first.layers, other.layers, strict=True)]
    assert 1 <= sum(changed) <= 2  # the pointer's sheet, and the face under its shadow


@pytest.mark.parametrize("seed", range(14))
def test_pointer_polygon_covers_the_pointer(seed: int) -> None:
    style = bare(style_of(seed))
    if style.bezel.cover is not None:
        style = replace(style, bezel=replace(style.bezel, cover=None))
    fraction = float(np.random.default_rng(seed).uniform(0, 1))
    shot = Dial(style, SIZE).instrument(fraction)
    sheet = next(
        x for x in shot.layers if x.height == pytest.approx(style.pointer.height * OUTER * SIZE) and x.glass
    )
    alpha = sheet.bgra[..., 3].astype(np.float64) / 255
    polygon = shot.polygons[SegmentClass.POINTER]
    big = np.zeros((SIZE * 8, SIZE * 8), np.uint8)
    cv2.fillPoly(big, [np.rint((polygon * 8 - 0.5) * 16).astype(np.int32)], (255,), cv2.LINE_8, 4)
    truth = cv2.resize(big, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.float64) / 255
    axis = np.arange(SIZE) + 0.5

    def centroid(w: np.ndarray) -> tuple[float, float]:
        return float((w.sum(0) * axis).sum() / w.sum()), float((w.sum(1) * axis).sum() / w.sum())

    (ax, ay), (bx, by) = centroid(alpha), centroid(truth)
    angle = Dial(style, 16).pointer_angle(fraction)
    across = (ay - by) * cos(angle) - (ax - bx) * sin(angle)
    assert abs(across) < 0.1
    # along the needle there is more play: a hair-thin tip is drawn no thinner than it can be
    assert hypot(ax - bx, ay - by) < 2.0
    both = np.minimum(alpha, truth).sum()
    assert both / np.maximum(alpha, truth).sum() > 0.8


@pytest.mark.parametrize("seed", range(40))
def test_pointer_meets_the_scale_where_the_fraction_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    style = sample_dial_style(rng)
    shot = Dial(style, 128).instrument(float(rng.uniform(-0.02, 1.02)))
    scale = shot.scale
    assert isinstance(scale, DialScale)
    (px, py), (tx, ty) = shot.landmarks[SegmentClass.PIVOT], shot.landmarks[SegmentClass.TIP]
    a = scale.start_angle + scale.span * shot.fraction
    x, y = scale.center[0] + scale.radius * cos(a), scale.center[1] + scale.radius * sin(a)
    off = atan2(y - py, x - px) - atan2(ty - py, tx - px)
    assert abs((off + pi) % (2 * pi) - pi) < 1e-9
    for cls, fraction in ((SegmentClass.START, 0.0), (SegmentClass.END, 1.0)):
        a = scale.start_angle + scale.span * fraction
        expected = scale.center[0] + scale.radius * cos(a), scale.center[1] + scale.radius * sin(a)
        assert shot.landmarks[cls] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(30))
def test_major_marks_stand_at_their_values(seed: int) -> None:
    style = bare(style_of(seed))
    main = style.main
    majors = main.rows[-1]
    main = replace(main, rows=(replace(majors, color=(0, 0, 0)),), lines=(), numerals=None)
    style = replace(style, main=main, face=replace(style.face, color=(255, 255, 255)))
    grey = paint_face(style, SIZE)[..., 1].astype(np.float32)
    unit = OUTER * SIZE
    radii = np.linspace(main.r_in + 0.01, main.r_out - 0.01, 12)
    for f in majors.fractions:
        angle = main.angle(f) + np.linspace(-0.045, 0.045, 181)
        x = (main.center[0] + radii[:, None] * np.cos(angle)) * unit + SIZE / 2 - 0.5
        y = (main.center[1] + radii[:, None] * np.sin(angle)) * unit + SIZE / 2 - 0.5
        if x.min() < 1 or y.min() < 1 or x.max() > SIZE - 2 or y.max() > SIZE - 2:
            continue
        ink = 255 - cv2.remap(grey, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR).mean(axis=0)
        near = [g for g in majors.fractions if g != f and abs(g - f) * main.span < 0.08]
        if near or ink.max() < 40:
            assert near
            continue
        off_px = float(((angle - main.angle(f)) * ink).sum() / ink.sum()) * main.r_in * unit
        assert abs(off_px) < 0.3


@pytest.mark.parametrize("seed", range(100))
def test_styles_are_consistent(seed: int) -> None:
    style = style_of(seed)
    main = style.main
    fractions = [f for f, _ in main.anchors]
    values = [v for _, v in main.anchors]
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert all(b > a for a, b in pairwise(fractions))
    rising = values[-1] > values[0]
    assert all((b > a) == rising for a, b in pairwise(values))
    assert np.radians(79.9) <= main.span <= np.radians(340.1)
    assert 0.05 < main.r_in < main.r_out
    for f in np.linspace(0, 1, 23):
        assert main.fraction(main.value(float(f))) == pytest.approx(f, abs=1e-6)
    assert style.pointer.tip > 0.4 * main.r_in
    if style.shape is Shape.ROUND:
        reach = np.hypot(*np.array([main.point(f, main.r_out) for f in np.linspace(0, 1, 9)]).T)
        assert reach.max() <= style.bezel.inner + 1e-6
    # the numbers printed are the values at their places
    for scale in (main, *style.extra_scales):
        if scale.numerals is None:
            continue
        ratios = []
        for f, text in scale.numerals.labels:
            number = float(text.replace(",", "."))
            tolerance = 0.51 * 10.0 ** -len(text.replace(",", ".").partition(".")[2])
            ratios.append(abs(number - scale.value(f)) <= tolerance)
        assert all(ratios)


def test_sampling_covers_what_is_met_in_the_field() -> None:
    rng = np.random.default_rng(0)
    styles = [sample_dial_style(rng) for _ in range(500)]
    tags = [tag for s in styles for tag in s.tags]
    expected = {
        "set_hand": 60, "two_scales": 60, "nonlinear": 100, "compressed_zero": 60, "dark_face": 40,
        "square": 25, "sub_dial": 5, "sticker": 30, "filled": 25, "mirror": 4,
    }  # fmt: skip
    for tag, least in expected.items():
        assert tags.count(tag) >= least, tag
    degrees = np.degrees([s.main.span for s in styles])
    assert ((degrees >= 235) & (degrees <= 305)).mean() > 0.55
    assert (degrees < 130).mean() > 0.08
    assert min(min(v for _, v in s.main.anchors) for s in styles) < 0
    rest = [sample_fraction(rng, s) for s in styles]
    assert 0.1 < np.mean([abs(f - s.rest) < 0.021 for f, s in zip(rest, styles, strict=True)]) < 0.3


def test_truth_of_an_instrument() -> None:
    shot = draw_dial(np.random.default_rng(11), 256, 0.5)
    assert shot.kind is MeterKind.POINTER
    assert shot.fraction == 0.5
    assert shot.range == (shot.scale.anchors[0][1], shot.scale.anchors[-1][1])
    assert sum(layer.glass for layer in shot.layers) == 1
    for layer in shot.layers:
        assert layer.bgra.shape == (256, 256, 4)
        assert layer.bgra.dtype == np.uint8
    assert shot.outline.min() == pytest.approx(256 * 0.05, abs=0.6)
    assert shot.outline.max() == pytest.approx(256 * 0.95, abs=0.6)


@pytest.mark.parametrize("seed", range(20))
def test_the_glass_lies_between_pointer_and_rim(seed: int) -> None:
    shot = draw_dial(np.random.default_rng(seed), 48)
    assert sum(layer.glass for layer in shot.layers) == 1
    glass = next(layer for layer in shot.layers if layer.glass)
    assert shot.heights[SegmentClass.POINTER] <= glass.height <= shot.layers[-1].height
    assert max(layer.height for layer in shot.layers) == shot.layers[-1].height


def test_a_fill_keeps_its_area() -> None:
    canvas = Canvas(SIZE, (0, 0, 0))
    canvas.bars((0.0, 0.0), np.array([0.3]), 0.2, 0.8, (0.03, 0.03), (255, 255, 255))
    area = canvas.finish()[..., 0].sum() / 255 / (OUTER * SIZE) ** 2
    assert area == pytest.approx(0.6 * 0.03, rel=0.05)


def test_a_tail_is_shorter_than_its_pointer() -> None:
    profiles = [style_of(seed).pointer.profile for seed in range(300)]
    tails = [-profile[0][0] / profile[-1][0] for profile in profiles]

    assert max(tails) <= LONGEST_TAIL + 1e-9
    assert min(tails) < 0.3
    assert sum(tail > 0.5 for tail in tails) > 10  # long ones are still drawn


def test_a_vacuum_in_inches_of_mercury_has_marks_of_its_own() -> None:
    """Such a gauge is even in pressure: 30 inHg are 14.7 psi."""
    found = [
        style for style in map(style_of, range(1500))
        if style.unit == "psi" and style.main.anchors[0] == (0.0, -30.0)
    ]  # fmt: skip
    assert len(found) > 20
    for style in found:
        high = style.main.anchors[-1][1]
        assert "compound" in style.tags
        assert "nonlinear" in style.tags
        assert style.main.fraction(0.0) == pytest.approx(14.7 / (14.7 + high), abs=0.005)
        assert not style.extra_scales
        zero = style.main.fraction(0.0)
        narrow = zero * style.main.span < np.radians(16.0)
        assert narrow or any(0.01 < each < zero - 0.005 for row in style.main.rows for each in row.fractions)
        assert style.main.numerals is not None
        assert any("30" in text for fraction, text in style.main.numerals.labels if fraction == 0.0)
