"""Flat glasses: clamped in bolted bodies, and slots in painted plates."""

import numpy as np

from meter_infer.render.level_body import Body, obround, plan_surface, rectangle
from meter_infer.render.level_marks import (
    draw_graduation,
    draw_limits,
    draw_sticker,
    plan_graduation,
)
from meter_infer.render.level_parts import (
    PAD,
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
    soft,
    weather,
)
from meter_infer.render.noise import noise


def _bolts_along(
    rng: np.random.Generator, sheet: Sheet, xs: tuple[float, float], y0: float, y1: float, radius: float
) -> None:
    metal = pick(rng, (*METALS, (60, 80, 110)))
    n = int(rng.integers(2, 9))
    for x in xs:
        for y in np.linspace(y0, y1, n):
            draw_bolt(rng, sheet, x, float(y), radius, metal)


def _recess(
    rng: np.random.Generator,
    sheet: Sheet,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    radius: float,
    depth: float,
) -> None:
    """The edge of a window: a lip, its shadow on one side and its light on the other."""
    dx, dy = rng.uniform(-1, 1), rng.uniform(0.3, 1)
    lip = (x1 - x0) * rng.uniform(0.03, 0.2)
    color = pick(rng, METALS) if rng.random() < 0.3 else None
    sheet.paint(
        soft(box_mask(x0 - lip, y0 - lip, x1 + lip, y1 + lip, radius + lip), max(0.8, lip * 0.5)),
        (10, 10, 12),
        0.5,
    )
    if color is not None:
        sheet.paint(box_mask(x0 - lip, y0 - lip, x1 + lip, y1 + lip, radius + lip), color)
    sheet.paint(
        box_mask(x0 + dx * depth, y0 + dy * depth, x1 + dx * depth, y1 + dy * depth, radius),
        (225, 228, 230),
        0.35,
    )
    sheet.paint(
        box_mask(
            x0 - depth * 0.7, y0 - depth * 0.7, x1 + depth * 0.7, y1 + depth * 0.7, radius + depth * 0.7
        ),
        (16, 17, 20),
        0.75,
    )


def build_reflex(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A flat glass clamped in a bolted metal body."""
    length = size * (1 - 2 * PAD)
    bw = length * float(np.exp(rng.uniform(np.log(0.1), np.log(0.34))))
    plate = bw * rng.uniform(0.5, 1.2) if style.scale == "plate" else 0.0
    side = 1 if rng.random() < 0.5 else -1
    left, right = bw / 2 + (plate if side < 0 else 0), bw / 2 + (plate if side > 0 else 0)
    sheet = Sheet(size, int(np.ceil(left + right + 2 * PAD * size)))
    cx = PAD * size + left
    y0, y1 = PAD * size, size * (1 - PAD)
    ends = length * rng.uniform(0.03, 0.12)
    by0, by1 = y0 + ends * rng.uniform(0, 1), y1 - ends * rng.uniform(0, 1)
    color = pick(rng, (*METALS, *PAINTS))
    for a, b in ((y0, by0 + 2), (by1 - 2, y1)):
        placed = box_mask(cx - bw * 0.2, a, cx + bw * 0.2, b)
        sheet.paint(placed, cylinder(rng, placed[0].shape[1], pick(rng, METALS))[None])
    radius = bw * rng.uniform(0, 0.2)
    sheet.paint(soft(box_mask(cx - bw / 2, by0, cx + bw / 2, by1, radius), bw * 0.05), (10, 10, 10), 0.4)
    placed = box_mask(cx - bw / 2, by0, cx + bw / 2, by1, radius)
    sheet.paint(placed, cylinder(rng, placed[0].shape[1], color)[None] if rng.random() < 0.3 else color)
    edge = bw * 0.03
    sheet.shade(box_mask(cx - bw / 2, by0, cx - bw / 2 + edge, by1), rng.uniform(0.6, 1.5))
    sheet.shade(box_mask(cx + bw / 2 - edge, by0, cx + bw / 2, by1), rng.uniform(0.5, 1.2))
    gw = bw * rng.uniform(0.16, 0.42)
    top, bottom = by0 + (by1 - by0) * rng.uniform(0.03, 0.1), by1 - (by1 - by0) * rng.uniform(0.03, 0.1)
    parts = int(rng.choice([1, 1, 1, 2])) if by1 - by0 > bw * 5 else 1
    bolt_r = min((bw - gw) * 0.25 * rng.uniform(0.5, 0.9), length * 0.03)
    if rng.random() < 0.85:
        x = (bw / 2 + gw / 2) / 2
        _bolts_along(rng, sheet, (cx - x, cx + x), by0 + bolt_r * 2, by1 - bolt_r * 2, bolt_r)
    r = gw / 2 * (rng.uniform(0.8, 1) if rng.random() < 0.7 else rng.uniform(0, 0.3))
    _recess(rng, sheet, cx - gw / 2, top, cx + gw / 2, bottom, r, gw * rng.uniform(0.04, 0.15))
    reflex = rng.random() < 0.6
    mask, ix, iy = box_mask(cx - gw / 2, top, cx + gw / 2, bottom, r)
    wh, ww = mask.shape
    gas, liquid, tone, alike = window_fill(rng, style, wh, ww, reflex)
    plan = plan_graduation(rng, bottom - top, style.scale == "none")
    room = (0.0, 0.0) if style.scale == "none" else (rng.uniform(0, 0.08), rng.uniform(0, 0.08))
    y_start, y_end = bottom - (bottom - top) * room[0], top + (bottom - top) * room[1]
    if plate:
        near = cx + side * bw / 2
        a, b = sorted((near, near + side * plate))
        paper = pick(rng, ((235, 238, 240), (60, 205, 235), (190, 193, 195), (35, 36, 38)))
        sheet.paint(box_mask(a, by0, b, by1), paper)
        ink: Color = (25, 25, 28) if sum(paper) > 330 else (235, 235, 235)
        draw_graduation(
            rng,
            sheet,
            plan,
            y_start,
            y_end,
            near,
            side * plate * rng.uniform(0.2, 0.4),
            ink,
            min(plate * 0.5, (y_start - y_end) / max(3, len(plan.labels)) * 1.1),
            plate * 0.55,
        )
    elif rng.random() < 0.3:
        draw_limits(rng, sheet, cx + side * gw * 0.6, side * (bw - gw) * 0.4, y_start, y_end)
    front = Sheet(*sheet.shape)
    for k in range(1, parts):
        y = top + (bottom - top) * k / parts
        front.paint(box_mask(cx - gw * 0.6, y - gw * 0.3, cx + gw * 0.6, y + gw * 0.3), color)
    streaks(rng, front, cx - gw / 2, cx + gw / 2, top, bottom, rng.uniform(0.1, 0.6))
    weather(rng, sheet, style.wear)
    surface = plan_surface(rng, gw / 2, tone, style.foam and not reflex, alike)
    surface.disc = 0.0 if reflex else surface.disc * 0.5
    box = obround(cx - gw / 2, top, cx + gw / 2, bottom, r)
    return Body(
        under=sheet,
        x=ix,
        y=iy,
        mask=mask,
        gas=gas,
        liquid=liquid,
        wet=np.ones(ww, np.float32),
        front=front,
        tube=box,
        bore=box,
        axis_x=cx,
        half=gw / 2,
        y_start=y_start,
        y_end=y_end,
        plan=plan,
        surface=surface,
        outline=rectangle(cx - left, y0, cx + right, y1),
        glass=True,
        tags=({"reflex"} if reflex else set()) | ({"no_graduation"} if style.scale == "none" else set()),
    )


def build_slot(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A slot in a painted plate with bolts, limit lines, stickers: the plate is the instrument."""
    length = size * (1 - 2 * PAD)
    pw = length * rng.uniform(0.16, 0.75)
    sheet = Sheet(size, int(np.ceil(pw + 2 * PAD * size)))
    x0, y0 = PAD * size, PAD * size
    x1, y1 = x0 + pw, y0 + length
    cx = (x0 + x1) / 2 + pw * rng.uniform(-0.08, 0.08)
    color = pick(rng, PAINTS)
    radius = pw * rng.uniform(0, 0.5) if rng.random() < 0.4 else pw * rng.uniform(0, 0.06)
    sheet.paint(soft(box_mask(x0, y0, x1, y1, radius), pw * 0.03), (10, 10, 10), 0.5)
    placed = box_mask(x0, y0, x1, y1, radius)
    sheet.paint(placed, color)
    sheet.tint(
        1
        + 0.06 * noise(rng, *sheet.shape, "cloud", size / 300)
        + 0.04 * noise(rng, *sheet.shape, "grain", max(1, size / 320))
    )
    gw = min(pw * rng.uniform(0.18, 0.5), length * 0.3)
    top, bottom = y0 + length * rng.uniform(0.02, 0.15), y1 - length * rng.uniform(0.04, 0.2)
    side_room = (pw - gw) / 2 - abs(cx - (x0 + x1) / 2)
    bolt_r = min(side_room * rng.uniform(0.2, 0.38), length * 0.04)
    inset = max(bolt_r * 1.6, radius * 0.7)
    metal = pick(rng, (*METALS, (45, 70, 110), (40, 60, 90)))
    if rng.random() < 0.85:
        for x in (cx - gw / 2 - side_room * 0.55, cx + gw / 2 + side_room * 0.55):
            for y in np.linspace(y0 + inset, y1 - inset, int(rng.integers(2, 5))):
                draw_bolt(rng, sheet, x, float(y), bolt_r, jitter(rng, metal, 8))
    r = gw / 2 * (1.0 if rng.random() < 0.75 else rng.uniform(0.1, 0.9))
    _recess(rng, sheet, cx - gw / 2, top, cx + gw / 2, bottom, r, gw * rng.uniform(0.04, 0.14))
    mask, ix, iy = box_mask(cx - gw / 2, top, cx + gw / 2, bottom, r)
    wh, ww = mask.shape
    gas, liquid, tone, alike = window_fill(rng, style, wh, ww, rng.random() < 0.1)
    across = cylinder(rng, ww, (1.0, 1.0, 1.0)).astype(np.float32)[None, :, :1] * 255
    across = np.clip(across / max(1e-3, float(across.max())), 0, 1)
    if rng.random() < 0.6:  # a vaulted glass
        depth = rng.uniform(0.3, 0.8)
        gas[..., :3] *= 1 - depth + depth * across
        liquid[..., :3] *= 1 - depth * 0.6 + depth * 0.6 * across
    if rng.random() < 0.4:  # the hole the liquid comes through
        hole = Sheet(1, 1)
        for px in (gas, liquid):
            hole.px = px
            hole.paint(disc_mask(ww / 2, wh - gw * 0.55, gw * rng.uniform(0.12, 0.25)), (12, 12, 14), 0.8)
    plan = plan_graduation(rng, bottom - top, style.scale == "none")
    room = (0.0, 0.0) if style.scale == "none" else (rng.uniform(0.03, 0.15), rng.uniform(0.03, 0.15))
    y_start, y_end = bottom - (bottom - top) * room[0], top + (bottom - top) * room[1]
    front = Sheet(*sheet.shape)
    side = 1 if rng.random() < 0.5 else -1
    ink: Color = (25, 25, 28) if sum(color) > 300 else (235, 235, 235)
    if style.scale != "none":
        where, reach = (
            (front, gw * 0.25) if style.scale == "glass" else (sheet, side_room * rng.uniform(0.2, 0.4))
        )
        x = cx - side * gw * 0.4 if style.scale == "glass" else cx + side * gw * 0.6
        draw_graduation(
            rng,
            where,
            plan,
            y_start,
            y_end,
            x,
            side * reach,
            ink,
            min(side_room * 0.4, (y_start - y_end) / max(3, len(plan.labels)) * 1.1),
            gw * 0.5 if style.scale == "glass" else side_room * 0.95 - gw * 0.1 - reach,
        )
    if rng.random() < 0.6:
        flank = -side if style.scale == "plate" else side
        reach = side_room * rng.uniform(0.4, 0.85)
        draw_limits(rng, sheet, cx + flank * gw * 0.6, flank * reach, y_start, y_end)
    if rng.random() < 0.6 and side_room > 12:
        words = rng.choice(
            ["+20°C", "-30°C", "OIL", "MAX", "MIN", "+40", "0", "No. 2", "LEVEL"],
            int(rng.integers(1, 4)),
            replace=False,
        )
        y = rng.uniform(y0, y1 - length * 0.3)
        for word in words:
            h = min(length * 0.07, side_room * rng.uniform(0.4, 0.7))
            a, b = sorted((cx - side * gw * 0.62, cx - side * (gw * 0.5 + side_room * 0.92)))
            draw_sticker(rng, sheet, a, y, b, y + h, str(word))
            y += h * rng.uniform(1.1, 2.0)
    streaks(rng, front, cx - gw / 2, cx + gw / 2, top, bottom, rng.uniform(0.2, 0.8))
    if rng.random() < 0.4:  # a bright spot on the vaulted glass
        placed = soft(
            disc_mask(
                cx + gw * rng.uniform(-0.3, 0.3), rng.uniform(top, bottom), gw * rng.uniform(0.03, 0.12)
            ),
            gw * 0.04,
        )
        front.paint(placed, (250, 250, 250), rng.uniform(0.4, 1))
    weather(rng, sheet, style.wear)
    box = obround(cx - gw / 2, top, cx + gw / 2, bottom, r)
    return Body(
        under=sheet,
        x=ix,
        y=iy,
        mask=mask,
        gas=gas,
        liquid=liquid,
        wet=np.ones(ww, np.float32),
        front=front,
        tube=box,
        bore=box,
        axis_x=cx,
        half=gw / 2,
        y_start=y_start,
        y_end=y_end,
        plan=plan,
        surface=plan_surface(rng, gw / 2, tone, style.foam, alike or rng.random() < 0.4),
        outline=rectangle(x0, y0, x1, y1),
        glass=True,
        tags={"no_graduation"} if style.scale == "none" else set(),
    )
