"""One look at one meter: segments and luma in, fraction and confidence out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from meter_infer.calibration import Calibration
from meter_infer.reading.chances import dial_chances, lawful, tube_chances
from meter_infer.reading.dial import DialView, view_dial
from meter_infer.reading.evidence import Evidence, Weights, features, probability, tube_features
from meter_infer.reading.geometry import DialGeometry, TubeGeometry, wrap
from meter_infer.reading.hands import PointerLine
from meter_infer.reading.level import TubeView, refine_surface, rescaled, view_tube
from meter_infer.reading.opinion import dial_opinion, hints_of, retold, steered, tube_opinion
from meter_infer.reading.pointer import Ridge, find_ridge, mask_crossing
from meter_infer.reading.quality import GOOD, combine, dial_factors, light_of, tube_factors
from meter_infer.reading.refined import refine_view
from meter_infer.reading.sampling import Patch, cut_patch
from meter_infer.reading.strip import Judge
from meter_infer.reading.track import DialTrack
from meter_infer.reading.tube_marks import ACCEPTED, TubeScale, graduated_ends
from meter_infer.reading.weights import DIAL, DIAL_PLACED, TUBE, TUBE_PLACED
from meter_infer.types import Box, Luma, MeterKind, Reason, Segment

Again = Callable[[], Sequence[Segment]]
"""Segments of another crop around the same meter; called only where a second opinion may decide."""

HOPELESS, SURE = 0.85, 0.3
"""Another crop is asked where the confidence of the first lies above the one share of what makes a reading
good, and below the other share of what is left beyond. Elsewhere it changes hardly any verdict
(`docs/decisions/0012-second-opinions.md`)."""
DISAGREEMENT = 0.04
"""One look and all looks together may differ by this fraction of the scale."""
VETO = 0.15
"""Confidence by the rules below which no evidence helps."""
STRICT_VETO = {Reason.BLURRED: GOOD, Reason.OFF_SCALE: GOOD}
"""The same where a rule knows better: too few pixels are too few, whatever the networks make of them."""
UNIT = Calibration.from_range((0.0, 1.0))
WITHIN = 0.015
"""Error within which the strip network's chances count for what a look reads, share of the scale."""
TRUSTED = 0.02
"""A step of the luma plane moves a level's surface only when it lies farther off, share of the scale."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one look at one meter gave."""

    kind: MeterKind
    fraction: float | None
    """Position on the scale, not clamped; None when there is no reading."""
    confidence: float
    """0 to 1."""
    reason: Reason
    """Why the confidence is low; ok when it is not."""
    dial: DialGeometry | None = None
    tube: TubeGeometry | None = None
    pointer: PointerLine | None = None
    evidence: Evidence | None = None
    """What the confidence was computed from, for those who fit its weights."""
    apart: float | None = None
    """By how much a second opinion differs, share of the scale; None: there is none."""
    vetoed: bool = False
    """The rules decided, whatever the evidence says."""
    law: NDArray[np.float64] | None = None
    """How probable it is that a `range` alone tells a dial's value at each of `chances.FRACTIONS`; no part of
    the confidence. None: nobody was asked."""


def look(
    kind: MeterKind,
    luma: Luma,
    box: Box,
    segments: Sequence[Segment],
    track: DialTrack | None = None,
    again: Again | None = None,
    apart: float | None = None,
    *,
    judge: Judge | None = None,
    placed: bool = False,
    thorough: bool = False,
) -> tuple[Look, bool]:
    """Read one meter from its segments and the luma plane around it; say also whether it moved.

    Args:
        kind: dial or level gauge.
        luma: Y plane of the frame, uint8 (height, width).
        box: the detector's box, frame pixels.
        segments: what the segmentation network found in the crop around `box`.
        track: what earlier looks know of this dial; this look is added to it.
        again: gives what the network finds in another crop around the same box: a second opinion, which
            tells chance from knowledge. It is asked for where the first is neither sure nor hopeless.
        apart: by how much the last second opinion differed, for a look without `again`.
        judge: the strip network; None: the masks and the luma plane alone decide.
        placed: the meter is calibrated by points in the picture. Then it matters where the pointer or
            the surface is, and the confidence does not ask where the scale begins and ends.
        thorough: ask `again` in any case, for those who fit weights.
    """
    once = glance(kind, luma, box, segments, again, apart, judge=judge, placed=placed, thorough=thorough)
    return once.joined(track)


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """One look by itself, before it is weighed with those before it."""

    single: Look
    patch: Patch
    view: DialView | None
    """What the masks say of a dial."""
    placed: bool

    def joined(self, track: DialTrack | None) -> tuple[Look, bool]:
        """Return the look with what `track` knows, and whether the meter moved; the track learns of it."""
        if track is None or self.view is None:
            return self.single, False
        joint, moved = track.add(self.view, self.single.confidence)
        if moved or track.count < 2:
            return self.single, moved
        patch, apart = self.patch, self.single.apart
        return _reconcile(
            _read_dial(patch, joint, _pointing(patch, joint), apart, self.placed), self.single
        ), False


def glance(
    kind: MeterKind,
    luma: Luma,
    box: Box,
    segments: Sequence[Segment],
    again: Again | None = None,
    apart: float | None = None,
    *,
    judge: Judge | None = None,
    placed: bool = False,
    thorough: bool = False,
) -> Glance:
    """Look at a meter without regard to earlier looks; see `look`. Changes nothing."""
    patch = cut_patch(luma, box)
    if again is not None:
        apart = None
    if kind is MeterKind.LEVEL:
        return Glance(_read_tube(patch, segments, again, apart, judge, placed, thorough), patch, None, placed)
    view = _view(patch, segments, judge)
    if view is None:
        return Glance(Look(kind, None, 0.0, _unseen(patch)), patch, None, placed)
    pointing = _pointing(patch, view)
    single = _read_dial(patch, view, pointing, apart, placed)
    if again is not None and (thorough or _is_unsure(single)):
        apart = _apart(view, pointing.angle, patch, again(), judge, placed)
        single = _read_dial(patch, view, pointing, apart, placed)
    return Glance(single, patch, view, placed)


def _is_unsure(seen: Look) -> bool:
    judged = seen.fraction is not None and not seen.vetoed
    return judged and HOPELESS * GOOD <= seen.confidence < GOOD + SURE * (1 - GOOD)


def _view(patch: Patch, segments: Sequence[Segment], judge: Judge | None) -> DialView | None:
    """Return what masks, strip network and luma plane say of a dial; None where there is none."""
    view = view_dial(segments)
    if view is None:
        return None
    if judge is not None:
        opinion = dial_opinion(judge, view, segments)
        view = replace(steered(view, opinion), opinion=opinion)
    return refine_view(patch, view)


class _Pointing(NamedTuple):
    """Where a pointer points; angles in radians, dial coordinates."""

    angle: float | None
    """Where it meets the scale."""
    mask_angle: float | None
    """The same by the masks alone."""
    ridge: Ridge | None


def _pointing(patch: Patch, view: DialView) -> _Pointing:
    if view.pointer is None:
        return _Pointing(None, None, None)
    mask_angle = mask_crossing(view.geometry, view.pointer)
    ridge = find_ridge(patch, view.geometry, view.pointer)
    if ridge is not None and mask_angle is not None and abs(wrap(ridge.angle - mask_angle)) > np.deg2rad(12):
        ridge = None
    return _Pointing(mask_angle if ridge is None else ridge.angle, mask_angle, ridge)


def _apart(
    view: DialView,
    here: float | None,
    patch: Patch,
    again: Sequence[Segment],
    judge: Judge | None,
    placed: bool,
) -> float | None:
    """Return by how much the second crop reads otherwise, share of the scale; None: it reads nothing.

    `here` is the angle at which the first crop's pointer meets the scale of `view`.
    """
    second = _view(patch, again, judge)
    if second is None:
        return None
    there = _pointing(patch, second).angle
    if here is None or there is None:
        return None
    if placed:
        point = second.geometry.point_at(there)
        return abs(wrap(view.geometry.angle_of(point) - here)) / view.geometry.span
    return abs(_value(view.geometry, here) - _value(second.geometry, there))


def _value(geometry: DialGeometry, angle: float) -> float:
    """Return what a pointer at an angle reads, share of the range of values."""
    return UNIT.with_advance(geometry.advance).value(geometry.fraction_of_angle(angle))


def _reconcile(joint: Look, single: Look) -> Look:
    """Return the look with the geometry of all looks, in doubt where this look alone says otherwise."""
    if joint.fraction is None or single.fraction is None:
        return joint
    if abs(joint.fraction - single.fraction) <= DISAGREEMENT:
        return joint
    return replace(joint, confidence=0.5 * min(joint.confidence, GOOD), reason=Reason.DISAGREEMENT)


def _read_dial(patch: Patch, view: DialView, pointing: _Pointing, apart: float | None, placed: bool) -> Look:
    """Read a dial whose geometry is known and refined.

    `apart` is by how much another opinion differs, as a share of the scale; None: there is none.
    `placed`: see `look`.
    """
    geometry = view.geometry
    if view.pointer is None:
        confidence, _ = combine(dial_factors(view, None, None, patch, light_of(patch, geometry, None)))
        return Look(MeterKind.POINTER, None, confidence, Reason.NO_POINTER, dial=geometry)
    angle, mask_angle, ridge = pointing
    light = light_of(patch, geometry, angle)
    if mask_angle is None or angle is None:
        return Look(MeterKind.POINTER, None, 0.0, Reason.NO_POINTER, dial=geometry)
    chances = None if view.opinion is None else dial_chances(view.opinion, geometry, angle, WITHIN)
    ends = (0.0, 0.0) if chances is None else (chances.start, chances.end)
    confidence, reason = combine(
        dial_factors(view, ridge, mask_angle, patch, light, ends=ends, placed=placed)
    )
    evidence = features(
        view,
        ridge,
        mask_angle,
        light.sharpness,
        light.dazzled,
        geometry.radius / patch.pitch,
        None if view.ring is None else view.ring.graduation(geometry),
        apart,
        confidence,
        chances,
    )
    weights = DIAL_PLACED if placed else DIAL
    confidence, reason, vetoed = _weighed(confidence, reason, evidence, weights)
    if vetoed and reason is Reason.NO_POINTER and not view.split:
        return Look(MeterKind.POINTER, None, confidence, reason, dial=geometry)
    if view.split:
        confidence, reason, vetoed = 0.5 * min(confidence, GOOD), Reason.DISAGREEMENT, True
    pointer = view.pointer if ridge is None else _on_ridge(geometry, view.pointer, ridge)
    fraction = geometry.fraction_of_angle(angle)
    law = None if view.opinion is None or placed else lawful(view.opinion, geometry, WITHIN)
    return Look(
        MeterKind.POINTER, fraction, confidence, reason, geometry, None, pointer, evidence, apart, vetoed, law
    )


def _weighed(
    confidence: float, reason: Reason, evidence: Evidence, weights: Weights
) -> tuple[float, Reason, bool]:
    """Return confidence and reason after the fitted weights, and whether the rules forbade to ask these.

    The fitted probability is bent so that `weights.accept` becomes the threshold of a good reading.
    """
    if confidence < STRICT_VETO.get(reason, VETO):
        return confidence, reason, True
    fitted = probability(evidence, weights)
    if fitted >= weights.accept:
        return GOOD + (1 - GOOD) * (fitted - weights.accept) / (1 - weights.accept), Reason.OK, False
    doubt = Reason.DISAGREEMENT if reason is Reason.OK else reason
    return GOOD * fitted / weights.accept, doubt, False


def _on_ridge(geometry: DialGeometry, pointer: PointerLine, ridge: Ridge) -> PointerLine:
    """Return the pointer moved onto its ridge, as long as it was."""
    end = np.array([np.cos(ridge.angle), np.sin(ridge.angle)])
    axis = np.array([np.cos(ridge.direction), np.sin(ridge.direction)])
    hub, tip = geometry.to_dial(pointer.hub), geometry.to_dial(pointer.tip)
    on = [end + float((p - end) @ axis) * axis for p in (hub, tip)]
    return replace(pointer, hub=geometry.to_frame(on[0]), tip=geometry.to_frame(on[1]))


def _unseen(patch: Patch) -> Reason:
    """Say why nothing of the dial was recognised."""
    if (patch.pixels >= 250).mean() > 0.4:
        return Reason.GLARE
    rows = patch.pixels.astype(np.float32)
    spread = float(np.percentile(rows, 95) - np.percentile(rows, 5))
    steepest = float(np.percentile(np.abs(np.diff(rows, axis=1)), 99)) if rows.shape[1] > 1 else 0.0
    small = min(rows.shape) * 0.4 < 12
    if small or spread < 12 or steepest < 0.08 * spread:
        return Reason.BLURRED
    return Reason.OCCLUDED


def _read_tube(
    patch: Patch,
    segments: Sequence[Segment],
    again: Again | None,
    apart: float | None,
    judge: Judge | None,
    placed: bool,
    thorough: bool,
) -> Look:
    view = tube_view_of(segments, judge)
    if view is None:
        return Look(MeterKind.LEVEL, None, 0.0, _unseen(patch))
    scale = graduated_ends(patch, view.geometry, hints_of(view))
    # A meter calibrated by points asks for no ends, and one look's marks would leave its tube another length.
    marked = scale.geometry if _taken(scale) and not placed else None
    view = view if marked is None else rescaled(view, marked)
    found = _surface(patch, view)
    if found is None:
        confidence, _ = combine(tube_factors(view, 0.0, patch))
        return Look(MeterKind.LEVEL, None, confidence, Reason.NO_POINTER, tube=view.geometry)
    single = _weigh_tube(patch, view, found, scale, apart, placed)
    if again is None or not (thorough or _is_unsure(single)):
        return single
    second = tube_view_of(again(), judge)
    if second is not None and marked is not None:
        second = rescaled(second, marked)
    other = None if second is None else _surface(patch, second)
    apart = None
    if second is not None and other is not None:
        there = view.geometry.fraction_of(second.geometry.point_at(other[0])) if placed else other[0]
        apart = abs(found[0] - there)
    return _weigh_tube(patch, view, found, scale, apart, placed)


def tube_view_of(segments: Sequence[Segment], judge: Judge | None) -> TubeView | None:
    """Return what masks and strip network say of a level gauge; None where there is none."""
    view = view_tube(segments)
    opinion = None if view is None or judge is None else tube_opinion(judge, view, segments)
    return view if view is None or opinion is None else replace(retold(view, opinion), opinion=opinion)


def _taken(scale: TubeScale | None) -> TypeGuard[TubeScale]:
    """Say whether the scale's ends are those of its marks."""
    return scale is not None and scale.sure >= ACCEPTED


def _weigh_tube(
    patch: Patch,
    view: TubeView,
    found: tuple[float, float],
    scale: TubeScale | None,
    apart: float | None,
    placed: bool,
) -> Look:
    """Return the look at a level gauge whose surface was `found`: fraction and contrast."""
    tube, (fraction, contrast) = view.geometry, found
    confidence, reason = combine(tube_factors(view, contrast, patch))
    length_px = tube.length / patch.pitch
    chances = None if view.opinion is None else tube_chances(view.opinion, tube, fraction, WITHIN)
    evidence = tube_features(view, fraction, contrast, length_px, apart, confidence, scale, chances)
    weights = TUBE_PLACED if placed else TUBE
    confidence, reason, vetoed = _weighed(confidence, reason, evidence, weights)
    return Look(MeterKind.LEVEL, fraction, confidence, reason, None, tube, None, evidence, apart, vetoed)


def _surface(patch: Patch, view: TubeView) -> tuple[float, float] | None:
    """Return the surface's fraction in the luma plane and its contrast; None where the masks saw none."""
    if view.fraction is None:
        return None
    cell = max(3 * patch.pitch / view.geometry.length, 0.02)
    fraction, contrast = refine_surface(patch, view.geometry, view.fraction, max(cell, view.spread))
    # Near the surface the strongest step is as often a meniscus or a mark: the masks see better there.
    return (view.fraction if abs(fraction - view.fraction) < TRUSTED else fraction), contrast
