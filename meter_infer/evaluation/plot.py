"""One picture of an evaluation: errors over the scale, their distribution, the figures by condition."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.evaluation.scoring import CONFIDENT_WRONG_PCT, Figures, Outcome, figures
from meter_infer.types import Quality

Image = NDArray[np.uint8]
_Color = tuple[int, int, int]

_SIZE = (1600, 1000)
_INK: _Color = (60, 52, 48)
_GRID: _Color = (232, 228, 225)
_BLUE: _Color = (190, 120, 50)
_COLORS: dict[Quality, _Color] = {
    Quality.GOOD: (90, 165, 60),
    Quality.UNCERTAIN: (20, 150, 245),
    Quality.BAD: (60, 60, 220),
}
_REGULAR = 400
_BOLD = 650
_LIMIT_PCT = 10.0
_BINS_PCT = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, math.inf)
_MAX_ROWS = 12


@dataclass(frozen=True, slots=True)
class _Panel:
    """A rectangle of the picture with its own axes: pixels and data limits."""

    x: int
    y: int
    width: int
    height: int
    x_limits: tuple[float, float] = (0.0, 1.0)
    y_limits: tuple[float, float] = (0.0, 1.0)

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Return the pixel of a data point; beyond the limits it sticks to the edge."""
        fx = (x - self.x_limits[0]) / (self.x_limits[1] - self.x_limits[0])
        fy = (y - self.y_limits[0]) / (self.y_limits[1] - self.y_limits[0])
        fx, fy = min(max(fx, 0.0), 1.0), min(max(fy, 0.0), 1.0)
        return round(self.x + fx * self.width), round(self.y + (1 - fy) * self.height)


def draw_plot(outcomes: Sequence[Outcome], by_condition: Mapping[str, Figures], title: str) -> Image:
    """Draw an evaluation: BGR uint8 (1000, 1600, 3)."""
    canvas: Image = np.full((_SIZE[1], _SIZE[0], 3), 255, np.uint8)
    _text(canvas, title, (60, 52), 26, _BOLD)
    _text(canvas, _summary(figures(outcomes)), (60, 84), 18)
    _scatter(canvas, _Panel(110, 170, 800, 330, (0, 100), (-_LIMIT_PCT, _LIMIT_PCT)), outcomes)
    _histogram(canvas, _Panel(1020, 170, 520, 330), [item for item in outcomes if item.is_good])
    _bars(canvas, _Panel(60, 610, 1480, 360), by_condition)
    return canvas


def _summary(total: Figures) -> str:
    return (
        f"n {total.n}    MAE {_percent(total.mae)}    p95 {_percent(total.p95)} of span    "
        f"coverage {_share(total.coverage)}    confident-wrong {_share(total.confident_wrong)}"
    )


def _scatter(canvas: Image, panel: _Panel, outcomes: Sequence[Outcome]) -> None:
    _text(
        canvas,
        "Error of every reading against where the truth lies on the scale, % of span",
        (60, 140),
        17,
        _BOLD,
    )
    for tick in range(-10, 11, 5):
        left, right = panel.at(0, tick), panel.at(100, tick)
        cv2.line(canvas, left, right, _GRID if tick else _INK, 1)
        _text(canvas, f"{tick:+d}" if tick else "0", (left[0] - 14, left[1] + 5), 15, right=True)
    for tick in range(0, 101, 20):
        _text(canvas, f"{tick}", (panel.at(tick, 0)[0], panel.y + panel.height + 22), 15, center=True)
    for limit in (-CONFIDENT_WRONG_PCT, CONFIDENT_WRONG_PCT):
        for x in range(0, 100, 2):
            cv2.line(canvas, panel.at(x, limit), panel.at(x + 1, limit), _BLUE, 1)
    radius = 3 if len(outcomes) > 400 else 5
    # the good ones last: they are what counts
    for item in sorted(outcomes, key=lambda item: item.is_good):
        if item.value is None:
            continue
        where = (item.truth - item.low) / item.span * 100
        error = (item.value - item.truth) / item.span * 100
        cv2.circle(canvas, panel.at(where, error), radius, _COLORS[item.quality], -1, cv2.LINE_AA)
    x = panel.x + 8
    for quality, color in _COLORS.items():
        count = sum(item.quality is quality and item.value is not None for item in outcomes)
        cv2.circle(canvas, (x, panel.y + panel.height + 46), 6, color, -1, cv2.LINE_AA)
        x = _text(canvas, f"{quality} ({count})", (x + 14, panel.y + panel.height + 52), 16) + 30
    missing = sum(item.value is None for item in outcomes)
    _text(
        canvas,
        f"no value: {missing}    errors beyond 10 % lie on the edge",
        (x, panel.y + panel.height + 52),
        16,
    )


def _histogram(canvas: Image, panel: _Panel, good: Sequence[Outcome]) -> None:
    _text(canvas, "Good readings by absolute error, % of span", (panel.x - 20, 140), 17, _BOLD)
    errors = np.array([item.error_pct for item in good], np.float64)
    counts, _ = np.histogram(errors, _BINS_PCT)
    top = max(int(counts.max(initial=0)), 1)
    step = panel.width / len(counts)
    for index, count in enumerate(counts):
        left = round(panel.x + index * step)
        right = round(panel.x + (index + 1) * step) - 4
        y = round(panel.y + panel.height * (1 - count / top * 0.92))
        color = _COLORS[Quality.BAD] if _BINS_PCT[index] >= CONFIDENT_WRONG_PCT else _COLORS[Quality.GOOD]
        cv2.rectangle(canvas, (left, y), (right, panel.y + panel.height), color, -1)
        if count:
            _text(canvas, str(count), ((left + right) // 2, y - 6), 14, center=True)
        label = f">{_BINS_PCT[index]:g}" if math.isinf(_BINS_PCT[index + 1]) else f"{_BINS_PCT[index]:g}"
        _text(canvas, label, (left, panel.y + panel.height + 22), 14, center=True)
    cv2.line(canvas, panel.at(0, 0), panel.at(1, 0), _INK, 1)


def _bars(canvas: Image, panel: _Panel, by_condition: Mapping[str, Figures]) -> None:
    _text(canvas, "By condition", (panel.x, panel.y - 14), 17, _BOLD)
    columns = [
        ("MAE, % of span", 0.24),
        ("p95, % of span", 0.44),
        ("coverage", 0.64),
        ("confident-wrong", 0.84),
    ]
    for name, place in columns:
        _text(canvas, name, (round(panel.x + place * panel.width), panel.y - 14), 16)
    rows = list(by_condition.items())[:_MAX_ROWS]
    pitch = min(panel.height / max(len(rows), 1), 34)
    bar = round(0.1 * panel.width)
    for index, (name, item) in enumerate(rows):
        y = round(panel.y + (index + 0.5) * pitch)
        cv2.line(
            canvas, (panel.x, round(y + pitch / 2)), (panel.x + panel.width, round(y + pitch / 2)), _GRID, 1
        )
        _text(canvas, name, (panel.x, y + 6), 16)
        _text(canvas, f"n {item.n}", (round(panel.x + 0.15 * panel.width), y + 6), 15)
        cells = [
            (item.mae, 5.0, _percent(item.mae), item.mae is not None and item.mae > 2),
            (item.p95, 10.0, _percent(item.p95), item.p95 is not None and item.p95 > 5),
            (item.coverage, 1.0, _share(item.coverage), item.coverage is not None and item.coverage < 0.8),
            (
                item.confident_wrong,
                0.2,
                _share(item.confident_wrong),
                item.confident_wrong is not None and item.confident_wrong > 0.05,
            ),
        ]
        for (_, place), (value, full, text, is_poor) in zip(columns, cells, strict=True):
            x = round(panel.x + place * panel.width)
            cv2.rectangle(canvas, (x, y - 8), (x + bar, y + 8), _GRID, -1)
            if value is not None:
                color = _COLORS[Quality.UNCERTAIN] if is_poor else _COLORS[Quality.GOOD]
                length = round(bar * min(value / full, 1.0))
                cv2.rectangle(canvas, (x, y - 8), (x + length, y + 8), color, -1)
            _text(canvas, text, (x + bar + 10, y + 6), 15)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} %"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.1f} %"


def _text(
    canvas: Image,
    text: str,
    at: tuple[int, int],
    size: int,
    weight: int = _REGULAR,
    *,
    center: bool = False,
    right: bool = False,
) -> int:
    """Write on the baseline `at` (left, centre or right) and return where the text ends, pixels."""
    face = cv2.FontFace("sans")
    width = int(cv2.getTextSize((1, 1), text, (0, 0), face, size, weight)[2])
    x = at[0] - (width // 2 if center else width if right else 0)
    cv2.putText(canvas, text, (x, at[1]), _INK, face, size, weight)
    return x + width
