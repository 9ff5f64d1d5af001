"""What a dial looks like, as plain data. Lengths are in dial units (1 = outer radius), angles in radians.

A style is sampled once (`dial_sample.sample_dial_style`) and fixes everything but the pointer's position.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from meter_infer.render.canvas import Color
from meter_infer.render.text import Font

Point = tuple[float, float]


class Shape(StrEnum):
    """The outline of the instrument."""

    ROUND = "round"
    SQUARE = "square"


class Lettering(StrEnum):
    """How numerals are turned."""

    UPRIGHT = "upright"
    RADIAL = "radial"
    """Their feet towards the centre."""


@dataclass(frozen=True, slots=True)
class TickRow:
    """Marks of one kind (major, middle or minor)."""

    fractions: tuple[float, ...]
    r0: float
    """Radius of the end nearer the pivot."""
    r1: float
    width: tuple[float, float]
    """At r0 and at r1."""
    color: Color
    dot: bool = False
    """A dot in the middle instead of a bar."""


@dataclass(frozen=True, slots=True)
class Numerals:
    """The numbers along a scale."""

    labels: tuple[tuple[float, str], ...]
    """(fraction, text)."""
    values: tuple[float, ...]
    """What the labels stand for, in the scale's unit."""
    radius: float
    height: float
    font: Font
    color: Color
    lettering: Lettering


@dataclass(frozen=True, slots=True)
class ScaleStyle:
    """One graduation."""

    center: Point
    r_in: float
    r_out: float
    start: float
    """Angle of the first mark, clockwise-positive from +x."""
    span: float
    anchors: tuple[tuple[float, float], ...]
    """(fraction, value), piecewise linear, fraction from 0 to 1."""
    rows: tuple[TickRow, ...]
    lines: tuple[tuple[float, float, Color], ...]
    """Arc lines: (radius, width, colour)."""
    numerals: Numerals | None

    def angle(self, fraction: float) -> float:
        """Return the angle of a position on the scale."""
        return self.start + self.span * fraction

    def point(self, fraction: float, radius: float | None = None) -> Point:
        """Return the point at a position, by default on the inner end line."""
        r, a = self.r_in if radius is None else radius, self.angle(fraction)
        return self.center[0] + r * float(np.cos(a)), self.center[1] + r * float(np.sin(a))

    def value(self, fraction: float) -> float:
        """Return the value at a position (held at the ends)."""
        f, v = zip(*self.anchors, strict=True)
        return float(np.interp(fraction, f, v))

    def fraction(self, value: float) -> float:
        """Return the position of a value (held at the ends)."""
        f, v = (np.array(x) for x in zip(*self.anchors, strict=True))
        if v[0] > v[-1]:
            f, v = f[::-1], v[::-1]
        return float(np.interp(value, v, f))


@dataclass(frozen=True, slots=True)
class Sector:
    """A coloured ring sector along the main scale."""

    f0: float
    f1: float
    r0: float
    r1: float
    color: Color
    alpha: float = 1.0


@dataclass(frozen=True, slots=True)
class Print:
    """A line of text on the face."""

    text: str
    at: Point
    height: float
    font: Font
    color: Color
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A logo, sticker, screw or other small thing, by name (see `dial_marks`)."""

    kind: str
    at: Point
    size: float
    color: Color
    seed: int
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class HandStyle:
    """A pointer or another hand. Profiles run along its axis, from the tail (negative) to the tip."""

    profile: tuple[tuple[float, float], ...]
    """(distance from the pivot, half width)."""
    holes: tuple[tuple[float, float], ...]
    """Round holes: (distance, radius)."""
    color: Color
    second: Color
    """Colour of the half away from the light, or of the tail."""
    two_tone: str
    """"none", "half" (split along the axis) or "tail"."""
    height: float
    """Above the face, dial units."""

    @property
    def tip(self) -> float:
        """Distance of the tip from the pivot."""
        return self.profile[-1][0]


@dataclass(frozen=True, slots=True)
class HubStyle:
    """The cap over the pivot: rings from the outside in, and a slot."""

    rings: tuple[tuple[float, Color], ...]
    slot: float
    """Length of the screwdriver slot, 0 for none."""
    slot_angle: float
    dome: float
    """Strength of a highlight, 0 to 1."""


@dataclass(frozen=True, slots=True)
class ExtraHand:
    """A hand that is not the pointer: a set-point hand, a drag hand."""

    hand: HandStyle
    angle: float
    above: bool


@dataclass(frozen=True, slots=True)
class FrontMark:
    """A thing on the glass: a tape, a clip, a sticker."""

    kind: str
    angle: float
    r0: float
    r1: float
    width: float
    color: Color
    seed: int


@dataclass(frozen=True, slots=True)
class FaceStyle:
    """The sheet behind the scales."""

    color: Color
    light: float
    """Strength of the light's gradient, 0 to 0.4."""
    light_angle: float
    mottle: float
    """Strength of uneven tone, 0 to 1."""
    dirt: float
    """Strength of stains, 0 to 1."""
    scratches: int
    brushed: float
    shade: float
    """Depth of the bezel's shadow on the rim of the face, 0 to 1."""


@dataclass(frozen=True, slots=True)
class BezelStyle:
    """The rim, and the case behind it."""

    inner: float
    """Radius (half side) where the face becomes visible."""
    height: float
    color: Color
    metal: float
    """0: paint or rubber; 1: polished."""
    profile: str
    """Cross-section: "roll", "bevel", "flat", "step", "cone", "dish" or "dome"."""
    wall: Color
    """The inner wall, seen from the side."""
    lip: float
    """Width of a flat ring between wall and face (raised), 0 for none."""
    lip_color: Color
    body: Color
    body_depth: float
    """How far the case reaches behind the face, 0: not drawn."""
    screws: int
    notches: int
    corner: float
    """Corner radius of a square case."""
    cover: float | None
    """A square case: below this y the face is covered."""
    tinted: bool = False
    """A bare metal: its mirrored surroundings take on its colour."""
    round_window: bool = False
    """A square plate with a round opening."""
    flange: float = 0.0
    """A round case: width of a plain mounting flange outside the bezel."""


@dataclass(frozen=True, slots=True)
class DialStyle:
    """Everything about a dial but the pointer's position."""

    seed: int
    shape: Shape
    face: FaceStyle
    bezel: BezelStyle
    main: ScaleStyle
    extra_scales: tuple[ScaleStyle, ...]
    sectors: tuple[Sector, ...]
    prints: tuple[Print, ...]
    marks: tuple[Mark, ...]
    pivot: Point
    pointer: HandStyle
    hub: HubStyle
    hands: tuple[ExtraHand, ...]
    front: tuple[FrontMark, ...]
    fill_line: float | None
    """y of a liquid filling's surface."""
    shadow: tuple[float, float, float]
    """The pointer's shadow: displacement per unit of height (x, y) and its strength."""
    rest: float
    """Fraction where the pointer rests."""
    unit: str
    linear: bool
    tags: frozenset[str]
