"""Round things to press, turn and read: buttons, switches, knobs, lamps, signs."""

import numpy as np

from meter_infer.render.clutter_round import DARK, PALE, cast_shadow, draw_hand, ring_mask, start_disc
from meter_infer.render.materials import (
    METALS,
    Color,
    Sheet,
    box_mask,
    disc_mask,
    hsv,
    jitter,
    line_mask,
    pick,
    pick_font,
    scaled,
    soft,
)


def push_button(rng: np.random.Generator, size: int) -> Sheet:
    """A push button, an emergency stop or a signal lamp."""
    sheet, c, r = start_disc(size)
    if rng.random() < 0.3:
        sheet.paint(
            box_mask(c - r, c - r, c + r, c + r, r * 0.1), pick(rng, ((50, 205, 235), *METALS, *DARK))
        )
        r *= 0.75
    cast_shadow(sheet, c, r)
    sheet.paint(disc_mask(c, c, r), pick(rng, (*METALS, *DARK)))
    color = hsv(
        float(rng.choice([0.0, 0.33, 0.15, 0.6, 0.08])), rng.uniform(0.6, 0.95), rng.uniform(0.4, 1.0)
    )
    if rng.random() < 0.25:
        color = pick(rng, (*PALE, *DARK))
    q = rng.uniform(0.6, 0.9)
    sheet.paint(disc_mask(c, c, r * q), scaled(color, 0.7))
    sheet.paint(disc_mask(c - r * 0.03, c - r * 0.04, r * q * 0.9), color)
    glow = soft(
        disc_mask(c + r * rng.uniform(-0.3, 0.3), c - r * rng.uniform(0, 0.4), r * rng.uniform(0.1, 0.4)),
        r * 0.12,
    )
    sheet.paint(glow, (250, 250, 250), rng.uniform(0.2, 0.8))
    if rng.random() < 0.4:
        sheet.text(
            str(rng.choice(["I", "O", "STOP", "START", "RESET"])),
            c,
            c,
            r * 0.45,
            (240, 240, 240),
            ("sans", 600),
        )
    return sheet


def selector(rng: np.random.Generator, size: int) -> Sheet:
    """A selector switch: a knob with a pointer and two or three words."""
    sheet, c, r = start_disc(size)
    plate = pick(rng, (*METALS, *DARK, *PALE))
    sheet.paint(box_mask(c - r, c - r, c + r, c + r, r * rng.uniform(0, 0.3)), plate)
    ink: Color = (25, 25, 28) if sum(plate) > 350 else (235, 235, 235)
    words = [("0", "I"), ("OFF", "ON"), ("MAN", "0", "AUTO"), ("1", "0", "2"), ("HAND", "OFF", "AUTO")][
        int(rng.integers(5))
    ]
    angles = np.linspace(-0.9, 0.9, len(words)) - np.pi / 2
    for a, word in zip(angles, words, strict=True):
        sheet.text(word, c + r * 0.82 * np.cos(a), c + r * 0.82 * np.sin(a), r * 0.26, ink)
    q = r * rng.uniform(0.5, 0.65)
    cast_shadow(sheet, c, q)
    sheet.paint(disc_mask(c, c, q), pick(rng, METALS))
    sheet.paint(disc_mask(c, c, q * 0.85), pick(rng, DARK))
    turn = float(rng.choice(angles))
    knob = pick(rng, (*DARK, (40, 40, 190)))
    draw_hand(sheet, c, turn, q * 0.95, q * 0.9, q * 0.36, scaled(knob, 1.3))
    draw_hand(sheet, c, turn, q * 0.9, -q * 0.3, max(1.0, q * 0.08), (240, 240, 240))
    return sheet


def knob(rng: np.random.Generator, size: int) -> Sheet:
    """A thermostat's or an oven's knob with a printed scale around it."""
    sheet, c, r = start_disc(size)
    plate = pick(rng, (*PALE, *METALS, *DARK))
    sheet.paint(
        disc_mask(c, c, r) if rng.random() < 0.5 else box_mask(c - r, c - r, c + r, c + r, r * 0.1), plate
    )
    ink: Color = (25, 25, 28) if sum(plate) > 350 else (235, 235, 235)
    n = int(rng.integers(4, 11))
    start, span = rng.uniform(1.9, 2.6), rng.uniform(3.6, 5.2)
    q = r * rng.uniform(0.5, 0.68)
    for k in range(n):
        a = start + span * k / (n - 1)
        label = ("MIN", "MAX")[k > 0] if k in (0, n - 1) and n < 7 else str(k)
        sheet.text(label, c + r * 0.85 * np.cos(a), c + r * 0.85 * np.sin(a), r * 0.17, ink)
        p = q * 1.06
        sheet.paint(
            line_mask(
                c + p * np.cos(a),
                c + p * np.sin(a),
                c + p * 1.08 * np.cos(a),
                c + p * 1.08 * np.sin(a),
                r * 0.02,
            ),
            ink,
        )
    body = pick(rng, (*DARK, *METALS, *PALE))
    cast_shadow(sheet, c, q)
    sheet.paint(disc_mask(c, c, q), scaled(body, 0.7))
    ribs = int(rng.integers(0, 40))
    for k in range(ribs):
        a = k * 2 * np.pi / ribs
        sheet.paint(
            disc_mask(c + q * 0.97 * np.cos(a), c + q * 0.97 * np.sin(a), q * 0.05), scaled(body, 0.5)
        )
    sheet.paint(disc_mask(c - q * 0.03, c - q * 0.04, q * 0.82), body)
    mark: Color = (240, 240, 240) if sum(body) < 350 else (40, 40, 200)
    draw_hand(sheet, c, start + span * rng.uniform(0, 1), q * 0.8, -q * rng.uniform(0.3, 0.6), q * 0.09, mark)
    return sheet


def lamp(rng: np.random.Generator, size: int) -> Sheet:
    """A round lamp, lit or not, with or without a cage; a lens."""
    sheet, c, r = start_disc(size)
    sheet.paint(disc_mask(c, c, r), pick(rng, (*METALS, *DARK, *PALE)))
    glass = pick(rng, (*PALE, (180, 225, 250), (90, 92, 95), (120, 150, 160)))
    sheet.paint(disc_mask(c, c, r * 0.86), scaled(glass, 0.7))
    for q in (0.75, 0.55, 0.35):
        sheet.paint(
            soft(disc_mask(c - r * 0.05, c - r * 0.05, r * q), r * 0.08), scaled(glass, 1.45 - q * 0.5), 0.6
        )
    if rng.random() < 0.4:
        wire, metal = max(1.0, r * 0.05), pick(rng, METALS)
        for a in np.arange(int(rng.integers(2, 5))) * np.pi / 4:
            sheet.paint(
                line_mask(c - r * np.cos(a), c - r * np.sin(a), c + r * np.cos(a), c + r * np.sin(a), wire),
                metal,
            )
        sheet.paint(ring_mask(c, c, r * 0.5, r * 0.5 - wire), metal)
    return sheet


def round_sign(rng: np.random.Generator, size: int) -> Sheet:
    """A traffic or safety sign, a round label, a logo."""
    sheet, c, r = start_disc(size)
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
        draw_hand(sheet, c, a, r * 0.85, r * 0.85, r * 0.14, red)
    if rng.random() < 0.4:
        sheet.text(str(rng.choice(["PASSED", "VALVE", "CHECKED", "WATER"])), c, c + r * 0.5, r * 0.2, ink)
    return sheet


CONTROLS = (push_button, selector, knob, lamp, round_sign)
