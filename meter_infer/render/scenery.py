"""What stands around instruments: backgrounds, drawn or from pictures, and clutter that is no instrument."""

from collections.abc import Sequence
from functools import lru_cache
from math import pi
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import SourceError
from meter_infer.render.backgrounds import draw_background
from meter_infer.render.clutter import draw_clutter
from meter_infer.render.composite import draw_sheet, premultiply
from meter_infer.render.place import Target
from meter_infer.render.pose import make_pose
from meter_infer.types import Box

Image = NDArray[np.uint8]


def draw_scenery(rng: np.random.Generator, w: int, h: int, pictures: Sequence[Path]) -> Image:
    """Return a BGR background (h, w, 3): drawn, or a part of one of the pictures."""
    if pictures and rng.random() < 0.6:
        image = _random_part(rng, _load(pictures[int(rng.integers(len(pictures)))]), w, h)
    else:
        image = draw_background(rng, w, h)
    if rng.random() < 0.2:
        # Behind an instrument in focus the background often is not.
        small = cv2.resize(image, (max(1, w // 4), max(1, h // 4)), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.3, 0.012 * max(w, h) + 0.4)) / 2)
        image = np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    return image


def _random_part(rng: np.random.Generator, picture: Image, w: int, h: int) -> Image:
    ph, pw = picture.shape[:2]
    scale = min(pw / w, ph / h) * float(np.exp(rng.uniform(np.log(0.25), 0.0)))
    cw, ch = max(1, int(w * scale)), max(1, int(h * scale))
    x, y = int(rng.integers(0, pw - cw + 1)), int(rng.integers(0, ph - ch + 1))
    part = picture[y : y + ch, x : x + cw]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    how = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (w, h), interpolation=how), dtype=np.uint8)


@lru_cache(maxsize=48)
def _load(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SourceError(
            f"cannot read the background picture {path}; remove it from the folder of backgrounds"
        )
    scale = 1280 / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(image, dtype=np.uint8)


def around(target: Target) -> Box:
    """Return the square around a place."""
    (x, y), r = target.center, target.longer_side / 2
    return Box(x - r, y - r, x + r, y + r)


def free_place(
    rng: np.random.Generator, taken: Sequence[Box], size: tuple[int, int], px: float, outside: float
) -> Target | None:
    """Return a place for a square of `px` clear of all taken, up to `outside` of it past the edge."""
    w, h = size
    for _ in range(12):
        slack = px * (0.5 - outside)
        if w < 2 * slack or h < 2 * slack:
            return None
        target = Target((float(rng.uniform(slack, w - slack)), float(rng.uniform(slack, h - slack))), px)
        box = around(target)
        if all(box.iou(other) == 0.0 for other in taken):
            return target
    return None


def add_clutter(
    rng: np.random.Generator,
    frame: Image,
    taken: list[Box],
    count: int,
    beside: Target | None = None,
) -> None:
    """Draw things that look like instruments and are none into a BGR frame, in place.

    They keep clear of `taken`, which grows, or may lie anywhere below what is drawn `beside` them later.
    """
    h, w = frame.shape[:2]
    for _ in range(count):
        px = float(np.exp(rng.uniform(np.log(20.0), np.log(max(24.0, 0.5 * min(w, h))))))
        if beside is None:
            place = free_place(rng, taken, (w, h), px, 0.3)
            if place is None:
                continue
            taken.append(around(place))
        else:
            place = Target((float(rng.uniform(0, w)), float(rng.uniform(0, h))), px)
        sheet = premultiply(draw_clutter(rng, int(np.clip(1.2 * px, 64, 500))))
        th, tw = sheet.shape[:2]
        tilt, axis, roll = (
            float(rng.uniform(0, 0.9)),
            float(rng.uniform(0, 2 * pi)),
            float(rng.normal(0, 0.3)),
        )
        pose = make_pose((tw / 2, th / 2), float(max(th, tw)), tilt, axis, roll, 8.0)
        shrink = min(1.0, 1.4 * px / max(th, tw))
        if shrink < 1.0:
            small = round(tw * shrink), round(th * shrink)
            pose = pose.resampled(small[0] / tw, small[1] / th, 1.0)
            sheet = np.asarray(cv2.resize(sheet, small, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        draw_sheet(frame, sheet, pose.moved(px / max(th, tw), place.center).homography(0.0))
