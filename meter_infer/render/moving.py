"""An instrument that moves before a camera that does not: what stays the same is drawn once."""

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.camera import Severity, Shadow, cast_shadow, tone, vignette
from meter_infer.render.composite import blend_over, draw_sheet, fit_sheets, region_of, trim, warp_sheet
from meter_infer.render.dial import Dial, sample_dial_style
from meter_infer.render.glass import sample_glass
from meter_infer.render.level import Level, sample_level_style
from meter_infer.render.model import Instrument
from meter_infer.render.mounting import draw_mounting, sample_mounting
from meter_infer.render.place import Target, pose_instrument, texture_size
from meter_infer.render.pose import PlanePose, apply_homography
from meter_infer.render.truth import SceneObject, observe
from meter_infer.types import MeterKind

Image = NDArray[np.uint8]
Region = tuple[int, int, int, int]


class MovingMeter:
    """An instrument at a place of a frame, redrawn at each step of its course."""

    def __init__(
        self,
        rng: np.random.Generator,
        frame: Image,
        kind: MeterKind,
        place: tuple[float, float, float],
        course: NDArray[np.float64],
        tilt: tuple[float, float],
        hard_glass: bool,
    ) -> None:
        """Draw what does not move into a BGR frame, in place.

        `place`: centre x, y and longer side of the outline's box, px. `course`: fraction of each frame.
        """
        self._course = course
        self._size = (frame.shape[1], frame.shape[0])
        size = texture_size(place[2])
        pointer = kind is MeterKind.POINTER
        self._source: Dial | Level = (
            Dial(sample_dial_style(rng), size) if pointer else Level(sample_level_style(rng), size)
        )
        # A moving level hangs plumb: only the camera leans.
        first, second = self._source.instrument(0.31), self._source.instrument(0.67)
        self._pose: PlanePose = pose_instrument(rng, first, Target(place[:2], place[2]), tilt)
        self._glass = sample_glass(rng, first, hard_glass)
        draw_mounting(frame, first, self._pose, sample_mounting(rng, kind))
        moving = [
            not (a.bgra is b.bgra or np.array_equal(a.bgra, b.bgra))
            for a, b in zip(first.layers, second.layers, strict=True)
        ]
        self._first_moving = moving.index(True)
        sheets, pose = fit_sheets(first, self._pose)
        h, w = sheets[0].bgra.shape[:2]
        corners = np.array([[0.0, 0.0], [w, 0.0], [w, h], [0.0, h]])
        seen = [apply_homography(pose.homography(s.height), corners) for s in sheets[self._first_moving :]]
        self._region: Region = region_of(np.vstack(seen), frame.shape)
        for sheet in sheets[: self._first_moving]:
            draw_sheet(frame, sheet.bgra, pose.homography(sheet.height))
            if sheet.glass:
                self._glass.draw(frame, self._pose, sheet.height)
        x1, y1, x2, y2 = self._region
        self._under = frame[y1:y2, x1:x2].copy()
        self._still: dict[int, tuple[Region, Image]] = {}
        for i, sheet in enumerate(sheets):
            if i > self._first_moving and not moving[i]:
                self._still[i] = _warped(sheet.bgra, pose.homography(sheet.height), self._region)
        region, part, _ = self.draw(0)
        frame[region[1] : region[3], region[0] : region[2]] = part

    def instrument(self, index: int) -> Instrument:
        """Return the instrument as it stands at a frame."""
        return self._source.instrument(float(self._course[index]))

    def draw(self, index: int) -> tuple[Region, Image, SceneObject]:
        """Return the region (x1, y1, x2, y2) that moves, its BGR picture at a frame, and the truth."""
        instrument = self.instrument(index)
        sheets, pose = fit_sheets(instrument, self._pose, self._first_moving, skip=self._still.keys())
        x1, y1, _, _ = self._region
        part = self._under.copy()
        shifted, unfitted = pose.moved(1.0, (-x1, -y1)), self._pose.moved(1.0, (-x1, -y1))
        for i, sheet in enumerate(sheets):
            if i < self._first_moving:
                continue
            if i in self._still:
                (a, b, c, d), warped = self._still[i]
                if c > a and d > b:
                    blend_over(part[b - y1 : d - y1, a - x1 : c - x1], warped)
            else:
                draw_sheet(part, sheet.bgra, shifted.homography(sheet.height))
            if sheet.glass:
                self._glass.draw(part, unfitted, sheet.height)
        item = observe(instrument, self._pose, self._size)
        return self._region, part, item


class FixedCamera:
    """What a fixed camera does to every frame: light, tone, blur, then noise and slow changes of light."""

    def __init__(self, rng: np.random.Generator, frame: Image, severity: Severity) -> None:
        """Sample a camera; `frame` is the BGR picture of all that does not move."""
        hard = severity is Severity.HARD or (severity is Severity.MIXED and rng.random() < 0.3)
        h, w = frame.shape[:2]
        light = np.full((h, w, 3), 255, np.uint8)
        if rng.random() < (0.5 if hard else 0.2):
            light = cast_shadow(
                light,
                Shadow(
                    (float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.2, 0.8))),
                    float(rng.uniform(-np.pi, np.pi)),
                    float(rng.uniform(0.2, 0.65 if hard else 0.4)),
                    float(rng.uniform(0.01, 0.08)),
                    None,
                ),
            )
        self._light = vignette(light, float(rng.uniform(0.0, 0.4)))
        self._gains = tuple(float(v) for v in np.exp(rng.normal(0, 0.05, 3)))
        self._exposure = (
            float(rng.uniform(0.25, 0.6)) if hard and rng.random() < 0.4 else float(rng.uniform(0.8, 1.1))
        )
        self.blur_px = (
            float(rng.uniform(0.6, 2.2)) if hard and rng.random() < 0.5 else float(rng.uniform(0.3, 0.7))
        )
        sigma = float(rng.uniform(3.0, 8.0)) if hard else float(rng.uniform(0.8, 2.5))
        self._margin = 64
        shape = (h + self._margin, w + self._margin, 1)
        grain = rng.standard_normal(shape, dtype=np.float32) * sigma
        color = rng.standard_normal((h + self._margin, w + self._margin, 3), dtype=np.float32) * (0.4 * sigma)
        self._noise = np.round(grain + color).astype(np.int16)
        self._change = (
            float(rng.uniform(0.0, 0.12)),
            float(rng.uniform(8.0, 30.0)),
            float(rng.uniform(0, 6.28)),
        )
        self.still = self._developed(frame, (0, 0, w, h))

    def expose(self, picture: Image, region: Region, part: Image) -> None:
        """Put a region's BGR part, as the scene has it, into the picture, in place, as the camera sees it."""
        x1, y1, x2, y2 = region
        picture[y1:y2, x1:x2] = self._developed(part, region)

    def finish(self, picture: Image, index: int, time_s: float, seed: int) -> Image:
        """Return the picture with this frame's noise and light."""
        depth, period, phase = self._change
        gain = 1.0 - depth * (0.5 + 0.5 * float(np.sin(2 * np.pi * time_s / period + phase)))
        dx, dy = (int(v) for v in np.random.default_rng([seed, index]).integers(0, self._margin, 2))
        h, w = picture.shape[:2]
        lit = cv2.convertScaleAbs(picture, alpha=gain)
        noise = self._noise[dy : dy + h, dx : dx + w]
        return np.asarray(cv2.add(lit, noise, dtype=cv2.CV_8U), dtype=np.uint8)

    def _developed(self, part: Image, region: Region) -> Image:
        x1, y1, x2, y2 = region
        lit = np.asarray(cv2.multiply(part, self._light[y1:y2, x1:x2], scale=1 / 255), dtype=np.uint8)
        toned = tone(lit, self._gains, self._exposure, 1.0, 0.0)
        return np.asarray(cv2.GaussianBlur(toned, (0, 0), self.blur_px), dtype=np.uint8)


def _warped(sheet: Image, homography: NDArray[np.float64], within: Region) -> tuple[Region, Image]:
    """Return a sheet warped into the part of a region that it covers."""
    part, (x, y) = trim(sheet)
    moved = homography @ np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
    h, w = part.shape[:2]
    seen = apply_homography(moved, np.array([[0.0, 0.0], [w, 0.0], [w, h], [0.0, h]]))
    a, b, c, d = region_of(seen, (within[3], within[2]))
    region = (max(a, within[0]), max(b, within[1]), c, d)
    if region[2] <= region[0] or region[3] <= region[1] or part.size == 0:
        return (0, 0, 0, 0), np.zeros((0, 0, 4), np.uint8)
    return region, warp_sheet(part, moved, region)
