"""What kinds of level gauges there are, and what may fill them."""

from dataclasses import dataclass

import numpy as np

from meter_infer.render.materials import Color, jitter

KINDS = ("tube", "reflex", "slot", "flap", "tank", "cylinder", "bullseye", "staff")
_SHARES = (0.40, 0.14, 0.12, 0.12, 0.08, 0.06, 0.06, 0.02)

FLUIDS: dict[str, tuple[Color, ...]] = {
    "clear": ((170, 165, 158), (205, 205, 200), (120, 118, 112), (140, 130, 125), (95, 92, 88)),
    "amber": ((40, 140, 215), (30, 110, 190), (25, 90, 160), (60, 170, 225), (20, 60, 120)),
    "dark": ((22, 26, 32), (12, 14, 18), (20, 30, 48), (40, 42, 45)),
    "red": ((40, 35, 190), (30, 25, 140), (70, 60, 215)),
    "blue": ((190, 110, 30), (150, 70, 20), (205, 160, 60)),
    "green": ((70, 170, 60), (60, 120, 30), (90, 220, 150)),
    "milky": ((225, 230, 232), (205, 215, 222), (190, 205, 220)),
    "brown": ((50, 80, 120), (70, 105, 140), (40, 60, 85)),
}
_FLUID_SHARES = (0.36, 0.17, 0.13, 0.09, 0.08, 0.06, 0.06, 0.05)


@dataclass(frozen=True, slots=True)
class LevelStyle:
    """One level gauge: two gauges of equal style look the same but for their level."""

    kind: str
    """One of KINDS."""
    seed: int
    """Everything that is not named here follows from it."""
    fluid: str
    """One of FLUIDS."""
    color: Color
    """The liquid's colour, BGR 0..255."""
    scale: str
    """"none", "glass" (printed on the tube), "plate" or "tape" (beside it)."""
    foam: bool
    """Foam on the surface."""
    wear: float
    """0 (new) to 1 (old and dirty)."""


def sample_level_style(rng: np.random.Generator) -> LevelStyle:
    """A random level gauge."""
    kind = str(rng.choice(KINDS, p=_SHARES))
    fluid = str(rng.choice(list(FLUIDS), p=_FLUID_SHARES))
    colors = FLUIDS[fluid]
    shares = {
        "tube": (0.25, 0.2, 0.3, 0.25),
        "reflex": (0.6, 0.0, 0.4, 0.0),
        "slot": (0.75, 0.1, 0.15, 0.0),
        "flap": (0.3, 0.0, 0.7, 0.0),
        "tank": (0.35, 0.65, 0.0, 0.0),
        "cylinder": (0.15, 0.75, 0.1, 0.0),
        "bullseye": (0.7, 0.3, 0.0, 0.0),
        "staff": (0.0, 1.0, 0.0, 0.0),
    }[kind]
    return LevelStyle(
        kind=kind,
        seed=int(rng.integers(2**62)),
        fluid=fluid,
        color=jitter(rng, colors[int(rng.integers(len(colors)))], 14),
        scale=str(rng.choice(["none", "glass", "plate", "tape"], p=shares)),
        foam=bool(rng.random() < 0.12),
        wear=float(rng.beta(1.2, 2.2)),
    )
