"""Angular and long clutter: displays, plates, tubes of light, pipes, cables, stripes, bottles, rulers."""

import numpy as np

from meter_infer.render.level_marks import draw_sticker, draw_tape
from meter_infer.render.level_parts import draw_bolt
from meter_infer.render.materials import (
    METALS,
    PAINTS,
    Color,
    Sheet,
    box_mask,
    cylinder,
    disc_mask,
    jitter,
    line_mask,
    pick,
    pick_font,
    polygon_mask,
    scaled,
    soft,
)

_WORDS = (
    "PUMP",
    "P-101",
    "TYPE",
    "SERIAL",
    "No.",
    "kW",
    "50 Hz",
    "IP65",
    "MAX 16 bar",
    "WATER",
    "VALVE",
    "2019",
    "DN50",
    "230 V",
    "CAUTION",
    "TANK 3",
    "PT100",
    "FLOW",
    "INLET",
    "OUTLET",
)


def _tall(rng: np.random.Generator, size: int, low: float, high: float) -> Sheet:
    """An upright sheet whose width is a random share of its height."""
    return Sheet(size, max(8, round(size * float(np.exp(rng.uniform(np.log(low), np.log(high)))))))


def _turn(rng: np.random.Generator, sheet: Sheet, chance: float) -> Sheet:
    if rng.random() < chance:
        sheet.px = np.ascontiguousarray(np.rot90(sheet.px))
    return sheet


def display(rng: np.random.Generator, size: int) -> Sheet:
    """A digital display in a case."""
    h = max(8, round(size * rng.uniform(0.3, 0.9)))
    sheet = Sheet(h, size)
    case = pick(rng, (*METALS, *PAINTS))
    sheet.paint(box_mask(1, 1, size - 1, h - 1, h * rng.uniform(0, 0.15)), case)
    x0, y0, x1, y1 = size * 0.1, h * rng.uniform(0.1, 0.25), size * 0.9, h * rng.uniform(0.55, 0.9)
    lit = rng.random() < 0.5
    back: Color = (20, 20, 24) if lit else jitter(rng, (130, 150, 140), 15)
    ink: Color = ((50, 50, 250), (80, 250, 80), (80, 180, 255))[int(rng.integers(3))] if lit else (30, 35, 32)
    sheet.paint(box_mask(x0, y0, x1, y1), back)
    text = f"{rng.uniform(0, 10 ** rng.integers(1, 4)):.{int(rng.integers(0, 3))}f}"
    sheet.text(
        text, (x0 + x1) / 2, (y0 + y1) / 2, min((y1 - y0) * 1.0, size * 1.1 / len(text)), ink, pick_font(rng)
    )
    for k in range(int(rng.integers(0, 5))):
        sheet.paint(disc_mask(size * (0.2 + 0.15 * k), h * 0.93, h * 0.035), pick(rng, PAINTS))
    return sheet


def nameplate(rng: np.random.Generator, size: int) -> Sheet:
    """A rating plate or a label with lines of text."""
    h = max(8, round(size * rng.uniform(0.3, 1.0)))
    sheet = Sheet(h, size)
    plate = pick(rng, (*METALS, (235, 235, 235), (55, 205, 240), (30, 30, 32), (170, 90, 20)))
    ink: Color = (25, 25, 28) if sum(plate) > 330 else (235, 235, 235)
    sheet.paint(box_mask(1, 1, size - 1, h - 1, h * rng.uniform(0, 0.1)), plate)
    rows = int(rng.integers(1, 7))
    height = h * 0.8 / rows * 0.9
    font = pick_font(rng)
    for k in range(rows):
        words = " ".join(str(w) for w in rng.choice(_WORDS, int(rng.integers(1, 3))))
        fit = min(height, size * 1.5 / max(1, len(words)))
        sheet.text(words, size / 2, h * 0.1 + h * 0.8 * (k + 0.5) / rows, fit, ink, font)
    if rng.random() < 0.5:
        r = min(h, size) * 0.04
        for x in (2.5 * r, size - 2.5 * r):
            for y in (2.5 * r, h - 2.5 * r):
                draw_bolt(rng, sheet, x, y, r, pick(rng, METALS))
    return sheet


def light_tube(rng: np.random.Generator, size: int) -> Sheet:
    """A fluorescent tube, a strip of light, a candle."""
    sheet = _tall(rng, size, 0.03, 0.15)
    h, w = sheet.shape
    tone = jitter(rng, (250, 248, 240), 8)
    end = h * rng.uniform(0.02, 0.08)
    if rng.random() < 0.5:
        sheet.paint(box_mask(0, 0, w, h), pick(rng, ((225, 225, 225), *METALS)))
    placed = box_mask(w * 0.2, end, w * 0.8, h - end, w * 0.1)
    sheet.paint(soft(placed, w * 0.1), tone, 0.5)
    sheet.paint(placed, tone)
    for a, b in ((0.0, end), (h - end, float(h))):
        placed = box_mask(w * 0.18, a, w * 0.82, b)
        sheet.paint(placed, cylinder(rng, placed[0].shape[1], pick(rng, METALS))[None])
    return _turn(rng, sheet, 0.4)


def pipe(rng: np.random.Generator, size: int) -> Sheet:
    """A pipe with couplings, flanges, clamps, coloured bands: upright like a level tube, but opaque."""
    sheet = _tall(rng, size, 0.06, 0.4)
    h, w = sheet.shape
    color = pick(rng, (*METALS, *PAINTS, (225, 228, 230)))
    r = w * rng.uniform(0.25, 0.42)
    placed = box_mask(w / 2 - r, 0, w / 2 + r, h)
    sheet.paint(placed, cylinder(rng, placed[0].shape[1], color)[None])
    for y in rng.uniform(0, h, int(rng.integers(0, 5))):
        wide = r * rng.uniform(1.05, w / 2 / r)
        half = w * rng.uniform(0.05, 0.4)
        placed = box_mask(w / 2 - wide, y - half, w / 2 + wide, y + half, half * rng.uniform(0, 0.4))
        tone = color if rng.random() < 0.5 else pick(rng, (*METALS, *PAINTS))
        sheet.paint(placed, cylinder(rng, placed[0].shape[1], tone)[None])
        if rng.random() < 0.3:
            for x in np.linspace(w / 2 - wide * 0.7, w / 2 + wide * 0.7, 3):
                draw_bolt(rng, sheet, float(x), float(y), half * 0.4, pick(rng, METALS))
    if rng.random() < 0.25:  # a flow label
        draw_sticker(rng, sheet, w / 2 - r * 0.8, h * 0.4, w / 2 + r * 0.8, h * 0.46, "H2O")
    return _turn(rng, sheet, 0.25)


def cables(rng: np.random.Generator, size: int) -> Sheet:
    """Cables in a tray or hanging side by side."""
    sheet = _tall(rng, size, 0.1, 0.6)
    h, w = sheet.shape
    if rng.random() < 0.5:
        sheet.paint(box_mask(0, 0, w, h), pick(rng, METALS))
    n = int(rng.integers(2, 12))
    for k in range(n):
        x = w * (k + 0.5) / n + rng.normal(0, w * 0.02)
        bend = rng.normal(0, w * 0.04)
        width = w / n * rng.uniform(0.3, 0.9)
        color = pick(
            rng, ((28, 28, 30), (40, 40, 180), (170, 90, 30), (60, 60, 62), (50, 190, 220), (150, 150, 152))
        )
        for gain, part, shift in ((0.6, 1.0, 0.0), (1.0, 0.6, -0.1), (1.5, 0.2, -0.2)):
            sheet.paint(
                line_mask(x + shift * width, 0, x + bend + shift * width, h, width * part),
                scaled(color, gain),
            )
    for y in np.linspace(0.1, 0.9, int(rng.integers(0, 6))) * h:
        sheet.paint(box_mask(0, y, w, y + max(1.0, h * 0.015)), pick(rng, METALS))
    return _turn(rng, sheet, 0.3)


def stripes(rng: np.random.Generator, size: int) -> Sheet:
    """Warning stripes: yellow and black, red and white."""
    sheet = _tall(rng, size, 0.06, 0.5)
    h, w = sheet.shape
    a, b = (((30, 205, 240), (25, 25, 26)), ((235, 235, 235), (40, 40, 200)))[int(rng.integers(2))]
    sheet.paint(box_mask(0, 0, w, h), jitter(rng, a, 10))
    pitch = w * rng.uniform(0.5, 1.2)
    slope = w * rng.choice([1.0, -1.0, 0.0], p=[0.45, 0.45, 0.1])
    for y in np.arange(-2.0 * w, h + 2 * w, pitch):
        quad = np.array([[0, y], [w, y + slope], [w, y + slope + pitch / 2], [0, y + pitch / 2]])
        sheet.paint(polygon_mask(quad), b)
    return _turn(rng, sheet, 0.3)


def bottle(rng: np.random.Generator, size: int) -> Sheet:
    """A bottle, canister or gas cylinder, opaque."""
    sheet = _tall(rng, size, 0.2, 0.45)
    h, w = sheet.shape
    color = pick(rng, (*PAINTS, (225, 228, 230), (60, 110, 50), (20, 50, 90)))
    neck, shoulder = w * rng.uniform(0.12, 0.3), h * rng.uniform(0.15, 0.35)
    for half, y0, y1, r in (
        (neck, h * 0.05, shoulder + w * 0.1, 0.0),
        (w * 0.46, shoulder, h * 0.98, w * rng.uniform(0.05, 0.4)),
    ):
        placed = box_mask(w / 2 - half, y0, w / 2 + half, y1, r)
        sheet.paint(placed, cylinder(rng, placed[0].shape[1], color)[None])
    placed = box_mask(w / 2 - neck * 1.15, h * 0.01, w / 2 + neck * 1.15, h * 0.08)
    sheet.paint(placed, cylinder(rng, placed[0].shape[1], pick(rng, (*PAINTS, *METALS)))[None])
    if rng.random() < 0.7:
        y = rng.uniform(shoulder + h * 0.05, h * 0.7)
        draw_sticker(
            rng,
            sheet,
            w * 0.06,
            y,
            w * 0.94,
            min(h * 0.95, y + h * rng.uniform(0.1, 0.3)),
            str(rng.choice(_WORDS)),
        )
    return sheet


def ruler(rng: np.random.Generator, size: int) -> Sheet:
    """A tape, a ruler or a printed scale without any tube."""
    sheet = _tall(rng, size, 0.06, 0.3)
    h, w = sheet.shape
    draw_tape(
        rng,
        sheet,
        w * 0.04,
        w * 0.96,
        0,
        h,
        w * rng.uniform(0.25, 0.8),
        int(rng.integers(0, 180)),
        rng.random() < 0.5,
    )
    return _turn(rng, sheet, 0.4)


def grille(rng: np.random.Generator, size: int) -> Sheet:
    """A vent, a radiator, louvres, a ladder: bars side by side."""
    sheet = _tall(rng, size, 0.2, 1.0)
    h, w = sheet.shape
    color = pick(rng, (*METALS, *PAINTS, (225, 228, 230)))
    if rng.random() < 0.7:
        sheet.paint(box_mask(0, 0, w, h, w * 0.04), color)
    n = int(rng.integers(3, 16))
    for k in range(n):
        y = h * (0.06 + 0.88 * (k + 0.3) / n)
        bar = h * 0.88 / n * rng.uniform(0.3, 0.6)
        sheet.paint(
            box_mask(w * 0.08, y, w * 0.92, y + bar, bar * 0.3), scaled(color, rng.uniform(0.15, 0.35))
        )
    for x in (w * 0.05, w * 0.95):
        sheet.paint(box_mask(x - w * 0.03, 0, x + w * 0.03, h), scaled(color, 0.9))
    return _turn(rng, sheet, 0.5)


def cabinet(rng: np.random.Generator, size: int) -> Sheet:
    """A box with a hinge, a lock and a sign: switch boxes, sockets, windows of doors."""
    sheet = _tall(rng, size, 0.4, 1.0)
    h, w = sheet.shape
    color = pick(rng, (*METALS, *PAINTS))
    sheet.paint(soft(box_mask(w * 0.04, h * 0.03, w * 0.96, h * 0.98), w * 0.02), (8, 8, 10), 0.5)
    sheet.paint(box_mask(w * 0.04, h * 0.03, w * 0.96, h * 0.97, w * rng.uniform(0, 0.08)), color)
    sheet.paint(
        box_mask(w * 0.1, h * 0.08, w * 0.9, h * 0.92, w * 0.03), scaled(color, rng.uniform(0.8, 1.2))
    )
    if rng.random() < 0.4:  # a window of dark glass
        x0, y0 = w * rng.uniform(0.15, 0.4), h * rng.uniform(0.12, 0.4)
        x1, y1 = w * rng.uniform(0.55, 0.85), h * rng.uniform(0.5, 0.88)
        sheet.paint(
            box_mask(x0, y0, x1, y1, w * 0.02), pick(rng, ((45, 48, 52), (110, 115, 120), (25, 26, 28)))
        )
        sheet.paint(
            line_mask(x0 + (x1 - x0) * 0.1, y1 - 2, x0 + (x1 - x0) * 0.5, y0 + 2, w * 0.05),
            (220, 225, 228),
            0.15,
        )
    draw_bolt(rng, sheet, w * 0.84, h * rng.uniform(0.3, 0.7), w * 0.035, pick(rng, METALS))
    if rng.random() < 0.6:
        y = h * rng.uniform(0.15, 0.75)
        draw_sticker(rng, sheet, w * 0.2, y, w * 0.7, y + h * 0.09, str(rng.choice(_WORDS)))
    return sheet


def profile(rng: np.random.Generator, size: int) -> Sheet:
    """A beam, a slotted rail or a strip of light and shadow: a level glass's outline without contents."""
    sheet = _tall(rng, size, 0.05, 0.3)
    h, w = sheet.shape
    color = pick(rng, (*METALS, *PAINTS))
    sheet.paint(box_mask(0, 0, w, h), color)
    for _ in range(int(rng.integers(1, 4))):
        a, b = np.sort(rng.uniform(0, w, 2))
        sheet.paint(box_mask(float(a), 0, float(b), h), scaled(color, rng.uniform(0.4, 1.5)))
    if rng.random() < 0.5:
        n, r = int(rng.integers(3, 15)), w * rng.uniform(0.06, 0.18)
        for y in np.linspace(0.05, 0.95, n) * h:
            if rng.random() < 0.15:
                continue
            sheet.paint(
                box_mask(w / 2 - r, y - r * 1.6, w / 2 + r, y + r * 1.6, r),
                pick(rng, ((20, 20, 22), *METALS)),
            )
    return _turn(rng, sheet, 0.3)


FLAT = (
    display,
    nameplate,
    nameplate,
    light_tube,
    pipe,
    pipe,
    cables,
    stripes,
    bottle,
    ruler,
    grille,
    cabinet,
    profile,
)
