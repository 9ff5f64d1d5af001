"""Sampling of what is printed inside a scale: units, titles, logos, small print, without overlap."""

import numpy as np

from meter_infer.render import dial_words as words
from meter_infer.render.canvas import Color
from meter_infer.render.dial_family import Family, Place
from meter_infer.render.dial_range import Rng, choose, uniform
from meter_infer.render.dial_style import BezelStyle, Mark, Print
from meter_infer.render.pointer_sample import RED, vary
from meter_infer.render.text import Font

_FONTS = ("sans", "sans-bold", "grotesk", "grotesk-narrow", "grotesk-narrow-bold", "engraved", "din", "uni")
_CHINESE = Font("uni")


class Layout:
    """The free part of a face, handed out in rectangles."""

    def __init__(self, place: Place, free: float, bezel: BezelStyle) -> None:
        """`free`: radius about the scale's centre that marks and numbers leave empty."""
        self.center, self.free, self.inner = place.center, free, bezel.inner
        self.floor = bezel.inner * 0.93 if place.cover is None else place.cover
        self._gap = (2 * np.pi - place.span) / 2 * 0.8
        self._gap_middle = place.start + place.span / 2 + np.pi
        self._taken: list[tuple[float, float, float, float]] = [(*place.center, 0.09, 0.09)]

    def _free_at(self, x: float, y: float) -> bool:
        if y > self.floor or max(abs(x), abs(y)) > self.inner * 0.93 or np.hypot(x, y) > self.inner * 1.25:
            return False
        dx, dy = x - self.center[0], y - self.center[1]
        r = float(np.hypot(dx, dy))
        if r < self.free:
            return True
        off = (np.arctan2(dy, dx) - self._gap_middle + np.pi) % (2 * np.pi) - np.pi
        return bool(abs(off) < self._gap and np.hypot(x, y) < self.inner * 0.9)

    def take(
        self, rng: Rng, width: float, height: float, above: bool | None, aside: float = 0.0
    ) -> tuple[float, float] | None:
        """Return the centre of a free rectangle, at most `aside` off the middle, or None."""
        for _ in range(14):
            x = self.center[0] + aside * uniform(rng, -1.0, 1.0)
            up = rng.random() < 0.5 if above is None else above
            y = self.center[1] + (-uniform(rng, 0.15, 0.75) if up else uniform(rng, 0.15, 1.0)) * max(
                self.free, 0.3
            )
            w, h = width / 2, height / 2
            if not all(self._free_at(x + sx * w, y + sy * h) for sx in (-1, 1) for sy in (-1, 1)):
                continue
            if any(abs(x - a) < w + c and abs(y - b) < h + d + 0.01 for a, b, c, d in self._taken):
                continue
            self._taken.append((x, y, w, h))
            return x, y
        return None


def text_width(text: str, height: float, font: Font) -> float:
    """Return about how wide a line of text comes out."""
    wide = sum(1.35 if ord(c) > 0x2E80 else 0.82 if c.isupper() else 0.74 for c in text)
    return wide * height * font.squeeze


def curved(text: str, radius: float, middle: float, height: float, color: Color, font: Font) -> list[Print]:
    """Return a line of text set along the lower rim of the face."""
    wide = [text_width(c, height, font) for c in text]
    at = middle + sum(wide) / radius / 2
    out = []
    for c, w in zip(text, wide, strict=True):
        a = at - w / radius / 2
        at -= w / radius
        if c != " ":
            out.append(
                Print(
                    c,
                    (radius * float(np.cos(a)), radius * float(np.sin(a))),
                    height,
                    font,
                    color,
                    a - np.pi / 2,
                )
            )
    return out


def sample_lettering(
    rng: Rng, family: Family, layout: Layout, place: Place, ink: Color, unit: str, second: str
) -> tuple[list[Print], list[Mark]]:
    """Return the lines of text and the small marks of a face."""
    prints: list[Print] = []
    marks: list[Mark] = []
    font = Font(choose(rng, _FONTS), uniform(rng, 0.8, 1.05))

    def add(
        text: str, height: float, color: Color, above: bool | None = None, face: Font | None = None
    ) -> None:
        used = face or font
        for shrink in (1.0, 0.75, 0.55):
            h = height * shrink
            at = layout.take(rng, text_width(text, h, used), h, above)
            if at is not None:
                prints.append(Print(text, at, h, used, color))
                return

    panel = family.name == "panel"
    if rng.random() < 0.94:
        above = True if panel else None if rng.random() < 0.4 else False
        add(unit, uniform(rng, 0.06, 0.13) * (1.4 if panel else 1.0), ink, above)
    if second:
        add(second, uniform(rng, 0.05, 0.09), vary(rng, RED) if rng.random() < 0.6 else ink)
    if rng.random() < family.chinese and family.name in words.CHINESE:
        add(choose(rng, words.CHINESE[family.name]), uniform(rng, 0.06, 0.11), ink, True, _CHINESE)
        if rng.random() < 0.6:
            add(choose(rng, words.COMPANIES), uniform(rng, 0.04, 0.065), ink, False, _CHINESE)
    elif rng.random() < 0.5:
        title = choose(rng, words.TITLES.get(family.name, words.TITLES["pressure"]))
        add(title, uniform(rng, 0.045, 0.1), ink, True if rng.random() < 0.6 else None)
    if rng.random() < 0.5:
        h = uniform(rng, 0.04, 0.085)
        at = layout.take(rng, 6.5 * h, 2.2 * h, None)
        if at is not None:
            color = vary(rng, choose(rng, (ink, ink, ink, (170, 90, 20), (30, 30, 190), (60, 140, 40))))
            marks.append(Mark("logo", at, h, color, int(rng.integers(2**31))))
    for _ in range(int(rng.integers(0, 4))):
        text = choose(rng, words.SMALL)
        add(text, uniform(rng, 0.025, 0.045), ink, None, _CHINESE if not text.isascii() else None)
    if rng.random() < 0.45:
        h = uniform(rng, 0.025, 0.05)
        at = layout.take(rng, 8 * h, 2.6 * h, None, 0.3 * layout.free)
        if at is not None:
            marks.append(Mark("class", at, h, ink, int(rng.integers(2**31))))
    if rng.random() < family.display:
        at = layout.take(rng, 0.5, 0.26, False)
        if at is not None:
            marks.append(
                Mark(
                    "display",
                    at,
                    0.24,
                    choose(rng, ((60, 60, 240), (240, 240, 230), (80, 230, 80))),
                    int(rng.integers(2**31)),
                )
            )
    round_face = place.center == (0.0, 0.0) and place.cover is None
    if round_face and place.span < np.radians(290) and rng.random() < 0.14:
        text = choose(rng, words.RIM)
        h = uniform(rng, 0.03, 0.05)
        rim = Font("uni") if not text.isascii() else font
        if text_width(text, h, rim) < (2 * np.pi - place.span) * 0.8 * layout.inner:
            prints += curved(text, layout.inner * 0.9, np.pi / 2, h, ink, rim)
    return prints, marks
