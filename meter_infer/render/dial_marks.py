"""Small things on a face: logos, stickers, screws, codes, sub-dials."""

from collections.abc import Callable

import numpy as np

from meter_infer.render import dial_words as words
from meter_infer.render.canvas import Canvas, Color, arc, rounded_rect
from meter_infer.render.dial_range import choose, uniform
from meter_infer.render.dial_style import Mark
from meter_infer.render.text import Font


def word(rng: np.random.Generator) -> str:
    """Return an invented maker's name."""
    w = choose(rng, words.MAKERS)
    return w if rng.random() < 0.6 else w.capitalize()


def _screw(canvas: Canvas, mark: Mark, rng: np.random.Generator) -> None:
    r, c = mark.size, mark.at
    dark: Color = (50, 50, 50)
    canvas.disc((c[0] + 0.12 * r, c[1] + 0.15 * r), r * 1.18, dark)
    canvas.disc(c, r, mark.color)
    b, g, red = mark.color
    canvas.disc(
        (c[0] - 0.25 * r, c[1] - 0.28 * r), r * 0.55, (min(b + 50, 255), min(g + 50, 255), min(red + 50, 255))
    )
    canvas.disc((c[0] + 0.05 * r, c[1] + 0.08 * r), r * 0.55, mark.color)
    if rng.random() < 0.5:
        canvas.bars(
            c, np.array([mark.angle, mark.angle + np.pi]), 0.0, r * 0.8, (0.25 * r, 0.25 * r), (45, 50, 52)
        )


def _logo(canvas: Canvas, mark: Mark, rng: np.random.Generator) -> None:
    h, (x, y) = mark.size, mark.at
    font = Font(
        choose(rng, ("sans-bold", "sans-bold-italic", "grotesk-narrow-bold", "rubik", "serif-bold")),
        uniform(rng, 0.8, 1.3),
    )
    name, kind = word(rng), int(rng.integers(5))
    if kind == 0:  # a box with the name in it
        w = h * (0.42 * len(name) + 0.6)
        canvas.poly(rounded_rect(x - w, y - 0.9 * h, x + w, y + 0.9 * h, 0.2 * h), mark.color)
        canvas.text(name, (x, y), h * 0.95, (245, 245, 245), font)
        return
    if kind == 1:  # an emblem over the name
        canvas.ring((x, y - 1.6 * h), 0.75 * h, 1.0 * h, 0.0, 2 * np.pi, mark.color)
        canvas.poly(arc((x, y - 1.6 * h), 0.6 * h, uniform(rng, 0, 6.0), 2 * np.pi * 2 / 3, 2.1), mark.color)
    if kind == 2:  # a frame
        w = h * (0.42 * len(name) + 0.5)
        canvas.polys(
            [
                rounded_rect(x - w, y - 0.9 * h, x + w, y + 0.9 * h, 0.1 * h),
                rounded_rect(x - w + 0.12 * h, y - 0.78 * h, x + w - 0.12 * h, y + 0.78 * h, 0.05 * h),
            ],
            mark.color,
        )
    if kind == 3:  # an emblem before the name
        left = x - h * 0.5 * len(name) - 0.6 * h
        canvas.disc((left, y), 0.7 * h, mark.color)
        canvas.disc((left + 0.2 * h, y - 0.1 * h), 0.38 * h, (245, 245, 245))
    canvas.text(name, (x, y), h, mark.color, font)


def _oval_sticker(canvas: Canvas, mark: Mark, rng: np.random.Generator) -> None:
    """A certification sticker, green or blue on white, as inspectors put on gauges."""
    w, h = mark.size, mark.size * uniform(rng, 0.55, 0.9)
    c, s = np.cos(mark.angle), np.sin(mark.angle)

    def ellipse(k: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        a = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        return np.stack(
            [
                mark.at[0] + k * (w * np.cos(a) * c - h * np.sin(a) * s),
                mark.at[1] + k * (w * np.cos(a) * s + h * np.sin(a) * c),
            ],
            axis=1,
        )

    canvas.poly(ellipse(1.0), (222, 232, 226))
    canvas.polys([ellipse(0.96), ellipse(0.84)], mark.color)
    if rng.random() < 0.5:
        canvas.poly(ellipse(0.84), mark.color, uniform(rng, 0.25, 0.9))
    pale: Color = (235, 240, 236) if rng.random() < 0.3 else mark.color
    for k in range(int(rng.integers(2, 5))):
        y = (-0.45 + 0.3 * k) * h
        text = choose(rng, words.STICKER)
        at = (mark.at[0] - y * s, mark.at[1] + y * c)
        canvas.text(text, at, 0.2 * h, pale if rng.random() < 0.8 else (40, 40, 40), Font("uni"), mark.angle)
    if rng.random() < 0.35:
        blot = ellipse(uniform(rng, 0.3, 0.7)) + rng.normal(0, 0.1 * w, 2)
        canvas.poly(blot, (40, 50, 45), uniform(rng, 0.2, 0.6))


def _code_sticker(canvas: Canvas, mark: Mark, rng: np.random.Generator) -> None:
    n, r = int(rng.integers(14, 22)), mark.size
    x0, y0 = mark.at[0] - r, mark.at[1] - r
    canvas.poly(
        rounded_rect(x0 - 0.15 * r, y0 - 0.15 * r, x0 + 2.15 * r, y0 + 2.15 * r, 0.05 * r), (238, 240, 240)
    )
    cell = 2 * r / n
    unit, mid = canvas.unit, canvas.size * canvas.factor / 2
    bits = rng.random((n, n)) < 0.5
    for oy, ox in ((0, 0), (0, n - 5), (n - 5, 0)):
        bits[oy : oy + 5, ox : ox + 5] = True
        bits[oy + 1 : oy + 4, ox + 1 : ox + 4] = False
        bits[oy + 2, ox + 2] = True
    edge = [round((x0 + cell * i) * unit + mid) for i in range(n + 1)]
    down = [round((y0 + cell * i) * unit + mid) for i in range(n + 1)]
    for j, i in zip(*np.nonzero(bits), strict=True):
        canvas.image[max(down[j], 0) : max(down[j + 1], 0), max(edge[i], 0) : max(edge[i + 1], 0)] = (
            30,
            30,
            30,
        )


def _label(canvas: Canvas, mark: Mark, rng: np.random.Generator) -> None:
    """A rectangular paper label with a few lines."""
    w, h = mark.size, mark.size * uniform(rng, 0.4, 0.75)
    x, y = mark.at
    canvas.poly(rounded_rect(x - w, y - h, x + w, y + h, 0.03), mark.color)
    n = int(rng.integers(2, 4))
    for k in range(n):
        text = choose(rng, words.LABEL)
        canvas.text(
            text, (x, y + h * (-0.6 + 1.2 * k / (n - 1))), 0.8 * h / n, (50, 45, 40), Font("uni", 0.9)
        )


def _class_mark(canvas: Canvas, mark: Mark, rng: np.random.Generator) -> None:
    h, (x, y) = mark.size, mark.at
    text = choose(rng, ("1.6", "2.5", "1.0", "1.5", "2,5", "0.4"))
    kind = int(rng.integers(3))
    if kind == 0:
        canvas.ring((x, y), 1.35 * h, 1.5 * h, 0.0, 2 * np.pi, mark.color)
        canvas.text(text, (x, y), h, mark.color, Font("grotesk-narrow"))
    elif kind == 1:
        canvas.text(
            choose(rng, ("cl. ", "CL ", "Kl. ", "Class ")) + text, (x, y), h, mark.color, Font("sans")
        )
    else:  # a panel meter's row of signs: movement, position, class, test voltage
        canvas.ring((x - 3 * h, y), 0.6 * h, 0.75 * h, 0.0, 2 * np.pi, mark.color)
        canvas.bars(
            (x - 1 * h, y + 0.6 * h),
            np.array([-np.pi / 2, -np.pi / 2 - 0.8, -np.pi / 2 + 0.8]),
            0.0,
            1.2 * h,
            (0.15 * h, 0.15 * h),
            mark.color,
        )
        canvas.text(text, (x + 1.2 * h, y), h, mark.color, Font("sans"))
        star = arc((x + 3.6 * h, y), 0.9 * h, -np.pi / 2, 2 * np.pi * 0.8, 2 * np.pi * 0.2)
        radii = np.where(np.arange(len(star) * 2) % 2 == 0, 0.9 * h, 0.4 * h)
        turn = -np.pi / 2 + np.arange(len(radii)) * np.pi / len(star)
        canvas.poly(
            np.stack([x + 3.6 * h + radii * np.cos(turn), y + radii * np.sin(turn)], axis=1), mark.color
        )


def _sub_dial(canvas: Canvas, mark: Mark, rng: np.random.Generator) -> None:
    """A small dial with a pointer of its own: never the one to be read."""
    r, c = mark.size, mark.at
    if rng.random() < 0.5:
        canvas.disc(c, r * 1.08, (150, 150, 150) if rng.random() < 0.5 else mark.color)
        canvas.disc(c, r * 1.03, choose(rng, ((236, 238, 238), (214, 224, 228), (40, 40, 40))))
    n = int(rng.integers(4, 11))
    start, span = uniform(rng, 2.0, 2.7), uniform(rng, 4.2, 5.0)
    sub = int(rng.integers(2, 6))
    canvas.bars(
        c, start + span * np.linspace(0, 1, n * sub + 1), r * 0.86, r * 0.95, (0.02 * r, 0.02 * r), mark.color
    )
    canvas.bars(
        c, start + span * np.linspace(0, 1, n + 1), r * 0.78, r * 0.95, (0.045 * r, 0.045 * r), mark.color
    )
    if rng.random() < 0.5:
        canvas.ring(c, r * 0.94, r * 0.965, start, span, mark.color)
    for k in range(n + 1):
        a = start + span * k / n
        canvas.text(
            str(k * 10),
            (c[0] + 0.62 * r * np.cos(a), c[1] + 0.62 * r * np.sin(a)),
            0.13 * r,
            mark.color,
            Font("sans"),
        )
    a = start + span * uniform(rng, 0.0, 1.0)
    ink: Color = choose(rng, (mark.color, (30, 30, 190), (140, 60, 20)), (70, 20, 10))
    canvas.bars(c, np.array([a]), 0.0, 0.82 * r, (0.09 * r, 0.02 * r), ink)
    canvas.bars(c, np.array([a + np.pi]), 0.0, 0.25 * r, (0.09 * r, 0.09 * r), ink)
    canvas.disc(c, 0.08 * r, ink)


def _triangle(canvas: Canvas, mark: Mark, rng: np.random.Generator) -> None:
    r, (x, y) = mark.size, mark.at
    a = mark.angle + np.array([0.0, 2.4, -2.4])
    canvas.poly(np.stack([x + r * np.cos(a), y + r * np.sin(a)], axis=1), mark.color)


def _pin(canvas: Canvas, mark: Mark, rng: np.random.Generator) -> None:
    """The stop the pointer rests on."""
    r, (x, y) = mark.size, mark.at
    canvas.disc((x + 0.4 * r, y + 0.5 * r), r * 1.1, (90, 90, 90))
    canvas.disc((x, y), r, mark.color)


def _display(canvas: Canvas, mark: Mark, rng: np.random.Generator) -> None:
    """A small digital display: a dark pane with lit figures."""
    w, h = mark.size, mark.size * 0.5
    x, y = mark.at
    canvas.poly(rounded_rect(x - w, y - h, x + w, y + h, 0.03), (28, 26, 26))
    canvas.polys(
        [
            rounded_rect(x - w, y - h, x + w, y + h, 0.03),
            rounded_rect(x - w * 0.95, y - h * 0.9, x + w * 0.95, y + h * 0.9, 0.02),
        ],
        (120, 120, 120),
    )
    canvas.text(f"{rng.uniform(-1, 99):.1f}", (x, y), 1.1 * h, mark.color, Font("din"))


_PAINTERS: dict[str, Callable[[Canvas, Mark, np.random.Generator], None]] = {
    "screw": _screw,
    "logo": _logo,
    "oval": _oval_sticker,
    "code": _code_sticker,
    "label": _label,
    "class": _class_mark,
    "sub_dial": _sub_dial,
    "triangle": _triangle,
    "pin": _pin,
    "display": _display,
}


def paint_mark(canvas: Canvas, mark: Mark) -> None:
    """Paint a mark by its kind. Raises KeyError for an unknown kind."""
    _PAINTERS[mark.kind](canvas, mark, np.random.default_rng(mark.seed))
