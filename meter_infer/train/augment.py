"""Random changes of training pictures, and batches for ultralytics' losses.

Pictures are never mirrored: a mirrored dial has its scale's ends exchanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.train.data import Labelled, Mixture
from meter_infer.train.recipe import CLASS_NAMES, Recipe, Task

PADDING = 114
"""Grey outside a picture, as the networks see it when they read."""
_MASK_STRIDE = 4
_DIAL_CLASSES = [CLASS_NAMES[Task.SEGMENT].index(name) for name in ("pointer", "scale")]
_MIN_SIDE_PX = 4.0
_MIN_VISIBLE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pictures and targets as arrays."""

    pictures: NDArray[np.uint8]
    """RGB, (n, 3, side, side)."""
    picture_index: NDArray[np.float32]
    """(objects,)"""
    classes: NDArray[np.float32]
    """(objects,)"""
    boxes: NDArray[np.float32]
    """(objects, 4): cx, cy, w, h divided by the side."""
    masks: NDArray[np.float32]
    """(objects, side / 4, side / 4), covered part of each cell 0..1; no rows for detection."""


def make_batch(mixture: Mixture, recipe: Recipe, rng: np.random.Generator, mosaic: bool) -> Batch:
    """Draw, change and stack pictures: ``recipe.batch`` of them, fewer when they are larger."""
    sides = (recipe.input_size, *recipe.larger_sizes)
    side = sides[int(rng.integers(len(sides)))]
    count = max(1, round(recipe.batch * (recipe.input_size / side) ** 2))
    return stack([_one(mixture, side, recipe, rng, mosaic) for _ in range(count)], recipe.task)


def _one(mixture: Mixture, side: int, recipe: Recipe, rng: np.random.Generator, mosaic: bool) -> Labelled:
    if mosaic and rng.random() < recipe.mosaic:
        return _join(mixture, side, recipe, rng)
    return appearance(place(mixture.draw(rng), side, side, recipe, rng), recipe, rng)


def _join(mixture: Mixture, side: int, recipe: Recipe, rng: np.random.Generator) -> Labelled:
    """Put four changed pictures into the quadrants around a random point."""
    x, y = (int(side * rng.uniform(0.35, 0.65)) for _ in range(2))
    canvas = np.empty((side, side, 3), np.uint8)
    classes: list[NDArray[np.int64]] = []
    outlines: list[NDArray[np.float32]] = []
    for x1, x2, y1, y2 in ((0, x, 0, y), (x, side, 0, y), (0, x, y, side), (x, side, y, side)):
        part = appearance(place(mixture.draw(rng), x2 - x1, y2 - y1, recipe, rng), recipe, rng)
        canvas[y1:y2, x1:x2] = part.picture
        classes.append(part.classes)
        outlines.extend(outline + np.array([x1, y1], np.float32) for outline in part.outlines)
    return Labelled(canvas, np.concatenate(classes), tuple(outlines))


def place(item: Labelled, width: int, height: int, recipe: Recipe, rng: np.random.Generator) -> Labelled:
    """Turn, zoom, stretch and shift a picture into a window of width x height."""
    rows, columns = item.picture.shape[:2]
    fit = min(width / columns, height / rows)
    zoom = fit * float(np.exp(rng.uniform(np.log(recipe.scale[0]), np.log(recipe.scale[1]))))
    stretch = float(np.exp(rng.uniform(-0.5, 0.5) * recipe.stretch))
    turn = np.deg2rad(rng.uniform(-1.0, 1.0) * _largest_turn_deg(item, recipe, rng))
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = linear @ np.diag([zoom * stretch, zoom / stretch])
    shift = rng.uniform(-1.0, 1.0, 2) * recipe.translate * np.array([width, height])
    # zoomed in beyond the window: any part of the picture may be looked at
    spare = np.maximum(0.0, np.array([columns, rows]) * zoom - np.array([width, height])) / 2
    shift += rng.uniform(-1.0, 1.0, 2) * spare
    offset = np.array([width, height]) / 2 + shift - linear @ (np.array([columns, rows]) / 2)
    # warpAffine counts from pixel centres, the outlines from pixel corners
    warp = np.column_stack([linear, offset + linear @ np.array([0.5, 0.5]) - 0.5])
    source = item.picture
    if zoom < 0.5:
        # area averaging first: bilinear sampling alone would alias
        ratio = max(1.0 / 16, 2.0 ** np.ceil(np.log2(zoom)))
        source = cv2.resize(source, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        real = np.array([source.shape[1] / columns, source.shape[0] / rows])
        small = linear / real
        warp = np.column_stack([small, offset + small @ np.array([0.5, 0.5]) - 0.5])
    border = (PADDING, PADDING, PADDING)
    picture = cv2.warpAffine(source, warp, (width, height), flags=cv2.INTER_LINEAR, borderValue=border)
    moved = [(outline @ linear.T + offset).astype(np.float32) for outline in item.outlines]
    return _clip(np.asarray(picture, np.uint8), item.classes, moved, width, height)


def _largest_turn_deg(item: Labelled, recipe: Recipe, rng: np.random.Generator) -> float:
    """Any angle for some dials' crops: few hang on their heads, and those must be read as well."""
    if (
        recipe.turned <= 0
        or recipe.task is not Task.SEGMENT
        or not np.isin(_DIAL_CLASSES, item.classes).any()
    ):
        return recipe.rotation_deg
    return 180.0 if rng.random() < recipe.turned else recipe.rotation_deg


def _clip(
    picture: NDArray[np.uint8],
    classes: NDArray[np.int64],
    outlines: Sequence[NDArray[np.float32]],
    width: int,
    height: int,
) -> Labelled:
    """Drop objects of which too little lies in the window; the others' boxes are cut at its border."""
    kept = []
    for index, outline in enumerate(outlines):
        low, high = outline.min(0), outline.max(0)
        inside = np.minimum(high, (width, height)) - np.maximum(low, 0)
        whole = np.maximum(high - low, 1e-3)
        visible = np.prod(np.maximum(inside, 0)) / np.prod(whole)
        if visible >= _MIN_VISIBLE and inside.min() > 1.0 and inside.max() >= _MIN_SIDE_PX:
            kept.append(index)
    limit = np.array([width, height], np.float32)
    clipped = tuple(np.clip(outlines[i], 0, limit) for i in kept)
    return Labelled(picture, classes[kept], clipped)


def appearance(item: Labelled, recipe: Recipe, rng: np.random.Generator) -> Labelled:
    """Change colours and, sometimes, the picture's quality."""
    picture = item.picture
    if recipe.colour > 0:
        picture = _recolour(picture, recipe.colour, rng)
    if recipe.degrade > 0:
        picture = _degrade(picture, recipe.degrade, rng)
    return Labelled(picture, item.classes, item.outlines)


def _recolour(picture: NDArray[np.uint8], strength: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    hue, saturation = rng.uniform(-0.03, 0.03) * strength, np.exp(rng.uniform(-0.6, 0.6) * strength)
    gain, bias = np.exp(rng.uniform(-0.4, 0.35) * strength), rng.uniform(-20, 20) * strength
    gamma = np.exp(rng.uniform(-0.25, 0.25) * strength)
    grey = 0.0 if rng.random() < 0.08 * strength else 1.0
    ramp = np.arange(256, dtype=np.float64)
    tables = np.stack([
        (ramp + hue * 180) % 180,
        np.clip(ramp * saturation * grey, 0, 255),
        np.clip(255 * (ramp / 255) ** gamma * gain + bias, 0, 255),
    ], 1)  # fmt: skip
    hsv = cv2.LUT(hsv, tables[:, None].astype(np.uint8))
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), np.uint8)


def _degrade(picture: NDArray[np.uint8], chance: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    out: NDArray[np.uint8] = picture
    if rng.random() < chance:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), rng.uniform(0.4, 1.8)), np.uint8)
    if rng.random() < chance:
        ratio = rng.uniform(0.25, 0.9)
        size = (max(8, round(width * ratio)), max(8, round(height * ratio)))
        small = cv2.resize(out, size, interpolation=cv2.INTER_AREA)
        out = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    if rng.random() < chance:
        noise = rng.standard_normal((height, width, 1), np.float32) * rng.uniform(2, 14)
        out = np.clip(out + noise, 0, 255).astype(np.uint8)
    if rng.random() < chance:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        _, code = cv2.imencode(".jpg", out, quality)
        out = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
    return out


def stack(items: Sequence[Labelled], task: Task) -> Batch:
    """Turn square pictures of one size into a batch, with soft masks for segmentation."""
    side = items[0].picture.shape[0]
    grid = side // _MASK_STRIDE
    index, classes, boxes, masks = [], [], [], []
    for number, item in enumerate(items):
        for label, outline in zip(item.classes, item.outlines, strict=True):
            low, high = outline.min(0), outline.max(0)
            index.append(number)
            classes.append(label)
            boxes.append(np.concatenate([(low + high) / 2, high - low]) / side)
            if task is Task.SEGMENT:
                masks.append(_soft_mask(outline, side, grid))
    pictures = np.stack([item.picture for item in items])[..., ::-1].transpose(0, 3, 1, 2)
    return Batch(
        np.ascontiguousarray(pictures),
        np.array(index, np.float32),
        np.array(classes, np.float32),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(masks, np.float32).reshape(-1, grid, grid),
    )


def _soft_mask(outline: NDArray[np.float32], side: int, grid: int) -> NDArray[np.float32]:
    """Part of each cell that the outline covers: a thin pointer is narrower than a cell."""
    fine = np.zeros((side, side), np.uint8)
    shift = 4
    points = np.rint((outline - 0.5) * (1 << shift)).astype(np.int32)
    cv2.fillPoly(fine, [points], 255, lineType=cv2.LINE_8, shift=shift)
    coarse = cv2.resize(fine, (grid, grid), interpolation=cv2.INTER_AREA)
    return (coarse / 255.0).astype(np.float32)
