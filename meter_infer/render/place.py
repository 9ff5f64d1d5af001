"""Puts one instrument into a frame: size and pose, mounting, sheets, glass; and returns its truth."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meter_infer.render.composite import draw_sheet, fit_sheets
from meter_infer.render.glass import Glass, sample_glass
from meter_infer.render.model import Instrument
from meter_infer.render.mounting import Mounting, draw_mounting
from meter_infer.render.pose import PlanePose, sample_pose, sample_roll
from meter_infer.render.truth import SceneObject, bounds, observe
from meter_infer.types import MeterKind

Image = NDArray[np.uint8]

MIN_TEXTURE, MAX_TEXTURE = 176, 1000
"""Longer side of an instrument's texture: below, its strokes would be cruder than what is seen of them."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an instrument's outline shall be seen."""

    center: tuple[float, float]
    """Of the box around it, frame px."""
    longer_side: float
    """Of the box around it, frame px."""


def texture_size(longer_side_px: float) -> int:
    """Return the longer side of the texture for an instrument seen at this size."""
    return int(np.clip(round(1.25 * longer_side_px), MIN_TEXTURE, MAX_TEXTURE))


def fit_pose(pose: PlanePose, instrument: Instrument, target: Target) -> PlanePose:
    """Scale and shift a pose so that the outline's box is where the target says."""
    box = bounds(pose.project(instrument.outline, instrument.outline_height))
    scale = target.longer_side / max(box.width, box.height)
    cx, cy = box.center
    return pose.moved(scale, (target.center[0] - scale * cx, target.center[1] - scale * cy))


def pose_instrument(
    rng: np.random.Generator,
    instrument: Instrument,
    target: Target,
    tilt_limits: tuple[float, float] | None = None,
    lean_rad: float = 0.0,
) -> PlanePose:
    """Sample a pose that shows the instrument where the target says.

    A level gauge is rolled by `lean_rad` and by the camera's own roll, which turns its liquid too.
    """
    low, high = instrument.outline.min(axis=0), instrument.outline.max(axis=0)
    middle, extent = (low + high) / 2, float((high - low).max())
    level = instrument.kind is MeterKind.LEVEL
    roll = lean_rad + sample_roll(rng) * 0.6 if level else None
    center = (float(middle[0]), float(middle[1]))
    pose = sample_pose(rng, center, extent, tilt_limits, close=not level, roll_rad=roll)
    return fit_pose(pose, instrument, target)


def stretch(pose: PlanePose, factor: float) -> PlanePose:
    """Stretch the picture sideways, as pictures of web pages often are."""
    return PlanePose(np.diag([factor, 1.0, 1.0]) @ pose.matrix, pose.tilt_rad, pose.roll_rad)


def draw_instrument(
    rng: np.random.Generator,
    frame: Image,
    instrument: Instrument,
    pose: PlanePose,
    mounting: Mounting,
    hard_glass: bool | None = False,
) -> SceneObject:
    """Draw an instrument into a BGR frame, in place, and return its truth.

    `hard_glass`: whether reflections and dirt on the glass are likely and strong; None: clean glass.
    """
    glass = None if hard_glass is None else sample_glass(rng, instrument, hard_glass)
    draw_mounting(frame, instrument, pose, mounting)
    draw_sheets(frame, instrument, pose, glass)
    item = observe(instrument, pose, (frame.shape[1], frame.shape[0]))
    return item if glass is None else replace(item, conditions=item.conditions | glass.tags)


def draw_sheets(frame: Image, instrument: Instrument, pose: PlanePose, glass: Glass | None) -> None:
    """Draw an instrument's sheets into a BGR frame, in place, bottom to top."""
    sheets, sheet_pose = fit_sheets(instrument, pose)
    for sheet in sheets:
        draw_sheet(frame, sheet.bgra, sheet_pose.homography(sheet.height))
        if sheet.glass and glass is not None:
            glass.draw(frame, pose, sheet.height)
