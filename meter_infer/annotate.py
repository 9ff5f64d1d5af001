"""Draw readings onto the picture they were taken from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Box, Quality, Reading

Image = NDArray[np.uint8]
"""Colour picture: uint8 (height, width, 3), BGR."""

_Color = tuple[int, int, int]

_QUALITY: dict[Quality, _Color] = {
    Quality.GOOD: (96, 200, 70),
    Quality.UNCERTAIN: (40, 176, 255),
    Quality.BAD: (70, 70, 235),
}
_PLAQUE: _Color = (34, 28, 24)
_WHITE: _Color = (255, 255, 255)
_MUTED: _Color = (205, 200, 196)
_SHADOW: _Color = (20, 16, 14)
_PLAQUE_ALPHA = 0.82
_SHIFT = 4
_FONT_REGULAR = 400
_FONT_BOLD = 700


class Role(StrEnum):
    """What a line on the picture stands for."""

    SCALE = "scale"
    POINTER = "pointer"
    START = "start"
    END = "end"
    SURFACE = "surface"
    CLICKED = "clicked"
    """A calibration point of the site file: a cross, with its value beside it."""


_ROLE: dict[Role, _Color] = {
    Role.SCALE: (255, 190, 60),
    Role.POINTER: (230, 80, 255),
    Role.START: (120, 230, 120),
    Role.END: (90, 120, 255),
    Role.SURFACE: (230, 80, 255),
    Role.CLICKED: (60, 230, 250),
}


@dataclass(frozen=True, slots=True, eq=False)
class Polyline:
    """A line to draw over the picture: the scale's ellipse, the pointer's axis, a mark."""

    role: Role
    points: NDArray[np.float64]
    """float64 (n, 2), pixels of the picture."""
    closed: bool = False
    text: str = ""
    """What stands beside it; at a single point only."""


def annotate(image: Image, readings: Sequence[Reading], shapes: Sequence[Polyline] = ()) -> Image:
    """Return a copy of a BGR picture with a box, value, unit and quality for each reading.

    `shapes` are drawn under the labels. Sizes follow the picture's. A reading without a box is listed in
    the lower left corner, so that a lost meter does not just vanish.
    """
    canvas = image.copy()
    unit_px = _unit_px(canvas)
    for shape in _legible(shapes, unit_px):
        _draw_shape(canvas, shape, unit_px)
    placed: list[Box] = []
    seen = [(reading, reading.box) for reading in readings if reading.box is not None]
    for reading, box in seen:
        _draw_box(canvas, box, _QUALITY[reading.quality], unit_px)
    for reading, box in seen:
        plaque = _Plaque.of(reading, canvas, unit_px)
        x, y = _place(plaque, box, [other for _, other in seen], placed, canvas)
        placed.append(Box(x, y, x + plaque.width, y + plaque.height))
        plaque.draw(canvas, x, y)
    y = canvas.shape[0] - unit_px
    for reading in readings:
        if reading.box is None:
            plaque = _Plaque.of(reading, canvas, unit_px)
            y -= plaque.height + unit_px // 3
            plaque.draw(canvas, unit_px, max(y, 0))
    return canvas


def value_text(reading: Reading) -> str:
    """Say what a reading shows: `5.62 bar`, `62.3 % of scale` where there is no range, or `no reading`."""
    if reading.value is not None:
        magnitude = abs(reading.value)
        decimals = 0 if magnitude >= 1000 else 1 if magnitude >= 100 else 2 if magnitude >= 1 else 3
        number = f"{reading.value:.{decimals}f}"
        return f"{number} {reading.unit}" if reading.unit else number
    if reading.fraction is not None:
        return f"{reading.fraction * 100:.1f} % of scale"
    return "no reading"


def _unit_px(image: Image) -> int:
    """Return the height of the large text: 28 px in 1920x1080, never below 11."""
    height, width = image.shape[:2]
    return max(11, round(math.sqrt(height * width / (1920 * 1080)) * 28))


@dataclass(frozen=True, slots=True)
class _Plaque:
    """A small sign: the value large, the meter and what is wrong below it."""

    title: str
    detail: str
    color: _Color
    text_px: int
    width: int
    height: int

    @classmethod
    def of(cls, reading: Reading, canvas: Image, unit_px: int) -> "_Plaque":
        title = value_text(reading)
        state = "good" if reading.quality is Quality.GOOD else f"{reading.quality}: {reading.reason}"
        detail = f"{reading.meter} · {state.replace('_', ' ')}"
        text_px = unit_px
        while True:
            pad = text_px // 2
            small = _small_px(text_px)
            widest = max(_text_width(title, text_px, _FONT_BOLD), _text_width(detail, small, _FONT_REGULAR))
            width = widest + 2 * pad + _bar_px(text_px)
            if width <= canvas.shape[1] or text_px <= 8:
                height = text_px + small + round(1.35 * pad) + pad // 2
                return cls(title, detail, _QUALITY[reading.quality], text_px, width, height)
            text_px -= 1

    def draw(self, canvas: Image, x: int, y: int) -> None:
        """Draw the sign with its upper left corner at (x, y), pixels; cut at the picture's edge."""
        height, width = canvas.shape[:2]
        x, y = max(min(x, width - self.width), 0), max(min(y, height - self.height), 0)
        sheet = canvas[y : y + self.height, x : x + self.width]
        sheet[:] = cv2.addWeighted(sheet, 1 - _PLAQUE_ALPHA, np.full_like(sheet, _PLAQUE), _PLAQUE_ALPHA, 0)
        bar = _bar_px(self.text_px)
        sheet[:, :bar] = self.color
        pad = self.text_px // 2
        baseline = y + round(0.65 * pad) + round(self.text_px * 0.86)
        _put_text(canvas, self.title, (x + bar + pad, baseline), self.text_px, _FONT_BOLD, _WHITE)
        small = _small_px(self.text_px)
        baseline += round(0.35 * pad) + small
        _put_text(canvas, self.detail, (x + bar + pad, baseline), small, _FONT_REGULAR, _MUTED)


def _small_px(text_px: int) -> int:
    return max(8, round(text_px * 0.66))


def _bar_px(text_px: int) -> int:
    return max(3, text_px // 5)


def _text_width(text: str, size: int, weight: int) -> int:
    box = cv2.getTextSize((1, 1), text, (0, 0), _FONT, size, weight)
    return int(box[2])


def _put_text(canvas: Image, text: str, at: tuple[int, int], size: int, weight: int, color: _Color) -> None:
    cv2.putText(canvas, text, at, color, _FONT, size, weight)


_FONT = cv2.FontFace("sans")


def _place(
    plaque: _Plaque, box: Box, boxes: Sequence[Box], placed: Sequence[Box], canvas: Image
) -> tuple[int, int]:
    """Choose where a plaque hides least: above its box, below, beside, or inside at its top."""
    gap = max(2, plaque.text_px // 5)
    x = round(box.x1)
    candidates = [
        (x, round(box.y1) - plaque.height - gap),
        (x, round(box.y2) + gap),
        (round(box.x2) + gap, round(box.y1)),
        (round(box.x1) - plaque.width - gap, round(box.y1)),
        (x, round(box.y1) + gap),
    ]
    height, width = canvas.shape[:2]

    def hidden(at: tuple[int, int]) -> float:
        left = max(min(at[0], width - plaque.width), 0)
        top = max(min(at[1], height - plaque.height), 0)
        sign = Box(left, top, left + plaque.width, top + plaque.height)
        moved = abs(left - at[0]) + abs(top - at[1])
        # another label's text matters most, then a dial's face
        on_text = sum(_overlap(sign, other) for other in placed)
        on_faces = sum(_overlap(sign, other) for other in boxes)
        return float(10 * on_text + on_faces + moved * plaque.text_px * 0.1)

    best = min(candidates, key=hidden)
    return max(min(best[0], width - plaque.width), 0), max(min(best[1], height - plaque.height), 0)


def _overlap(first: Box, second: Box) -> float:
    width = min(first.x2, second.x2) - max(first.x1, second.x1)
    height = min(first.y2, second.y2) - max(first.y1, second.y1)
    return float(max(width, 0.0) * max(height, 0.0))


def _draw_box(canvas: Image, box: Box, color: _Color, unit_px: int) -> None:
    """Draw a thin frame with stout corners, on a dark seam that keeps it visible on any ground."""
    thin = max(1, unit_px // 13)
    corner = min(min(box.width, box.height) * 0.16, 1.6 * unit_px)
    ring = np.array([(box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)], np.float64)
    _line(canvas, ring, color, thin, closed=True)
    for x, dx in ((box.x1, corner), (box.x2, -corner)):
        for y, dy in ((box.y1, corner), (box.y2, -corner)):
            _line(canvas, np.array([(x + dx, y), (x, y), (x, y + dy)]), color, 2 * thin)


def _draw_shape(canvas: Image, shape: Polyline, unit_px: int) -> None:
    # a thick line would hide the very marks of a small dial that it should show to be right
    extent = float(np.ptp(shape.points, axis=0).max())
    thickness = max(1, round(min(unit_px / 10, extent / 120)))
    if shape.role is Role.CLICKED:
        _draw_cross(canvas, shape, unit_px)
    elif len(shape.points) == 1:
        x, y = shape.points[0]
        center = (round((x - 0.5) * 2**_SHIFT), round((y - 0.5) * 2**_SHIFT))
        radius = round(max(2.5, unit_px / 8) * 2**_SHIFT)
        cv2.circle(canvas, center, radius + (1 << _SHIFT), _SHADOW, -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(canvas, center, radius, _ROLE[shape.role], -1, cv2.LINE_AA, _SHIFT)
    else:
        _line(canvas, shape.points, _ROLE[shape.role], thickness, closed=shape.closed)


def _legible(shapes: Sequence[Polyline], unit_px: int) -> list[Polyline]:
    """Return the shapes without the texts that would lie over another's."""
    size, kept, taken = _small_px(unit_px), [], list[Box]()
    for shape in shapes:
        if shape.text:
            x, y = shape.points[0]
            place = Box(x, y, x + 0.6 * size * len(shape.text), y + size)
            if any(_overlap(place, other) > 0 for other in taken):
                shape = replace(shape, text="")
            else:
                taken.append(place)
        kept.append(shape)
    return kept


def _draw_cross(canvas: Image, shape: Polyline, unit_px: int) -> None:
    """Draw an upright cross with its arms about the point, and its text to the lower right of it."""
    x, y = shape.points[0]
    color, arm = _ROLE[shape.role], max(3.0, unit_px / 4)
    thickness = max(1, unit_px // 14)
    _line(canvas, np.array([(x - arm, y), (x + arm, y)]), color, thickness)
    _line(canvas, np.array([(x, y - arm), (x, y + arm)]), color, thickness)
    size = _small_px(unit_px)
    at = (round(x + arm / 2), round(y + arm / 2) + size)
    height, width = canvas.shape[:2]
    if shape.text and 0 <= at[0] < width and 0 <= at[1] < height + size:
        for offset, ink in ((1, _SHADOW), (0, color)):
            where = (at[0] + offset, at[1] + offset)
            _put_text(canvas, shape.text, where, size, _FONT_BOLD, ink)


def _line(
    canvas: Image, points: NDArray[np.float64], color: _Color, thickness: int, closed: bool = False
) -> None:
    # OpenCV puts a pixel's centre on whole numbers, this project on halves
    fixed = np.round((points - 0.5) * 2**_SHIFT).astype(np.int32).reshape(-1, 1, 2)
    seam = thickness + 2 * max(1, thickness // 4)
    if thickness > 1:
        cv2.polylines(canvas, [fixed], closed, _SHADOW, seam, cv2.LINE_AA, _SHIFT)
    cv2.polylines(canvas, [fixed], closed, color, thickness, cv2.LINE_AA, _SHIFT)
