"""Fitting what speaks for a dial's ends and pointer."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from meter_infer.errors import LabelError
from meter_infer.reading.choice import ChoiceWeights, shares
from meter_infer.reading.choice_weights import ENDS, POINTER
from meter_infer.reading.ends import Hint
from meter_infer.reading.hands import TERMS
from meter_infer.train.choices import (
    Choices,
    DialChoices,
    collect_choices,
    fit_choice,
    write_choice_weights,
)
from meter_infer.types import Box, Detection, MeterKind, Segment, SegmentClass
from tests.reading.plain_dial import Shot, View, shoot
from tests.scenes import KnownDetector, KnownSegmenter

TRUTH = ChoiceWeights(1.0, (3.0, -2.0, 0.0))
START, SPAN, FRACTION = float(np.deg2rad(135)), float(np.deg2rad(270)), 0.3


def looks(count: int, so_far: ChoiceWeights = TRUTH) -> Choices:
    """Return looks in which the right candidate was drawn by `TRUTH`; three looks to a picture."""
    rng = np.random.default_rng(5)
    made = Choices("ends", so_far, 0.01)
    for k in range(count):
        terms = rng.normal(0, 1, (rng.integers(1, 6), 3))
        share = shares(terms.tolist(), TRUTH)
        drawn = rng.choice(len(terms) + 1, p=np.append(share, 1 - share.sum()))
        made.add((Path(str(k // 3)), 0), terms.tolist(), [i == drawn for i in range(len(terms))])
    return made


def test_the_fit_finds_the_weights_that_made_the_choices() -> None:
    made = looks(4000)
    fitted = fit_choice(made.terms, made.right, 0.01)
    assert fitted.values == pytest.approx(TRUTH.values, abs=0.2)
    assert fitted.none == pytest.approx(TRUTH.none, abs=0.15)


def test_of_several_that_are_right_any_will_do() -> None:
    """Two right ones that are alike, one wrong: the wrong one must lose, the right ones need not."""
    terms = [np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.2]])] * 50
    fitted = fit_choice(terms, [np.array([True, True, False])] * 50, 0.1)
    share = shares(terms[0].tolist(), fitted)
    assert share[:2].sum() > 0.9
    assert share[2] < 0.05


def test_weights_are_compared_on_pictures_they_were_not_fitted_to() -> None:
    """The only term names the candidate of this very picture: of no use in any other."""
    pictures = 60
    rng = np.random.default_rng(1)
    made = Choices("ends", ChoiceWeights(0.0, (0.0,) * pictures), 0.01)
    for k in range(4 * pictures):
        picture = k % pictures
        terms = np.zeros((2, pictures))
        right = int(rng.integers(2))
        terms[right, picture], terms[1 - right, picture] = 1.0, -1.0
        made.add((Path(f"{picture:03d}"), 0), terms.tolist(), [i == right for i in range(2)])
    fit = made.fit()
    assert fit.looks == fit.possible == 4 * pictures
    # an untaught choice takes the first of two
    assert fit.after == fit.before == sum(not right[0] for right in made.right)
    values = np.array(fit.weights.values)
    assert all(right[(t @ values).argmax()] for t, right in zip(made.terms, made.right, strict=True))


def test_new_weights_are_better_than_wrong_ones() -> None:
    fit = looks(900, ChoiceWeights(0.0, (-3.0, 2.0, 0.0))).fit()
    assert fit.after < 0.8 * fit.before
    best_possible = looks(900).fit().before
    assert fit.after < 1.05 * best_possible


def test_too_few_looks_are_refused_and_the_missing_ones_told() -> None:
    made = looks(90)
    possible = sum(bool(right.any()) for right in made.right)
    missing = int(np.ceil((200 - possible) * 30 / possible))
    with pytest.raises(LabelError, match=rf"ends: 90 looks at 30 dials.*about {missing} more dials"):
        made.fit()
    with pytest.raises(LabelError, match="about 200 more dials"):
        looks(0).fit()


def test_what_is_written_can_be_imported(tmp_path: Path) -> None:
    ends = ChoiceWeights(1.25, tuple(k / 10 for k in range(len(Hint._fields))))
    pointer = ChoiceWeights(-0.5, tuple(-k / 10 for k in range(len(TERMS))))
    write_choice_weights(tmp_path / "choice_weights.py", ends, pointer)
    module = runpy.run_path(str(tmp_path / "choice_weights.py"))
    assert module["ENDS"] == ends
    assert module["POINTER"] == pointer


def test_the_shipped_weights_fit_the_terms() -> None:
    assert len(ENDS.values) == len(Hint._fields)
    assert len(POINTER.values) == len(TERMS)


@pytest.fixture(scope="module")
def shot() -> Shot:
    return shoot(View(START, SPAN, FRACTION, 0.3, 0.5, 320))


def collect(folder: Path, shot: Shot, reading: float, *more: Segment) -> DialChoices:
    """Write the shot and its label, and look at it with networks that see its truth and `more`."""
    cv2.imwrite(str(folder / "dial.png"), shot.luma)
    ends = [
        next(s.box.center for s in shot.segments if s.label is label)
        for label in (SegmentClass.START, SegmentClass.END)
    ]
    label = {
        "kind": "pointer", "box": [shot.box.x1, shot.box.y1, shot.box.x2, shot.box.y2], "range": [0, 10],
        "reading": reading, "scale_points": {"0": ends[0], "10": ends[1]},
    }  # fmt: skip
    unknown = {"kind": "pointer", "box": [0, 0, 50, 50], "range": [0, 10], "reading": 3.0}
    images = [{"file": "dial.png", "gauges": [label]}, {"file": "gone.png", "gauges": [unknown]}]
    (folder / "truth.json").write_text(json.dumps({"images": images}), encoding="utf-8")
    detector = KnownDetector(Detection(MeterKind.POINTER, shot.box, 0.9))
    counted: list[None] = []
    made = collect_choices(
        [folder / "truth.json"],
        detector,
        KnownSegmenter([*shot.segments, *more]),
        lambda: counted.append(None),
    )
    assert len(counted) == 2
    return made


def test_the_labels_say_which_candidates_are_right(shot: Shot, tmp_path: Path) -> None:
    """Beside the truth the network sees a first mark in the middle of the scale and a set hand."""
    other = shoot(View(START, SPAN, 0.7, 0.3, 0.5, 320))
    hand = next(s for s in other.segments if s.label is SegmentClass.POINTER)
    x, y = next(s.box.center for s in other.segments if s.label is SegmentClass.TIP)
    mark = Segment(SegmentClass.START, Box(x - 8, y - 8, x + 8, y + 8), 0.9, None)
    made = collect(tmp_path, shot, 10 * FRACTION, replace(hand, score=0.9), mark)
    assert [len(choice.terms) for choice in made] == [2, 2]  # two crops
    score = Hint._fields.index("start")
    ends, right = made.ends.terms[0], made.ends.right[0]
    assert right.any()
    assert set(ends[right, score]) == {0.95}
    assert {0.9, 0.95} <= set(ends[:, score])
    hands, right = made.pointer.terms[0], made.pointer.right[0]
    assert set(hands[right, TERMS.index("mask")]) == {0.95}
    assert hands[right, TERMS.index("tip")].max() > 0
    assert 0.9 in hands[~right, TERMS.index("mask")]


def test_a_pointer_elsewhere_is_not_right(shot: Shot, tmp_path: Path) -> None:
    made = collect(tmp_path, shot, 10 * FRACTION + 0.5)
    assert not made.pointer.right[0].any()
    assert made.ends.right[0].any()
