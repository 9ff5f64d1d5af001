"""A panel: rows of equal instruments on one plate, all in the same pose."""

from math import radians

import numpy as np
from numpy.typing import NDArray

from meter_infer.render.composite import blend_color, polygon_mask, region_of
from meter_infer.render.dial import draw_dial, sample_dial_style
from meter_infer.render.level import draw_level, sample_level_style
from meter_infer.render.mounting import Mounting, sample_mounting
from meter_infer.render.place import draw_instrument, texture_size
from meter_infer.render.pose import make_pose, sample_tilt
from meter_infer.render.truth import SceneObject, bounds
from meter_infer.types import Box, MeterKind

Image = NDArray[np.uint8]


def draw_panel(
    rng: np.random.Generator,
    frame: Image,
    taken: list[Box],
    count: int,
    kind: MeterKind,
    longer_side_px: float,
    tilt: tuple[float, float] | None,
) -> list[SceneObject]:
    """Draw a row of up to `count` instruments of one style into a BGR frame, in place.

    Appends the plate's box to `taken`. Draws nothing, and returns nothing, where it finds no room.
    """
    h, w = frame.shape[:2]
    gap = float(rng.uniform(1.08, 1.6))
    rows = 2 if count >= 4 and rng.random() < 0.5 else 1
    columns = count // rows
    px = min(longer_side_px, 0.9 * w / (columns * gap), 0.9 * h / (rows * gap))
    if px < 20:
        return []
    size = texture_size(px)
    dial_style, level_style = sample_dial_style(rng), sample_level_style(rng)
    mounting = sample_mounting(rng, kind)
    flush = Mounting(
        0.02, mounting.case_color, 0.0, 0.1, mounting.stem_color, mounting.shadow * 0.5, mounting.light, 0.02
    )
    instruments = [
        draw_dial(rng, size, None, dial_style)
        if kind is MeterKind.POINTER
        else draw_level(rng, size, None, level_style)
        for _ in range(rows * columns)
    ]
    low, high = instruments[0].outline.min(axis=0), instruments[0].outline.max(axis=0)
    middle, span = (low + high) / 2, high - low
    pitch = span * gap
    # A narrow level gauge needs room beside it.
    pitch[0] = max(pitch[0], 0.45 * float(span.max()))
    angle = min(sample_tilt(rng, tilt), radians(40.0)) if tilt is None else sample_tilt(rng, tilt)
    axis = float(rng.integers(2)) * np.pi / 2 + float(rng.normal(0, 0.1))
    pose = make_pose(
        (float(middle[0]), float(middle[1])),
        float(span.max()),
        angle,
        axis,
        radians(float(rng.normal(0, 2.0))),
        float(rng.uniform(10.0, 40.0)),
    )
    plate_half = np.array([columns, rows]) * pitch / 2 + 0.1 * span.max()
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * plate_half + middle
    scale = px / float(span.max())
    plate = bounds(pose.project(corners, 0.0) * scale)
    if plate.width > w or plate.height > h:
        fit = min(w / plate.width, h / plate.height)
        scale *= fit
        plate = Box(plate.x1 * fit, plate.y1 * fit, plate.x2 * fit, plate.y2 * fit)
    shift = (
        float(rng.uniform(-plate.x1, max(-plate.x1, w - plate.x2))),
        float(rng.uniform(-plate.y1, max(-plate.y1, h - plate.y2))),
    )
    box = Box(plate.x1 + shift[0], plate.y1 + shift[1], plate.x2 + shift[0], plate.y2 + shift[1])
    taken.append(box)
    pose = pose.moved(scale, shift)
    if rng.random() < 0.7:
        _draw_plate(rng, frame, pose.project(corners, -0.02 * float(span.max())))
    objects = []
    for i, instrument in enumerate(instruments):
        column, row = i % columns - (columns - 1) / 2, i // columns - (rows - 1) / 2
        place = pose.offset(column * float(pitch[0]), row * float(pitch[1]))
        objects.append(draw_instrument(rng, frame, instrument, place, flush))
    return objects


def _draw_plate(rng: np.random.Generator, frame: Image, corners: NDArray[np.float64]) -> None:
    region = region_of(corners, frame.shape)
    x1, y1, x2, y2 = region
    if x2 <= x1 or y2 <= y1:
        return
    base = rng.uniform(40, 225) + rng.normal(0, 12, 3)
    light = np.linspace(rng.uniform(0.8, 1.1), rng.uniform(0.8, 1.1), y2 - y1)[:, None, None]
    picture = np.clip(base * light, 0, 255) * np.ones((1, x2 - x1, 1))
    blend_color(frame[y1:y2, x1:x2], picture.astype(np.uint8), polygon_mask(corners, region))
