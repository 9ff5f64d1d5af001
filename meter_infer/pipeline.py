"""The product in one screen: frames in, readings out. No threads, no files.

detections = detector.detect(frames)          where the meters are
binding                                        which meter is which
segments = segmenter.segment(crops)            pointer and scale, liquid and tube
geometry and luma                              fraction of the scale
calibration, plausibility                      value
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from meter_infer.binding import Bound
from meter_infer.deferral import Deferral
from meter_infer.looks import MOST_VAIN, SEARCH_EVERY, Looks
from meter_infer.positions import Positions
from meter_infer.reading.look import Again, Look
from meter_infer.reading.quality import GOOD
from meter_infer.reading.sampling import is_blank
from meter_infer.reading.strip import MeterStrips
from meter_infer.roster import Roster
from meter_infer.trust import Alone, Schedule, Turn, between
from meter_infer.types import Box, Detection, Frame, Reading, Reason, Segment
from meter_infer.valuing import MeterSetup, MeterState
from meter_infer.vision.letterbox import second_box

__all__ = ["MeterDetector", "MeterReader", "MeterSegmenter", "MeterSetup"]

DETECT_EVERY = 10
"""One of so many verifications searches the frame; the others look at the meter looked at longest ago."""
WAITED_FOR = 1
"""Looks in vain after which a meter's readings no longer wait for the next, likely to be in vain too."""


class MeterDetector(Protocol):
    """Finds meters in frames."""

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """Return the meters of each frame."""


class MeterSegmenter(Protocol):
    """Finds a meter's parts in its crop."""

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        """Return the parts of each meter, in pixels of its frame."""


class MeterReader:
    """Reads the meters of any number of cameras; one call may mix their frames.

    Several threads may `read` at a time, each other cameras' frames, where they are given a `turn`.

    Args:
        detector: finds meters.
        segmenter: finds their parts.
        meters: what is configured; a camera without any reads whatever it sees.
        automatic: also report meters that no configuration names, with ids of their own.
        max_age_s: frames older than this on arrival in `read` are stale; None: never (files).
        cadence_s: time between two passes of the networks over a camera, by capture time. In between,
            meters that are known are read from the luma plane alone, unless that becomes doubtful:
            then the networks look at once. 0: the networks look at every frame.
        turn: how several threads share the networks. A look that is due waits until they are free, while
            the meters are read from the luma plane.
        deferring: a frame is read from the luma plane even when the networks are due, or a meter is in doubt;
            the caller has them look at it by `verify`, once its readings are out.
        positions: where an earlier run saw meters that are calibrated by points in the picture.
        strips: the strip networks; None: masks and luma plane alone decide.
    """

    def __init__(
        self,
        detector: MeterDetector,
        segmenter: MeterSegmenter,
        meters: Sequence[MeterSetup] = (),
        *,
        automatic: bool = True,
        max_age_s: float | None = None,
        cadence_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        turn: Turn | None = None,
        deferring: bool = False,
        positions: Positions | None = None,
        strips: MeterStrips | None = None,
    ) -> None:
        self._turn: Turn = turn or Alone()
        self._detector = detector
        self._segmenter = segmenter
        self._roster = Roster(meters, automatic=automatic, positions=positions)
        self._max_age_s = max_age_s
        self._clock = clock
        self._schedule = Schedule(cadence_s)
        self._deferring = deferring
        self._deferral = Deferral()
        self._verifications: Counter[str] = Counter()
        self._looks = Looks(
            self._roster,
            self._again,
            strips=strips,
            two_rates=cadence_s > 0,
            deferring=deferring,
            latency_ms=self._latency_ms,
        )

    def read(self, frames: Sequence[Frame]) -> list[Reading]:
        """Return the readings of all meters of all frames, frame by frame.

        A frame of one brightness (no signal) or one that is too old is not looked at; its
        configured meters are reported ``bad`` all the same: silence is no reading.
        """
        sizes = {(frame.camera, frame.width, frame.height) for frame in frames}
        if len(sizes) > len({frame.camera for frame in frames}):
            return [reading for frame in frames for reading in self.read([frame])]
        for frame in frames:
            if (camera := self._roster.meet(frame.camera)) is not None:
                self.forget(camera)
            if self._roster.resize(frame.camera, (frame.width, frame.height)):
                self._forget_frames(frame.camera)
        unfit = [self._unfit(frame) for frame in frames]
        quick = [
            None if reason else self._between(frame) for frame, reason in zip(frames, unfit, strict=True)
        ]
        due = [
            frame
            for frame, reason, done in zip(frames, unfit, quick, strict=True)
            if reason is None and done is None  # no readings are an answer too: nothing is in view
        ]
        seen = iter(self._examine(due) if due else ())
        readings: list[Reading] = []
        for frame, reason, done in zip(frames, unfit, quick, strict=True):
            if reason is not None:
                readings += [each for each in self._silent(frame, reason) if not self._deferral.keeps(each)]
            elif done is not None:
                readings += done
            else:
                found = [self._looks.reading(frame, item, parts) for item, parts in next(seen)]
                if all(reading.confidence >= GOOD for reading in found):
                    self._schedule.looked_well(frame.camera)
                readings += found
        return readings

    def _examine(self, frames: Sequence[Frame]) -> list[list[tuple[Bound, Sequence[Segment]]]]:
        """Run the networks; return each frame's meters and what was found in their crops."""
        with self._turn:
            self._turn.urgent = any(self._is_starving(frame) for frame in frames)
            found = self._detector.detect(frames)
            bound = [self._roster.bind(f.camera, meters) for f, meters in zip(frames, found, strict=True)]
            jobs = [
                (f, item.box) for f, items in zip(frames, bound, strict=True) for item in items if item.box
            ]
            parts = iter(self._segmenter.segment(jobs) if jobs else [])
        for frame in frames:
            self._schedule.looked_through(frame.camera, frame.captured_at.timestamp())
        return [[(item, next(parts) if item.box else ()) for item in items] for items in bound]

    def _again(self, frame: Frame, box: Box) -> Again:
        """Return how to get a second opinion on a meter."""
        urgent = self._turn.urgent  # as the first crop was; another thread may have the turn meanwhile
        return lambda: self._parts(frame, second_box(box), urgent=urgent)

    def _between(self, frame: Frame) -> list[Reading] | None:
        """Read a frame without the networks; None when it is their turn."""
        at_s, schedule, free = frame.captured_at.timestamp(), self._schedule, self._turn.free()
        due = schedule.is_due(frame.camera, at_s, free)
        if due and not (self._deferring and schedule.knows(frame.camera, at_s)):
            schedule.looked(frame.camera, at_s)
            return None
        patient = free and schedule.may_look(frame.camera, at_s)
        readings: list[Reading] = []
        doubtful: list[tuple[MeterState, Bound]] = []
        places = self._roster.places(frame.camera)
        turnaround_s = schedule.cadence_s * max(1, len(places))
        for place in places:
            if place.automatic and place.missed:
                continue
            bound = Bound(place.meter, place.kind, place.box, 1.0)
            state = self._looks.state(frame, bound)
            found = between(frame.luma, state, (at_s - state.looked_s) / turnaround_s)
            if not place.automatic and (found is None or found.confidence < GOOD or found.relit):
                if patient and not self._deferring:
                    schedule.looked_early(frame.camera, at_s)
                    return None
                doubtful.append((state, bound))
            readings.append(self._looks.between(frame, bound, state, found))
        if not self._deferring:
            return readings
        return self._deferred(frame, at_s, due, free, readings, doubtful)

    def _deferred(
        self,
        frame: Frame,
        at_s: float,
        due: bool,
        free: bool,
        readings: list[Reading],
        doubtful: Sequence[tuple[MeterState, Bound]],
    ) -> list[Reading] | None:
        """Choose what the networks look at once the readings are out; None where they come first."""
        schedule = self._schedule
        idle = free and not self._deferral.awaits(frame.camera, at_s)
        ready = [each for each in doubtful if idle and schedule.is_worth_a_look(each[0], at_s)]
        if ready and len(doubtful) == len(readings) and ready[0][0].vain % SEARCH_EVERY == 0:
            schedule.looked(frame.camera, at_s)
            return None  # none of them is where it was: the camera may have moved
        # those in doubt must not keep it from the others; where nothing is known of, something may appear
        if due and idle and (len(doubtful) < len(readings) or not readings):
            schedule.looked(frame.camera, at_s)
            self._deferral.want(frame)
        elif ready:
            state, bound = min(ready, key=lambda each: each[0].looked_s)
            self._deferral.want(frame, bound, hold=state.vain < WAITED_FOR)
            if state.clear:  # a good look, and yet it cannot be followed: one more will not change that
                state.vain = min(MOST_VAIN, state.vain + 2)
        late = self._deferral.late(frame.camera)
        return [*late, *(reading for reading in readings if not self._deferral.keeps(reading))]

    def verify(self, frame: Frame) -> list[Reading]:
        """Have the networks look at a frame that was read without them, where that is wanted.

        Returns the readings of a doubtful meter that waited for it, of this frame and of those that came
        meanwhile; none where they did not wait.
        """
        wanted = self._deferral.wanted(frame)
        if wanted is None:
            return []
        looked: Reading | None = None
        try:
            if wanted.bound is None:
                self._verify(frame)
            else:
                holds = self._deferral.holds(wanted)
                parts = self._parts(frame, wanted.bound.box, urgent=holds)
                looked = self._looks.reading(frame, wanted.bound, parts, limited=holds)
        except BaseException:
            self._deferral.abandon(wanted)
            raise
        held = self._deferral.done(wanted)
        return [looked, *held[1:]] if looked is not None and held else []

    def _verify(self, frame: Frame) -> None:
        self._verifications[frame.camera] += 1
        known = [
            (state.looked_s, bound)
            for place in self._roster.places(frame.camera)
            if place.box is not None and not place.missed
            for bound in (Bound(place.meter, place.kind, place.box, 1.0),)
            if (state := self._looks.state(frame, bound)).fast is not None
        ]
        if self._verifications[frame.camera] % DETECT_EVERY == 0 or not known:
            (items,) = self._examine([frame])
        else:
            bound = min(known, key=lambda each: each[0])[1]
            items = [(bound, self._parts(frame, bound.box))]
        for item, parts in items:
            self._looks.reading(frame, item, parts, limited=False)  # the limit has seen later values

    def _parts(self, frame: Frame, box: Box | None, *, urgent: bool = False) -> Sequence[Segment]:
        """Return what the segmenter finds in the crop around a box; `urgent`: readings wait for it."""
        if box is None:
            return ()
        with self._turn:
            self._turn.urgent = urgent or self._is_starving(frame)
            (parts,) = self._segmenter.segment([(frame, box)])
        self._schedule.looked_through(frame.camera, frame.captured_at.timestamp())
        return parts

    def _is_starving(self, frame: Frame) -> bool:
        return self._schedule.is_starving(frame.camera, frame.captured_at.timestamp())

    @property
    def shapes(self) -> dict[tuple[str, str], Look]:
        """What the last look at each meter saw, for drawing."""
        return self._looks.shapes

    @property
    def positions(self) -> Positions:
        """Where the meters stand that are calibrated by points in the picture, to be told to a later run."""
        return self._roster.positions

    def configure(self, camera: str, meters: Sequence[MeterSetup]) -> None:
        """Replace a camera's meters; those that did not change keep what is known of them."""
        self._roster.configure(camera, meters)
        self._forget_frames(camera)

    def forget(self, camera: str) -> None:
        """Forget a camera and its meters."""
        self._roster.forget(camera)
        self._forget_frames(camera)

    def close(self) -> None:
        """Forget everything; the networks belong to the caller."""
        self._roster.clear()
        self._schedule = Schedule(self._schedule.cadence_s)
        self._deferral.clear()
        self._verifications.clear()
        self.shapes.clear()

    def _forget_frames(self, camera: str) -> None:
        """Forget what was planned and drawn for a camera's frames."""
        self._schedule.forget(camera)
        self._deferral.forget(camera)
        self._verifications.pop(camera, None)
        self._looks.forget(camera)

    def _unfit(self, frame: Frame) -> Reason | None:
        if self._max_age_s is not None and self._clock() - frame.received_s > self._max_age_s:
            return Reason.STALE
        boxes = [place.box for place in self._roster.places(frame.camera) if place.box is not None]
        return Reason.NO_SIGNAL if is_blank(frame.luma, boxes) else None

    def _silent(self, frame: Frame, reason: Reason) -> list[Reading]:
        places = [p for p in self._roster.places(frame.camera) if not (p.automatic and p.missed)]
        return [self._looks.bad(frame, Bound(p.meter, p.kind, p.box, 0.0), reason) for p in places]

    def _latency_ms(self, frame: Frame) -> float:
        return max(0.0, (self._clock() - frame.received_s) * 1000) if frame.received_s else 0.0
