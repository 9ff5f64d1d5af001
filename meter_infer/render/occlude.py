"""Things in front of an instrument: pipes, cables, hands, leaves, tape, stickers; and what they hide."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.composite import blend_color, polygon_mask, region_of
from meter_infer.render.truth import SceneObject
from meter_infer.types import SegmentClass

Image = NDArray[np.uint8]
Points = NDArray[np.float64]

DROP_BELOW = 0.4
"""A polygon less visible than this is not labelled."""

_COLORS = {
    "pipe": ((150, 150, 150), (60, 120, 190), (40, 160, 200), (60, 60, 160), (120, 100, 60)),
    "cable": ((30, 30, 30), (60, 60, 60), (40, 40, 150), (60, 180, 200), (150, 90, 30)),
    "hand": ((120, 150, 205), (90, 120, 180), (60, 85, 130), (140, 170, 225)),
    "leaf": ((50, 120, 60), (40, 90, 70), (60, 150, 110)),
    "tape": ((60, 190, 220), (50, 50, 170), (210, 210, 210), (40, 40, 40)),
    "sticker": ((235, 235, 235), (90, 200, 230), (120, 190, 90), (60, 60, 200)),
}


def draw_occluder(rng: np.random.Generator, frame: Image, target: SceneObject) -> Image:
    """Draw something in front of `target` into a BGR frame, in place; return its uint8 mask (h, w)."""
    kind = str(rng.choice(list(_COLORS)))
    box = target.full_box
    size = max(box.width, box.height)
    middle = np.array(box.center) + rng.uniform(-0.45, 0.45, 2) * (box.width, box.height)
    if kind in ("pipe", "cable", "tape"):
        width = size * float(rng.uniform(0.015, 0.05) if kind == "cable" else rng.uniform(0.08, 0.28))
        polygon = _strip(rng, middle, width, size * (0.4 if kind == "tape" else 4.0), kind == "cable")
    elif kind == "sticker":
        half = size * rng.uniform(0.05, 0.2, 2)
        angle = float(rng.normal(0, 0.3))
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        polygon = (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half) @ turn + middle
    else:
        polygon = _blob(rng, middle, size * float(rng.uniform(0.1, 0.35)), kind == "hand")
    mask = np.zeros(frame.shape[:2], np.uint8)
    region = region_of(polygon, frame.shape)
    x1, y1, x2, y2 = region
    if x2 <= x1 or y2 <= y1:
        return mask
    part = polygon_mask(polygon, region)
    options = _COLORS[kind]
    color = np.array(options[int(rng.integers(len(options)))]) * rng.uniform(0.5, 1.05)
    picture = _shaded(rng, color, part)
    if rng.random() < 0.3:
        part = np.asarray(cv2.GaussianBlur(part, (0, 0), max(0.5, 0.01 * size)), dtype=np.uint8)
    blend_color(frame[y1:y2, x1:x2], picture, part)
    mask[y1:y2, x1:x2] = part
    return mask


def hide(item: SceneObject, mask: Image) -> SceneObject:
    """Return the truth of an object behind an occluder's mask (h, w).

    Drops polygons of which less than 40 % shows and landmarks whose centre is covered; adds the
    condition "occluded" where over 15 % of the scale (or tube) or 40 % of the pointer is covered.
    """
    covered = {k: _covered(p, mask) for k, p in item.polygons.items()}
    outline = _covered(item.outline, mask)
    if outline == 0.0 and not any(covered.values()):
        return item
    band = max(covered.get(SegmentClass.SCALE, 0.0), covered.get(SegmentClass.TUBE, 0.0))
    occluded = band > 0.15 or covered.get(SegmentClass.POINTER, 0.0) > 0.4
    h, w = mask.shape
    landmarks = {
        k: (x, y)
        for k, (x, y) in item.landmarks.items()
        if not (0 <= x < w and 0 <= y < h and mask[int(y), int(x)] > 127)
    }
    return replace(
        item,
        polygons={k: p for k, p in item.polygons.items() if 1.0 - covered[k] >= DROP_BELOW},
        landmarks=landmarks,
        visible=item.visible * (1.0 - outline),
        conditions=item.conditions | {"occluded"} if occluded else item.conditions,
    )


def _covered(polygon: Points, mask: Image) -> float:
    region = region_of(polygon, mask.shape)
    x1, y1, x2, y2 = region
    if x2 <= x1 or y2 <= y1:
        return 0.0
    over = mask[y1:y2, x1:x2]
    if not over.any():
        return 0.0
    area = polygon_mask(polygon, region) > 127
    return float((over[area] > 127).mean()) if area.any() else 0.0


def _strip(rng: np.random.Generator, middle: Points, width: float, length: float, curved: bool) -> Points:
    angle = float(rng.uniform(0, np.pi))
    t = np.linspace(-0.5, 0.5, 24 if curved else 2)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    sag = float(rng.uniform(-0.2, 0.2)) * length * np.cos(np.pi * t) if curved else np.zeros_like(t)
    path = middle + t[:, None] * length * along + sag[:, None] * across
    return np.asarray(np.vstack([path + across * width / 2, (path - across * width / 2)[::-1]]))


def _blob(rng: np.random.Generator, middle: Points, radius: float, fingers: bool) -> Points:
    a = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    r = np.ones_like(a)
    for k in range(2, 7):
        r += rng.normal(0, (0.25 if fingers else 0.18) / k) * np.cos(k * a + rng.uniform(0, 2 * np.pi))
    shape = np.stack([np.cos(a) * r, np.sin(a) * r * rng.uniform(0.35, 1.0)], axis=1) * radius
    turn = float(rng.uniform(0, 2 * np.pi))
    c, s = np.cos(turn), np.sin(turn)
    return np.asarray(shape @ np.array([[c, s], [-s, c]]) + middle)


def _shaded(rng: np.random.Generator, color: NDArray[np.float64], mask: Image) -> Image:
    """Return a BGR picture of the mask's size: the colour, lighter towards the middle, a little uneven."""
    distance = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
    top = float(distance.max())
    light = 0.6 + 0.5 * np.sqrt(distance / top) if top > 0 else np.ones_like(distance)
    grain = cv2.resize(
        rng.normal(0, 0.06, (8, 8)).astype(np.float32), mask.shape[::-1], interpolation=cv2.INTER_CUBIC
    )
    return np.asarray(np.clip((light + grain)[:, :, None] * color, 0, 255), dtype=np.uint8)
