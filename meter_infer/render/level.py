"""Level gauges: tubes, flat glasses, windows, flap indicators, tanks, with their truth.

The surface of a liquid stays level in the world, so a tilted gauge has its surface turned in its texture.
"""

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.level_body import Body
from meter_infer.render.level_indicators import build_bullseye, build_flap
from meter_infer.render.level_style import LevelStyle, sample_level_style
from meter_infer.render.level_tubes import build_tube
from meter_infer.render.level_vessels import build_cylinder, build_staff, build_tank
from meter_infer.render.level_windows import build_reflex, build_slot
from meter_infer.render.materials import F32, dim, lay, over, to_bgra
from meter_infer.render.model import Instrument, Layer, LevelScale
from meter_infer.render.noise import noise
from meter_infer.types import MeterKind, SegmentClass

__all__ = ["Level", "LevelStyle", "draw_level", "sample_fraction", "sample_level_style"]

_BUILDERS: dict[str, Callable[[np.random.Generator, LevelStyle, int], Body]] = {
    "tube": build_tube,
    "reflex": build_reflex,
    "slot": build_slot,
    "flap": build_flap,
    "tank": build_tank,
    "cylinder": build_cylinder,
    "bullseye": build_bullseye,
    "staff": build_staff,
}


def sample_fraction(rng: np.random.Generator) -> float:
    """A level: 8 % of them empty (below 0), 5 % full (above 1), the others anywhere between."""
    draw = rng.random()
    if draw < 0.08:
        return float(rng.uniform(-0.3, 0))
    if draw < 0.13:
        return float(rng.uniform(1, 1.3))
    return float(rng.uniform(0, 1))


def clip_below(
    polygon: NDArray[np.float64], point: tuple[float, float], tilt_rad: float
) -> NDArray[np.float64]:
    """The part of a convex polygon (n, 2) below the line through `point` turned by `tilt_rad`."""
    nx, ny = -math.sin(tilt_rad), math.cos(tilt_rad)
    depth = (polygon[:, 0] - point[0]) * nx + (polygon[:, 1] - point[1]) * ny
    out = []
    for i in range(len(polygon)):
        j = (i + 1) % len(polygon)
        if depth[i] >= 0:
            out.append(polygon[i])
        if (depth[i] >= 0) != (depth[j] >= 0):
            t = depth[i] / (depth[i] - depth[j])
            out.append(polygon[i] + t * (polygon[j] - polygon[i]))
    return np.array(out, np.float64).reshape(-1, 2)


class Level:
    """One level gauge that can be redrawn at any level cheaply.

    `style`: how it looks. `size`: longer side of the texture, px (at least 32).
    """

    def __init__(self, style: LevelStyle, size: int) -> None:
        rng = np.random.default_rng(style.seed)
        self.style = style
        self._body = body = _BUILDERS[style.kind](rng, style, max(32, size))
        wh, ww = body.mask.shape
        self._rows = slice(body.y, body.y + wh)
        self._cols = slice(body.x, body.x + ww)
        self._x = (np.arange(ww, dtype=np.float32) + body.x + 0.5 - body.axis_x)[None, :]
        self._y = (np.arange(wh, dtype=np.float32) + body.y + 0.5)[:, None]
        _set_apart(body)
        still = body.under.px.copy()
        over(still, body.front.px)
        self._still = to_bgra(still)
        ys = body.bore[:, 1]
        span = body.y_start - body.y_end
        self._visible = ((body.y_start - float(ys.max())) / span, (body.y_start - float(ys.min())) / span)
        self._foam: F32 | None = None
        if body.surface.foam:
            froth = noise(rng, wh, ww, "mottle", max(0.3, max(wh, ww) / 400))
            self._foam = np.clip(0.85 + 0.12 * froth, 0.4, 1.1)

    def instrument(self, fraction: float, surface_tilt_rad: float = 0.0) -> Instrument:
        """The gauge at `fraction` of its scale, its surface turned clockwise in the texture.

        A level beyond the visible part of the tube is shown, and reported, at that part's end: there is
        then no SURFACE landmark, and an empty tube has no LIQUID either. A staff in open water has no
        LIQUID and no START: its foot is out of sight.
        """
        body = self._body
        low, high = self._visible
        if body.open_water:
            fraction = min(max(fraction, 0.08), 0.97)
        shown = min(max(fraction, low), high)
        ys = body.y_start + (body.y_end - body.y_start) * shown
        hidden = fraction <= low or fraction >= high
        if hidden:  # well out of the window, so that no meniscus peeks in
            ys += (2 * body.half + body.surface.foam + 4) * (1 if fraction <= low else -1)
        tilt = 0.0 if body.surface.pitch else surface_tilt_rad
        bgra = self._still.copy()
        bgra[self._rows, self._cols] = to_bgra(self._window(ys, tilt))
        layers = [Layer(bgra, 0.0, body.glass)]
        if body.top is not None:
            layers.append(Layer(body.top.bgra(), body.top_height))
        polygons = {SegmentClass.TUBE: body.tube}
        point = (body.axis_x, ys)
        wet = clip_below(body.bore, point, tilt)
        if len(wet) > 2:
            polygons[SegmentClass.LIQUID] = wet
        start, end = (body.axis_x, body.y_start), (body.axis_x, body.y_end)
        landmarks = {SegmentClass.START: start, SegmentClass.END: end}
        if not hidden:
            landmarks[SegmentClass.SURFACE] = point
        outline = body.outline
        if body.open_water:
            del polygons[SegmentClass.LIQUID], landmarks[SegmentClass.START]
            polygons[SegmentClass.TUBE] = clip_below(body.tube, point, tilt + math.pi)
            outline = clip_below(body.tube, (body.axis_x, ys + 0.03 * (body.y_start - body.y_end)), math.pi)
        anchors = body.plan.anchors
        steps = np.diff(np.array(anchors), axis=0)
        slopes = steps[:, 1] / steps[:, 0]
        linear = bool(np.ptp(slopes) < 1e-6 * max(1e-9, float(np.abs(slopes).max())))
        tags = {self.style.kind, f"fluid_{self.style.fluid}", *body.tags}
        if hidden:
            tags.add("empty" if fraction <= low else "full")
        if not linear:
            tags.add("nonlinear")
        if body.surface.foam:
            tags.add("foam")
        return Instrument(
            kind=MeterKind.LEVEL,
            layers=tuple(layers),
            outline=outline,
            outline_height=0.0,
            polygons=polygons,
            landmarks=landmarks,
            heights=dict.fromkeys([*polygons, *landmarks], 0.0),
            scale=LevelScale(start, end, anchors, linear),
            fraction=shown,
            unit=body.plan.unit,
            range=(anchors[0][1], anchors[-1][1]),
            tags=frozenset(tags),
        )

    def _window(self, ys: float, tilt: float) -> F32:
        """The contents' window with its surroundings, premultiplied."""
        body = self._body
        depth = -self._x * math.sin(tilt) + (self._y - ys) * math.cos(tilt)
        if body.surface.rise:
            at_wall = np.minimum(np.abs(self._x) / max(1.0, body.half), 1.2) ** 4
            depth = depth + body.surface.rise * at_wall
        full = np.asarray(np.clip(depth + 0.5, 0, 1) * body.wet[None, :], np.float32)
        px: F32 = np.asarray(cv2.subtract(body.liquid, body.gas), np.float32)
        cv2.multiply(px, cv2.merge([full] * 4), dst=px)
        cv2.add(px, body.gas, dst=px)
        self._draw_surface(px, np.asarray(depth, np.float32))
        if body.surface.pitch:
            self._turn_flap(px, ys)
        cv2.multiply(px, cv2.merge([body.mask] * 4), dst=px)
        out = body.under.px[self._rows, self._cols].copy()
        over(out, px)
        over(out, body.front.px[self._rows, self._cols])
        return out

    def _draw_surface(self, px: F32, depth: F32) -> None:
        """Foam, the surface seen from above or below, the lines of the meniscus, a float; `depth` (h, w)."""
        look, wet = self._body.surface, self._body.wet[None, :]
        if self._foam is not None:
            top = np.clip(depth + look.foam * self._foam + 0.5, 0, 1)
            froth = self._foam[..., None] * np.array(look.foam_color, np.float32)
            lay(px, 0.95 * wet * top * np.clip(0.5 - depth, 0, 1), np.clip(froth * 1.1, 0, 255))
        if look.disc:
            u = np.minimum(np.abs(self._x) / max(1.0, self._body.half), 1)
            reach = look.disc * np.sqrt(1 - u**2)
            lay(px, look.disc_alpha * wet * np.clip(reach + 0.5 - np.abs(depth), 0, 1), look.disc_color)
        for offset, half, color, alpha in look.bands:
            lay(px, alpha * wet * np.exp(-(((depth - offset) / half) ** 2)), color)
        if look.ball:
            r = look.ball
            lay(px, np.clip(r + 0.5 - np.hypot(self._x, depth + 0.35 * r), 0, 1), look.ball_color)
            gloss = np.clip(0.4 * r - np.hypot(self._x + 0.3 * r, depth + 0.7 * r), 0, 1)
            lay(px, 0.5 * gloss, (250.0, 250.0, 250.0))

    def _turn_flap(self, px: F32, ys: float) -> None:
        """Shade the flap that is turning over at `ys`: it stands edge-on."""
        pitch = self._body.surface.pitch
        top = float(self._body.tube[:, 1].min())
        middle = top + (math.floor((ys - top) / pitch) + 0.5) * pitch
        row = np.where(np.abs(self._y - middle) < pitch / 2, 0.75, 1.0)
        dim(px, np.broadcast_to(row, px.shape[:2]))
        edge = np.exp(-(((self._y - ys) / max(0.6, pitch * 0.1)) ** 2))
        lay(px, 0.5 * np.broadcast_to(edge, px.shape[:2]), (30.0, 30.0, 32.0))


def _set_apart(body: Body) -> None:
    """Darken or lighten the liquid where the eye could hardly tell it from the gas, in place."""
    wh, ww = body.mask.shape
    seen = []
    for px in (body.gas, body.liquid):
        shown = body.under.px[body.y : body.y + wh, body.x : body.x + ww].copy()
        over(shown, px)
        seen.append(shown[..., :3] + 128 * (1 - shown[..., 3:]))
    inside = body.mask > 0.5
    if inside.any() and float(np.abs(seen[0] - seen[1])[inside].mean()) < 18:
        tone = 25.0 if float(seen[0][inside].mean()) > 90 else 210.0
        lay(body.liquid, np.full((wh, ww), 0.22), (tone, tone, tone))


def draw_level(
    rng: np.random.Generator,
    size: int,
    fraction: float | None = None,
    style: LevelStyle | None = None,
    surface_tilt_rad: float = 0.0,
) -> Instrument:
    """A level gauge whose texture's longer side is `size` px; what is not given is random."""
    level = Level(style or sample_level_style(rng), size)
    return level.instrument(sample_fraction(rng) if fraction is None else fraction, surface_tilt_rad)
