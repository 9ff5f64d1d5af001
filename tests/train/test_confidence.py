import runpy
from pathlib import Path

import numpy as np
import pytest

from meter_infer.errors import LabelError
from meter_infer.reading.evidence import FEATURES, TUBE_FEATURES, probability
from meter_infer.reading.look import look
from meter_infer.reading.weights import ACCEPT, BIAS, TUBE_ACCEPT, TUBE_BIAS, TUBE_WEIGHTS, WEIGHTS
from meter_infer.train.confidence import Fit, fit_weights, logistic, write_weights
from tests.scenes import draw


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
    good = np.array([probability(row, strict.bias, list(strict.weights)) >= strict.accept for row in fresh])
    assert (truth[good] > 0.02).mean() < 0.04


def test_too_few_looks_are_refused() -> None:
    evidence, errors = looks(20)
    with pytest.raises(LabelError, match="too few"):
        fit_weights(evidence, errors, 0.02)


def test_what_is_written_can_be_imported(tmp_path: Path) -> None:
    dial = Fit(0.7, -1.25, np.arange(len(FEATURES)) / 10, 0.5, 0.01)
    tube = Fit(0.6, 0.5, np.arange(len(TUBE_FEATURES)) / 10, 0.5, 0.01)
    write_weights(tmp_path / "weights.py", dial, tube)
    module = runpy.run_path(str(tmp_path / "weights.py"))
    assert (module["ACCEPT"], module["BIAS"], module["TUBE_ACCEPT"]) == (0.7, -1.25, 0.6)
    assert module["WEIGHTS"] == pytest.approx(dial.weights)
    assert module["TUBE_WEIGHTS"] == pytest.approx(tube.weights)


def test_the_shipped_weights_fit_the_evidence() -> None:
    assert len(WEIGHTS) == len(FEATURES)
    assert len(TUBE_WEIGHTS) == len(TUBE_FEATURES)
    assert 0 <= ACCEPT < 1
    assert 0 <= TUBE_ACCEPT < 1
    assert np.isfinite([BIAS, TUBE_BIAS, *WEIGHTS, *TUBE_WEIGHTS]).all()


def test_evidence_lies_within_bounds() -> None:
    for seed in range(4):
        scene = draw(seed)
        seen, _ = look(scene.truth.kind, scene.luma, scene.box, scene.segments(0.3, seed))
        assert seen.evidence is not None
        assert seen.evidence.shape == (len(FEATURES),)
        assert ((seen.evidence >= 0) & (seen.evidence <= 1)).all()
