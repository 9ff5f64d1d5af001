"""Sampling of graduations: where the values lie, how marks and numbers look."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from meter_infer.render.canvas import Color
from meter_infer.render.dial_range import Graduation, Rng, choose, number_text, uniform
from meter_infer.render.dial_style import Lettering, Numerals, Point, ScaleStyle, TickRow
from meter_infer.render.text import Font

Anchors = tuple[tuple[float, float], ...]

LITTLE_MISSING = 0.7
"""Share of the scales with a short first interval of which only a few percent of the range are missing."""


@dataclass(frozen=True, slots=True)
class ScaleLook:
    """The looks of a graduation, before it is laid out."""

    center: Point
    r_in: float
    r_out: float
    start: float
    span: float
    ink: Color
    align: str
    """"out": minor marks hang from the outer line; "in": they stand on the inner one; "mid": centred."""
    weight: float
    """Width of a major mark."""
    number_radius: float
    number_height: float
    font: Font
    number_ink: Color
    lettering: Lettering


def straight(low: float, high: float) -> Anchors:
    """Return the anchors of a linear scale."""
    return (0.0, low), (1.0, high)


def compressed_zero(rng: Rng, g: Graduation) -> tuple[Anchors, Graduation]:
    """Return a scale whose first interval is short: the pointer rests on a stop above the true zero.

    The marks that the stop hides are left out, as on real gauges. On most of these (photographs: half of
    those with numbers all around lie between 0.9 and 3.2 %) a few percent of the range are missing; on some,
    most of the first interval.
    """
    first = g.majors[1]
    if rng.random() < LITTLE_MISSING:
        missing = min(
            0.7 * first, (g.high - g.low) * float(np.exp(uniform(rng, np.log(0.006), np.log(0.055))))
        )
    else:
        missing = first * uniform(rng, 0.3, 0.7)
    # the linear part's own zero lies at fraction f0 < 0
    unit = 1.0 / (g.high - g.low - missing)
    f0 = -missing * unit
    rest = sorted(v for v in (*g.middles, *g.minors) if g.low < v < first)
    finest = min(b - a for a, b in pairwise((g.low, *rest, first)))
    shown = [v for v in rest if f0 + v * unit > 0.3 * finest * unit]
    hidden = rng.random()
    if hidden < 0.25:
        shown = []
    elif hidden < 0.5:
        shown = shown[1:]
    lead = min(shown) if shown else first
    anchors: list[tuple[float, float]] = [(0.0, g.low), (f0 + lead * unit, lead)]
    anchors.append((1.0, g.high))
    keep = set(shown)
    return tuple(anchors), replace(
        g,
        middles=tuple(v for v in g.middles if v > first or v in keep),
        minors=tuple(v for v in g.minors if v > first or v in keep),
    )


def moving_iron(rng: Rng, g: Graduation) -> tuple[Anchors, Graduation]:
    """Return an ammeter's scale: crowded at its low end (torque goes with the current's square)."""
    power = uniform(rng, 1.15, 1.9)
    linear = uniform(rng, 0.0, 0.35)
    v = np.linspace(0.0, 1.0, 41)
    f = linear * v + (1 - linear) * v**power
    values = g.low + (g.high - g.low) * v
    anchors = tuple((float(a), float(b)) for a, b in zip(f, values, strict=True))

    def room(value: float) -> bool:
        """Whether a fine mark stands clear of the scale's crowded start."""
        near = float(np.interp(value, values, f))
        step = min((x for x in (*g.minors, *g.middles, *g.majors) if x > value), default=value) - value
        return float(np.interp(value + step, values, f)) - near > 0.006

    majors = g.majors
    if rng.random() < 0.5 and len(majors) > 5:
        majors = (majors[0], *majors[2:])
    return anchors, replace(g, majors=majors, minors=tuple(x for x in g.minors if room(x)))


def overload(rng: Rng, g: Graduation) -> tuple[Anchors, Graduation]:
    """Return a motor ammeter's scale: its end holds multiples of the rated current in a few degrees."""
    at = uniform(rng, 0.78, 0.9)
    factor = choose(rng, (2.0, 3.0, 6.0))
    end = g.high * factor
    return ((0.0, g.low), (at, g.high), (1.0, end)), replace(
        g, high=end, majors=(*g.majors, end) if factor == 2 else (*g.majors, g.high * 2, end)
    )


def compound(rng: Rng, g: Graduation) -> tuple[Anchors, Graduation]:
    """Return a scale with another pitch below zero than above."""
    zero = -g.low / (g.high - g.low)
    at = float(np.clip(zero * uniform(rng, 1.15, 2.2), 0.1, 0.6))
    return ((0.0, g.low), (at, 0.0), (1.0, g.high)), g


def mercury(g: Graduation, above: Graduation, deepest: float, span: float) -> tuple[Anchors, Graduation]:
    """Return a scale that is even in pressure, with its vacuum told in a unit and by marks of its own.

    `above`: the marks from 0 on. `deepest`: what the first mark, below zero, is in their unit, above 0.
    `span`: of the whole scale, radians.
    """
    at = deepest / (deepest + g.high)
    thirds = 3 if g.low == -30.0 else 2
    coarse, fine = next(
        (step, step / parts)
        for step, parts in ((10.0, 5), (10.0, 2), (20.0, 2), (-g.low, thirds), (-g.low, 1))
        if step * at * span / -g.low > np.radians(9.0 if parts > 2 else 5.0) or parts == 1
    )
    below = [-fine * k for k in range(1, int(-g.low / fine + 1e-6) + 1)]
    even = {v for v in below if abs(v / coarse - round(v / coarse)) < 1e-6}
    majors = {v for v in even if v > g.low + 0.8 * coarse} | {g.low}  # no two numbers on each other
    minors = tuple(sorted(v for v in below if v not in majors and v > g.low + 0.5 * fine))
    whole = replace(
        above,
        low=g.low,
        majors=(*sorted(majors), *above.majors),
        minors=(*minors, *above.minors),
        below=coarse,
    )
    return ((0.0, g.low), (at, 0.0), (1.0, g.high)), whole


def retard(rng: Rng, g: Graduation) -> tuple[Anchors, Graduation]:
    """Return a scale whose upper part is compressed."""
    i = len(g.majors) * 2 // 3
    v = (g.majors[i] - g.low) / (g.high - g.low)
    at = min(0.93, v * uniform(rng, 1.08, 1.3))
    if at <= v + 0.01 or i < 1:
        return straight(g.low, g.high), g
    return ((0.0, g.low), (at, g.majors[i]), (1.0, g.high)), g


def fit_height(
    g_labels: tuple[str, ...], fractions: tuple[float, ...], look: ScaleLook, wanted: float
) -> float:
    """Return a numeral height at which neighbours do not touch."""
    height = wanted
    order = np.argsort(fractions)
    for a, b in pairwise(order):
        gap = 2 * look.number_radius * np.sin(min(np.pi / 2, look.span * (fractions[b] - fractions[a]) / 2))
        wide = 0.5 * (len(g_labels[a]) + len(g_labels[b])) * 0.62 * look.font.squeeze
        height = min(height, float(gap) / max(wide * 0.95, 1.15))
    return max(height, 0.03)


def build_scale(
    rng: Rng, g: Graduation, anchors: Anchors, look: ScaleLook, divisor: float = 1.0, only_ends: bool = False
) -> ScaleStyle:
    """Lay a graduation out: marks, lines and numbers."""
    values = np.array([v for _, v in anchors])
    places = np.array([f for f, _ in anchors])
    if values[0] > values[-1]:
        values, places = values[::-1], places[::-1]

    def at(items: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(float(x) for x in np.interp(items, values, places)) if items else ()

    length = look.r_out - look.r_in
    mid_share, minor_share = uniform(rng, 0.6, 0.9), uniform(rng, 0.35, 0.65)
    if rng.random() < 0.1:
        mid_share = minor_share = 1.0
    minor_weight = look.weight * uniform(rng, 0.28, 0.65)

    def reach(share: float) -> tuple[float, float]:
        if look.align == "out":
            return look.r_out - length * share, look.r_out
        if look.align == "in":
            return look.r_in, look.r_in + length * share
        return look.r_in + length * (1 - share) / 2, look.r_out - length * (1 - share) / 2

    taper = uniform(rng, 0.2, 0.6) if rng.random() < 0.1 else 1.0
    dots = rng.random() < 0.03
    fine: Color = look.ink if rng.random() < 0.9 else (110, 110, 115)
    rows = [
        TickRow(at(g.minors), *reach(minor_share), (minor_weight, minor_weight), fine, dots),
        TickRow(at(g.middles), *reach(mid_share), (minor_weight * 1.15,) * 2, look.ink),
        TickRow(at(g.majors), look.r_in, look.r_out, (look.weight * taper, look.weight), look.ink),
    ]
    rows = [r for r in rows if r.fractions]
    lines: list[tuple[float, float, Color]] = []
    kind = choose(rng, ("none", "outer", "inner", "both"), (45, 26, 20, 9))
    line = look.weight * uniform(rng, 0.25, 0.8)
    if look.align == "out" and kind in ("outer", "both"):
        lines.append((look.r_out - line / 2, line, look.ink))
    if (look.align == "in" and kind != "none") or kind == "both":
        lines.append((look.r_in + line / 2, line, look.ink))
    shown = [v for v in g.majors if _numbered(v, g, only_ends)]
    every = 1
    if len(shown) > 13 and not only_ends:
        every = 2
        shown = [v for i, v in enumerate(shown) if i % every == 0 or v == g.high]
    comma, bare = rng.random() < 0.14, rng.random() < 0.05
    texts = tuple(number_text(v / divisor, g.step / divisor, comma, bare) for v in shown)
    fractions = at(tuple(shown))
    height = fit_height(texts, fractions, look, look.number_height)
    numerals = None
    if texts:
        numerals = Numerals(
            tuple(zip(fractions, texts, strict=True)),
            tuple(round(v, 9) for v in shown),  # without what adding up their steps has left behind
            look.number_radius,
            height,
            look.font,
            look.number_ink,
            look.lettering,
        )
    return ScaleStyle(
        look.center,
        look.r_in,
        look.r_out,
        look.start,
        look.span,
        anchors,
        tuple(rows),
        tuple(lines),
        numerals,
    )


def _numbered(value: float, g: Graduation, only_ends: bool) -> bool:
    if only_ends:
        return value in (g.low, g.high) or abs(value - (g.low + g.high) / 2) < 1e-9
    step = g.step if g.below is None or value >= 0.0 else g.below
    odd_end = abs(value / step - round(value / step)) > 1e-6
    return not odd_end or value == g.high or (g.below is not None and value == g.low)


def agreeing(
    main: ScaleStyle, low: float, high: float, ratio: float, offset: float, look: ScaleLook
) -> tuple[Anchors, ScaleLook]:
    """Return anchors and looks of a second scale in another unit that agrees with the main one.

    Its ends are `low` and `high` in its own unit; value = main's value * ratio + offset.
    """
    f0, f1 = main.fraction((low - offset) / ratio), main.fraction((high - offset) / ratio)
    if f1 < f0:
        f0, f1 = f1, f0
    inner = [(f, v * ratio + offset) for f, v in main.anchors if f0 + 1e-6 < f < f1 - 1e-6]
    knots = [(f0, main.value(f0) * ratio + offset), *inner, (f1, main.value(f1) * ratio + offset)]
    anchors = tuple(((f - f0) / (f1 - f0), v) for f, v in knots)
    return anchors, replace(look, start=main.angle(f0), span=main.span * (f1 - f0))
