"""Scenes for tests: one rendered instrument, its truth, and networks that see that truth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import radians

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.pipeline import MeterReader
from meter_infer.reading.sampling import Profile
from meter_infer.reading.strip import PLACES, THINGS, Axis, Strip, Thing, distances
from meter_infer.render.camera import Severity
from meter_infer.render.scene import Layout, SceneSpec, render_scene
from meter_infer.render.truth import SceneObject
from meter_infer.types import Box, Detection, Frame, Luma, Mask, MeterKind, Reading, Segment, SegmentClass
from meter_infer.vision.letterbox import CROP_MARGIN

GRID = 64
CROP = CROP_MARGIN
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture of one instrument."""

    luma: Luma
    truth: SceneObject

    @property
    def box(self) -> Box:
        return self.truth.full_box

    def segments(self, noise: float = 0.0, seed: int = 0) -> list[Segment]:
        """Return what a perfect segmentation network sees, shaken by `noise` mask cells."""
        marks = {label: np.array(point) for label, point in self.truth.landmarks.items()}
        return segments_of(self.truth.polygons, marks, self.box, noise, seed)


def draw(
    seed: int,
    kind: MeterKind = MeterKind.POINTER,
    size: int = 320,
    tilt_deg: tuple[float, float] = (0.0, 30.0),
) -> Scene:
    """Render a crop with one instrument, mildly photographed."""
    limits = (radians(tilt_deg[0]), radians(tilt_deg[1]))
    spec = SceneSpec(
        size=(size, size),
        layout=Layout.CROP,
        kind=kind,
        tilt=limits,
        dial_px=(size, size),
        severity=Severity.MILD,
    )
    scene = render_scene(np.random.default_rng(seed), spec)
    return Scene(np.asarray(cv2.cvtColor(scene.image, cv2.COLOR_BGR2GRAY), dtype=np.uint8), scene.objects[0])


def segments_of(
    polygons: dict[SegmentClass, NDArray[np.float64]],
    landmarks: dict[SegmentClass, NDArray[np.float64]],
    box: Box,
    noise: float = 0.0,
    seed: int = 0,
) -> list[Segment]:
    """Return segments on the network's own grid (64 x 64 cells over the crop).

    `noise` moves every landmark and every mask by that many cells (standard deviation).
    """
    rng = np.random.default_rng(seed)
    side = CROP * max(box.width, box.height)
    cx, cy = box.center
    origin = (cx - side / 2, cy - side / 2)
    pitch = side / GRID
    result = []
    for label, polygon in polygons.items():
        fine = 8
        canvas = np.zeros((GRID * fine, GRID * fine), np.uint8)
        cells = (np.asarray(polygon) - origin) / pitch + rng.normal(0, noise, 2)
        cv2.fillPoly(canvas, [np.round((cells * fine - 0.5) * 16).astype(np.int32)], (255.0,), shift=4)
        soft = canvas.reshape(GRID, fine, GRID, fine).mean(axis=(1, 3)).astype(np.float32) / 255
        low, high = np.asarray(polygon).min(axis=0), np.asarray(polygon).max(axis=0)
        result.append(Segment(label, Box(low[0], low[1], high[0], high[1]), 0.95, Mask(soft, origin, pitch)))
    for label, point in landmarks.items():
        x, y = np.asarray(point) + rng.normal(0, noise, 2) * pitch
        r = 0.045 * max(box.width, box.height)
        result.append(Segment(label, Box(x - r, y - r, x + r, y + r), 0.95, None))
    return result


def frame(luma: Luma, index: int = 0, camera: str = "cam", fps: float = 10.0) -> Frame:
    """Wrap a luma plane as a frame of a recording."""
    return Frame(camera, index, EPOCH + timedelta(seconds=index / fps), luma)


class KnownDetector:
    """Sees what it is told to see."""

    def __init__(self, *detections: Detection) -> None:
        self.detections = list(detections)

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        return [list(self.detections) for _ in frames]


class KnownSegmenter:
    """Sees the segments it is told to see in every crop."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = list(segments)

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        return [list(self.segments) for _ in items]


def certain(axis: Axis, places: dict[Thing, float], sigma: float = 0.7) -> Profile:
    """Return the chances, float32 (THINGS, places), of a strip network that knows."""
    rows = np.zeros((THINGS[axis.kind], PLACES[axis.kind]), np.float32)
    for thing, place in places.items():
        rows[thing] = np.exp(-0.5 * (distances(axis.kind, place) / sigma) ** 2)
    chances: Profile = rows / np.maximum(rows.sum(axis=1, keepdims=True), np.float32(1e-30))
    return chances


class TrueStrips:
    """Strip networks that know the truth of one instrument; they keep what they were asked."""

    def __init__(self, truth: SceneObject) -> None:
        self._marks, self._zero = truth.landmarks, truth.zero
        self.asked: list[Strip] = []

    def __call__(self, strip: Strip) -> Profile:
        self.asked.append(strip)
        axis = strip.axis
        reading = SegmentClass.TIP if axis.kind is MeterKind.POINTER else SegmentClass.SURFACE
        points = [self._marks[label] for label in (reading, SegmentClass.START, SegmentClass.END)]
        if axis.kind is MeterKind.POINTER:
            points.append(self._zero or self._marks[SegmentClass.END])
        places = (axis.place_of(np.array(point)) for point in points)
        return certain(axis, dict(zip(Thing, places, strict=False)))

    def chances(self, frame: Frame, strip: Strip) -> Profile:
        return self(strip)


class TrueNetworks:
    """Detector and segmenter that see the truth of each frame; they count the frames they are asked about."""

    def __init__(self, truth: Sequence[SceneObject]) -> None:
        self.truth = list(truth)
        self.looked: list[int] = []

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        self.looked += [frame.index for frame in frames]
        return [[Detection(self._at(f).kind, self._at(f).full_box, 0.9)] for f in frames]

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        return [Scene(frame.luma, self._at(frame)).segments() for frame, _ in items]

    def _at(self, frame: Frame) -> SceneObject:
        return self.truth[frame.index]


def plain(scene: Scene) -> bool:
    """Say whether nothing hides the dial and the pointer stands well within its scale."""
    return not scene.truth.conditions & {"occluded", "glare"} and 0.1 < scene.truth.fraction < 0.9


def pointer_contrast(scene: Scene) -> float:
    """Return how many luma steps the pointer differs from the face beside it."""
    polygon = [np.round(scene.truth.polygons[SegmentClass.POINTER]).astype(np.int32)]
    inside = np.zeros_like(scene.luma)
    cv2.fillPoly(inside, polygon, (255.0,))
    far, near = (np.asarray(cv2.dilate(inside, np.ones((side, side)))) > 0 for side in (15, 5))
    return abs(float(np.median(scene.luma[inside > 0])) - float(np.median(scene.luma[far & ~near])))


def turned(scene: Scene, turn_deg: float) -> list[Segment]:
    """Return the scene's segments with the pointer moved by an angle about the hub."""
    hub = np.array(scene.truth.landmarks[SegmentClass.PIVOT])
    matrix = cv2.getRotationMatrix2D((float(hub[0]), float(hub[1])), -turn_deg, 1.0)

    def turn(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], dtype=np.float64)

    truth = scene.truth
    polygons = {**truth.polygons, SegmentClass.POINTER: turn(truth.polygons[SegmentClass.POINTER])}
    tip = turn(np.array(truth.landmarks[SegmentClass.TIP]))
    landmarks = {**truth.landmarks, SegmentClass.TIP: (float(tip[0]), float(tip[1]))}
    return Scene(scene.luma, replace(truth, polygons=polygons, landmarks=landmarks)).segments()


def redrawn(scene: Scene, turn_deg: float) -> Scene:
    """Return the scene with its pointer painted over and drawn again at another angle."""
    fraction = scene.truth.fraction
    turn = -turn_deg if fraction > 0.5 else turn_deg
    moved = turned(scene, turn)
    hub = np.array(scene.truth.landmarks[SegmentClass.PIVOT])
    tip = next(np.array(s.box.center) for s in moved if s.label is SegmentClass.TIP)
    luma = scene.luma.copy()
    polygon = scene.truth.polygons[SegmentClass.POINTER]
    hole = np.zeros_like(luma)
    cv2.fillPoly(hole, [np.round(polygon).astype(np.int32)], (255.0,))
    luma = np.asarray(
        cv2.inpaint(luma, cv2.dilate(hole, np.ones((7, 7))), 5, cv2.INPAINT_TELEA), dtype=np.uint8
    )
    dark = float(np.median(luma)) > 110
    ends = [(int(p[0]), int(p[1])) for p in (hub, tip)]
    cv2.line(luma, ends[0], ends[1], (0.0 if dark else 255.0,), 5, cv2.LINE_AA)
    half = np.array([-(tip - hub)[1], (tip - hub)[0]]) / np.linalg.norm(tip - hub) * 2.5
    polygons = {
        **scene.truth.polygons,
        SegmentClass.POINTER: np.array([hub + half, hub - half, tip - half, tip + half]),
    }
    landmarks = {**scene.truth.landmarks, SegmentClass.TIP: (float(tip[0]), float(tip[1]))}
    return Scene(luma, replace(scene.truth, polygons=polygons, landmarks=landmarks))


def one(meters: MeterReader, luma: Luma, index: int = 0) -> Reading:
    (reading,) = meters.read([frame(luma, index)])
    return reading
