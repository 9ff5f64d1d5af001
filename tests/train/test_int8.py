"""When an 8-bit twin may take its network's place."""

from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("onnx")

from meter_infer.cli.main import app
from meter_infer.train.int8 import Comparison, Readings

FULL = Readings(found=95, good=80, wrong=1, median_error=0.30)


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"found": 92, "good": 78, "wrong": 2, "median_error": 0.36}, True),
        ({"found": 80}, False),
        ({"good": 70}, False),
        ({"wrong": 6}, False),
        ({"median_error": 0.5}, False),
    ],
)
def test_it_holds_when_it_reads_as_much_and_as_well(changes: dict[str, Any], holds: bool) -> None:
    assert Comparison(100, FULL, replace(FULL, **changes), 0.1).holds is holds


def test_twins_are_made_of_the_manifests_networks_alone() -> None:
    result = CliRunner().invoke(app, ["export", "last.pt", "out.onnx", "--int8"])
    assert result.exit_code == 2
    assert "--models" in result.output
