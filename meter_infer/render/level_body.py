"""A level gauge without its level: what its builders make and what the surface looks like."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from meter_infer.render.level_marks import Graduation
from meter_infer.render.materials import F32, Color, Sheet, jitter, scaled


@dataclass(slots=True)
class SurfaceLook:
    """What stands at the liquid's surface. Lengths in px of the texture."""

    rise: float = 0.0
    """How far the liquid climbs at the walls (negative: sinks)."""
    disc: float = 0.0
    """Half height of the surface seen as an ellipse (0: seen edge-on)."""
    disc_color: Color = (200.0, 200.0, 200.0)
    disc_alpha: float = 0.5
    bands: tuple[tuple[float, float, Color, float], ...] = ()
    """(offset below the surface, half width, colour, alpha) of lines that go with it."""
    foam: float = 0.0
    """Height of the foam above the surface."""
    foam_color: Color = (225.0, 228.0, 230.0)
    ball: float = 0.0
    """Radius of a float ball that swims in it; 0 for none."""
    ball_color: Color = (40.0, 40.0, 200.0)
    pitch: float = 0.0
    """Flap height of a bicolour indicator; 0 for a real surface."""


def plan_surface(
    rng: np.random.Generator, half: float, color: Color, foam: bool, strong: bool
) -> SurfaceLook:
    """A meniscus for a tube of half width `half`. `strong`: where nothing else tells liquid from gas."""
    look = SurfaceLook(
        rise=half * float(rng.choice([0, 0.08, 0.2, 0.4, -0.08], p=[0.35, 0.25, 0.2, 0.1, 0.1]))
    )
    if rng.random() < 0.3:
        look.disc = half * rng.uniform(0.05, 0.3)
        look.disc_color = scaled(color, rng.uniform(0.6, 1.6))
        look.disc_alpha = rng.uniform(0.25, 0.8)
    bands = []
    wide = max(0.6, half * 0.06)
    if strong or rng.random() < 0.65:
        tone = rng.uniform(0.15, 0.6) if rng.random() < 0.7 else rng.uniform(1.4, 2.2)
        bands.append(
            (
                wide * rng.uniform(-0.3, 0.6),
                wide * rng.uniform(0.7, 2.0),
                scaled(color, tone),
                rng.uniform(0.4, 0.9),
            )
        )
    if rng.random() < 0.5:
        bands.append(
            (
                wide * rng.uniform(-3.5, 4),
                wide * rng.uniform(0.6, 2.0),
                (238.0, 240.0, 240.0),
                rng.uniform(0.2, 0.8),
            )
        )
    if rng.random() < 0.25:
        bands.append(
            (
                half * rng.uniform(-0.7, 0.7),
                half * rng.uniform(0.05, 0.3),
                scaled(color, 0.5),
                rng.uniform(0.1, 0.4),
            )
        )
    look.bands = tuple(bands)
    if foam:
        look.foam = half * rng.uniform(0.15, 1.2)
        look.foam_color = jitter(
            rng,
            scaled((0.7 * 225 + 0.3 * color[0], 0.7 * 228 + 0.3 * color[1], 0.7 * 230 + 0.3 * color[2]), 1.0),
            8,
        )
    return look


@dataclass(slots=True)
class Body:
    """A level gauge without its level: what lies below, inside and above the surface."""

    under: Sheet
    """Body, plate, scale: everything behind or around the contents."""
    x: int
    """Left column of the window that holds the contents."""
    y: int
    """Top row of that window."""
    mask: F32
    """Coverage of the transparent part in the window, (wh, ww)."""
    gas: F32
    """Premultiplied (wh, ww, 4): the window without liquid."""
    liquid: F32
    """The same, full of it."""
    wet: F32
    """(ww,) 1 where liquid can stand, 0 in the thickness of the walls."""
    front: Sheet
    """What lies on the glass: print, highlights, dirt."""
    tube: NDArray[np.float64]
    """(n, 2) the transparent part."""
    bore: NDArray[np.float64]
    """(n, 2) where liquid can stand."""
    axis_x: float
    half: float
    """Half width of the bore."""
    y_start: float
    y_end: float
    plan: Graduation
    surface: SurfaceLook
    outline: NDArray[np.float64]
    glass: bool = False
    top: Sheet | None = None
    """Things in front of the tube, such as rods."""
    top_height: float = 0.0
    open_water: bool = False
    """A staff whose lower part the water hides: the instrument is what stands above it."""
    tags: set[str] = field(default_factory=set)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    """Its four corners, (4, 2)."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def obround(x0: float, y0: float, x1: float, y1: float, radius: float, n: int = 10) -> NDArray[np.float64]:
    """A box with round corners, (4n, 2)."""
    radius = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    t = np.linspace(0, np.pi / 2, n)
    parts = []
    for k, (cx, cy) in enumerate(
        (
            (x1 - radius, y1 - radius),
            (x0 + radius, y1 - radius),
            (x0 + radius, y0 + radius),
            (x1 - radius, y0 + radius),
        )
    ):
        a = t + k * np.pi / 2
        parts.append(np.stack([cx + radius * np.cos(a), cy + radius * np.sin(a)], 1))
    return np.concatenate(parts)
