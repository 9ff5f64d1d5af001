"""Real dials cut out of photographs: seen from elsewhere, on other backgrounds, the pointer moved."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.train.photo_labels import PhotoGauge, Points, map_points, pointer_outline
from meter_infer.types import MeterKind, SegmentClass

Picture = NDArray[np.uint8]
Matrix = NDArray[np.float64]

_LONGER_SIDE_PX = 420.0
_MARGIN = 1.8
LANDMARK_RADIUS = 0.045
"""Radius of a landmark's disc as a part of the longer side of the instrument's box."""


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """An instrument with its surroundings, at a working size."""

    picture: Picture
    """BGR."""
    known: Picture
    """255 where the photograph has something, 0 beyond its border; (height, width)."""
    gauge: PhotoGauge
    """In pixels of `picture`."""
    pointer: Points
    """Outline of the pointer, pixels of `picture`; no rows for a level."""
    pointer_found: bool
    """Whether the outline was found in the picture (a guessed one is not cut out)."""


def cut_out(photograph: Picture, gauge: PhotoGauge) -> Cutout:
    """Cut an instrument with some of its surroundings out of a photograph."""
    longer = 2 * float(gauge.half.max())
    zoom = min(1.0, _LONGER_SIDE_PX / longer)
    side = round(_MARGIN * longer * zoom)
    offset = side / 2 - zoom * gauge.center
    matrix = np.array([[zoom, 0, offset[0]], [0, zoom, offset[1]], [0, 0, 1.0]])
    flags = cv2.INTER_AREA if zoom > 0.5 else cv2.INTER_LINEAR
    if zoom <= 0.5:
        ratio = 2.0 ** np.ceil(np.log2(zoom))
        small = cv2.resize(photograph, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        picture = warp(
            np.asarray(small, np.uint8), matrix @ np.diag([1 / ratio, 1 / ratio, 1]), side, side, flags
        )
    else:
        picture = warp(photograph, matrix, side, side, flags)
    known = warp(np.full(photograph.shape[:2], 255, np.uint8), matrix, side, side, cv2.INTER_LINEAR)
    moved = gauge.mapped(matrix)
    if gauge.kind is not MeterKind.POINTER or len(gauge.landmarks) < 4:
        return Cutout(picture, known, moved, np.zeros((0, 2)), False)
    outline, found = pointer_outline(picture, moved)
    return Cutout(picture, known, moved, outline, found)


def warp(picture: Picture, matrix: Matrix, width: int, height: int, flags: int = cv2.INTER_LINEAR) -> Picture:
    """Apply a homography given between pixel corners (not centres); black outside."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    out = cv2.warpPerspective(picture, np.linalg.inv(half) @ matrix @ half, (width, height), flags=flags)
    return np.asarray(out, np.uint8)


class MovablePointer:
    """A real face whose pointer can be put anywhere along the scale.

    The pointer's own pixels are turned about the pivot in the dial's plane; the face beneath it is inpainted.
    """

    def __init__(self, cutout: Cutout) -> None:
        self._cutout = cutout
        size = cutout.picture.shape[1::-1]
        radius = float(cutout.gauge.half.min())
        sprite = _fill(cutout.pointer, size)
        grow = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(2, round(0.02 * radius)) + 1,) * 2)
        self._face = np.asarray(
            cv2.inpaint(cutout.picture, cv2.dilate(sprite, grow), 4, cv2.INPAINT_TELEA), np.uint8
        )
        self._sprite = cv2.GaussianBlur(cv2.dilate(sprite, np.ones((3, 3), np.uint8)), (0, 0), 0.8)

    def at(self, fraction: float) -> Cutout:
        """Return the dial with its pointer at this part of the scale (0 first mark, 1 last mark)."""
        gauge = self._cutout.gauge
        first, span = gauge.span
        tip = gauge.to_plane(gauge.landmarks[SegmentClass.TIP])[0]
        turn = first + fraction * span - float(np.arctan2(tip[1], tip[0]))
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        linear = gauge.shape @ rotation @ np.linalg.inv(gauge.shape)
        pivot = gauge.landmarks[SegmentClass.PIVOT]
        matrix = np.eye(3)
        matrix[:2, :2] = linear
        matrix[:2, 2] = pivot - linear @ pivot
        height, width = self._face.shape[:2]
        alpha = warp(np.asarray(self._sprite, np.uint8), matrix, width, height)[..., None] / 255.0
        turned = warp(self._cutout.picture, matrix, width, height)
        picture = (turned * alpha + self._face * (1 - alpha)).astype(np.uint8)
        landmarks = dict(gauge.landmarks)
        landmarks[SegmentClass.TIP] = map_points(landmarks[SegmentClass.TIP][None], matrix)[0]
        return replace(
            self._cutout,
            picture=picture,
            gauge=replace(gauge, landmarks=landmarks),
            pointer=map_points(self._cutout.pointer, matrix),
        )


def _fill(outline: Points, size: tuple[int, int]) -> Picture:
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(mask, [np.rint((outline - 0.5) * 16).astype(np.int32)], 255, shift=4)
    return mask


def random_view(gauge: PhotoGauge, rng: np.random.Generator, most_roll_deg: float = 25.0) -> Matrix:
    """Return a homography as if the camera stood elsewhere; dials that are tilted already stay nearly so."""
    aspect = float(gauge.half.min() / gauge.half.max())
    most = 50.0 if aspect > 0.88 else 12.0
    tilt = np.deg2rad(most * np.sqrt(rng.random()) * (rng.random() < 0.7))
    axis = rng.uniform(0, 2 * np.pi)
    roll = np.deg2rad(rng.uniform(-1, 1) * most_roll_deg)
    turn, back = _rotation_z(axis), _rotation_z(-axis)
    lean = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    rotation = turn @ lean @ back @ _rotation_z(roll)
    distance = 2 * float(gauge.half.max()) * rng.uniform(2.5, 8.0)
    center = gauge.center
    to_plane = np.array([[1, 0, -center[0]], [0, 1, -center[1]], [0, 0, 1.0]])
    lift = np.column_stack([rotation[:, 0], rotation[:, 1], [0, 0, distance]])
    camera = np.diag([distance, distance, 1.0])
    return camera @ lift @ to_plane


def _rotation_z(angle: float) -> Matrix:
    return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])


def place_box(view: Matrix, gauge: PhotoGauge, center: Points, longer_px: float) -> Matrix:
    """Follow a view by the zoom and shift that put the gauge's box at `center` with this longer side."""
    seen = gauge.mapped(view)
    zoom = longer_px / (2 * float(seen.half.max()))
    offset = center - zoom * seen.center
    return np.array([[zoom, 0, offset[0]], [0, zoom, offset[1]], [0, 0, 1.0]]) @ view


def render(
    cutout: Cutout, matrix: Matrix, background: Picture, keep_surroundings: bool
) -> tuple[Picture, PhotoGauge]:
    """Draw a cutout over a background (changed copy returned), with its surroundings or its rim alone."""
    height, width = background.shape[:2]
    zoom = np.sqrt(abs(np.linalg.det(matrix[:2, :2])))
    source, known = cutout.picture, cutout.known
    if not keep_surroundings:
        outline = cutout.gauge.rim(96) if cutout.gauge.kind is MeterKind.POINTER else cutout.gauge.corners
        known = np.minimum(known, _fill(outline, (known.shape[1], known.shape[0])))
    if zoom < 0.7:
        # the warp samples single pixels: what it would skip is averaged first
        sigma = 0.45 / zoom - 0.4
        source = np.asarray(cv2.GaussianBlur(source, (0, 0), sigma), np.uint8)
        known = np.asarray(cv2.GaussianBlur(known, (0, 0), sigma), np.uint8)
    elif not keep_surroundings:
        known = np.asarray(cv2.GaussianBlur(known, (0, 0), 1.2), np.uint8)
    alpha = warp(known, matrix, width, height)[..., None] / 255.0
    drawn = warp(source, matrix, width, height)
    return (drawn * alpha + background * (1 - alpha)).astype(np.uint8), cutout.gauge.mapped(matrix)


def polygons(cutout: Cutout, matrix: Matrix) -> list[tuple[SegmentClass, Points]]:
    """Outlines of pointer, scale and landmarks after a map."""
    gauge = cutout.gauge
    seen = gauge.mapped(matrix)
    radius = LANDMARK_RADIUS * 2 * float(seen.half.max())
    turn = np.arange(12) * (2 * np.pi / 12)
    disc = radius * np.stack([np.cos(turn), np.sin(turn)], 1)
    found = [
        (SegmentClass.POINTER, map_points(cutout.pointer, matrix)),
        (SegmentClass.SCALE, map_points(gauge.scale_band(), matrix)),
    ]
    found += [(label, seen.landmarks[label] + disc) for label in sorted(seen.landmarks)]
    return found
