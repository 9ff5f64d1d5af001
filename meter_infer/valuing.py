"""From a fraction of the scale to a reading: calibration, plausibility, quality."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from meter_infer.binding import Bound
from meter_infer.calibration import FARTHEST, Calibration, PicturePoints, mixed_units
from meter_infer.errors import CalibrationError
from meter_infer.plausibility import RateLimit
from meter_infer.reading.chances import FRACTIONS
from meter_infer.reading.fast import FastReading
from meter_infer.reading.fast_dial import FastDial
from meter_infer.reading.fast_tube import FastTube
from meter_infer.reading.geometry import TAU, DialGeometry, TubeGeometry
from meter_infer.reading.look import Look
from meter_infer.reading.quality import GOOD
from meter_infer.reading.track import DialTrack
from meter_infer.standing import Standing
from meter_infer.types import Box, Frame, Luma, MeterKind, Quality, Reading, Reason

RATE_TOLERANCE = 0.01
"""Share of the span within which two readings agree, whatever the rate."""
LAWFUL = 0.7
"""Chance by the strip network from which a dial's values are believed to run along its scale as a `range`
alone makes them run (`docs/decisions/0024-compressed-zero.md`)."""
LAW_LOOKS = 10
"""Looks whose mean tells that; a later one weighs as much as each of so many."""
POINTS_LEFT = 0.06
"""Shift, as a share of a dial's radius or a scale's length, from which calibration points no longer fit."""
POINTS_OFF = 0.12
"""Distance, in radii, between a dial's centre and that of the circle on which its calibration points stand,
from which they were not placed in this picture. Of rendered dials read well 98 % are below 0.05."""
LEAST_POINTS = 4
"""Points that make a circle worth believing."""
ON_CIRCLE = 0.05
"""Scatter about that circle up to which they are believed, in radii."""
LEAST_ARC = 2.6
"""The arc over which they must be spread, radians."""
NEAR_DIAL = (0.4, 1.5)
"""How far from a dial's centre its points may be, in radii of the scale: on photographs 0.56 to 1.27."""
BEYOND_TUBE = 0.25
"""How far beyond a level gauge's ends its points may lie, as a share of its length: rendered ones lie up to
0.14 beyond them, where the ends were found wrong."""
BESIDE_TUBE = 0.5
"""How far beside its glass. Its axis is known to 2 degrees, which so far away is 2 % of the scale."""

_BENT = "its scale may not be even from end to end, so that a range is not enough; give it a calibration"

logger = logging.getLogger(__name__)


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
    calibration_points: PicturePoints | None = None
    """Marks clicked in the picture; they overrule `calibration`."""
    unit: str | None = None
    max_rate: float | None = None
    """Largest plausible change in units per second; None: any."""


@dataclass(slots=True)
class Law:
    """How probable it is that a `range` alone tells a dial's values: the mean of its looks."""

    chances: NDArray[np.float64] | None = None
    """At each of `FRACTIONS`; None: nobody was asked."""
    count: int = 0
    """Looks that are in it."""

    def learn(self, chances: NDArray[np.float64] | None, anew: bool) -> None:
        """Take what a look says into the mean; `anew`: it may be another dial's."""
        if anew:
            self.chances, self.count = None, 0
        if chances is None:
            return
        self.count = min(self.count + 1, LAW_LOOKS)
        known = chances if self.chances is None else self.chances
        self.chances = known + (chances - known) / self.count

    def at(self, fraction: float) -> float:
        """Return the chance at a fraction of the scale; beyond its last mark nobody knows how it goes on."""
        if self.chances is None:
            return 1.0
        if fraction > 1.0 + RATE_TOLERANCE:
            return float(self.chances[-2])
        return float(np.interp(fraction, FRACTIONS, self.chances))


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A meter's calibration on its geometry, and whether what was given can be meant so."""

    geometry: DialGeometry | TubeGeometry | None
    moved: tuple[float, float]
    """How far (px) the picture had moved since the points were clicked."""
    calibration: Calibration | None
    """None where there is none, or where the points form no function."""
    reason: Reason = Reason.OK
    """Why no reading with it is good."""
    flaw: str = ""
    """What is wrong with what was given, to go on after "its"."""


@dataclass(slots=True)
class MeterState:
    """What is remembered of one meter between frames."""

    setup: MeterSetup
    track: DialTrack = field(default_factory=DialTrack)
    limit: RateLimit | None = None
    fresh: int = 0
    """Frames for which a move is still reported."""
    fast: FastDial | FastTube | None = None
    """Reads between two passes of the networks; None before the first good look."""
    seen: Look | None = None
    """The last good look of the networks."""
    dispute: float | None = None
    """By how much the networks' last look differed from the frame-rate path, where the two disagree."""
    misfit: bool = False
    """The networks' last look agreed with the frame-rate path in what it read, and saw another pointer."""
    last: Reading | None = None
    """What came of the networks' last look."""
    apart: float | None = None
    """By how much the last second opinion differed, share of the scale."""
    looked_s: float = float("-inf")
    """Capture time of the frame that the networks looked at last, seconds."""
    coarse: bool = False
    """The gauge was seen to go by steps of more than a reading may be off, and goes by them for good."""
    clear: bool = False
    """Whether the last look was good by itself, whatever was made of it."""
    doubt: float = 0.5
    """Share of the looks of late that were not `clear`, 0 to 1; at first nothing is known."""
    vain: int = 0
    """Looks that were not `clear`, up to some, less those that were since."""
    settled: int = 0
    """Looks that need no second opinion."""
    placed_on: DialGeometry | TubeGeometry | None = None
    """Where the meter was when its calibration points were first used."""
    standing: Standing = field(default_factory=Standing)
    """Where the picture is by now, for calibration points in it."""
    law: Law = field(default_factory=Law)
    """Whether its range is enough."""
    fitted: Fitted | None = None
    """Its calibration as it was used last."""
    misplaced: bool = False
    """Its box was taken from another picture than its camera's: another meter may stand there."""
    contested: bool = False
    """Another meter in view may be the one that is meant."""
    warned: bool = False
    """It was said in the log what is wrong with its calibration points, or that it needs some."""

    def calibrated(self, geometry: DialGeometry | TubeGeometry | None, moved: tuple[float, float]) -> Fitted:
        """Return the meter's calibration on a geometry, in a picture that has moved so far (px)."""
        known = self.fitted
        if known is None or known.geometry is not geometry or known.moved != moved:
            known = self.fitted = _fit(self.setup, geometry, moved)
        return known

    def build(self, fast: FastDial | FastTube) -> None:
        """Take a new reader between looks, built from the picture as it is now."""
        self.standing.rebuilt()
        self.track.settle()
        self.fast = fast

    def follow(self, luma: Luma, *, again: bool = False) -> FastReading | None:
        """Read a frame by the frame-rate path, perhaps once more (`again`); None where there is none.

        A frame of another size shows another picture: what was known of the old one is of no use for it.
        """
        if self.fast is not None and self.fast.shape != luma.shape:
            self.fast, self.seen = None, None
        if isinstance(self.fast, FastTube):
            return self.fast.read(luma, again=again)
        return None if self.fast is None else self.fast.read(luma)

    def swing(self, shift: tuple[float, float] | None) -> None:
        """Take note of how far (px) the picture has swung since the frame-rate path was built.

        None where it is lost: what was followed just before that is no swing.
        """
        if shift is None:
            self.track.lose()
            return
        self.track.swing = shift
        self.standing.swing(shift)


def unread(
    frame: Frame, bound: Bound, unit: str | None, reason: Reason, confidence: float, latency_ms: float
) -> Reading:
    """Return the reading of a meter that shows nothing, ``bad``."""
    return Reading(
        captured_at=frame.captured_at,
        camera=frame.camera,
        meter=bound.meter,
        kind=bound.kind,
        value=None,
        unit=unit,
        raw=None,
        fraction=None,
        quality=Quality.BAD,
        reason=reason,
        confidence=confidence,
        frame=frame.index,
        latency_ms=latency_ms,
        box=bound.box,
    )


def valued(
    base: Reading,
    seen: Look,
    fraction: float,
    state: MeterState,
    *,
    limited: bool = True,
    followed: FastDial | FastTube | None = None,
) -> Reading:
    """Return `base` with value, quality and reason of a look that gave `fraction`.

    Args:
        base: camera, meter, time and place.
        seen: the look.
        fraction: what it gave, or what the frame-rate path found since.
        state: the meter's.
        limited: the meter's largest rate is minded; not for a look that comes after later readings.
        followed: the frame-rate path, where `fraction` is its: on its own geometry, where nothing has swung.
    """
    quality = Quality.GOOD if seen.confidence >= GOOD else Quality.UNCERTAIN
    reason = Reason.OK if quality is Quality.GOOD else seen.reason
    if followed is None:
        fitted = state.calibrated(seen.dial or seen.tube, state.standing.moved)
    else:
        fitted = state.calibrated(followed.geometry, state.standing.built)
    if quality is Quality.GOOD and fitted.flaw and not state.warned:
        state.warned = True  # a poor look says nothing of what was given
        logger.warning("%s of camera %s: its %s.", base.meter, base.camera, fitted.flaw)
    calibration = fitted.calibration
    if calibration is None:
        if quality is Quality.GOOD:
            quality, reason = Quality.UNCERTAIN, Reason.UNCALIBRATED
        return replace(base, fraction=fraction, quality=quality, reason=reason)
    raw = calibration.value(fraction)
    value = raw
    if quality is Quality.GOOD and (state.fresh or state.misplaced or _left(state, seen.dial or seen.tube)):
        quality, reason = Quality.UNCERTAIN, Reason.CAMERA_MOVED
    if quality is Quality.GOOD and fitted.reason is not Reason.OK:
        quality, reason = Quality.UNCERTAIN, fitted.reason
    if quality is Quality.GOOD and state.contested and state.setup.calibration_points is None:
        quality, reason = Quality.UNCERTAIN, Reason.UNCALIBRATED  # points on it would say that it is meant
    if quality is Quality.GOOD and calibration.ends_only and state.law.at(fraction) < LAWFUL:
        quality, reason = Quality.UNCERTAIN, Reason.UNCALIBRATED
        if not state.warned:
            state.warned = True
            logger.warning("%s of camera %s: %s.", base.meter, base.camera, _BENT)
    if quality is Quality.GOOD and calibration.beyond(fraction) > FARTHEST:
        quality, reason = Quality.UNCERTAIN, Reason.UNCALIBRATED
    if quality is Quality.GOOD and state.coarse:
        quality, reason = Quality.UNCERTAIN, Reason.BLURRED
    if quality is Quality.GOOD and state.setup.max_rate is not None and limited:
        if state.limit is None:
            state.limit = RateLimit(state.setup.max_rate, RATE_TOLERANCE * calibration.span)
        value, own = state.limit.accept(raw, base.captured_at.timestamp())
        if not own:
            quality, reason = Quality.UNCERTAIN, Reason.IMPLAUSIBLE_RATE
    return replace(base, fraction=fraction, raw=raw, value=value, quality=quality, reason=reason)


def _left(state: MeterState, geometry: DialGeometry | TubeGeometry | None) -> bool:
    """Say whether a meter calibrated by points is so far from those that they cannot be trusted."""
    if state.setup.calibration_points is None or geometry is None:
        return False
    before, still = state.placed_on, geometry.moved(-np.array(state.standing.moved))
    if before is None:
        off = _off_center(still, state.setup.calibration_points)
        if off is not None and off > POINTS_OFF:
            return True  # it moved while nobody watched: since the points were clicked, before the first look
        state.placed_on = still
    elif isinstance(before, DialGeometry) and isinstance(still, DialGeometry):
        return bool(np.linalg.norm(before.to_dial(still.center)) > POINTS_LEFT)
    elif isinstance(before, TubeGeometry) and isinstance(still, TubeGeometry):
        shift = (still.start + still.end - before.start - before.end) / 2
        return bool(np.linalg.norm(shift) > POINTS_LEFT * before.length)
    return False


def _off_center(
    geometry: DialGeometry | TubeGeometry, points: Sequence[tuple[float, tuple[float, float]]]
) -> float | None:
    """Return how far from a dial's centre its points have theirs, in radii; None where they cannot tell.

    Printed numbers, like marks, stand on a circle around the pivot. Seen from a centre that is off by (x, y)
    their distances are ``r + x cos(a) + y sin(a)``, to first order.
    """
    if not isinstance(geometry, DialGeometry) or len(points) < LEAST_POINTS:
        return None
    places = np.array([geometry.to_dial(np.array(point)) for _, point in points])
    angles = np.arctan2(places[:, 1], places[:, 0])
    turns = np.sort(angles)
    if TAU - np.diff(turns, append=turns[0] + TAU).max() < LEAST_ARC:
        return None
    design = np.column_stack([np.ones(len(angles)), np.cos(angles), np.sin(angles)])
    radii = np.linalg.norm(places, axis=1)
    solution = np.linalg.lstsq(design, radii, rcond=None)[0]
    if np.std(radii - design @ solution) > ON_CIRCLE:
        return None  # two rings of numbers, say
    return float(np.hypot(solution[1], solution[2]))


def calibration_of(
    setup: MeterSetup, geometry: DialGeometry | TubeGeometry | None, moved: tuple[float, float] = (0.0, 0.0)
) -> Calibration | None:
    """Return the meter's calibration; points clicked in the picture are placed by its geometry.

    `moved` is how far (px) the picture has moved since they were clicked. None where there is no calibration,
    or where the points form no function on this geometry.
    """
    points, given = setup.calibration_points, setup.calibration
    if points is None or geometry is None:
        if given is not None and isinstance(geometry, DialGeometry):
            return given.with_advance(geometry.advance)
        return given
    try:
        return Calibration(tuple(sorted(_placed(points, geometry, moved))))
    except CalibrationError:
        return None


def _placed(
    points: PicturePoints, geometry: DialGeometry | TubeGeometry, moved: tuple[float, float]
) -> list[tuple[float, float]]:
    """Return the (fraction, value) of points in the picture, in the order in which they were given."""
    placed: list[tuple[float, float]] = []
    for value, point in points:
        where = np.array(point) + moved
        if isinstance(geometry, DialGeometry):
            placed.append((geometry.fraction_of_angle(geometry.angle_of(where)), value))
        else:
            placed.append((geometry.fraction_of(where), value))
    return placed


def _fit(
    setup: MeterSetup, geometry: DialGeometry | TubeGeometry | None, moved: tuple[float, float]
) -> Fitted:
    """Return the meter's calibration on a geometry, with what speaks against what was given."""
    points = setup.calibration_points
    calibration = calibration_of(setup, geometry, moved)
    if points is None or geometry is None:
        if calibration is not None and calibration.ends_only and setup.kind is MeterKind.POINTER:
            mixed = mixed_units(calibration.ends, setup.unit)
            if mixed:
                flaw = f"range {mixed}; give it a calibration"
                return Fitted(geometry, moved, calibration, Reason.UNCALIBRATED, flaw)
        return Fitted(geometry, moved, calibration)
    astray = [value for value, point in points if not _is_near(geometry, np.array(point) + moved)]
    if astray:
        what = "dial" if isinstance(geometry, DialGeometry) else "glass"
        where = f"are not all on its {what} or near it: {_listed(astray)}"
        flaw = f"calibration points {where}; give x and y in this picture's pixels"
        return Fitted(geometry, moved, calibration, Reason.CAMERA_MOVED, flaw)
    if calibration is None:
        values = _listed([value for _, value in sorted(_placed(points, geometry, moved))])
        way = "clockwise" if isinstance(geometry, DialGeometry) else "from bottom to top"
        flaw = f"calibration points must only rise or only fall along its scale; {way} they are {values}"
        return Fitted(geometry, moved, None, Reason.UNCALIBRATED, flaw)
    found = calibration.flaw()
    if found is None:
        return Fitted(geometry, moved, calibration)
    return Fitted(geometry, moved, calibration, Reason.UNCALIBRATED, f"calibration points {found}")


def _is_near(geometry: DialGeometry | TubeGeometry, place: NDArray[np.float64]) -> bool:
    """Say whether somebody can have clicked a mark of a meter there, or the number beside it."""
    if isinstance(geometry, DialGeometry):
        return bool(NEAR_DIAL[0] <= np.linalg.norm(geometry.to_dial(place)) <= NEAR_DIAL[1])
    along = geometry.fraction_of(place)
    beside = (abs(float((place - geometry.start) @ geometry.normal)) - geometry.width) / geometry.length
    return -BEYOND_TUBE <= along <= 1 + BEYOND_TUBE and beside <= BESIDE_TUBE


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
