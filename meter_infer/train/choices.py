"""Fitting what speaks for a dial's scale ends and for its pointer among all that may be them.

Both are multinomial logits (`meter_infer.reading.choice`). Each look at a labelled dial gives candidates;
those near the truth are right, and where none is, "none of these" is. Several may be right: their shares
add up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import LabelError
from meter_infer.evaluation.labels import GaugeLabel
from meter_infer.pipeline import MeterDetector, MeterSegmenter
from meter_infer.reading.choice import ChoiceWeights
from meter_infer.reading.choice_weights import ENDS, POINTER
from meter_infer.reading.dial import best, point_of, view_dial
from meter_infer.reading.ends import Hint, pairs_of
from meter_infer.reading.geometry import wrap
from meter_infer.reading.hands import TERMS, hands_of, terms_of
from meter_infer.reading.marks import ring_of
from meter_infer.reading.pointer import crossing
from meter_infer.reading.refined import aligned
from meter_infer.reading.sampling import cut_patch
from meter_infer.train.looking import Sighting, gauges_missing, sightings, write_module
from meter_infer.types import MeterKind, SegmentClass

END_OFF, POINTER_OFF = np.deg2rad(4.0), np.deg2rad(8.0)
"""Error from which a candidate is not the scale's end, and not the pointer."""
END_RIDGE, POINTER_RIDGE = 0.5, 1.0
FOLDS = 5
LEAST = 200
"""Looks that a fit needs."""
STEPS = 200

Design = NDArray[np.float64]


class ChoiceFit(NamedTuple):
    """Fitted weights, and how they do. Numbers of looks."""

    weights: ChoiceWeights
    looks: int
    possible: int
    """A right candidate is among them."""
    before: int
    """Wrong with the weights so far."""
    after: int
    """Wrong with weights that were fitted to other pictures."""


@dataclass(slots=True)
class Choices:
    """Looks at dials whose truth is known, and what could be chosen in each."""

    what: str
    """What is chosen, for messages."""
    so_far: ChoiceWeights
    ridge: float
    terms: list[Design] = field(default_factory=list)
    """Of each look, (candidates, terms)."""
    right: list[NDArray[np.bool_]] = field(default_factory=list)
    """Of each look, (candidates,)."""
    dials: list[tuple[Path, int]] = field(default_factory=list)
    """Of each look, the picture and the gauge in it."""

    def add(self, dial: tuple[Path, int], terms: Sequence[Sequence[float]], right: Sequence[bool]) -> None:
        """Add a look at a dial; without candidates there is no choice."""
        if terms:
            self.terms.append(np.array(terms, dtype=np.float64))
            self.right.append(np.array(right, dtype=np.bool_))
            self.dials.append(dial)

    def fit(self, seed: int = 0) -> ChoiceFit:
        """Fit the weights; `seed` divides the pictures. Raises LabelError where there are too few looks."""
        looks, dials = len(self.terms), len(set(self.dials))
        possible = sum(bool(right.any()) for right in self.right)
        if possible < LEAST:
            raise LabelError(
                f"{self.what}: {looks} looks at {dials} dials, {possible} with a right candidate, are "
                f"too few to fit weights, which needs {LEAST}: give about "
                f"{gauges_missing(possible, dials, LEAST)} more dials with `reading`, `range` and "
                "`scale_points` that hold both ends of it."
            )
        pictures = sorted({picture for picture, _ in self.dials})
        drawn = np.random.default_rng(seed).integers(0, FOLDS, len(pictures))
        fold_of = dict(zip(pictures, drawn.tolist(), strict=True))
        folds = [fold_of[picture] for picture, _ in self.dials]
        after = 0
        for k in range(FOLDS):
            held = [fold == k for fold in folds]
            if any(held) and not all(held):
                after += self._wrong(self._fitted([not each for each in held]), held)
        every = [True] * looks
        return ChoiceFit(self._fitted(every), looks, possible, self._wrong(self.so_far, every), after)

    def _fitted(self, chosen: Sequence[bool]) -> ChoiceWeights:
        terms = [each for each, taken in zip(self.terms, chosen, strict=True) if taken]
        right = [each for each, taken in zip(self.right, chosen, strict=True) if taken]
        return fit_choice(terms, right, self.ridge)

    def _wrong(self, weights: ChoiceWeights, chosen: Sequence[bool]) -> int:
        """Return in how many of the looks the candidate with the largest share is not right."""
        values = np.array(weights.values)
        return sum(
            not right[int((terms @ values).argmax())]
            for terms, right, taken in zip(self.terms, self.right, chosen, strict=True)
            if taken
        )


class DialChoices(NamedTuple):
    """The two choices that are made in every look at a dial."""

    ends: Choices
    pointer: Choices

    def take(self, seen: Sighting) -> None:
        """Add the looks at one dial whose truth is known."""
        ends, at = seen.gauge.ends, _fraction(seen.gauge)
        if ends is None or at is None:
            return
        dial = seen.picture, seen.gauge.index
        patch = cut_patch(seen.frame.luma, seen.box)
        for segments in seen.crops:
            view = view_dial(segments)
            if view is None:
                continue
            geometry = aligned(patch, view.geometry)
            first, last = (geometry.angle_of(np.array(point)) for point in ends)
            # Which pairs are weighed must not hang on the weights so far.
            pairs = pairs_of(geometry, view.candidates, ring_of(patch, geometry), outdone=inf)
            off = [max(abs(wrap(pair.start - first)), abs(wrap(pair.end - last))) for pair in pairs]
            self.ends.add(dial, [pair.hint for pair in pairs], [each < END_OFF for each in off])
            geometry = view.geometry
            first, last = (geometry.angle_of(np.array(point)) for point in ends)
            truth = geometry.with_ends(first, last).angle_of_fraction(at)
            hands = hands_of(segments, geometry, point_of(best(segments, SegmentClass.PIVOT)))
            met = [crossing(hand.foot, hand.end, geometry.band[0]) for hand in hands]
            self.pointer.add(
                dial,
                [terms_of(hand.hint) for hand in hands],
                [angle is not None and abs(wrap(angle - truth)) < POINTER_OFF for angle in met],
            )


def collect_choices(
    labels: Iterable[Path],
    detector: MeterDetector,
    segmenter: MeterSegmenter,
    progress: Callable[[], None] | None = None,
) -> DialChoices:
    """Look, in two crops each, at every dial whose `scale_points` hold both ends of its `range`.

    Raises LabelError and SourceError for what cannot be read.
    """
    choices = DialChoices(Choices("ends", ENDS, END_RIDGE), Choices("pointer", POINTER, POINTER_RIDGE))
    for seen in sightings(labels, detector, segmenter, _is_usable, progress, second=True):
        choices.take(seen)
    return choices


def fit_choice(terms: Sequence[Design], right: Sequence[NDArray[np.bool_]], ridge: float) -> ChoiceWeights:
    """Fit a penalised multinomial logit: the shares of what is right are to be large.

    Args:
        terms: of each choice, float64 (candidates, terms).
        right: which of its candidates are right, (candidates,); none: "none of these" is.
        ridge: strength of the penalty, on the weight of "none of these" as well.
    """
    count = terms[0].shape[1]
    blocks, marks = [], []
    for rows, good in zip(terms, right, strict=True):
        block = np.zeros((len(rows) + 1, count + 1))
        block[:-1, :-1], block[-1, -1] = rows, 1.0
        blocks.append(block)
        marks.append(np.append(good, not good.any()))
    design, mark = np.concatenate(blocks), np.concatenate(marks)
    sizes = np.array([len(block) for block in blocks])
    begins = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    of = np.repeat(np.arange(len(sizes)), sizes)

    def weigh(theta: Design) -> tuple[float, Design, Design]:
        """Return the loss, the share of each row, and its share of what is right."""
        score = design @ theta
        rise = np.exp(score - np.maximum.reduceat(score, begins)[of])
        whole = np.add.reduceat(rise, begins)
        good = np.maximum(np.add.reduceat(rise * mark, begins), 1e-300)
        loss = float(np.log(whole / good).sum() + ridge * theta @ theta)
        return loss, rise / whole[of], rise * mark / good[of]

    theta = np.zeros(count + 1)
    loss, share, share_right = weigh(theta)
    for _ in range(STEPS):
        slope = design.T @ (share - share_right) + 2 * ridge * theta
        weighted = design * share[:, None]
        mean = np.add.reduceat(weighted, begins)
        # Of the second derivative only the part that is never negative: every step leads downhill.
        curve = weighted.T @ design - mean.T @ mean + 2 * ridge * np.eye(count + 1)
        step = np.linalg.solve(curve, slope)
        tried = weigh(theta - step)
        while tried[0] > loss and float(np.abs(step).max()) > 1e-6:
            step = step / 2
            tried = weigh(theta - step)
        theta = theta - step
        loss, share, share_right = tried
        if float(np.abs(step).max()) <= 1e-6:
            break
    return ChoiceWeights(float(theta[-1]), tuple(theta[:-1].tolist()))


def write_choice_weights(path: Path, ends: ChoiceWeights, pointer: ChoiceWeights) -> None:
    """Write the fits as the module `meter_infer.reading.choice_weights`."""
    lines = [
        '"""What speaks for a dial\'s scale ends and pointer. Written by `meter-infer train choices`."""',
        "",
        "from meter_infer.reading.choice import ChoiceWeights",
    ]
    for name, weights, terms in (("ENDS", ends, Hint._fields), ("POINTER", pointer, TERMS)):
        lines += ["", f"{name} = ChoiceWeights(", f"    {weights.none:.4f},", "    ("]
        lines += [f"        {v:.4f},  # {term}" for v, term in zip(weights.values, terms, strict=True)]
        lines += ["    ),", ")"]
    write_module(path, lines)


def _fraction(gauge: GaugeLabel) -> float | None:
    """Return where on a straight scale the pointer stands."""
    if gauge.kind is not MeterKind.POINTER or gauge.range is None or gauge.reading is None:
        return None
    first, last = gauge.range
    return (gauge.reading - first) / (last - first)


def _is_usable(gauge: GaugeLabel) -> bool:
    return gauge.ends is not None and _fraction(gauge) is not None
