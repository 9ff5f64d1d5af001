"""Looks of the networks that wait until their frame's readings are out, and readings that wait for them."""

from dataclasses import dataclass, field

from meter_infer.binding import Bound
from meter_infer.types import Frame, Reading

FORGOTTEN_S = 10.0
"""A look that was wanted and has not come by then will not come."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the networks are to look at."""

    frame: Frame
    bound: Bound | None
    """The meter in doubt; None: whichever of the camera's meters was looked at longest ago."""


@dataclass(slots=True)
class Deferral:
    """One look a camera that is wanted or under way. Readings of a meter that wait for it stay in order."""

    _wanted: dict[str, Wanted] = field(default_factory=dict)
    _held: dict[tuple[str, str], list[Reading]] = field(default_factory=dict)
    """By camera and meter, the readings that came since its look was wanted, that of its frame first."""
    _late: dict[str, list[Reading]] = field(default_factory=dict)
    """By camera, what was kept back for a look that never came to its end."""

    def want(self, frame: Frame, bound: Bound | None = None, *, hold: bool = False) -> None:
        """Ask for a look; with `hold` the meter's readings are kept back until it is over."""
        self._wanted[frame.camera] = Wanted(frame, bound)
        if hold and bound is not None:
            self._held[frame.camera, bound.meter] = []

    def wanted(self, frame: Frame) -> Wanted | None:
        """Return the look that is wanted at this frame."""
        wanted = self._wanted.get(frame.camera)
        return wanted if wanted is not None and wanted.frame is frame else None

    def holds(self, wanted: Wanted) -> bool:
        """Say whether readings wait for a look."""
        bound = wanted.bound
        return bound is not None and (wanted.frame.camera, bound.meter) in self._held

    def awaits(self, camera: str, at_s: float) -> bool:
        """Say whether a camera's look is still to come at this capture time; an overdue one is let go."""
        wanted = self._wanted.get(camera)
        if wanted is not None and at_s - wanted.frame.captured_at.timestamp() >= FORGOTTEN_S:
            self.abandon(wanted)
            return False
        return wanted is not None

    def keeps(self, reading: Reading) -> bool:
        """Keep a reading back where its meter waits for a look; say whether it was."""
        held = self._held.get((reading.camera, reading.meter))
        if held is not None:
            held.append(reading)
        return held is not None

    def done(self, wanted: Wanted) -> list[Reading]:
        """Take note that a look is over; return what was kept back for it, if it was not given up."""
        camera = wanted.frame.camera
        if self._wanted.get(camera) is not wanted:
            return []
        del self._wanted[camera]
        return self._held.pop((camera, wanted.bound.meter), []) if wanted.bound is not None else []

    def abandon(self, wanted: Wanted) -> None:
        """Take note that a look failed, or never came; what was kept back for it is `late`."""
        held = self.done(wanted)
        if held:
            self._late.setdefault(wanted.frame.camera, []).extend(held)

    def late(self, camera: str) -> list[Reading]:
        """Return, once, what was kept back for looks that were abandoned."""
        return self._late.pop(camera, [])

    def forget(self, camera: str) -> None:
        """Forget a camera, and what was kept back of it."""
        self._wanted.pop(camera, None)
        self._late.pop(camera, None)
        for key in [key for key in self._held if key[0] == camera]:
            del self._held[key]

    def clear(self) -> None:
        """Forget everything."""
        self._wanted.clear()
        self._held.clear()
        self._late.clear()
