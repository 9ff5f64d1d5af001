"""Sampling of what else is on a dial: sectors, stickers, and hands that are not the pointer."""

from dataclasses import dataclass

import numpy as np

from meter_infer.render.canvas import Color
from meter_infer.render.dial_family import Family, Place
from meter_infer.render.dial_lettering import Layout, sample_lettering
from meter_infer.render.dial_range import Rng, choose, uniform
from meter_infer.render.dial_style import (
    BezelStyle,
    ExtraHand,
    FrontMark,
    HandStyle,
    Mark,
    Print,
    ScaleStyle,
    Sector,
    Shape,
)
from meter_infer.render.pointer_sample import RED, sample_set_hand, vary

_SAFE: tuple[Color, ...] = ((70, 160, 60), (90, 190, 90), (40, 110, 30))
_WARN: tuple[Color, ...] = ((30, 200, 240), (40, 170, 250), (60, 220, 250))
_STOP: tuple[Color, ...] = ((40, 30, 205), (50, 50, 230), (30, 20, 160))
_OVALS: tuple[Color, ...] = ((110, 140, 20), (90, 150, 40), (170, 110, 20), (120, 160, 30))
_PAPERS: tuple[Color, ...] = ((235, 238, 238), (120, 220, 240), (150, 220, 160), (200, 200, 240))


@dataclass(frozen=True, slots=True)
class Extras:
    """What `sample_extras` found."""

    sectors: tuple[Sector, ...]
    prints: tuple[Print, ...]
    marks: tuple[Mark, ...]
    hands: tuple[ExtraHand, ...]
    front: tuple[FrontMark, ...]
    fill_line: float | None
    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bare:
    """A dial as far as it has been sampled before its extras."""

    family: Family
    shape: Shape
    bezel: BezelStyle
    place: Place
    main: ScaleStyle
    free: float
    """Radius about the scale's centre that marks and numbers leave empty."""
    ink: Color
    unit: str
    second_unit: str
    pointer: HandStyle


def _seed(rng: Rng) -> int:
    return int(rng.integers(2**31))


def _sectors(rng: Rng, main: ScaleStyle, room: float, free: float) -> list[Sector]:
    """Coloured parts of the scale: thin bands along the marks, wedges, or a single red end."""
    kind = choose(rng, ("along", "inside", "outside", "wedge", "behind"), (34, 22, 16, 10, 18))
    r_in, r_out = main.r_in, main.r_out
    thick = uniform(rng, 0.015, 0.06)
    r0, r1 = {
        "along": (r_in, r_out), "inside": (r_in - thick, r_in - 0.004),
        "outside": (r_out + 0.004, min(r_out + thick, room)), "wedge": (free * uniform(rng, 0.0, 0.6), r_in),
        "behind": (r_in, r_in + (r_out - r_in) * uniform(rng, 0.3, 0.7)),
    }[kind]  # fmt: skip
    if r1 - r0 < 0.008:
        return []
    a, b = (float(v) for v in np.sort(rng.uniform(0.02, 0.98, 2)))
    alpha = 1.0 if rng.random() < 0.7 else uniform(rng, 0.35, 0.9)
    safe, warn, stop = (vary(rng, choose(rng, palette)) for palette in (_SAFE, _WARN, _STOP))
    cold, plain = vary(rng, (190, 110, 40)), choose(rng, (stop, stop, vary(rng, (180, 120, 60)), warn))
    schemes: tuple[list[tuple[float, float, Color]], ...] = (
        [(0.0, a, safe), (a, b, warn), (b, 1.0, stop)],
        [(0.0, a, stop), (a, b, safe), (b, 1.0, stop)],
        [(a, b, safe)],
        [(max(b, 0.6), 1.0, stop)],
        [(0.0, min(a, 0.4), cold), (max(b, 0.5), 1.0, stop)],
        [(0.0, 1.0, plain)],
    )
    return [Sector(f0, f1, r0, r1, color, alpha) for f0, f1, color in choose(rng, schemes)]


def _printed_limits(rng: Rng, bare: Bare, tags: set[str]) -> list[Sector]:
    """Lines on the face that look like pieces of a hand: a red limit, a bold crossed zero; a mirror."""
    out: list[Sector] = []
    m = bare.main
    if rng.random() < 0.06:
        f, wide = uniform(rng, 0.2, 0.98), uniform(rng, 0.004, 0.01)
        tone = vary(rng, RED) if rng.random() < 0.8 else vary(rng, (60, 150, 50))
        out.append(Sector(f - wide / 2, f + wide / 2, m.r_in * uniform(rng, 0.55, 1.0), m.r_out, tone))
        tags.add("set_hand")
    if rng.random() < 0.05:
        at = uniform(rng, 0.85, 0.95) * m.r_in
        half = 0.006 / m.span * uniform(rng, 2.0, 5.0)
        out.append(Sector(-half / 2, half / 2, at, m.r_out, bare.ink))
        if rng.random() < 0.6:
            out.append(Sector(-3 * half, 3 * half, at - 0.015, at + 0.01, bare.ink))
    if rng.random() < bare.family.mirror and bare.free > 0.3:
        r1 = m.r_in - uniform(rng, 0.005, 0.03)
        r0 = r1 - uniform(rng, 0.05, 0.1)
        tone = choose(rng, ((205, 208, 208), (170, 172, 172), (225, 224, 220), (140, 146, 150)))
        out.append(Sector(-0.02, 1.02, r0, r1, tone))
        out.append(Sector(-0.02, 1.02, r0 + (r1 - r0) * 0.55, r0 + (r1 - r0) * 0.75, (245, 246, 246), 0.6))
        tags.add("mirror")
    return out


def _stickers(rng: Rng, bare: Bare, tags: set[str]) -> list[Mark]:
    if rng.random() > (0.22 if bare.family.chinese > 0.1 else 0.05):
        return []
    kind = choose(rng, ("oval", "label", "code"), (66, 22, 12))
    a = uniform(rng, 0.25, 0.75) * np.pi if rng.random() < 0.75 else uniform(rng, 0, 2) * np.pi
    r = bare.bezel.inner * uniform(rng, 0.5, 0.78)
    color = vary(rng, choose(rng, _OVALS if kind == "oval" else _PAPERS))
    at = r * float(np.cos(a)), r * float(np.sin(a))
    tags.add("sticker")
    return [Mark(kind, at, uniform(rng, 0.13, 0.27), color, _seed(rng), float(rng.normal(0, 0.25)))]


def _hardware(rng: Rng, bare: Bare, layout: Layout, tags: set[str]) -> list[Mark]:
    """Screws, stop pins, small dials."""
    marks: list[Mark] = []
    round_face = bare.shape is Shape.ROUND and bare.place.center == (0.0, 0.0)
    if round_face and rng.random() < 0.28:
        y, x, r = bare.free * uniform(rng, 0.35, 0.75), uniform(rng, 0.08, 0.18), uniform(rng, 0.022, 0.045)
        metal = choose(rng, ((90, 150, 190), (185, 187, 187), (150, 150, 150)))
        marks += [Mark("screw", (s * x, y), r, metal, _seed(rng), uniform(rng, 0, 3.1)) for s in (-1, 1)]
    if rng.random() < bare.family.sub_dials:
        tags.add("sub_dial")
        r = min(bare.free * 0.42, 0.3)
        for _ in range(1 if rng.random() < 0.6 else 2):
            at = layout.take(rng, 1.7 * r, 1.7 * r, None, bare.free * 0.5)
            if at is not None:
                marks.append(Mark("sub_dial", at, r, bare.ink, _seed(rng)))
    if rng.random() < 0.3 and bare.main.anchors[0][1] == 0:
        at = bare.main.point(-uniform(rng, 0.004, 0.03), bare.main.r_in * uniform(rng, 0.55, 0.95))
        marks.append(Mark("pin", at, uniform(rng, 0.012, 0.025), (170, 172, 172), 0))
    return marks


def sample_extras(rng: Rng, bare: Bare) -> Extras:
    """Return what else is on the dial."""
    tags: set[str] = set()
    sectors = (
        _sectors(rng, bare.main, bare.place.outer, bare.free) if rng.random() < bare.family.sectors else []
    )
    sectors += _printed_limits(rng, bare, tags)
    layout = Layout(bare.place, bare.free, bare.bezel)
    marks = _hardware(rng, bare, layout, tags)
    prints, more = sample_lettering(
        rng, bare.family, layout, bare.place, bare.ink, bare.unit, bare.second_unit
    )
    marks += more + _stickers(rng, bare, tags)
    hands, front = _distractors(rng, bare, tags)
    fill = None
    if bare.shape is Shape.ROUND and rng.random() < 0.14:
        fill = -bare.bezel.inner * uniform(rng, 0.35, 0.9)
        tags.add("filled")
    return Extras(
        tuple(sectors), tuple(prints), tuple(marks), tuple(hands), tuple(front), fill, frozenset(tags)
    )


def _distractors(rng: Rng, bare: Bare, tags: set[str]) -> tuple[list[ExtraHand], list[FrontMark]]:
    """Hands and marks that are not the pointer."""
    hands: list[ExtraHand] = []
    front: list[FrontMark] = []
    kind = choose(rng, ("none", "hand", "two", "tape", "clip", "rim"), (77, 8, 4, 5, 4, 2))
    if kind == "none":
        return hands, front
    inner = bare.bezel.inner
    flat = bare.shape is Shape.ROUND and bare.place.center == (0.0, 0.0)
    if kind not in ("hand", "two") and not flat:
        return hands, front
    tags.add("set_hand")
    for _ in range(2 if kind == "two" else int(rng.integers(1, 4)) if kind in ("tape", "clip") else 1):
        angle = bare.main.angle(uniform(rng, 0.02, 0.98))
        if kind in ("hand", "two"):
            reach = bare.main.r_in * uniform(rng, 0.7, 1.05)
            hands.append(
                ExtraHand(sample_set_hand(rng, reach, bare.pointer.height), angle, rng.random() < 0.3)
            )
        elif kind == "tape":
            r1 = inner * uniform(rng, 0.85, 1.0)
            wide, red = uniform(rng, 0.02, 0.06), vary(rng, (50, 40, 215))
            front.append(FrontMark("tape", angle, r1 * uniform(rng, 0.3, 0.8), r1, wide, red, _seed(rng)))
        elif kind == "clip":
            color = vary(rng, choose(rng, ((40, 30, 205), (40, 160, 40), (30, 210, 240))))
            wide = uniform(rng, 0.06, 0.16)
            front.append(
                FrontMark(
                    "clip", angle, inner * uniform(rng, 0.82, 0.93), inner * 1.02, wide, color, _seed(rng)
                )
            )
        else:
            red, wide = vary(rng, (50, 40, 200)), uniform(rng, 0.3, 1.2)
            front.append(FrontMark("arc", angle, inner * 0.9, inner, wide, red, _seed(rng)))
    return hands, front
