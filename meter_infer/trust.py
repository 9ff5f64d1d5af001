"""Between the networks and the frame-rate path: when the networks look, and who of the two is believed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Protocol

import numpy as np

from meter_infer.reading.fast import Course, FastReading
from meter_infer.reading.fast_dial import FastDial
from meter_infer.reading.fast_tube import FastTube
from meter_infer.reading.geometry import TubeGeometry
from meter_infer.reading.look import Look
from meter_infer.reading.quality import GOOD
from meter_infer.types import Luma, Reason
from meter_infer.valuing import MeterState

RECHECK = 0.2
"""Share of the cadence that passes at least between two looks of the networks, however doubtful a meter
is, and twice as much after each that was in vain: one that stays covered must not take all of the
processor. Meters that nobody configured wait for the cadence."""
MOST_PATIENCE = 4.0
"""What that grows to."""
AGREE = 0.02
"""Networks and frame-rate path may differ by this fraction of the scale."""
OTHER_ENDS = 0.15
"""A look that sees a tube's ends so far from where they were, share of its length, sees another tube."""
HEARD = 0.3
"""Confidence from which the frame-rate path is heard where it says something else by twice that: it is not
believed, but the look is not believed either before another has been taken."""
STARVING = 5.0
"""Cadences without a look after which the next no longer gives way to decoding."""
UNVERIFIED = 60.0
"""Cadences, for each meter of the camera, without a look after which the frame-rate path is not believed."""
MEMORY = 0.2
"""Weight of one look in the share of those that were in doubt."""
_GOLDEN = 0.618034
"""Multiples of it, modulo 1, are spread evenly, however many there are."""


class Turn(Protocol):
    """Whose turn it is to use the networks; `with` it they are the caller's own."""

    urgent: bool
    """What they look at cannot wait until the processor has nothing else to do; set by who has the turn."""

    def free(self) -> bool:
        """Say whether nobody uses them just now."""

    def __enter__(self) -> object: ...

    def __exit__(self, *exc: object) -> object: ...


class Alone:
    """The turn of a reader that shares its networks with no other thread."""

    urgent = False

    def free(self) -> bool:
        """Always."""
        return True

    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None: ...


@dataclass(slots=True)
class Schedule:
    """When the networks look at which camera: once in every `cadence_s`, each camera at its own phase.

    The phases lie on a grid of capture time, so that looks which come early (a doubtful meter) do not
    make the cameras fall together later.
    """

    cadence_s: float
    _last: dict[str, float] = field(default_factory=dict)
    _patience: dict[str, float] = field(default_factory=dict)
    """Share of the cadence until the next look out of turn, by camera."""
    _phases: dict[str, float] = field(default_factory=dict)
    _made: Iterator[int] = field(default_factory=count)
    _done: dict[str, float] = field(default_factory=dict)
    """When the frame was taken that the networks looked at last, and were done with."""

    def is_due(self, camera: str, at_s: float, free: bool = True) -> bool:
        """Say whether it is the networks' turn at a frame of a camera.

        Args:
            camera: whose frame it is.
            at_s: capture time, seconds; one that goes back begins anew.
            free: whether nobody else uses the networks. A camera that was never looked at waits for them.
        """
        last = self._last.get(camera)
        if last is None or self.cadence_s <= 0 or at_s < last:
            return True
        if not free:
            return False
        late = at_s - last >= self.cadence_s - 1e-6
        rested = at_s - last >= RECHECK * self.cadence_s - 1e-6
        return late or (rested and self._slot(camera, at_s) > self._slot(camera, last))

    def knows(self, camera: str, at_s: float) -> bool:
        """Say whether the networks ever looked at a camera, before this capture time."""
        last = self._last.get(camera)
        return last is not None and self.cadence_s > 0 and at_s >= last

    def may_look(self, camera: str, at_s: float) -> bool:
        """Say whether the networks may look out of turn."""
        patience = self._patience.get(camera, RECHECK)
        return at_s - self._last.get(camera, 0.0) >= patience * self.cadence_s - 1e-6

    def is_worth_a_look(self, state: MeterState, at_s: float) -> bool:
        """Say whether a meter in doubt should be looked at again, whatever else its camera shows."""
        patience = min(MOST_PATIENCE, RECHECK * 2.0 ** min(state.vain, 10))
        return not 0 <= at_s - state.looked_s < patience * self.cadence_s - 1e-6

    def looked(self, camera: str, at_s: float) -> None:
        """Take note that the networks look at a frame."""
        self._last[camera] = at_s

    def looked_early(self, camera: str, at_s: float) -> None:
        """Take note that they do so out of turn."""
        self._last[camera] = at_s
        self._patience[camera] = min(MOST_PATIENCE, 2 * self._patience.get(camera, RECHECK))

    def looked_through(self, camera: str, at_s: float) -> None:
        """Take note that they are done with a frame."""
        self._done[camera] = at_s

    def is_starving(self, camera: str, at_s: float) -> bool:
        """Say whether they have not got to a camera for several times the cadence, or never."""
        return at_s - self._done.get(camera, float("-inf")) > STARVING * self.cadence_s

    def looked_well(self, camera: str) -> None:
        """Take note that their look was not in vain."""
        self._patience.pop(camera, None)

    def forget(self, camera: str) -> None:
        """Forget a camera."""
        for table in (self._last, self._patience, self._phases, self._done):
            table.pop(camera, None)

    @property
    def known(self) -> frozenset[str]:
        """The cameras that are remembered."""
        return frozenset[str]().union(self._last, self._patience, self._phases, self._done)

    def _slot(self, camera: str, at_s: float) -> int:
        phase = self._phases.get(camera)
        if phase is None:
            phase = self._phases[camera] = next(self._made) * _GOLDEN % 1.0
        return int((at_s + 1e-6) / self.cadence_s + 1.0 - phase)


def between(luma: Luma, state: MeterState, unverified: float = 0.0) -> FastReading | None:
    """Read a meter by the frame-rate path; None where that path may not speak.

    `unverified` is how long the networks have not looked at it, in the time they take for all meters of its
    camera: a cadence each.
    """
    if state.fast is None or state.seen is None or state.fresh:
        if state.fast is not None:
            state.fast.course.miss()
        return None
    found = state.follow(luma)
    if found is None:
        return None
    state.coarse |= found.coarse
    if state.dispute is not None:
        return replace(found, confidence=0.0, reason=Reason.DISAGREEMENT)
    if unverified > UNVERIFIED:
        return replace(found, confidence=0.0, reason=Reason.STALE)
    return found


def remember(clear: bool, moved: bool, state: MeterState) -> None:
    """Take note whether a look was good by itself; a good one at another place begins anew."""
    state.clear = clear
    before = 0.5 if moved and clear else state.doubt
    state.doubt = before + MEMORY * ((not clear) - before)


def majority(seen: Look, moved: bool, state: MeterState) -> Look:
    """Doubt a good look where most looks of late at the same meter were not good.

    A meter that is mostly unreadable and for once looks good is as a rule misread for once. The first look
    at a meter counts as it is, and so does the first good one after it moved (`moved`). Updates `state`.
    """
    remember(seen.confidence >= GOOD, moved, state)
    if state.clear and state.doubt > 0.5:
        return replace(seen, confidence=0.9 * GOOD, reason=Reason.DISAGREEMENT)
    return seen


def verify(luma: Luma, seen: Look, followed: FastReading | None, moved: bool, state: MeterState) -> Look:
    """Compare a look of the networks with the frame-rate path, and bring that path up to date.

    Args:
        luma: the frame.
        seen: what the networks saw in it.
        followed: what the frame-rate path read in it, if it could.
        moved: whether the networks saw the meter at another place than before.
        state: the meter's; its `fast`, `seen`, `dispute`, `track` and `standing` are changed.

    Where the two contradict each other the look is in doubt until two of three agree: the networks now,
    the networks at their last look, and the frame-rate path. Points in the picture serve only as
    long as it is known where they belong (`standing`).
    """
    if state.setup.calibration_points is not None:
        astray = moved or (followed is not None and followed.reason is Reason.CAMERA_MOVED)
        if state.standing.is_lost(seen.dial or seen.tube, astray):
            state.fast, state.seen, state.dispute = None, None, None
            return replace(seen, confidence=min(seen.confidence, 0.5 * GOOD), reason=Reason.CAMERA_MOVED)
    if moved:
        state.fast, state.dispute = None, None
    if seen.confidence < GOOD or seen.fraction is None:
        state.seen = None
        return seen
    gap = _gap(seen, followed, state)
    if followed is not None and gap is not None and followed.confidence >= HEARD and not moved:
        if abs(gap) <= (AGREE if followed.confidence >= GOOD else 2 * AGREE):
            state.dispute = None
        elif state.dispute is None or abs(gap - state.dispute) > AGREE or not _is_confirmed(luma, seen):
            state.dispute, state.seen = gap, seen
            return replace(seen, confidence=0.5 * GOOD, reason=Reason.DISAGREEMENT)
        else:
            # Twice the same from the networks: the frame-rate path follows something else.
            state.fast, state.dispute = None, None
    elif state.fast is not None and _leaps(seen, followed, gap, state.fast.course):
        # Not seen in between, and somewhere else: it leapt, or one of two looks took another for the pointer.
        state.dispute, state.seen = seen.fraction - state.fast.course.place, seen
        state.fast.course.go(seen.fraction)
        return replace(seen, confidence=0.5 * GOOD, reason=Reason.DISAGREEMENT)
    else:
        state.dispute = None
    state.seen = seen
    _renew(luma, seen, followed, state)
    return seen


def _leaps(seen: Look, followed: FastReading | None, gap: float | None, course: Course) -> bool:
    """Say whether a look sees a pointer where it cannot have got to, and where nobody else sees it."""
    if seen.fraction is None or course.reaches(seen.fraction):
        return False
    return followed is None or gap is None or not followed.leapt or abs(gap) > AGREE


def _gap(seen: Look, followed: FastReading | None, state: MeterState) -> float | None:
    """Return by how much a look reads more than the frame-rate path, share of the scale.

    With points in the picture it matters where the pointer or the surface is in the picture, and not where a
    look saw the scale's ends: both are then compared on the scale that the frame-rate path reads by.
    """
    if followed is None or followed.fraction is None or seen.fraction is None:
        return None
    fast, fraction = state.fast, seen.fraction
    if state.setup.calibration_points is not None:
        if seen.dial is not None and isinstance(fast, FastDial):
            point = seen.dial.point_at(seen.dial.angle_of_fraction(fraction)) - fast.shift
            fraction = fast.geometry.fraction_of_angle(fast.geometry.angle_of(point))
        elif seen.tube is not None and isinstance(fast, FastTube):
            fraction = fast.geometry.fraction_of(seen.tube.point_at(fraction) - fast.shift)
    return fraction - followed.fraction


def _is_confirmed(luma: Luma, seen: Look) -> bool:
    """Say whether the luma plane, asked afresh, says what the networks say twice.

    A picture in which nothing moves is misread twice in the same way.
    """
    if seen.dial is None or seen.pointer is None or seen.fraction is None:
        return True
    found = FastDial(luma, seen.dial, seen.pointer).read(luma).fraction
    return found is not None and abs(found - seen.fraction) <= 0.5 * AGREE


def _as_known(tube: TubeGeometry, fraction: float, fast: FastTube) -> tuple[TubeGeometry, float]:
    """Return a look's tube with the ends that it has between looks, and the surface on it.

    Where points in the picture tell the values, nothing hangs on the ends, and those that the masks see jump
    from look to look: what was learnt of the tube is not to be thrown away with each jump. The look itself
    where its tube is another.
    """
    known = fast.geometry.moved(np.array(fast.shift))
    ends = [tube.fraction_of(end) for end in (known.start, known.end)]
    if max(abs(ends[0]), abs(ends[1] - 1)) > OTHER_ENDS:
        return tube, fraction
    same = TubeGeometry(tube.point_at(ends[0]), tube.point_at(ends[1]), tube.width)
    return same, same.fraction_of(tube.point_at(fraction))


def _renew(luma: Luma, seen: Look, followed: FastReading | None, state: MeterState) -> None:
    """Tell the frame-rate path what the networks saw; build it anew where it does not fit that.

    A pointer that passes another hand may be taken for that by a look, at nearly the same place. What is
    followed well is left only where two looks in a row say so.
    """
    fast, found = state.fast, followed is not None and followed.reason is not Reason.CAMERA_MOVED
    fits = False
    if seen.dial is not None and seen.pointer is not None:
        fits = found and isinstance(fast, FastDial) and fast.verified(seen.dial, seen.pointer)
        followed_well = found and followed is not None and followed.confidence >= GOOD
        state.misfit = not fits and followed_well and not state.misfit
        if state.misfit:
            return
        if not fits:
            state.build(FastDial(luma, seen.dial, seen.pointer))
    elif seen.tube is not None and seen.fraction is not None:
        if found and isinstance(fast, FastTube):
            tube, fraction = seen.tube, seen.fraction
            if state.setup.calibration_points is not None:
                tube, fraction = _as_known(tube, fraction, fast)
            fits = fast.verified(tube, fraction)
        if not fits:
            state.build(FastTube(luma, seen.tube, seen.fraction))
    if state.fast is not None:
        state.standing.know(state.fast.geometry, fits)
