"""May a value follow the one before it, and how much does it tremble?

Rate limit, median and hysteresis (none can ever lock up), and the spread of the last values.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import sqrt
from statistics import median
from typing import NamedTuple

from meter_infer.events import MeterInfo
from meter_infer.types import Quality, Reading

CONFIRM = 3
"""Consistent frames after which a jump is the truth."""


@dataclass(slots=True)
class RateLimit:
    """Accept values that change no faster than a maximum rate, or that repeat themselves.

    A process value may fall as fast as it rises, and a plant may really trip. So a jump that
    `CONFIRM` frames in a row agree on is accepted, whatever the rate; and a wrong value, once
    accepted, is left again in the same way.
    """

    max_rate: float
    """Largest plausible change, in the meter's unit per second; above 0."""
    tolerance: float
    """By how much readings may be off, in the meter's unit; it does not add up from frame to frame."""
    _accepted: "_Belief | None" = field(default=None, init=False)
    _value: float = field(default=0.0, init=False)
    """The last accepted value."""
    _jump: "_Belief | None" = field(default=None, init=False)
    _repeated: int = field(default=0, init=False)
    """Frames in a row that agree on the jump."""

    def accept(self, value: float, at_s: float) -> tuple[float, bool]:
        """Return the accepted value, and whether it is this frame's own.

        Args:
            value: what this frame says, in the meter's unit.
            at_s: capture time, seconds; a time that does not advance counts as no time.
        """
        here = _Belief(value - self.tolerance, value + self.tolerance, at_s)
        known = here if self._accepted is None else self._accepted.joined(here, self.max_rate)
        if known is None:
            # those who repeat themselves are closer together than what is off either way
            again = _Belief(value - 0.5 * self.tolerance, value + 0.5 * self.tolerance, at_s)
            jump = None if self._jump is None else self._jump.joined(again, self.max_rate)
            self._repeated = 1 if jump is None else self._repeated + 1
            self._jump = jump or again
            if self._repeated < CONFIRM:
                return self._value, False
            known = here
        self._accepted, self._value, self._jump, self._repeated = known, value, None, 0
        return value, True


class _Belief(NamedTuple):
    """Between which limits the true value was, by all that was accepted.

    Were each value compared with the last alone, what runs away by the tolerance in every frame would pass.
    """

    low: float
    high: float
    at_s: float

    def joined(self, later: "_Belief", max_rate: float) -> "_Belief | None":
        """Return the limits by both; None where they contradict each other."""
        way = max_rate * max(0.0, later.at_s - self.at_s)
        low, high = max(self.low - way, later.low), min(self.high + way, later.high)
        return _Belief(low, high, later.at_s) if low <= high else None


@dataclass(slots=True)
class MedianWindow:
    """The median of the last values: one wrong value among them changes next to nothing.

    A true jump passes after half a window. After a pause the window begins anew.
    """

    size: int
    """How many values; odd numbers make sense."""
    pause_s: float = 60.0
    """Without a value for this long the old ones are forgotten."""
    _values: deque[tuple[float, float]] = field(default_factory=deque, init=False)

    def add(self, value: float, at_s: float) -> float:
        """Take a value of the capture time `at_s` and return the median of the window."""
        if self._values and abs(at_s - self._values[-1][1]) > self.pause_s:
            self._values.clear()
        self._values.append((value, at_s))
        while len(self._values) > self.size:
            self._values.popleft()
        return median(value for value, _ in self._values)


@dataclass(slots=True)
class Hysteresis:
    """Hold a value until it has moved by more than a band."""

    band: float
    """In the meter's unit."""
    _held: float | None = field(default=None, init=False)

    def hold(self, value: float) -> float:
        """Return the held value, which follows `value` once that is further away than the band."""
        if self._held is None or abs(value - self._held) > self.band:
            self._held = value
        return self._held


SPREAD_S = 10.0
"""Time over which a meter's spread is taken, seconds."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How much a meter's values have moved in the last `SPREAD_S` seconds."""

    lowest: float
    highest: float
    deviation: float
    """Standard deviation."""
    count: int
    """Values it is taken from."""


@dataclass(slots=True)
class SpreadWindow:
    """The values of the last seconds of one meter: a pointer that vibrates shows in their spread."""

    seconds: float = SPREAD_S
    _values: deque[tuple[float, float]] = field(default_factory=deque, init=False)

    def add(self, value: float, at_s: float) -> None:
        """Take a value of the capture time `at_s`; a time that goes back begins anew."""
        values = self._values
        if values and at_s < values[-1][0]:
            values.clear()
        values.append((at_s, value))
        while values[0][0] < at_s - self.seconds:
            values.popleft()

    def spread(self) -> Spread | None:
        """Return the spread; None before the first value."""
        if not self._values:
            return None
        values = [value for _, value in self._values]
        mean = sum(values) / len(values)
        deviation = sqrt(sum((value - mean) ** 2 for value in values) / len(values))
        return Spread(min(values), max(values), deviation, len(values))


@dataclass(slots=True)
class Spreads:
    """The spread of every meter: of what each frame of a good reading said, before any smoothing."""

    _windows: dict[tuple[str, str], SpreadWindow] = field(default_factory=dict, init=False)
    _infos: dict[tuple[str, str], MeterInfo] = field(default_factory=dict, init=False)

    def add(self, reading: Reading) -> None:
        """Take a reading; one that is not good says nothing."""
        if reading.raw is not None and reading.quality is Quality.GOOD:
            key = reading.camera, reading.meter
            window = self._windows.setdefault(key, SpreadWindow())
            window.add(reading.raw, reading.captured_at.timestamp())

    def of(self, reading: Reading) -> Spread | None:
        """Return the spread of a good reading's meter; None for any other reading."""
        window = self._windows.get((reading.camera, reading.meter))
        return window.spread() if window is not None and reading.quality is Quality.GOOD else None

    def know(self, meters: Iterable[MeterInfo]) -> set[tuple[str, str]]:
        """Take note of all meters; what is gone is forgotten, and one that was configured anew begins anew.

        Values in another unit, or of another place, are no neighbours of those that came before. Returns the
        meters (camera, meter) that are what they were.
        """
        infos = {(info.camera, info.meter): info for info in meters}
        same = {key for key, info in infos.items() if self._infos.get(key) == info}
        self._windows = {key: window for key, window in self._windows.items() if key in same}
        self._infos = infos
        return same
