"""Ranges and units as makers print them."""

import numpy as np

from meter_infer.render.dial_range import Rng, choose

_RENARD = (
    0.6, 1.0, 1.6, 2.5, 4.0, 6.0, 10.0, 16.0, 25.0, 40.0, 60.0, 100.0, 160.0, 250.0, 400.0, 600.0, 1000.0,
)  # fmt: skip
_PSI = (
    15, 30, 60, 100, 120, 140, 150, 160, 180, 200, 220, 250, 300, 400, 500, 600, 800, 1000, 1500, 2000,
    2500, 3000, 4000, 5000, 6000, 10000,
)  # fmt: skip
_CELSIUS = (
    (0, 60), (0, 80), (0, 100), (0, 120), (0, 150), (0, 160), (0, 200), (0, 250), (0, 300), (0, 400),
    (0, 500), (-20, 60), (-20, 80), (-20, 100), (-20, 120), (-30, 50), (-30, 70), (-40, 40), (-40, 60),
    (-50, 50), (-80, 60), (20, 120), (50, 250), (50, 550), (100, 500),
)  # fmt: skip
_FAHRENHEIT = ((0, 200), (20, 240), (0, 250), (50, 500), (-40, 160), (30, 240), (50, 300))
_UNIT_OF_BAR = {
    "bar": 1.0, "psi": 14.5038, "kPa": 100.0, "MPa": 0.1, "kg/cm²": 1.01972, "kgf/cm²": 1.01972,
    "inHg": 29.53, "mbar": 1000.0, "atm": 0.98692,
}  # fmt: skip
_COMPOUND = (
    (-1.0, 0.0, "bar"), (-1.0, 0.6, "bar"), (-1.0, 1.5, "bar"), (-1.0, 3.0, "bar"), (-1.0, 5.0, "bar"),
    (-1.0, 9.0, "bar"), (-1.0, 15.0, "bar"), (-0.1, 0.0, "MPa"), (-0.1, 0.06, "MPa"), (-0.1, 0.15, "MPa"),
    (-0.1, 0.3, "MPa"), (-0.1, 0.5, "MPa"), (-0.1, 0.9, "MPa"), (-0.1, 1.5, "MPa"), (-0.1, 2.4, "MPa"),
    (-30.0, 0.0, "inHg"), (-760.0, 0.0, "mmHg"), (-100.0, 0.0, "kPa"), (-100.0, 300.0, "kPa"),
    (-500.0, 500.0, "psid"), (-60.0, 60.0, "mbar"), (-100.0, 100.0, "Pa"), (-30.0, 30.0, "inHg"),
    (-15.0, 15.0, "psi"), (-15.0, 60.0, "psi"), (-250.0, 250.0, "Pa"), (-10.0, 50.0, "mbar"),
    (-30.0, 15.0, "psi"), (-30.0, 30.0, "psi"), (-30.0, 60.0, "psi"), (-30.0, 100.0, "psi"),
    (-30.0, 150.0, "psi"), (-30.0, 200.0, "psi"), (-30.0, 300.0, "psi"), (-76.0, 2.0, "kg/cm²"),
    (-76.0, 4.0, "kg/cm²"), (-76.0, 10.0, "kg/cm²"),
)  # fmt: skip
MERCURY = {("psi", -30.0): 14.73, ("kg/cm²", -76.0): 1.033}
"""Gauges whose vacuum is told in inches or centimetres of mercury, by unit and first mark, and what that mark
is in the unit: below zero their numbers are of another unit, and the scale is even in neither."""
_CAR = (
    (0.0, 80.0, "psi"), (0.0, 100.0, "psi"), (0.0, 20.0, "psi"), (0.0, 15.0, "psi"), (0.0, 60.0, "psi"),
    (0.0, 160.0, "psi"), (0.0, 10.0, "bar"), (0.0, 5.0, "bar"), (0.0, 8.0, "bar"), (-1.0, 2.0, "bar"),
    (-1.0, 3.0, "bar"), (-30.0, 30.0, "psi"), (40.0, 120.0, "°C"), (50.0, 150.0, "°C"),
    (20.0, 140.0, "°C"), (100.0, 280.0, "°F"), (100.0, 250.0, "°F"), (8.0, 16.0, "V"), (8.0, 18.0, "V"),
    (10.0, 16.0, "V"), (0.0, 8.0, "rpm"), (0.0, 7.0, "rpm"), (0.0, 180.0, "km/h"), (0.0, 240.0, "km/h"),
    (0.0, 140.0, "mph"), (5.0, 80.0, "psi"), (0.0, 15.0, "psi"),
)  # fmt: skip
_CURRENTS = (
    1.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0, 250.0, 300.0, 400.0, 500.0,
    600.0, 800.0, 1000.0,
)  # fmt: skip
_VOLTAGES = (10.0, 15.0, 30.0, 50.0, 60.0, 100.0, 150.0, 250.0, 300.0, 450.0, 500.0, 600.0)
_WEATHER = (
    (960.0, 1060.0, "hPa"), (970.0, 1040.0, "mbar"), (720.0, 790.0, "mmHg"), (0.0, 100.0, "%"),
    (-20.0, 60.0, "°C"),
)  # fmt: skip
_REFRIGERANT = (
    (0.0, 500.0, "psi"), (0.0, 800.0, "psi"), (-1.0, 15.0, "bar"), (-1.0, 35.0, "bar"), (0.0, 35.0, "bar"),
    (-30.0, 120.0, "psi"), (-30.0, 250.0, "psi"), (-30.0, 350.0, "psi"), (-30.0, 500.0, "psi"),
)  # fmt: skip
_ROUND_ENDS = (
    1.0, 1.2, 1.4, 1.5, 1.6, 2.0, 2.2, 2.3, 2.5, 3.0, 3.5, 3.6, 4.0, 4.5, 5.0, 5.8, 6.0, 7.0, 8.0, 8.5,
    9.0,
)  # fmt: skip


def pressure_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a pressure gauge."""
    unit = choose(rng, ("bar", "MPa", "psi", "kPa", "kg/cm²", "mbar", "kgf/cm²"), (30, 24, 22, 10, 4, 4, 3))
    if unit == "psi":
        return 0.0, float(choose(rng, _PSI)), unit
    if unit == "MPa":
        return 0.0, choose(rng, tuple(round(v / 10, 3) for v in _RENARD)), unit
    if unit == "kPa":
        return 0.0, choose(rng, (*(v for v in _RENARD if v >= 6), 1600.0, 2500.0, 16000.0)), unit
    if unit == "mbar":
        return 0.0, choose(rng, (25.0, 40.0, 60.0, 100.0, 160.0, 250.0, 400.0, 600.0)), unit
    return 0.0, choose(rng, (*_RENARD, 12.0, 14.0, 15.0, 18.0, 300.0, 350.0)), unit


def compound_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a vacuum, compound or differential gauge."""
    return choose(rng, _COMPOUND)


def temperature_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a thermometer."""
    celsius = rng.random() > 0.15
    low, high = choose(rng, _CELSIUS if celsius else _FAHRENHEIT)
    return float(low), float(high), "°C" if celsius else "°F"


def electric_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a panel meter."""
    unit = choose(
        rng, ("A", "V", "kV", "mA", "kW", "Hz", "%", "kA", "rpm", "µA"), (40, 26, 5, 7, 5, 4, 5, 3, 2, 2)
    )
    if unit == "V":
        return 0.0, choose(rng, _VOLTAGES), unit
    if unit == "Hz":
        low, high = choose(rng, ((45.0, 55.0), (45.0, 65.0), (55.0, 65.0), (40.0, 60.0)))
        return low, high, unit
    if unit == "%":
        return 0.0, choose(rng, (100.0, 120.0)), unit
    if unit == "rpm":
        return 0.0, choose(rng, (1500.0, 2000.0, 3000.0, 6000.0)), unit
    if rng.random() < 0.08:
        half = choose(rng, (10.0, 30.0, 50.0, 60.0, 100.0))
        return -half, half, unit
    return 0.0, choose(rng, _CURRENTS), unit


def car_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a dashboard instrument."""
    return choose(rng, _CAR)


def weather_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a barometer or another of a room's instruments."""
    return choose(rng, _WEATHER)


def refrigerant_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of a refrigeration manifold's gauge."""
    return choose(rng, _REFRIGERANT)


def any_range(rng: Rng) -> tuple[float, float, str]:
    """Return low, high and unit of anything."""
    return choose(rng, (pressure_range, temperature_range, electric_range, car_range, compound_range))(rng)


def second_range(
    rng: Rng, low: float, high: float, unit: str
) -> tuple[float, float, str, float, float] | None:
    """Return a second scale (low, high, unit, ratio, offset: second = first * ratio + offset), or None."""
    if unit == "°C":
        bottom, top = low * 1.8 + 32, high * 1.8 + 32
        return float(np.ceil(bottom / 20) * 20), float(np.floor(top / 20) * 20), "°F", 1.8, 32.0
    if unit not in _UNIT_OF_BAR or (unit, low) in MERCURY:
        return None
    names = ("psi", "bar", "kPa", "kg/cm²", "MPa", "psi", "bar")
    other = choose(rng, tuple(u for u in names if u != unit))
    ratio = _UNIT_OF_BAR[other] / _UNIT_OF_BAR[unit]
    top, bottom = high * ratio, low * ratio
    if top <= 0:
        return None
    decade = 10.0 ** np.floor(np.log10(top))
    end = float(round(max(m * decade for m in _ROUND_ENDS if m * decade <= top * 1.0001), 6))
    start = 0.0
    if bottom < 0:
        step = 10.0 ** np.floor(np.log10(-bottom))
        start = -float(np.floor(-bottom / step + 1e-6) * step)
    return start, end, other, ratio, 0.0
