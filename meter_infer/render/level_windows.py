"""Flat level gauges: windows in metal bodies and plates, flap indicators, bull's eyes."""

import numpy as np

from meter_infer.render.level_parts import (
    Body, SurfaceLook, add_drops, contents, draw_bolt, draw_graduation, draw_sticker, obround, plan_graduation,
    plan_surface, rectangle, streaks,
)  # fmt: skip
from meter_infer.render.level_style import LevelStyle
from meter_infer.render.level_tubes import PAD, draw_limits, pair_of_contents
from meter_infer.render.materials import (
    F32, METALS, PAINTS, Color, Sheet, box_mask, cylinder, disc_mask, jitter, noise, pick, scaled, soft, weather,
)  # fmt: skip


def _window_fill(rng: np.random.Generator, style: LevelStyle, wh: int, ww: int, reflex: bool) -> tuple[F32, F32, Color, bool]:
    """Opaque contents of a flat glass; reflex glass is silver above a dark liquid, with upright grooves."""
    if not reflex:
        gas, liquid, color, alike = pair_of_contents(rng, style, wh, ww, False, True)
        behind = pick(rng, ((70, 72, 75), (150, 152, 155), (215, 218, 220), (40, 42, 45), (110, 125, 135)))
        back = np.ones((wh, ww, 4), np.float32)
        back[..., :3] = np.array(behind, np.float32) * (1 + 0.15 * noise(rng, wh, ww, "cloud", max(0.3, wh / 300)))[..., None]
        gas = gas + (1 - gas[..., 3:]) * back
        liquid = liquid + (1 - liquid[..., 3:]) * back * np.float32(rng.uniform(0.5, 1.0))
        return gas, liquid, color, alike
    seen = np.zeros(ww, np.float32)
    silver = jitter(rng, (190, 192, 192), 20)
    dark = style.color if style.fluid in ("amber", "red", "green", "blue", "dark", "brown") and rng.random() < 0.4 else (30.0, 32.0, 34.0)
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


def _bolts_along(rng: np.random.Generator, sheet: Sheet, xs: tuple[float, float], y0: float, y1: float, radius: float) -> None:
    metal = pick(rng, (*METALS, (60, 80, 110)))
    n = int(rng.integers(2, 9))
    for x in xs:
        for y in np.linspace(y0, y1, n):
            draw_bolt(rng, sheet, x, float(y), radius, metal)


def _recess(rng: np.random.Generator, sheet: Sheet, x0: float, y0: float, x1: float, y1: float, radius: float, depth: float) -> None:
    """The edge of a window: a lip, its shadow on one side and its light on the other."""
    dx, dy = rng.uniform(-1, 1), rng.uniform(0.3, 1)
    lip = (x1 - x0) * rng.uniform(0.03, 0.2)
    color = pick(rng, METALS) if rng.random() < 0.3 else None
    sheet.paint(soft(box_mask(x0 - lip, y0 - lip, x1 + lip, y1 + lip, radius + lip), max(0.8, lip * 0.5)), (10, 10, 12), 0.5)
    if color is not None:
        sheet.paint(box_mask(x0 - lip, y0 - lip, x1 + lip, y1 + lip, radius + lip), color)
    sheet.paint(box_mask(x0 + dx * depth, y0 + dy * depth, x1 + dx * depth, y1 + dy * depth, radius), (225, 228, 230), 0.35)
    sheet.paint(box_mask(x0 - depth * 0.7, y0 - depth * 0.7, x1 + depth * 0.7, y1 + depth * 0.7, radius + depth * 0.7), (16, 17, 20), 0.75)


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
    profile = cylinder(rng, placed[0].shape[1], color) if rng.random() < 0.3 else np.array(color, np.float32)
    sheet.paint(placed, profile if profile.ndim == 1 else profile[None])  # type: ignore[arg-type]
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
    gas, liquid, tone, alike = _window_fill(rng, style, wh, ww, reflex)
    plan = plan_graduation(rng, bottom - top, style.scale == "none")
    room = (0.0, 0.0) if style.scale == "none" else (rng.uniform(0, 0.08), rng.uniform(0, 0.08))
    y_start, y_end = bottom - (bottom - top) * room[0], top + (bottom - top) * room[1]
    if plate:
        near = cx + side * bw / 2
        a, b = sorted((near, near + side * plate))
        paper = pick(rng, ((235, 238, 240), (60, 205, 235), (190, 193, 195), (35, 36, 38)))
        sheet.paint(box_mask(a, by0, b, by1), paper)
        ink: Color = (25, 25, 28) if sum(paper) > 330 else (235, 235, 235)
        draw_graduation(rng, sheet, plan, y_start, y_end, near, side * plate * rng.uniform(0.2, 0.4), ink,
                        min(plate * 0.35, (y_start - y_end) / max(3, len(plan.labels)) * 1.1))  # fmt: skip
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
        under=sheet, x=ix, y=iy, mask=mask, gas=gas, liquid=liquid, wet=np.ones(ww, np.float32), front=front, tube=box, bore=box,
        axis_x=cx, half=gw / 2, y_start=y_start, y_end=y_end, plan=plan, surface=surface,
        outline=rectangle(cx - left, y0, cx + right, y1), glass=True,
        tags=({"reflex"} if reflex else set()) | ({"no_graduation"} if style.scale == "none" else set()),
    )  # fmt: skip


def build_slot(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A slot window in a painted plate with bolts, limit lines and stickers; the whole plate is the instrument."""
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
    sheet.tint(1 + 0.06 * noise(rng, *sheet.shape, "cloud", size / 300) + 0.04 * noise(rng, *sheet.shape, "grain", max(1, size / 320)))
    gw = min(pw * rng.uniform(0.18, 0.5), length * 0.3)
    top, bottom = y0 + length * rng.uniform(0.02, 0.15), y1 - length * rng.uniform(0.04, 0.2)
    side_room = (pw - gw) / 2
    bolt_r = min(side_room * rng.uniform(0.2, 0.38), length * 0.04)
    metal = pick(rng, (*METALS, (45, 70, 110), (40, 60, 90)))
    if rng.random() < 0.85:
        for x in (cx - gw / 2 - side_room * 0.55, cx + gw / 2 + side_room * 0.55):
            for y in np.linspace(y0 + bolt_r * 1.6, y1 - bolt_r * 1.6, int(rng.integers(2, 5))):
                draw_bolt(rng, sheet, x, float(y), bolt_r, jitter(rng, metal, 8))
    r = gw / 2 * (1.0 if rng.random() < 0.75 else rng.uniform(0.1, 0.9))
    _recess(rng, sheet, cx - gw / 2, top, cx + gw / 2, bottom, r, gw * rng.uniform(0.04, 0.14))
    mask, ix, iy = box_mask(cx - gw / 2, top, cx + gw / 2, bottom, r)
    wh, ww = mask.shape
    gas, liquid, tone, alike = _window_fill(rng, style, wh, ww, rng.random() < 0.1)
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
        where, reach = (front, gw * 0.25) if style.scale == "glass" else (sheet, side_room * rng.uniform(0.2, 0.4))
        x = cx - side * gw * 0.4 if style.scale == "glass" else cx + side * gw * 0.6
        draw_graduation(rng, where, plan, y_start, y_end, x, side * reach, ink,
                        min(reach, (y_start - y_end) / max(3, len(plan.labels)) * 1.1))  # fmt: skip
    if rng.random() < 0.6:
        draw_limits(rng, sheet, cx + side * gw * 0.6, side * side_room * rng.uniform(0.4, 0.85), y_start, y_end)
    if rng.random() < 0.6 and side_room > 12:
        words = rng.choice(["+20°C", "-30°C", "OIL", "MAX", "MIN", "+40", "0", "No. 2", "LEVEL"], int(rng.integers(1, 4)), replace=False)
        y = rng.uniform(y0, y1 - length * 0.3)
        for word in words:
            h = min(length * 0.07, side_room * rng.uniform(0.4, 0.7))
            a, b = sorted((cx - side * gw * 0.62, cx - side * (gw * 0.5 + side_room * 0.92)))
            draw_sticker(rng, sheet, a, y, b, y + h, str(word))
            y += h * rng.uniform(1.1, 2.0)
    streaks(rng, front, cx - gw / 2, cx + gw / 2, top, bottom, rng.uniform(0.2, 0.8))
    if rng.random() < 0.4:  # a bright spot on the vaulted glass
        placed = soft(disc_mask(cx + gw * rng.uniform(-0.3, 0.3), rng.uniform(top, bottom), gw * rng.uniform(0.03, 0.12)), gw * 0.04)
        front.paint(placed, (250, 250, 250), rng.uniform(0.4, 1))
    weather(rng, sheet, style.wear)
    box = obround(cx - gw / 2, top, cx + gw / 2, bottom, r)
    return Body(
        under=sheet, x=ix, y=iy, mask=mask, gas=gas, liquid=liquid, wet=np.ones(ww, np.float32), front=front, tube=box, bore=box,
        axis_x=cx, half=gw / 2, y_start=y_start, y_end=y_end, plan=plan,
        surface=plan_surface(rng, gw / 2, tone, style.foam, alike or rng.random() < 0.4),
        outline=rectangle(x0, y0, x1, y1), glass=True, tags={"no_graduation"} if style.scale == "none" else set(),
    )  # fmt: skip


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
        ((232, 234, 235), (35, 35, 205)), ((232, 234, 235), (40, 50, 190)), ((50, 140, 40), (35, 35, 205)),
        ((25, 25, 28), (30, 130, 240)), ((235, 235, 235), (160, 70, 20)), ((30, 30, 32), (50, 215, 245)), ((225, 228, 228), (30, 30, 32)),
    )  # fmt: skip
    off, on = pairs[int(rng.integers(len(pairs)))]
    if rng.random() < 0.2:
        off, on = on, off
    off, on = jitter(rng, off, 12), jitter(rng, on, 12)
    pitch = (bottom - top) / int(rng.integers(18, 71))
    phase = ((np.arange(wh, dtype=np.float32) + iy + 0.5 - top) / pitch) % 1
    style_gap = rng.uniform(0.04, 0.18)
    shade = np.clip(1 - rng.uniform(0.2, 0.7) * (np.abs(phase - 0.5) * 2 > 1 - style_gap), 0, 1) * (1 + rng.uniform(0, 0.3) * (0.5 - phase))
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
        draw_graduation(rng, sheet, plan, y_start, y_end, near + side * plate * 0.03, side * plate * rng.uniform(0.2, 0.4), ink,
                        min(plate * 0.4, (y_start - y_end) / max(3, len(plan.labels)) * 1.1))  # fmt: skip
    front = Sheet(*sheet.shape)
    streaks(rng, front, cx - fw / 2, cx + fw / 2, top, bottom, rng.uniform(0, 0.6))
    weather(rng, sheet, style.wear)
    box = rectangle(cx - fw / 2, top, cx + fw / 2, bottom)
    return Body(
        under=sheet, x=ix, y=iy, mask=mask, gas=fills[0], liquid=fills[1], wet=np.ones(ww, np.float32), front=front, tube=box,
        bore=box, axis_x=cx, half=fw / 2, y_start=y_start, y_end=y_end, plan=plan, surface=SurfaceLook(pitch=pitch),
        outline=rectangle(cx - left, y0, cx + right, y1), glass=bool(rng.random() < 0.7),
        tags={"flaps"} | ({"no_graduation"} if style.scale == "none" else set()),
    )  # fmt: skip


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
        from meter_infer.render.materials import polygon_mask

        sheet.paint(polygon_mask(outline), metal)
        glass = radius * rng.uniform(0.4, 0.7)
    elif shape < 0.45:
        outline = rectangle(c - radius, c - radius, c + radius, c + radius)
        sheet.paint(box_mask(c - radius, c - radius, c + radius, c + radius, radius * rng.uniform(0, 0.4)), metal)
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
    gas, liquid, tone, alike = _window_fill(rng, style, n_px, n_px, False)
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
        spot = soft(disc_mask(c + glass * rng.uniform(-0.5, 0.5), c + glass * rng.uniform(-0.6, 0), glass * rng.uniform(0.05, 0.2)), glass * 0.07)
        front.paint(spot, (250, 250, 250), rng.uniform(0.2, 0.7))
    weather(rng, sheet, style.wear)
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    circle = np.stack([c + glass * np.cos(t), c + glass * np.sin(t)], 1)
    surface = plan_surface(rng, glass * 0.3, tone, style.foam, alike)
    surface.rise = 0.0
    return Body(
        under=sheet, x=ix, y=iy, mask=mask, gas=gas, liquid=liquid, wet=np.ones(n_px, np.float32), front=front, tube=circle,
        bore=circle, axis_x=c, half=glass, y_start=y_start, y_end=y_end, plan=plan, surface=surface, outline=outline, glass=True,
        tags={"bullseye"} | ({"no_graduation"} if style.scale == "none" else set()),
    )  # fmt: skip
