"""Rims and cases as raised transparent layers."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.canvas import OUTER, Color, Points, arc, filled, rounded_rect, veil
from meter_infer.render.dial_style import BezelStyle, DialStyle, Shape
from meter_infer.render.model import Layer
from meter_infer.render.pointer import Sheet

Image = NDArray[np.uint8]
_SHIFT = 4
_POLAR = (40, 360)


def outline(style: DialStyle) -> Points:
    """Return the outer edge (n, 2) of the instrument, dial units."""
    b = style.bezel
    if style.shape is Shape.SQUARE:
        return rounded_rect(-1.0, -1.0, 1.0, 1.0, max(b.corner, 0.02))
    if b.notches:
        a = np.linspace(0.0, 2 * np.pi, b.notches * 8, endpoint=False)
        r = 1.0 - 0.035 * (np.sin(a * b.notches) > 0.2)
        return np.stack([r * np.cos(a), r * np.sin(a)], axis=1)
    return arc((0.0, 0.0), 1.0, 0.0, 2 * np.pi, 0.05)


def window(style: DialStyle) -> Points:
    """Return the opening (n, 2) through which the face is seen, dial units."""
    b = style.bezel
    if style.shape is Shape.ROUND or b.round_window:
        return arc((0.0, 0.0), b.inner, 0.0, 2 * np.pi, 0.05)
    bottom = b.inner if b.cover is None else b.cover
    corner = max(min(0.06, b.corner + 0.01), b.corner - (1.0 - b.inner))
    return rounded_rect(-b.inner, -b.inner, b.inner, bottom, corner)


def fill_mask(size: int, contours: list[Points]) -> Image:
    """Return polygons (dial units, even-odd) as an antialiased mask: uint8 (size, size)."""
    mask = np.zeros((2 * size, 2 * size), np.uint8)
    unit = 2 * OUTER * size
    fixed = [np.rint((c * unit + size - 0.5) * (1 << _SHIFT)).astype(np.int32) for c in contours]
    cv2.fillPoly(mask, fixed, (255,), cv2.LINE_AA, _SHIFT)
    return cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


@lru_cache(maxsize=8)
def _radius_and_angle(size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Radius (dial units) and angle (columns of the polar picture) of every pixel."""
    axis = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) / OUTER
    x, y = (np.ascontiguousarray(np.broadcast_to(a, (size, size))) for a in (axis[None, :], axis[:, None]))
    radius, angle = cv2.cartToPolar(x, y)
    return radius.astype(np.float32, copy=False), (angle * (_POLAR[1] / (2 * np.pi))).astype(np.float32)


@lru_cache(maxsize=48)
def _polar_maps(size: int, inner: float, outer: float) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """Maps from a texture to the unrolled rim between two radii."""
    radius, column = _radius_and_angle(size)
    k = (_POLAR[0] - 1) / (outer - inner)
    row = cv2.addWeighted(radius, k, radius, 0.0, -k * inner)
    coarse, fine = cv2.convertMaps(column, row, cv2.CV_16SC2)
    return coarse.astype(np.int16, copy=False), fine.astype(np.uint16, copy=False)


def _tilts(profile: str, rho: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the rim's surface leans outwards (radians) across its width, rho from 0 (inner) to 1."""
    t = rho
    if profile == "roll":
        return np.arcsin(np.clip(1.9 * t - 0.95, -1, 1))
    if profile == "bevel":
        return np.where(t < 0.85, -0.75, 0.9 * (t - 0.85) / 0.15)
    if profile == "flat":
        return np.where(t < 0.15, -0.9, np.where(t > 0.85, 0.9, 0.02))
    if profile == "step":
        return np.where(
            t < 0.4,
            np.arcsin(np.clip(4.4 * t - 0.9, -1, 1)),
            np.arcsin(np.clip(3.0 * (t - 0.4) - 0.9, -1, 1)),
        )
    if profile == "cone":
        return np.where(t < 0.1, -1.1, 0.2 + 0.5 * t)
    if profile == "dish":
        return -0.6 + 1.2 * t + 0.5 * np.sin(9 * t)
    return np.where(t < 0.25, -0.8, 1.2 * (t - 0.25) / 0.75)  # "dome"


def _polished(b: BezelStyle, rng: np.random.Generator) -> Image:
    """Return the rim unrolled: rows from its inner to its outer edge, columns by angle; uint8 BGR.

    A mirror's normal n sends the line of sight (0, 0, 1) to r = 2 (n.v) n - v; the surroundings are a
    bright upper and a darker lower half with a few lamps and windows.
    """
    rows, cols = _POLAR
    rho = np.linspace(0.0, 1.0, rows)
    tilt = _tilts(b.profile, rho)[:, None]
    theta = np.linspace(0.0, 2 * np.pi, cols, endpoint=False)[None, :]
    nx, ny, nz = np.sin(tilt) * np.cos(theta), np.sin(tilt) * np.sin(theta), np.cos(tilt)
    rx, ry, rz = 2 * nz * nx, 2 * nz * ny, 2 * nz * nz - 1
    slope = rng.uniform(2.0, 9.0)
    horizon = rng.normal(0.0, 0.25)
    lower, upper = rng.uniform(0.12, 0.55), rng.uniform(0.6, 1.05)
    around = lower + (upper - lower) / (1.0 + np.exp(slope * (ry - horizon)))
    for _ in range(int(rng.integers(2, 6))):
        d = rng.normal(0.0, 1.0, 3) * (1.0, 1.0, 0.6) - (0.0, 0.4, 0.0)
        d /= np.hypot(np.hypot(d[0], d[1]), d[2])
        edge, wide = np.exp(rng.uniform(1.5, 3.6)), rng.uniform(0.75, 0.985)
        gain = rng.uniform(0.3, 1.2) if rng.random() < 0.7 else -rng.uniform(0.2, 0.6)
        around = around + gain / (1.0 + np.exp(-edge * 2 * (rx * d[0] + ry * d[1] + rz * d[2] - wide)))
    lamp = rng.normal((0.0, -0.5), 0.6)
    facing = np.clip(nz + nx * lamp[0] + ny * lamp[1], 0.0, 2.0)
    edges = np.ones(rows)
    edges[: max(1, rows // 20)] = rng.uniform(0.3, 0.9)
    edges[-max(1, rows // 16) :] = rng.uniform(0.3, 0.8)
    color = np.array(b.color, float)
    metal = min(b.metal, 1.0)
    matt = color * (0.35 + 0.6 * facing)[..., None]
    # metals tint what they mirror; paint and rubber mirror a little, untinted
    shine = around[..., None] * (color * 1.25 if b.tinted else np.full(3, 255.0) * 0.35)
    mixed = matt * (1 - metal) + shine * metal if b.tinted else matt + shine * metal * 0.8
    out: Image = np.clip(mixed * edges[:, None, None], 0, 255).astype(np.uint8)
    return np.concatenate([out, out[:, :1]], axis=1)


def _round_rim(style: DialStyle, size: int, rng: np.random.Generator) -> Image:
    b = style.bezel
    polar = cv2.cvtColor(_polished(b, rng), cv2.COLOR_BGR2BGRA)
    column, row = _polar_maps(size, round(b.inner, 2), round(1.0 - b.flange, 2))
    bgra = cv2.remap(polar, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    edge = outline(style) * (1.0 - b.flange)
    cv2.insertChannel(fill_mask(size, [edge, window(style)]), bgra, 3)
    return bgra.astype(np.uint8, copy=False)


def _square_rim(style: DialStyle, size: int, rng: np.random.Generator) -> Image:
    b = style.bezel
    sheet = Sheet(size)
    edge, hole = outline(style), window(style)
    parts: list[tuple[list[Points], Color]] = [([edge], _gain(b.color, 0.75))]
    inset = 0.02 + 0.03 * rng.random()
    parts.append(([edge * (1 - inset) - 0.006], _gain(b.color, 1.25)))
    parts.append(([edge * (1 - inset)], b.color))
    if rng.random() < 0.6:
        parts.append(([hole + (hole - hole.mean(axis=0)) * 0.05], _gain(b.color, 0.6)))
        parts.append(([hole + (hole - hole.mean(axis=0)) * 0.03], _gain(b.color, 1.3)))
    sheet.paint(parts, [edge, hole])
    return sheet.bgra


def _gain(color: Color, gain: float) -> Color:
    b, g, r = (int(np.clip(c * gain + (8 if gain > 1 else 0), 0, 255)) for c in color)
    return b, g, r


def _screws(image: Image, style: DialStyle) -> None:
    b, size = style.bezel, image.shape[0]
    unit, mid = OUTER * size, size / 2 - 0.5
    if not b.screws:
        return
    if style.shape is Shape.SQUARE:
        k = 0.5 * (1.0 + b.inner) if not b.round_window else 0.86
        k = max(k, 0.84)
        spots = [(sx * k, sy * k) for sx in (-1, 1) for sy in (-1, 1)]
        r = 0.06
    else:
        k = (1.0 + b.inner) / 2 if b.flange == 0 else 1.0 - b.flange / 2
        r = min(0.045, 0.3 * (1 - b.inner))
        turn = (style.seed % 628) / 100
        spots = [
            (k * np.cos(turn + 2 * np.pi * i / b.screws), k * np.sin(turn + 2 * np.pi * i / b.screws))
            for i in range(b.screws)
        ]
    for x, y in spots:
        at = (round((mid + x * unit) * 16), round((mid + y * unit) * 16))
        for scale, color in (
            (1.2, (35, 35, 35)),
            (1.0, (150, 152, 152)),
            (0.6, (190, 192, 192)),
            (0.3, (60, 60, 60)),
        ):
            cv2.circle(image, at, round(r * scale * unit * 16), (*color, 255), -1, cv2.LINE_AA, _SHIFT)


def rim_layers(style: DialStyle, size: int) -> list[Layer]:
    """Return the rim's layers, bottom to top: the wall's rings, then the rim itself."""
    b = style.bezel
    rng = np.random.default_rng(style.seed + 1)
    top = _round_rim(style, size, rng) if style.shape is Shape.ROUND else _square_rim(style, size, rng)
    _screws(top, style)
    layers = []
    edge, hole = outline(style) * (1.0 - b.flange), window(style)
    unit = OUTER * size
    steps = 0 if b.height < 0.04 else (1 if b.height < 0.1 else 2)
    if steps:
        mask = fill_mask(size, [edge, hole])
        for i in range(steps):
            f = (i + 1) / (steps + 1)
            layers.append(Layer(veil(mask, _gain(b.wall, 0.75 + 0.35 * f)), b.height * f * unit))
    if b.lip > 0 and style.shape is Shape.ROUND:
        sheet = Sheet(size)
        ring = [
            arc((0, 0), b.inner + 0.02, 0, 2 * np.pi, 0.05),
            arc((0, 0), b.inner - b.lip, 0, 2 * np.pi, 0.05),
        ]
        shade = [arc((0, 0), b.inner - b.lip * 0.55, 0, 2 * np.pi, 0.05)]
        sheet.paint([(ring, b.lip_color), (shade, _gain(b.lip_color, 0.8))], ring)
        layers.append(Layer(sheet.bgra, b.height * 0.45 * unit))
    layers.append(Layer(top, b.height * unit))
    return layers


def body_layers(style: DialStyle, size: int) -> list[Layer]:
    """Return the case behind the face (negative heights), deepest first."""
    b = style.bezel
    layers: list[Layer] = []
    if b.body_depth > 0 and style.shape is Shape.ROUND:
        steps = max(1, round(b.body_depth / 0.14))
        mask = fill_mask(size, [arc((0.0, 0.0), 0.965, 0.0, 2 * np.pi, 0.05)])
        for i in range(steps, 0, -1):
            bgra = veil(mask, _gain(b.body, 1.0 - 0.45 * i / steps))
            layers.append(Layer(bgra, -b.body_depth * i / steps * OUTER * size))
    return layers


def face_layer(style: DialStyle, size: int, image: Image) -> Image:
    """Return the face as BGRA, cut by the outline, with the wall's foot beyond the window and a flange."""
    b = style.bezel
    beyond = fill_mask(size, [outline(style) * 1.02, window(style)])
    image = image.copy()
    cv2.copyTo(filled((size, size), _gain(b.wall, 0.6)), beyond, image)
    if b.flange > 0:
        ring = fill_mask(size, [outline(style), arc((0, 0), 1 - b.flange, 0, 2 * np.pi, 0.05)])
        cv2.copyTo(filled((size, size), b.color), ring, image)
    bgra = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA).astype(np.uint8, copy=False)
    if b.flange > 0:
        _screws(bgra, style)
    cv2.insertChannel(fill_mask(size, [outline(style)]), bgra, 3)
    return bgra
