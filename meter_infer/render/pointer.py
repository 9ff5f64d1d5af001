"""Pointers, other hands and hubs: sampling their shapes and drawing them on a transparent sheet."""

from math import ceil, cos, floor, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.canvas import OUTER, Color, Points, arc, filled
from meter_infer.render.dial_style import HandStyle, HubStyle, Point

_SHIFT = 4


def hand_outline(hand: HandStyle, pivot: Point, angle: float) -> Points:
    """Return the outline (n, 2) of a hand at an angle, dial units."""
    return _outline(np.array(hand.profile), pivot, angle)


def _outline(p: Points, pivot: Point, angle: float) -> Points:
    edge = np.concatenate([p, p[::-1] * (1.0, -1.0)])
    return _turn(edge, pivot, angle)


def _turn(points: Points, pivot: Point, angle: float) -> Points:
    c, s = cos(angle), sin(angle)
    out: Points = points @ np.array([[c, s], [-s, c]]) + np.asarray(pivot)
    return out


class Sheet:
    """A transparent texture: uint8 BGRA, straight alpha, painted at twice its size."""

    def __init__(self, size: int) -> None:
        """Make an empty sheet."""
        self.size = size
        self.bgra: NDArray[np.uint8] = np.zeros((size, size, 4), np.uint8)
        self.unit = OUTER * size
        self._empty = True

    def paint(
        self, parts: list[tuple[list[Points], Color]], outline: list[Points], opacity: float = 1.0
    ) -> tuple[int, int, int, int] | None:
        """Paint polygons (dial units) in order, cut out by an outline with holes (even-odd).

        The colour of the first part fills the surroundings too, so that resampling draws in no dark edge.
        Returns the painted box (x0, y0, x1, y1) in px, None where it is empty.
        """
        # work in the sheet's own px, then in doubled px of the region alone
        px = [c * self.unit + self.size / 2 for c in outline]
        low = np.min([c.min(axis=0) for c in px], axis=0)
        high = np.max([c.max(axis=0) for c in px], axis=0)
        x0, y0 = (max(0, floor(v) - 3) for v in low)
        x1, y1 = (min(self.size, ceil(v) + 3) for v in high)
        if x1 <= x0 or y1 <= y0:
            return None
        shape = (2 * (y1 - y0), 2 * (x1 - x0))
        corner = np.array([x0, y0])

        def fixed(points: Points) -> NDArray[np.int32]:
            doubled = (points * self.unit + self.size / 2 - corner) * 2 - 0.5
            out: NDArray[np.int32] = np.rint(doubled * (1 << _SHIFT)).astype(np.int32)
            return out

        color = filled(shape, parts[0][1])
        for contours, ink in parts[1:]:
            cv2.fillPoly(color, [fixed(c) for c in contours], ink, cv2.LINE_AA, _SHIFT)
        alpha = np.zeros(shape, np.uint8)
        cv2.fillPoly(alpha, [fixed(c) for c in outline], (255,), cv2.LINE_AA, _SHIFT)
        out = (shape[1] // 2, shape[0] // 2)
        if len(parts) > 1:
            color = cv2.resize(color, out, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        else:
            color = color[::2, ::2]
        alpha = cv2.resize(alpha, out, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        if opacity < 1.0:
            alpha = cv2.convertScaleAbs(alpha, alpha=opacity).astype(np.uint8, copy=False)
        self._over(color, alpha, x0, y0)
        return x0, y0, x1, y1

    def _over(self, color: NDArray[np.uint8], alpha: NDArray[np.uint8], x0: int, y0: int) -> None:
        roi = self.bgra[y0 : y0 + alpha.shape[0], x0 : x0 + alpha.shape[1]]
        if self._empty:
            roi[..., :3], roi[..., 3] = color, alpha
            self._empty = False
            return
        a = alpha.astype(np.float32) / 255.0
        below = roi[..., 3].astype(np.float32) / 255.0 * (1.0 - a)
        total = a + below
        share = np.where(total > 0, a / np.maximum(total, 1e-6), 1.0)[..., None]
        roi[..., :3] = color * share + roi[..., :3] * (1.0 - share) + 0.5
        roi[..., 3] = total * 255.0 + 0.5

    def hand(
        self, hand: HandStyle, pivot: Point, angle: float, light: float
    ) -> tuple[int, int, int, int] | None:
        """Paint a hand; `light` is the direction the light comes from (for two-tone hands)."""
        p = np.array(hand.profile)
        # an antialiased fill grows by a quarter of the sheet's pixel on every side: take that off first
        p[:, 1] = np.where(p[:, 1] > 0, np.maximum(p[:, 1] - 0.25 / self.unit, 0.15 / self.unit), 0.0)
        outline = _outline(p, pivot, angle)
        parts: list[tuple[list[Points], Color]] = [([outline], hand.color)]
        if hand.two_tone == "half":
            sign = -1.0 if sin(light - angle) > 0 else 1.0
            half = np.concatenate([p * (1.0, 1.2 * sign), [[p[-1, 0], 0.0], [p[0, 0], 0.0]]])
            parts.append(([_turn(half, pivot, angle)], hand.second))
        elif hand.two_tone == "tail":
            wide = float(p[:, 1].max()) * 1.5
            tail = np.array([[p[0, 0] - 0.02, -wide], [0.0, -wide], [0.0, wide], [p[0, 0] - 0.02, wide]])
            parts.append(([_turn(tail, pivot, angle)], hand.second))
        elif hand.two_tone == "tip":
            wide = float(p[:, 1].max()) * 1.5
            x = 0.6 * float(p[-1, 0])
            tip = np.array([[x, -wide], [p[-1, 0] + 0.02, -wide], [p[-1, 0] + 0.02, wide], [x, wide]])
            parts.append(([_turn(tip, pivot, angle)], hand.second))
        cut = [outline]
        for x, r in hand.holes:
            cut.append(_turn(arc((x, 0.0), r, 0.0, 2 * np.pi, 0.3), pivot, angle))
        return self.paint(parts, cut)

    def hub(self, hub: HubStyle, pivot: Point, light: float) -> tuple[int, int, int, int] | None:
        """Paint a hub cap."""
        if not hub.rings:
            return None
        outer = arc(pivot, hub.rings[0][0], 0.0, 2 * np.pi, 0.2)
        parts: list[tuple[list[Points], Color]] = []
        for r, color in hub.rings:
            parts.append(([arc(pivot, r, 0.0, 2 * np.pi, 0.2)], color))
        radius, last = hub.rings[-1]
        if hub.dome > 0:
            for k in range(3):
                gain = hub.dome * (k + 1) / 3
                glow = tuple(int(v + (255 - v) * gain * 0.8) for v in last)
                c = (pivot[0] + 0.4 * radius * cos(light), pivot[1] + 0.4 * radius * sin(light))
                parts.append(
                    ([arc(c, radius * (0.42 - 0.12 * k), 0.0, 2 * np.pi, 0.3)], (glow[0], glow[1], glow[2]))
                )
        if hub.slot > 0:
            w = 0.16 * hub.slot
            bar = np.array([[-hub.slot, -w], [hub.slot, -w], [hub.slot, w], [-hub.slot, w]])
            dark = tuple(int(v * 0.35) for v in last)
            parts.append(([_turn(bar, pivot, hub.slot_angle)], (dark[0], dark[1], dark[2])))
        return self.paint(parts, [outer])
