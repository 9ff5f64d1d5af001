"""Fitting what tells the graduation of a level gauge from other combs."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from meter_infer.errors import LabelError
from meter_infer.reading.comb_weights import COMB
from meter_infer.reading.tube_comb import COMB_FEATURES, comb_probability
from meter_infer.train.graduations import Combs, write_comb_weights


def combs(count: int) -> Combs:
    """Return combs of which the graduations are even and the others go on beyond their ends."""
    rng = np.random.default_rng(2)
    found = Combs()
    even, beyond = (COMB_FEATURES.index(name) for name in ("evenness", "beyond"))
    for _ in range(count):
        features = rng.uniform(0, 1, len(COMB_FEATURES))
        found.features.append(features)
        found.right.append(bool(features[even] + rng.normal(0, 0.1) > features[beyond]))
    return found


def test_the_fit_tells_graduations_from_others(tmp_path: Path) -> None:
    known, fresh = combs(1500), combs(300)
    fit = known.fit()
    assert fit.seen == 1500
    write_comb_weights(tmp_path / "comb_weights.py", fit.weights)
    written = runpy.run_path(str(tmp_path / "comb_weights.py"))["COMB"]
    said = np.array([comb_probability(features, written) > 0.5 for features in fresh.features])
    assert (said == np.array(fresh.right)).mean() > 0.88


def test_too_few_combs_are_refused_and_the_missing_gauges_told() -> None:
    few = combs(50)
    few.gauges = 12
    with pytest.raises(LabelError, match=r"50 combs .* 12 level gauges .* needs 200: give about 36 more"):
        few.fit()
    with pytest.raises(LabelError, match="about 200 more level gauges with `range` and `scale_points`"):
        Combs().fit()


def test_combs_that_are_all_alike_are_refused() -> None:
    alike = combs(300)
    alike.right = [False] * 300
    with pytest.raises(LabelError, match="None of 300 combs"):
        alike.fit()


def test_the_shipped_weights_fit_the_features() -> None:
    assert len(COMB.values) == len(COMB_FEATURES)
