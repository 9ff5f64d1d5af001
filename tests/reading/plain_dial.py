"""A plain dial drawn by OpenCV and an affine map: every parameter of the view is free and known."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.types import Box, Luma, Segment, SegmentClass
from tests.scenes import segments_of

SIDE = 900
CENTER = SIDE / 2
RADIUS = SIDE * 0.38


@dataclass(frozen=True, slots=True)
class View:
    """How the dial is made and seen. Angles in radians, lengths in pixels."""

    start: float
    span: float
    fraction: float
    tilt: float
    axis: float
    """Direction about which the dial is tilted."""
    size: float
    """Diameter of the case."""
    x: float = 300.0
    y: float = 280.0
    noise: float = 2.0
    majors: int = 5


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A view as a picture, and what a perfect segmentation network sees in it."""

    luma: Luma
    box: Box
    segments: list[Segment]


def shoot(view: View, shake: float = 0.0, seed: int = 0) -> Shot:
    """Draw the view; `shake` moves masks and landmarks by that many mask cells (standard deviation)."""
    end = view.start + view.span
    at = view.start + view.span * view.fraction
    face = np.full((SIDE, SIDE), 225, np.uint8)
    cv2.circle(face, _fixed((CENTER, CENTER)), int(SIDE * 0.46 * 16), (60.0,), 12, cv2.LINE_AA, 4)
    marks = view.majors * 10
    for k in range(marks + 1):
        angle = view.start + view.span * k / marks
        inner, width = ((0.85, 5) if k % 10 == 0 else (0.9, 3)) if k % 5 == 0 else (0.93, 2)
        ends = _fixed(_polar(angle, RADIUS * inner)), _fixed(_polar(angle, RADIUS))
        cv2.line(face, *ends, (20.0,), width, cv2.LINE_AA, 4)
        if k % 10 == 0:
            x, y = _polar(angle, RADIUS * 0.72)
            cv2.putText(face, str(k), (int(x - 20), int(y + 10)), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (30.0,), 3)
    tip, tail = _polar(at, RADIUS * 0.84), _polar(at + np.pi, RADIUS * 0.2)
    beside = np.array([-np.sin(at), np.cos(at)]) * 0.02 * RADIUS
    pointer = np.array([tail + beside * 1.5, tail - beside * 1.5, tip - beside * 0.3, tip + beside * 0.3])
    cv2.fillPoly(face, [np.round((pointer - 0.5) * 16).astype(np.int32)], (15.0,), cv2.LINE_AA, 4)
    cv2.circle(face, _fixed((CENTER, CENTER)), int(RADIUS * 0.07 * 16), (40.0,), -1, cv2.LINE_AA, 4)

    arc = np.linspace(view.start, end, 60)
    band = np.array([_polar(a, RADIUS) for a in arc] + [_polar(a, RADIUS * 0.85) for a in arc[::-1]])
    landmarks = {
        SegmentClass.START: _polar(view.start, RADIUS * 0.925),
        SegmentClass.END: _polar(end, RADIUS * 0.925),
        SegmentClass.PIVOT: np.array([CENTER, CENTER]),
        SegmentClass.TIP: tip,
    }
    case = np.array([_polar(a, SIDE * 0.46) for a in np.linspace(0, 2 * np.pi, 90)])

    scale = view.size / (0.92 * SIDE)
    turn = np.array([[np.cos(view.axis), -np.sin(view.axis)], [np.sin(view.axis), np.cos(view.axis)]])
    linear = turn @ np.diag([1.0, np.cos(view.tilt)]) @ turn.T * scale
    offset = np.array([view.x, view.y]) - linear @ np.array([CENTER, CENTER])

    def seen(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.asarray(points) @ linear.T + offset, dtype=np.float64)

    # OpenCV counts from the centre of the first pixel, we from its corner.
    matrix = np.column_stack([linear, offset + linear @ np.array([0.5, 0.5]) - 0.5])
    soft = cv2.GaussianBlur(face, (0, 0), max(0.3, 0.4 / scale))
    picture = cv2.warpAffine(soft, matrix, (640, 580), flags=cv2.INTER_LINEAR, borderValue=(120.0,))
    noisy = picture + np.random.default_rng(seed).normal(0, view.noise, picture.shape)
    low, high = seen(case).min(axis=0), seen(case).max(axis=0)
    box = Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    polygons = {SegmentClass.POINTER: seen(pointer), SegmentClass.SCALE: seen(band)}
    segments = segments_of(polygons, {k: seen(v) for k, v in landmarks.items()}, box, shake, seed)
    return Shot(np.clip(noisy, 0, 255).astype(np.uint8), box, segments)


def _polar(angle: float, radius: float) -> NDArray[np.float64]:
    return np.array([CENTER + radius * np.cos(angle), CENTER + radius * np.sin(angle)])


def _fixed(point: NDArray[np.float64] | tuple[float, float]) -> tuple[int, int]:
    x, y = point
    return round((x - 0.5) * 16), round((y - 0.5) * 16)
