"""Round clutter: wheels, clocks, fans, flanges, buttons, lamps, speakers, tyres, signs, knobs."""

import numpy as np

from meter_infer.render.level_parts import draw_bolt
from meter_infer.render.materials import (
    METALS, PAINTS, Color, Placed, Sheet, box_mask, cylinder, disc_mask, hsv, jitter, line_mask, noise, pick, pick_font,
    polygon_mask, scaled, soft,
)  # fmt: skip

_DARK: tuple[Color, ...] = ((28, 29, 31), (45, 46, 48), (18, 18, 20), (60, 62, 65))
_PALE: tuple[Color, ...] = ((235, 238, 238), (222, 226, 228), (205, 215, 220), (190, 215, 225))


def ring_mask(cx: float, cy: float, outer: float, inner: float) -> Placed:
    """The area between two circles."""
    mask, x, y = disc_mask(cx, cy, outer)
    hole, hx, hy = disc_mask(cx, cy, min(inner, outer - 0.5))
    view = mask[hy - y : hy - y + hole.shape[0], hx - x : hx - x + hole.shape[1]]
    np.multiply(view, 1 - hole[: view.shape[0], : view.shape[1]], out=view)
    return mask, x, y


def _start(size: int) -> tuple[Sheet, float, float]:
    """A square sheet, its centre, and the radius of what is drawn on it."""
    return Sheet(size, size), size / 2, size * 0.46


def _shadow(sheet: Sheet, c: float, r: float) -> None:
    sheet.paint(soft(disc_mask(c + r * 0.02, c + r * 0.03, r), r * 0.04), (8, 8, 10), 0.5)


def _hand(sheet: Sheet, c: float, angle: float, length: float, tail: float, width: float, color: Color) -> None:
    d = np.array([np.cos(angle), np.sin(angle)])
    a, b = np.array([c, c]) - d * tail, np.array([c, c]) + d * length
    sheet.paint(line_mask(float(a[0]), float(a[1]), float(b[0]), float(b[1]), width), color)


def hand_wheel(rng: np.random.Generator, size: int) -> Sheet:
    """A valve's hand wheel."""
    sheet, c, r = _start(size)
    color = pick(rng, (*PAINTS, (40, 40, 190), (40, 40, 190)))
    rim = r * rng.uniform(0.08, 0.2)
    spokes = int(rng.integers(3, 7))
    start, bend = rng.uniform(0, 7), rng.choice([0.0, rng.uniform(-0.5, 0.5)])
    for k in range(spokes):
        a, b = start + k * 2 * np.pi / spokes, start + k * 2 * np.pi / spokes + bend
        p, q = (c + r * 0.1 * np.cos(a), c + r * 0.1 * np.sin(a)), (c + (r - rim) * np.cos(b), c + (r - rim) * np.sin(b))
        sheet.paint(line_mask(*p, *q, r * rng.uniform(0.07, 0.16)), scaled(color, rng.uniform(0.7, 1.0)))
    sheet.paint(ring_mask(c, c, r, r - rim), scaled(color, 0.8))
    sheet.paint(ring_mask(c - rim * 0.1, c - rim * 0.1, r - rim * 0.25, r - rim * 0.7), scaled(color, 1.25))
    if rng.random() < 0.3:  # finger grips
        for a in np.linspace(0, 2 * np.pi, int(rng.integers(5, 12)), endpoint=False) + start:
            sheet.paint(disc_mask(c + (r - rim * 0.5) * np.cos(a), c + (r - rim * 0.5) * np.sin(a), rim * 0.7), color)
    hub = r * rng.uniform(0.14, 0.3)
    sheet.paint(disc_mask(c, c, hub), scaled(color, 0.9))
    draw_bolt(rng, sheet, c, c, hub * 0.55, pick(rng, METALS))
    return sheet


def clock(rng: np.random.Generator, size: int) -> Sheet:
    """A wall clock or a wrist watch: twelve hours, two or three hands."""
    sheet, c, r = _start(size)
    _shadow(sheet, c, r)
    rim = r * rng.uniform(0.03, 0.14)
    face = pick(rng, _PALE if rng.random() < 0.75 else (*_DARK, (110, 60, 30)))
    ink: Color = (25, 25, 28) if sum(face) > 380 else (235, 235, 235)
    sheet.paint(disc_mask(c, c, r), pick(rng, (*METALS, *_DARK, *PAINTS)))
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
        sheet.paint(line_mask(c + d * np.cos(a), c + d * np.sin(a), c + e * np.cos(a), c + e * np.sin(a), width), ink)
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
    _hand(sheet, c, rng.uniform(0, 7), r * 0.45, r * rng.uniform(0, 0.12), r * rng.uniform(0.03, 0.08), hands)
    _hand(sheet, c, rng.uniform(0, 7), r * 0.72, r * rng.uniform(0, 0.15), r * rng.uniform(0.02, 0.06), hands)
    if rng.random() < 0.6:
        _hand(sheet, c, rng.uniform(0, 7), r * 0.78, r * 0.18, max(0.8, r * 0.015), (40, 35, 200))
    sheet.paint(disc_mask(c, c, r * 0.04), hands)
    return sheet


def fan(rng: np.random.Generator, size: int) -> Sheet:
    """A fan behind its guard."""
    sheet, c, r = _start(size)
    frame = pick(rng, (*_DARK, *METALS))
    if rng.random() < 0.5:
        sheet.paint(box_mask(c - r, c - r, c + r, c + r, r * 0.08), frame)
        for x in (c - r * 0.87, c + r * 0.87):
            for y in (c - r * 0.87, c + r * 0.87):
                draw_bolt(rng, sheet, x, y, r * 0.06, pick(rng, METALS))
    else:
        sheet.paint(disc_mask(c, c, r), frame)
    sheet.paint(disc_mask(c, c, r * 0.93), scaled(frame, 0.4))
    blades, start = int(rng.integers(3, 10)), rng.uniform(0, 7)
    color = pick(rng, (*_DARK, *METALS, (200, 190, 170)))
    wide = rng.uniform(0.6, 1.1) * 2 * np.pi / blades
    for k in range(blades):
        a = start + k * 2 * np.pi / blades
        t = np.linspace(0, 1, 6)
        lead = np.stack([np.cos(a + 0.5 * t), np.sin(a + 0.5 * t)], 1) * (0.2 + 0.7 * t)[:, None]
        back = np.stack([np.cos(a + wide * 0.8 + 0.3 * t), np.sin(a + wide * 0.8 + 0.3 * t)], 1) * (0.2 + 0.7 * t)[:, None]
        sheet.paint(polygon_mask(c + r * np.concatenate([lead, back[::-1]])), scaled(color, rng.uniform(0.7, 1.1)))
    sheet.paint(disc_mask(c, c, r * rng.uniform(0.2, 0.35)), scaled(color, 1.1))
    wire = max(0.8, r * 0.02)
    guard = pick(rng, METALS)
    for q in np.linspace(0.3, 0.92, int(rng.integers(0, 9))):
        sheet.paint(ring_mask(c, c, r * q, r * q - wire), guard)
    return sheet


def flange(rng: np.random.Generator, size: int) -> Sheet:
    """A blind flange, a manhole cover, a pipe's end: discs, a hole, bolts."""
    sheet, c, r = _start(size)
    _shadow(sheet, c, r)
    color = pick(rng, (*METALS, *PAINTS))
    sheet.paint(disc_mask(c, c, r), color)
    for q in sorted(rng.uniform(0.2, 0.95, int(rng.integers(1, 5))), reverse=True):
        sheet.paint(disc_mask(c, c, r * q), scaled(color, rng.uniform(0.55, 1.25)))
    if rng.random() < 0.6:
        hole = r * rng.uniform(0.15, 0.6)
        sheet.paint(disc_mask(c, c, hole), scaled(color, 1.2))
        sheet.paint(disc_mask(c + hole * 0.03, c + hole * 0.04, hole * 0.92), pick(rng, _DARK))
    n, ring, start = int(rng.integers(0, 17)), r * rng.uniform(0.72, 0.86), rng.uniform(0, 7)
    metal, bolt = pick(rng, METALS), r * rng.uniform(0.05, 0.1)
    for k in range(n):
        a = start + k * 2 * np.pi / n
        draw_bolt(rng, sheet, c + ring * np.cos(a), c + ring * np.sin(a), bolt, metal)
    return sheet


def push_button(rng: np.random.Generator, size: int) -> Sheet:
    """A push button, an emergency stop or a signal lamp."""
    sheet, c, r = _start(size)
    if rng.random() < 0.3:
        sheet.paint(box_mask(c - r, c - r, c + r, c + r, r * 0.1), pick(rng, ((50, 205, 235), *METALS, *_DARK)))
        r *= 0.75
    _shadow(sheet, c, r)
    sheet.paint(disc_mask(c, c, r), pick(rng, (*METALS, *_DARK)))
    color = hsv(float(rng.choice([0.0, 0.33, 0.15, 0.6, 0.08])), rng.uniform(0.6, 0.95), rng.uniform(0.4, 1.0))
    if rng.random() < 0.25:
        color = pick(rng, (*_PALE, *_DARK))
    q = rng.uniform(0.6, 0.9)
    sheet.paint(disc_mask(c, c, r * q), scaled(color, 0.7))
    sheet.paint(disc_mask(c - r * 0.03, c - r * 0.04, r * q * 0.9), color)
    glow = soft(disc_mask(c + r * rng.uniform(-0.3, 0.3), c - r * rng.uniform(0, 0.4), r * rng.uniform(0.1, 0.4)), r * 0.12)
    sheet.paint(glow, (250, 250, 250), rng.uniform(0.2, 0.8))
    if rng.random() < 0.4:
        sheet.text(str(rng.choice(["I", "O", "STOP", "START", "RESET"])), c, c, r * 0.45, (240, 240, 240), ("sans", 600))
    return sheet


def selector(rng: np.random.Generator, size: int) -> Sheet:
    """A selector switch: a knob with a pointer and two or three words."""
    sheet, c, r = _start(size)
    plate = pick(rng, (*METALS, *_DARK, *_PALE))
    sheet.paint(box_mask(c - r, c - r, c + r, c + r, r * rng.uniform(0, 0.3)), plate)
    ink: Color = (25, 25, 28) if sum(plate) > 350 else (235, 235, 235)
    words = [("0", "I"), ("OFF", "ON"), ("MAN", "0", "AUTO"), ("1", "0", "2"), ("HAND", "OFF", "AUTO")][int(rng.integers(5))]
    angles = np.linspace(-0.9, 0.9, len(words)) - np.pi / 2
    for a, word in zip(angles, words, strict=True):
        sheet.text(word, c + r * 0.82 * np.cos(a), c + r * 0.82 * np.sin(a), r * 0.26, ink)
    q = r * rng.uniform(0.5, 0.65)
    _shadow(sheet, c, q)
    sheet.paint(disc_mask(c, c, q), pick(rng, METALS))
    sheet.paint(disc_mask(c, c, q * 0.85), pick(rng, _DARK))
    turn = float(rng.choice(angles))
    knob = pick(rng, (*_DARK, (40, 40, 190)))
    _hand(sheet, c, turn, q * 0.95, q * 0.9, q * 0.36, scaled(knob, 1.3))
    _hand(sheet, c, turn, q * 0.9, -q * 0.3, max(1.0, q * 0.08), (240, 240, 240))
    return sheet


def knob(rng: np.random.Generator, size: int) -> Sheet:
    """A thermostat's or an oven's knob with a printed scale around it."""
    sheet, c, r = _start(size)
    plate = pick(rng, (*_PALE, *METALS, *_DARK))
    sheet.paint(disc_mask(c, c, r) if rng.random() < 0.5 else box_mask(c - r, c - r, c + r, c + r, r * 0.1), plate)
    ink: Color = (25, 25, 28) if sum(plate) > 350 else (235, 235, 235)
    n = int(rng.integers(4, 11))
    start, span = rng.uniform(1.9, 2.6), rng.uniform(3.6, 5.2)
    q = r * rng.uniform(0.5, 0.68)
    for k in range(n):
        a = start + span * k / (n - 1)
        label = ("MIN", "MAX")[k > 0] if k in (0, n - 1) and n < 7 else str(k)
        sheet.text(label, c + r * 0.85 * np.cos(a), c + r * 0.85 * np.sin(a), r * 0.17, ink)
        p = q * 1.06
        sheet.paint(line_mask(c + p * np.cos(a), c + p * np.sin(a), c + p * 1.08 * np.cos(a), c + p * 1.08 * np.sin(a), r * 0.02), ink)
    body = pick(rng, (*_DARK, *METALS, *_PALE))
    _shadow(sheet, c, q)
    sheet.paint(disc_mask(c, c, q), scaled(body, 0.7))
    ribs = int(rng.integers(0, 40))
    for k in range(ribs):
        a = k * 2 * np.pi / ribs
        sheet.paint(disc_mask(c + q * 0.97 * np.cos(a), c + q * 0.97 * np.sin(a), q * 0.05), scaled(body, 0.5))
    sheet.paint(disc_mask(c - q * 0.03, c - q * 0.04, q * 0.82), body)
    mark: Color = (240, 240, 240) if sum(body) < 350 else (40, 40, 200)
    _hand(sheet, c, start + span * rng.uniform(0, 1), q * 0.8, -q * rng.uniform(0.3, 0.6), q * 0.09, mark)
    return sheet


def lamp(rng: np.random.Generator, size: int) -> Sheet:
    """A round lamp, lit or not, with or without a cage; a lens."""
    sheet, c, r = _start(size)
    sheet.paint(disc_mask(c, c, r), pick(rng, (*METALS, *_DARK, *_PALE)))
    glass = pick(rng, (*_PALE, (180, 225, 250), (90, 92, 95), (120, 150, 160)))
    sheet.paint(disc_mask(c, c, r * 0.86), scaled(glass, 0.7))
    for q in (0.75, 0.55, 0.35):
        sheet.paint(soft(disc_mask(c - r * 0.05, c - r * 0.05, r * q), r * 0.08), scaled(glass, 1.45 - q * 0.5), 0.6)
    if rng.random() < 0.4:
        wire, metal = max(1.0, r * 0.05), pick(rng, METALS)
        for a in np.arange(int(rng.integers(2, 5))) * np.pi / 4:
            sheet.paint(line_mask(c - r * np.cos(a), c - r * np.sin(a), c + r * np.cos(a), c + r * np.sin(a), wire), metal)
        sheet.paint(ring_mask(c, c, r * 0.5, r * 0.5 - wire), metal)
    return sheet


def speaker(rng: np.random.Generator, size: int) -> Sheet:
    """A loudspeaker or a round grille."""
    sheet, c, r = _start(size)
    dark = pick(rng, _DARK)
    sheet.paint(disc_mask(c, c, r), scaled(dark, 1.5))
    sheet.paint(disc_mask(c, c, r * 0.92), dark)
    if rng.random() < 0.5:
        for q in np.linspace(0.85, 0.3, int(rng.integers(2, 6))):
            sheet.paint(ring_mask(c, c, r * q, r * q * 0.94), scaled(dark, rng.uniform(0.5, 2.2)))
        sheet.paint(disc_mask(c, c, r * 0.28), scaled(dark, 1.7))
    else:
        y, x = np.mgrid[0:size, 0:size].astype(np.float32)
        pitch = max(4.0, r * rng.uniform(0.06, 0.16))
        holes = np.clip(1.3 - np.hypot((x % pitch) - pitch / 2, (y % pitch) - pitch / 2) / (pitch * 0.22), 0, 1)
        mask, ix, iy = disc_mask(c, c, r * 0.85)
        part = holes[: mask.shape[0], : mask.shape[1]].astype(np.float32)
        sheet.paint((mask[: part.shape[0], : part.shape[1]] * part, ix, iy), pick(rng, ((5, 5, 6), (150, 152, 155))))
    return sheet


def tyre(rng: np.random.Generator, size: int) -> Sheet:
    """A wheel with a tyre, or a pulley."""
    sheet, c, r = _start(size)
    rubber = pick(rng, _DARK)
    sheet.paint(disc_mask(c, c, r), rubber)
    for q in rng.uniform(0.7, 0.98, 3):
        sheet.paint(ring_mask(c, c, r * q, r * q - max(0.8, r * 0.015)), scaled(rubber, 1.6))
    rim, metal = r * rng.uniform(0.55, 0.72), pick(rng, (*METALS, *PAINTS))
    sheet.paint(disc_mask(c, c, rim), metal)
    sheet.paint(disc_mask(c, c, rim * 0.88), scaled(metal, 0.45))
    n, start = int(rng.integers(4, 11)), rng.uniform(0, 7)
    for k in range(n):
        a = start + k * 2 * np.pi / n
        _hand(sheet, c, a, rim * 0.9, 0, rim * rng.uniform(0.1, 0.25), metal)
    sheet.paint(disc_mask(c, c, rim * 0.35), scaled(metal, 0.9))
    for k in range(5):
        a = start + k * 2 * np.pi / 5
        sheet.paint(disc_mask(c + rim * 0.22 * np.cos(a), c + rim * 0.22 * np.sin(a), rim * 0.05), (30, 30, 32))
    return sheet


def rings(rng: np.random.Generator, size: int) -> Sheet:
    """Washers, plates, coins, discs, coiled hose: concentric circles."""
    sheet, c, r = _start(size)
    color = pick(rng, (*METALS, *PAINTS, *_PALE, *_DARK))
    hole = rng.uniform(0.1, 0.7) if rng.random() < 0.6 else 0.0
    sheet.paint(ring_mask(c, c, r, r * hole) if hole else disc_mask(c, c, r), color)
    for q in rng.uniform(max(0.1, hole), 1, int(rng.integers(0, 9))):
        sheet.paint(ring_mask(c, c, r * q, r * q - r * rng.uniform(0.01, 0.06)), scaled(color, rng.uniform(0.5, 1.4)))
    if rng.random() < 0.4:  # a conical gloss, as on turned metal
        y, x = np.mgrid[0:size, 0:size].astype(np.float32) - c
        gloss = np.cos(2 * (np.arctan2(y, x) - rng.uniform(0, 3)))
        sheet.tint(np.asarray(1 + 0.3 * gloss, np.float32))
    return sheet


def round_sign(rng: np.random.Generator, size: int) -> Sheet:
    """A traffic or safety sign, a round label, a logo."""
    sheet, c, r = _start(size)
    kind = int(rng.integers(5))
    back = ((240, 240, 240), (170, 90, 20), (240, 240, 240), (50, 210, 240), (60, 150, 50))[kind]
    sheet.paint(disc_mask(c, c, r), jitter(rng, back, 10))
    red: Color = (40, 35, 205)
    if kind in (0, 2):
        sheet.paint(ring_mask(c, c, r * 0.97, r * 0.8), red)
    ink: Color = (25, 25, 28) if kind in (0, 2, 3) else (240, 240, 240)
    words = ["30", "50", "80", "5t", "P", "i", "!", "QC", "OK", "No 7", "A1", "PN16", "CE"]
    sheet.text(str(rng.choice(words)), c, c, r * rng.uniform(0.5, 1.0), ink, pick_font(rng))
    if kind == 2:
        a = np.pi / 4
        _hand(sheet, c, a, r * 0.85, r * 0.85, r * 0.14, red)
    if rng.random() < 0.4:
        sheet.text(str(rng.choice(["PASSED", "VALVE", "CHECKED", "WATER"])), c, c + r * 0.5, r * 0.2, ink)
    return sheet


def compass_rose(rng: np.random.Generator, size: int) -> Sheet:
    """A star or a spoked ornament, a drain cover, a sun."""
    sheet, c, r = _start(size)
    color = pick(rng, (*METALS, *PAINTS))
    sheet.paint(disc_mask(c, c, r), color)
    n = int(rng.integers(3, 13))
    a = np.arange(2 * n) * np.pi / n + rng.uniform(0, 7)
    radii = np.where(np.arange(2 * n) % 2, rng.uniform(0.2, 0.6), rng.uniform(0.7, 0.95)) * r
    sheet.paint(polygon_mask(np.stack([c + radii * np.cos(a), c + radii * np.sin(a)], 1)), scaled(color, rng.uniform(0.3, 0.7)))
    return sheet


def valve_handle(rng: np.random.Generator, size: int) -> Sheet:
    """A lever or a wing on a round body: a pointer's shape on no dial."""
    sheet, c, r = _start(size)
    metal, color = pick(rng, METALS), pick(rng, ((40, 40, 190), (170, 90, 20), (40, 190, 230), *_DARK))
    body = r * rng.uniform(0.35, 0.6)
    if rng.random() < 0.6:
        placed = box_mask(c - r, c - body * 0.7, c + r, c + body * 0.7)
        sheet.paint(placed, cylinder(rng, placed[0].shape[0], metal)[:, None])
    sheet.paint(disc_mask(c, c, body), metal)
    _hand(sheet, c, rng.uniform(0, 7), r * 0.95, body * rng.uniform(0, 0.8), body * rng.uniform(0.3, 0.6), color)
    draw_bolt(rng, sheet, c, c, body * 0.35, metal)
    return sheet


def stump(rng: np.random.Generator, size: int) -> Sheet:
    """A ball, a knot of wood, a blob: something round with texture alone."""
    sheet, c, r = _start(size)
    sheet.paint(disc_mask(c, c, r), pick(rng, PAINTS))
    sheet.tint(np.asarray(1 + rng.uniform(0.05, 0.3) * noise(rng, size, size, "cloud", size / 300), np.float32))
    glow = soft(disc_mask(c - r * 0.3, c - r * 0.35, r * 0.2), r * 0.2)
    sheet.paint(glow, (245, 245, 245), rng.uniform(0, 0.8))
    sheet.shade(soft(ring_mask(c, c, r * 1.05, r * 0.8), r * 0.1), 0.5)
    return sheet


ROUND = (
    hand_wheel, hand_wheel, clock, clock, fan, flange, flange, push_button, selector, knob, lamp, speaker, tyre, rings,
    round_sign, compass_rose, valve_handle, stump,
)  # fmt: skip
