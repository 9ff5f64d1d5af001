"""Scenes for tests: one rendered instrument, its truth, and networks that see that truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import radians

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.reading.sampling import Profile
from meter_infer.reading.strip import PLACES, Axis, Strip, Thing, distances
from meter_infer.render.camera import Severity
from meter_infer.render.scene import Layout, SceneSpec, render_scene
from meter_infer.render.truth import SceneObject
from meter_infer.types import Box, Detection, Frame, Luma, Mask, MeterKind, Segment, SegmentClass
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
    """Return the chances, float32 (3, places), of a strip network that knows."""
    rows = np.zeros((len(Thing), PLACES[axis.kind]), np.float32)
    for thing, place in places.items():
        rows[thing] = np.exp(-0.5 * (distances(axis.kind, place) / sigma) ** 2)
    chances: Profile = rows / np.maximum(rows.sum(axis=1, keepdims=True), np.float32(1e-30))
    return chances


class TrueStrips:
    """Strip networks that know the truth of one instrument; they keep what they were asked."""

    def __init__(self, truth: SceneObject) -> None:
        self._marks = truth.landmarks
        self.asked: list[Strip] = []

    def __call__(self, strip: Strip) -> Profile:
        self.asked.append(strip)
        axis = strip.axis
        reading = SegmentClass.TIP if axis.kind is MeterKind.POINTER else SegmentClass.SURFACE
        points = (reading, SegmentClass.START, SegmentClass.END)
        places = (axis.place_of(np.array(self._marks[label])) for label in points)
        return certain(axis, dict(zip(Thing, places, strict=True)))

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
