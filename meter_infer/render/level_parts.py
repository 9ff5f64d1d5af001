"""Parts that level gauges are put together from: graduations, bolts, fittings, stickers, the contents of a tube."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from meter_infer.render.materials import (
    F32, METALS, PAINTS, Color, Sheet, box_mask, cylinder, disc_mask, jitter, line_mask, noise, pick, pick_font,
    polygon_mask, scaled, soft,
)  # fmt: skip


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
    """A scale for `length` px: steps of 1, 2, 5, sometimes not linear. `plain`: no marks, values in per cent."""
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
    for a, b in zip(fractions[:-1], fractions[1:], strict=True):
        marks += [(float(a + (b - a) * k / subs), 1 if subs >= 10 and k * 2 == subs else 2) for k in range(1, subs)]
    labels = tuple((float(f), f"{v:.6g}") for f, v in zip(fractions, values, strict=True))
    every = int(rng.choice([1, 1, 1, 2]))
    anchors = tuple((float(f), float(v)) for f, v in zip(fractions, values, strict=True))
    unit = str(rng.choice(["mm", "cm", "%", "l", "L", "m", "m3", "gal"]))
    return Graduation(tuple(marks), labels[::every], anchors, unit)


def draw_graduation(
    rng: np.random.Generator, sheet: Sheet, plan: Graduation, y_start: float, y_end: float, x: float, reach: float,
    color: Color, label_height: float, alpha: float = 1.0,
) -> None:  # fmt: skip
    """Draw marks from `x` over `reach` px (negative: to the left), and their numbers beyond them."""
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
        sheet.paint(box_mask(x - thick / 2, min(y_start, y_end), x + thick / 2, max(y_start, y_end)), color, alpha)
    if label_height < 5:
        return
    font = pick_font(rng)
    widest = max((len(t) for _, t in plan.labels), default=0) * label_height * 0.5
    gap = label_height * 0.3
    for f, label in plan.labels:
        cx = x + reach + np.sign(reach) * (gap + widest / 2)
        sheet.text(label, float(cx), y_start + (y_end - y_start) * f, label_height, color, font, alpha)


def draw_tape(rng: np.random.Generator, sheet: Sheet, x0: float, x1: float, y0: float, y1: float, cm: float,
              first: int, down: bool) -> None:  # fmt: skip
    """A measuring tape between x0 and x1; `cm` px a centimetre; `first` is the number at y1 (y0 if `down`)."""
    look = int(rng.integers(5))
    light, dark = (
        ((50, 215, 235), (25, 30, 30)), ((40, 220, 180), (30, 48, 35)), ((225, 228, 230), (30, 30, 30)),
        ((60, 200, 225), (40, 42, 45)), ((185, 190, 195), (40, 40, 45)),
    )[look]  # fmt: skip
    light, dark = jitter(rng, light, 14), jitter(rng, dark, 6)
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
            ticks[inverse].append(np.where((rows > y0) & (rows < y1), line, 0).astype(np.float32) * np.float32(reach))
    both = rng.random() < 0.7
    cols = (np.arange(sheet.shape[1], dtype=np.float32) + 0.5 - x0) / w
    from_edge = np.where((cols > 0) & (cols < 1), np.minimum(cols, 1 - cols if both else cols), 9)
    for inverse, lines in ticks.items():
        if lines:
            stack = np.stack(lines)
            for reach in (0.32, 0.5, 1.0):
                cover = np.where(np.abs(stack.max(1, keepdims=True) - reach) < 0.2, stack / reach, 0).max(0)
                part = (from_edge < (0.6 if reach == 1.0 and every == 1 and rng.random() < 0.4 else reach * 0.28))
                sheet.paint(((cover[:, None] * part[None, :]).astype(np.float32), 0, 0), light if inverse else dark)
    shift = rng.choice([0.0, -0.5, 0.5]) * cm if every == 1 else 0.0
    for k in range(count + 1):
        y = base + sign * k * cm + shift
        number = first + k
        inverse = flip and ((number - 1) // 10) % 2 == 1
        if number % every == 0 and y0 + label * 0.4 < y < y1 - label * 0.4 and number > 0:
            color = light if inverse else (30, 30, 200) if number % 10 == 0 and look in (2, 3) else dark
            sheet.text(str(number), (x0 + x1) / 2, y, label, color, font)


def draw_bolt(rng: np.random.Generator, sheet: Sheet, cx: float, cy: float, radius: float, color: Color) -> None:
    """A bolt's head seen from above: hexagon, socket or slotted, with its shadow."""
    sheet.paint(soft(disc_mask(cx + radius * 0.12, cy + radius * 0.15, radius * 1.05), radius * 0.2), (10, 10, 12), 0.5)
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


def draw_fitting(rng: np.random.Generator, sheet: Sheet, cx: float, y0: float, y1: float, width: float) -> None:
    """A metal end piece: stacked turned rings and nuts between y0 and y1."""
    color = pick(rng, METALS if rng.random() < 0.75 else PAINTS)
    n = int(rng.integers(1, 4))
    edges = np.sort(np.concatenate([[0, 1], rng.uniform(0.15, 0.85, n - 1)])) * (y1 - y0) + y0
    for a, b in zip(edges[:-1], edges[1:], strict=True):
        half = width / 2 * rng.uniform(0.7, 1.0)
        placed = box_mask(cx - half, a, cx + half, b, min(b - a, half) * rng.uniform(0, 0.3))
        if rng.random() < 0.35:  # a nut: three flats
            steps = np.repeat(rng.uniform(0.5, 1.15, 3), [1, 2, 1][: 3])
            idx = np.minimum(np.arange(placed[0].shape[1]) * 4 // placed[0].shape[1], 3)
            sheet.paint(placed, (steps[idx][:, None] * np.array(color)).astype(np.float32)[None])
        else:
            sheet.paint(placed, cylinder(rng, placed[0].shape[1], color)[None])
        sheet.shade(box_mask(cx - half, b - 1.2, cx + half, b), 0.55)


def draw_sticker(rng: np.random.Generator, sheet: Sheet, x0: float, y0: float, x1: float, y1: float, text: str) -> None:
    """A label with a line of text and perhaps a frame."""
    paper = pick(rng, ((235, 235, 235), (60, 210, 240), (210, 215, 220), (60, 60, 200), (200, 200, 205)))
    ink = pick(rng, ((25, 25, 25), (40, 30, 170), (120, 40, 20))) if sum(paper) > 400 else (235.0, 235.0, 235.0)
    r = (y1 - y0) * rng.uniform(0, 0.15)
    sheet.paint(box_mask(x0, y0, x1, y1, r), paper)
    if rng.random() < 0.5:
        b = max(0.7, (y1 - y0) * 0.06)
        sheet.paint(box_mask(x0 + b, y0 + b, x1 - b, y1 - b, r), ink, 0.9)
        sheet.paint(box_mask(x0 + 2 * b, y0 + 2 * b, x1 - 2 * b, y1 - 2 * b, r), paper)
    height = min((y1 - y0) * 0.85, (x1 - x0) / max(1, len(text)) * 1.5)
    if height >= 5:
        sheet.text(text, (x0 + x1) / 2, (y0 + y1) / 2, height, ink, pick_font(rng))


@dataclass(slots=True)
class SurfaceLook:
    """What stands at the liquid's surface. Lengths in px of the texture."""

    rise: float = 0.0
    """How far the liquid climbs at the walls (negative: sinks)."""
    disc: float = 0.0
    """Half height of the surface seen as an ellipse (0: seen edge-on)."""
    disc_color: Color = (200.0, 200.0, 200.0)
    disc_alpha: float = 0.5
    bands: tuple[tuple[float, float, Color, float], ...] = ()
    """(offset below the surface, half width, colour, alpha) of lines that go with it."""
    foam: float = 0.0
    """Height of the foam above the surface."""
    foam_color: Color = (225.0, 228.0, 230.0)
    pitch: float = 0.0
    """Flap height of a bicolour indicator; 0 for a real surface."""


def plan_surface(rng: np.random.Generator, half: float, color: Color, foam: bool, strong: bool) -> SurfaceLook:
    """A meniscus for a tube of half width `half`. `strong`: where nothing else tells liquid from gas."""
    look = SurfaceLook(rise=half * float(rng.choice([0, 0.08, 0.2, 0.4, -0.08], p=[0.35, 0.25, 0.2, 0.1, 0.1])))
    if rng.random() < 0.3:
        look.disc = half * rng.uniform(0.05, 0.3)
        look.disc_color = scaled(color, rng.uniform(0.6, 1.6))
        look.disc_alpha = rng.uniform(0.25, 0.8)
    bands = []
    wide = max(0.6, half * 0.06)
    if strong or rng.random() < 0.65:
        tone = rng.uniform(0.15, 0.6) if rng.random() < 0.7 else rng.uniform(1.4, 2.2)
        bands.append((wide * rng.uniform(-0.3, 0.6), wide * rng.uniform(0.7, 2.0), scaled(color, tone), rng.uniform(0.4, 0.9)))
    if rng.random() < 0.5:
        bands.append((wide * rng.uniform(-3.5, 4), wide * rng.uniform(0.6, 2.0), (238.0, 240.0, 240.0), rng.uniform(0.2, 0.8)))
    if rng.random() < 0.25:
        bands.append((half * rng.uniform(-0.7, 0.7), half * rng.uniform(0.05, 0.3), scaled(color, 0.5), rng.uniform(0.1, 0.4)))
    look.bands = tuple(bands)
    if foam:
        look.foam = half * rng.uniform(0.15, 1.2)
        look.foam_color = jitter(rng, scaled((0.7 * 225 + 0.3 * color[0], 0.7 * 228 + 0.3 * color[1], 0.7 * 230 + 0.3 * color[2]), 1.0), 8)
    return look


@dataclass(slots=True)
class Body:
    """A level gauge without its level: what lies below, inside and above the surface."""

    under: Sheet
    """Body, plate, scale: everything behind or around the contents."""
    x: int
    """Left column of the window that holds the contents."""
    y: int
    """Top row of that window."""
    mask: F32
    """Coverage of the transparent part in the window, (wh, ww)."""
    gas: F32
    """Premultiplied (wh, ww, 4): the window without liquid."""
    liquid: F32
    """The same, full of it."""
    wet: F32
    """(ww,) 1 where liquid can stand, 0 in the thickness of the walls."""
    front: Sheet
    """What lies on the glass: print, highlights, dirt."""
    tube: NDArray[np.float64]
    """(n, 2) the transparent part."""
    bore: NDArray[np.float64]
    """(n, 2) where liquid can stand."""
    axis_x: float
    half: float
    """Half width of the bore."""
    y_start: float
    y_end: float
    plan: Graduation
    surface: SurfaceLook
    outline: NDArray[np.float64]
    glass: bool = False
    top: Sheet | None = None
    """Things in front of the tube, such as rods."""
    top_height: float = 0.0
    tags: set[str] = field(default_factory=set)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    """Its four corners, (4, 2)."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def obround(x0: float, y0: float, x1: float, y1: float, radius: float, n: int = 10) -> NDArray[np.float64]:
    """A box with round corners, (4n, 2)."""
    radius = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    t = np.linspace(0, np.pi / 2, n)
    parts = []
    for k, (cx, cy) in enumerate(((x1 - radius, y1 - radius), (x0 + radius, y1 - radius), (x0 + radius, y0 + radius), (x1 - radius, y0 + radius))):
        a = t + k * np.pi / 2
        parts.append(np.stack([cx + radius * np.cos(a), cy + radius * np.sin(a)], 1))
    return np.concatenate(parts)


def contents(
    rng: np.random.Generator, wh: int, ww: int, color: Color, alpha: float, round_: bool, seen: F32, mirror: bool
) -> F32:
    """A filled window, premultiplied (wh, ww, 4).

    `seen` (ww,) is the pattern of what is seen through it; a full round tube is a lens and shows it mirrored.
    """
    u = (np.arange(ww, dtype=np.float32) + 0.5) / ww * 2 - 1
    pattern = seen[::-1] if mirror else seen
    shade = np.ones(ww, np.float32)
    a = np.full(ww, alpha, np.float32)
    if round_:
        edge = np.abs(u) ** rng.uniform(3, 9)
        shade *= 1 - rng.uniform(-0.35, 0.65) * edge
        a = a + (1 - a) * np.float32(rng.uniform(0.1, 0.9)) * edge
        if mirror and rng.random() < 0.6:
            shade += rng.uniform(-0.1, 0.3) * np.exp(-((u / rng.uniform(0.15, 0.5)) ** 2))
    else:
        shade *= 1 + rng.uniform(-0.15, 0.15) * u
    column = np.linspace(rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15), wh, dtype=np.float32)[:, None]
    tone = (shade * (1 + pattern))[None, :] * (1 + column)
    if rng.random() < 0.5:
        tone = tone * (1 + rng.uniform(0.01, 0.06) * noise(rng, wh, ww, "cloud", max(0.3, wh / 300)))
    out = np.empty((wh, ww, 4), np.float32)
    out[..., :3] = np.clip(tone[..., None] * np.array(color, np.float32), 0, 255) * a[None, :, None]
    out[..., 3] = a[None, :]
    return out


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


def streaks(rng: np.random.Generator, sheet: Sheet, x0: float, x1: float, y0: float, y1: float, strength: float) -> None:
    """Vertical highlights on a round glass between x0 and x1."""
    for _ in range(int(rng.integers(0, 4))):
        half = (x1 - x0) * rng.uniform(0.012, 0.07)
        x = x0 + (x1 - x0) * rng.uniform(0.12, 0.88)
        mask, ix, iy = box_mask(x - 3 * half, y0, x + 3 * half, y1)
        u = (np.arange(mask.shape[1], dtype=np.float32) + ix + 0.5 - x) / half
        run = np.ones(mask.shape[0], np.float32)
        if rng.random() < 0.6:
            run = np.clip(noise(rng, mask.shape[0], 4, "cloud", max(0.5, mask.shape[0] / 120))[:, 1] * 0.8 + 0.6, 0, 1)
        mask = mask * np.exp(-(u**2))[None, :] * run[:, None]
        sheet.paint((np.asarray(mask, np.float32), ix, iy), (248, 250, 250), strength * rng.uniform(0.3, 1.0))
