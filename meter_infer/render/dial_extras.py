"""Sampling of what else is on a dial: sectors, lettering, marks, and hands that are not the pointer."""

from dataclasses import dataclass

import numpy as np

from meter_infer.render.canvas import Color
from meter_infer.render.dial_family import Family, Place
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
from meter_infer.render.text import Font

_TITLES = {
    "pressure": (
        "PRESSURE GAUGE",
        "Pressure",
        "EN 837-1",
        "MANOMETER",
        "PFP SERIES",
        "OIL",
        "WATER",
        "STEAM",
        "AIR",
        "316L SS",
        "LIQUID FILLED",
    ),
    "compound": ("COMPOUND GAUGE", "VACUUM", "DIFFERENTIAL PRESSURE", "EN 837-1", "Vacuum Gauge"),
    "thermometer": ("THERMOMETER", "WSS", "TEMP", "Thermometer", "BIMETAL", "DIN 16205"),
    "car": (
        "BOOST",
        "OIL PRESS",
        "WATER TEMP",
        "OIL TEMP",
        "FUEL PRESS",
        "TURBO",
        "VOLTS",
        "VACUUM",
        "SPEED",
    ),
    "panel": (
        "AC",
        "DC",
        "~",
        "A.C. AMPERES",
        "GB7676-98",
        "CLASS 2.5",
        "0-45 Hz",
        "CP-48",
        "SD-670",
        "50/60 Hz",
        "200/5A",
    ),
    "barometer": ("BAROMETER", "HYGROMETER", "STORMY  RAIN  CHANGE  FAIR", "Barometer", "COMFORT"),
    "manifold": ("R-22  R-410A", "R134a", "R404A", "Class 1.0", "LOW SIDE", "HIGH SIDE"),
}
_CHINESE = (
    "压力表",
    "不锈钢压力表",
    "真空表",
    "温度计",
    "差压表",
    "双金属温度计",
    "耐震压力表",
    "电接点压力表",
    "氧气表",
    "膜盒压力表",
)
_COMPANIES = ("上海仪表有限公司", "天津市自动化仪表厂", "红旗仪表有限公司", "西安仪表厂", "布莱迪仪器仪表")
_SMALL = (
    "MADE IN GERMANY",
    "MADE IN CHINA",
    "No. 20418",
    "SN 7731902",
    "S/N 118-2",
    "DIN EN 837",
    "IP65",
    "CE",
    "AISI 316L",
    "2019.06",
    "NOT FOR OXYGEN USE",
    "CAUTION",
    "2041-77",
    "Ex II 2G",
    "京制00000123号",
    "JIS B 7505",
    "USE NO OIL",
    "MADE IN U.S.A.",
    "KL 1,6",
)
_FONTS = ("sans", "sans-bold", "grotesk", "grotesk-narrow", "engraved", "din", "uni")
_SAFE: tuple[Color, ...] = ((70, 160, 60), (90, 190, 90), (40, 110, 30))
_WARN: tuple[Color, ...] = ((30, 200, 240), (40, 170, 250), (60, 220, 250))
_STOP: tuple[Color, ...] = ((40, 30, 205), (50, 50, 230), (30, 20, 160))


@dataclass(frozen=True, slots=True)
class Extras:
    """What `sample_extras` found."""

    scales: tuple[ScaleStyle, ...]
    sectors: tuple[Sector, ...]
    prints: tuple[Print, ...]
    marks: tuple[Mark, ...]
    hands: tuple[ExtraHand, ...]
    front: tuple[FrontMark, ...]
    fill_line: float | None
    tags: frozenset[str]


def _sectors(rng: Rng, main: ScaleStyle, room: float, inner_free: float) -> list[Sector]:
    """Coloured parts of the scale: thin bands along the marks, wedges, or a single red end."""
    kind = choose(rng, ("along", "inside", "outside", "wedge", "behind"), (34, 22, 16, 10, 18))
    r_in, r_out = main.r_in, main.r_out
    thick = uniform(rng, 0.015, 0.06)
    r0, r1 = {
        "along": (r_in, r_out),
        "inside": (r_in - thick, r_in - 0.004),
        "outside": (r_out + 0.004, min(r_out + thick, room)),
        "wedge": (inner_free * 0.3, r_in),
        "behind": (r_in, r_in + (r_out - r_in) * uniform(rng, 0.3, 0.7)),
    }[kind]
    if r1 - r0 < 0.008:
        return []
    cuts = np.sort(rng.uniform(0.02, 0.98, 2))
    alpha = 1.0 if rng.random() < 0.7 else uniform(rng, 0.35, 0.9)
    scheme = int(rng.integers(6))
    safe, warn, stop = (
        vary(rng, choose(rng, _SAFE)),
        vary(rng, choose(rng, _WARN)),
        vary(rng, choose(rng, _STOP)),
    )
    a, b = float(cuts[0]), float(cuts[1])
    if scheme == 0:
        return [
            Sector(0.0, a, r0, r1, safe, alpha),
            Sector(a, b, r0, r1, warn, alpha),
            Sector(b, 1.0, r0, r1, stop, alpha),
        ]
    if scheme == 1:
        return [
            Sector(0.0, a, r0, r1, stop, alpha),
            Sector(a, b, r0, r1, safe, alpha),
            Sector(b, 1.0, r0, r1, stop, alpha),
        ]
    if scheme == 2:
        return [Sector(a, b, r0, r1, safe, alpha)]
    if scheme == 3:
        return [Sector(max(b, 0.6), 1.0, r0, r1, stop, alpha)]
    if scheme == 4:
        return [
            Sector(0.0, min(a, 0.4), r0, r1, vary(rng, (190, 110, 40)), alpha),
            Sector(max(b, 0.5), 1.0, r0, r1, stop, alpha),
        ]
    tone = choose(rng, (stop, stop, vary(rng, (180, 120, 60)), warn))
    return [Sector(0.0, 1.0, r0, r1, tone, alpha)]


class _Slots:
    """Places for lettering on the face's middle line, handed out without overlap."""

    def __init__(self, center: tuple[float, float], free: float, window: float) -> None:
        self.x, self.y = center
        self.free = free
        heights = [-0.5, -0.34, 0.3, 0.44, 0.58, 0.74]
        self.left = [self.y + h * free for h in heights if abs(self.y + h * free) < window * 0.9]

    def take(self, rng: Rng, above: bool | None = None) -> float | None:
        fit = [s for s in self.left if above is None or (s < self.y) == above]
        if not fit:
            return None
        at = choose(rng, fit)
        self.left.remove(at)
        return at


def sample_extras(
    rng: Rng,
    family: Family,
    main: ScaleStyle,
    others: tuple[ScaleStyle, ...],
    free: float,
    bezel: BezelStyle,
    shape: Shape,
    place: Place,
    ink: Color,
    dark: bool,
    unit: str,
    second_unit: str,
    pointer: HandStyle,
) -> Extras:
    """Return what else is on the dial. `free`: radius about the scale's centre that its numbers leave empty."""
    tags: set[str] = set()
    sectors = _sectors(rng, main, place.outer, free) if rng.random() < family.sectors else []
    prints, marks = _lettering(rng, family, main, free, bezel, place, ink, unit, second_unit)
    window = bezel.inner
    if shape is Shape.ROUND and place.center == (0.0, 0.0) and rng.random() < 0.28:
        y, x, r = free * uniform(rng, 0.35, 0.75), uniform(rng, 0.08, 0.18), uniform(rng, 0.022, 0.045)
        metal = choose(rng, ((90, 150, 190), (185, 187, 187), (150, 150, 150)))
        marks += [
            Mark("screw", (s * x, y), r, metal, int(rng.integers(2**31)), uniform(rng, 0, 3.1))
            for s in (-1, 1)
        ]
    if rng.random() < family.sub_dials:
        tags.add("sub_dial")
        r = min(free * 0.42, 0.3)
        for _ in range(1 if rng.random() < 0.6 else 2):
            a = uniform(rng, 0, 2 * np.pi)
            at = (place.center[0] + free * 0.52 * np.cos(a), place.center[1] + free * 0.52 * np.sin(a))
            marks.append(Mark("sub_dial", at, r, ink, int(rng.integers(2**31))))
    if rng.random() < (0.22 if family.chinese > 0.1 else 0.05):
        kind = choose(rng, ("oval", "label", "code"), (62, 24, 14))
        a = uniform(rng, 0.25 * np.pi, 0.75 * np.pi) if rng.random() < 0.7 else uniform(rng, 0, 2 * np.pi)
        r = window * uniform(rng, 0.5, 0.78)
        color = (
            choose(rng, ((110, 140, 20), (90, 150, 40), (170, 110, 20), (120, 160, 30)))
            if kind == "oval"
            else choose(rng, ((235, 238, 238), (120, 220, 240), (150, 220, 160), (200, 200, 240)))
        )
        marks.append(
            Mark(
                kind,
                (r * float(np.cos(a)), r * float(np.sin(a))),
                uniform(rng, 0.13, 0.27),
                vary(rng, color),
                int(rng.integers(2**31)),
                float(rng.normal(0, 0.25)),
            )
        )
        tags.add("sticker")
    if rng.random() < 0.3 and main.anchors[0][1] == 0:
        at = main.point(-uniform(rng, 0.004, 0.03), main.r_in * uniform(rng, 0.55, 0.95))
        marks.append(Mark("pin", at, uniform(rng, 0.012, 0.025), (170, 172, 172), 0))
    hands, front = _distractors(rng, main, bezel, shape, place, pointer, tags)
    fill = None
    if shape is Shape.ROUND and rng.random() < 0.14:
        fill = -window * uniform(rng, 0.35, 0.9)
        tags.add("filled")
    return Extras(
        (), tuple(sectors), tuple(prints), tuple(marks), tuple(hands), tuple(front), fill, frozenset(tags)
    )


def _lettering(
    rng: Rng,
    family: Family,
    main: ScaleStyle,
    free: float,
    bezel: BezelStyle,
    place: Place,
    ink: Color,
    unit: str,
    second: str,
) -> tuple[list[Print], list[Mark]]:
    slots = _Slots(place.center, free, bezel.inner if place.cover is None else min(bezel.inner, place.cover))
    if abs(main.span) < np.radians(200) and place.center[1] > 0.1:
        slots.left = [s for s in slots.left if s < place.center[1]]
    prints: list[Print] = []
    marks: list[Mark] = []
    font = Font(choose(rng, _FONTS), uniform(rng, 0.8, 1.05))
    x = place.center[0] if abs(place.center[0]) < 0.2 else place.center[0] * 0.35

    def add(
        text: str, height: float, color: Color, above: bool | None = None, face: Font | None = None
    ) -> None:
        y = slots.take(rng, above)
        if y is not None:
            wide = 0.62 * max(len(text), 1)
            limit = 1.7 * float(np.sqrt(max(free**2 - (y - place.center[1]) ** 2, 0.02))) / wide
            prints.append(Print(text, (x, y), min(height, limit), face or font, color))

    if rng.random() < 0.94:
        add(
            unit,
            uniform(rng, 0.06, 0.13) * (1.4 if family.name == "panel" else 1.0),
            ink,
            None if rng.random() < 0.3 else family.name in ("panel",),
        )
    if second and main.numerals is not None:
        add(second, uniform(rng, 0.05, 0.09), vary(rng, RED) if rng.random() < 0.6 else ink)
    if rng.random() < family.chinese:
        add(choose(rng, _CHINESE), uniform(rng, 0.06, 0.11), ink, True, Font("uni"))
        if rng.random() < 0.6:
            add(choose(rng, _COMPANIES), uniform(rng, 0.04, 0.065), ink, False, Font("uni"))
    elif rng.random() < 0.5:
        add(
            choose(rng, _TITLES.get(family.name, _TITLES["pressure"])),
            uniform(rng, 0.04, 0.1),
            ink,
            True if rng.random() < 0.6 else None,
        )
    if rng.random() < 0.5:
        y = slots.take(rng)
        if y is not None:
            color = (
                ink
                if rng.random() < 0.5
                else vary(rng, choose(rng, ((170, 90, 20), (30, 30, 190), (60, 140, 40))))
            )
            marks.append(Mark("logo", (x, y), uniform(rng, 0.04, 0.085), color, int(rng.integers(2**31))))
    for _ in range(int(rng.integers(0, 4))):
        add(choose(rng, _SMALL), uniform(rng, 0.025, 0.045), ink)
    if rng.random() < 0.45:
        y = slots.take(rng)
        if y is not None:
            off = uniform(rng, -0.3, 0.3) * free
            marks.append(
                Mark("class", (x + off, y), uniform(rng, 0.025, 0.05), ink, int(rng.integers(2**31)))
            )
    return prints, marks


def _distractors(
    rng: Rng,
    main: ScaleStyle,
    bezel: BezelStyle,
    shape: Shape,
    place: Place,
    pointer: HandStyle,
    tags: set[str],
) -> tuple[list[ExtraHand], list[FrontMark]]:
    """Hands and marks that are not the pointer."""
    hands: list[ExtraHand] = []
    front: list[FrontMark] = []
    kind = choose(rng, ("none", "hand", "two", "tape", "clip", "rim"), (74, 9, 4, 6, 5, 2))
    if kind == "none":
        return hands, front
    tags.add("set_hand")
    count = 2 if kind == "two" else int(rng.integers(1, 4)) if kind in ("tape", "clip") else 1
    for _ in range(count):
        at = uniform(rng, 0.02, 0.98)
        angle = main.angle(at)
        if kind in ("hand", "two"):
            reach = main.r_in * uniform(rng, 0.7, 1.05)
            hands.append(ExtraHand(sample_set_hand(rng, reach, pointer.height), angle, rng.random() < 0.3))
        elif shape is Shape.ROUND and place.center == (0.0, 0.0):
            seed = int(rng.integers(2**31))
            if kind == "tape":
                r1 = bezel.inner * uniform(rng, 0.85, 1.0)
                front.append(
                    FrontMark(
                        "tape",
                        angle,
                        r1 * uniform(rng, 0.3, 0.8),
                        r1,
                        uniform(rng, 0.02, 0.06),
                        vary(rng, (50, 40, 215)),
                        seed,
                    )
                )
            elif kind == "clip":
                color = vary(rng, choose(rng, ((40, 30, 205), (40, 160, 40), (30, 210, 240))))
                front.append(
                    FrontMark(
                        "clip",
                        angle,
                        bezel.inner * uniform(rng, 0.82, 0.93),
                        bezel.inner * 1.02,
                        uniform(rng, 0.06, 0.16),
                        color,
                        seed,
                    )
                )
            else:
                front.append(
                    FrontMark(
                        "arc",
                        angle,
                        bezel.inner * 0.9,
                        bezel.inner,
                        uniform(rng, 0.3, 1.2),
                        vary(rng, (50, 40, 200)),
                        seed,
                    )
                )
    return hands, front
