"""Sampling of rims and cases."""

import numpy as np

from meter_infer.render.canvas import Color
from meter_infer.render.dial_family import Family
from meter_infer.render.dial_range import Rng, choose, uniform
from meter_infer.render.dial_style import BezelStyle, Shape
from meter_infer.render.pointer_sample import vary

_PAINTS: tuple[Color, ...] = (
    (30, 29, 28),
    (60, 58, 56),
    (200, 202, 202),
    (150, 80, 20),
    (40, 40, 190),
    (40, 150, 200),
    (90, 110, 60),
    (235, 235, 235),
    (60, 100, 20),
)
_PROFILES = ("roll", "bevel", "flat", "step", "cone", "dish", "dome")


def _grey(rng: Rng, low: float, high: float) -> Color:
    """Return a neutral grey with a breath of colour."""
    v = uniform(rng, low, high)
    b, g, r = (int(np.clip(v + d, 0, 255)) for d in rng.normal(0.0, 2.5, 3))
    return b, g, r


def sample_bezel(rng: Rng, shape: Shape, family: Family) -> BezelStyle:
    """Return a rim and a case."""
    if shape is Shape.SQUARE:
        return _square(rng)
    dash = family.name == "car"
    kind = choose(
        rng,
        ("steel", "chrome", "black", "brass", "paint", "rubber", "none"),
        (18, 20, 46, 3, 6, 4, 3) if dash else (36, 20, 24, 6, 7, 4, 3),
    )
    inner = uniform(rng, 0.8, 0.93)
    height = uniform(rng, 0.03, 0.2) if rng.random() < 0.85 else uniform(rng, 0.0, 0.03)
    metal, notches = 0.0, 0
    color: Color = (0, 0, 0)
    if kind == "steel":
        color, metal = _grey(rng, 130, 205), uniform(rng, 0.35, 0.9)
    elif kind == "chrome":
        color, metal = _grey(rng, 150, 215), uniform(rng, 0.85, 1.0)
    elif kind == "brass":
        color, metal = (
            vary(rng, choose(rng, ((70, 150, 200), (60, 120, 160), (90, 170, 210))), 14),
            uniform(rng, 0.4, 1.1),
        )
    elif kind == "black":
        color, metal = _grey(rng, 16, 52), uniform(rng, 0.2, 0.9)
    elif kind == "paint":
        color, metal = vary(rng, choose(rng, _PAINTS), 12), uniform(rng, 0.0, 0.4)
    elif kind == "rubber":
        color = vary(
            rng,
            choose(
                rng,
                ((34, 33, 32), (30, 30, 160), (150, 70, 20), (40, 160, 200), (50, 50, 50)),
                (70, 8, 8, 8, 6),
            ),
            8,
        )
        inner = uniform(rng, 0.7, 0.84)
        notches = int(rng.integers(12, 40)) if rng.random() < 0.6 else 0
        height = uniform(rng, 0.1, 0.25)
    else:
        color, inner, height = (
            _grey(rng, 60, 220),
            uniform(rng, 0.94, 0.975),
            uniform(rng, 0.0, 0.03),
        )
    flange, screws = 0.0, 0
    if kind not in ("rubber", "none") and rng.random() < 0.1:
        flange = uniform(rng, 0.1, 0.2)
        inner = (1.0 - flange) * uniform(rng, 0.86, 0.94)
        screws = int(choose(rng, (3, 4, 6, 3)))
    elif kind in ("black", "steel", "paint") and inner < 0.85 and rng.random() < 0.15:
        screws = int(choose(rng, (3, 4, 6, 8)))
    shade = choose(rng, _PROFILES)
    wall = vary(
        rng, choose(rng, ((225, 228, 228), (120, 122, 122), (30, 30, 30), color), (25, 25, 30, 20)), 8
    )
    lip = uniform(rng, 0.015, 0.06) if rng.random() < 0.25 else 0.0
    lip_color = vary(
        rng, choose(rng, ((30, 30, 30), (230, 232, 232), (150, 152, 152), wall), (35, 25, 20, 20)), 8
    )
    body = vary(rng, choose(rng, (color, (40, 40, 40), (160, 162, 162)), (60, 25, 15)), 8)
    depth = uniform(rng, 0.15, 0.7) if rng.random() < 0.4 else 0.0
    return BezelStyle(
        inner,
        height,
        color,
        metal,
        shade,
        wall,
        lip,
        lip_color,
        body,
        depth,
        screws,
        notches,
        0.0,
        None,
        flange=flange,
        tinted=kind in ("steel", "chrome", "brass"),
    )


def _square(rng: Rng) -> BezelStyle:
    black = rng.random() < 0.72
    color: Color = (
        vary(rng, (34, 32, 32), 10)
        if black
        else vary(
            rng,
            choose(rng, ((200, 204, 204), (120, 124, 124), (70, 90, 60), (210, 220, 224), (160, 150, 130))),
            10,
        )
    )
    inner = uniform(rng, 0.82, 0.95)
    round_window = rng.random() < 0.1
    if round_window:
        inner = uniform(rng, 0.76, 0.92)
    screws = 4 if rng.random() < (0.5 if round_window else 0.2) else 0
    if screws and not round_window:
        inner = min(inner, 0.85)
    return BezelStyle(
        inner,
        uniform(rng, 0.02, 0.14),
        color,
        uniform(rng, 0.0, 0.4),
        choose(rng, _PROFILES),
        vary(rng, color, 8),
        0.0,
        color,
        color,
        0.0,
        screws,
        0,
        choose(rng, (0.02, 0.05, 0.1, 0.2, 0.35), (30, 30, 25, 10, 5)),
        None,
        round_window=round_window,
    )
