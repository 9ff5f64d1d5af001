"""May a value follow the one before it? A rate limit that can never lock up."""

from dataclasses import dataclass, field

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
