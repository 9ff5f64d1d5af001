"""How probable it is, by a strip network, that a look is right."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meter_infer.calibration import SQUEEZED
from meter_infer.reading.geometry import TAU, DialGeometry, TubeGeometry
from meter_infer.reading.strip import MOST_BEFORE, PLACED, PLACES, Opinion, Thing
from meter_infer.types import MeterKind

LEAST, MOST_PLACES = 1e-3, 96
"""Chance below which a place is left out, and how many are kept: what is left out counts as not right."""
BEHIND = 0.05
"""How far behind the first mark a linear scale may still begin, share of the scale: there the two are
told apart by errors, the network's and those of the scale as it is read."""
SHORTEST = 8.0
"""Places that a scale is long at the least."""
FRACTIONS = np.linspace(0.0, 1.0, 21)
"""Where on a dial's scale it is asked whether a value there is right."""


class Chances(NamedTuple):
    """How probable a look's places, and what is read from them, are by the strip network, each 0 to 1."""

    reading: float
    start: float
    end: float
    right: float
    """That what is read from scale's ends and pointer or surface is right: an error of an end matters the
    less, the farther the pointer is from it."""


def dial_chances(opinion: Opinion, geometry: DialGeometry, angle: float, within: float) -> Chances:
    """Return how probable it is that pointer and ends are where a look puts them.

    Args:
        opinion: of the dial.
        geometry: the dial as it is read.
        angle: where the pointer meets its scale, radians, dial coordinates.
        within: how far off still counts, share of the scale.
    """
    angles = angle, geometry.start_angle, geometry.start_angle + geometry.span
    places = [opinion.axis.place_of(geometry.point_at(each)) for each in angles]
    return _chances(opinion, places, geometry.span / TAU * PLACES[MeterKind.POINTER], within)


def tube_chances(opinion: Opinion, tube: TubeGeometry, fraction: float, within: float) -> Chances:
    """The same for a level gauge."""
    places = [opinion.axis.place_of(point) for point in (tube.point_at(fraction), tube.start, tube.end)]
    return _chances(opinion, places, abs(places[2] - places[1]), within)


def lawful(opinion: Opinion, geometry: DialGeometry, within: float) -> NDArray[np.float64]:
    """Return the chance, for each of `FRACTIONS`, that a dial's value there is the one it is taken to be.

    The value of a scale's first mark is known, whatever follows it, and an error of where the linear part
    would begin moves the others by what is left of the scale. Where no linear part is (the network says
    the end), nothing but the two ends is known.

    Args:
        opinion: of the dial.
        geometry: the dial as it is read, with its `advance`.
        within: how far off still counts, share of the scale.
    """
    start = opinion.axis.place_of(geometry.point_at(geometry.start_angle))
    span = geometry.span / TAU * PLACES[MeterKind.POINTER]
    row = opinion.chances[Thing.ZERO].astype(np.float64)
    count = len(row)
    behind = BEHIND * span
    before = (start - np.arange(count) + behind) % count - behind
    uneven = before >= min(MOST_BEFORE * span, 0.8 * (count - span))
    advances = np.maximum(before, 0.0) / (span + np.maximum(before, 0.0))
    at = FRACTIONS[:, None]
    close = np.abs(_along(at, advances) - _along(at, np.array([geometry.advance]))) <= within
    at_an_end = np.minimum(at, 1 - at) <= within
    result: NDArray[np.float64] = np.where(uneven, at_an_end, close) @ row
    return result


def _along(fractions: NDArray[np.float64], advances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values, shares of the range, by `Calibration.with_advance`, of scales that begin otherwise."""
    linear = advances + (1 - advances) * fractions
    squeezed = fractions * (1 - advances + 1 / SQUEEZED)
    return np.where(fractions < SQUEEZED * advances, squeezed, linear)


def _chances(opinion: Opinion, places: Sequence[float], span: float, within: float) -> Chances:
    """Return all chances of a look; `places` and `span`, the length of its scale, in columns."""
    reach = max(1.0, within * span)
    reading, start, end = (
        opinion.chance(thing, place, reach) for thing, place in zip(PLACED, places, strict=True)
    )
    return Chances(reading, start, end, _right(opinion, places, within))


def _right(opinion: Opinion, places: Sequence[float], within: float) -> float:
    """Return the chance that what is read lies within `within` of the scale of the truth.

    The sum over all places of the scale's two ends, weighed by their chances, of the chance that the pointer
    or surface lies where it makes the reading right; the three are taken to be independent.

    Args:
        opinion: of the meter.
        places: of pointer or surface, beginning and end of the scale as they are read, columns.
        within: share of the scale.
    """
    count = PLACES[opinion.axis.kind]
    reading, start, end = places
    if opinion.axis.kind is MeterKind.POINTER:  # unrolled: clockwise from the start
        end = start + (end - start) % count
        reading = (
            start + (reading - start + 0.5 * (count - end + start)) % count - 0.5 * (count - end + start)
        )
    if abs(end - start) < SHORTEST:
        return 0.0
    fraction = (reading - start) / (end - start)
    (starts, start_chances), (ends, end_chances) = (
        _likely(opinion, thing, place) for thing, place in ((Thing.START, start), (Thing.END, end))
    )
    lengths = ends[None, :] - starts[:, None]
    edges, below = _cumulated(opinion, reading)
    middle, reach = starts[:, None] + fraction * lengths, within * lengths
    hit = np.interp(middle + reach, edges, below) - np.interp(middle - reach, edges, below)
    longest = count if opinion.axis.kind is MeterKind.POINTER else np.inf  # swapped ends make no scale
    hit[(lengths < SHORTEST) | (lengths >= longest)] = 0.0
    return float(start_chances @ hit @ end_chances)


def _likely(opinion: Opinion, thing: Thing, near: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the places where a thing may be, around a dial the short way from `near`, and their chances."""
    row = opinion.chances[thing]
    kept = np.flatnonzero(row >= LEAST)
    if len(kept) > MOST_PLACES:  # an opinion that is none
        kept = np.argsort(row)[-MOST_PLACES:]
    places = kept.astype(np.float64)
    if opinion.axis.kind is MeterKind.POINTER:
        count = len(row)
        places = near + (places - near + 0.5 * count) % count - 0.5 * count
    return places, row[kept].astype(np.float64)


def _cumulated(opinion: Opinion, near: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the edges of the places, and the chance that pointer or surface lies below each."""
    row = opinion.chances[Thing.READING].astype(np.float64)
    edges: NDArray[np.float64] = np.arange(len(row) + 1, dtype=np.float64) - 0.5
    if opinion.axis.kind is MeterKind.POINTER:
        first = round(near) - len(row) // 2
        row, edges = np.roll(row, -first), edges + first
    return edges, np.concatenate([[0.0], np.cumsum(row)])
