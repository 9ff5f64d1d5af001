"""A dial's geometry over many looks: it does not move, so the tenth look is better than the first."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.dial import DialView
from meter_infer.reading.geometry import DialGeometry, symmetric_root, wrap

MEMORY = 15
"""Looks that are remembered."""
MOVED = 0.05
"""A centre this far from where it was, as a share of the radius, is another place."""
STRICT = 0.3
"""Share of that, and of how far it may have turned or grown, from which the looks at a dial before its
surroundings were lost count no more."""
TURNED = np.deg2rad(4)
"""The same for the middle of its scale, radians."""
CONFIRM = 2
"""Looks that must agree before a move is believed."""


@dataclass(slots=True)
class DialTrack:
    """What is known of one dial, from one look to the next."""

    swing: tuple[float, float] = (0.0, 0.0)
    """How far (px) the picture has swung from where the remembered looks have it."""
    _looks: list[tuple[DialGeometry, float]] = field(default_factory=list)
    _elsewhere: list[tuple[DialGeometry, float]] = field(default_factory=list)
    _lost: bool = False
    _mean: DialGeometry | None = None
    """The robust mean of `_looks`, once it is known."""

    @property
    def count(self) -> int:
        """Number of looks that agree on where the dial is."""
        return len(self._looks)

    def add(self, view: DialView, weight: float) -> tuple[DialView, bool]:
        """Take in one look; return it with the geometry of all of them, and whether the dial moved.

        Args:
            view: the look, with its geometry refined.
            weight: its confidence, 0 to 1; looks below 0.1 teach nothing.
        """
        geometry = view.geometry.moved(-np.array(self.swing))
        known = self.geometry()
        if self._lost and weight >= 0.1:
            self._lost = False
            if known is not None and not self._same_place(known, geometry, STRICT):
                self._remember([(view.geometry, weight)])
                self._elsewhere = []
                self.swing = (0.0, 0.0)
                # A camera in a hand is lost again and again: that is no other place, only no mean.
                return view, not self._same_place(known, geometry)
        if known is None:
            if weight >= 0.1:
                self._remember([(geometry, weight)])
            return view, False
        if self._same_place(known, geometry):
            self._elsewhere.clear()
            if weight >= 0.1:
                self._remember([*self._looks, (geometry, weight)][-MEMORY:])
            joint = self.geometry() or geometry
            return replace(view, geometry=joint.moved(np.array(self.swing))), False
        if weight >= 0.1:
            if self._elsewhere and not self._same_place(self._elsewhere[-1][0], geometry):
                self._elsewhere.clear()
            self._elsewhere.append((geometry, weight))
        if len(self._elsewhere) >= CONFIRM:
            self._remember(self._elsewhere)
            self._elsewhere = []
            self.settle()
        return view, True

    def lose(self) -> None:
        """Take note that the picture moved, nobody knows how far: looks at two places have no mean."""
        self._lost = True

    def settle(self) -> None:
        """Take the picture as it is now for the one that has not swung."""
        shift = np.array(self.swing)
        self._remember([(geometry.moved(shift), weight) for geometry, weight in self._looks])
        self._elsewhere = [(geometry.moved(shift), weight) for geometry, weight in self._elsewhere]
        self.swing = (0.0, 0.0)

    def geometry(self) -> DialGeometry | None:
        """Return the robust mean of the remembered looks, where nothing has swung; None before the first."""
        if self._mean is None and self._looks:
            self._mean = self._robust()
        return self._mean

    def _remember(self, looks: list[tuple[DialGeometry, float]]) -> None:
        self._looks, self._mean = looks, None

    def _robust(self) -> DialGeometry:
        if len(self._looks) == 1:
            return self._looks[0][0]
        weights = np.array([w for _, w in self._looks])
        looks = [g for g, _ in self._looks]
        center = _robust_mean(np.stack([g.center for g in looks]), weights)
        axes = _robust_mean(np.stack([g.axes for g in looks]), weights)
        ends = [
            angle + float(_robust_mean(np.array([wrap(o - angle) for o in angles]), weights))
            for angles in ([g.start_angle for g in looks], [g.start_angle + g.span for g in looks])
            for angle in angles[-1:]
        ]
        x, y = _robust_mean(np.array([g.middle for g in looks]), weights).tolist()
        advance = float(_robust_mean(np.array([g.advance for g in looks]), weights))
        joint = replace(looks[-1], center=center, axes=symmetric_root(axes), middle=(x, y), advance=advance)
        return joint.with_ends(ends[0], ends[1])

    def _same_place(self, known: DialGeometry, seen: DialGeometry, strict: float = 1.0) -> bool:
        shift = np.linalg.norm(known.to_dial(seen.center))
        growth = abs(np.log(seen.radius / known.radius))
        turn = abs(wrap(known.start_angle + known.span / 2 - seen.start_angle - seen.span / 2))
        if max(shift, growth) < strict * MOVED and turn < strict * TURNED:
            return True
        # Of a short arc nobody sees where its centre is: it may be the same arc all the same.
        return bool(_arcs_apart(known, seen) < strict * MOVED)


def _arcs_apart(known: DialGeometry, seen: DialGeometry) -> float:
    """Return how far start, middle and end of two scales are apart at most, in radii."""
    shares = np.array([0.0, 0.5, 1.0])
    before, after = (dial.start_angle + shares * dial.span for dial in (known, seen))
    apart = known.to_dial(seen.polar(after, np.ones(1))[:, 0]) - np.stack(
        [np.cos(before), np.sin(before)], axis=-1
    )
    return float(np.linalg.norm(apart, axis=-1).max())


def _robust_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted mean along the first axis, with less of what is far from the median."""
    middle = _median(values)
    miss = np.abs(values - middle)
    scale = 2 * _median(miss) + 1e-9
    share = weights.reshape(-1, *[1] * (values.ndim - 1)) / (1 + (miss / scale) ** 2)
    mean: NDArray[np.float64] = (share * values).sum(axis=0) / share.sum(axis=0)
    return mean


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what `np.median` gives along the first axis, for a few values at a fifth of its cost."""
    ordered, half = np.sort(values, axis=0), len(values) // 2
    middle: NDArray[np.float64] = 0.5 * (ordered[half - 1 + len(values) % 2] + ordered[half])
    return middle
