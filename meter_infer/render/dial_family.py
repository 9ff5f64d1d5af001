"""Families of instruments, and where their scales lie on the face."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from meter_infer.render import dial_units as units
from meter_infer.render.dial_range import Rng, choose, uniform
from meter_infer.render.dial_style import BezelStyle, Point, Shape

Laws = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Family:
    """How a kind of instrument tends to look."""

    name: str
    range: Callable[[Rng], tuple[float, float, str]]
    spans: tuple[tuple[float, float, float], ...]
    """(least, most degrees, weight)."""
    laws: Laws
    """Weights of linear, compressed zero, moving iron, overload, compound, upper part compressed."""
    pointer: str
    dark: float = 0.05
    square: float = 0.0
    outside: float = 0.2
    """Share with numbers outside the marks."""
    second: float = 0.0
    intervals: tuple[int, int] = (3, 13)
    mark_length: tuple[float, float] = (0.06, 0.15)
    number_height: float = 0.15
    turned: float = 0.08
    """Share whose gap lies anywhere but at the bottom."""
    low_pivot: float = 0.0
    reversed: float = 0.02
    chinese: float = 0.25
    sub_dials: float = 0.02
    sectors: float = 0.2
    mirror: float = 0.0
    display: float = 0.0


_ROUND = ((240.0, 285.0, 10.0), (285.0, 310.0, 2.0), (180.0, 240.0, 1.5), (310.0, 340.0, 0.6))
_PRESSURE = Family(
    "pressure", units.pressure_range, ((265.0, 275.0, 10.0), *_ROUND), (47, 50, 0, 0, 0, 3), "pressure",
    second=0.38, chinese=0.3,
)  # fmt: skip
_COMPOUND = Family(
    "compound", units.compound_range, ((265.0, 275.0, 6.0), *_ROUND), (76, 0, 0, 0, 22, 2), "pressure",
    second=0.3, reversed=0.08,
)  # fmt: skip
_THERMO = Family(
    "thermometer",
    units.temperature_range,
    _ROUND,
    (96, 0, 0, 0, 0, 4),
    "thermometer",
    second=0.16,
    outside=0.15,
)
_CAR = Family(
    "car", units.car_range, ((80.0, 120.0, 4.0), (120.0, 240.0, 3.0), (240.0, 300.0, 7.0)),
    (70, 6, 0, 0, 12, 12), "car",
    dark=0.8, outside=0.12, intervals=(2, 8), number_height=0.2, turned=0.3, low_pivot=0.2, chinese=0.02,
    display=0.08,
)  # fmt: skip
_PANEL = Family(
    "panel", units.electric_range, ((80.0, 105.0, 12.0), (230.0, 260.0, 3.0), (105.0, 130.0, 1.0)),
    (40, 0, 38, 22, 0, 0), "panel", dark=0.12, square=0.9, outside=0.72, intervals=(3, 10),
    mark_length=(0.06, 0.13),
    turned=0.02, low_pivot=1.0, chinese=0.2, sectors=0.12, mirror=0.16,
)  # fmt: skip
_QUADRANT = Family(
    "quadrant", units.pressure_range, ((80.0, 130.0, 4.0), (130.0, 200.0, 3.0)), (60, 30, 0, 0, 0, 10),
    "any",
    low_pivot=0.7, intervals=(2, 8), sectors=0.7, turned=0.2,
)  # fmt: skip
_BAROMETER = Family(
    "barometer", units.weather_range, ((240.0, 330.0, 1.0),), (100, 0, 0, 0, 0, 0),
    "thermometer", second=0.15,
    intervals=(5, 14), sub_dials=0.4, chinese=0.05,
)  # fmt: skip
_MANIFOLD = Family(
    "manifold", units.refrigerant_range, _ROUND, (60, 20, 0, 0, 15, 5), "pressure", second=0.6, sectors=0.6,
    mark_length=(0.04, 0.09), number_height=0.1,
)  # fmt: skip
_ANY = Family(
    "any", units.any_range, ((80.0, 340.0, 1.0),), (50, 15, 10, 5, 10, 10),
    "any", dark=0.35, square=0.12, outside=0.35,
    second=0.25, turned=0.45, low_pivot=0.3, reversed=0.06, sub_dials=0.06, sectors=0.35, mirror=0.03,
    display=0.02,
)  # fmt: skip
FAMILIES: dict[Family, float] = {
    _PRESSURE: 44,
    _COMPOUND: 10,
    _THERMO: 10,
    _CAR: 9,
    _PANEL: 11,
    _QUADRANT: 4,
    _BAROMETER: 3,
    _MANIFOLD: 3,
    _ANY: 6,
}
"""Families and how often they come up."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scale lies on its face."""

    center: Point
    start: float
    span: float
    outer: float
    """Radius that marks and numbers may fill."""
    cover: float | None
    tail_room: float


def sample_place(rng: Rng, family: Family, shape: Shape, bezel: BezelStyle) -> Place:
    """Return where the main scale lies."""
    least, most, _ = choose(rng, family.spans, tuple(w for *_, w in family.spans))
    span = float(np.radians(uniform(rng, least, most)))
    if rng.random() < 0.35:  # makers like round figures
        span = float(np.radians(round(np.degrees(span) / 30) * 30))
    span = float(np.clip(span, np.radians(80), np.radians(340)))
    inner = bezel.inner
    wide = span > np.radians(150)
    if shape is Shape.SQUARE and not bezel.round_window and not wide:
        if rng.random() < 0.3:
            return _corner(rng, inner, span)
        return _low(rng, inner, span, square=True)
    if not wide and rng.random() < family.low_pivot:
        return _low(rng, inner, span, square=False)
    middle = -np.pi / 2
    if rng.random() < family.turned:
        middle += (
            uniform(rng, -np.pi, np.pi)
            if rng.random() < 0.5
            else choose(rng, (-np.pi / 2, np.pi / 2, np.pi, 0.4, -0.4))
        )
    elif rng.random() < 0.1:
        middle += uniform(rng, -0.12, 0.12)
    outer = inner * uniform(rng, 0.87, 0.985)
    return Place((0.0, 0.0), float(middle - span / 2), span, outer, None, 0.6)


def _low(rng: Rng, inner: float, span: float, square: bool) -> Place:
    """Place a fan of a scale over a low pivot."""
    y = inner * (uniform(rng, 0.3, 0.85) if square else uniform(rng, 0.15, 0.55))
    half = min(span / 2, np.pi / 2)
    side = inner * 0.97 / float(np.sin(half))
    if not square:  # the fan's ends must stay inside the circle
        up = float(np.cos(span / 2))
        # |(r sin, y - r cos)| = 0.95 inner
        b, c = y * up, y * y - (0.95 * inner) ** 2
        side = b + float(np.sqrt(max(b * b - c, 0.01)))
    outer = min(side, (y + inner) * 0.95)
    lean = uniform(rng, -0.05, 0.05) if rng.random() < 0.2 else 0.0
    cover = None
    if square and rng.random() < 0.6:
        cover = min(y - uniform(rng, -0.1, 0.3) * outer, inner * 0.9)
        lowest = y - outer * 0.55 * float(np.cos(half))
        cover = max(cover, lowest)
    return Place(
        (0.0, y), float(-np.pi / 2 - span / 2 + lean), span, outer, cover, max(0.05, inner - y - 0.05)
    )


def _corner(rng: Rng, inner: float, span: float) -> Place:
    """Place the pivot near a lower corner of a square face."""
    span = float(np.radians(uniform(rng, 82.0, 93.0)))
    d = inner * uniform(rng, 0.45, 0.8)
    outer = min((d + inner) * 0.95, 1.75 * inner)
    over = span - np.pi / 2
    if rng.random() < 0.85:
        return Place(
            (d, d),
            float(np.pi - over / 2 + uniform(rng, -0.02, 0.05)),
            span,
            outer,
            None,
            max(0.05, inner - d - 0.05),
        )
    return Place((-d, d), float(-np.pi / 2 - over / 2), span, outer, None, max(0.05, inner - d - 0.05))
