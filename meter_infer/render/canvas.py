"""Drawing at twice the size, in units of the dial's radius.

OpenCV draws with integer coordinates whose origin is the centre of the first pixel; here everything
is given in dial units: (0, 0) is the centre of the texture, 1 the instrument's outer radius. The
conversion keeps a sixteenth of a supersampled pixel.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.text import Font, text_mask

Color = tuple[int, int, int]
"""Blue, green, red: 0 to 255."""
Points = NDArray[np.float64]

OUTER = 0.45
"""Outer radius of an instrument as a share of its square texture."""
_SHIFT = 4
# an antialiased fill paints its outline too: half a pixel more on every side (measured; see the tests)
_GROWTH = 0.5


def arc(center: tuple[float, float], radius: float, start: float, span: float, step: float = 0.05) -> Points:
    """Return points (n, 2) on an arc, from `start` over `span` (radians, clockwise-positive)."""
    n = max(2, int(np.ceil(abs(span) / step)) + 1)
    a = start + np.linspace(0.0, span, n)
    return np.stack([center[0] + radius * np.cos(a), center[1] + radius * np.sin(a)], axis=1)


def band(
    center: tuple[float, float], r0: float, r1: float, start: float, span: float, step: float = 0.07
) -> Points:
    """Return the outline (n, 2) of the ring sector between two radii."""
    return np.concatenate([arc(center, r1, start, span, step), arc(center, r0, start, span, step)[::-1]])


def rounded_rect(x0: float, y0: float, x1: float, y1: float, r: float) -> Points:
    """Return the outline (n, 2) of a rectangle with rounded corners, clockwise on the screen."""
    q = np.pi / 2
    corners = [
        ((x0 + r, y0 + r), np.pi),
        ((x1 - r, y0 + r), -q),
        ((x1 - r, y1 - r), 0.0),
        ((x0 + r, y1 - r), q),
    ]
    return np.concatenate([arc(c, r, a, q, 0.25) for c, a in corners])


def filled(shape: tuple[int, int], color: Color) -> NDArray[np.uint8]:
    """Return a picture of one colour: uint8 (h, w, 3). Faster than assigning to an array."""
    image = np.empty((*shape, 3), np.uint8)
    cv2.rectangle(image, (0, 0), (shape[1], shape[0]), color, -1)
    return image


def veil(mask: NDArray[np.uint8], color: Color) -> NDArray[np.uint8]:
    """Return one colour seen through a mask: uint8 BGRA (h, w, 4)."""
    bgra = np.empty((*mask.shape, 4), np.uint8)
    cv2.rectangle(bgra, (0, 0), (mask.shape[1], mask.shape[0]), (*color, 255), -1)
    cv2.insertChannel(mask, bgra, 3)
    return bgra


class Canvas:
    """A sheet being drawn: a BGR picture, `factor` times as large as the texture."""

    def __init__(self, size: int, fill: Color, factor: int = 2) -> None:
        """Make a square sheet for a texture of `size` px, filled with one colour."""
        self.size, self.factor = size, factor
        self.unit = OUTER * size * factor
        """Supersampled pixels a dial unit."""
        self._mid = size * factor / 2.0 - 0.5
        self.image = filled((size * factor, size * factor), fill)

    def to_fixed(self, points: Points) -> NDArray[np.int32]:
        """Return dial units as OpenCV's fixed-point coordinates."""
        return np.rint((np.asarray(points) * self.unit + self._mid) * (1 << _SHIFT)).astype(np.int32)

    def poly(self, points: Points, color: Color, alpha: float = 1.0) -> None:
        """Fill a polygon (n, 2)."""
        self.polys([points], color, alpha)

    def polys(self, contours: list[Points], color: Color, alpha: float = 1.0) -> None:
        """Fill polygons together by the even-odd rule: an inner contour is a hole."""
        fixed = [self.to_fixed(c) for c in contours]
        if alpha >= 1.0:
            cv2.fillPoly(self.image, fixed, color, cv2.LINE_AA, _SHIFT)
            return
        low = np.min([f.min(axis=0) for f in fixed], axis=0) >> _SHIFT
        high = (np.max([f.max(axis=0) for f in fixed], axis=0) >> _SHIFT) + 2
        n = self.image.shape[0]
        x0, y0 = (int(v) for v in np.clip(low, 0, n))
        x1, y1 = (int(v) for v in np.clip(high, 0, n))
        if x1 <= x0 or y1 <= y0:
            return
        roi = self.image[y0:y1, x0:x1]
        top = roi.copy()
        corner = np.array([x0, y0], np.int32) << _SHIFT
        cv2.fillPoly(top, [f - corner for f in fixed], color, cv2.LINE_AA, _SHIFT)
        cv2.addWeighted(top, alpha, roi, 1.0 - alpha, 0.0, dst=roi)

    def disc(self, center: tuple[float, float], radius: float, color: Color) -> None:
        """Fill a circle."""
        c = self.to_fixed(np.array([center]))[0]
        r = max(radius * self.unit - _GROWTH, 0.3)
        cv2.circle(
            self.image, (int(c[0]), int(c[1])), round(r * (1 << _SHIFT)), color, -1, cv2.LINE_AA, _SHIFT
        )

    def bars(
        self,
        center: tuple[float, float],
        angles: NDArray[np.float64],
        r0: float,
        r1: float,
        width: tuple[float, float],
        color: Color,
    ) -> None:
        """Draw radial bars (tick marks) from radius r0 to r1, `width` at either end."""
        grow = _GROWTH / self.unit
        w0, w1 = (max(w / 2 - grow, 0.2 / self.unit) for w in width)
        c, s = np.cos(angles), np.sin(angles)
        along, across = np.stack([c, s], axis=1), np.stack([-s, c], axis=1)
        mid = np.asarray(center)
        lo, hi = min(r0, r1) + grow, max(r0, r1) - grow
        if r0 > r1:
            w0, w1 = w1, w0
        quads = np.stack(
            [
                mid + along * lo + across * w0,
                mid + along * hi + across * w1,
                mid + along * hi - across * w1,
                mid + along * lo - across * w0,
            ],
            axis=1,
        )
        for quad in self.to_fixed(quads):
            cv2.fillConvexPoly(self.image, quad, color, cv2.LINE_AA, _SHIFT)

    def ring(
        self,
        center: tuple[float, float],
        r0: float,
        r1: float,
        start: float,
        span: float,
        color: Color,
        alpha: float = 1.0,
    ) -> None:
        """Fill a ring sector between two radii; a thin one is an arc line."""
        grow = min(_GROWTH / self.unit, (r1 - r0) * 0.45)
        if span >= 2 * np.pi - 1e-6:
            self.polys(
                [arc(center, r0 + grow, 0.0, 2 * np.pi, 0.05), arc(center, r1 - grow, 0.0, 2 * np.pi, 0.05)],
                color,
                alpha,
            )
        else:
            self.poly(band(center, r0 + grow, r1 - grow, start, span, 0.05), color, alpha)

    def text(
        self,
        text: str,
        at: tuple[float, float],
        height: float,
        color: Color,
        font: Font,
        angle: float = 0.0,
        alpha: float = 1.0,
    ) -> None:
        """Print a line of text centred on a point; `height` is that of its capitals and digits."""
        mask = text_mask(text, font, height * self.unit)
        h, w = mask.shape
        x, y = np.asarray(at) * self.unit + self._mid
        if abs(angle) < 1e-3:
            x0, y0 = round(x - (w - 1) / 2), round(y - (h - 1) / 2)
        else:
            c, s = np.cos(angle), np.sin(angle)
            nw, nh = int(abs(w * c) + abs(h * s)) + 3, int(abs(w * s) + abs(h * c)) + 3
            x0, y0 = round(x - nw / 2), round(y - nh / 2)
            m = np.array(
                [
                    [c, -s, x - x0 - c * (w - 1) / 2 + s * (h - 1) / 2],
                    [s, c, y - y0 - s * (w - 1) / 2 - c * (h - 1) / 2],
                ]
            )
            mask = cv2.warpAffine(mask, m, (nw, nh), flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
        self.stamp(mask, x0, y0, color, alpha)

    def stamp(self, mask: NDArray[np.uint8], x0: int, y0: int, color: Color, alpha: float = 1.0) -> None:
        """Blend a colour in through a mask whose corner lies at supersampled pixel (x0, y0)."""
        n = self.image.shape[0]
        a0, b0 = max(0, -x0), max(0, -y0)
        a1, b1 = min(mask.shape[1], n - x0), min(mask.shape[0], n - y0)
        if a1 <= a0 or b1 <= b0:
            return
        m = mask[b0:b1, a0:a1]
        roi = self.image[y0 + b0 : y0 + b1, x0 + a0 : x0 + a1]
        weight = (m.astype(np.uint16) * round(alpha * 257))[..., None] >> 8
        ink = np.array(color, np.uint16)
        roi[:] = (roi * (256 - weight) + ink * weight) >> 8

    def finish(self) -> NDArray[np.uint8]:
        """Return the sheet at the texture's size: uint8 (size, size, 3)."""
        if self.factor == 1:
            return self.image
        return cv2.resize(self.image, (self.size, self.size), interpolation=cv2.INTER_AREA).astype(
            np.uint8, copy=False
        )
