"""Level tubes between fittings, with rods, a plate or a tape beside them."""

from dataclasses import dataclass

import numpy as np

from meter_infer.render.level_body import Body, plan_surface, rectangle
from meter_infer.render.level_marks import (
    Graduation,
    draw_graduation,
    draw_limits,
    draw_marker,
    draw_tape,
    plan_graduation,
)
from meter_infer.render.level_parts import (
    PAD,
    draw_bolt,
    draw_fitting,
    draw_stripe,
    pair_of_contents,
    streaks,
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
    line_mask,
    pick,
    soft,
    weather,
)


@dataclass(slots=True)
class _Layout:
    """Where the parts of a level tube lie, texture px."""

    cx: float
    """Axis of the tube."""
    tw: float
    """Width of the tube."""
    y0: float
    y1: float
    """Ends of the instrument."""
    top: float
    bottom: float
    """Ends of the transparent part."""
    left: float
    right: float
    """From the axis to the instrument's sides."""
    fit: float
    fw: float
    """Height and width of the fittings."""
    bare: bool
    """No fittings: a piece of tube."""
    stub: float
    """Length of the pipes to the vessel; 0 for none."""
    side: int
    """Where the scale is: 1 right, -1 left."""
    near: float
    """Edge of the plate or tape next to the tube."""
    plate: float
    """Its width."""
    behind: bool
    """The plate runs behind the tube."""


def _lay_out(rng: np.random.Generator, style: LevelStyle, size: int) -> _Layout:
    length = size * (1 - 2 * PAD)
    tw = length * float(np.exp(rng.uniform(np.log(1 / 22), np.log(1 / 5))))
    bare = bool(rng.random() < (0.75 if style.scale == "tape" else 0.1))
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
    behind = style.scale == "plate" and bool(rng.random() < 0.4)
    right = max(fw / 2, tw / 2 + gap + plate)
    left = max(fw / 2 + stub, tw * rng.uniform(0.6, 1.1) if behind else 0.0)
    if side < 0:
        left, right = right, left
    # tall it stays
    shrink = min(1.0, 0.75 * length / (left + right))
    tw, fw, gap, plate, stub = (v * shrink for v in (tw, fw, gap, plate, stub))
    left, right = left * shrink, right * shrink
    cx, y0, y1 = PAD * size + left, PAD * size, size * (1 - PAD)
    near = cx + side * (tw / 2 + gap)
    return _Layout(
        cx, tw, y0, y1, y0 + fit, y1 - fit, left, right, fit, fw, bare, stub, side, near, plate, behind
    )


def _scale_plate(
    rng: np.random.Generator, sheet: Sheet, at: _Layout, plan: Graduation, y_start: float, y_end: float
) -> None:
    paper = pick(rng, ((235, 238, 240), (190, 193, 195), (60, 205, 235), (40, 42, 45), (210, 225, 230)))
    ink: Color = (25, 25, 28) if sum(paper) > 330 else (235, 235, 235)
    if rng.random() < 0.12:
        ink = (40, 30, 180)
    a, b = sorted((at.near, at.near + at.side * at.plate))
    if at.behind:
        a, b = (at.cx - at.left, b) if at.side > 0 else (a, at.cx + at.right)
    margin = (at.y1 - at.y0) * 0.005
    whole = rng.random() < 0.4
    top = at.y0 if whole else min(y_end, at.top) - margin
    bottom = at.y1 if whole else max(y_start, at.bottom) + margin
    sheet.paint(soft(box_mask(a, top, b, bottom), max(1.0, at.tw * 0.1)), (10, 10, 10), 0.45)
    sheet.paint(box_mask(a, top, b, bottom, at.tw * 0.1 * (rng.random() < 0.5)), paper)
    if rng.random() < 0.4:
        x = (b - at.tw * 0.3) if at.side > 0 else (a + at.tw * 0.3)
        for y in (top + at.tw * 0.3, bottom - at.tw * 0.3):
            draw_bolt(rng, sheet, x, y, max(1.0, at.tw * 0.12), pick(rng, METALS))
    reach = at.plate * rng.uniform(0.2, 0.45)
    height = min(at.plate * rng.uniform(0.3, 0.5), (y_start - y_end) / max(3, len(plan.labels)) * 1.1)
    start = at.near + at.side * at.plate * 0.04
    draw_graduation(
        rng, sheet, plan, y_start, y_end, start, at.side * reach, ink, height, at.plate * 0.94 - reach
    )
    if rng.random() < 0.15:
        y = y_start + (y_end - y_start) * rng.uniform(0.05, 0.95)
        draw_marker(rng, sheet, start, at.side * reach * rng.uniform(0.7, 1.5), y)


def _ends(rng: np.random.Generator, sheet: Sheet, at: _Layout) -> None:
    """Fittings, and the pipes, cocks and handles between them and the vessel."""
    if at.stub:
        r = max(1.0, min(at.fit * 0.35, at.tw * 0.5))
        metal = pick(rng, METALS)
        handles = rng.random() < 0.4
        for y in (at.y0 + at.fit * 0.5, at.y1 - at.fit * 0.5):
            a, b = sorted((at.cx, at.cx - at.side * (at.fw / 2 + at.stub)))
            placed = box_mask(a, y - r, b, y + r)
            sheet.paint(placed, cylinder(rng, placed[0].shape[0], metal)[:, None])
            x = at.cx - at.side * (at.fw / 2 + at.stub * rng.uniform(0.3, 0.8))
            if handles:
                color = pick(rng, ((40, 40, 190), (170, 90, 20), (30, 30, 32), *METALS))
                turn = rng.uniform(-0.4, 0.4) + (0 if rng.random() < 0.5 else np.pi / 2)
                dx, dy = np.cos(turn) * at.stub * 0.5, np.sin(turn) * at.fit * 0.45
                sheet.paint(line_mask(x - dx, y - dy, x + dx, y + dy, r * 0.7), color)
                sheet.paint(disc_mask(x, y, r * 0.8), metal)
            elif rng.random() < 0.4:
                placed = box_mask(x - r * 0.3, y - r * 1.5, x + r * 0.3, y + r * 1.5)
                sheet.paint(placed, cylinder(rng, placed[0].shape[0], metal)[:, None])
    if not at.bare:
        for a, b in ((at.y0, at.top), (at.bottom, at.y1)):
            draw_fitting(rng, sheet, at.cx, a, b, at.fw)


def _guard(rng: np.random.Generator, front: Sheet, at: _Layout) -> Sheet | None:
    """Rods before the tube (a sheet of their own), holding rings or a slotted sleeve (on `front`)."""
    if at.bare:
        return None
    cx, tw = at.cx, at.tw
    draw = rng.random()
    metal = pick(rng, METALS)
    if draw < 0.35:
        rods = Sheet(*front.shape)
        r = max(0.7, tw * rng.uniform(0.05, 0.14))
        off = max(tw / 2 + r, min(at.fw / 2 - r, tw * rng.uniform(0.5, 1.2)))
        for x in (cx - off, cx + off) if rng.random() < 0.85 else (cx - off, cx, cx + off):
            placed = box_mask(x - r, at.top - at.fit * 0.3, x + r, at.bottom + at.fit * 0.3)
            rods.paint(placed, cylinder(rng, placed[0].shape[1], metal)[None])
        return rods
    if draw < 0.45:
        for k in np.linspace(0.2, 0.8, int(rng.integers(1, 4))):
            y = at.top + (at.bottom - at.top) * float(k)
            placed = box_mask(cx - tw * 0.6, y - tw * 0.12, cx + tw * 0.6, y + tw * 0.12)
            front.paint(placed, cylinder(rng, placed[0].shape[1], metal)[None])
    elif draw < 0.55:  # the sleeve hides the tube's flanks
        color = pick(rng, (*METALS, *PAINTS))
        half = min(at.fw / 2, tw * rng.uniform(0.55, 0.8))
        slot = tw * rng.uniform(0.2, 0.42)
        for x0, x1 in ((cx - half, cx - slot), (cx + slot, cx + half)):
            placed = box_mask(x0, at.top, x1, at.bottom)
            front.paint(placed, cylinder(rng, placed[0].shape[1], color)[None])
    return None


def build_tube(rng: np.random.Generator, style: LevelStyle, size: int) -> Body:
    """A glass or plastic tube, mostly between two fittings, with rods, a plate or a tape beside it."""
    at = _lay_out(rng, style, size)
    cx, tw, top, bottom = at.cx, at.tw, at.top, at.bottom
    sheet = Sheet(size, int(np.ceil(at.left + at.right + 2 * PAD * size)))
    front = Sheet(*sheet.shape)
    plan = plan_graduation(rng, bottom - top, style.scale == "none")
    inset = 0.0 if style.scale == "none" else (bottom - top) * rng.uniform(0.0, 0.1)
    y_end, y_start = top + inset, bottom - rng.uniform(0, 1) * inset
    if style.scale == "plate":
        _scale_plate(rng, sheet, at, plan, y_start, y_end)
    elif style.scale == "tape":
        cm = at.plate * rng.uniform(0.3, 0.75)
        first, count, down = int(rng.integers(1, 160)), (at.y1 - at.y0) / cm, bool(rng.random() < 0.5)
        a, b = sorted((at.near, at.near + at.side * at.plate))
        draw_tape(rng, sheet, a, b, at.y0, at.y1, cm, first, down)
        low, high = (first + count, float(first)) if down else (float(first), first + count)
        plan = Graduation((), (), ((0.0, low), (1.0, high)), "cm")
        y_start, y_end = at.y1, at.y0
    if style.scale in ("none", "plate") and rng.random() < 0.3:
        room = (at.right if at.side > 0 else at.left) - tw * 0.55
        reach = min(max(tw * 0.5, at.plate * 0.5), room) if room > tw * 0.2 else -tw * 0.5
        draw_limits(rng, sheet, cx + at.side * tw * 0.55, at.side * reach, y_start, y_end)
    _ends(rng, sheet, at)
    ix, iy = int(np.floor(cx - tw / 2)), int(np.floor(top))
    ww, wh = int(np.ceil(cx + tw / 2)) - ix, int(np.ceil(bottom)) - iy
    mask, mx, my = box_mask(cx - tw / 2, top, cx + tw / 2, bottom)
    mask = mask[iy - my : iy - my + wh, ix - mx : ix - mx + ww]
    wall = rng.uniform(0, 0.22) if rng.random() < 0.7 else 0.0
    gas, liquid, color, alike = pair_of_contents(rng, style, wh, ww, True, at.behind and rng.random() < 0.7)
    if rng.random() < 0.08:
        draw_stripe(rng, gas, liquid)
    across = np.abs((np.arange(ww) + ix + 0.5 - cx) / (tw / 2))
    half = tw / 2 * (1 - wall)
    if rng.random() < 0.5:  # the walls' dark or bright outlines
        tone: Color = (35, 38, 40) if rng.random() < 0.6 else (240, 242, 242)
        line = max(0.7, tw * rng.uniform(0.02, 0.07))
        for x in (cx - tw / 2 + line / 2, cx + tw / 2 - line / 2):
            front.paint(box_mask(x - line / 2, top, x + line / 2, bottom), tone, rng.uniform(0.2, 0.7))
    if style.scale == "glass":
        ink: Color = (20, 20, 22) if rng.random() < 0.6 else pick(rng, ((240, 240, 240), (50, 50, 200)))
        x, reach = cx - at.side * tw * rng.uniform(0.1, 0.45), tw * rng.uniform(0.2, 0.4)
        height = min(tw * 0.5, (y_start - y_end) / max(3, len(plan.labels)) * 0.9)
        room = cx + tw / 2 - x - reach if at.side > 0 else x - reach - (cx - tw / 2)
        draw_graduation(
            rng, front, plan, y_start, y_end, x, at.side * reach, ink, height, room, rng.uniform(0.6, 1)
        )
    streaks(rng, front, cx - tw / 2, cx + tw / 2, top, bottom, rng.uniform(0.2, 0.9))
    rods = _guard(rng, front, at)
    for layer in (sheet, front, *([rods] if rods is not None else [])):
        weather(rng, layer, style.wear)
    surface = plan_surface(rng, half, color, style.foam, alike)
    if rng.random() < 0.05:
        surface.ball = half * rng.uniform(0.6, 0.9)
        surface.ball_color = pick(
            rng, ((40, 40, 205), (60, 170, 60), (30, 30, 32), (50, 200, 235), (225, 225, 225))
        )
    return Body(
        under=sheet,
        x=ix,
        y=iy,
        mask=mask,
        gas=gas,
        liquid=liquid,
        wet=np.clip((1 - wall - across) * tw / 2 + 0.5, 0, 1).astype(np.float32),
        front=front,
        tube=rectangle(cx - tw / 2, top, cx + tw / 2, bottom),
        bore=rectangle(cx - half, top, cx + half, bottom),
        axis_x=cx,
        half=half,
        y_start=y_start,
        y_end=y_end,
        plan=plan,
        surface=surface,
        outline=rectangle(cx - at.left, at.y0, cx + at.right, at.y1),
        top=rods,
        top_height=tw * rng.uniform(0.3, 0.9),
        tags=({"no_graduation"} if style.scale == "none" else set())
        | ({"rods"} if rods is not None else set()),
    )
