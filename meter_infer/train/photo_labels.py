"""Labelled photographs of dials and the geometry that their labels imply.

A label gives the dial's box, the pivot, the tip and the directions of the first and last mark. The
box gives the ellipse under which the dial is seen, up to its correlation (how far its axes are
turned), which the marks decide; pointer and scale are outlined in the dial's own plane.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import LabelError
from meter_infer.types import Box, MeterKind, SegmentClass

Points = NDArray[np.float64]

_LANDMARKS = {
    "start": SegmentClass.START,
    "end": SegmentClass.END,
    "pivot": SegmentClass.PIVOT,
    "tip": SegmentClass.TIP,
}
_MIN_ASPECT = 0.5
_MAX_UNEVEN = 0.12
_MIN_SIDE_PX = 60.0
_MAX_CUT_OFF = 0.06
_MAX_CORRELATION = 0.7
_MAX_TRUSTED_CORRELATION = 0.28


@dataclass(frozen=True, slots=True, eq=False)
class PhotoGauge:
    """One labelled instrument of a photograph; pixels of the photograph throughout."""

    name: str
    """File and index, for messages."""
    kind: MeterKind
    box: NDArray[np.float64]
    """x1, y1, x2, y2"""
    landmarks: dict[SegmentClass, NDArray[np.float64]]
    """Points (2,); only what the label has."""
    numbers: Points
    """(n, 2) places of printed numbers."""
    turned: float = 0.0
    """Correlation of the ellipse, -1 to 1; 0 when its axes are upright."""

    shared: bool = False
    """Two gauges in one case."""

    @property
    def center(self) -> NDArray[np.float64]:
        """Centre of the box."""
        return (self.box[:2] + self.box[2:]) / 2

    @property
    def half(self) -> NDArray[np.float64]:
        """Half width and half height of the box."""
        return (self.box[2:] - self.box[:2]) / 2

    @property
    def shape(self) -> NDArray[np.float64]:
        """(2, 2): maps the dial's plane (rim radius 1) to pixels; its ellipse's box is the gauge's box."""
        a, b = self.half
        covariance = np.array([[a * a, self.turned * a * b], [self.turned * a * b, b * b]])
        # the symmetric root: no rotation is introduced, so "up" stays up for upright ellipses
        values, vectors = np.linalg.eigh(covariance)
        root: NDArray[np.float64] = vectors @ np.diag(np.sqrt(values)) @ vectors.T
        return root

    def to_plane(self, points: Points) -> Points:
        """Map (n, 2) pixels to the dial's plane around the pivot, in rim radii."""
        plane: Points = (np.atleast_2d(points) - self.landmarks[SegmentClass.PIVOT]) @ np.linalg.inv(
            self.shape
        ).T
        return plane

    def to_pixels(self, plane: Points) -> Points:
        """Map (n, 2) points of the dial's plane to pixels."""
        pixels: Points = np.atleast_2d(plane) @ self.shape.T + self.landmarks[SegmentClass.PIVOT]
        return pixels

    def rim(self, count: int = 48) -> Points:
        """Outline of the dial, (count, 2)."""
        turn = np.arange(count) * (2 * np.pi / count)
        outline: Points = np.stack([np.cos(turn), np.sin(turn)], 1) @ self.shape.T + self.center
        return outline

    def mapped(self, homography: NDArray[np.float64], turned: float | None = None) -> "PhotoGauge":
        """Return the gauge as seen after a map of the picture; its box is that of the mapped rim."""
        rim = self.rim() if self.kind is MeterKind.POINTER else self.corners
        outline = map_points(rim, homography)
        return replace(
            self,
            box=np.concatenate([outline.min(0), outline.max(0)]),
            landmarks={k: map_points(v[None], homography)[0] for k, v in self.landmarks.items()},
            numbers=map_points(self.numbers, homography),
            turned=self.turned if turned is None else turned,
        )

    @property
    def corners(self) -> Points:
        """Corners of the box, (4, 2)."""
        x1, y1, x2, y2 = self.box
        return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])

    @property
    def span(self) -> tuple[float, float]:
        """Angle of the first mark and clockwise span to the last one, radians in the dial's plane."""
        first, last = (
            float(np.arctan2(y, x))
            for x, y in (self.to_plane(self.landmarks[k])[0] for k in (SegmentClass.START, SegmentClass.END))
        )
        return first, (last - first) % (2 * np.pi)

    def scale_band(self) -> Points:
        """Outline of the graduation's band from first to last mark, pixels."""
        ends = np.concatenate(
            [self.to_plane(self.landmarks[k]) for k in (SegmentClass.START, SegmentClass.END)]
        )
        radius = float(np.hypot(*ends.T).mean())
        first, span = self.span
        turn = first + np.linspace(0.0, span, 40)
        ray = np.stack([np.cos(turn), np.sin(turn)], 1)
        return self.to_pixels(np.concatenate([ray * radius * 1.05, ray[::-1] * radius * 0.93]))


def map_points(points: Points, homography: NDArray[np.float64]) -> Points:
    """Map (n, 2) points by a 3x3 homography."""
    if not len(points):
        return points
    mapped = np.column_stack([points, np.ones(len(points))]) @ homography.T
    flat: Points = mapped[:, :2] / mapped[:, 2:]
    return flat


def load_photographs(path: Path) -> list[tuple[Path, list[PhotoGauge], bool]]:
    """Read a label file; pictures are relative to its folder. Gauges without a box are left out.

    The last of each says whether all gauges of the picture have one: else it holds some that nobody placed.

    Raises LabelError for a file that is not in the format of the labelled photographs.
    """
    try:
        images = json.loads(path.read_text(encoding="utf-8"))["images"]
        found: list[tuple[Path, list[PhotoGauge], bool]] = []
        for image in images:
            gauges = [
                _gauge(f"{image['file']}[{index}]", item)
                for index, item in enumerate(image["gauges"])
                if item.get("box") is not None
            ]
            whole = len(gauges) == len(image["gauges"])
            found.append((path.parent / image["file"], _marked_shared(gauges), whole))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LabelError(f"cannot use the label file {path}: {error!r}") from error
    return found


def _marked_shared(gauges: list[PhotoGauge]) -> list[PhotoGauge]:
    """Mark the gauges that share one case: a crop of it has two pointers, and no single answer."""
    corners = [Box(*map(float, gauge.box)) for gauge in gauges]
    return [
        replace(gauge, shared=any(corners[i].iou(corners[j]) > 0.3 for j in range(len(gauges)) if j != i))
        for i, gauge in enumerate(gauges)
    ]


def _gauge(name: str, item: dict[str, Any]) -> PhotoGauge:
    landmarks = {
        label: np.array(item[key], np.float64)
        for key, label in _LANDMARKS.items()
        if item.get(key) is not None
    }
    numbers = np.array(list((item.get("scale_points") or {}).values()), np.float64).reshape(-1, 2)
    gauge = PhotoGauge(name, MeterKind(item["kind"]), np.array(item["box"], np.float64), landmarks, numbers)
    if refusal(gauge, None) is None:
        return replace(gauge, turned=_correlation(gauge))
    return gauge


def _unevenness(gauge: PhotoGauge) -> float:
    """How far first mark, last mark and printed numbers are from circles in the dial's plane (relative)."""
    marks = gauge.to_plane(np.stack([gauge.landmarks[SegmentClass.START], gauge.landmarks[SegmentClass.END]]))
    spread = [np.ptp(np.log(np.hypot(*marks.T))) / 2]
    if len(gauge.numbers) >= 4:
        spread.append(float(np.std(np.log(np.hypot(*gauge.to_plane(gauge.numbers).T)))))
    return float(np.hypot.reduce(spread))


def _correlation(gauge: PhotoGauge) -> float:
    """Find how far the ellipse is turned: marks and numbers are to lie on circles; upright if in doubt."""
    trials = np.linspace(-_MAX_CORRELATION, _MAX_CORRELATION, 57)
    costs = [_unevenness(replace(gauge, turned=float(t))) + 0.08 * t * t for t in trials]
    return float(trials[int(np.argmin(costs))])


def refusal(gauge: PhotoGauge, size: tuple[int, int] | None) -> str | None:
    """Say why a dial's geometry cannot be trusted for masks and landmarks, or None when it can.

    ``size``: (width, height) of its photograph, to find dials cut off by its border.
    """
    if gauge.kind is not MeterKind.POINTER:
        return "no dial"
    if gauge.shared:
        return "two gauges in one case"
    missing = [key for key, label in _LANDMARKS.items() if label not in gauge.landmarks]
    if missing:
        return f"without {', '.join(missing)}"
    if 2 * gauge.half.max() < _MIN_SIDE_PX:
        return "too small"
    if gauge.half.min() / gauge.half.max() < _MIN_ASPECT:
        return "seen too obliquely"
    span = gauge.span[1]
    if not np.deg2rad(60) < span < np.deg2rad(350):
        return "ends of the scale coincide"
    if size is not None:
        cut = np.maximum(
            [-gauge.box[0], -gauge.box[1], gauge.box[2] - size[0], gauge.box[3] - size[1]], 0
        ).max()
        if cut > _MAX_CUT_OFF * 2 * gauge.half.max():
            return "cut off by the picture's border"
        if abs(gauge.turned) > _MAX_TRUSTED_CORRELATION:
            # seen so far from a corner, the box holds the case's depth and parallax moves the marks
            return "ellipse strongly turned"
        if _unevenness(gauge) > _MAX_UNEVEN:
            return "marks do not lie on an ellipse"
        off_center = np.hypot(*((gauge.landmarks[SegmentClass.PIVOT] - gauge.center) / gauge.half))
        if off_center > 0.14:
            return "pivot far from the centre: the box's ellipse is not the scale's"
    return None


def pointer_outline(picture: NDArray[np.uint8], gauge: PhotoGauge) -> tuple[Points, bool]:
    """Outline the pointer, tail included, by its colour beside that of the face around it.

    Returns the outline in pixels and whether it was found in the picture; else it is a tapered strip
    from the pivot to the tip. The search is in the dial's plane: a strip along the pointer's axis.
    """
    tip = gauge.to_plane(gauge.landmarks[SegmentClass.TIP])[0]
    length = float(np.hypot(*tip))
    along = tip / length
    across = np.array([-along[1], along[0]])
    t = np.linspace(-0.55, 1.0, 156) * length
    s = np.linspace(-0.2, 0.2, 81) * length
    grid = t[:, None, None] * along + s[None, :, None] * across
    x, y = np.moveaxis(gauge.to_pixels(grid.reshape(-1, 2)).reshape(*grid.shape) - 0.5, -1, 0)
    strip = cv2.remap(
        picture, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    lab = cv2.cvtColor(strip, cv2.COLOR_BGR2LAB).astype(np.float64)
    part, beside = t / length, abs(s) / length
    inner = (part > 0.2) & (part < 0.85)
    axis = np.median(lab[inner][:, beside < 0.012].reshape(-1, 3), 0)
    face = np.median(lab[inner][:, (beside > 0.08) & (beside < 0.16)].reshape(-1, 3), 0)
    if np.linalg.norm(axis - face) < 25:
        return _strip(gauge, along, across, length), False
    pointer = np.linalg.norm(lab - axis, axis=2) < np.linalg.norm(lab - face, axis=2)
    # from the axis outwards, while it is pointer without a gap
    widths = np.zeros((len(t), 2))
    middle = len(s) // 2
    for side, columns in enumerate((np.arange(middle, -1, -1), np.arange(middle, len(s)))):
        run = np.cumprod(pointer[:, columns], axis=1).sum(1)
        widths[:, side] = run * (s[1] - s[0])
    limit = np.where(part > 0.35, 0.07, 0.17) * length
    widths = np.minimum(widths, limit[:, None])
    for side in range(2):
        widths[:, side] = cv2.medianBlur(widths[:, side : side + 1].astype(np.float32), 5)[:, 0]
    present = widths.sum(1) > 0.008 * length
    forward = part >= 0.1
    if present[forward & (part < 0.9)].mean() < 0.8:
        return _strip(gauge, along, across, length), False
    tail = int(np.argmin(abs(part)))
    while tail > 0 and present[tail - 1]:
        tail -= 1
    if part[tail] <= part[0] + 0.02:
        # the run goes on to the strip's end: more likely the face's print than a tail
        tail = int(np.argmin(abs(part + 0.1)))
    floor = 0.012 * length
    widths = np.maximum(widths, floor)
    left = t[tail:, None] * along - widths[tail:, :1] * across
    right = t[tail:, None] * along + widths[tail:, 1:] * across
    return gauge.to_pixels(np.concatenate([left, right[::-1]])), True


def _strip(gauge: PhotoGauge, along: Points, across: Points, length: float) -> Points:
    """A tapered strip from a little behind the pivot to the tip."""
    corners = [(-0.12, -0.05), (1.0, -0.012), (1.0, 0.012), (-0.12, 0.05)]
    return gauge.to_pixels(np.array([length * (a * along + c * across) for a, c in corners]))
