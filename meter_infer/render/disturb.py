"""One instrument before a camera that is pushed, turned, dimmed and shaded, with the truth of every frame.

For tests and benchmarks of what reads a stream of frames: the course of the value is given, the
disturbances are given, and both are known at every frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import radians

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.camera import Severity
from meter_infer.render.moving import FixedCamera, MovingMeter
from meter_infer.render.pose import Points
from meter_infer.render.scenery import draw_scenery
from meter_infer.render.truth import SceneObject
from meter_infer.types import Luma, MeterKind


@dataclass(frozen=True, slots=True)
class Push:
    """What happens to the picture at one frame."""

    shift: tuple[float, float] = (0.0, 0.0)
    """The picture's displacement, px."""
    turn_deg: float = 0.0
    """The picture's rotation about its middle, clockwise."""
    gain: float = 1.0
    """Factor on all brightness."""
    shadow: float | None = None
    """Where the edges of a moving shadow stand: 0 it comes, 1 it is gone. None: no shadow."""
    spot: tuple[float, float, float] | None = None
    """A specular spot: x, y and radius, px."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands before the camera."""

    kind: MeterKind = MeterKind.POINTER
    size: tuple[int, int] = (640, 480)
    """Width and height of the frame."""
    meter_px: float = 260.0
    """Longer side of the instrument."""
    tilt_deg: tuple[float, float] = (0.0, 31.0)
    severity: Severity = Severity.MILD
    shadow_depth: float = 0.45
    """Brightness within a shadow."""


STILL = Push()


class StagedScene:
    """Frames of a stage; any order gives the same pixels."""

    def __init__(self, seed: int, course: NDArray[np.float64], stage: Stage | None = None) -> None:
        """`course`: mechanical fraction of the scale at each frame, float64 (frames,)."""
        self.stage = stage or Stage()
        rng = np.random.default_rng([seed, 0xD157])
        w, h = self.stage.size
        picture = draw_scenery(rng, w, h, ())
        tilt = (radians(self.stage.tilt_deg[0]), radians(self.stage.tilt_deg[1]))
        place = (
            w / 2 + float(rng.uniform(-12, 12)),
            h / 2 + float(rng.uniform(-12, 12)),
            self.stage.meter_px,
        )
        self._meter = MovingMeter(rng, picture, self.stage.kind, place, course, tilt, False)
        self._camera = FixedCamera(rng, picture, self.stage.severity)
        self._seed = seed

    def frame(self, index: int, push: Push = STILL, fps: float = 20.0) -> tuple[Luma, SceneObject]:
        """Return the luma plane of a frame, uint8 (height, width), and the truth."""
        picture = self._camera.still.copy()
        region, part, truth = self._meter.draw(index)
        self._camera.expose(picture, region, part)
        w, h = self.stage.size
        if push.shadow is not None:
            picture = self._shaded(picture, push.shadow, truth)
        if push.spot is not None:
            x, y, radius = push.spot
            glow = cv2.circle(np.zeros((h, w), np.float32), (round(x), round(y)), round(radius), (1.0,), -1)
            glow = cv2.GaussianBlur(glow, (0, 0), 0.25 * radius)[..., None]
            picture = (picture + glow * (255.0 - picture)).astype(np.uint8)
        if push.shift != (0.0, 0.0) or push.turn_deg:
            rotation = cv2.getRotationMatrix2D((w / 2, h / 2), -push.turn_deg, 1.0)
            matrix = np.asarray(rotation, dtype=np.float64) + np.array([[0, 0, v] for v in push.shift])
            # OpenCV counts from the centre of the first pixel, we from its corner.
            half = matrix[:, :2] @ np.array([0.5, 0.5]) - 0.5
            moved = np.column_stack([matrix[:, :2], matrix[:, 2] + half])
            picture = np.asarray(
                cv2.warpAffine(picture, moved, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT),
                dtype=np.uint8,
            )

            def function(points: Points) -> Points:
                return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], dtype=np.float64)

            truth = truth.mapped(function, (w, h))
        if push.gain != 1.0:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=push.gain), dtype=np.uint8)
        out = self._camera.finish(picture, index, index / fps, self._seed)
        return np.asarray(cv2.cvtColor(out, cv2.COLOR_BGR2GRAY), dtype=np.uint8), truth

    def _shaded(self, picture: NDArray[np.uint8], at: float, truth: SceneObject) -> NDArray[np.uint8]:
        """Draw a slanting band of shadow, as wide as the instrument, at a stage of its passage."""
        w, h = self.stage.size
        box, (u, v) = truth.full_box, (0.94, 0.34)
        reach = 0.5 * max(box.width, box.height) * 1.2
        along = (np.arange(w) - box.center[0])[None, :] * u + (np.arange(h) - box.center[1])[:, None] * v
        front, back = (4 * at - 1) * reach, (4 * at - 3) * reach
        soft = 0.03 * reach + 1.0
        inside = 1 / (1 + np.exp(np.clip((along - front) / soft, -30, 30)))
        inside *= 1 / (1 + np.exp(np.clip((back - along) / soft, -30, 30)))
        light = 1 - (1 - self.stage.shadow_depth) * inside
        return np.asarray(picture * light[..., None], dtype=np.uint8)


def steps(pushes: Sequence[tuple[int, Push]], frames: int) -> list[Push]:
    """Return the push of each frame from (first frame, push) in order; before the first one all is still."""
    result = [STILL] * frames
    for first, push in pushes:
        result[first:] = [push] * (frames - first)
    return result
