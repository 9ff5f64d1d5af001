"""The product in one screen: frames in, readings out. No threads, no files.

detections = detector.detect(frames)          where the meters are
binding                                        which meter is which
segments = segmenter.segment(crops)            pointer and scale, liquid and tube
geometry and luma                              fraction of the scale
calibration, plausibility                      value
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from meter_infer.binding import Binder, Bound, Place
from meter_infer.calibration import Calibration
from meter_infer.errors import CalibrationError
from meter_infer.plausibility import RateLimit
from meter_infer.reading.geometry import DialGeometry, TubeGeometry
from meter_infer.reading.look import Look, look
from meter_infer.reading.quality import GOOD
from meter_infer.reading.track import DialTrack
from meter_infer.types import (
    Box,
    Detection,
    Frame,
    Luma,
    MeterKind,
    Quality,
    Reading,
    Reason,
    Segment,
)

FRESH_FRAMES = 5
"""Frames of a new place after which a moved camera is no longer reported."""


class MeterDetector(Protocol):
    """Finds meters in frames."""

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """Return the meters of each frame."""


class MeterSegmenter(Protocol):
    """Finds a meter's parts in its crop."""

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        """Return the parts of each meter, in pixels of its frame."""


@dataclass(frozen=True, slots=True)
class MeterSetup:
    """What the configuration says of one meter."""

    camera: str
    meter: str
    kind: MeterKind
    box: Box | None = None
    """Where it is in the picture; None: bound by order."""
    calibration: Calibration | None = None
    """From the range or the calibration points; None: the value is not known, only the fraction."""
    calibration_points: tuple[tuple[float, tuple[float, float]], ...] | None = None
    """(value, (x, y)): marks clicked in the picture; they overrule `calibration`."""
    unit: str | None = None
    max_rate: float | None = None
    """Largest plausible change in units per second; None: any."""


@dataclass(slots=True)
class MeterState:
    """What is remembered of one meter between frames."""

    setup: MeterSetup
    track: DialTrack = field(default_factory=DialTrack)
    limit: RateLimit | None = None
    fresh: int = 0
    """Frames for which a move is still reported."""


class MeterReader:
    """Reads the meters of any number of cameras; one call may mix their frames.

    Args:
        detector: finds meters.
        segmenter: finds their parts.
        meters: what is configured; a camera without any reads whatever it sees.
        automatic: also report meters that no configuration names, with ids of their own.
        max_age_s: frames older than this on arrival in `read` are stale; None: never (files).
    """

    def __init__(
        self,
        detector: MeterDetector,
        segmenter: MeterSegmenter,
        meters: Sequence[MeterSetup] = (),
        *,
        automatic: bool = True,
        max_age_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._detector = detector
        self._segmenter = segmenter
        self._automatic = automatic
        self._max_age_s = max_age_s
        self._clock = clock
        self._binders: dict[str, Binder] = {}
        self._states: dict[tuple[str, str], MeterState] = {}
        for setup in meters:
            places = self._binders.setdefault(setup.camera, Binder(automatic=automatic)).places
            places.append(Place(setup.meter, setup.kind, setup.box))
            self._states[setup.camera, setup.meter] = MeterState(setup)
        self.shapes: dict[tuple[str, str], Look] = {}
        """What the last look at each meter saw, for drawing."""

    def read(self, frames: Sequence[Frame]) -> list[Reading]:
        """Return the readings of all meters of all frames, frame by frame.

        A frame of one brightness (no signal) or one that is too old is not looked at; its
        configured meters are reported ``bad`` all the same: silence is no reading.
        """
        seen = [self._unfit(frame) for frame in frames]
        fit = [frame for frame, reason in zip(frames, seen, strict=True) if reason is None]
        found = iter(self._detector.detect(fit) if fit else [])
        bound = [
            self._binder(frame).bind(next(found)) if reason is None else None
            for frame, reason in zip(frames, seen, strict=True)
        ]
        jobs = [
            (frame, item.box)
            for frame, items in zip(frames, bound, strict=True)
            for item in items or ()
            if item.box is not None
        ]
        segments = iter(self._segmenter.segment(jobs) if jobs else [])
        readings: list[Reading] = []
        for frame, items, reason in zip(frames, bound, seen, strict=True):
            if items is None:
                readings += self._silent(frame, reason or Reason.NO_SIGNAL)
                continue
            for item in items:
                parts = next(segments) if item.box is not None else []
                readings.append(self._reading(frame, item, parts))
        return readings

    def configure(self, camera: str, meters: Sequence[MeterSetup]) -> None:
        """Replace a camera's meters; those that did not change keep what is known of them."""
        binder = self._binders.setdefault(camera, Binder(automatic=self._automatic))
        places = {place.meter: place for place in binder.places if not place.automatic}
        binder.places.clear()
        known = {key: state for key, state in self._states.items() if key[0] == camera}
        for key in known:
            del self._states[key]
            self.shapes.pop(key, None)
        for setup in meters:
            key, place = (camera, setup.meter), places.get(setup.meter)
            state = known.get(key)
            if state is None or place is None or state.setup != setup:
                state, place = MeterState(setup), Place(setup.meter, setup.kind, setup.box)
            self._states[key] = state
            binder.places.append(place)

    def forget(self, camera: str) -> None:
        """Forget a camera and its meters."""
        self._binders.pop(camera, None)
        for key in [key for key in self._states if key[0] == camera]:
            del self._states[key]
            self.shapes.pop(key, None)

    def close(self) -> None:
        """Forget everything; the networks belong to the caller."""
        self._binders.clear()
        self._states.clear()
        self.shapes.clear()

    def _binder(self, frame: Frame) -> Binder:
        return self._binders.setdefault(frame.camera, Binder(automatic=self._automatic))

    def _unfit(self, frame: Frame) -> Reason | None:
        if self._max_age_s is not None and self._clock() - frame.received_s > self._max_age_s:
            return Reason.STALE
        return Reason.NO_SIGNAL if is_blank(frame.luma) else None

    def _silent(self, frame: Frame, reason: Reason) -> list[Reading]:
        places = self._binder(frame).places
        return [self._bad(frame, Bound(p.meter, p.kind, p.box, 0.0), reason) for p in places]

    def _state(self, frame: Frame, bound: Bound) -> MeterState:
        key = frame.camera, bound.meter
        if key not in self._states:
            self._states[key] = MeterState(MeterSetup(frame.camera, bound.meter, bound.kind))
        return self._states[key]

    def _bad(self, frame: Frame, bound: Bound, reason: Reason, confidence: float = 0.0) -> Reading:
        return Reading(
            captured_at=frame.captured_at,
            camera=frame.camera,
            meter=bound.meter,
            kind=bound.kind,
            value=None,
            unit=self._state(frame, bound).setup.unit,
            raw=None,
            fraction=None,
            quality=Quality.BAD,
            reason=reason,
            confidence=confidence,
            frame=frame.index,
            latency_ms=self._latency_ms(frame),
            box=bound.box,
        )

    def _latency_ms(self, frame: Frame) -> float:
        return max(0.0, (self._clock() - frame.received_s) * 1000) if frame.received_s else 0.0

    def _reading(self, frame: Frame, bound: Bound, segments: Sequence[Segment]) -> Reading:
        state = self._state(frame, bound)
        key = frame.camera, bound.meter
        self.shapes.pop(key, None)
        if bound.box is None or (bound.score == 0 and not segments):
            return self._bad(frame, bound, Reason.NO_METER)
        seen, moved = look(bound.kind, frame.luma, bound.box, segments, state.track)
        self.shapes[key] = seen
        if bound.score == 0 and seen.confidence < GOOD:
            return self._bad(frame, bound, Reason.NO_METER)
        if seen.fraction is None:
            return self._bad(frame, bound, seen.reason, seen.confidence)
        state.fresh = FRESH_FRAMES if moved else max(0, state.fresh - 1)
        base = self._bad(frame, bound, seen.reason, seen.confidence)
        return _valued(base, seen, seen.fraction, state, frame.captured_at.timestamp())


def _valued(base: Reading, seen: Look, fraction: float, state: MeterState, at_s: float) -> Reading:
    """Fill in value, quality and reason of a look that gave a fraction."""
    quality = Quality.GOOD if seen.confidence >= GOOD else Quality.UNCERTAIN
    reason = Reason.OK if quality is Quality.GOOD else seen.reason
    calibration = _calibration(state.setup, seen.dial or seen.tube)
    if calibration is None:
        if quality is Quality.GOOD:
            quality, reason = Quality.UNCERTAIN, Reason.UNCALIBRATED
        return replace(base, fraction=fraction, quality=quality, reason=reason)
    raw = calibration.value(fraction)
    value = raw
    if quality is Quality.GOOD and state.fresh:
        quality, reason = Quality.UNCERTAIN, Reason.CAMERA_MOVED
    if quality is Quality.GOOD and state.setup.max_rate is not None:
        if state.limit is None:
            state.limit = RateLimit(state.setup.max_rate, 0.01 * calibration.span)
        value, own = state.limit.accept(raw, at_s)
        if not own:
            quality, reason = Quality.UNCERTAIN, Reason.IMPLAUSIBLE_RATE
    return replace(base, fraction=fraction, raw=raw, value=value, quality=quality, reason=reason)


def _calibration(setup: MeterSetup, geometry: DialGeometry | TubeGeometry | None) -> Calibration | None:
    """Return the meter's calibration; points clicked in the picture are placed by its geometry."""
    points = setup.calibration_points
    if points is None or geometry is None:
        return setup.calibration
    placed: list[tuple[float, float]] = []
    for value, point in points:
        where = np.array(point)
        if isinstance(geometry, DialGeometry):
            placed.append((geometry.fraction_of_angle(geometry.angle_of(where)), value))
        else:
            placed.append((geometry.fraction_of(where), value))
    try:
        return Calibration(tuple(sorted(placed)))
    except CalibrationError:
        return None


def is_blank(luma: Luma) -> bool:
    """Say whether a picture shows nothing at all: one brightness, but for noise."""
    small = luma[:: max(1, luma.shape[0] // 64), :: max(1, luma.shape[1] // 64)]
    if small.size < 64:
        return False
    low, high = np.percentile(small, (2, 98))
    return bool(high - low < 4)
