"""Ranges, units and graduations as makers print them."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Rng = np.random.Generator
T = TypeVar("T")

_RENARD = (
    0.6,
    1.0,
    1.6,
    2.5,
    4.0,
    6.0,
    10.0,
    16.0,
    25.0,
    40.0,
    60.0,
    100.0,
    160.0,
    250.0,
    400.0,
    600.0,
    1000.0,
)
_PSI = (
    15,
    30,
    60,
    100,
    120,
    140,
    150,
    160,
    180,
    200,
    220,
    250,
    300,
    400,
    500,
    600,
    800,
    1000,
    1500,
    2000,
    2500,
    3000,
    4000,
    5000,
    6000,
    10000,
)
_TEMPERATURES = (
    (0, 60),
    (0, 80),
    (0, 100),
    (0, 120),
    (0, 150),
    (0, 160),
    (0, 200),
    (0, 250),
    (0, 300),
    (0, 400),
    (0, 500),
    (-20, 60),
    (-20, 80),
    (-20, 100),
    (-20, 120),
    (-30, 50),
    (-30, 70),
    (-40, 40),
    (-40, 60),
    (-50, 50),
    (-80, 60),
    (20, 120),
    (50, 250),
    (50, 550),
    (100, 500),
)
_UNIT_OF_BAR = {
    "bar": 1.0,
    "psi": 14.5038,
    "kPa": 100.0,
    "MPa": 0.1,
    "kg/cm²": 1.01972,
    "kgf/cm²": 1.01972,
    "inHg": 29.53,
    "mbar": 1000.0,
    "atm": 0.98692,
}


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


def pressure_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a pressure gauge."""
    unit = choose(rng, ("bar", "MPa", "psi", "kPa", "kg/cm²", "mbar", "kgf/cm²"), (30, 24, 22, 10, 4, 4, 3))
    if unit == "psi":
        return 0.0, float(choose(rng, _PSI)), unit
    if unit == "MPa":
        return 0.0, choose(rng, tuple(round(v / 10, 3) for v in _RENARD)), unit
    if unit == "kPa":
        return 0.0, choose(rng, tuple(v for v in _RENARD if v >= 6) + (1600.0, 2500.0, 16000.0)), unit
    if unit == "mbar":
        return 0.0, choose(rng, (25.0, 40.0, 60.0, 100.0, 160.0, 250.0, 400.0, 600.0)), unit
    return 0.0, choose(rng, (*_RENARD, 12.0, 14.0, 15.0, 18.0, 300.0, 350.0)), unit


def compound_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a vacuum, compound or differential gauge."""
    return choose(
        rng,
        (
            (-1.0, 0.0, "bar"),
            (-1.0, 0.6, "bar"),
            (-1.0, 1.5, "bar"),
            (-1.0, 3.0, "bar"),
            (-1.0, 5.0, "bar"),
            (-1.0, 9.0, "bar"),
            (-1.0, 15.0, "bar"),
            (-0.1, 0.0, "MPa"),
            (-0.1, 0.06, "MPa"),
            (-0.1, 0.15, "MPa"),
            (-0.1, 0.3, "MPa"),
            (-0.1, 0.5, "MPa"),
            (-0.1, 0.9, "MPa"),
            (-0.1, 1.5, "MPa"),
            (-0.1, 2.4, "MPa"),
            (-30.0, 0.0, "inHg"),
            (-760.0, 0.0, "mmHg"),
            (-100.0, 0.0, "kPa"),
            (-100.0, 300.0, "kPa"),
            (-500.0, 500.0, "psid"),
            (-60.0, 60.0, "mbar"),
            (-100.0, 100.0, "Pa"),
            (-30.0, 30.0, "inHg"),
            (-15.0, 15.0, "psi"),
            (-15.0, 60.0, "psi"),
            (-250.0, 250.0, "Pa"),
            (-10.0, 50.0, "mbar"),
        ),
    )


def temperature_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a thermometer."""
    low, high = choose(rng, _TEMPERATURES)
    if rng.random() < 0.15:
        low, high = choose(rng, ((0, 200), (20, 240), (0, 250), (50, 500), (-40, 160), (30, 240), (50, 300)))
        return float(low), float(high), "°F"
    return float(low), float(high), "°C"


def electric_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a panel meter."""
    unit = choose(
        rng, ("A", "V", "kV", "mA", "kW", "Hz", "%", "kA", "min⁻¹", "µA"), (40, 26, 5, 7, 5, 4, 5, 3, 2, 2)
    )
    if unit == "V":
        return (
            0.0,
            choose(rng, (10.0, 15.0, 30.0, 50.0, 60.0, 100.0, 150.0, 250.0, 300.0, 450.0, 500.0, 600.0)),
            unit,
        )
    if unit == "Hz":
        return *choose(rng, ((45.0, 55.0), (45.0, 65.0), (55.0, 65.0), (40.0, 60.0))), unit
    if unit == "%":
        return 0.0, choose(rng, (100.0, 120.0)), unit
    if unit == "min⁻¹":
        return 0.0, choose(rng, (1500.0, 2000.0, 3000.0, 6000.0)), "rpm"
    if rng.random() < 0.08:
        half = choose(rng, (10.0, 30.0, 50.0, 60.0, 100.0))
        return -half, half, unit
    return (
        0.0,
        choose(
            rng,
            (
                1.0,
                3.0,
                5.0,
                10.0,
                15.0,
                20.0,
                30.0,
                50.0,
                75.0,
                100.0,
                150.0,
                200.0,
                250.0,
                300.0,
                400.0,
                500.0,
                600.0,
                800.0,
                1000.0,
            ),
        ),
        unit,
    )


def car_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a dashboard instrument."""
    return choose(
        rng,
        (
            (0.0, 80.0, "psi"),
            (0.0, 100.0, "psi"),
            (0.0, 20.0, "psi"),
            (0.0, 15.0, "psi"),
            (0.0, 60.0, "psi"),
            (0.0, 160.0, "psi"),
            (0.0, 10.0, "bar"),
            (0.0, 5.0, "bar"),
            (0.0, 8.0, "bar"),
            (-1.0, 2.0, "bar"),
            (-1.0, 3.0, "bar"),
            (-30.0, 30.0, "psi"),
            (40.0, 120.0, "°C"),
            (50.0, 150.0, "°C"),
            (20.0, 140.0, "°C"),
            (100.0, 280.0, "°F"),
            (100.0, 250.0, "°F"),
            (8.0, 16.0, "V"),
            (8.0, 18.0, "V"),
            (10.0, 16.0, "V"),
            (0.0, 8.0, "rpm"),
            (0.0, 7.0, "rpm"),
            (0.0, 180.0, "km/h"),
            (0.0, 240.0, "km/h"),
            (0.0, 140.0, "mph"),
            (0.0, 60.0, "psi"),
            (0.0, 15.0, "psi"),
        ),
    )


def second_range(
    rng: Rng, low: float, high: float, unit: str
) -> tuple[float, float, str, float, float] | None:
    """Return a second scale (low, high, unit, ratio, offset: second = first * ratio + offset), or None."""
    if unit == "°C":
        return (
            float(np.ceil((low * 1.8 + 32) / 20) * 20),
            float(np.floor((high * 1.8 + 32) / 20) * 20),
            "°F",
            1.8,
            32.0,
        )
    if unit not in _UNIT_OF_BAR:
        return None
    other = choose(rng, tuple(u for u in ("psi", "bar", "kPa", "kg/cm²", "MPa", "psi", "bar") if u != unit))
    ratio = _UNIT_OF_BAR[other] / _UNIT_OF_BAR[unit]
    top, bottom = high * ratio, low * ratio
    if top <= 0:
        return None
    unit_step = 10.0 ** np.floor(np.log10(top))
    ends = [
        m * unit_step
        for m in (
            1.0,
            1.2,
            1.4,
            1.5,
            1.6,
            2.0,
            2.2,
            2.3,
            2.5,
            3.0,
            3.5,
            3.6,
            4.0,
            4.5,
            5.0,
            5.8,
            6.0,
            7.0,
            8.0,
            8.5,
            9.0,
        )
        if m * unit_step <= top * 1.0001
    ]
    end = float(round(ends[-1], 6))
    start = 0.0
    if bottom < 0:
        step = 10.0 ** np.floor(np.log10(-bottom))
        start = -float(np.floor(-bottom / step + 1e-6) * step)
    return start, end, other, ratio, 0.0


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
