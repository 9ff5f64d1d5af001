"""Round clutter: wheels, clocks, fans, flanges, speakers, tyres, rings, levers."""

import numpy as np

from meter_infer.render.level_parts import draw_bolt
from meter_infer.render.materials import (
    METALS,
    PAINTS,
    Color,
    Placed,
    Sheet,
    box_mask,
    cylinder,
    disc_mask,
    line_mask,
    pick,
    pick_font,
    polygon_mask,
    scaled,
    soft,
)
from meter_infer.render.noise import noise

DARK: tuple[Color, ...] = ((28, 29, 31), (45, 46, 48), (18, 18, 20), (60, 62, 65))
PALE: tuple[Color, ...] = ((235, 238, 238), (222, 226, 228), (205, 215, 220), (190, 215, 225))


def ring_mask(cx: float, cy: float, outer: float, inner: float) -> Placed:
    """The area between two circles."""
    mask, x, y = disc_mask(cx, cy, outer)
    hole, hx, hy = disc_mask(cx, cy, min(inner, outer - 0.5))
    view = mask[hy - y : hy - y + hole.shape[0], hx - x : hx - x + hole.shape[1]]
    np.multiply(view, 1 - hole[: view.shape[0], : view.shape[1]], out=view)
    return mask, x, y


def start_disc(size: int) -> tuple[Sheet, float, float]:
    """A square sheet, its centre, and the radius of what is drawn on it."""
    return Sheet(size, size), size / 2, size * 0.46


def cast_shadow(sheet: Sheet, c: float, r: float) -> None:
    """The shadow of a disc of radius `r` about (c, c)."""
    sheet.paint(soft(disc_mask(c + r * 0.02, c + r * 0.03, r), r * 0.04), (8, 8, 10), 0.5)


def draw_hand(
    sheet: Sheet, c: float, angle: float, length: float, tail: float, width: float, color: Color
) -> None:
    """A bar from the centre (c, c): `length` px ahead and `tail` px behind."""
    d = np.array([np.cos(angle), np.sin(angle)])
    a, b = np.array([c, c]) - d * tail, np.array([c, c]) + d * length
    sheet.paint(line_mask(float(a[0]), float(a[1]), float(b[0]), float(b[1]), width), color)


def hand_wheel(rng: np.random.Generator, size: int) -> Sheet:
    """A valve's hand wheel."""
    sheet, c, r = start_disc(size)
    color = pick(rng, (*PAINTS, (40, 40, 190), (40, 40, 190)))
    rim = r * rng.uniform(0.08, 0.2)
    spokes = int(rng.integers(3, 7))
    start, bend = rng.uniform(0, 7), rng.choice([0.0, rng.uniform(-0.5, 0.5)])
    for k in range(spokes):
        a, b = start + k * 2 * np.pi / spokes, start + k * 2 * np.pi / spokes + bend
        p, q = (
            (c + r * 0.1 * np.cos(a), c + r * 0.1 * np.sin(a)),
            (c + (r - rim) * np.cos(b), c + (r - rim) * np.sin(b)),
        )
        sheet.paint(line_mask(*p, *q, r * rng.uniform(0.07, 0.16)), scaled(color, rng.uniform(0.7, 1.0)))
    sheet.paint(ring_mask(c, c, r, r - rim), scaled(color, 0.8))
    sheet.paint(ring_mask(c - rim * 0.1, c - rim * 0.1, r - rim * 0.25, r - rim * 0.7), scaled(color, 1.25))
    if rng.random() < 0.3:  # finger grips
        for a in np.linspace(0, 2 * np.pi, int(rng.integers(5, 12)), endpoint=False) + start:
            sheet.paint(
                disc_mask(c + (r - rim * 0.5) * np.cos(a), c + (r - rim * 0.5) * np.sin(a), rim * 0.7), color
            )
    hub = r * rng.uniform(0.14, 0.3)
    sheet.paint(disc_mask(c, c, hub), scaled(color, 0.9))
    draw_bolt(rng, sheet, c, c, hub * 0.55, pick(rng, METALS))
    return sheet


def clock(rng: np.random.Generator, size: int) -> Sheet:
    """A wall clock or a wrist watch: twelve hours, two or three hands."""
    sheet, c, r = start_disc(size)
    cast_shadow(sheet, c, r)
    rim = r * rng.uniform(0.03, 0.14)
    face = pick(rng, PALE if rng.random() < 0.75 else (*DARK, (110, 60, 30)))
    ink: Color = (25, 25, 28) if sum(face) > 380 else (235, 235, 235)
    sheet.paint(disc_mask(c, c, r), pick(rng, (*METALS, *DARK, *PAINTS)))
    sheet.paint(disc_mask(c, c, r - rim), face)
    font = pick_font(rng)
    numerals = rng.choice(["arabic", "roman", "bars", "four"], p=[0.55, 0.15, 0.2, 0.1])
    roman = ("XII", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI")
    radius = (r - rim) * rng.uniform(0.72, 0.82)
    height = r * rng.uniform(0.16, 0.3)
    for k in range(60 if rng.random() < 0.7 else 0):
        a = k * np.pi / 30
        d, e = (r - rim) * 0.96, (r - rim) * (0.88 if k % 5 == 0 else 0.92)
        width = max(0.8, r * (0.025 if k % 5 == 0 else 0.01))
        sheet.paint(
            line_mask(c + d * np.cos(a), c + d * np.sin(a), c + e * np.cos(a), c + e * np.sin(a), width), ink
        )
    for k in range(12):
        a = k * np.pi / 6 - np.pi / 2
        x, y = c + radius * np.cos(a), c + radius * np.sin(a)
        if numerals == "bars" or (numerals == "four" and k % 3):
            sheet.paint(line_mask(x, y, c + (x - c) * 1.12, c + (y - c) * 1.12, r * 0.04), ink)
        else:
            sheet.text(roman[k] if numerals == "roman" else str(k or 12), x, y, height, ink, font)
    if rng.random() < 0.5:
        sheet.text(str(rng.choice(["QUARTZ", "TIME", "Westland", "Orion"])), c, c + r * 0.35, r * 0.14, ink)
    hands: Color = ink if rng.random() < 0.8 else pick(rng, METALS)
    draw_hand(
        sheet, c, rng.uniform(0, 7), r * 0.45, r * rng.uniform(0, 0.12), r * rng.uniform(0.03, 0.08), hands
    )
    draw_hand(
        sheet, c, rng.uniform(0, 7), r * 0.72, r * rng.uniform(0, 0.15), r * rng.uniform(0.02, 0.06), hands
    )
    if rng.random() < 0.6:
        draw_hand(sheet, c, rng.uniform(0, 7), r * 0.78, r * 0.18, max(0.8, r * 0.015), (40, 35, 200))
    sheet.paint(disc_mask(c, c, r * 0.04), hands)
    return sheet


def fan(rng: np.random.Generator, size: int) -> Sheet:
    """A fan behind its guard."""
    sheet, c, r = start_disc(size)
    frame = pick(rng, (*DARK, *METALS))
    if rng.random() < 0.5:
        sheet.paint(box_mask(c - r, c - r, c + r, c + r, r * 0.08), frame)
        for x in (c - r * 0.87, c + r * 0.87):
            for y in (c - r * 0.87, c + r * 0.87):
                draw_bolt(rng, sheet, x, y, r * 0.06, pick(rng, METALS))
    else:
        sheet.paint(disc_mask(c, c, r), frame)
    sheet.paint(disc_mask(c, c, r * 0.93), scaled(frame, 0.4))
    blades, start = int(rng.integers(3, 10)), rng.uniform(0, 7)
    color = pick(rng, (*DARK, *METALS, (200, 190, 170)))
    wide = rng.uniform(0.6, 1.1) * 2 * np.pi / blades
    for k in range(blades):
        a = start + k * 2 * np.pi / blades
        t = np.linspace(0, 1, 6)
        lead = np.stack([np.cos(a + 0.5 * t), np.sin(a + 0.5 * t)], 1) * (0.2 + 0.7 * t)[:, None]
        back = (
            np.stack([np.cos(a + wide * 0.8 + 0.3 * t), np.sin(a + wide * 0.8 + 0.3 * t)], 1)
            * (0.2 + 0.7 * t)[:, None]
        )
        sheet.paint(
            polygon_mask(c + r * np.concatenate([lead, back[::-1]])), scaled(color, rng.uniform(0.7, 1.1))
        )
    sheet.paint(disc_mask(c, c, r * rng.uniform(0.2, 0.35)), scaled(color, 1.1))
    wire = max(0.8, r * 0.02)
    guard = pick(rng, METALS)
    for q in np.linspace(0.3, 0.92, int(rng.integers(0, 9))):
        sheet.paint(ring_mask(c, c, r * q, r * q - wire), guard)
    return sheet


def flange(rng: np.random.Generator, size: int) -> Sheet:
    """A blind flange, a manhole cover, a pipe's end: discs, a hole, bolts."""
    sheet, c, r = start_disc(size)
    cast_shadow(sheet, c, r)
    color = pick(rng, (*METALS, *PAINTS))
    sheet.paint(disc_mask(c, c, r), color)
    for q in sorted(rng.uniform(0.2, 0.95, int(rng.integers(1, 5))), reverse=True):
        sheet.paint(disc_mask(c, c, r * q), scaled(color, rng.uniform(0.55, 1.25)))
    if rng.random() < 0.6:
        hole = r * rng.uniform(0.15, 0.6)
        sheet.paint(disc_mask(c, c, hole), scaled(color, 1.2))
        sheet.paint(disc_mask(c + hole * 0.03, c + hole * 0.04, hole * 0.92), pick(rng, DARK))
    n, ring, start = int(rng.integers(0, 17)), r * rng.uniform(0.72, 0.86), rng.uniform(0, 7)
    metal, bolt = pick(rng, METALS), r * rng.uniform(0.05, 0.1)
    for k in range(n):
        a = start + k * 2 * np.pi / n
        draw_bolt(rng, sheet, c + ring * np.cos(a), c + ring * np.sin(a), bolt, metal)
    return sheet


def speaker(rng: np.random.Generator, size: int) -> Sheet:
    """A loudspeaker or a round grille."""
    sheet, c, r = start_disc(size)
    dark = pick(rng, DARK)
    sheet.paint(disc_mask(c, c, r), scaled(dark, 1.5))
    sheet.paint(disc_mask(c, c, r * 0.92), dark)
    if rng.random() < 0.5:
        for q in np.linspace(0.85, 0.3, int(rng.integers(2, 6))):
            sheet.paint(ring_mask(c, c, r * q, r * q * 0.94), scaled(dark, rng.uniform(0.5, 2.2)))
        sheet.paint(disc_mask(c, c, r * 0.28), scaled(dark, 1.7))
    else:
        y, x = np.mgrid[0:size, 0:size].astype(np.float32)
        pitch = max(4.0, r * rng.uniform(0.06, 0.16))
        holes = np.clip(
            1.3 - np.hypot((x % pitch) - pitch / 2, (y % pitch) - pitch / 2) / (pitch * 0.22), 0, 1
        )
        mask, ix, iy = disc_mask(c, c, r * 0.85)
        part = holes[: mask.shape[0], : mask.shape[1]].astype(np.float32)
        sheet.paint(
            (mask[: part.shape[0], : part.shape[1]] * part, ix, iy), pick(rng, ((5, 5, 6), (150, 152, 155)))
        )
    return sheet


def tyre(rng: np.random.Generator, size: int) -> Sheet:
    """A wheel with a tyre, or a pulley."""
    sheet, c, r = start_disc(size)
    rubber = pick(rng, DARK)
    sheet.paint(disc_mask(c, c, r), rubber)
    for q in rng.uniform(0.7, 0.98, 3):
        sheet.paint(ring_mask(c, c, r * q, r * q - max(0.8, r * 0.015)), scaled(rubber, 1.6))
    rim, metal = r * rng.uniform(0.55, 0.72), pick(rng, (*METALS, *PAINTS))
    sheet.paint(disc_mask(c, c, rim), metal)
    sheet.paint(disc_mask(c, c, rim * 0.88), scaled(metal, 0.45))
    n, start = int(rng.integers(4, 11)), rng.uniform(0, 7)
    for k in range(n):
        a = start + k * 2 * np.pi / n
        draw_hand(sheet, c, a, rim * 0.9, 0, rim * rng.uniform(0.1, 0.25), metal)
    sheet.paint(disc_mask(c, c, rim * 0.35), scaled(metal, 0.9))
    for k in range(5):
        a = start + k * 2 * np.pi / 5
        sheet.paint(
            disc_mask(c + rim * 0.22 * np.cos(a), c + rim * 0.22 * np.sin(a), rim * 0.05), (30, 30, 32)
        )
    return sheet


def rings(rng: np.random.Generator, size: int) -> Sheet:
    """Washers, plates, coins, discs, coiled hose: concentric circles."""
    sheet, c, r = start_disc(size)
    color = pick(rng, (*METALS, *PAINTS, *PALE, *DARK))
    hole = rng.uniform(0.1, 0.7) if rng.random() < 0.6 else 0.0
    sheet.paint(ring_mask(c, c, r, r * hole) if hole else disc_mask(c, c, r), color)
    for q in rng.uniform(max(0.1, hole), 1, int(rng.integers(0, 9))):
        sheet.paint(
            ring_mask(c, c, r * q, r * q - r * rng.uniform(0.01, 0.06)), scaled(color, rng.uniform(0.5, 1.4))
        )
    if rng.random() < 0.4:  # a conical gloss, as on turned metal
        y, x = np.mgrid[0:size, 0:size].astype(np.float32) - c
        gloss = np.cos(2 * (np.arctan2(y, x) - rng.uniform(0, 3)))
        sheet.tint(np.asarray(1 + 0.3 * gloss, np.float32))
    return sheet


def compass_rose(rng: np.random.Generator, size: int) -> Sheet:
    """A star or a spoked ornament, a drain cover, a sun."""
    sheet, c, r = start_disc(size)
    color = pick(rng, (*METALS, *PAINTS))
    sheet.paint(disc_mask(c, c, r), color)
    n = int(rng.integers(3, 13))
    a = np.arange(2 * n) * np.pi / n + rng.uniform(0, 7)
    radii = np.where(np.arange(2 * n) % 2, rng.uniform(0.2, 0.6), rng.uniform(0.7, 0.95)) * r
    sheet.paint(
        polygon_mask(np.stack([c + radii * np.cos(a), c + radii * np.sin(a)], 1)),
        scaled(color, rng.uniform(0.3, 0.7)),
    )
    return sheet


def valve_handle(rng: np.random.Generator, size: int) -> Sheet:
    """A lever or a wing on a round body: a pointer's shape on no dial."""
    sheet, c, r = start_disc(size)
    metal, color = pick(rng, METALS), pick(rng, ((40, 40, 190), (170, 90, 20), (40, 190, 230), *DARK))
    body = r * rng.uniform(0.35, 0.6)
    if rng.random() < 0.6:
        placed = box_mask(c - r, c - body * 0.7, c + r, c + body * 0.7)
        sheet.paint(placed, cylinder(rng, placed[0].shape[0], metal)[:, None])
    sheet.paint(disc_mask(c, c, body), metal)
    draw_hand(
        sheet, c, rng.uniform(0, 7), r * 0.95, body * rng.uniform(0, 0.8), body * rng.uniform(0.3, 0.6), color
    )
    draw_bolt(rng, sheet, c, c, body * 0.35, metal)
    return sheet


def stump(rng: np.random.Generator, size: int) -> Sheet:
    """A ball, a knot of wood, a blob: something round with texture alone."""
    sheet, c, r = start_disc(size)
    sheet.paint(disc_mask(c, c, r), pick(rng, PAINTS))
    sheet.tint(
        np.asarray(1 + rng.uniform(0.05, 0.3) * noise(rng, size, size, "cloud", size / 300), np.float32)
    )
    glow = soft(disc_mask(c - r * 0.3, c - r * 0.35, r * 0.2), r * 0.2)
    sheet.paint(glow, (245, 245, 245), rng.uniform(0, 0.8))
    sheet.shade(soft(ring_mask(c, c, r * 1.05, r * 0.8), r * 0.1), 0.5)
    return sheet


ROUND = (
    hand_wheel,
    hand_wheel,
    clock,
    clock,
    fan,
    flange,
    flange,
    speaker,
    tyre,
    rings,
    compass_rose,
    valve_handle,
    stump,
)
