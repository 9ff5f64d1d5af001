"""May a value follow the one before it? Rate limit, median and hysteresis; none can ever lock up."""

from collections import deque
from dataclasses import dataclass, field
from statistics import median

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
    """Values this close agree, in the meter's unit."""
    _accepted: tuple[float, float] | None = field(default=None, init=False)
    _jump: list[tuple[float, float]] = field(default_factory=list, init=False)

    def accept(self, value: float, at_s: float) -> tuple[float, bool]:
        """Return the accepted value, and whether it is this frame's own.

        Args:
            value: what this frame says, in the meter's unit.
            at_s: capture time, seconds; a time that does not advance counts as no time.
        """
        if self._accepted is None or self._within(self._accepted, value, at_s):
            self._accepted = (value, at_s)
            self._jump.clear()
            return value, True
        if self._jump and not self._within(self._jump[-1], value, at_s):
            self._jump.clear()
        self._jump.append((value, at_s))
        if len(self._jump) >= CONFIRM:
            self._accepted = (value, at_s)
            self._jump.clear()
            return value, True
        return self._accepted[0], False

    def _within(self, before: tuple[float, float], value: float, at_s: float) -> bool:
        elapsed = max(0.0, at_s - before[1])
        return abs(value - before[0]) <= self.max_rate * elapsed + self.tolerance


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
