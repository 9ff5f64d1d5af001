import json
import runpy
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np
import pytest

from meter_infer.errors import LabelError
from meter_infer.reading.evidence import FEATURES, TUBE_FEATURES, Weights, probability
from meter_infer.reading.look import look
from meter_infer.reading.weights import DIAL, DIAL_PLACED, TUBE, TUBE_PLACED
from meter_infer.train.confidence import Fit, Use, collect_looks, fit_weights, logistic, write_weights
from meter_infer.types import Detection, MeterKind
from tests.scenes import KnownDetector, KnownSegmenter, draw, plain, pointer_contrast


def looks(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return evidence of which the first feature speaks for a look and the second against it."""
    rng = np.random.default_rng(seed)
    evidence = rng.uniform(0, 1, (count, 4))
    chance = 1 / (1 + np.exp(-(8 * evidence[:, 0] - 8 * evidence[:, 1])))
    return evidence, np.where(rng.uniform(size=count) < chance, 0.001, 0.2)


def test_the_fit_finds_what_speaks_for_and_against() -> None:
    evidence, errors = looks(3000)
    bias, weights = logistic(evidence, (errors < 0.02).astype(float), ridge=0.1)
    assert weights[:2] == pytest.approx([8, -8], rel=0.15)
    assert np.abs(weights[2:]).max() < 0.5
    assert abs(bias) < 0.5


def test_the_threshold_keeps_wrong_looks_below_the_wanted_share() -> None:
    evidence, errors = looks(2000)
    loose, strict = (fit_weights(evidence, errors, wanted) for wanted in (0.1, 0.02))
    assert loose.wrong <= 0.1
    assert strict.wrong <= 0.02
    assert strict.accept > loose.accept
    assert 0.1 < strict.coverage < loose.coverage < 0.7
    fresh, truth = looks(2000, seed=1)
    good = np.array(
        [
            probability(row, Weights(strict.accept, strict.bias, tuple(strict.weights))) >= strict.accept
            for row in fresh
        ]
    )
    assert (truth[good] > 0.02).mean() < 0.04


def test_too_few_looks_are_refused() -> None:
    evidence, errors = looks(20)
    with pytest.raises(LabelError, match="too few"):
        fit_weights(evidence, errors, 0.02)


def test_what_is_written_can_be_imported(tmp_path: Path) -> None:
    dial = Fit(0.7, -1.25, np.arange(len(FEATURES)) / 10, 0.5, 0.01)
    tube = Fit(0.6, 0.5, np.arange(len(TUBE_FEATURES)) / 10, 0.5, 0.01)
    fits = {Use(MeterKind.POINTER, False): dial, Use(MeterKind.LEVEL, True): tube}
    write_weights(tmp_path / "weights.py", fits)
    module = runpy.run_path(str(tmp_path / "weights.py"))
    assert module["DIAL"][:2] == (0.7, -1.25)
    assert module["DIAL"].values == pytest.approx(dial.weights)
    assert module["TUBE_PLACED"][:2] == (0.6, 0.5)
    assert module["TUBE_PLACED"].values == pytest.approx(tube.weights)


@pytest.mark.parametrize(
    ("weights", "features"),
    [(DIAL, FEATURES), (DIAL_PLACED, FEATURES), (TUBE, TUBE_FEATURES), (TUBE_PLACED, TUBE_FEATURES)],
)
def test_the_shipped_weights_fit_the_evidence(weights: Weights, features: tuple[str, ...]) -> None:
    assert len(weights.values) == len(features)
    assert 0 <= weights.accept < 1
    assert np.isfinite([weights.bias, *weights.values]).all()


def test_evidence_lies_within_bounds() -> None:
    for seed in range(4):
        scene = draw(seed)
        seen, _ = look(scene.truth.kind, scene.luma, scene.box, scene.segments(0.3, seed))
        assert seen.evidence is not None
        assert seen.evidence.shape == (len(FEATURES),)
        assert ((seen.evidence >= 0) & (seen.evidence <= 1)).all()


def test_what_the_rules_forbid_teaches_the_threshold_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is never good, whatever its evidence says."""
    scene = next(s for s in map(draw, range(40)) if plain(s) and pointer_contrast(s) > 60)
    cv2.imwrite(str(tmp_path / "a.png"), scene.luma)
    label = {"kind": "pointer", "box": [*astuple(scene.box)], "range": [0, 10]}
    gauge = {**label, "reading": 10 * scene.truth.fraction}
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps({"images": [{"file": "a.png", "gauges": [gauge]}]}))
    networks = KnownDetector(Detection(MeterKind.POINTER, scene.box, 0.9)), KnownSegmenter(scene.segments())
    by_range = Use(MeterKind.POINTER, False)
    assert len(collect_looks([labels], *networks)[by_range].errors) == 1
    monkeypatch.setattr("meter_infer.reading.look.VETO", 1.1)
    assert collect_looks([labels], *networks)[by_range].errors == []


def test_a_share_that_no_threshold_keeps_is_refused() -> None:
    clear = np.repeat([0.0, 1.0], 4000)
    errors = np.where(clear > 0, 0.001, 0.2)
    errors[4000::400] = 0.2  # ten of the clearest are wrong all the same
    with pytest.raises(LabelError, match=r"below 0\.001; give more"):
        fit_weights(clear[:, None], errors, 0.001)
