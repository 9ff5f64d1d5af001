"""Brushes for drawn things: noise, metal, shapes with soft edges, text, and a sheet to lay them on.

Colours are BGR floats from 0 to 255. Masks are float32 coverages from 0 to 1. Everything random comes
from the generator that is passed in.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.noise import noise

F32 = NDArray[np.float32]
Color = tuple[float, float, float]
Placed = tuple[F32, int, int]
"""A mask and the column and row of its upper left pixel (they may lie outside the sheet)."""

_FONTS = ("sans", "italic", "uni")


def hsv(hue: float, saturation: float, value: float) -> Color:
    """BGR of hue (0..1, red at 0, green at 1/3), saturation and value (0..1)."""
    k = (np.array([1.0, 3.0, 5.0]) + hue * 6) % 6
    bgr = value * (1 - saturation * np.clip(np.minimum(k, 4 - k), 0, 1)) * 255
    return (float(bgr[0]), float(bgr[1]), float(bgr[2]))


def jitter(rng: np.random.Generator, color: Color, amount: float = 12.0) -> Color:
    """`color` with some of its brightness and tint changed."""
    shift = rng.normal(0, amount) + rng.normal(0, amount / 3, 3)
    out = np.clip(np.array(color) + shift, 0, 255)
    return (float(out[0]), float(out[1]), float(out[2]))


def scaled(color: Color, gain: float) -> Color:
    """`color` made darker or brighter."""
    return (min(255.0, color[0] * gain), min(255.0, color[1] * gain), min(255.0, color[2] * gain))


PAINTS: tuple[Color, ...] = (
    (150, 80, 25),
    (120, 60, 20),
    (40, 170, 220),
    (50, 190, 235),
    (60, 110, 50),
    (90, 120, 70),
    (150, 150, 145),
    (110, 112, 112),
    (195, 198, 198),
    (225, 228, 228),
    (70, 72, 75),
    (35, 36, 38),
    (40, 45, 170),
    (120, 135, 150),
    (160, 175, 185),
    (95, 70, 50),
    (170, 140, 90),
    (50, 90, 200),
)
METALS: tuple[Color, ...] = (
    (195, 197, 198),
    (150, 152, 155),
    (105, 165, 195),
    (90, 125, 175),
    (110, 112, 116),
    (75, 78, 82),
)


def pick(rng: np.random.Generator, colors: tuple[Color, ...]) -> Color:
    """One of `colors`, jittered."""
    return jitter(rng, colors[int(rng.integers(len(colors)))])


def disc_mask(cx: float, cy: float, radius: float) -> Placed:
    """A filled circle."""
    x0, y0 = int(np.floor(cx - radius - 1)), int(np.floor(cy - radius - 1))
    n = int(np.ceil(2 * radius + 3))
    x = np.arange(x0, x0 + n, dtype=np.float32) + 0.5 - cx
    y = np.arange(y0, y0 + n, dtype=np.float32) + 0.5 - cy
    away = np.hypot(x[None, :], y[:, None])
    return np.clip(radius + 0.5 - away, 0, 1).astype(np.float32), x0, y0


def box_mask(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> Placed:
    """A filled box with rounded corners."""
    ix, iy = int(np.floor(x0 - 1)), int(np.floor(y0 - 1))
    nx, ny = max(1, int(np.ceil(x1 + 1)) - ix), max(1, int(np.ceil(y1 + 1)) - iy)
    radius = max(0.0, min(radius, (x1 - x0) / 2, (y1 - y0) / 2))
    x = np.abs(np.arange(ix, ix + nx, dtype=np.float32) + 0.5 - (x0 + x1) / 2) - (x1 - x0) / 2
    y = np.abs(np.arange(iy, iy + ny, dtype=np.float32) + 0.5 - (y0 + y1) / 2) - (y1 - y0) / 2
    if radius < 1:
        return (np.clip(0.5 - y, 0, 1)[:, None] * np.clip(0.5 - x, 0, 1)[None, :]).astype(np.float32), ix, iy
    qx, qy = (x + radius)[None, :], (y + radius)[:, None]
    d = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0)) + np.minimum(np.maximum(qx, qy), 0) - radius
    return np.clip(0.5 - d, 0, 1).astype(np.float32), ix, iy


def polygon_mask(points: NDArray[np.float64]) -> Placed:
    """A filled polygon, (n, 2) in continuous pixels."""
    low = np.floor(points.min(0)).astype(int) - 1
    size = np.ceil(points.max(0)).astype(int) + 2 - low
    canvas = np.zeros((max(1, int(size[1])), max(1, int(size[0]))), np.uint8)
    # cv2 puts integer coordinates on pixel centres
    fixed = np.round((points - low - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], 255, cv2.LINE_AA, 4)
    return canvas.astype(np.float32) / np.float32(255), int(low[0]), int(low[1])


def line_mask(x0: float, y0: float, x1: float, y1: float, width: float) -> Placed:
    """A straight bar with square ends."""
    d = np.array([x1 - x0, y1 - y0])
    d = d / max(1e-6, float(np.hypot(*d))) * width / 2
    n = np.array([-d[1], d[0]])
    a, b = np.array([x0, y0]), np.array([x1, y1])
    return polygon_mask(np.array([a + n, b + n, b - n, a - n]))


@lru_cache(maxsize=8)
def _font(name: str) -> cv2.FontFace:
    return cv2.FontFace(name)


@lru_cache(maxsize=4096)
def _text(text: str, size: int, font: str, weight: int) -> F32:
    # rendered at twice the size and halved: small numerals stay legible and lie at no fixed grid phase
    canvas = np.zeros((size * 4, int(size * 2.2 * (len(text) + 2)), 3), np.uint8)
    cv2.putText(canvas, text, (size, size * 3), (255, 255, 255), _font(font), size * 2, weight)
    gray = canvas[..., 0]
    ys, xs = np.flatnonzero(gray.max(1) > 40), np.flatnonzero(gray.max(0) > 40)
    if not len(ys) or not len(xs):
        return np.zeros((1, 1), np.float32)
    gray = gray[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    half = (max(1, gray.shape[1] // 2), max(1, gray.shape[0] // 2))
    out: F32 = cv2.resize(gray, half, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    out.setflags(write=False)
    return out


def text_mask(text: str, height: float, font: str = "sans", weight: int = 400) -> F32:
    """`text` as a mask cut to its ink. `height`: of the font, px (a digit is about 0.7 of it)."""
    return _text(text, max(5, round(height)), font, weight)


def pick_font(rng: np.random.Generator) -> tuple[str, int]:
    """A font's name and weight."""
    return str(rng.choice(_FONTS, p=[0.6, 0.15, 0.25])), int(rng.choice([300, 400, 500, 600, 800]))


def cylinder(rng: np.random.Generator, n: int, color: Color) -> F32:
    """Colours across a shiny cylinder, float32 (n, 3): dark edges, one or two highlights."""
    u = (np.arange(n, dtype=np.float32) + 0.5) / n * 2 - 1
    shade = 0.35 + 0.65 * np.sqrt(np.clip(1 - u * u, 0, 1))
    gloss = rng.uniform(0.1, 0.9)
    for _ in range(int(rng.integers(1, 3))):
        shade += gloss * np.exp(-(((u - rng.uniform(-0.7, 0.7)) / rng.uniform(0.06, 0.3)) ** 2))
    shade -= rng.uniform(0, 0.4) * np.exp(-(((u - rng.uniform(-0.7, 0.7)) / rng.uniform(0.05, 0.2)) ** 2))
    return np.clip(shade[:, None] * np.array(color, np.float32), 0, 255).astype(np.float32)


class Sheet:
    """A picture with alpha that things are painted on.

    `px` is premultiplied float32 (h, w, 4): colours 0..255, alpha 0..1.
    """

    __slots__ = ("px",)

    def __init__(self, height: int, width: int) -> None:
        self.px: F32 = np.zeros((height, width, 4), np.float32)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.px.shape[0], self.px.shape[1]

    def paint(self, placed: Placed, color: "Color | F32", alpha: float = 1.0) -> None:
        """Lay a colour, or an array of colours that broadcasts to the mask's (h, w, 3), over the sheet."""
        got = self._clip(placed)
        if got is None:
            return
        mask, view, (rows, cols) = got
        full: Color | F32 = color
        if isinstance(color, np.ndarray):
            full = np.ascontiguousarray(np.broadcast_to(color, (*placed[0].shape, 3))[rows, cols], np.float32)
        lay(view, mask * np.float32(alpha), full)

    def shade(self, placed: Placed, gain: float) -> None:
        """Multiply the colours under the mask by `gain`; alpha stays."""
        got = self._clip(placed)
        if got is not None:
            dim(got[1], 1 + (gain - 1) * got[0])

    def tint(self, gain: NDArray[np.floating]) -> None:
        """Multiply all colours by `gain` (h, w)."""
        dim(self.px, gain)

    def text(
        self,
        text: str,
        cx: float,
        cy: float,
        height: float,
        color: Color,
        font: tuple[str, int] = ("sans", 400),
        alpha: float = 1.0,
        turns: int = 0,
    ) -> None:
        """Write centred on (cx, cy); `turns` quarter turns anticlockwise."""
        mask = text_mask(text, height, *font)
        if turns:
            mask = np.rot90(mask, turns)
        self.paint((mask, round(cx - mask.shape[1] / 2), round(cy - mask.shape[0] / 2)), color, alpha)

    def over(self, other: "Sheet") -> None:
        """Lay another sheet of the same size on this one."""
        over(self.px, other.px)

    def bgra(self) -> NDArray[np.uint8]:
        """Straight alpha, uint8 (h, w, 4)."""
        return to_bgra(self.px)

    def _clip(self, placed: Placed) -> tuple[F32, F32, tuple[slice, slice]] | None:
        mask, x, y = placed
        h, w = self.shape
        x0, y0, x1, y1 = max(0, x), max(0, y), min(w, x + mask.shape[1]), min(h, y + mask.shape[0])
        if x1 <= x0 or y1 <= y0:
            return None
        rows, cols = slice(y0 - y, y1 - y), slice(x0 - x, x1 - x)
        return mask[rows, cols], self.px[y0:y1, x0:x1], (rows, cols)


def lay(px: F32, mask: NDArray[np.floating], color: "Color | F32") -> None:
    """Lay a colour (or colours, (h, w, 3)) over premultiplied `px` (h, w, 4), in place.

    OpenCV rather than numpy: products with a trailing axis of four are some ten times faster there.
    """
    a = np.asarray(mask, np.float32)
    if isinstance(color, np.ndarray):
        b, g, r = (channel * a for channel in cv2.split(color))
    else:
        b, g, r = (a * np.float32(c) for c in color)
    keep = 1 - a
    cv2.multiply(px, cv2.merge([keep, keep, keep, keep]), dst=px)
    cv2.add(px, cv2.merge([b, g, r, a]), dst=px)


def dim(px: F32, gain: NDArray[np.floating]) -> None:
    """Multiply the colours of premultiplied `px` (h, w, 4) by `gain` (h, w), in place; alpha stays."""
    g = np.ascontiguousarray(gain, np.float32)
    cv2.multiply(px, cv2.merge([g, g, g, np.ones_like(g)]), dst=px)


def over(px: F32, top: F32) -> None:
    """Lay premultiplied `top` (h, w, 4) over `px`, in place."""
    keep = 1 - top[..., 3]
    cv2.multiply(px, cv2.merge([keep, keep, keep, keep]), dst=px)
    cv2.add(px, top, dst=px)


def to_bgra(px: F32) -> NDArray[np.uint8]:
    """Premultiplied float (h, w, 4) to straight uint8."""
    b, g, r, alpha = cv2.split(px)
    gain = 1 / np.maximum(alpha, 1e-4)
    return np.asarray(cv2.convertScaleAbs(cv2.merge([b * gain, g * gain, r * gain, alpha * 255])), np.uint8)


def soft(placed: Placed, sigma: float) -> Placed:
    """A mask grown by its own blur, for shadows."""
    mask, x, y = placed
    n = int(np.ceil(2 * sigma)) + 1
    padded = cv2.copyMakeBorder(mask, n, n, n, n, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.GaussianBlur(padded, (0, 0), sigma), np.float32), x - n, y - n


def weather(rng: np.random.Generator, sheet: Sheet, amount: float) -> None:
    """Dirt, stains and rust over everything on the sheet; `amount` 0..1."""
    h, w = sheet.shape
    if amount <= 0:
        return
    zoom = max(h, w) / rng.uniform(200, 500)
    sheet.tint(1 + amount * rng.uniform(0.02, 0.16) * noise(rng, h, w, "cloud", zoom))
    if rng.random() < amount:
        spots = np.clip(
            noise(rng, h, w, "mottle", zoom * rng.uniform(0.5, 1.5)) - rng.uniform(1.2, 2.2), 0, 1
        )
        color = pick(rng, ((30, 50, 90), (40, 60, 80), (60, 65, 70), (20, 25, 30), (40, 80, 130)))
        layer = np.asarray(spots, np.float32) * np.float32(rng.uniform(0.3, 0.9))
        sheet.paint((layer * sheet.px[..., 3], 0, 0), color)
