"""Round level gauges: tubes between fittings, tanks, standing cylinders."""

import numpy as np

from meter_infer.render.level_parts import (
    Body, SurfaceLook, add_drops, contents, draw_bolt, draw_fitting, draw_graduation, draw_sticker, draw_tape, obround,
    plan_graduation, plan_surface, rectangle, streaks,
)  # fmt: skip
from meter_infer.render.level_style import LevelStyle
from meter_infer.render.materials import (
    F32, METALS, PAINTS, Color, Sheet, box_mask, cylinder, hsv, jitter, line_mask, noise, pick, polygon_mask, scaled,
    soft, weather,
)  # fmt: skip

PAD = 0.05
"""Margin around the instrument, of the texture's longer side."""


def pair_of_contents(
    rng: np.random.Generator, style: LevelStyle, wh: int, ww: int, round_: bool, backed: bool
) -> tuple[F32, F32, Color, bool]:
    """The window without and with liquid, the liquid's colour as seen, and whether the two look alike."""
    gas_color: Color = jitter(rng, tuple(float(rng.uniform(105, 245)) for _ in range(1)) * 3, 6)  # type: ignore[arg-type]
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
        add_drops(rng, gas, int(rng.integers(3, 40)), max(0.7, ww * rng.uniform(0.02, 0.08)), rng.random() < 0.7)
    if rng.random() < 0.2:
        add_drops(rng, liquid, int(rng.integers(3, 30)), max(0.6, ww * rng.uniform(0.02, 0.06)), True)
    if rng.random() < 0.25:  # the ring that an older level left, and the film above
        row = int(rng.uniform(0.1, 0.9) * wh)
        ring = Sheet(1, 1)
        ring.px = gas
        ring.paint(box_mask(0, row, ww, row + max(1.0, ww * 0.08)), scaled(color, 0.7), rng.uniform(0.15, 0.6))
        if rng.random() < 0.5:
            film = np.linspace(1, 0, max(2, wh - row), dtype=np.float32)[:, None] * np.ones((1, ww), np.float32)
            ring.paint((film, 0, row), color, rng.uniform(0.1, 0.35))
    return gas, liquid, color, alike


def draw_limits(rng: np.random.Generator, sheet: Sheet, x: float, reach: float, y_start: float, y_end: float) -> None:
    """Red and green limit marks beside the tube, with or without MIN and MAX."""
    ends = ((rng.uniform(0.05, 0.35), "MIN"), (rng.uniform(0.65, 0.97), "MAX"))
    low_color = pick(rng, ((40, 40, 210), (40, 40, 210), (60, 170, 50), (40, 200, 235)))
    thick = max(1.0, abs(y_end - y_start) * rng.uniform(0.006, 0.02))
    for f, word in ends:
        if rng.random() < 0.12:
            continue
        y = y_start + (y_end - y_start) * f
        sag = rng.normal(0, thick) if rng.random() < 0.4 else 0.0
        color = low_color if word == "MIN" else jitter(rng, (35, 35, 215), 10)
        sheet.paint(line_mask(x, y, x + reach, y + sag, thick), color, 0.95)
        if rng.random() < 0.4:
            h = abs(reach) * rng.uniform(0.5, 0.9)
            if h > 5:
                sheet.text(word, x + reach / 2, y - h * 0.55, h, color, ("sans", 700))
    if rng.random() < 0.2:
        a, b = (y_start + (y_end - y_start) * f for f, _ in ends)
        sheet.paint(box_mask(min(x, x + reach * 0.3), b, max(x, x + reach * 0.3), a), (60, 170, 60), 0.8)


def _stripe(rng: np.random.Generator, gas: F32, liquid: F32) -> None:
    """A coloured line on the back of the tube: the liquid's lens makes it wide."""
    color = pick(rng, ((40, 40, 210), (170, 80, 20), (30, 30, 30)))
    wh, ww = gas.shape[:2]
    for px, half in ((gas, rng.uniform(0.06, 0.12)), (liquid, rng.uniform(0.28, 0.45))):
        sheet = Sheet(1, 1)
        sheet.px = px
        sheet.paint(box_mask(ww * (0.5 - half), -2, ww * (0.5 + half), wh + 2), color, 0.85)


def build_tube(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A glass or plastic tube, mostly between two fittings, with rods, a plate or a tape beside it."""
    length = size * (1 - 2 * PAD)
    tw = length * float(np.exp(rng.uniform(np.log(1 / 22), np.log(1 / 5))))
    bare = rng.random() < (0.75 if style.scale == "tape" else 0.1)
    fit = 0.0 if bare else length * rng.uniform(0.03, 0.13)
    fw = tw if bare else tw * rng.uniform(1.2, 2.9)
    side = 1 if rng.random() < 0.5 else -1
    gap = tw * rng.uniform(0, 0.6) * (rng.random() < 0.6)
    plate = 0.0
    if style.scale == "plate":
        plate = max(tw * rng.uniform(0.9, 3.5), length * 0.05)
    elif style.scale == "tape":
        plate = max(tw * rng.uniform(0.7, 2.6), length * 0.06)
    stub = tw * rng.uniform(0.5, 2.2) if not bare and rng.random() < 0.35 else 0.0
    behind = style.scale == "plate" and rng.random() < 0.4  # the plate runs behind the tube
    right = max(fw / 2, tw / 2 + gap + plate)
    left = max(fw / 2, (tw / 2 + rng.uniform(0.1, 0.6) * tw) if behind else 0, fw / 2 + stub)
    if side < 0:
        left, right = right, left
    sheet = Sheet(size, int(np.ceil(left + right + 2 * PAD * size)))
    cx = PAD * size + left
    y0, y1 = PAD * size, size * (1 - PAD)
    top, bottom = y0 + fit, y1 - fit
    wear_rows = (top + length * 0.005, bottom - length * 0.005)
    plan = plan_graduation(rng, bottom - top, style.scale == "none")
    inset = 0.0 if style.scale == "none" else rng.uniform(0.0, 0.1)
    y_end, y_start = top + (bottom - top) * inset, bottom - (bottom - top) * rng.uniform(0, 1) * inset
    near = cx + side * (tw / 2 + gap)
    paper = pick(rng, ((235, 238, 240), (190, 193, 195), (60, 205, 235), (40, 42, 45), (210, 225, 230)))
    ink: Color = (25, 25, 28) if sum(paper) > 330 else (235, 235, 235)
    if rng.random() < 0.12:
        ink = (40, 30, 180)
    if style.scale == "plate":
        a, b = sorted((near, near + side * plate))
        if behind:
            a, b = min(a, cx - tw / 2 - (left - tw / 2 if side > 0 else 0) * 0.9), max(b, cx + tw / 2)
            if side < 0:
                a, b = min(near, near - plate), cx + right * 0.9
        py0, py1 = (y0, y1) if rng.random() < 0.4 else (min(y_end, top) - length * 0.005, max(y_start, bottom))
        sheet.paint(soft(box_mask(a, py0, b, py1), max(1.0, tw * 0.1)), (10, 10, 10), 0.45)
        sheet.paint(box_mask(a, py0, b, py1, tw * 0.1 * (rng.random() < 0.5)), paper)
        if rng.random() < 0.4:
            for y in (py0 + tw * 0.3, py1 - tw * 0.3):
                draw_bolt(rng, sheet, (b - tw * 0.3) if side > 0 else (a + tw * 0.3), y, max(1.0, tw * 0.12), pick(rng, METALS))
        draw_graduation(rng, sheet, plan, y_start, y_end, near + side * plate * 0.04, side * plate * rng.uniform(0.2, 0.45), ink,
                        min(plate * rng.uniform(0.25, 0.4), (y_start - y_end) / max(3, len(plan.labels)) * 1.1))  # fmt: skip
    elif style.scale == "tape":
        a, b = sorted((near, near + side * plate))
        cm = plate * rng.uniform(0.3, 0.75)
        first = int(rng.integers(1, 160))
        down = rng.random() < 0.5
        count = (y1 - y0) / cm
        draw_tape(rng, sheet, a, b, y0, y1, cm, first, down)
        values = (first + count, float(first)) if down else (float(first), first + count)
        plan = type(plan)((), (), ((0.0, values[0]), (1.0, values[1])), "cm")
        top, bottom = (y0, y1) if bare else (top, bottom)
        y_start, y_end = y1, y0
    if style.scale in ("none", "plate") and rng.random() < 0.3:
        draw_limits(rng, sheet, cx + side * tw * 0.55, side * max(tw * 0.4, plate * 0.6), y_start, y_end)
    if stub:
        for y in (y0 + fit * 0.5, y1 - fit * 0.5):
            r = max(1.0, min(fit * 0.35, tw * 0.5))
            a, b = sorted((cx, cx - side * (fw / 2 + stub)))
            placed = box_mask(a, y - r, b, y + r)
            sheet.paint(placed, cylinder(rng, placed[0].shape[0], pick(rng, METALS))[:, None])
    if not bare:
        for a, b in ((y0, top), (bottom, y1)):
            draw_fitting(rng, sheet, cx, a, b, fw)
    # the tube itself
    ix, iy = int(np.floor(cx - tw / 2)), int(np.floor(top))
    ww, wh = int(np.ceil(cx + tw / 2)) - ix, int(np.ceil(bottom)) - iy
    mask, mx, my = box_mask(cx - tw / 2, top, cx + tw / 2, bottom)
    mask = mask[iy - my : iy - my + wh, ix - mx : ix - mx + ww]
    wall = rng.uniform(0, 0.22) if rng.random() < 0.7 else 0.0
    backed = behind and rng.random() < 0.7
    gas, liquid, color, alike = pair_of_contents(rng, style, wh, ww, True, backed)
    if rng.random() < 0.08:
        _stripe(rng, gas, liquid)
    u = np.abs((np.arange(ww) + ix + 0.5 - cx) / (tw / 2))
    wet = np.clip((1 - wall - u) * tw / 2 + 0.5, 0, 1).astype(np.float32)
    front = Sheet(*sheet.shape)
    if rng.random() < 0.5:  # the walls' dark or bright outlines
        tone: Color = (35, 38, 40) if rng.random() < 0.6 else (240, 242, 242)
        line = max(0.7, tw * rng.uniform(0.02, 0.07))
        for x in (cx - tw / 2 + line / 2, cx + tw / 2 - line / 2):
            front.paint(box_mask(x - line / 2, top, x + line / 2, bottom), tone, rng.uniform(0.2, 0.7))
    if style.scale == "glass":
        tone = (20, 20, 22) if rng.random() < 0.6 else (240, 240, 240) if rng.random() < 0.6 else (50, 50, 200)
        draw_graduation(rng, front, plan, y_start, y_end, cx - side * tw * rng.uniform(-0.1, 0.45), side * tw * rng.uniform(0.2, 0.4),
                        tone, min(tw * 0.5, (y_start - y_end) / max(3, len(plan.labels)) * 0.9), rng.uniform(0.6, 1))  # fmt: skip
    streaks(rng, front, cx - tw / 2, cx + tw / 2, top, bottom, rng.uniform(0.2, 0.9))
    rods = None
    tags = set() if style.scale != "none" else {"no_graduation"}
    if not bare and rng.random() < 0.35:
        rods = Sheet(*sheet.shape)
        r = max(0.7, tw * rng.uniform(0.05, 0.14))
        off = max(tw / 2 + r, min(fw / 2 - r, tw * rng.uniform(0.5, 1.2)))
        metal = pick(rng, METALS)
        for x in (cx - off, cx + off) if rng.random() < 0.85 else (cx - off, cx, cx + off):
            placed = box_mask(x - r, top - fit * 0.3, x + r, bottom + fit * 0.3)
            rods.paint(placed, cylinder(rng, placed[0].shape[1], metal)[None])
        weather(rng, rods, style.wear)
        tags.add("rods")
    elif not bare and rng.random() < 0.15:
        for k in np.linspace(0.2, 0.8, int(rng.integers(1, 4))):  # holding rings
            y = top + (bottom - top) * k
            placed = box_mask(cx - tw * 0.6, y - tw * 0.12, cx + tw * 0.6, y + tw * 0.12)
            front.paint(placed, cylinder(rng, placed[0].shape[1], pick(rng, METALS))[None])
    weather(rng, sheet, style.wear)
    weather(rng, front, style.wear)
    half = tw / 2 * (1 - wall)
    return Body(
        under=sheet, x=ix, y=iy, mask=mask, gas=gas, liquid=liquid, wet=wet, front=front,
        tube=rectangle(cx - tw / 2, top, cx + tw / 2, bottom), bore=rectangle(cx - half, wear_rows[0], cx + half, wear_rows[1])
        if not bare else rectangle(cx - half, top, cx + half, bottom),
        axis_x=cx, half=half, y_start=y_start, y_end=y_end, plan=plan,
        surface=plan_surface(rng, half, color, style.foam, alike),
        outline=rectangle(cx - left, y0, cx + right, y1), top=rods, top_height=tw * rng.uniform(0.3, 0.9), tags=tags,
    )  # fmt: skip


def build_tank(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A plastic tank through whose wall the liquid shows."""
    aspect = float(rng.uniform(0.45, 1.35))
    long = size * (1 - 2 * PAD)
    iw, ih = (long * aspect, long) if aspect <= 1 else (long, long / aspect)
    neck = ih * rng.uniform(0.06, 0.16)
    sheet = Sheet(int(np.ceil(ih + 2 * PAD * size)), int(np.ceil(iw + 2 * PAD * size)))
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
        draw_graduation(rng, front, plan, y_start, y_end, cx + side * iw * rng.uniform(-0.1, 0.2), side * reach, tone,
                        min(reach * 1.3, (y_start - y_end) / max(3, len(plan.labels)) * 0.7))  # fmt: skip
    if rng.random() < 0.5:
        draw_limits(rng, front, cx - iw * rng.uniform(0, 0.25), iw * rng.uniform(0.08, 0.25), y_start, y_end)
    for _ in range(int(rng.integers(0, 3))):  # moulded ribs
        y = rng.uniform(top, y1)
        front.paint(box_mask(x0, y, x1, y + ih * 0.008), (250, 250, 250), 0.35)
        front.paint(box_mask(x0, y + ih * 0.008, x1, y + ih * 0.016), (60, 60, 60), 0.3)
    if rng.random() < 0.3:
        sx, sy = rng.uniform(x0, x1 - iw * 0.3), rng.uniform(top, y1 - ih * 0.15)
        draw_sticker(rng, front, sx, sy, sx + iw * 0.28, sy + ih * 0.1, str(rng.choice(["COOLANT", "H2O", "OIL", "ADBLUE", "20 L"])))
    streaks(rng, front, x0, x1, top, y1, 0.3)
    weather(rng, sheet, style.wear)
    surface = plan_surface(rng, min(iw, ih) * 0.12, color, style.foam, False)
    surface.rise = 0.0
    surface.disc *= 2
    return Body(
        under=sheet, x=ix, y=iy, mask=mask, gas=gas, liquid=liquid, wet=np.ones(ww, np.float32), front=front,
        tube=body, bore=obround(x0 + inset, top, x1 - inset, bottom, radius), axis_x=cx, half=iw / 2, y_start=y_start,
        y_end=y_end, plan=plan, surface=surface, outline=rectangle(x0, y0, x1, y1),
        tags={"no_graduation"} if style.scale == "none" else set(),
    )  # fmt: skip


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
        draw_graduation(rng, front, plan, y_start, y_end, cx - tw * rng.uniform(0.0, 0.4), reach, ink,
                        min(reach, (y_start - y_end) / max(3, len(plan.labels)) * 0.9))  # fmt: skip
    elif rng.random() < 0.5:
        draw_limits(rng, front, cx - tw * 0.4, tw * rng.uniform(0.2, 0.8), y_start, y_end)
    streaks(rng, front, cx - tw / 2, cx + tw / 2, top, bottom, rng.uniform(0.3, 0.8))
    weather(rng, sheet, style.wear)
    half = tw / 2 * (1 - wall)
    return Body(
        under=sheet, x=ix, y=iy, mask=mask, gas=gas, liquid=liquid, wet=np.clip((1 - wall - u) * tw / 2 + 0.5, 0, 1).astype(np.float32),
        front=front, tube=rectangle(cx - tw / 2, top, cx + tw / 2, bottom), bore=rectangle(cx - half, top, cx + half, bottom),
        axis_x=cx, half=half, y_start=y_start, y_end=y_end, plan=plan,
        surface=plan_surface(rng, half * 0.7, color, style.foam, alike), outline=rectangle(cx - fw / 2, y0, cx + fw / 2, y1),
        tags={"no_graduation"} if style.scale == "none" else set(),
    )  # fmt: skip


def build_staff(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A staff gauge that stands in open water: the water covers its lower part."""
    length = size * (1 - 2 * PAD)
    tw = length * rng.uniform(0.06, 0.18)
    reach = tw * rng.uniform(0.0, 0.6)
    sheet = Sheet(size, int(np.ceil(tw + 2 * reach + 2 * PAD * size)))
    cx = sheet.shape[1] / 2
    y0, y1 = PAD * size, size * (1 - PAD)
    mask, ix, iy = box_mask(cx - tw / 2, y0, cx + tw / 2, y1)
    wh, ww = mask.shape
    staff = Sheet(wh, ww)
    base = pick(rng, ((150, 160, 165), (230, 232, 232), (60, 205, 235), (120, 130, 140)))
    staff.paint((np.ones((wh, ww), np.float32), 0, 0), cylinder(rng, ww, base)[None] if rng.random() < 0.5 else base)
    ink: Color = pick(rng, ((150, 60, 20), (30, 30, 30), (40, 40, 190))) if sum(base) > 300 else (235, 235, 235)
    steps = int(rng.integers(4, 12))
    cell = wh / steps
    for k in range(steps):
        left = k % 2 == 0
        a, b = (0.05, 0.5) if left else (0.5, 0.95)
        y = k * cell
        for m in (0, 2, 4):
            staff.paint(box_mask(ww * a, y + cell * m / 5, ww * b, y + cell * (m + 1) / 5), ink)
        spine = a if left else b - 0.1
        staff.paint(box_mask(ww * spine, y, ww * (spine + 0.1), y + cell), ink)
        staff.text(str((steps - k) % 10), ww * (0.74 if left else 0.26), y + cell * 0.5, min(cell * 0.8, ww * 0.5), ink, ("sans", 700))
    liquid = contents(rng, wh, ww, style.color if style.fluid in ("brown", "green", "clear") else (120, 150, 165), rng.uniform(0.8, 0.97), False, np.zeros(ww, np.float32), False)
    ripple = noise(rng, wh, ww, "mottle", 1.0)
    liquid[..., :3] *= 1 + 0.1 * ripple[..., None]
    liquid += (1 - liquid[..., 3:]) * staff.px[::-1]
    values = (0.0, float(steps) / 10)
    plan = plan_graduation(rng, wh, True)
    plan = type(plan)((), (), ((0.0, values[0]), (1.0, values[1])), "m")
    front = Sheet(*sheet.shape)
    surface = SurfaceLook(bands=((0.0, max(0.7, tw * 0.03), (60.0, 70.0, 75.0), 0.5),))
    weather(rng, sheet, style.wear)
    box = rectangle(cx - tw / 2, y0, cx + tw / 2, y1)
    return Body(
        under=sheet, x=ix, y=iy, mask=mask, gas=staff.px, liquid=liquid, wet=np.ones(ww, np.float32), front=front, tube=box,
        bore=box, axis_x=cx, half=tw / 2, y_start=y1, y_end=y0, plan=plan, surface=surface, outline=box, tags={"staff"},
    )  # fmt: skip
