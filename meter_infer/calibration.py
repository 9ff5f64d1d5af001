"""From a position on a scale to a value: piecewise linear, validated, serialised."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from meter_infer.errors import CalibrationError

PicturePoints = tuple[tuple[float, tuple[float, float]], ...]
"""(value, (x, y)): values and where they stand in the picture, pixels."""

GREATEST = 1e12
"""No gauge shows a greater number, and no picture is as wide."""
NEAREST_PX = 3.0
"""Points in the picture that are nearer to each other make a step of chance: a click is off by a pixel."""
LEAST_SPREAD = 0.03
"""Share of the scale over which points must be spread."""
SHARPEST = 40.0
"""By how many times a scale may be steeper or flatter from one point on; overload ranges reach 22."""
SWAY = 1.5
"""By how many times it may be steeper at one point and flatter again at the next. Honest points, rendered and
in photographs, reach 1.13: scales that are not linear bend one way, or at one point."""
_PLACED = 0.01
"""Share of the scale by which points may be off."""
SQUEEZED = 2.0
"""How long the squeezed first bit of a scale is, in shares by which its first mark stands too far on. Once
would do for the marks alone, but most pointers rest there, and their errors would be doubled."""
FARTHEST = 0.25
"""How far beyond the points a value may be read, as a share of what they span."""


_VACUUM = {
    "psi": 14.7, "lb/in2": 14.7, "lbf/in2": 14.7, "lbs/in2": 14.7, "lb/sqin": 14.7, "lbf/sqin": 14.7,
    "bar": 1.013, "mbar": 1013.0, "hpa": 1013.0, "kpa": 101.3, "mpa": 0.1013, "atm": 1.0, "at": 1.033,
    "kg/cm2": 1.033, "kgf/cm2": 1.033, "kp/cm2": 1.033,
}  # fmt: skip
"""How far below the atmosphere a vacuum lies, by unit of pressure."""
_COLUMNS = {14.7: 30.0, 1.033: 76.0}
"""Vacuum in a column of mercury (inches, centimetres), as it is printed beside that unit."""
_DIFFERENTIAL = 1.1
"""By how much below vacuum a scale must begin to be of another kind."""


def mixed_units(ends: tuple[float, float], unit: str | None) -> str | None:
    """Say why a gauge's `range` is hardly in one unit, to go on after "its range"; None where it may be.

    No gauge shows less than a vacuum, but for differential ones, whose scales are mostly as long to both
    sides. What begins at -30 and ends at 150 psi tells its vacuum in inches of mercury, on marks of its own.
    """
    name = (unit or "").lower().replace("²", "2").replace("^2", "2").translate(_BLANK)
    if "hg" in name and any(other in name for other in ("psi", "bar", "kg", "lb", "pa")):
        return f"is in two units, {unit}"
    base = name.removesuffix("(g)").removesuffix("gauge")
    deepest = _VACUUM.get(base) or _VACUUM.get(base.removesuffix("g"))
    low, high = sorted(ends)
    if deepest is None or low >= -_DIFFERENTIAL * deepest or high <= 0.0:
        return None
    if high == -low and high != _COLUMNS.get(deepest):
        return None
    return "begins below vacuum: below zero the numbers are of another unit, unless it shows a difference"


_BLANK = str.maketrans("", "", " .")


def _require_monotonic(values: list[float]) -> None:
    steps = [b - a for a, b in pairwise(values)]
    if not (all(step > 0 for step in steps) or all(step < 0 for step in steps)):
        raise CalibrationError(
            f"The values of a calibration must only rise or only fall along the scale; these are {values}."
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """Which value stands where on a scale; straight lines between the points.

    Raises CalibrationError unless there are at least two points, all numbers are finite, the
    fractions strictly ascend, and the values strictly ascend or strictly descend.
    """

    points: tuple[tuple[float, float], ...]
    """(fraction, value); fraction 0 is the scale's first mark and 1 its last."""
    ends_only: bool = False
    """Only the values of the scale's two ends were given: what lies between them is for its marks to say."""

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise CalibrationError(
                f"A calibration needs at least two points; this one has {len(self.points)}."
            )
        if not all(math.isfinite(number) for point in self.points for number in point):
            raise CalibrationError("The points of a calibration must be finite numbers.")
        fractions = [fraction for fraction, _ in self.points]
        if any(b <= a for a, b in pairwise(fractions)):
            raise CalibrationError(
                f"The fractions of a calibration must ascend, each once; these are {fractions}."
            )
        _require_monotonic([value for _, value in self.points])

    @classmethod
    def from_range(cls, ends: tuple[float, float]) -> Self:
        """Return the straight line from `ends[0]` at the scale's first mark to `ends[1]` at its last."""
        first, last = float(ends[0]), float(ends[1])
        if first == last:
            raise CalibrationError(
                f"A scale from {first:g} to {last:g} has no width; give the values of its two ends."
            )
        return cls(((0.0, first), (1.0, last)), ends_only=True)

    def with_advance(self, advance: float) -> "Calibration":
        """Return the calibration of a dial whose first mark stands too far on (`DialGeometry.advance`).

        Such a scale is linear, ``value = advance + (1 - advance) fraction`` in shares of the range, but for
        its first bit, which is squeezed. That is taken to be `SQUEEZED` times as long as its mark stands too
        far on, so that it has two thirds of its share. Below the first mark, where pointers rest on their
        stops, the scale goes on as if nothing were squeezed. The same where more than the ends was given.
        """
        if not self.ends_only or len(self.points) > 2 or advance <= 0.0:
            return self
        (_, first), (_, last) = self.points
        end = SQUEEZED * advance
        knee = first + (last - first) * (advance + (1 - advance) * end)
        return Calibration(((0.0, first), (end, knee), (1.0, last)), ends_only=True)

    @property
    def ends(self) -> tuple[float, float]:
        """Values of the first and the last point, in the meter's unit."""
        return self.points[0][1], self.points[-1][1]

    @property
    def span(self) -> float:
        """Width of the value range between the first and the last point; above 0, in the meter's unit."""
        return abs(self.points[-1][1] - self.points[0][1])

    def beyond(self, fraction: float) -> float:
        """Return how far `fraction` lies beyond the points, as a share of what they span of the scale."""
        first, last = self.points[0][0], self.points[-1][0]
        return max(first - fraction, fraction - last, 0.0) / (last - first)

    def flaw(self) -> str | None:
        """Say what no honest points are like, to go on after "its calibration points"; None: nothing is."""
        spread = self.points[-1][0] - self.points[0][0]
        if spread < LEAST_SPREAD:
            return f"lie within {100 * spread:.2g} % of its scale; give points that are farther apart"
        steps = [(later[0] - early[0], abs(later[1] - early[1])) for early, later in pairwise(self.points)]
        bends = [_bend(one, two) for one, two in pairwise(steps)]
        sways = [min(abs(one), abs(two)) if one * two < 0 else 0.0 for one, two in pairwise(bends)]
        if sways and max(sways) > math.log(SWAY):
            at = sways.index(max(sways))
            at += abs(bends[at + 1]) > abs(bends[at])
        elif bends and max(map(abs, bends)) > math.log(SHARPEST):
            at = max(range(len(bends)), key=lambda index: abs(bends[index]))
        else:
            return None
        return f"do not fit together near the value {self.points[at + 1][1]:g}; see to it and its place"

    def value(self, fraction: float) -> float:
        """Return the value at `fraction`; the outer segments go on past either end.

        Of a range alone it is the straight line from end to end that goes on below; see `with_advance`.
        """
        if self.ends_only and fraction < 0.0:
            (_, first), (_, last) = self.points[0], self.points[-1]
            return first + (last - first) * fraction
        return _interpolate(
            [point[0] for point in self.points], [point[1] for point in self.points], fraction
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain data for YAML or JSON; `from_dict` is the inverse."""
        points = [{"fraction": fraction, "value": value} for fraction, value in self.points]
        return {"points": points, **({"ends_only": True} if self.ends_only else {})}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Self:
        """Return the calibration that `to_dict` wrote; CalibrationError where the data has another form."""
        points = data.get("points")
        if not isinstance(points, list):
            raise CalibrationError("A calibration needs a list 'points' of {fraction, value}.")
        try:
            return cls(
                tuple((float(point["fraction"]), float(point["value"])) for point in points),
                ends_only=data.get("ends_only") is True,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CalibrationError(
                "Each point of a calibration is {fraction: number, value: number}."
            ) from error


def _bend(before: tuple[float, float], after: tuple[float, float]) -> float:
    """Return the logarithm of how much steeper it goes on, less what the places' errors may do."""
    slopes = [math.log(step) - math.log(width) for width, step in (before, after)]
    loose = sum(math.log1p(_PLACED / width) for width, _ in (before, after))
    bend = slopes[1] - slopes[0]
    return math.copysign(max(0.0, abs(bend) - loose), bend)


def _interpolate(xs: list[float], ys: list[float], x: float) -> float:
    """Piecewise linear through ascending `xs`; the first and last segment extend without end."""
    left = min(max(bisect_right(xs, x) - 1, 0), len(xs) - 2)
    slope = (ys[left + 1] - ys[left]) / (xs[left + 1] - xs[left])
    return ys[left] + slope * (x - xs[left])
