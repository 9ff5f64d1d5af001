"""What one look at one meter gives: its reading, and what is remembered of the meter for the next."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from meter_infer.binding import Bound
from meter_infer.reading.fast import FastReading
from meter_infer.reading.look import Again, Look, glance
from meter_infer.reading.quality import GOOD
from meter_infer.reading.strip import MeterStrips, judge_of
from meter_infer.roster import Roster
from meter_infer.trust import majority, remember, verify
from meter_infer.types import Box, Frame, Quality, Reading, Reason, Segment
from meter_infer.valuing import MeterState, unread, valued

SEARCH_EVERY = 4
"""One of so many looks in vain, where all meters of a camera are in doubt, searches the frame."""
MOST_VAIN = 2 * SEARCH_EVERY
"""Looks in vain that are counted: a meter that was covered all night is read soon after."""
FRESH_FRAMES = 5
"""Frames of a new place after which a moved camera is no longer reported."""
FRESH_LOOKS = 2
"""The same where the networks look once in a while: their looks at the new place."""
SETTLED = 10
"""Looks after a good one that could have had a second opinion until the next that can."""


class Looks:
    """Turns looks at meters into readings; when to look is the business of `pipeline.MeterReader`.

    Args:
        roster: what is remembered of each meter.
        again: says how to look at a frame once more, at a box, for a second opinion.
        strips: the strip networks; None: masks and luma plane alone decide.
        two_rates: meters are read between the networks' looks too.
        deferring: a frame was read that way before the networks look at it.
        latency_ms: how long ago a frame arrived.
    """

    def __init__(
        self,
        roster: Roster,
        again: Callable[[Frame, Box], Again],
        *,
        strips: MeterStrips | None,
        two_rates: bool,
        deferring: bool,
        latency_ms: Callable[[Frame], float],
    ) -> None:
        self._roster = roster
        self._again = again
        self._strips = strips
        self._two_rates = two_rates
        self._deferring = deferring
        self._latency_ms = latency_ms
        self.shapes: dict[tuple[str, str], Look] = {}
        """What the last look at each meter saw, for drawing."""

    def state(self, frame: Frame, bound: Bound) -> MeterState:
        """Return what is remembered of a meter."""
        return self._roster.state(frame.camera, bound.meter, bound.kind)

    def reading(
        self, frame: Frame, bound: Bound, parts: Sequence[Segment], *, limited: bool = True
    ) -> Reading:
        """Return what comes of a look of the networks, which found `parts`.

        `limited`: the meter's largest rate is minded; not for a look that comes after later readings.
        """
        state = self.state(frame, bound)
        state.settled = max(0, state.settled - 1)
        again = None if state.settled or bound.box is None else self._again(frame, bound.box)
        state.last = self._looked(frame, bound, state, parts, again, limited)
        state.looked_s = frame.captured_at.timestamp()
        if not state.clear:
            # around and around at the top, so that every fourth still searches
            state.vain += 1 if state.vain < MOST_VAIN else 1 - SEARCH_EVERY
            state.settled = 0
        else:
            state.vain = max(0, state.vain - 1)  # it is out of doubt by degrees, and not by one good look
            if again is not None:
                state.settled = SETTLED
        return state.last

    def _looked(
        self,
        frame: Frame,
        bound: Bound,
        state: MeterState,
        parts: Sequence[Segment],
        again: Again | None,
        limited: bool,
    ) -> Reading:
        key = frame.camera, bound.meter
        self.shapes.pop(key, None)
        if bound.box is None or (bound.score == 0 and not parts):
            remember(False, False, state)
            return self._ended(frame, bound, state, Reason.NO_METER)
        placed = state.setup.calibration_points is not None
        # Other frames of this camera may be read until the second opinion is there, and none after that.
        judge = judge_of(self._strips, frame)
        once = glance(
            bound.kind, frame.luma, bound.box, parts, again, state.apart, judge=judge, placed=placed
        )
        followed = None
        if self._two_rates and state.fast is not None:
            followed = state.follow(frame.luma, again=self._deferring)
            lost = followed is None or followed.reason is Reason.CAMERA_MOVED
            state.swing(None if lost or state.fast is None else state.fast.shift)
        seen, moved = once.joined(state.track)
        state.apart = seen.apart
        state.law.learn(seen.law if seen.confidence >= GOOD else None, moved)
        seen = majority(seen, moved, state)
        self.shapes[key] = seen
        if bound.score == 0 and not state.clear:
            return self._ended(frame, bound, state, Reason.NO_METER)
        fraction = seen.fraction
        if fraction is None:
            return self._ended(frame, bound, state, seen.reason, seen.confidence)
        fresh = FRESH_LOOKS if self._two_rates else FRESH_FRAMES
        state.fresh = fresh if moved else max(0, state.fresh - 1)
        if self._two_rates:
            seen = verify(frame.luma, seen, followed, moved, state)
        base = self.bad(frame, bound, seen.reason, seen.confidence)
        return valued(base, seen, fraction, state, limited=limited)

    def _ended(
        self, frame: Frame, bound: Bound, state: MeterState, reason: Reason, confidence: float = 0.0
    ) -> Reading:
        """Return the reading of a look without a fraction; nobody vouches for what is followed any more."""
        state.seen = None
        return self.bad(frame, bound, reason, confidence)

    def between(self, frame: Frame, bound: Bound, state: MeterState, found: FastReading | None) -> Reading:
        """Return the reading of a frame between two looks of the networks.

        `found` is what `trust.between` gave. It is trusted no further than the networks' last look was, and
        without such a look there is no value.
        """
        trusted = found is not None and found.confidence >= GOOD
        if found is None or not trusted or found.fraction is None or state.seen is None:
            return self._doubtful(frame, bound, state, found)
        sure = min(state.seen.confidence, found.confidence)
        seen = replace(state.seen, fraction=found.fraction, confidence=sure)
        self.shapes[frame.camera, bound.meter] = seen
        base = self.bad(frame, bound, Reason.OK, seen.confidence)
        return valued(base, seen, found.fraction, state, followed=state.fast)

    def _doubtful(self, frame: Frame, bound: Bound, state: MeterState, found: FastReading | None) -> Reading:
        """Return a reading without a value: nothing can be told before the networks look again."""
        key = frame.camera, bound.meter
        if (drawn := self.shapes.get(key)) is not None:  # where it was is not where it is
            self.shapes[key] = replace(drawn, fraction=None, pointer=None)
        last = state.last
        if last is None or last.quality is Quality.GOOD or found is not None:
            reason = Reason.OCCLUDED if found is None else found.reason
            return replace(self.bad(frame, bound, reason), quality=Quality.UNCERTAIN)
        return replace(self.bad(frame, bound, last.reason, last.confidence), quality=last.quality)

    def bad(self, frame: Frame, bound: Bound, reason: Reason, confidence: float = 0.0) -> Reading:
        """Return the reading of a meter that shows nothing, ``bad``."""
        unit = self.state(frame, bound).setup.unit
        return unread(frame, bound, unit, reason, confidence, self._latency_ms(frame))

    def forget(self, camera: str) -> None:
        """Forget what was drawn for a camera's meters."""
        for key in [key for key in self.shapes if key[0] == camera]:
            del self.shapes[key]
