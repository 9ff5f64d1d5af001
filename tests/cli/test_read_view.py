"""What is shown on a terminal while frames are read."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from meter_infer.cli import read_view
from meter_infer.cli.read_view import ReadView, print_summary
from meter_infer.cli.tally import Tally
from meter_infer.types import MeterKind, Quality, Reading, Reason


def reading(camera: str, value: float | None, fraction: float | None = None) -> Reading:
    return Reading(
        captured_at=datetime(2026, 3, 1, tzinfo=UTC),
        camera=camera,
        meter="p1",
        kind=MeterKind.POINTER,
        value=value,
        unit="bar",
        raw=value,
        fraction=fraction,
        quality=Quality.UNCERTAIN if value is None else Quality.GOOD,
        reason=Reason.UNCALIBRATED if value is None else Reason.OK,
        confidence=1.0,
        frame=0,
        latency_ms=1.0,
    )


def screen(is_terminal: bool = True) -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, force_terminal=is_terminal, width=120, color_system=None), text


def test_progress_and_meters_are_shown_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_view, "_REFRESH_S", 0.0)
    console, text = screen()
    tally = Tally()
    with ReadView(console, tally, "plant [left].mp4", 4) as view:
        for value in (1.0, 3.0):
            tally.add([reading("boiler", value)])
            view.update()
    shown = text.getvalue()
    assert "plant [left].mp4" in shown
    assert "2/4" in shown
    assert "boiler" in shown


def test_nothing_is_shown_live_in_a_log() -> None:
    console, text = screen(is_terminal=False)
    with ReadView(console, Tally(), "plant.mp4", None) as view:
        view.update()
    assert text.getvalue() == ""


def test_an_uncalibrated_meter_is_shown_in_percent_of_its_scale() -> None:
    console, text = screen(is_terminal=False)
    tally = Tally()
    for fraction in (0.25, 0.75):
        tally.add([reading("boiler", None, fraction)])
    print_summary(console, tally, 1.0)
    row = next(line for line in text.getvalue().splitlines() if "boiler" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells == [
        "boiler",
        "p1",
        "2",
        "0%",
        "25",
        "50",
        "75",
        "75",
        "% of scale",
        "uncertain uncalibrated",
    ]


def test_percent_of_the_scale_and_values_are_not_mixed() -> None:
    console, text = screen(is_terminal=False)
    tally = Tally()
    for value, fraction in ((None, 0.51), (5.0, 0.5), (7.0, 0.7), (None, 0.9)):
        tally.add([reading("boiler", value, fraction)])
    print_summary(console, tally, 1.0)
    row = next(line for line in text.getvalue().splitlines() if "boiler" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[3:9] == ["50%", "5", "6", "7", "-", "bar"]


def test_what_is_in_doubt_is_not_the_highest() -> None:
    tally = Tally()
    for value, quality in ((3.0, Quality.UNCERTAIN), (5.0, Quality.GOOD), (9.0, Quality.UNCERTAIN)):
        tally.add([replace(reading("boiler", value), quality=quality)])
    (counted,) = tally.meters.values()
    assert (counted.low, counted.mean, counted.high) == (5.0, 5.0, 5.0)


def test_a_long_list_is_cut() -> None:
    console, text = screen(is_terminal=False)
    tally = Tally()
    for index in range(50):
        tally.add([reading(f"camera{index}", 1.0)])
    print_summary(console, tally, 0.0)
    assert "camera39" in text.getvalue()
    assert "camera40" not in text.getvalue()
    assert "and 10 meters more" in text.getvalue()
    assert "50 frames, 50 meters, 50 readings: 50 good" in text.getvalue()
