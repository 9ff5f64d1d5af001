"""A meter unrolled: the picture that the strip networks look at, and what they say.

A dial is unrolled along its scale and a level gauge along its tube, so that whatever is read lies at a place
along one axis. A small network gives, for each of a few things, the chance of every place: the pointer or the
liquid's surface, the scale's start, its end, and where a dial's scale would begin if all of it were linear.
Beside the picture it is told what the segmenter saw (the *hints*), so that its chances are those of both
(`docs/decisions/0019-strips.md`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, partial
from math import floor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.geometry import TAU, DialGeometry, TubeGeometry, outer
from meter_infer.reading.sampling import Points, Profile
from meter_infer.types import Frame, MeterKind

ROWS = 48
"""Samples across a strip."""
PLACES = {MeterKind.POINTER: 512, MeterKind.LEVEL: 384}
"""Samples along it."""
HINTS = {MeterKind.POINTER: 5, MeterKind.LEVEL: 4}
"""Rows of hints: start, end, tip, hands and the band's own ends; start, end, surface and the liquid's top."""
INNER, OUTER = 0.08, 1.36
"""Radii of the first and last row of a dial's strip, dial coordinates."""
LOW, HIGH = -0.25, 1.25
"""Where a tube's strip begins and ends, shares of the tube from its lower end."""
BESIDE, ASIDE = 16, 0.25
"""Rows on each side of a tube, and how far these reach, share of its length."""
ACROSS = 0.6
"""Half of what the middle rows show, tubes' widths."""
WIDTH = 2.0
"""Standard deviation of a hint, places."""
NEAR = 3
"""Places about a peak that belong to it."""


class Thing(IntEnum):
    """What is looked for along a strip, in the order of the networks' outputs."""

    READING = 0
    """The pointer, where it meets the scale; or the surface."""
    START = 1
    END = 2
    ZERO = 3
    """Of a dial: where its scale would begin if all of it were as its linear part. The start, unless the
    first mark stands too far on; the end stands for a scale that is not linear at all."""


MOST_BEFORE = 0.3
"""How far before its first mark a dial's scale may begin to be linear, share of the scale."""
PLACED = (Thing.READING, Thing.START, Thing.END)
"""Those that are places of what is read: every meter has them."""
THINGS = {MeterKind.POINTER: 4, MeterKind.LEVEL: 3}
"""How many of them a network knows."""


class Axis(Protocol):
    """The places along a strip. Places are counted as the networks count them: the first column is 0."""

    @property
    def kind(self) -> MeterKind:
        """Of the meter."""

    def place_of(self, point: Points) -> float:
        """Return the place of a frame point (2,), in columns, with fractions."""

    def point_at(self, place: float) -> NDArray[np.float64]:
        """Return the frame point (2,) of a place, on the scale or on the tube's axis."""

    def table(self) -> tuple[Profile, Profile]:
        """Return what is sampled: x and y, frame pixels, float32 (ROWS, places) each."""

    @property
    def step(self) -> float:
        """Frame pixels between two columns, at the scale."""


@dataclass(frozen=True, slots=True, eq=False)
class DialAxis:
    """Around a dial, clockwise from the left."""

    dial: DialGeometry
    kind: MeterKind = MeterKind.POINTER

    def place_of(self, point: Points) -> float:
        """See `Axis`; in [-0.5, places - 0.5)."""
        return self.place_of_angle(self.dial.angle_of(point))

    def place_of_angle(self, angle: float) -> float:
        """Return the place of an angle, radians, dial coordinates."""
        return (angle + np.pi) % TAU / TAU * PLACES[self.kind] - 0.5

    def point_at(self, place: float) -> NDArray[np.float64]:
        """See `Axis`."""
        return self.dial.point_at((place + 0.5) / PLACES[self.kind] * TAU - np.pi)

    def table(self) -> tuple[Profile, Profile]:
        """See `Axis`."""
        radii, rays = _circles()
        x, y = (
            outer(radii, ray, float(middle))
            for ray, middle in zip(self.dial.axes @ rays, self.dial.center, strict=True)
        )
        return x, y

    @property
    def step(self) -> float:
        """See `Axis`."""
        return self.dial.radius * TAU / PLACES[self.kind]


@dataclass(frozen=True, slots=True, eq=False)
class TubeAxis:
    """Along a tube, upwards."""

    tube: TubeGeometry
    """The tube from its lower to its upper end."""
    kind: MeterKind = MeterKind.LEVEL

    def place_of(self, point: Points) -> float:
        """See `Axis`; beyond the strip's ends it goes on."""
        return (self.tube.fraction_of(point) - LOW) / (HIGH - LOW) * PLACES[self.kind] - 0.5

    def point_at(self, place: float) -> NDArray[np.float64]:
        """See `Axis`."""
        return self.tube.point_at(LOW + (place + 0.5) / PLACES[self.kind] * (HIGH - LOW))

    def table(self) -> tuple[Profile, Profile]:
        """See `Axis`."""
        tube = self.tube
        inner = ACROSS * tube.width
        rim = inner + ASIDE * tube.length
        side = np.linspace(rim, inner, BESIDE, endpoint=False)
        across = np.concatenate([-side, np.linspace(-inner, inner, ROWS - 2 * BESIDE), side[::-1]])
        places = np.arange(PLACES[self.kind]) + 0.5
        along = (LOW + places / PLACES[self.kind] * (HIGH - LOW)) * tube.length
        ones = np.ones(ROWS)
        x, y = (
            outer(ones, way * along, way_across * across + float(begin))
            for begin, way, way_across in zip(tube.start, tube.direction, tube.normal, strict=True)
        )
        return x, y

    @property
    def step(self) -> float:
        """See `Axis`."""
        return self.tube.length * (HIGH - LOW) / PLACES[self.kind]


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """What a strip network is asked."""

    axis: Axis
    hints: Profile
    """What the segmenter saw along the axis, float32 (hints, places), 0 to 1."""


Judge = Callable[[Strip], Profile]
"""Gives the chances of each `Thing` along a strip, float32 (THINGS, places); each row sums to 1."""


class MeterStrips(Protocol):
    """Strip networks. Any thread may ask."""

    def chances(self, frame: Frame, strip: Strip) -> Profile:
        """Return the chances of each place of a frame's strip; see `Judge`."""


def judge_of(strips: MeterStrips | None, frame: Frame) -> Judge | None:
    """Return whom to ask about the meters of a frame; None: nobody."""
    return None if strips is None else partial(strips.chances, frame)


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What a strip network says."""

    axis: Axis
    chances: Profile
    """See `Judge`."""

    def likeliest(self, thing: Thing) -> tuple[NDArray[np.float64], float]:
        """Return the likeliest frame point (2,) of a thing, and the chance that it is there."""
        row = self.chances[thing]
        peak = int(row.argmax())
        near = np.arange(peak - NEAR, peak + NEAR + 1)
        mass = row[near % len(row)]
        if self.axis.kind is MeterKind.LEVEL:
            mass = mass * ((near >= 0) & (near < len(row)))
        total = float(mass.sum())
        return self.axis.point_at(float(mass @ near) / max(total, 1e-9)), total

    def chance(self, thing: Thing, place: float, reach: float) -> float:
        """Return the chance that a thing lies within `reach` places of `place`."""
        row = self.chances[thing]
        off = distances(self.axis.kind, place)
        # a column that lies partly within counts in part
        return float(row @ np.clip(reach + 0.5 - off, 0.0, 1.0))


def distances(kind: MeterKind, place: float) -> NDArray[np.float64]:
    """Return how far each place is from `place`, columns, (places,); around a dial the short way."""
    count = PLACES[kind]
    off: NDArray[np.float64] = np.abs(np.arange(count) - place)
    return np.minimum(off, count - off) if kind is MeterKind.POINTER else off


Sights = Sequence[Sequence[tuple[NDArray[np.float64], float]]]
"""What the segmenter saw, for each row of hints: frame points (2,) and scores."""


def strip_of(axis: Axis, sights: Sights) -> Strip:
    """Return the strip along an axis with what was seen there."""
    return Strip(axis, np.stack([_hint_row(axis, row) for row in sights]))


def _hint_row(axis: Axis, seen: Sequence[tuple[NDArray[np.float64], float]]) -> Profile:
    """Return a row of hints, float32 (places,): a bump for each point with its score."""
    kind = axis.kind
    count = PLACES[kind]
    row = np.zeros(count, np.float32)
    for point, score in seen:
        place = axis.place_of(point)
        first = floor(place)
        near = np.arange(first - 6, first + 8)
        bump = (score * np.exp(-0.5 * ((near - place) / WIDTH) ** 2)).astype(np.float32)
        if kind is MeterKind.LEVEL:
            inside = (near >= 0) & (near < count)
            near, bump = near[inside], bump[inside]
        near %= count
        row[near] = np.maximum(row[near], bump)
    return row


@cache
def _circles() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the radii (ROWS,) of a dial's strip and the unit vectors (2, places) of its columns."""
    count = PLACES[MeterKind.POINTER]
    angles = (np.arange(count) + 0.5) / count * TAU - np.pi
    return np.linspace(INNER, OUTER, ROWS), np.stack([np.cos(angles), np.sin(angles)])
