"""Graduations: which values have marks and numbers, and how those are printed."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Rng = np.random.Generator
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Graduation:
    """Values with marks, and the numbers' text."""

    low: float
    high: float
    unit: str
    majors: tuple[float, ...]
    middles: tuple[float, ...]
    minors: tuple[float, ...]
    step: float
    """Of the numbers."""
    below: float | None = None
    """The same below zero, where another unit stands there."""


def choose(rng: Rng, items: tuple[T, ...] | list[T], weights: tuple[float, ...] | None = None) -> T:
    """Return one of the items, drawn with the given weights."""
    if weights is None:
        return items[int(rng.integers(len(items)))]
    edges = np.cumsum(np.asarray(weights, float))
    return items[min(int(np.searchsorted(edges, rng.random() * edges[-1], side="right")), len(items) - 1)]


def uniform(rng: Rng, low: float, high: float) -> float:
    """Return a plain float from [low, high)."""
    return float(low + (high - low) * rng.random())


def _steps(low: float, high: float, least: int, most: int) -> list[tuple[float, float]]:
    """Major steps (step, mantissa) that put between `least` and `most` intervals on a scale."""
    out = []
    for power in range(-4, 5):
        for mantissa in (1.0, 2.0, 2.5, 3.0, 4.0, 5.0):
            step = mantissa * 10.0**power
            n = (high - low) / step
            if least <= n <= most and abs(n - round(n)) < 1e-6 and abs(low / step - round(low / step)) < 1e-6:
                out.append((step, mantissa))
    return out


_PARTS = {
    1.0: (10, 5, 2, 10, 20),
    2.0: (10, 4, 2, 10, 20),
    2.5: (5, 5, 10),
    3.0: (6, 3, 15),
    4.0: (4, 8, 20),
    5.0: (5, 10, 5, 2),
}


def graduate(
    rng: Rng, low: float, high: float, unit: str, span: float, intervals: tuple[int, int] = (3, 13)
) -> Graduation:
    """Choose marks for a range, none closer together than some 1.1 degrees."""
    found = _steps(low, high, *intervals) or _steps(low, high, 2, 25)
    if found:
        step, mantissa = choose(rng, found)
    else:  # an odd end, such as 0 to 220: marks go on to the end, the last number stands off the step
        raw = (high - low) / uniform(rng, 4.0, 8.0)
        power = 10.0 ** np.floor(np.log10(raw))
        mantissa = float(min((1.0, 2.0, 5.0), key=lambda m: abs(m * power - raw)))
        step = float(mantissa * power)
    first, last = int(np.ceil(low / step - 1e-6)), int(np.floor(high / step + 1e-6))
    majors = [i * step for i in range(first, last + 1)]
    if majors[-1] < high - 1e-6 * step:
        majors.append(high)
    if majors[0] > low + 1e-6 * step:
        majors.insert(0, low)
    per_interval = span * step / (high - low)
    parts = [p for p in _PARTS[mantissa] if per_interval / p > np.radians(1.1)]
    if rng.random() < 0.08:
        parts = [1]
    part = choose(rng, parts) if parts else 1
    fine = step / part
    k0, k1 = int(np.ceil(low / fine - 1e-6)), int(np.floor(high / fine + 1e-6))
    halves = part // 2 if part % 2 == 0 and part >= 4 and rng.random() < 0.75 else 0
    if part == 20:
        halves = choose(rng, (2, 4, 10))
    middles: list[float] = []
    minors: list[float] = []
    for k in range(k0, k1 + 1):
        v = k * fine
        if min(abs(v - m) for m in majors) < 0.01 * fine:
            continue
        (middles if halves and k % halves == 0 else minors).append(v)
    return Graduation(low, high, unit, tuple(majors), tuple(middles), tuple(minors), step)


def number_text(value: float, step: float, comma: bool, bare_point: bool) -> str:
    """Return a number as it is printed on a dial."""
    decimals = 0
    while decimals < 4 and abs(round(step, decimals) - step) > 1e-9:
        decimals += 1
    text = f"{value:.{decimals}f}"
    if "." in text and abs(value - round(value)) < 1e-9:
        text = f"{value:.0f}"
    if text in ("-0", "-0.0"):
        text = "0"
    if bare_point and text.lstrip("-").startswith("0."):
        text = text.replace("0.", ".", 1)
    return text.replace(".", ",") if comma else text
