"""Which of the things that may be the pointer is the pointer, and which of its ends is the tip.

A dial may carry a set-point hand, a drag hand and a counterweight that looks like a hand; the network then
gives several masks, several tips, or a mask without a tip. Every mask taken in either direction, and every
tip that lies on no mask, is a candidate. What speaks for each is weighed, and the share of what speaks for
the others is kept: it tells how far the choice may be trusted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, hypot
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.band import likely_cells, principal_axes
from meter_infer.reading.choice import shares
from meter_infer.reading.choice_weights import POINTER
from meter_infer.reading.geometry import DialGeometry, wrap
from meter_infer.reading.sampling import quantiles
from meter_infer.types import Segment, SegmentClass

BESIDE = 0.12
"""A tip farther from a mask's axis than this, in dial coordinates, is not its tip."""
SHORTEST = 0.25
"""A hand reaches at least this far from the hub, dial coordinates."""


@dataclass(frozen=True, slots=True, eq=False)
class PointerLine:
    """The pointer's axis in the picture."""

    hub: NDArray[np.float64]
    """A point of the axis at the hub, frame pixels (2,)."""
    tip: NDArray[np.float64]
    """The pointer's tip, frame pixels (2,)."""
    score: float
    doubt: float = 0.0
    """Share of what speaks for another hand, or for the other end of this one, 0 to 1."""
    tip_score: float = 0.0
    """Score of the tip's landmark at this end; 0 where none was seen."""


class Hint(NamedTuple):
    """What speaks for a candidate. Lengths in dial coordinates."""

    mask: float
    """Score of the mask; 0 where only a tip was seen."""
    tip: float
    """Score of the best tip at this end."""
    tip_behind: float
    """Score of the best tip at the other end."""
    ahead: float
    """How far it reaches from the hub."""
    behind: float
    """How far its tail reaches."""
    broad_tip: float
    """Width near the tip."""
    broad_tail: float
    """Width near the other end."""
    tip_arm: float
    """How far from the hub the tip's landmark lies; 0 where none was seen."""
    off_scale: float
    """How far beyond the scale's ends it points, radians."""
    bare: float
    """1: a tip without a mask."""
    round: float
    """Ratio of the mask's lesser to its greater extent."""
    aside: float
    """Distance of the axis from the hub."""


SAME = np.deg2rad(6)
"""Hands that point to within this angle are one."""
STOUT = 0.5
"""A mask with a greater ratio of extents is too round for its axis to mean much."""


@dataclass(frozen=True, slots=True, eq=False)
class Hand:
    """A candidate."""

    foot: NDArray[np.float64]
    """Where it leaves the hub, dial coordinates (2,)."""
    end: NDArray[np.float64]
    """Its end, likewise."""
    score: float
    hint: Hint

    @property
    def direction(self) -> float:
        """Radians, dial coordinates."""
        x, y = (self.end - self.foot).tolist()
        return atan2(y, x)


TERMS = (
    "mask",
    "tip",
    "tip_behind",
    "ahead",
    "behind",
    "longer",
    "broad_tip",
    "broad_tail",
    "tip_arm",
    "has_tip",
    "off_scale",
    "far_off_scale",
    "bare",
    "round",
    "aside",
    "too_long",
    "tip_apart",
)
"""What is weighed; see `terms_of`."""


def likeliest_pointer(hands: Sequence[Hand], geometry: DialGeometry) -> PointerLine | None:
    """Return the likeliest pointer of all `hands`, or None where there are none."""
    if not hands:
        return None
    share = shares([terms_of(hand.hint) for hand in hands], POINTER)
    chosen = hands[int(share.argmax())]
    same = [abs(wrap(hand.direction - chosen.direction)) < SAME for hand in hands]
    doubt = 1.0 - float(share[same].sum())
    return line_of(chosen, geometry, doubt)


def line_of(hand: Hand, geometry: DialGeometry, doubt: float = 0.0) -> PointerLine:
    """Return a hand as a pointer in the picture."""
    foot, end = geometry.to_frame(hand.foot), geometry.to_frame(hand.end)
    return PointerLine(foot, end, hand.score, doubt, hand.hint.tip)


def terms_of(hint: Hint) -> tuple[float, ...]:
    """Return what is weighed of a candidate, in the order of `TERMS`."""
    apart = hint.tip_arm - hint.ahead if hint.tip_arm else 0.0
    return (
        hint.mask,
        hint.tip,
        hint.tip_behind,
        min(hint.ahead, 1.1),
        hint.behind,
        min(max(hint.ahead - hint.behind, -0.5), 0.5),
        10 * hint.broad_tip,
        10 * hint.broad_tail,
        hint.tip_arm,
        float(hint.tip > 0),
        min(hint.off_scale, 0.6),
        float(hint.off_scale > 0.12),
        hint.bare,
        hint.round,
        3 * min(hint.aside, 0.3),
        max(0.0, hint.ahead - 1.05),
        abs(apart),
    )


def hands_of(
    segments: Sequence[Segment],
    geometry: DialGeometry,
    pivot: NDArray[np.float64] | None,
) -> list[Hand]:
    """Return everything that may be the pointer.

    Args:
        segments: of one crop or of several.
        geometry: the dial.
        pivot: frame pixels (2,), or None where it was not seen.
    """
    hub = np.zeros(2) if pivot is None else geometry.to_dial(pivot)
    if hypot(*hub.tolist()) > 0.35:
        hub = np.zeros(2)
    tips = [
        (s.score, geometry.to_dial(np.array(s.box.center))) for s in segments if s.label is SegmentClass.TIP
    ]
    hands: list[Hand] = []
    owned: set[int] = set()
    for segment in segments:
        if segment.label is SegmentClass.POINTER:
            hands += _of_mask(segment, geometry, hub, tips, owned)
    for k, (score, tip) in enumerate(tips):
        if k not in owned and hypot(*(tip - hub).tolist()) > SHORTEST:
            arm = hypot(*(tip - hub).tolist())
            off = _off_scale(geometry, tip)
            hint = Hint(0.0, score, 0.0, arm, 0.0, 0.0, 0.0, arm, off, 1.0, 0.0, 0.0)
            hands.append(Hand(hub, tip, 0.5 * score, hint))
    return hands


def _of_mask(
    segment: Segment,
    geometry: DialGeometry,
    hub: NDArray[np.float64],
    tips: Sequence[tuple[float, NDArray[np.float64]]],
    owned: set[int],
) -> list[Hand]:
    """Return a mask's two directions, those that are long enough; `owned` learns which tips lie on it."""
    if segment.mask is None:
        return []
    places, soft = likely_cells(segment.mask, 0.4)
    if len(places) < 4:
        return []
    cells = geometry.to_dial(places)
    mean, values, vectors = principal_axes(cells, soft)
    around, axis = cells - mean, vectors[:, 1]
    normal = np.array([-axis[1], axis[0]])
    middle = float((hub - mean) @ axis)
    along, across = around @ axis - middle, around @ normal
    low, high = quantiles(along, 0.01, 0.99)
    roundness = float(np.sqrt(max(values[0], 0.0) / max(values[1], 1e-12)))
    foot = mean + middle * axis
    lying: tuple[set[int], set[int]] = (set(), set())
    best: list[tuple[float, float, NDArray[np.float64] | None]] = [(0.0, 0.0, None), (0.0, 0.0, None)]
    for k, (score, tip) in enumerate(tips):
        arm = float((tip - mean) @ axis) - middle
        if abs((tip - mean) @ normal) < BESIDE and abs(arm) > SHORTEST:
            way = 0 if arm > 0 else 1
            lying[way].add(k)
            if score > best[way][0]:
                best[way] = (score, abs(arm), tip)
    third = 0.3 * (high - low)
    broad = [_breadth(across[along > high - third]), _breadth(across[along < low + third])]
    reach = (high, -low)
    found = []
    for way in (0, 1):
        if reach[way] < SHORTEST:
            continue
        begin, end = foot, foot + (reach[way] if way == 0 else -reach[way]) * axis
        mark = best[way][2]
        if roundness > STOUT:
            if mark is None:
                continue
            begin, end = hub, mark
        hint = Hint(
            segment.score,
            best[way][0],
            best[1 - way][0],
            reach[way],
            reach[1 - way],
            broad[way],
            broad[1 - way],
            best[way][1],
            _off_scale(geometry, end - begin),
            0.0,
            roundness,
            abs(float((hub - mean) @ normal)),
        )
        owned |= lying[way]
        found.append(Hand(begin, end, segment.score, hint))
    return found


def _breadth(across: NDArray[np.float64]) -> float:
    return float(across.std()) if len(across) else 0.0


def _off_scale(geometry: DialGeometry, way: NDArray[np.float64]) -> float:
    fraction = geometry.fraction_of_angle(float(np.arctan2(way[1], way[0])))
    return max(0.0, -fraction, fraction - 1.0) * geometry.span
