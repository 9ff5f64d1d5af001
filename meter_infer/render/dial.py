"""Dials: drawing an instrument, and redrawing it with another pointer position.

`Dial` keeps what does not move (case, face, rim) and draws the pointer and its shadow anew for every
`instrument(fraction)`, so that a video of one dial is cheap.
"""

from math import atan2, ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.bezel import body_layers, face_layer, outline, rim_layers, window
from meter_infer.render.canvas import OUTER, Points, band
from meter_infer.render.dial_face import paint_face
from meter_infer.render.dial_front import front_layer
from meter_infer.render.dial_sample import sample_dial_style
from meter_infer.render.dial_style import DialStyle, Shape
from meter_infer.render.model import DialScale, Instrument, Layer
from meter_infer.render.pointer import Sheet, hand_outline
from meter_infer.types import MeterKind, SegmentClass

__all__ = ["Dial", "DialStyle", "draw_dial", "sample_dial_style", "sample_fraction"]


class Dial:
    """One dial of a given style at a given size."""

    def __init__(self, style: DialStyle, size: int) -> None:
        """Draw everything but the pointer. `size`: side of the texture, px, at least 16."""
        self.style, self.size = style, size
        self._unit = OUTER * size
        self._below = body_layers(style, size)
        self._face = face_layer(style, size, paint_face(style, size))
        self._above = rim_layers(style, size)
        self._front = front_layer(style, size)

    def _px(self, points: Points) -> NDArray[np.float64]:
        return np.asarray(points, dtype=np.float64) * self._unit + self.size / 2

    def _at(self, point: tuple[float, float]) -> tuple[float, float]:
        return point[0] * self._unit + self.size / 2, point[1] * self._unit + self.size / 2

    def pointer_angle(self, fraction: float) -> float:
        """Return the pointer's angle (radians) where its axis meets the scale's circle at a position."""
        x, y = self.style.main.point(fraction)
        return atan2(y - self.style.pivot[1], x - self.style.pivot[0])

    def instrument(self, fraction: float) -> Instrument:
        """Return the dial with its pointer at a position, 0 (first mark) to 1 (last); may pass either."""
        s, size = self.style, self.size
        angle = self.pointer_angle(fraction)
        sheet = Sheet(size)
        light = s.face.light_angle
        boxes = [sheet.hand(h.hand, s.pivot, h.angle, light) for h in s.hands if not h.above]
        boxes.append(sheet.hand(s.pointer, s.pivot, angle, light))
        boxes += [sheet.hand(h.hand, s.pivot, h.angle, light) for h in s.hands if h.above]
        boxes.append(sheet.hub(s.hub, s.pivot, light))
        face = self._face.copy()
        self._cast(face, sheet, [b for b in boxes if b is not None])
        pointer_height = s.pointer.height * self._unit
        layers = [
            *self._below,
            Layer(face, 0.0),
            Layer(sheet.bgra, pointer_height, glass=self._front is None),
        ]
        if self._front is not None:
            layers.append(self._front)
        layers += self._above
        return self._truth(fraction, angle, tuple(layers))

    def _cast(self, face: NDArray[np.uint8], sheet: Sheet, boxes: list[tuple[int, int, int, int]]) -> None:
        """Darken the face, in place, where the pointer keeps the light away."""
        dx, dy, strength = self.style.shadow
        if strength <= 0 or not boxes:
            return
        height = self.style.pointer.height * self._unit
        dx, dy, blur = dx * height, dy * height, max(0.35 * height, 0.6)
        pad = ceil(3 * blur + max(abs(dx), abs(dy))) + 2
        x0, y0 = (max(0, min(b[i] for b in boxes) - pad) for i in (0, 1))
        x1, y1 = (min(self.size, max(b[i] for b in boxes) + pad) for i in (2, 3))
        shift = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
        alpha = np.ascontiguousarray(sheet.bgra[y0:y1, x0:x1, 3])
        alpha = cv2.warpAffine(alpha, shift, (x1 - x0, y1 - y0)).astype(np.uint8, copy=False)
        alpha = cv2.GaussianBlur(alpha, (0, 0), blur).astype(np.uint8, copy=False)
        keep = cv2.addWeighted(alpha, -strength, alpha, 0.0, 255.0)
        full = np.full_like(keep, 255)
        roi = face[y0:y1, x0:x1]
        cv2.multiply(roi, cv2.merge([keep, keep, keep, full]), dst=roi, scale=1 / 255)

    def _truth(self, fraction: float, angle: float, layers: tuple[Layer, ...]) -> Instrument:
        s, m = self.style, self.style.main
        pointer = hand_outline(s.pointer, s.pivot, angle)
        if s.shape is Shape.SQUARE and s.bezel.cover is not None:
            pointer = _above_line(pointer, s.bezel.cover)
        tip = (
            s.pivot[0] + s.pointer.tip * float(np.cos(angle)),
            s.pivot[1] + s.pointer.tip * float(np.sin(angle)),
        )
        scale = DialScale(
            center=self._at(m.center),
            radius=m.r_in * self._unit,
            band=(m.r_in * self._unit, m.r_out * self._unit),
            start_angle=m.start,
            span=m.span,
            anchors=m.anchors,
            linear=s.linear,
            numbers=tuple((f, v) for (f, _), v in zip(m.numerals.labels, m.numerals.values, strict=True))
            if m.numerals
            else (),
        )
        high = s.pointer.height * self._unit
        cls = SegmentClass
        return Instrument(
            kind=MeterKind.POINTER,
            layers=layers,
            outline=self._px(outline(s)),
            outline_height=s.bezel.height * self._unit if s.bezel.flange == 0 else 0.0,
            polygons={
                cls.POINTER: self._px(pointer),
                cls.SCALE: self._px(band(m.center, m.r_in, m.r_out, m.start, m.span)),
            },
            landmarks={
                cls.START: self._at(m.point(0.0)),
                cls.END: self._at(m.point(1.0)),
                cls.PIVOT: self._at(s.pivot),
                cls.TIP: self._at(tip),
            },
            heights={
                cls.POINTER: high,
                cls.PIVOT: high,
                cls.TIP: high,
                cls.SCALE: 0.0,
                cls.START: 0.0,
                cls.END: 0.0,
            },
            scale=scale,
            fraction=fraction,
            unit=s.unit,
            range=(m.anchors[0][1], m.anchors[-1][1]),
            tags=s.tags,
        )

    def window(self) -> NDArray[np.float64]:
        """Return the opening through which the face is seen: (n, 2) texture px."""
        return self._px(window(self.style))


def _above_line(points: Points, y: float) -> Points:
    """Return the part of a polygon above a horizontal line (Sutherland and Hodgman's clipping)."""
    out: list[NDArray[np.float64]] = []
    for p, q in zip(points, np.roll(points, -1, axis=0), strict=True):
        inside, after = p[1] <= y, q[1] <= y
        if inside:
            out.append(p)
        if inside != after:
            out.append(p + (q - p) * (y - p[1]) / (q[1] - p[1]))
    return np.array(out) if len(out) >= 3 else points


def sample_fraction(rng: np.random.Generator, style: DialStyle) -> float:
    """Return a pointer position: often at rest, seldom past the end, else anywhere on the scale."""
    kind = rng.random()
    if kind < 0.18:
        off = float(rng.uniform(-0.02, 0.005)) if rng.random() < 0.6 else float(rng.normal(0.0, 0.002))
        return style.rest + (off if style.rest < 0.5 else -off)
    if kind < 0.21:
        return 1.0 + float(rng.uniform(0.0, 0.04)) if style.rest < 0.5 else -float(rng.uniform(0.0, 0.04))
    return float(rng.uniform(0.0, 1.0))


def draw_dial(
    rng: np.random.Generator, size: int, fraction: float | None = None, style: DialStyle | None = None
) -> Instrument:
    """Draw a dial.

    Args:
        rng: all randomness comes from here: the same state gives the same pixels.
        size: side of the square texture, px; the instrument's outer edge takes 90 % of it.
        fraction: the pointer's position; sampled if None.
        style: sampled if None.

    Returns:
        The instrument with its layers and truth.
    """
    if style is None:
        style = sample_dial_style(rng)
    if fraction is None:
        fraction = sample_fraction(rng, style)
    return Dial(style, size).instrument(fraction)
