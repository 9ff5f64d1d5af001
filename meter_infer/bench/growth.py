"""How the service grows: with the cameras, and with the meters of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from meter_infer.bench.plot import Curve, Image, draw_panels
from meter_infer.bench.report import Report

STREAMS = (1, 2, 4, 8, 16)
METERS = (1, 2, 4, 8)
METERS_STREAMS = 4
"""Cameras while the meters grow."""
CAMERAS = 2
"""Different cameras; the others show the same."""


@dataclass(frozen=True, slots=True)
class Step:
    """One run of the growth."""

    streams: int
    meters: int
    """Of each camera."""


STEPS = tuple(dict.fromkeys([*(Step(n, 2) for n in STREAMS), *(Step(METERS_STREAMS, m) for m in METERS)]))


@dataclass(frozen=True, slots=True)
class Point:
    """A step and what came of it; no report where the service did not come up."""

    step: Step
    report: Report | None

    def as_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold, without the samples."""
        figures = self.report.as_json() if self.report is not None else {}
        kept = {name: value for name, value in figures.items() if name not in ("samples", "by_meter")}
        return {"streams": self.step.streams, "meters_per_camera": self.step.meters} | kept


def grow(run: Callable[[Step], Report | None]) -> list[Point]:
    """Do all steps."""
    return [Point(step, run(step)) for step in STEPS]


def draw_growth(points: Sequence[Point], fps: int) -> Image:
    """Draw the growth: what was read and what it cost, against cameras and meters."""
    by_streams = [p for p in points if p.step.meters == 2]
    by_meters = sorted(
        (p for p in points if p.step.streams == METERS_STREAMS), key=lambda point: point.step.meters
    )
    panels = (
        (
            "frames a second, 2 meters each",
            "cameras",
            [
                Curve("sent", [_streams(p) for p in by_streams], [_streams(p) * fps for p in by_streams]),
                _curve("read", by_streams, _streams, _frames_per_s),
            ],
        ),
        (
            "cores, 2 meters each",
            "cameras",
            [
                _curve("meter-infer", by_streams, _streams, lambda r: r.cores),
                _curve("RTSP server", by_streams, _streams, lambda r: r.server_cores),
            ],
        ),
        (
            f"frames a second, {METERS_STREAMS} cameras",
            "meters each",
            [
                Curve("sent", [_meters(p) for p in by_meters], [METERS_STREAMS * fps for _ in by_meters]),
                _curve("read", by_meters, _meters, _frames_per_s),
            ],
        ),
        (
            f"cores, {METERS_STREAMS} cameras",
            "meters each",
            [_curve("meter-infer", by_meters, _meters, lambda r: r.cores)],
        ),
    )
    return draw_panels("How it grows", panels)


def _curve(
    name: str, points: Sequence[Point], x: Callable[[Point], int], y: Callable[[Report], float]
) -> Curve:
    known = [(x(p), y(p.report)) for p in points if p.report is not None]
    return Curve(name, [at for at, _ in known], [value for _, value in known])


def _streams(point: Point) -> int:
    return point.step.streams


def _meters(point: Point) -> int:
    return point.step.meters


def _frames_per_s(report: Report) -> float:
    return report.frames_read / report.seconds
