"""A reader that needs no networks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from typer.testing import Result

from meter_infer.app import Reader, ReaderOptions
from meter_infer.calibration import PicturePoints
from meter_infer.pipeline import MeterSetup
from meter_infer.types import Box, Frame, MeterKind, Quality, Reading, Reason

Run = Callable[..., Result]
"""Runs `meter-infer` with arguments and, if given, `env`."""


@dataclass
class FakeReader:
    """Reads one meter in every frame: its brightness."""

    engine: str = "fake"
    setups: Sequence[MeterSetup] = ()
    options: ReaderOptions | None = None
    frames: list[tuple[str, int]] = field(default_factory=list)
    closed: int = 0
    blind: bool = False
    """See no meter at all."""
    blind_at: int | None = None
    """Index of the frame in which no meter is seen."""
    lost_from: int | None = None
    """Index of the first frame in which the meter is lost."""
    interrupt_at: int | None = None
    """Index of the frame during which somebody presses Ctrl-C."""

    def build(self, meters: Sequence[MeterSetup], options: ReaderOptions) -> Reader:
        self.setups, self.options = meters, options
        return self

    def read(self, frames: Sequence[Frame]) -> list[Reading]:
        readings = []
        for frame in frames:
            if frame.index == self.interrupt_at:
                raise KeyboardInterrupt
            self.frames.append((frame.camera, frame.index))
            if not self.blind and frame.index != self.blind_at:
                readings.append(self._reading(frame))
        return readings

    def _reading(self, frame: Frame) -> Reading:
        lost = self.lost_from is not None and frame.index >= self.lost_from
        value = None if lost else float(frame.luma.mean())
        return Reading(
            captured_at=frame.captured_at,
            camera=frame.camera,
            meter=self.setups[0].meter if self.setups else "auto-1",
            kind=MeterKind.POINTER,
            value=value,
            unit="bar",
            raw=value,
            fraction=None if value is None else value / 255,
            quality=Quality.BAD if lost else Quality.GOOD,
            reason=Reason.NO_METER if lost else Reason.OK,
            confidence=0.9,
            frame=frame.index,
            latency_ms=1.5,
            box=Box(5, 5, 30, 30),
        )

    def seen(self, camera: str, meter: str) -> None:
        return None

    def clicked(self, camera: str, meter: str) -> PicturePoints:
        points = {(item.camera, item.meter): item.calibration_points for item in self.setups}
        return points.get((camera, meter)) or ()

    def close(self) -> None:
        self.closed += 1


def rows(text: str) -> list[dict[str, Any]]:
    """The rows of CSV text."""
    head, *lines = text.splitlines()
    return [dict(zip(head.split(","), line.split(","), strict=True)) for line in lines]


def said(result: Any) -> str:
    """The one sentence on stderr of a command that could do nothing."""
    assert result.exit_code == 2, result.stderr
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, result.stderr
    return str(lines[0])
