"""Level gauges: tubes, flat glasses, windows, flap indicators, tanks, with their truth.

The surface of a liquid stays level in the world, so a tilted gauge has its surface turned in its texture.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from meter_infer.render.level_parts import Body
from meter_infer.render.level_style import LevelStyle, sample_level_style
from meter_infer.render.level_tubes import build_cylinder, build_staff, build_tank, build_tube
from meter_infer.render.level_windows import build_bullseye, build_flap, build_reflex, build_slot
from meter_infer.render.materials import F32, Color, noise_tile, to_bgra
from meter_infer.render.model import Instrument, Layer, LevelScale
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


def clip_below(polygon: NDArray[np.float64], point: tuple[float, float], tilt_rad: float) -> NDArray[np.float64]:
    """The part of a convex polygon (n, 2) below the line through `point` turned by `tilt_rad`; (0, 2) if none."""
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
        still = body.under.px * (1 - body.front.px[..., 3:]) + body.front.px
        self._still = to_bgra(still)
        ys = body.bore[:, 1]
        span = body.y_start - body.y_end
        self._visible = ((body.y_start - float(ys.max())) / span, (body.y_start - float(ys.min())) / span)
        foam = noise_tile("mottle")
        self._foam = np.clip(0.85 + 0.12 * np.resize(foam[: min(wh, 512), : min(ww, 512)], (wh, ww)), 0.4, 1.1)

    def instrument(self, fraction: float, surface_tilt_rad: float = 0.0) -> Instrument:
        """The gauge at `fraction` of its scale, its surface turned clockwise by `surface_tilt_rad` in the texture.

        A level beyond the visible part of the tube is shown, and reported, at that part's end: there is then no
        SURFACE landmark, and an empty tube has no LIQUID either.
        """
        body = self._body
        low, high = self._visible
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
            outline=body.outline,
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
        body, look = self._body, self._body.surface
        u = np.abs(self._x) / max(1.0, body.half)
        depth = -self._x * math.sin(tilt) + (self._y - ys) * math.cos(tilt)
        if look.rise:
            depth = depth + np.float32(look.rise) * np.minimum(u, 1.2) ** 4
        full = np.clip(depth + 0.5, 0, 1) * body.wet[None, :]
        px = body.gas + (body.liquid - body.gas) * full[..., None]
        wet = body.wet[None, :]
        if look.foam:
            rough = look.foam * self._foam
            _lay(px, np.clip(depth + rough + 0.5, 0, 1) * np.clip(0.5 - depth, 0, 1) * wet, look.foam_color, 0.95)
        if look.disc:
            reach = look.disc * np.sqrt(np.clip(1 - np.minimum(u, 1) ** 2, 0, 1))
            _lay(px, np.clip(reach + 0.5 - np.abs(depth), 0, 1) * wet, look.disc_color, look.disc_alpha)
        for offset, half, color, alpha in look.bands:
            _lay(px, np.exp(-(((depth - offset) / half) ** 2)) * wet, color, alpha)
        if look.pitch:  # the flap that is turning stands edge-on
            top = self._body.tube[0, 1]
            k = math.floor((ys - top) / look.pitch)
            row = np.abs(self._y - (top + (k + 0.5) * look.pitch)) < look.pitch / 2
            px[..., :3] *= np.where(row, 0.75, 1.0)[..., None]
            _lay(px, np.exp(-((depth / max(0.6, look.pitch * 0.1)) ** 2)) * wet, (30.0, 30.0, 32.0), 0.5)
        mask = body.mask[..., None]
        under = body.under.px[self._rows, self._cols]
        front = body.front.px[self._rows, self._cols]
        px *= mask
        px += (1 - px[..., 3:]) * under
        px *= 1 - front[..., 3:]
        px += front
        return np.asarray(px, np.float32)


def _lay(px: F32, mask: NDArray[np.floating], color: Color, alpha: float) -> None:
    a = (mask * alpha).astype(np.float32)[..., None]
    px *= 1 - a
    px[..., :3] += a * np.array(color, np.float32)
    px[..., 3:] += a


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
