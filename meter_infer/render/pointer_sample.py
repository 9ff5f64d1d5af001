"""Sampling of pointers, other hands and hub caps."""

import numpy as np

from meter_infer.render.canvas import Color
from meter_infer.render.dial_range import Rng, choose, uniform
from meter_infer.render.dial_style import HandStyle, HubStyle

Profile = list[tuple[float, float]]

LONGEST_TAIL = 0.65
"""Length of a counterweight, share of the pointer's own. Longer ones are not built: a pointer whose tail
is as long as its tip tells nobody which is which."""

BLACK: Color = (22, 20, 20)
WHITE: Color = (240, 242, 242)
RED: Color = (36, 28, 200)
ORANGE: Color = (20, 84, 236)
YELLOW: Color = (30, 200, 240)
BLUE: Color = (160, 80, 20)
BRASS: Color = (84, 150, 190)
STEEL: Color = (176, 178, 178)


def vary(rng: Rng, color: Color, spread: float = 14.0) -> Color:
    """Return the colour a little changed."""
    shift = rng.normal(0.0, spread, 3) * 0.5 + rng.normal(0.0, spread) * 0.5
    b, g, r = (int(np.clip(c + d, 0, 255)) for c, d in zip(color, shift, strict=True))
    return b, g, r


def shaded(color: Color, gain: float) -> Color:
    """Return the colour lighter (gain > 1) or darker."""
    b, g, r = (int(np.clip(c * gain + (12 if gain > 1 else 0), 0, 255)) for c in color)
    return b, g, r


def _front(rng: Rng, kind: str, length: float, hub: float) -> Profile:
    """Return the profile from the pivot to the tip."""
    n, m, thin = length, uniform(rng, 0.018, 0.042), uniform(rng, 0.003, 0.008)
    if kind == "taper":
        return [(0.0, m), (n * 0.97, thin), (n, 0.0)]
    if kind == "line":
        w = uniform(rng, 0.004, 0.011)
        return [(0.0, w), (n - w, w), (n, 0.0)]
    if kind == "bar":
        w = uniform(rng, 0.014, 0.034)
        end = uniform(rng, 0.5, 4.0) * w
        return [(0.0, w), (n - end, w), (n, uniform(rng, 0.0, 0.3) * w)]
    if kind == "stepped":
        k = uniform(rng, 0.35, 0.7) * n
        return [(0.0, m), (k, m * 0.75), (k + 0.04, thin * 1.3), (n, thin * 0.6)]
    if kind == "spear":
        head = uniform(rng, 0.12, 0.3) * n
        w = uniform(rng, 0.006, 0.014)
        return [(0.0, w * 1.3), (n - head, w), (n - head * 0.75, uniform(rng, 1.8, 3.5) * w), (n, 0.0)]
    if kind == "arrow":
        head = uniform(rng, 0.08, 0.16)
        w = uniform(rng, 0.007, 0.018)
        return [(0.0, w * 1.2), (n - head, w), (n - head, uniform(rng, 2.0, 3.6) * w), (n, 0.0)]
    if kind == "blade":
        k = uniform(rng, 0.55, 0.8) * n
        return [(0.0, m * 0.6), (k, m), (n, 0.0)]
    if kind == "lollipop":
        r, x = uniform(rng, 0.03, 0.055), n * uniform(rng, 0.6, 0.75)
        w = uniform(rng, 0.007, 0.013)
        return [(0.0, w * 1.4), *_disc(x, r, w), (n, 0.0)]
    return [(0.0, m * 1.6), (n, thin * 0.5)]  # "wedge"


def _disc(x: float, r: float, w: float) -> Profile:
    a = np.linspace(np.pi - np.arcsin(min(0.95, w / r)), np.arcsin(min(0.95, w / r)), 9)
    return [(float(x + r * np.cos(t)), float(r * np.sin(t))) for t in a]


def _tail(rng: Rng, kind: str, length: float, root: float) -> tuple[Profile, list[tuple[float, float]]]:
    """Return the profile from the tail's end to the pivot, and its holes."""
    n, holes = length, []
    if kind == "none":
        return [(-min(n, 0.06), root)], []
    if kind == "straight":
        return [(-n, root * uniform(rng, 0.8, 1.1)), (-0.0, root)], []
    if kind == "fan":
        wide = uniform(rng, 0.055, 0.105)
        neck = uniform(rng, 0.014, 0.034)
        end = n * uniform(rng, 0.88, 1.0)
        return [(-n, wide * 0.55), (-end, wide), (-n * 0.42, neck), (-0.02, max(root, neck))], []
    if kind == "flare":
        wide = uniform(rng, 0.04, 0.09)
        return [(-n, wide), (0.0, max(root, 0.02))], []
    if kind == "block":
        wide = uniform(rng, 0.03, 0.06)
        return [(-n, wide), (-n * 0.45, wide), (-n * 0.4, root), (0.0, root)], []
    r = min(uniform(rng, 0.045, 0.085), n * 0.45)
    neck = min(root, r * 0.5)
    if kind in ("ring", "crescent"):
        shift = 0.0 if kind == "ring" else -0.42 * r
        holes.append((-n + r + shift, r * (0.62 if kind == "ring" else 0.72)))
    return [*_round_tail(-n + r, r, neck), (0.0, root)], holes


def _round_tail(x: float, r: float, neck: float) -> Profile:
    a = np.linspace(np.pi, np.arcsin(min(0.95, neck / r)), 12)
    return [(float(x + r * np.cos(t)), float(r * np.sin(t))) for t in a]


def sample_pointer(
    rng: Rng, reach: float, color: Color, tail_room: float, family: str, dark: bool
) -> HandStyle:
    """Return a pointer.

    Args:
        rng: randomness.
        reach: distance from pivot to tip, dial units.
        color: its colour.
        tail_room: the longest tail that fits.
        family: "pressure", "thermometer", "car", "panel" or "any".
        dark: whether the face is dark.
    """
    weights = {
        "pressure": (42, 8, 8, 10, 6, 4, 6, 3, 13),
        "thermometer": (30, 12, 10, 8, 10, 8, 12, 4, 6),
        "car": (20, 6, 40, 4, 2, 2, 8, 1, 17),
        "panel": (18, 50, 8, 8, 8, 3, 2, 1, 2),
        "any": (14, 12, 12, 12, 12, 10, 10, 8, 10),
    }[family]
    kind = choose(
        rng, ("taper", "line", "bar", "stepped", "spear", "arrow", "blade", "lollipop", "wedge"), weights
    )
    tails = {
        "pressure": (6, 12, 48, 12, 8, 3, 4, 7),
        "thermometer": (10, 20, 25, 12, 10, 8, 8, 7),
        "car": (25, 30, 4, 8, 26, 2, 2, 3),
        "panel": (50, 30, 2, 4, 4, 5, 3, 2),
        "any": (10, 18, 16, 14, 12, 10, 10, 10),
    }[family]
    tail_kind = choose(rng, ("none", "straight", "fan", "flare", "block", "disc", "ring", "crescent"), tails)
    front = _front(rng, kind, reach, 0.0)
    tail_length = uniform(rng, 0.14, 0.38) if rng.random() > 0.12 else uniform(rng, 0.35, 0.6)
    tail_length = min(tail_room, tail_length, LONGEST_TAIL * reach)
    tail, holes = _tail(rng, tail_kind, tail_length, front[0][1])
    profile = [*tail, *front]
    if rng.random() < 0.5:  # a small eye around the pivot, part of the sheet metal
        profile = _with_eye(profile, uniform(rng, 0.03, 0.07))
    clean: Profile = []
    for x, w in sorted(profile, key=lambda q: q[0]):
        clean.append((x, w))
    tone = choose(rng, ("none", "half", "tail", "tip"), (66, 20, 10, 4))
    second = shaded(color, uniform(rng, 0.55, 0.85) if sum(color) > 300 else uniform(rng, 1.3, 2.2))
    if tone == "tail":
        second = vary(rng, choose(rng, (BLACK, WHITE, RED, STEEL)), 10)
    if tone == "tip":
        second = vary(rng, choose(rng, (RED, ORANGE, WHITE) if dark else (RED, ORANGE, BLACK)), 10)
    height = uniform(rng, 0.012, 0.05) if rng.random() < 0.85 else uniform(rng, 0.05, 0.08)
    return HandStyle(tuple(clean), tuple(holes), color, second, tone, height)


def _with_eye(profile: Profile, radius: float) -> Profile:
    """Widen a profile to a disc around the pivot."""
    xs, ws = (np.array(v) for v in zip(*sorted(profile), strict=True))
    at = radius * np.cos(np.linspace(np.pi, 0.0, 13))
    grid = np.union1d(xs, at[(at >= xs[0]) & (at <= xs[-1])])
    width = np.interp(grid, xs, ws)
    inside = np.abs(grid) < radius
    width[inside] = np.maximum(width[inside], np.sqrt(radius**2 - grid[inside] ** 2))
    return [(float(x), float(w)) for x, w in zip(grid, width, strict=True)]


def sample_set_hand(rng: Rng, reach: float, above: float) -> HandStyle:
    """Return a set-point or drag hand: slim, mostly red."""
    color = vary(rng, choose(rng, (RED, ORANGE, YELLOW, (60, 150, 50), BLACK, BLUE), (76, 6, 6, 6, 2, 4)))
    kind = choose(rng, ("line", "taper", "arrow", "bar", "wedge"), (35, 30, 10, 10, 15))
    front = _front(rng, kind, reach, 0.0)
    slim = [(x, w * 0.75) for x, w in front]
    return HandStyle(((-uniform(rng, 0.0, 0.08), slim[0][1]), *slim), (), color, color, "none", above)


def sample_hub(rng: Rng, pointer: Color, family: str) -> HubStyle:
    """Return a hub cap; an empty one where the pointer's own eye is all there is."""
    kind = choose(
        rng,
        ("none", "brass", "steel", "black", "pointer", "big", "washer"),
        {
            "pressure": (8, 22, 24, 20, 14, 2, 10),
            "thermometer": (8, 20, 24, 20, 14, 4, 10),
            "car": (4, 4, 6, 36, 16, 32, 2),
            "panel": (20, 14, 14, 34, 8, 6, 4),
            "any": (8, 18, 18, 18, 14, 14, 10),
        }[family],
    )
    if kind == "none":
        return HubStyle((), 0.0, 0.0, 0.0)
    r = uniform(rng, 0.035, 0.075)
    base = {"brass": BRASS, "steel": STEEL, "black": (30, 29, 29), "pointer": pointer, "washer": STEEL}.get(
        kind
    )
    if kind == "big":
        r = uniform(rng, 0.09, 0.24 if family == "car" else 0.16)
        base = choose(rng, ((28, 27, 27), (40, 38, 38), STEEL, pointer), (60, 20, 12, 8))
    base = vary(rng, base or (30, 30, 30), 10)
    rings: list[tuple[float, Color]] = [(r * 1.12, shaded(base, 0.55)), (r, base)]
    if kind == "washer" or rng.random() < 0.35:
        inner = vary(rng, choose(rng, (BRASS, STEEL, (40, 40, 40))), 12)
        rings += [(r * 0.62, shaded(inner, 0.6)), (r * 0.55, inner)]
    slot = rings[-1][0] * uniform(rng, 0.5, 0.9) if rng.random() < 0.3 else 0.0
    return HubStyle(
        tuple(rings), slot, uniform(rng, 0.0, np.pi), uniform(rng, 0.1, 0.9) if rng.random() < 0.6 else 0.0
    )
