"""Sampling of whole dials: families of instruments as they are met in plants, workshops and cars."""

from dataclasses import replace

import numpy as np

from meter_infer.evaluation.labels import COMPRESSED_ZERO
from meter_infer.render import dial_range as ranges
from meter_infer.render import dial_scale_sample as scales
from meter_infer.render import dial_units as units
from meter_infer.render.bezel_sample import sample_bezel
from meter_infer.render.canvas import Color
from meter_infer.render.dial_extras import Bare, sample_extras
from meter_infer.render.dial_family import FAMILIES, Family, sample_place
from meter_infer.render.dial_range import Rng, choose, uniform
from meter_infer.render.dial_style import DialStyle, FaceStyle, Lettering, ScaleStyle, Shape
from meter_infer.render.pointer_sample import (
    BLACK,
    BLUE,
    ORANGE,
    RED,
    STEEL,
    WHITE,
    YELLOW,
    sample_hub,
    sample_pointer,
    vary,
)
from meter_infer.render.text import Font

_LIGHT = (
    ((240, 243, 244), 40),
    ((228, 230, 230), 14),
    ((250, 250, 250), 12),
    ((214, 230, 238), 10),
    ((186, 212, 226), 6),
    ((205, 210, 210), 8),
    ((232, 228, 218), 6),
    ((190, 196, 198), 4),
)
_DARK = (
    ((22, 21, 21), 60),
    ((40, 38, 38), 20),
    ((70, 45, 25), 8),
    ((60, 60, 60), 8),
    ((40, 60, 30), 2),
    ((30, 30, 110), 2),
)
_FONTS = (
    "sans",
    "sans-bold",
    "din",
    "grotesk",
    "grotesk-narrow",
    "grotesk-narrow-bold",
    "engraved",
    "engraved-narrow",
    "serif-bold",
    "sans-bold-italic",
    "uni",
    "rubik",
)


def sample_dial_style(rng: Rng, family: Family | None = None) -> DialStyle:
    """Return a dial's style.

    Args:
        rng: randomness.
        family: the family of instruments; sampled if None.
    """
    if family is None:
        family = choose(rng, tuple(FAMILIES), tuple(FAMILIES.values()))
    dark = rng.random() < family.dark
    palette = _DARK if dark else _LIGHT
    paper = vary(rng, choose(rng, tuple(c for c, _ in palette), tuple(w for _, w in palette)), 6)
    ink = _ink(rng, dark)
    if rng.random() < 0.1:  # bleached by the sun
        ink = mix(ink, paper, uniform(rng, 0.25, 0.65))
    shape = Shape.SQUARE if rng.random() < family.square else Shape.ROUND
    bezel = sample_bezel(rng, shape, family)
    place = sample_place(rng, family, shape, bezel)
    if place.cover is not None:
        bezel = replace(bezel, cover=place.cover)

    low, high, unit = family.range(rng)
    graduation = ranges.graduate(rng, low, high, unit, place.span, family.intervals)
    anchors, graduation, tag = _law(rng, graduation, family, place.span)
    room = place.outer
    numbers_outside = rng.random() < family.outside
    major = uniform(rng, *family.mark_length) * min(1.0, room / 0.8)
    dense = len(graduation.majors) > 9
    wanted = uniform(rng, 0.085, 0.125) if dense else uniform(rng, 0.1, family.number_height)
    wanted *= min(1.0, room / 0.75)
    r_out = room * uniform(rng, 0.955, 1.0)
    if numbers_outside:
        wanted = min(wanted, 0.12)
        r_out = room - 1.45 * wanted - uniform(rng, 0.0, 0.05)
    r_in = r_out - major
    font = Font(choose(rng, _FONTS, (20, 12, 16, 14, 9, 8, 6, 5, 4, 1, 4, 1)), uniform(rng, 0.78, 1.05))
    gap = uniform(rng, 0.025, 0.06)
    radius = r_out + 0.75 * wanted + 0.02 if numbers_outside else r_in - gap - 0.75 * wanted
    lettering = Lettering.RADIAL if rng.random() < (0.35 if numbers_outside else 0.1) else Lettering.UPRIGHT
    number_ink = ink
    if rng.random() < 0.07:
        number_ink = vary(rng, choose(rng, (ORANGE, YELLOW, WHITE) if dark else (RED, BLUE, (40, 40, 40))))
    look = scales.ScaleLook(
        place.center,
        r_in,
        r_out,
        place.start,
        place.span,
        ink,
        choose(rng, ("out", "in", "mid"), (58, 36, 6)),
        uniform(rng, 0.009, 0.026 if not dark else 0.036),
        radius,
        wanted,
        font,
        number_ink,
        lettering,
    )
    main = scales.build_scale(rng, graduation, anchors, look, only_ends=rng.random() < 0.02)
    taken = r_in if numbers_outside else radius - 0.8 * (main.numerals.height if main.numerals else 0.05)
    tags = {tag} if tag else set()
    extra: list[ScaleStyle] = []
    if rng.random() < family.second:
        second, taken, label = _second(rng, main, look, taken, numbers_outside, unit, dark)
        if second is not None:
            extra.append(second)
            tags.add("two_scales")
    else:
        label = ""
    linear = not tag
    if tag:
        tags.add("nonlinear")
    if dark:
        tags.add("dark_face")
    if shape is Shape.SQUARE:
        tags.add("square")

    pointer_ink = _pointer_ink(rng, dark, family)
    reach = r_in * (uniform(rng, 0.86, 1.02) if rng.random() < 0.8 else uniform(rng, 0.55, 1.05))
    if extra and not numbers_outside and rng.random() < 0.3:
        reach = r_in * uniform(rng, 0.8, 0.95)
    eccentric = rng.normal(0.0, 0.006, 2) if rng.random() < 0.35 else np.zeros(2)
    pivot = (place.center[0] + float(eccentric[0]), place.center[1] + float(eccentric[1]))
    tail_room = (
        max(0.06, bezel.inner - float(np.hypot(*pivot)) - 0.02)
        if shape is Shape.ROUND
        else max(0.06, place.tail_room)
    )
    pointer = sample_pointer(rng, reach, pointer_ink, tail_room, family.pointer, dark)
    bezel = replace(bezel, height=max(bezel.height, 1.3 * pointer.height))
    hub = sample_hub(rng, pointer_ink, family.pointer)
    rest = main.fraction(0.0) if low < 0.0 <= high else 0.0
    light_angle = uniform(rng, -np.pi, 0.0) if rng.random() < 0.85 else uniform(rng, 0.0, np.pi)
    worn = rng.random()
    face = FaceStyle(
        color=paper,
        light=uniform(rng, 0.0, 0.25),
        light_angle=light_angle,
        mottle=uniform(rng, 0.0, 0.8) if worn > 0.4 else 0.0,
        dirt=uniform(rng, 0.2, 0.9) if worn > 0.82 else 0.0,
        scratches=int(rng.integers(1, 8)) if worn > 0.85 else 0,
        brushed=uniform(rng, 0.2, 0.8) if rng.random() < 0.04 else 0.0,
        shade=uniform(rng, 0.0, 0.7),
    )
    extras = sample_extras(
        rng, Bare(family, shape, bezel, place, main, max(taken, 0.2), ink, unit, label, pointer)
    )
    soft = uniform(rng, 0.3, 2.2)
    return DialStyle(
        seed=int(rng.integers(2**31)),
        shape=shape,
        face=face,
        bezel=bezel,
        main=main,
        extra_scales=tuple(extra),
        sectors=extras.sectors,
        prints=extras.prints,
        marks=extras.marks,
        pivot=pivot,
        pointer=pointer,
        hub=hub,
        hands=extras.hands,
        front=extras.front,
        fill_line=extras.fill_line,
        shadow=(
            -soft * float(np.cos(light_angle)),
            -soft * float(np.sin(light_angle)),
            uniform(rng, 0.1, 0.6) if rng.random() < 0.8 else 0.0,
        ),
        rest=rest,
        unit=unit,
        linear=linear,
        tags=frozenset(tags | extras.tags),
    )


def mix(a: Color, b: Color, share: float) -> Color:
    """Return a colour between two: `share` of the second."""
    x, y, z = (round(p + (q - p) * share) for p, q in zip(a, b, strict=True))
    return x, y, z


def _ink(rng: Rng, dark: bool) -> Color:
    if dark:
        return vary(
            rng,
            choose(rng, ((240, 240, 240), (200, 215, 225), (90, 230, 190), (40, 190, 240)), (78, 12, 5, 5)),
            8,
        )
    return vary(
        rng, choose(rng, ((20, 18, 18), (45, 42, 40), (110, 50, 20), (70, 70, 72)), (76, 14, 6, 4)), 6
    )


def _pointer_ink(rng: Rng, dark: bool, family: Family) -> Color:
    if dark:
        bright = (WHITE, RED, ORANGE, YELLOW, STEEL, (200, 160, 60))
        return vary(rng, choose(rng, bright, (38, 24, 20, 9, 6, 2)), 12)
    red = 16.0 if family.pointer in ("car", "panel") else 5.0
    colors = (BLACK, RED, BLUE, ORANGE, (60, 60, 62), STEEL, YELLOW)
    return vary(rng, choose(rng, colors, (76.0, red, 4.0, 3.0, 6.0, 1.2, 0.6)), 8)


def _law(
    rng: Rng, g: ranges.Graduation, family: Family, span: float
) -> tuple[scales.Anchors, ranges.Graduation, str]:
    """Choose how values lie along the scale."""
    kind = choose(rng, ("linear", "zero", "iron", "overload", "compound", "retard"), family.laws)
    deepest = units.MERCURY.get((g.unit, g.low))
    if deepest is not None:
        room = span * g.high / (deepest + g.high)
        above = ranges.graduate(rng, 0.0, g.high, g.unit, room, family.intervals)
        anchors, g = scales.mercury(g, above, deepest, span)
        return anchors, g, "compound"
    if kind == "zero" and g.low == 0 and len(g.majors) > 2:
        anchors, g = scales.compressed_zero(rng, g)
        return anchors, g, COMPRESSED_ZERO
    if kind == "iron" and g.low == 0:
        anchors, g = scales.moving_iron(rng, g)
        return anchors, g, "moving_iron"
    if kind == "overload" and g.low == 0:
        anchors, g = scales.overload(rng, g)
        return anchors, g, "overload"
    if kind == "compound" and g.low < 0 < g.high and 0.0 in g.majors:
        anchors, g = scales.compound(rng, g)
        return anchors, g, "compound"
    if kind == "retard" and len(g.majors) > 4:
        anchors, g = scales.retard(rng, g)
        return anchors, g, "retard"
    if rng.random() < family.reversed:
        return ((0.0, g.high), (1.0, g.low)), g, ""
    return scales.straight(g.low, g.high), g, ""


def _second(
    rng: Rng, main: ScaleStyle, look: scales.ScaleLook, taken: float, outside: bool, unit: str, dark: bool
) -> tuple[ScaleStyle | None, float, str]:
    """Return a second scale inside the first, the radius left free, and its unit."""
    values = [v for _, v in main.anchors]
    found = units.second_range(rng, min(values), max(values), unit)
    if found is None or values[0] > values[-1]:
        return None, taken, ""
    low, high, other, ratio, offset = found
    ink = vary(rng, choose(rng, (RED, (150, 70, 20), look.ink, (60, 120, 20)), (62, 10, 24, 4)), 8)
    if dark and sum(ink) < 200:
        ink = look.ink
    out = taken - (0.008 if outside else uniform(rng, 0.015, 0.05))
    if out < 0.32:
        return None, taken, ""
    length = uniform(rng, 0.04, 0.075)
    height = min(look.number_height * uniform(rng, 0.6, 0.95), out * 0.2)
    inside = outside or rng.random() < 0.75
    r_out = out if inside else out - 1.4 * height
    radius = r_out - length - 0.02 - 0.7 * height if inside else r_out + 0.02 + 0.7 * height
    sub = replace(
        look,
        r_out=r_out,
        r_in=r_out - length,
        ink=ink,
        number_ink=ink,
        number_radius=radius,
        number_height=height,
        align=choose(rng, ("out", "in"), (80, 20) if inside else (30, 70)),
        weight=look.weight * uniform(rng, 0.6, 1.0),
    )
    anchors, sub = scales.agreeing(main, low, high, ratio, offset, sub)
    if sub.span < 0.5:
        return None, taken, ""
    ends = anchors[0][1], anchors[-1][1]
    g = ranges.graduate(rng, low, high, other, sub.span, (3, 10))
    keep = tuple(v for v in g.majors if ends[0] - 1e-6 <= v <= ends[1] + 1e-6)
    g = replace(g, majors=keep)
    scale = scales.build_scale(rng, g, anchors, sub)
    left = radius - 0.8 * height if inside else r_out - length
    return scale, left, other
