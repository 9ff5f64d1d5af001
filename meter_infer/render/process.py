"""How a process value moves: rests, ramps, steps and oscillations, as a damped instrument shows them."""

from math import exp, pi

import numpy as np
from numpy.typing import NDArray

_LOW, _HIGH = 0.04, 0.96


def sample_process(
    rng: np.random.Generator, frames: int, fps: float, quick: bool = True
) -> NDArray[np.float64]:
    """Return a course of mechanical fractions, float64 (frames,), about 0 to 1.

    `quick`: a pointer, whose steps overshoot a little; otherwise a level, which creeps.
    """
    wanted = np.empty(frames)
    value, i = float(rng.uniform(0.1, 0.9)), 0
    while i < frames:
        n = min(frames - i, max(1, round(fps * float(rng.uniform(1.5, 6.0)))))
        kind = str(rng.choice(("rest", "ramp", "step", "wave"), p=(0.2, 0.35, 0.25, 0.2)))
        t = np.arange(1, n + 1) / n
        goal = float(rng.uniform(_LOW, _HIGH))
        if kind == "rest":
            part = np.full(n, value)
        elif kind == "ramp":
            part = value + (goal - value) * t
        elif kind == "step":
            part = np.full(n, goal)
        else:
            swing = min(0.25, value - _LOW, _HIGH - value) * float(rng.uniform(0.4, 1.0))
            part = value + swing * np.sin(2 * pi * t * n / fps / float(rng.uniform(2.0, 6.0)))
        wanted[i : i + n] = part
        value, i = float(np.clip(part[-1], _LOW, _HIGH)), i + n
    return _respond(wanted, fps, *((7.0, 0.5) if quick else (1.6, 1.0)))


def _respond(wanted: NDArray[np.float64], fps: float, omega: float, damping: float) -> NDArray[np.float64]:
    """Return the response of a second-order system (natural frequency rad/s, damping ratio)."""
    out = np.empty_like(wanted)
    x, v = float(wanted[0]), 0.0
    steps = max(1, int(omega / fps * 20))
    dt = 1.0 / fps / steps
    decay = exp(-2.0 * damping * omega * dt)
    for i, goal in enumerate(wanted):
        for _ in range(steps):
            v = v * decay + omega * omega * (float(goal) - x) * dt
            x += v * dt
        out[i] = x
    return np.asarray(np.clip(out, -0.02, 1.02), dtype=np.float64)
