"""What a strip network is told of a meter, and what a look makes of its answer."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.dial import DialView
from meter_infer.reading.ends import MAX_SPAN, MIN_SPAN
from meter_infer.reading.geometry import TAU, DialGeometry, TubeGeometry, wrap
from meter_infer.reading.hands import Hand, PointerLine, line_of
from meter_infer.reading.level import TubeView
from meter_infer.reading.pointer import crossing
from meter_infer.reading.sampling import Profile
from meter_infer.reading.strip import (
    MOST_BEFORE,
    PLACES,
    DialAxis,
    Judge,
    Opinion,
    Sights,
    Thing,
    strip_of,
)
from meter_infer.reading.tube_comb import Ends, Hints
from meter_infer.types import Segment, SegmentClass

SAME = np.deg2rad(8.0)
"""A hand of the masks that points to within this angle of the likeliest place is the one meant."""
TOLD = 2.5
"""Places off within which an end of a level gauge's comb is one that the network means."""
SURE = 0.5
"""Chance from which a pointer is believed that no mask and no landmark shows."""
PEAK = 3.0
"""Half of what a network's peak covers, places."""
AT_START, LINEAR = 0.006, 0.8
"""A scale is linear whose linear part begins so near its first mark, share of the scale, by this chance. Four
of five rendered scales are linear, of photographed ones one in three at most: so more than half is asked."""
LIKELY = 0.15
"""Chance from which it begins elsewhere."""


def dial_opinion(judge: Judge, view: DialView, segments: Sequence[Segment]) -> Opinion:
    """Ask about a dial; `view` as the masks say."""
    axis = DialAxis(view.geometry)
    return Opinion(axis, judge(strip_of(axis, dial_sights(view, segments))))


def dial_sights(view: DialView, segments: Sequence[Segment]) -> Sights:
    """Return what was seen of a dial, in the order of its hints."""
    labels = (SegmentClass.START, SegmentClass.END, SegmentClass.TIP)
    hands = [
        (view.geometry.point_at(angle), min(1.0, 0.6 * hand.score + 0.4 * hand.hint.tip))
        for hand, angle in _aimed(view)
    ]
    band = [(c.point, 1.0) for each in view.candidates for c in each if c.band]
    return (*(_marks(segments, label) for label in labels), hands, band)


def tube_opinion(judge: Judge, view: TubeView, segments: Sequence[Segment]) -> Opinion | None:
    """Ask about a level gauge; None where its tube is too short."""
    axis = view.axis
    return None if axis is None else Opinion(axis, judge(strip_of(axis, tube_sights(view, segments))))


def tube_sights(view: TubeView, segments: Sequence[Segment]) -> Sights:
    """Return what was seen of a level gauge, in the order of its hints."""
    labels = (SegmentClass.START, SegmentClass.END, SegmentClass.SURFACE)
    tops = [] if view.top is None else [(view.geometry.point_at(view.top), view.parts[1])]
    return (*(_marks(segments, label) for label in labels), tops)


def _marks(segments: Sequence[Segment], label: SegmentClass) -> list[tuple[NDArray[np.float64], float]]:
    return [(np.array(each.box.center), each.score) for each in segments if each.label is label]


def steered(view: DialView, opinion: Opinion) -> DialView:
    """Return the view with the pointer that is the likeliest by the opinion.

    It is `split` where the masks mean another: of 50 such dials either was right on half
    (`docs/decisions/0019-strips.md`), so that nothing that is read there can be good.
    """
    point, chance = opinion.likeliest(Thing.READING)
    geometry = view.geometry
    wanted = geometry.angle_of(point)
    if view.pointer is not None:
        own = crossing(geometry.to_dial(view.pointer.hub), geometry.to_dial(view.pointer.tip))
        if own is not None and abs(wrap(own - wanted)) < SAME:
            return view
    near = [hand for hand, angle in _aimed(view) if abs(wrap(angle - wanted)) < SAME]
    split = view.pointer is not None
    if near:
        return replace(view, pointer=line_of(max(near, key=lambda each: each.score), geometry), split=split)
    if chance < SURE:
        return replace(view, split=split)
    hub = geometry.center if view.pivot is None else view.pivot
    return replace(view, pointer=PointerLine(hub, hub + 0.9 * (point - hub), 0.0), split=split)


def _aimed(view: DialView) -> list[tuple[Hand, float]]:
    """Return the hands that meet the scale, and where, radians, dial coordinates."""
    return [(hand, angle) for hand in view.hands if (angle := crossing(hand.foot, hand.end)) is not None]


def with_likeliest_ends(geometry: DialGeometry, opinion: Opinion) -> DialGeometry:
    """Return the dial with its ends where the opinion puts them, unless these make no scale."""
    start, end = (geometry.angle_of(opinion.likeliest(thing)[0]) for thing in (Thing.START, Thing.END))
    told = geometry.with_ends(start, end)
    return told if MIN_SPAN <= told.span <= MAX_SPAN else geometry


def with_advance(geometry: DialGeometry, opinion: Opinion) -> DialGeometry:
    """Return the dial with its first mark as far ahead of a linear scale's beginning as the opinion puts it.

    The same where the scale is linear, and where it is not linear at all.
    """
    axis = opinion.axis
    place = axis.place_of(geometry.point_at(geometry.start_angle))
    reach = max(PEAK, AT_START * geometry.span / TAU * PLACES[axis.kind])
    if opinion.chance(Thing.ZERO, place, reach) >= LINEAR:
        return geometry
    elsewhere = opinion.chances.copy()
    elsewhere[Thing.ZERO] = _apart_from(opinion.chances[Thing.ZERO], place, reach)
    point, chance = Opinion(axis, elsewhere).likeliest(Thing.ZERO)
    if chance < LIKELY:
        return geometry
    zero = geometry.true_angle(geometry.angle_of(point))
    first, span = geometry.true_scale()
    before = (first - zero) % TAU
    if before > min(MOST_BEFORE * span, 0.8 * (TAU - span)):
        return geometry
    return replace(geometry, advance=before / (span + before))


def _apart_from(row: Profile, place: float, reach: float) -> Profile:
    """Return chances around a dial without the peak at `place`, as far as it falls on either side."""
    count = len(row)
    left, right = floor(place - reach), ceil(place + reach)
    while right - left < count and row[(left - 1) % count] <= row[left % count]:
        left -= 1
    while right - left < count and row[(right + 1) % count] <= row[right % count]:
        right += 1
    rest = row.copy()
    rest[np.arange(left, right + 1) % count] = 0.0
    return rest


def hints_of(view: TubeView) -> Hints:
    """Return what the networks say of the ends of a level gauge's scale."""
    opinion, tube = view.opinion, view.geometry
    if opinion is None:
        return Hints(view.end_scores, view.reach)

    def told(ends: Ends) -> Ends:
        start, end = (opinion.axis.place_of(tube.point_at(each)) for each in ends)
        return opinion.chance(Thing.START, start, TOLD), opinion.chance(Thing.END, end, TOLD)

    return Hints(view.end_scores, view.reach, told)


def retold(view: TubeView, opinion: Opinion) -> TubeView:
    """Return the view of a level gauge with ends and surface where the opinion puts them."""
    start, end, surface = (opinion.likeliest(thing)[0] for thing in (Thing.START, Thing.END, Thing.READING))
    if float((end - start) @ view.geometry.direction) < max(4.0, 0.2 * view.geometry.length):
        return view
    geometry = TubeGeometry(start, end, view.geometry.width)
    own = view.geometry
    scale = own.length / geometry.length
    reach = tuple(geometry.fraction_of(own.point_at(each)) for each in view.reach)
    return replace(
        view,
        geometry=geometry,
        fraction=geometry.fraction_of(surface),
        spread=view.spread * scale,
        reach=(reach[0], reach[1]),
    )
