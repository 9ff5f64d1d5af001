"""Parts that level gauges are put together from: bolts, fittings, what a tube holds, drops, highlights."""

from itertools import pairwise

import cv2
import numpy as np

from meter_infer.render.level_style import LevelStyle
from meter_infer.render.materials import (
    F32,
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
    polygon_mask,
    scaled,
    soft,
)
from meter_infer.render.noise import noise

PAD = 0.05
"""Margin around the instrument, of the texture's longer side."""


def draw_bolt(
    rng: np.random.Generator, sheet: Sheet, cx: float, cy: float, radius: float, color: Color
) -> None:
    """A bolt's head seen from above: hexagon, socket or slotted, with its shadow."""
    sheet.paint(
        soft(disc_mask(cx + radius * 0.12, cy + radius * 0.15, radius * 1.05), radius * 0.2),
        (10, 10, 12),
        0.5,
    )
    if rng.random() < 0.5:
        sheet.paint(disc_mask(cx, cy, radius * 1.15), scaled(color, 0.75))
    kind = int(rng.integers(3))
    if kind == 0:
        a = rng.uniform(0, 1) + np.arange(6) * np.pi / 3
        hexagon = np.stack([cx + radius * np.cos(a), cy + radius * np.sin(a)], 1)
        sheet.paint(polygon_mask(hexagon), color)
        sheet.paint(disc_mask(cx - radius * 0.08, cy - radius * 0.1, radius * 0.72), scaled(color, 1.15))
    else:
        sheet.paint(disc_mask(cx, cy, radius), color)
        sheet.paint(disc_mask(cx - radius * 0.1, cy - radius * 0.12, radius * 0.75), scaled(color, 1.12))
        if kind == 1:
            sheet.paint(disc_mask(cx, cy, radius * 0.45), scaled(color, 0.3))
        else:
            a1 = rng.uniform(0, np.pi)
            dx, dy = radius * 0.8 * np.cos(a1), radius * 0.8 * np.sin(a1)
            sheet.paint(line_mask(cx - dx, cy - dy, cx + dx, cy + dy, radius * 0.22), scaled(color, 0.3))


def draw_fitting(
    rng: np.random.Generator, sheet: Sheet, cx: float, y0: float, y1: float, width: float
) -> None:
    """A metal end piece: stacked turned rings and nuts between y0 and y1."""
    color = pick(rng, METALS if rng.random() < 0.75 else PAINTS)
    n = int(rng.integers(1, 4))
    edges = np.sort(np.concatenate([[0, 1], rng.uniform(0.15, 0.85, n - 1)])) * (y1 - y0) + y0
    for a, b in pairwise(edges):
        half = width / 2 * rng.uniform(0.7, 1.0)
        placed = box_mask(cx - half, a, cx + half, b, min(b - a, half) * rng.uniform(0, 0.3))
        if rng.random() < 0.35:  # a nut: three flats
            steps = np.repeat(rng.uniform(0.5, 1.15, 3), [1, 2, 1][:3])
            idx = np.minimum(np.arange(placed[0].shape[1]) * 4 // placed[0].shape[1], 3)
            sheet.paint(placed, (steps[idx][:, None] * np.array(color)).astype(np.float32)[None])
        else:
            sheet.paint(placed, cylinder(rng, placed[0].shape[1], color)[None])
        sheet.shade(box_mask(cx - half, b - 1.2, cx + half, b), 0.55)


def contents(
    rng: np.random.Generator,
    wh: int,
    ww: int,
    color: Color,
    alpha: float,
    round_: bool,
    seen: F32,
    mirror: bool,
) -> F32:
    """A filled window, premultiplied (wh, ww, 4).

    `seen` (ww,) is the pattern of what is seen through it; a full round tube is a lens and shows it mirrored.
    """
    u = (np.arange(ww, dtype=np.float32) + 0.5) / ww * 2 - 1
    pattern = seen[::-1] if mirror else seen
    shade = np.ones(ww, np.float32)
    a: F32 = np.full(ww, alpha, np.float32)
    if round_:
        edge = np.abs(u) ** rng.uniform(3, 9)
        shade *= 1 - rng.uniform(-0.35, 0.65) * edge
        a = np.asarray(a + (1 - a) * rng.uniform(0.1, 0.9) * edge, np.float32)
        if mirror and rng.random() < 0.6:
            shade += rng.uniform(-0.1, 0.3) * np.exp(-((u / rng.uniform(0.15, 0.5)) ** 2))
    else:
        shade *= 1 + rng.uniform(-0.15, 0.15) * u
    column = np.linspace(rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15), wh, dtype=np.float32)[:, None]
    tone = (shade * (1 + pattern))[None, :] * (1 + column)
    if rng.random() < 0.5:
        tone = tone * (1 + rng.uniform(0.01, 0.06) * noise(rng, wh, ww, "cloud", max(0.3, wh / 300)))
    tone = np.asarray(tone, np.float32)
    cover = np.broadcast_to(a[None, :], (wh, ww)).astype(np.float32)
    planes = [np.clip(tone * np.float32(c), 0, 255) * cover for c in color]
    return np.asarray(cv2.merge([*planes, cover]), np.float32)


def pair_of_contents(
    rng: np.random.Generator, style: LevelStyle, wh: int, ww: int, round_: bool, backed: bool
) -> tuple[F32, F32, Color, bool]:
    """The window without and with liquid, the liquid's colour as seen, and whether the two look alike."""
    gray = rng.uniform(105, 245)
    gas_color = jitter(
        rng,
        (gray * rng.uniform(0.92, 1.08), gray * rng.uniform(0.94, 1.0), gray * rng.uniform(0.88, 1.05)),
        6,
    )
    gas_alpha = rng.uniform(0.08, 0.5) if backed or rng.random() < 0.5 else rng.uniform(0.4, 0.95)
    color = style.color
    if style.fluid == "clear":
        gain = rng.uniform(0.62, 0.9) if rng.random() < 0.75 else rng.uniform(1.1, 1.4)
        color = jitter(rng, scaled(gas_color, gain), 4)
        alpha = float(np.clip(gas_alpha * rng.uniform(0.7, 1.6), 0.12, 0.97))
    else:
        alpha = rng.uniform(0.72, 1.0)
    seen = np.zeros(ww, np.float32)
    u = np.linspace(-1, 1, ww, dtype=np.float32)
    for _ in range(int(rng.integers(1, 4))):
        seen += rng.normal(0, 0.12) * np.sin(u * rng.uniform(0.5, 6) + rng.uniform(0, 7)).astype(np.float32)
    gas = contents(rng, wh, ww, gas_color, gas_alpha, round_, seen, False)
    liquid = contents(rng, wh, ww, color, alpha, round_, seen, round_ and style.fluid == "clear")
    alike = abs(sum(gas_color) * gas_alpha - sum(color) * alpha) < 100
    if rng.random() < 0.35:
        add_drops(
            rng, gas, int(rng.integers(3, 40)), max(0.7, ww * rng.uniform(0.02, 0.08)), rng.random() < 0.7
        )
    if rng.random() < 0.2:
        add_drops(rng, liquid, int(rng.integers(3, 30)), max(0.6, ww * rng.uniform(0.02, 0.06)), True)
    if rng.random() < 0.25:
        leave_ring(np.random.default_rng(rng.integers(1 << 32)), gas, color)
    return gas, liquid, color, alike


def leave_ring(rng: np.random.Generator, gas: F32, color: Color) -> None:
    """Paint what an older level left, a ring and the film below it, in place on premultiplied (h, w, 4).

    Deposits are ragged, and films run: an even line across the glass would be the surface itself.
    """
    wh, ww = gas.shape[:2]
    row, high = int(rng.uniform(0.1, 0.9) * wh), max(2.0, ww * rng.uniform(0.06, 0.2))
    grain = max(0.15, ww / 90)
    ragged = noise(rng, 2, ww, "mottle", grain)[0]
    y = np.arange(wh, dtype=np.float32)[:, None] - row - 0.35 * high * ragged[None, :]
    patchy = np.clip(0.45 + 0.45 * noise(rng, wh, ww, "mottle", grain), 0, 1)
    sheet = Sheet(1, 1)
    sheet.px = gas
    ring = np.exp(-((y / (0.5 * high)) ** 2)) * patchy
    sheet.paint((np.asarray(ring, np.float32), 0, 0), scaled(color, 0.7), rng.uniform(0.15, 0.6))
    if rng.random() < 0.5:
        down = np.clip(y / (2 * high), 0, 1) * np.clip(1 - y / max(2.0, 0.9 * wh - row), 0, 1)
        runs = np.clip(0.4 + 0.5 * noise(rng, wh, ww, "streak", max(0.3, ww / 120)), 0, 1)
        sheet.paint((np.asarray(down * runs, np.float32), 0, 0), color, rng.uniform(0.1, 0.35))


def draw_stripe(rng: np.random.Generator, gas: F32, liquid: F32) -> None:
    """A coloured line on the back of the tube: the liquid's lens makes it wide."""
    color = pick(rng, ((40, 40, 210), (170, 80, 20), (30, 30, 30)))
    wh, ww = gas.shape[:2]
    for px, half in ((gas, rng.uniform(0.06, 0.12)), (liquid, rng.uniform(0.28, 0.45))):
        sheet = Sheet(1, 1)
        sheet.px = px
        sheet.paint(box_mask(ww * (0.5 - half), -2, ww * (0.5 + half), wh + 2), color, 0.85)


def add_drops(rng: np.random.Generator, px: F32, count: int, size: float, light: bool) -> None:
    """Drops or bubbles with a dark rim and a light spot, in place on premultiplied (h, w, 4)."""
    sheet = Sheet(1, 1)
    sheet.px = px
    h, w = px.shape[:2]
    for _ in range(count):
        r = max(0.5, size * rng.uniform(0.3, 1.2))
        x, y = rng.uniform(0, w), rng.uniform(0, h)
        sheet.paint(disc_mask(x, y, r), (245, 245, 245) if light else (40, 42, 45), 0.35)
        sheet.paint(disc_mask(x - r * 0.25, y - r * 0.25, r * 0.5), (250, 250, 250), 0.6)


def streaks(
    rng: np.random.Generator, sheet: Sheet, x0: float, x1: float, y0: float, y1: float, strength: float
) -> None:
    """Vertical highlights on a round glass between x0 and x1."""
    for _ in range(int(rng.integers(0, 4))):
        half = (x1 - x0) * rng.uniform(0.012, 0.07)
        x = x0 + (x1 - x0) * rng.uniform(0.12, 0.88)
        mask, ix, iy = box_mask(x - 3 * half, y0, x + 3 * half, y1)
        u = (np.arange(mask.shape[1], dtype=np.float32) + ix + 0.5 - x) / half
        run = np.ones(mask.shape[0], np.float32)
        if rng.random() < 0.6:
            run = np.clip(
                noise(rng, mask.shape[0], 4, "cloud", max(0.5, mask.shape[0] / 120))[:, 1] * 0.8 + 0.6, 0, 1
            )
        mask = mask * np.exp(-(u**2))[None, :] * run[:, None]
        sheet.paint((np.asarray(mask, np.float32), ix, iy), (248, 250, 250), strength * rng.uniform(0.3, 1.0))


def window_fill(
    rng: np.random.Generator, style: LevelStyle, wh: int, ww: int, reflex: bool
) -> tuple[F32, F32, Color, bool]:
    """Opaque contents of a flat glass; reflex glass is silver above a dark liquid, with upright grooves."""
    if not reflex:
        gas, liquid, color, alike = pair_of_contents(rng, style, wh, ww, False, True)
        behind = pick(rng, ((70, 72, 75), (150, 152, 155), (215, 218, 220), (40, 42, 45), (110, 125, 135)))
        back = np.ones((wh, ww, 4), np.float32)
        back[..., :3] = (
            np.array(behind, np.float32)
            * (1 + 0.15 * noise(rng, wh, ww, "cloud", max(0.3, wh / 300)))[..., None]
        )
        gas = gas + (1 - gas[..., 3:]) * back
        liquid = liquid + (1 - liquid[..., 3:]) * back * np.float32(rng.uniform(0.5, 1.0))
        return gas, liquid, color, alike
    seen = np.zeros(ww, np.float32)
    silver = jitter(rng, (190, 192, 192), 20)
    dark = (
        style.color
        if style.fluid in ("amber", "red", "green", "blue", "dark", "brown") and rng.random() < 0.4
        else (30.0, 32.0, 34.0)
    )
    dark = jitter(rng, scaled(dark, rng.uniform(0.35, 1.0)), 8)
    gas = contents(rng, wh, ww, silver, 1.0, False, seen, False)
    liquid = contents(rng, wh, ww, dark, 1.0, False, seen, False)
    grooves = int(rng.integers(3, 8))
    wave = np.abs((np.linspace(0, grooves, ww, dtype=np.float32) % 1) - 0.5) * 2
    gas[..., :3] *= (1 - rng.uniform(0.15, 0.6) * wave)[None, :, None]
    liquid[..., :3] *= (1 + rng.uniform(0.0, 0.9) * (1 - wave))[None, :, None]
    gas[..., :3] *= 1 + 0.08 * noise(rng, wh, ww, "streak")[..., None]
    np.clip(gas[..., :3], 0, 255, out=gas[..., :3])
    np.clip(liquid[..., :3], 0, 255, out=liquid[..., :3])
    return gas, liquid, dark, False
