"""The frame-rate path: a meter whose geometry is known, read from the luma plane alone.

`look` needs the networks. Between two of their passes the meter stays where it is and only the pointer
or the liquid moves; finding that again takes a few table lookups. `FastDial` and `FastTube` are built
from a network pass, read every frame after it, and are told of the next pass by `verified`.
"""

import math
from dataclasses import dataclass, field

from meter_infer.types import Reason

LEAPT = 0.2
"""Confidence of what leapt."""
LEAP = 0.1
"""Share of the scale that a pointer or a surface moves from one frame to the next, at most."""
UNSEEN = 0.03
"""The same for each frame in between in which it was not seen."""
MOST_UNSEEN = 0.25
"""And at most: what is seen farther off after a while may be anything that looks like it."""
TAIL = 0.12
"""What leapt by half a turn, to this share of the scale, is the pointer's tail, however long it stays."""
STRIDE = 0.03
"""A move from one frame to the next, share of the scale, that may be a step of a gauge that shows no less."""
STRIDES = 3
"""As many of like size in one direction, each of them between frames in which next to nothing moved, tell."""
ALIKE = 1.6
"""The greatest is no greater than this many times the smallest."""
PERSISTS = 10
"""Frames after which what leapt is believed, if it moved in them as pointers and surfaces do: a step of the
process, or a recording that begins anew. Another ridge is told by the networks before that."""
RELIT = 0.3
"""Change of the logarithm of brightness after which the networks should look."""


@dataclass(frozen=True, slots=True)
class FastReading:
    """What one frame says by the luma plane alone."""

    fraction: float | None
    """None where nothing was found."""
    confidence: float
    """0 to 1; from the contrast, its shape, and how much clearer it is than the second best."""
    reason: Reason = Reason.OK
    """Why there is no confidence; ok where there is."""
    relit: bool = False
    """The light changed much since the networks looked: they should look again, though this reading holds."""
    leapt: bool = False
    """It is clear, but nowhere near where it was: in doubt for that alone."""
    coarse: bool = False
    """The gauge goes by steps (`Strides`): the reading is as good as the gauge, and that is not good."""


@dataclass(slots=True)
class Course:
    """Where a pointer or a surface was last believed to be: from there it moves, it does not leap.

    What leaps is another ridge, a shadow's edge or a reflection as a rule. If it is not, the networks will
    say so: they look as soon as a reading is in doubt. Where they are busy, it is believed as it persists.
    """

    place: float
    """As a fraction of the scale."""
    around: float = math.inf
    """Once around the dial, as a fraction of the scale."""
    half: float = math.inf
    """Half a turn, as a fraction of the scale."""
    _reach: float = LEAP
    _elsewhere: float = math.inf
    """Where it was found in the last frame, if it leapt."""
    _leapt: int = 0
    """Frames since it leapt."""
    _reversed: bool = False
    """It leapt by half a turn."""

    def follows(self, place: float, confidence: float) -> float:
        """Return the confidence with which it is at `place` in the next frame, 0 to 1.

        Args:
            place: where it was found.
            confidence: by itself.
        """
        if confidence < 0.5:
            self.miss()
            self._leapt = 0
            return confidence
        if not self.reaches(place):
            self._reach = 0.5 * LEAP  # one of the two places is wrong: what comes next may be as wrong
            self._leapt = self._leapt + 1 if self._way(place, self._elsewhere) <= LEAP else 1
            if self._leapt == 1:
                self._reversed = abs(abs(place - self.place) - self.half) < TAIL
            self._elsewhere = place
            if self._leapt < PERSISTS or self._reversed:
                return LEAPT
        self.go(place)
        return confidence

    def reaches(self, place: float) -> bool:
        """Say whether it can have got there since."""
        return self._way(place, self.place) <= self._reach

    def _way(self, place: float, other: float) -> float:
        way = abs(place - other)
        return min(way, abs(self.around - way))

    def miss(self) -> None:
        """Take note of a frame in which it was not seen."""
        self._reach = max(self._reach, min(self._reach + UNSEEN, MOST_UNSEEN))

    def go(self, place: float) -> None:
        """Take note that it is there."""
        self.place, self._reach, self._leapt = place, LEAP, 0


@dataclass(slots=True)
class Strides:
    """Whether what is followed moves, or goes by steps: the flaps of a magnetic indicator turn one by one.

    Where it stands within a step nobody can see.
    """

    coarse: bool = False
    """It goes by steps of `STRIDE` at least."""
    _place: float | None = None
    _moves: tuple[float, float] = (0.0, 0.0)
    _steps: list[float] = field(default_factory=list)

    def go(self, place: float | None) -> None:
        """Take note of where it is in the next frame, as a fraction of the scale; None where nobody knows."""
        before, self._place = self._place, place
        if place is None or before is None:
            self._moves = math.inf, math.inf
            return
        (first, step), last = self._moves, place - before
        self._moves = step, last
        if STRIDE < abs(step) < math.inf and max(abs(first), abs(last)) < 0.25 * abs(step):
            if self._steps and (self._steps[-1] > 0) != (step > 0):
                self._steps.clear()
            self._steps = [*self._steps, step][-STRIDES:]
            sizes = [abs(each) for each in self._steps]
            self.coarse |= len(sizes) == STRIDES and max(sizes) < ALIKE * min(sizes)
