"""Vessels that show their level: plastic tanks, measuring glasses, and a staff in open water."""

import cv2
import numpy as np

from meter_infer.render.level_body import Body, SurfaceLook, obround, plan_surface, rectangle
from meter_infer.render.level_marks import (
    Graduation,
    draw_graduation,
    draw_limits,
    draw_sticker,
    plan_graduation,
)
from meter_infer.render.level_parts import (
    PAD,
    contents,
    draw_fitting,
    pair_of_contents,
    streaks,
)
from meter_infer.render.level_style import LevelStyle
from meter_infer.render.materials import (
    METALS,
    Color,
    Sheet,
    box_mask,
    cylinder,
    dim,
    hsv,
    jitter,
    over,
    pick,
    polygon_mask,
    scaled,
    soft,
    weather,
)
from meter_infer.render.noise import noise


def build_tank(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A plastic tank through whose wall the liquid shows."""
    aspect = float(rng.uniform(0.45, 1.35))
    long = size * (1 - 2 * PAD)
    iw, ih = (long * aspect, long) if aspect <= 1 else (long, long / aspect)
    neck = ih * rng.uniform(0.06, 0.16)
    height, width = (min(size, int(np.ceil(side + 2 * PAD * size))) for side in (ih, iw))
    sheet = Sheet(height, width)
    x0, y0 = PAD * size, PAD * size
    x1, y1 = x0 + iw, y0 + ih
    top = y0 + neck
    radius = min(iw, ih) * rng.uniform(0.02, 0.2)
    body = obround(x0, top, x1, y1, radius)
    cx = (x0 + x1) / 2 + iw * rng.uniform(-0.15, 0.15)
    nx = (x0 + x1) / 2 + iw * rng.uniform(-0.3, 0.3)
    nw = iw * rng.uniform(0.1, 0.2)
    sheet.paint(soft(polygon_mask(body), size * 0.01), (10, 10, 10), 0.4)
    placed = box_mask(nx - nw, y0, nx + nw, top + 2, neck * 0.1)
    cap = pick(rng, ((35, 36, 38), (170, 80, 30), (40, 45, 190), (40, 170, 220), (225, 225, 225)))
    sheet.paint(placed, cylinder(rng, placed[0].shape[1], cap)[None])
    mask, ix, iy = box_mask(x0, top, x1, y1, radius)
    wh, ww = mask.shape
    wall: Color = jitter(rng, (215, 222, 224) if rng.random() < 0.7 else (165, 205, 220), 10)
    alpha = rng.uniform(0.85, 1.0)
    seen = np.zeros(ww, np.float32)
    gas = contents(rng, wh, ww, wall, alpha, False, seen, False)
    mix = rng.uniform(0.3, 0.85)
    color: Color = tuple(m * (1 - mix) + c * mix for m, c in zip(wall, style.color, strict=True))  # type: ignore[assignment]
    if style.fluid in ("clear", "milky"):
        color = scaled(wall, rng.uniform(0.68, 0.88))
    liquid = contents(rng, wh, ww, color, min(1.0, alpha + 0.05), False, seen, False)
    front = Sheet(*sheet.shape)
    inset = min(iw, ih) * rng.uniform(0.01, 0.05)
    bottom = y1 - inset
    plan = plan_graduation(rng, bottom - top, style.scale == "none")
    y_start = bottom - (bottom - top) * (rng.uniform(0, 0.12) if style.scale != "none" else 0)
    y_end = top + inset + (bottom - top) * (rng.uniform(0, 0.12) if style.scale != "none" else 0)
    if style.scale == "glass":
        side = 1 if rng.random() < 0.5 else -1
        tone = scaled(wall, rng.uniform(0.45, 0.8)) if rng.random() < 0.5 else (30.0, 30.0, 32.0)
        reach = iw * rng.uniform(0.06, 0.14)
        draw_graduation(
            rng,
            front,
            plan,
            y_start,
            y_end,
            cx + side * iw * rng.uniform(-0.1, 0.2),
            side * reach,
            tone,
            min(reach * 1.3, (y_start - y_end) / max(3, len(plan.labels)) * 0.7),
            iw * 0.2,
        )
    if rng.random() < 0.5:
        draw_limits(rng, front, cx - iw * rng.uniform(0, 0.25), iw * rng.uniform(0.08, 0.25), y_start, y_end)
    for _ in range(int(rng.integers(0, 3))):  # moulded ribs
        y = rng.uniform(top, y1)
        front.paint(box_mask(x0, y, x1, y + ih * 0.008), (250, 250, 250), 0.35)
        front.paint(box_mask(x0, y + ih * 0.008, x1, y + ih * 0.016), (60, 60, 60), 0.3)
    if rng.random() < 0.3:
        sx, sy = rng.uniform(x0, x1 - iw * 0.3), rng.uniform(top, y1 - ih * 0.15)
        draw_sticker(
            rng,
            front,
            sx,
            sy,
            sx + iw * 0.28,
            sy + ih * 0.1,
            str(rng.choice(["COOLANT", "H2O", "OIL", "ADBLUE", "20 L"])),
        )
    streaks(rng, front, x0, x1, top, y1, 0.3)
    weather(rng, sheet, style.wear)
    surface = plan_surface(rng, min(iw, ih) * 0.12, color, style.foam, False)
    surface.rise = 0.0
    surface.disc *= 2
    return Body(
        under=sheet,
        x=ix,
        y=iy,
        mask=mask,
        gas=gas,
        liquid=liquid,
        wet=np.ones(ww, np.float32),
        front=front,
        tube=body,
        bore=obround(x0 + inset, top, x1 - inset, bottom, radius),
        axis_x=cx,
        half=iw / 2,
        y_start=y_start,
        y_end=y_end,
        plan=plan,
        surface=surface,
        outline=rectangle(x0, y0, x1, y1),
        tags={"no_graduation"} if style.scale == "none" else set(),
    )


def build_cylinder(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A standing measuring glass with a foot, or an oiler's bowl."""
    long = size * (1 - 2 * PAD)
    tw = long * rng.uniform(0.14, 0.5)
    foot = long * rng.uniform(0.02, 0.1)
    fw = tw * rng.uniform(1.0, 1.8)
    lid = rng.random() < 0.4
    head = long * rng.uniform(0.05, 0.14) if lid else 0.0
    sheet = Sheet(size, int(np.ceil(fw + 2 * PAD * size)))
    cx = sheet.shape[1] / 2
    y0, y1 = PAD * size, size * (1 - PAD)
    top, bottom = y0 + head, y1 - foot
    tone = pick(rng, METALS) if lid else pick(rng, ((215, 220, 220), (170, 110, 40), (60, 60, 60)))
    placed = box_mask(cx - fw / 2, bottom, cx + fw / 2, y1, foot * 0.4)
    sheet.paint(placed, cylinder(rng, placed[0].shape[1], tone)[None], 1.0 if lid else rng.uniform(0.5, 1.0))
    if lid:
        draw_fitting(rng, sheet, cx, y0, top, fw)
    r = tw * rng.uniform(0, 0.15)
    mask, ix, iy = box_mask(cx - tw / 2, top, cx + tw / 2, bottom + r * 0.2, r)
    wh, ww = mask.shape
    gas, liquid, color, alike = pair_of_contents(rng, style, wh, ww, True, False)
    wall = rng.uniform(0.0, 0.1)
    u = np.abs((np.arange(ww) + ix + 0.5 - cx) / (tw / 2))
    front = Sheet(*sheet.shape)
    line = max(0.8, tw * 0.02)
    edge = jitter(rng, (225, 228, 228) if rng.random() < 0.5 else (60, 62, 65), 10)
    for x in (cx - tw / 2, cx + tw / 2 - line):
        front.paint(box_mask(x, top, x + line, bottom), edge, 0.7)
    plan = plan_graduation(rng, bottom - top, style.scale == "none")
    room = (0.0, 0.0) if style.scale == "none" else (rng.uniform(0.02, 0.15), rng.uniform(0.02, 0.15))
    y_start, y_end = bottom - (bottom - top) * room[0], top + (bottom - top) * room[1]
    if style.scale != "none":
        ink = (240.0, 240.0, 240.0) if rng.random() < 0.4 else (25.0, 25.0, 28.0)
        if rng.random() < 0.15:
            ink = hsv(rng.uniform(0, 1), 0.8, 0.6)
        reach = tw * rng.uniform(0.15, 0.3)
        draw_graduation(
            rng,
            front,
            plan,
            y_start,
            y_end,
            cx - tw * rng.uniform(0.0, 0.4),
            reach,
            ink,
            min(reach, (y_start - y_end) / max(3, len(plan.labels)) * 0.9),
            tw * 0.35,
        )
    elif rng.random() < 0.5:
        draw_limits(rng, front, cx - tw * 0.4, tw * rng.uniform(0.2, 0.8), y_start, y_end)
    streaks(rng, front, cx - tw / 2, cx + tw / 2, top, bottom, rng.uniform(0.3, 0.8))
    weather(rng, sheet, style.wear)
    half = tw / 2 * (1 - wall)
    return Body(
        under=sheet,
        x=ix,
        y=iy,
        mask=mask,
        gas=gas,
        liquid=liquid,
        wet=np.clip((1 - wall - u) * tw / 2 + 0.5, 0, 1).astype(np.float32),
        front=front,
        tube=rectangle(cx - tw / 2, top, cx + tw / 2, bottom),
        bore=rectangle(cx - half, top, cx + half, bottom),
        axis_x=cx,
        half=half,
        y_start=y_start,
        y_end=y_end,
        plan=plan,
        surface=plan_surface(rng, half * 0.7, color, style.foam, alike),
        outline=rectangle(cx - fw / 2, y0, cx + fw / 2, y1),
        tags={"no_graduation"} if style.scale == "none" else set(),
    )


def _draw_staff(rng: np.random.Generator, wh: int, ww: int, x0: float, x1: float) -> tuple[Sheet, float]:
    """The staff by itself: E marks, half a decimetre each, and the decimetres' numbers; px a decimetre."""
    staff = Sheet(wh, ww)
    base = pick(rng, ((150, 160, 165), (230, 232, 232), (60, 205, 235), (120, 130, 140)))
    placed = box_mask(x0, 0, x1, wh)
    staff.paint(placed, cylinder(rng, placed[0].shape[1], base)[None] if rng.random() < 0.5 else base)
    ink: Color = (
        pick(rng, ((150, 60, 20), (30, 30, 30), (40, 40, 190))) if sum(base) > 300 else (235, 235, 235)
    )
    steps = int(rng.integers(4, 15))
    cell, width = wh / steps, x1 - x0
    for k in range(steps):
        left = k % 2 == 0
        a, b = (0.05, 0.5) if left else (0.5, 0.95)
        y = k * cell
        for m in (0, 2, 4):
            staff.paint(
                box_mask(x0 + width * a, y + cell * m / 5, x0 + width * b, y + cell * (m + 1) / 5), ink
            )
        spine = x0 + width * (a if left else b - 0.1)
        staff.paint(box_mask(spine, y, spine + width * 0.1, y + cell), ink)
        height = min(cell * 0.9, width * 0.55)
        middle = x0 + width * (0.74 if left else 0.26)
        staff.text(str((steps - k) % 10), middle, y + cell * 0.5, height, ink, ("sans", 700))
    return staff, cell


def build_staff(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A staff gauge in open water, which hides its lower part and mirrors the upper one."""
    length = size * (1 - 2 * PAD)
    tw = length * rng.uniform(0.06, 0.18)
    reach = tw * rng.uniform(0.5, 2.5)
    sheet = Sheet(size, int(np.ceil(tw + 2 * reach + 2 * PAD * size)))
    ww, cx = sheet.shape[1], sheet.shape[1] / 2
    y0, y1 = PAD * size, size * (1 - PAD)
    iy, wh = int(np.floor(y0)), size - int(np.floor(y0))
    staff, cell = _draw_staff(rng, wh, ww, cx - tw / 2, cx + tw / 2)
    cap = rng.random() < 0.3
    if cap:
        staff.paint(box_mask(cx - tw / 2, 0, cx + tw / 2, tw * 0.5, tw * 0.3), pick(rng, METALS))
    muddy = (
        style.color
        if style.fluid in ("brown", "green", "clear", "milky")
        else jitter(rng, (125, 150, 165), 20)
    )
    water = contents(rng, wh, ww, muddy, 1.0, False, np.zeros(ww, np.float32), False)
    ripple = cv2.resize(noise(rng, wh, max(2, ww // 3), "mottle", max(0.5, size / 320)), (ww, wh))
    across = np.clip((reach + tw / 2 - np.abs(np.arange(ww) + 0.5 - cx)) / max(1.0, reach), 0, 1)
    far = np.clip((size - iy - np.arange(wh)) / (PAD * size * 2), 0, 1)
    water *= np.asarray(far[:, None] * across[None, :], np.float32)[..., None]
    dim(water, 1 + rng.uniform(0.03, 0.15) * ripple)
    mirrored = staff.px[::-1] * np.float32(rng.uniform(0.05, 0.5))
    over(water, np.ascontiguousarray(mirrored))
    plan = Graduation((), (), ((0.0, (size - y1) / cell / 10), (1.0, (size - y0) / cell / 10)), "m")
    weather(rng, staff, style.wear)
    box = rectangle(cx - tw / 2, y0, cx + tw / 2, y1)
    return Body(
        under=sheet,
        x=0,
        y=iy,
        mask=np.ones((wh, ww), np.float32),
        gas=staff.px,
        liquid=water,
        wet=np.ones(ww, np.float32),
        front=Sheet(*sheet.shape),
        tube=box,
        bore=box,
        axis_x=cx,
        half=tw / 2,
        y_start=y1,
        y_end=y0,
        plan=plan,
        surface=SurfaceLook(),
        outline=box,
        open_water=True,
    )
