"""Magnetic flap indicators and round bull's eyes."""

import numpy as np

from meter_infer.render.level_body import Body, SurfaceLook, plan_surface, rectangle
from meter_infer.render.level_marks import (
    draw_graduation,
    plan_graduation,
)
from meter_infer.render.level_parts import (
    PAD,
    add_drops,
    contents,
    draw_bolt,
    streaks,
    window_fill,
)
from meter_infer.render.level_style import LevelStyle
from meter_infer.render.materials import (
    METALS,
    PAINTS,
    Color,
    Sheet,
    box_mask,
    cylinder,
    disc_mask,
    jitter,
    pick,
    polygon_mask,
    scaled,
    soft,
    weather,
)


def build_flap(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A magnetic indicator: a column of two-coloured flaps that turn over at the level."""
    length = size * (1 - 2 * PAD)
    bw = length * float(np.exp(rng.uniform(np.log(0.05), np.log(0.16))))
    side = 1 if rng.random() < 0.5 else -1
    plate = bw * rng.uniform(0.8, 2.2) if style.scale == "plate" else 0.0
    pipe = bw * rng.uniform(0.8, 1.6) if rng.random() < 0.55 else 0.0
    right, left = bw / 2 + plate, bw / 2 + pipe
    if side < 0:
        left, right = right, left
    sheet = Sheet(size, int(np.ceil(left + right + 2 * PAD * size)))
    cx = PAD * size + left
    y0, y1 = PAD * size, size * (1 - PAD)
    if pipe:
        a, b = sorted((cx - side * bw / 2, cx - side * (bw / 2 + pipe)))
        placed = box_mask(a, y0, b, y1, bw * 0.1)
        sheet.paint(placed, cylinder(rng, placed[0].shape[1], pick(rng, METALS))[None])
        for y in (y0 + length * 0.06, y1 - length * 0.06):
            placed = box_mask(a - pipe * 0.06, y - length * 0.015, b + pipe * 0.06, y + length * 0.015)
            sheet.paint(placed, cylinder(rng, placed[0].shape[1], pick(rng, METALS))[None])
    inset = length * rng.uniform(0.01, 0.06)
    ry0, ry1 = y0 + inset, y1 - inset
    rail = pick(rng, (*METALS, (200, 200, 200), (45, 46, 48)))
    sheet.paint(soft(box_mask(cx - bw / 2, ry0, cx + bw / 2, ry1), bw * 0.06), (10, 10, 10), 0.5)
    sheet.paint(box_mask(cx - bw / 2, ry0, cx + bw / 2, ry1, bw * 0.08), rail)
    if plate:
        near = cx + side * bw / 2
        a, b = sorted((near, near + side * plate))
        paper = pick(rng, ((235, 238, 240), (205, 208, 210), (150, 152, 155), (35, 36, 38), (60, 205, 235)))
        sheet.paint(box_mask(a, ry0, b, ry1), paper)
    fw = bw * rng.uniform(0.5, 0.85)
    top, bottom = ry0 + length * rng.uniform(0.01, 0.03), ry1 - length * rng.uniform(0.01, 0.03)
    mask, ix, iy = box_mask(cx - fw / 2, top, cx + fw / 2, bottom)
    wh, ww = mask.shape
    pairs: tuple[tuple[Color, Color], ...] = (
        ((232, 234, 235), (35, 35, 205)),
        ((232, 234, 235), (40, 50, 190)),
        ((50, 140, 40), (35, 35, 205)),
        ((25, 25, 28), (30, 130, 240)),
        ((235, 235, 235), (160, 70, 20)),
        ((30, 30, 32), (50, 215, 245)),
        ((225, 228, 228), (30, 30, 32)),
    )
    off, on = pairs[int(rng.integers(len(pairs)))]
    if rng.random() < 0.2:
        off, on = on, off
    off, on = jitter(rng, off, 12), jitter(rng, on, 12)
    pitch = (bottom - top) / int(rng.integers(18, 71))
    phase = ((np.arange(wh, dtype=np.float32) + iy + 0.5 - top) / pitch) % 1
    style_gap = rng.uniform(0.04, 0.18)
    shade = np.clip(1 - rng.uniform(0.2, 0.7) * (np.abs(phase - 0.5) * 2 > 1 - style_gap), 0, 1) * (
        1 + rng.uniform(0, 0.3) * (0.5 - phase)
    )
    rolled = rng.random() < 0.4
    seen = np.zeros(ww, np.float32)
    fills = []
    for c in (off, on):
        px = contents(rng, wh, ww, c, 1.0, rolled, seen, False)
        px[..., :3] *= shade[:, None, None]
        fills.append(np.clip(px, 0, 255).astype(np.float32))
        fills[-1][..., 3] = 1
    plan = plan_graduation(rng, bottom - top, style.scale == "none")
    room = (0.0, 0.0) if style.scale == "none" else (rng.uniform(0, 0.08), rng.uniform(0, 0.08))
    y_start, y_end = bottom - (bottom - top) * room[0], top + (bottom - top) * room[1]
    if plate:
        ink: Color = (25, 25, 28) if sum(paper) > 330 else (235, 235, 235)
        draw_graduation(
            rng,
            sheet,
            plan,
            y_start,
            y_end,
            near + side * plate * 0.03,
            side * plate * rng.uniform(0.2, 0.4),
            ink,
            min(plate * 0.5, (y_start - y_end) / max(3, len(plan.labels)) * 1.1),
            plate * 0.55,
        )
    front = Sheet(*sheet.shape)
    streaks(rng, front, cx - fw / 2, cx + fw / 2, top, bottom, rng.uniform(0, 0.6))
    weather(rng, sheet, style.wear)
    box = rectangle(cx - fw / 2, top, cx + fw / 2, bottom)
    return Body(
        under=sheet,
        x=ix,
        y=iy,
        mask=mask,
        gas=fills[0],
        liquid=fills[1],
        wet=np.ones(ww, np.float32),
        front=front,
        tube=box,
        bore=box,
        axis_x=cx,
        half=fw / 2,
        y_start=y_start,
        y_end=y_end,
        plan=plan,
        surface=SurfaceLook(pitch=pitch),
        outline=rectangle(cx - left, y0, cx + right, y1),
        glass=bool(rng.random() < 0.7),
        tags={"flaps"} | ({"no_graduation"} if style.scale == "none" else set()),
    )


def build_bullseye(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A round window; the surface is a chord across it."""
    radius = size * (0.5 - PAD)
    sheet = Sheet(size, size)
    c = size / 2
    metal = pick(rng, (*METALS, *PAINTS))
    sheet.paint(soft(disc_mask(c, c, radius), radius * 0.03), (10, 10, 10), 0.5)
    shape = rng.random()
    if shape < 0.3:  # a hexagonal screw-in body
        a = rng.uniform(0, 1) + np.arange(6) * np.pi / 3
        outline = np.stack([c + radius * np.cos(a), c + radius * np.sin(a)], 1)
        sheet.paint(polygon_mask(outline), metal)
        glass = radius * rng.uniform(0.4, 0.7)
    elif shape < 0.45:
        outline = rectangle(c - radius, c - radius, c + radius, c + radius)
        sheet.paint(
            box_mask(c - radius, c - radius, c + radius, c + radius, radius * rng.uniform(0, 0.4)), metal
        )
        glass = radius * rng.uniform(0.45, 0.75)
    else:
        t = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        outline = np.stack([c + radius * np.cos(t), c + radius * np.sin(t)], 1)
        sheet.paint(disc_mask(c, c, radius), metal)
        glass = radius * rng.uniform(0.4, 0.85)
    light = np.linspace(rng.uniform(0.7, 1.4), rng.uniform(0.6, 1.1), size, dtype=np.float32)
    sheet.tint(np.broadcast_to(light[:, None], (size, size)))
    if radius - glass > radius * 0.22 and rng.random() < 0.75:
        ring = (radius + glass) / 2 * (0.97 if shape > 0.45 else 0.95)
        n = int(rng.integers(3, 11))
        bolt = min((radius - glass) * 0.25, radius * 0.14)
        start = rng.uniform(0, 2)
        bolt_color = pick(rng, METALS)
        for k in range(n):
            a1 = start + k * 2 * np.pi / n
            draw_bolt(rng, sheet, c + ring * np.cos(a1), c + ring * np.sin(a1), bolt, bolt_color)
    sheet.paint(disc_mask(c, c, glass * 1.08), scaled(metal, rng.uniform(0.4, 1.3)))
    sheet.paint(soft(disc_mask(c, c, glass), glass * 0.03), (12, 12, 14), 0.8)
    mask, ix, iy = disc_mask(c, c, glass)
    n_px = mask.shape[0]
    gas, liquid, tone, alike = window_fill(rng, style, n_px, n_px, False)
    y, x = np.mgrid[0:n_px, 0:n_px].astype(np.float32) - n_px / 2
    vignette = 1 - rng.uniform(0.1, 0.6) * np.clip(np.hypot(x, y) / glass, 0, 1) ** rng.uniform(2, 6)
    for px in (gas, liquid):
        px[..., :3] *= vignette[..., None]
    if rng.random() < 0.25:
        add_drops(rng, gas, int(rng.integers(3, 25)), glass * 0.03, True)
    front = Sheet(size, size)
    if rng.random() < 0.25:  # a target ring or dot on the back wall
        target = pick(rng, ((40, 40, 210), (235, 235, 235), (30, 30, 30)))
        r = glass * rng.uniform(0.2, 0.5)
        m, tx, ty = disc_mask(c, c, r)
        inner, jx, jy = disc_mask(c, c, r * 0.8)
        m[jy - ty : jy - ty + inner.shape[0], jx - tx : jx - tx + inner.shape[1]] -= inner
        front.paint((m, tx, ty), target, 0.8)
    room = rng.uniform(0.15, 0.3) if style.scale == "glass" else 0.0
    y_start, y_end = c + glass * (1 - 2 * room), c - glass * (1 - 2 * room)
    plan = plan_graduation(rng, 100, True)
    if style.scale == "glass":
        line = max(0.8, glass * 0.03)
        ink = pick(rng, ((40, 40, 210), (25, 25, 25), (235, 235, 235)))
        reach = glass * rng.uniform(0.3, 0.55)
        for yy, word in ((y_start, "MIN"), (y_end, "MAX")):
            front.paint(box_mask(c - reach, yy - line / 2, c + reach, yy + line / 2), ink, 0.9)
            if rng.random() < 0.3:
                front.text(word, c, yy - glass * 0.1, glass * 0.2, ink, ("sans", 600))
    if rng.random() < 0.6:
        spot = soft(
            disc_mask(
                c + glass * rng.uniform(-0.5, 0.5),
                c + glass * rng.uniform(-0.6, 0),
                glass * rng.uniform(0.05, 0.2),
            ),
            glass * 0.07,
        )
        front.paint(spot, (250, 250, 250), rng.uniform(0.2, 0.7))
    weather(rng, sheet, style.wear)
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    circle = np.stack([c + glass * np.cos(t), c + glass * np.sin(t)], 1)
    surface = plan_surface(rng, glass * 0.3, tone, style.foam, alike)
    surface.rise = 0.0
    return Body(
        under=sheet,
        x=ix,
        y=iy,
        mask=mask,
        gas=gas,
        liquid=liquid,
        wet=np.ones(n_px, np.float32),
        front=front,
        tube=circle,
        bore=circle,
        axis_x=c,
        half=glass,
        y_start=y_start,
        y_end=y_end,
        plan=plan,
        surface=surface,
        outline=outline,
        glass=True,
        tags={"bullseye"} | ({"no_graduation"} if style.scale == "none" else set()),
    )
