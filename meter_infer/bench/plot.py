"""A run drawn over its time, and many runs drawn against what was asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.bench.report import Report

Image = NDArray[np.uint8]
_Color = tuple[int, int, int]
_INK: _Color = (60, 52, 48)
_GRID: _Color = (232, 228, 225)
_COLORS: tuple[_Color, ...] = ((190, 120, 50), (60, 140, 40), (20, 120, 230), (150, 60, 150))
_SIZE = (1200, 800)
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a panel."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


def draw_report(report: Report) -> Image:
    """Draw a run: readings a second, cores, memory and frames that wait, BGR uint8 (800, 1200, 3)."""
    steps = list(pairwise(report.samples))
    x = [after.at_s for _, after in steps]
    spans = [max(after.at_s - before.at_s, 1e-3) for before, after in steps]

    def rate(field: str) -> list[float]:
        pairs = zip(steps, spans, strict=True)
        return [(getattr(b, field) - getattr(a, field)) / span for (a, b), span in pairs]

    panels = (
        ("readings a second", "seconds", [Curve("published", x, rate("readings"))]),
        (
            "cores",
            "seconds",
            [Curve("meter-infer", x, rate("cpu_s")), Curve("RTSP server", x, rate("server_cpu_s"))],
        ),
        ("frames sent and not yet read", "seconds", [Curve("", x, [after.waiting for _, after in steps])]),
        ("resident memory, MiB", "seconds", [Curve("", x, [after.rss_mib for _, after in steps])]),
    )
    title = (
        f"{report.streams} cameras at {report.fps} frames a second, {report.meters} meters, {report.engine}"
    )
    return draw_panels(title, panels)


def draw_panels(title: str, panels: Sequence[tuple[str, str, Sequence[Curve]]]) -> Image:
    """Draw up to four panels: what runs up, what runs to the right, curves. BGR uint8 (800, 1200, 3)."""
    canvas: Image = np.full((_SIZE[1], _SIZE[0], 3), 255, np.uint8)
    _text(canvas, title, (40, 38), 20, 650)
    for place, (name, x_name, curves) in enumerate(panels):
        corner = 80 + (place % 2) * 580, 100 + (place // 2) * 360
        _panel(canvas, corner, (480, 240), name, x_name, curves)
    return canvas


def _panel(
    canvas: Image,
    corner: tuple[int, int],
    size: tuple[int, int],
    name: str,
    x_name: str,
    curves: Sequence[Curve],
) -> None:
    left, top = corner
    width, height = size
    xs = [x for curve in curves for x in curve.x]
    ys = [y for curve in curves for y in curve.y]
    x_end, y_end = _round_up(max(xs, default=1.0)), _round_up(max(ys, default=1.0))

    def at(x: float, y: float) -> tuple[int, int]:
        return round(left + x / x_end * width), round(top + height - y / y_end * height)

    _text(canvas, name, (left, top - 14), 16, 650)
    for tick in range(_TICKS + 1):
        y, x = y_end * tick / _TICKS, x_end * tick / _TICKS
        cv2.line(canvas, at(0, y), at(x_end, y), _GRID if tick else _INK, 1)
        _text(canvas, f"{y:g}", (left - 8, at(0, y)[1] + 5), 13, right=True)
        _text(
            canvas,
            f"{x:g}" + (f" {x_name}" if tick == _TICKS else ""),
            (at(x, 0)[0] - 8, top + height + 20),
            13,
        )
    along = left
    for curve, color in zip(curves, _COLORS, strict=False):
        points = np.array([at(x, y) for x, y in zip(curve.x, curve.y, strict=True)], np.int32)
        if len(points):
            cv2.polylines(canvas, [points], False, color, 2, cv2.LINE_AA)
        if len(points) < 20:
            for point in points:
                cv2.circle(canvas, (int(point[0]), int(point[1])), 4, color, -1, cv2.LINE_AA)
        if curve.name:
            cv2.circle(canvas, (along + 6, top + height + 42), 5, color, -1, cv2.LINE_AA)
            along = _text(canvas, curve.name, (along + 18, top + height + 47), 14) + 24


def _round_up(value: float) -> float:
    """Return the next number of the kind 1, 2, 4, 8 or 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(
        next(step for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if step * power >= value * 0.999)
        * power
    )


def _text(
    canvas: Image, text: str, at: tuple[int, int], size: int, weight: int = 400, *, right: bool = False
) -> int:
    """Write on the baseline `at` and return where the text ends, pixels."""
    face = cv2.FontFace("sans")
    width = int(cv2.getTextSize((1, 1), text, (0, 0), face, size, weight)[2])
    x = at[0] - (width if right else 0)
    cv2.putText(canvas, text, (x, at[1]), _INK, face, size, weight)
    return x + width
