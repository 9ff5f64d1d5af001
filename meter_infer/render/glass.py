"""What lies on an instrument's glass: reflections, condensation, dirt, scratches.

Each effect is a small BGRA texture over the unit square of the outline's bounding box, cut to the
glass, and warped like any other sheet: so it sits on the glass, above the pointer, at any tilt.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.composite import draw_sheet, premultiply
from meter_infer.render.model import Instrument
from meter_infer.render.pose import PlanePose
from meter_infer.types import SegmentClass

Image = NDArray[np.uint8]
Sheet = NDArray[np.float32]
"""Opacity 0 to 1, (n, n)."""

_SIZE = 192


@dataclass(frozen=True, slots=True, eq=False)
class Glass:
    """What lies on one instrument's glass."""

    sheets: tuple[Image, ...]
    """Premultiplied (n, n, 4) textures."""
    place: NDArray[np.float64]
    """(3, 3): from these textures to the instrument's texture."""
    tags: frozenset[str]
    """What of it is strong enough to matter: "glare", "condensation", "dirt"."""

    def draw(self, frame: Image, pose: PlanePose, height: float) -> None:
        """Draw it into a BGR frame, in place, on the sheet at this height."""
        for sheet in self.sheets:
            draw_sheet(frame, sheet, pose.homography(height) @ self.place)


def sample_glass(rng: np.random.Generator, instrument: Instrument, hard: bool) -> Glass:
    """Sample what lies on an instrument's glass; `hard` makes something likely and strong."""
    low, high = instrument.outline.min(axis=0), instrument.outline.max(axis=0)
    span = high - low
    place = np.array([[span[0] / _SIZE, 0, low[0]], [0, span[1] / _SIZE, low[1]], [0, 0, 1.0]])
    effects = _sample_effects(rng, hard)
    if not effects:
        return Glass((), place, frozenset())
    glass = _mask((instrument.outline - low) / span, 0.88)
    cover = _mask((instrument.polygons[_target(instrument)] - low) / span, 1.0) > 0
    tags, sheets = set(), []
    for name, opacity, color in effects:
        on_glass = opacity * glass
        sheet = np.empty((_SIZE, _SIZE, 4), np.uint8)
        sheet[:, :, :3] = color
        sheet[:, :, 3] = np.clip(on_glass * 255, 0, 255)
        sheets.append(premultiply(sheet))
        if name != "scratches" and cover.any():
            on_scale = on_glass[cover]
            if float((on_scale > 0.55).mean()) > 0.04 or float(on_scale.mean()) > 0.25:
                tags.add(name)
    return Glass(tuple(sheets), place, frozenset(tags))


def _sample_effects(rng: np.random.Generator, hard: bool) -> list[tuple[str, Sheet, tuple[int, int, int]]]:
    effects: list[tuple[str, Sheet, tuple[int, int, int]]] = []
    low, high = (0.35, 1.0) if hard else (0.05, 0.6)
    if rng.random() < (0.85 if hard else 0.4):
        kind = _REFLECTIONS[int(rng.integers(len(_REFLECTIONS)))]
        b, g, r = (int(v) for v in np.clip(rng.normal(245, 10, 3), 190, 255))
        effects.append(("glare", kind(rng) * np.float32(rng.uniform(low, high)), (b, g, r)))
    if rng.random() < (0.2 if hard else 0.05):
        effects.append(("condensation", _droplets(rng, hard), (215, 215, 210)))
    if rng.random() < (0.35 if hard else 0.15):
        b, g, r = (int(v) for v in np.clip(rng.normal((50, 65, 75), 20), 10, 140))
        effects.append(("dirt", _dirt(rng, hard), (b, g, r)))
    if rng.random() < 0.08:
        effects.append(("scratches", _scratches(rng), (200, 200, 200)))
    return effects


def _target(instrument: Instrument) -> SegmentClass:
    return SegmentClass.SCALE if SegmentClass.SCALE in instrument.polygons else SegmentClass.TUBE


def _mask(unit: NDArray[np.float64], shrink: float) -> Sheet:
    """Rasterise a polygon of the unit square, shrunk about its middle."""
    mask = np.zeros((_SIZE, _SIZE), np.uint8)
    points = ((unit - 0.5) * shrink + 0.5) * _SIZE * 16
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    return _shares(mask)


def _shares(mask: Image) -> Sheet:
    return np.asarray(mask / np.float32(255), dtype=np.float32)


def _grid() -> tuple[Sheet, Sheet]:
    x = ((np.arange(_SIZE) + 0.5) / _SIZE).astype(np.float32)
    return x[None, :], x[:, None]


def _spots(rng: np.random.Generator) -> Sheet:
    """Return lamps: one to three spots with soft or hard edges."""
    x, y = _grid()
    total = np.zeros((_SIZE, _SIZE), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        cx, cy = rng.uniform(0.1, 0.9, 2)
        rx, ry = np.exp(rng.uniform(np.log(0.02), np.log(0.22), 2))
        angle = rng.uniform(0, np.pi)
        c, s = np.cos(angle), np.sin(angle)
        u, v = (x - cx) * c + (y - cy) * s, (y - cy) * c - (x - cx) * s
        r2 = (u / rx) ** 2 + (v / ry) ** 2
        edge = float(rng.choice((1.0, 4.0)))
        total = np.maximum(total, np.exp(-(r2**edge)))
    return np.asarray(total, dtype=np.float32)


def _window(rng: np.random.Generator) -> Sheet:
    """Return a window's reflection: panes in perspective."""
    mask = np.zeros((_SIZE, _SIZE), np.uint8)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) + rng.normal(0, 0.12, (4, 2)).astype(
        np.float32
    )
    size = rng.uniform(0.15, 0.6)
    corners = (corners - 0.5) * size + rng.uniform(0.2, 0.8, 2).astype(np.float32)
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    h = cv2.getPerspectiveTransform(unit, corners.astype(np.float32))
    columns, rows = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    for i in range(columns):
        for j in range(rows):
            pane = (unit * 0.88 + 0.06 + (i, j)) / (columns, rows)
            points = cv2.perspectiveTransform(pane[None].astype(np.float32), h)[0] * _SIZE * 16
            cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    blur = float(rng.uniform(0.4, 3.0))
    return _shares(np.asarray(cv2.GaussianBlur(mask, (0, 0), blur), dtype=np.uint8))


def _streak(rng: np.random.Generator) -> Sheet:
    """Return a band of light across the glass, such as a tube lamp's or the sky's."""
    x, y = _grid()
    angle = rng.uniform(0, np.pi)
    bend = rng.uniform(-0.6, 0.6)
    u = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)
    v = (y - 0.5) * np.cos(angle) - (x - 0.5) * np.sin(angle)
    d = (v + bend * u * u - rng.uniform(-0.35, 0.35)) / np.exp(rng.uniform(np.log(0.02), np.log(0.15)))
    return np.asarray(np.exp(-(np.abs(d) ** float(rng.choice((2.0, 6.0))))), dtype=np.float32)


def _veil(rng: np.random.Generator) -> Sheet:
    """Return the sky's veil: one side of the glass washed out with a straight or curved edge."""
    x, y = _grid()
    angle = rng.uniform(0, 2 * np.pi)
    u = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)
    sharp = np.exp(rng.uniform(np.log(2.0), np.log(60.0)))
    return np.asarray(0.8 / (1.0 + np.exp(-sharp * (u - rng.uniform(-0.2, 0.4)))), dtype=np.float32)


_REFLECTIONS: tuple[Callable[[np.random.Generator], Sheet], ...] = (_spots, _window, _streak, _veil)


def cloud(rng: np.random.Generator, cells: int) -> Sheet:
    """Return smooth noise about 0 with a deviation of about 1 over the sheet."""
    small = rng.standard_normal((cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(small, (_SIZE, _SIZE), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _droplets(rng: np.random.Generator, hard: bool) -> Sheet:
    grain = cloud(rng, int(rng.integers(40, 96))) + 0.8 * cloud(rng, 5)
    share = rng.uniform(0.5, 1.2) if hard else rng.uniform(1.0, 1.8)
    drops = np.clip((grain - share) * 2.0, 0, 1) * rng.uniform(0.3, 0.8)
    fog = np.clip(cloud(rng, 4) * 0.3 + (0.35 if hard else 0.1), 0, 0.7)
    return np.asarray(np.maximum(drops, fog), dtype=np.float32)


def _dirt(rng: np.random.Generator, hard: bool) -> Sheet:
    stain = np.clip(cloud(rng, int(rng.integers(4, 12))) * 0.35 - 0.05, 0, 1)
    specks = np.clip(cloud(rng, int(rng.integers(50, 120))) - 1.6, 0, 1)
    return np.asarray(
        np.clip(stain + specks, 0, 1) * rng.uniform(0.2, 0.9 if hard else 0.5), dtype=np.float32
    )


def _scratches(rng: np.random.Generator) -> Sheet:
    mask = np.zeros((_SIZE, _SIZE), np.uint8)
    for _ in range(int(rng.integers(2, 12))):
        a, b = rng.uniform(0, _SIZE * 16, (2, 2)).astype(int)
        b = a + (b - a) // int(rng.integers(1, 6))
        cv2.line(mask, a.tolist(), b.tolist(), int(rng.integers(60, 200)), 1, cv2.LINE_AA, 4)
    return _shares(mask)
