"""Which marks are the first and the last of the scale?

The network's landmarks are right nearly always where they are clear. Where they are faint or contradict each
other, what is known of dials decides: the marks stand evenly between the ends and none stands beyond, the
gap of most scales lies about the vertical, and the band of the mask ends there too. All pairs of candidates
are weighed together, and the share of what speaks for other pairs is kept: it tells how far the choice may
be trusted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.choice import shares
from meter_infer.reading.choice_weights import ENDS
from meter_infer.reading.geometry import TAU, DialGeometry, wrap
from meter_infer.reading.marks import Ring

NEAR = np.deg2rad(4.0)
"""Candidates closer to each other than this are one."""
MIN_SPAN, MAX_SPAN = np.deg2rad(40), np.deg2rad(352)
OFF_BAND, FAR = np.deg2rad(20), np.deg2rad(40)


class Candidate(NamedTuple):
    """A place that may be one end of the scale."""

    point: NDArray[np.float64]
    """Frame pixels (2,)."""
    score: float
    """Of its landmark; 0 where there is none."""
    band: bool
    """Here the mask's band ends."""


Candidates = tuple[tuple[Candidate, ...], tuple[Candidate, ...]]
"""Of the scale's start and of its end."""


class Hint(NamedTuple):
    """What speaks for a pair of ends. Angles in radians."""

    start: float
    """Score of the landmark."""
    end: float
    weakest: float
    no_start: float
    """1: no landmark."""
    no_end: float
    off_band: float
    """Distance from the band's own ends, of the farther; 1 for 20 degrees."""
    near_off_band: float
    """The same of the nearer."""
    leaning: float
    """How far the middle of the scale is from straight up; 1 for 30 degrees and more."""
    leaning_little: float
    """The same; 1 for 6 degrees and more."""
    span: float
    """Turns."""
    narrow: float
    """By how much the span is below 200 degrees, hundreds of degrees."""
    wide: float
    """By how much the span is above 310 degrees, fifties of degrees."""
    three_quarters: float
    """1: the span is 270 degrees within 6, which is the commonest by far."""
    evenness: float = 0.0
    """This and the next three: see `marks.Graduation`."""
    ends: float = 0.0
    beyond: float = 0.0
    beyond_mean: float = 0.0
    between: float = 0.0
    """Mean darkness between the ends."""
    outside: float = 0.0
    """Mean darkness beyond them."""
    blank: float = 0.0
    """Longest stretch without a mark next to an end, between them, radians."""


OUTDONE = 7.0
"""A pair that is behind by so much before the marks are asked is not looked at."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ends. Angles in dial coordinates."""

    start: float
    end: float
    hint: Hint


@dataclass(frozen=True, slots=True)
class Ends:
    """The chosen ends. Angles in radians, dial coordinates."""

    start: float
    end: float
    scores: tuple[float, float]
    """Of the landmarks; 0 where there was none."""
    off_band: float
    """Distance from the band's own ends, of the farther."""
    doubt: float
    """Share of what speaks for other ends, 0 to 1."""


def choose_ends(geometry: DialGeometry, candidates: Candidates, ring: Ring | None) -> Ends | None:
    """Return the likeliest ends of the scale, or None where no two candidates make one.

    Args:
        geometry: the dial; its own ends do not matter.
        candidates: from the masks.
        ring: where marks are seen; None: nowhere.
    """
    pairs = pairs_of(geometry, candidates, ring)
    if not pairs:
        return None
    share = shares([pair.hint for pair in pairs], ENDS)
    k = int(share.argmax())
    chosen, hint = pairs[k], pairs[k].hint
    off = float(hint.off_band * OFF_BAND)
    return Ends(chosen.start, chosen.end, (hint.start, hint.end), off, 1.0 - float(share[k]))


def pairs_of(
    geometry: DialGeometry, candidates: Candidates, ring: Ring | None, outdone: float = OUTDONE
) -> list[Pair]:
    """Return the pairs of candidates that may be a scale's ends, with what speaks for each.

    Args:
        geometry, candidates, ring: see `choose_ends`.
        outdone: leave out pairs that are behind by so much before the marks are asked.
    """
    starts, ends = (_merged(geometry, each) for each in candidates)
    if ring is not None:
        for last, first in ring.gaps():
            _add(ends, last)
            _add(starts, first)
        mirrored = ring.nearest(np.pi - starts[0].angle), ring.nearest(np.pi - ends[0].angle)
        _add(ends, mirrored[0])
        _add(starts, mirrored[1])
    pairs = [
        Pair(start.angle, end.angle, _by_masks(start, end, span))
        for start in starts
        for end in ends
        if MIN_SPAN <= (span := (end.angle - start.angle) % TAU) <= MAX_SPAN
    ]
    if ring is None or not pairs:
        return pairs
    first = np.array([pair.hint for pair in pairs]) @ np.array(ENDS.values)
    return [
        replace(pair, hint=_by_marks(pair, ring))
        for pair, score in zip(pairs, first, strict=True)
        if score > first.max() - outdone
    ]


class _End(NamedTuple):
    angle: float
    score: float
    off_band: float
    """Distance from the band's end, radians, at most `FAR`."""


def _by_masks(start: _End, end: _End, span: float) -> Hint:
    lean = abs(wrap(start.angle + span / 2 + np.pi / 2))
    degrees = np.rad2deg(span)
    return Hint(
        start.score,
        end.score,
        min(start.score, end.score),
        float(start.score == 0),
        float(end.score == 0),
        max(start.off_band, end.off_band) / OFF_BAND,
        min(start.off_band, end.off_band) / OFF_BAND,
        min(lean / np.deg2rad(30), 1.0),
        min(lean / np.deg2rad(6), 1.0),
        span / TAU,
        max(0.0, 200 - degrees) / 100,
        max(0.0, degrees - 310) / 50,
        float(abs(degrees - 270) < 6),
    )


def _by_marks(pair: Pair, ring: Ring) -> Hint:
    span = (pair.end - pair.start) % TAU
    seen = ring.compare(pair.start, span)
    outside, between, blank = ring.weigh(pair.start, span)
    hint = pair.hint._replace(between=between, outside=outside, blank=blank)
    if seen is None:
        return hint
    return hint._replace(
        evenness=seen.evenness, ends=seen.ends, beyond=seen.beyond, beyond_mean=seen.beyond_mean
    )


def _merged(geometry: DialGeometry, candidates: Sequence[Candidate]) -> list[_End]:
    """Return the candidates, best first, those near each other as one."""
    own = next((geometry.angle_of(c.point) for c in candidates if c.band), None)
    result: list[_End] = []
    for each in sorted(candidates, key=lambda c: -c.score):
        angle = geometry.angle_of(each.point)
        if all(abs(wrap(angle - other.angle)) >= NEAR for other in result):
            off = FAR if own is None else min(abs(wrap(angle - own)), FAR)
            result.append(_End(angle, each.score, off))
    return result


def _add(found: list[_End], angle: float) -> None:
    if all(abs(wrap(angle - other.angle)) >= NEAR for other in found):
        found.append(_End(angle, 0.0, FAR))
