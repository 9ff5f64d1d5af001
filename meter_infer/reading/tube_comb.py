"""How probable it is that a comb of marks is the whole graduation of a level gauge.

Marks, numbers, bolts, flaps, bricks behind and a plate's edges all make combs. What tells them apart is
collected here as numbers, and a logistic regression on them, fitted to gauges whose truth is known
(`meter_infer.train.graduations`), gives the probability that both ends of a comb are those of the scale.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.choice import chance, sureness
from meter_infer.reading.comb import Comb

Table = NDArray[np.float32]
Ends = tuple[float, float]
"""Something of the scale's lower and of its upper end."""

COMB_FEATURES = (
    "evenness",
    "fainter_end",
    "clearer_end",
    "beyond",
    "residual",
    "few_teeth",
    "many_teeth",
    "straight",
    "straight_wider",
    "room",
    "fine",
    "lean",
    "at_start",
    "at_end",
    "at_worse",
    "near_start",
    "near_end",
    "near_worse",
    "at_tube_ends",
    "inside_foot",
    "inside_head",
    "finer_one",
    "confirmed",
    "short_end",
    "long_end",
    "shift",
    "told_start",
    "told_end",
    "told_worse",
    "told_sure",
    "untold",
)
"""Names of the numbers of `comb_features`, in this order. All but the two "inside" lie within 0 to 1."""
UNTOLD = 0.5
"""Chance of either end that counts where nobody was asked."""
_LEAST = np.array([-1.0 if name.startswith("inside") else 0.0 for name in COMB_FEATURES])


class CombWeights(NamedTuple):
    """Fitted weights of the features of a comb."""

    bias: float
    values: tuple[float, ...]


Told = Callable[[Ends], Ends]
"""Gives the chances, 0 to 1 each, that a scale ends at two fractions."""


class Hints(NamedTuple):
    """What the networks say of a scale's ends, as fractions of the scale between those of the view."""

    scores: Ends
    """Of the landmarks at 0 and 1; 0 where there is none."""
    tube: Ends
    """The transparent part's own ends."""
    told: Told | None = None
    """What the strip network says; None where it was not asked."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenComb:
    """A comb, its place on the tube's axis, and what its marks look like."""

    comb: Comb
    ends: Ends
    """First and last tooth, fractions of the network's scale."""
    lean: float
    """By how much the ends move from the marks to the axis, share of the network's scale."""
    straight: tuple[float, float]
    """How alike neighbouring rows are, and the next but one."""
    lengths: Ends
    """How long the end marks are across the axis, share of the long ones."""

    @property
    def tooth(self) -> float:
        """Distance of two teeth, share of the network's scale."""
        return (self.ends[1] - self.ends[0]) / (self.comb.teeth - 1)

    @property
    def shift(self) -> float:
        """The larger of the two distances from the network's ends, share of its scale."""
        return max(abs(self.ends[0]), abs(self.ends[1] - 1))


def mark_lengths(lines: Table, comb: Comb) -> Ends | None:
    """Return how far the end teeth go on unbroken across the axis, as a share of the longer ones.

    None where one is far longer than every mark: the edge of a plate, or hidden by it.

    Args:
        lines: how much each place stands out, float32 (rows, samples).
        comb: what was found in one of its rows.
    """
    at = np.clip(np.rint(comb.places), 1, lines.shape[1] - 2).astype(np.intp)
    seen = np.maximum(np.maximum(lines[:, at - 1], lines[:, at]), lines[:, at + 1])
    bright = seen > 0.4 * np.median(seen[comb.row])
    # How far each tooth goes on unbroken, to either side.
    below, above = bright[comb.row :], bright[comb.row :: -1]
    long = np.where(below.all(axis=0), len(below), below.argmin(axis=0))
    long = long + np.where(above.all(axis=0), len(above), above.argmin(axis=0))
    if max(long[0], long[-1]) > 1.8 * max(long[1:-1]):
        return None
    typical = max(float(np.sort(long)[int(0.9 * (len(long) - 1))]), 1.0)
    return float(long[0]) / typical, float(long[-1]) / typical


def straightness(lines: Table, row: int) -> tuple[float, float]:
    """Return how alike neighbouring rows are, and how alike the next but one, on the better side.

    A mark is a straight line across some rows; letters change from one row to the next.
    """
    near = lines[max(0, row - 1) : row + 3]
    near = near - near.mean(axis=1, keepdims=True)
    near /= np.sqrt(np.einsum("ij,ij->i", near, near))[:, None] + 1e-6
    alike = np.einsum("ik,jk->ij", near, near)
    at = min(row, 1)
    wider = [alike[at, at + 2]] if at + 2 < len(alike) else []
    wider += [alike[at - 1, at + 1]] if at else []
    return float(alike[at, at + 1]), float(max(wider, default=0.0))


def comb_features(seen: SeenComb, others: Sequence[SeenComb], hints: Hints) -> NDArray[np.float64]:
    """Return what speaks for and against a comb, float64 (len(COMB_FEATURES),).

    Args:
        seen: the comb.
        others: all that were seen, with or without this one.
        hints: what the network says of the ends.
    """
    comb = seen.comb
    off = np.array(seen.ends) - (0.0, 1.0)
    at, near = (np.exp(-np.abs(off) / reach) * hints.scores for reach in (0.01, 0.03))
    from_tube = np.array(seen.ends) - hints.tube
    others = [other for other in others if other is not seen]
    # Letters, bolts and long marks make coarse combs: a fine one that reaches further has the ends.
    finer = [
        other.comb.evenness
        for other in others
        if other.comb.teeth >= 1.6 * comb.teeth
        and max(seen.ends[0] - other.ends[0], other.ends[1] - seen.ends[1]) > 0.3 * seen.tooth
    ]
    confirmed = [
        max(
            (o.comb.evenness * o.comb.at_ends[e] * _near(o.ends[e] - seen.ends[e]) for o in others), default=0
        )
        for e in (0, 1)
    ]
    values = (
        comb.evenness,
        min(comb.at_ends),
        max(comb.at_ends),
        max(comb.past_ends),
        comb.residual / 0.1,
        np.exp(-comb.teeth / 6),
        comb.teeth / 40,
        seen.straight[0],
        seen.straight[1],
        comb.room / 2,
        np.exp(-comb.tooth / 6),
        abs(seen.lean) / 0.03,
        at[0],
        at[1],
        min(at),
        near[0],
        near[1],
        min(near),
        np.exp(-np.abs(from_tube).max() / 0.01),
        from_tube[0] / 0.1,
        -from_tube[1] / 0.1,
        max(finer, default=0.0),
        min(confirmed),
        min(seen.lengths),
        max(seen.lengths) - 1,
        seen.shift / 0.2,
        *_told(seen, hints),
    )
    return np.clip(np.array(values, dtype=np.float64), _LEAST, 1.0)


def _told(seen: SeenComb, hints: Hints) -> tuple[float, float, float, float, float]:
    """Return the chances of the comb's ends; a comb of which nobody was asked counts as one that may be."""
    if hints.told is None:
        return UNTOLD, UNTOLD, UNTOLD, sureness(1 - UNTOLD**2), 1.0
    start, end = hints.told(seen.ends)
    return start, end, min(start, end), sureness(1 - start * end), 0.0


def comb_probability(features: NDArray[np.float64], weights: CombWeights) -> float:
    """Return the probability that both ends of a comb are the scale's (logistic regression)."""
    return chance(weights.bias + float(features @ np.asarray(weights.values)))


def _near(distance: float) -> float:
    return float(np.exp(-abs(distance) / 0.006))
