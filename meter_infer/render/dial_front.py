"""What sits on the glass or just behind it: tapes, clips, the surface of a liquid filling."""

import numpy as np

from meter_infer.render.canvas import OUTER, Color, Points, arc, band
from meter_infer.render.dial_style import DialStyle, FrontMark
from meter_infer.render.model import Layer
from meter_infer.render.pointer import Sheet


def _mark(mark: FrontMark) -> Points:
    """Return the outline of a mark, dial units."""
    c, s = np.cos(mark.angle), np.sin(mark.angle)
    along, across, w = np.array([c, s]), np.array([-s, c]), mark.width / 2
    if mark.kind == "clip":
        return np.stack([along * mark.r0, along * mark.r1 + across * w, along * mark.r1 - across * w])
    if mark.kind == "arc":
        return band((0.0, 0.0), mark.r0, mark.r1, mark.angle, mark.width)
    skew = mark.angle + np.random.default_rng(mark.seed).normal(0, 0.12)  # tape is put on by hand
    foot, length = along * mark.r0, mark.r1 - mark.r0
    head = foot + np.array([np.cos(skew), np.sin(skew)]) * length
    return np.stack([foot - across * w, head - across * w, head + across * w, foot + across * w])


def _paint(sheet: Sheet, loops: list[Points], color: Color, opacity: float = 1.0) -> None:
    sheet.paint([(loops, color)], loops, opacity)


def _filling(sheet: Sheet, y: float, r: float, rng: np.random.Generator) -> None:
    """Draw the surface of a filling at height y behind a glass of radius r, and at times its bubble."""
    half = float(np.sqrt(max(r * r - y * y, 0.01)))
    x = np.linspace(-half, half, 40)
    line = y + rng.normal(0, 0.03) * x - rng.uniform(0.0, 0.05) * np.abs(x / half) ** 6
    end = float(np.arctan2(line[-1], half))
    air = np.concatenate([np.stack([x, line], 1), arc((0.0, 0.0), r, end, -float(np.pi + 2 * end), 0.1)])
    tone = 250 if rng.random() < 0.5 else 115
    _paint(sheet, [air], (tone, tone, tone), rng.uniform(0.06, 0.15))
    ink = int(rng.integers(60, 150)) if rng.random() < 0.6 else int(rng.integers(200, 255))
    thick = rng.uniform(0.004, 0.02)
    strip = np.concatenate([np.stack([x, line], 1), np.stack([x[::-1], line[::-1] + thick], 1)])
    _paint(sheet, [strip], (ink, ink, ink), rng.uniform(0.3, 0.8))
    if rng.random() < 0.3:
        wide, high = rng.uniform(0.2, 0.6) * r, rng.uniform(0.15, 0.35) * r
        a = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        at = np.array([rng.normal(0, 0.15), min(y, -r + high)])
        rim = rng.uniform(0.92, 0.98)
        loops = [at + np.stack([k * wide * np.cos(a), k * high * np.sin(a)], 1) for k in (1.0, rim)]
        _paint(sheet, loops, (ink, ink, ink), rng.uniform(0.25, 0.7))


def front_layer(style: DialStyle, size: int) -> Layer | None:
    """Return what sits on or just behind the glass, or None where there is nothing."""
    if not style.front and style.fill_line is None:
        return None
    sheet = Sheet(size)
    if style.fill_line is not None:
        _filling(sheet, style.fill_line, style.bezel.inner, np.random.default_rng(style.seed + 2))
    for mark in style.front:
        _paint(sheet, [_mark(mark)], mark.color)
    return Layer(sheet.bgra, style.bezel.height * 0.85 * OUTER * size, glass=True)
