"""What is printed beside or on a level gauge: graduations, tapes, limit marks, stickers."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from meter_infer.render.materials import (
    F32,
    Color,
    Sheet,
    box_mask,
    jitter,
    line_mask,
    pick,
    pick_font,
    polygon_mask,
    soft,
)


@dataclass(frozen=True, slots=True)
class Graduation:
    """Marks and numbers of a scale from fraction 0 to 1."""

    marks: tuple[tuple[float, int], ...]
    """(fraction, rank): rank 0 major, 1 middle, 2 minor."""
    labels: tuple[tuple[float, str], ...]
    """(fraction, text)."""
    anchors: tuple[tuple[float, float], ...]
    """(fraction, value) as in LevelScale."""
    unit: str


def plan_graduation(rng: np.random.Generator, length: float, plain: bool = False) -> Graduation:
    """A scale for `length` px, sometimes not linear. `plain`: no marks, values in per cent."""
    if plain:
        return Graduation((), (), ((0.0, 0.0), (1.0, 100.0)), "%")
    majors = int(rng.integers(2, max(3, min(21, int(length / rng.uniform(9, 30))))))
    subs = int(rng.choice([1, 2, 5, 10]))
    while subs > 1 and length / majors / subs < 2.2:
        subs = {10: 5, 5: 2, 2: 1}[subs]
    step = float(rng.choice([1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 0.1, 0.2, 0.5]))
    first = 0.0 if rng.random() < 0.75 else step * int(rng.integers(-majors, majors))
    values = first + step * np.arange(majors + 1)
    fractions = np.arange(majors + 1) / majors
    if rng.random() < 0.1:  # a lying cylinder's volume, or a conical bottom
        bend = rng.uniform(-0.5, 0.5)
        fractions = fractions + bend * fractions * (1 - fractions)
    if rng.random() < 0.12:
        values = values[::-1]
    marks = [(float(f), 0) for f in fractions]
    for a, b in pairwise(fractions):
        marks += [
            (float(a + (b - a) * k / subs), 1 if subs >= 10 and k * 2 == subs else 2) for k in range(1, subs)
        ]
    labels = tuple((float(f), f"{v:.6g}") for f, v in zip(fractions, values, strict=True))
    every = int(rng.choice([1, 1, 1, 2]))
    anchors = tuple((float(f), float(v)) for f, v in zip(fractions, values, strict=True))
    unit = str(rng.choice(["mm", "cm", "%", "l", "L", "m", "m3", "gal"]))
    return Graduation(tuple(marks), labels[::every], anchors, unit)


def draw_graduation(
    rng: np.random.Generator,
    sheet: Sheet,
    plan: Graduation,
    y_start: float,
    y_end: float,
    x: float,
    reach: float,
    color: Color,
    label_height: float,
    room: float,
    alpha: float = 1.0,
) -> None:
    """Draw marks from `x` over `reach` px (negative: to the left), and numbers in the `room` px beyond."""
    h = sheet.shape[0]
    thick = max(0.7, abs(y_end - y_start) / rng.uniform(150, 420))
    rows = np.arange(h, dtype=np.float32) + 0.5
    lengths = (1.0, rng.uniform(0.65, 0.95), rng.uniform(0.35, 0.65))
    for rank in (2, 1, 0):
        ys = np.array([y_start + (y_end - y_start) * f for f, r in plan.marks if r == rank])
        if not len(ys):
            continue
        half = thick * (1.0, 0.8, 0.65)[rank] / 2
        cover = np.clip(half + 0.5 - np.abs(rows[:, None] - ys[None, :]), 0, min(1.0, 2 * half)).max(1)
        a, b = sorted((x, x + reach * lengths[rank]))
        cols, ix, _ = box_mask(a, 0, b, 2)
        sheet.paint(((cover[:, None] * cols[1][None, :]).astype(np.float32), ix, 0), color, alpha)
    if rng.random() < 0.35 and plan.marks:
        sheet.paint(
            box_mask(x - thick / 2, min(y_start, y_end), x + thick / 2, max(y_start, y_end)), color, alpha
        )
    font = pick_font(rng)
    letters = max((len(t) for _, t in plan.labels), default=1)
    label_height = min(label_height, max(0.0, room) / (0.6 * letters + 0.3))
    if label_height < 5:
        return
    widest = letters * label_height * 0.55
    gap = label_height * 0.25
    for f, label in plan.labels:
        cx = x + reach + np.sign(reach) * (gap + widest / 2)
        sheet.text(label, float(cx), y_start + (y_end - y_start) * f, label_height, color, font, alpha)


def draw_tape(
    rng: np.random.Generator,
    sheet: Sheet,
    x0: float,
    x1: float,
    y0: float,
    y1: float,
    cm: float,
    first: int,
    down: bool,
) -> None:
    """A measuring tape; `cm` px a centimetre; `first` is the number at y1 (y0 if `down`)."""
    look = int(rng.integers(5))
    looks: tuple[tuple[Color, Color], ...] = (
        ((50, 215, 235), (25, 30, 30)),
        ((40, 220, 180), (30, 48, 35)),
        ((225, 228, 230), (30, 30, 30)),
        ((60, 200, 225), (40, 42, 45)),
        ((185, 190, 195), (40, 40, 45)),
    )
    light, dark = jitter(rng, looks[look][0], 14), jitter(rng, looks[look][1], 6)
    flip = rng.random() < 0.6 and look < 2
    w = x1 - x0
    sheet.paint(soft(box_mask(x0, y0, x1, y1), max(1.0, w * 0.05)), (15, 15, 15), 0.5)
    sheet.paint(box_mask(x0, y0, x1, y1), light)
    count = int((y1 - y0) / cm) + 1
    base, sign = (y0, 1) if down else (y1, -1)
    label = min(cm * rng.uniform(0.75, 1.1), w * 0.5)
    font = ("sans" if rng.random() < 0.7 else "uni", int(rng.choice([400, 600, 700])))
    thick = max(0.7, cm * 0.045)
    every = 1 if label >= 6 else 5 if cm * 4 >= 7 else 10
    label = min(label if every == 1 else cm * 0.75 * every, w * 0.5)
    ticks: dict[bool, list[F32]] = {False: [], True: []}
    rows = np.arange(sheet.shape[0], dtype=np.float32) + 0.5
    for k in range(count + 1):
        inverse = flip and ((first + k - 1) // 10) % 2 == 1
        top, bottom = sorted((base + sign * (k - 1) * cm, base + sign * k * cm))
        if inverse:
            sheet.paint(box_mask(x0, max(top, y0), x1, max(max(top, y0), min(bottom, y1))), dark)
        y = base + sign * k * cm
        for m in range(10 if cm > 18 else 2 if cm > 5 else 1):
            n = 10 if cm > 18 else 2 if cm > 5 else 1
            t = y - sign * m * cm / n
            reach = 1.0 if m == 0 else 0.5 if m * 2 == n else 0.32
            line = np.clip(thick / 2 + 0.5 - np.abs(rows - t), 0, min(1.0, thick)).astype(np.float32)
            ticks[inverse].append(
                np.where((rows > y0) & (rows < y1), line, 0).astype(np.float32) * np.float32(reach)
            )
    both = rng.random() < 0.7
    # numbers stand on their mark, or between two lines that run right across
    shift = float(rng.choice([0.0, -0.5, 0.5])) * cm if every == 1 else 0.0
    cols = (np.arange(sheet.shape[1], dtype=np.float32) + 0.5 - x0) / w
    from_edge = np.where((cols > 0) & (cols < 1), np.minimum(cols, 1 - cols if both else cols), 9)
    for inverse, lines in ticks.items():
        if lines:
            stack = np.stack(lines)
            for reach in (0.32, 0.5, 1.0):
                cover = np.where(np.abs(stack.max(1, keepdims=True) - reach) < 0.2, stack / reach, 0).max(0)
                part = from_edge < (0.6 if reach == 1.0 and shift else reach * 0.28)
                sheet.paint(
                    ((cover[:, None] * part[None, :]).astype(np.float32), 0, 0), light if inverse else dark
                )
    for k in range(count + 1):
        y = base + sign * k * cm + shift
        number = first + k
        inverse = flip and ((number - 1) // 10) % 2 == 1
        if number % every == 0 and y0 + label * 0.4 < y < y1 - label * 0.4 and number > 0:
            color = light if inverse else (30, 30, 200) if number % 10 == 0 and look in (2, 3) else dark
            sheet.text(str(number), (x0 + x1) / 2, y, label, color, font)


def draw_limits(
    rng: np.random.Generator, sheet: Sheet, x: float, reach: float, y_start: float, y_end: float
) -> None:
    """Red and green limit marks from `x` over `reach` px, with or without MIN and MAX."""
    ends = ((rng.uniform(0.05, 0.35), "MIN"), (rng.uniform(0.65, 0.97), "MAX"))
    low_color = pick(rng, ((40, 40, 210), (40, 40, 210), (60, 170, 50), (40, 200, 235)))
    thick = min(max(1.0, abs(y_end - y_start) * rng.uniform(0.006, 0.02)), max(1.0, abs(reach) * 0.4))
    words = rng.random() < 0.5
    painted = rng.random() < 0.3  # by hand: a wavy stroke
    for f, word in ends:
        if rng.random() < 0.12:
            continue
        y = y_start + (y_end - y_start) * f
        sag = rng.normal(0, thick) if rng.random() < 0.4 else 0.0
        color = low_color if word == "MIN" else jitter(rng, (35, 35, 215), 10)
        sheet.paint(line_mask(x, y, x + reach, y + sag, thick), color, 0.95)
        if painted:
            m = x + reach * rng.uniform(0.2, 0.6)
            sheet.paint(
                line_mask(
                    m, y, x + reach * 1.05, y + sag + rng.normal(0, thick), thick * rng.uniform(0.6, 1.3)
                ),
                color,
                0.9,
            )
        h = min(abs(reach) * 0.5, abs(y_end - y_start) * 0.07)
        if words and h >= 5:
            sheet.text(word, x + reach / 2, y - thick - h * 0.5, h, color, ("sans", 700))
    if rng.random() < 0.2:
        a, b = (y_start + (y_end - y_start) * f for f, _ in ends)
        sheet.paint(box_mask(min(x, x + reach * 0.3), b, max(x, x + reach * 0.3), a), (60, 170, 60), 0.8)


def draw_marker(rng: np.random.Generator, sheet: Sheet, x: float, reach: float, y: float) -> None:
    """A sliding pointer on a scale, set by hand to anything: it tells nothing of the level."""
    color = pick(rng, ((40, 40, 210), (30, 30, 32), (40, 200, 235), (60, 160, 50)))
    half = abs(reach) * rng.uniform(0.2, 0.5)
    points = np.array([[x, y], [x + reach, y - half], [x + reach, y + half]])
    sheet.paint(soft(polygon_mask(points), max(0.8, half * 0.2)), (10, 10, 10), 0.4)
    sheet.paint(polygon_mask(points), color)


def draw_sticker(
    rng: np.random.Generator, sheet: Sheet, x0: float, y0: float, x1: float, y1: float, text: str
) -> None:
    """A label with a line of text and perhaps a frame."""
    paper = pick(rng, ((235, 235, 235), (60, 210, 240), (210, 215, 220), (60, 60, 200), (200, 200, 205)))
    ink = (
        pick(rng, ((25, 25, 25), (40, 30, 170), (120, 40, 20))) if sum(paper) > 400 else (235.0, 235.0, 235.0)
    )
    r = (y1 - y0) * rng.uniform(0, 0.15)
    sheet.paint(box_mask(x0, y0, x1, y1, r), paper)
    if rng.random() < 0.5:
        b = max(0.7, (y1 - y0) * 0.06)
        sheet.paint(box_mask(x0 + b, y0 + b, x1 - b, y1 - b, r), ink, 0.9)
        sheet.paint(box_mask(x0 + 2 * b, y0 + 2 * b, x1 - 2 * b, y1 - 2 * b, r), paper)
    height = min((y1 - y0) * 0.85, (x1 - x0) / max(1, len(text)) * 1.5)
    if height >= 5:
        sheet.text(text, (x0 + x1) / 2, (y0 + y1) / 2, height, ink, pick_font(rng))
