"""The demo's comparison tells a wrong reading from a right one."""

from pathlib import Path

import pytest

from meter_infer.evaluation.scoring import figures
from scripts.demo_report import read_outcomes

SITE = """
cameras:
  plant:
    url: plant.mp4
    meters:
      gauge-1: {kind: pointer, range: [40, 0], unit: bar}
"""
TRUTH = "frame,meter,kind,value,unit\n" + "".join(
    f"{frame},gauge-1,pointer,{value},bar\n" for frame, value in enumerate((10, 12, 14))
)
HEAD = "captured_at,camera,meter,kind,value,unit,raw,fraction,quality,reason,confidence,frame,latency_ms\n"
READ = (
    "t,plant,gauge-1,pointer,10.4,bar,10.4,0.2,good,ok,0.9,0,5\n"
    "t,plant,gauge-1,pointer,20,bar,20,0.2,good,ok,0.9,1,5\n"
    "t,plant,auto-1,pointer,,bar,,,bad,no_pointer,0,1,5\n"
)


def test_frames_are_brought_together_by_number_and_meter(tmp_path: Path) -> None:
    for name, text in (("plant.yaml", SITE), ("plant.csv", TRUTH), ("readings.csv", HEAD + READ)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    outcomes = read_outcomes(tmp_path)
    assert [item.error_pct for item in outcomes] == [pytest.approx(1.0), pytest.approx(20.0), None]
    result = figures(outcomes)
    assert (result.n, result.detected) == (3, 2)
    assert result.coverage == pytest.approx(2 / 3)
    assert result.confident_wrong == pytest.approx(0.5)
