"""What holds an instrument: its case behind the face, the stem and nut below it, its shadow on the wall."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.composite import blend_color, draw_sheet, polygon_mask, premultiply, region_of
from meter_infer.render.model import Instrument
from meter_infer.render.pose import PlanePose
from meter_infer.types import MeterKind

Image = NDArray[np.uint8]
Color = tuple[float, float, float]

_METALS: tuple[Color, ...] = (
    (190, 192, 195),  # stainless steel
    (120, 122, 125),  # zinc
    (70, 150, 190),  # brass
    (60, 105, 160),  # bronze
    (35, 35, 38),  # black paint
    (60, 60, 150),  # red lead
    (130, 90, 40),  # blue paint
    (60, 170, 200),  # yellow paint
    (90, 110, 80),  # green hammer finish
)


@dataclass(frozen=True, slots=True)
class Mounting:
    """How an instrument is held. Lengths are shares of the instrument's longer side."""

    depth: float
    """Of the case behind the rim; 0: flush with a panel."""
    case_color: Color
    """BGR."""
    stem: float
    """Length of the stem below the dial; 0: none."""
    stem_width: float
    stem_color: Color
    shadow: float
    """Darkness of the shadow on the wall, 0 to 1."""
    light: tuple[float, float]
    """Where the shadow falls, shares of the depth, frame axes."""
    softness: float
    """Blur of the shadow, share of the instrument's longer side in the frame."""


def sample_mounting(rng: np.random.Generator, kind: MeterKind) -> Mounting:
    """Sample a mounting; level gauges have a thin case and no stem."""
    dial = kind is MeterKind.POINTER
    depth = float(rng.uniform(0.08, 0.55)) if dial and rng.random() < 0.75 else float(rng.uniform(0.0, 0.06))
    metal = _METALS[int(rng.choice(len(_METALS), p=_weights(5 if rng.random() < 0.85 else len(_METALS))))]
    stem_metal = _METALS[int(rng.integers(len(_METALS)))]
    return Mounting(
        depth=depth,
        case_color=_vary(rng, metal),
        stem=float(rng.uniform(0.15, 1.2)) if dial and rng.random() < 0.55 else 0.0,
        stem_width=float(rng.uniform(0.1, 0.24)),
        stem_color=_vary(rng, stem_metal),
        shadow=float(rng.uniform(0.1, 0.75)) if rng.random() < 0.85 else 0.0,
        light=(float(rng.uniform(-0.8, 0.8)), float(rng.uniform(-0.2, 1.0))),
        softness=float(rng.uniform(0.01, 0.09)),
    )


def draw_mounting(frame: Image, instrument: Instrument, pose: PlanePose, mounting: Mounting) -> None:
    """Draw shadow, stem and case into a BGR frame, in place: everything below the lowest layer."""
    size = float(np.ptp(instrument.outline, axis=0).max())
    back = instrument.outline_height - mounting.depth * size - 0.02 * size
    front_outline = pose.project(instrument.outline, instrument.outline_height)
    back_outline = pose.project(instrument.outline, back)
    seen = float(np.ptp(front_outline, axis=0).max())
    solid = _is_solid(instrument)
    if mounting.shadow > 0 and not solid:
        _draw_see_through_shadow(frame, instrument, pose, mounting, back)
    elif mounting.shadow > 0:
        reach = (0.03 + mounting.depth) * seen
        shift = np.array(mounting.light) * reach
        _draw_shadow(frame, back_outline, shift, mounting.shadow, mounting.softness * seen)
    if mounting.stem > 0 and _is_round(instrument.outline):
        _draw_stem(frame, instrument, pose, mounting, size, (back + instrument.outline_height) / 2)
    if mounting.depth > 0.0 and solid:
        _draw_case(frame, front_outline, back_outline, mounting.case_color)


def _draw_shadow(
    frame: Image, outline: NDArray[np.float64], shift: NDArray[np.float64], darkness: float, blur: float
) -> None:
    hull = cv2.convexHull(np.vstack([outline, outline + shift]).astype(np.float32))[:, 0].astype(np.float64)
    margin = int(2.5 * blur) + 2
    region = region_of(hull, frame.shape, margin)
    x1, y1, x2, y2 = region
    if x2 <= x1 or y2 <= y1:
        return
    # A blurred mask needs no resolution: work on a quarter.
    step = max(1, int(blur / 3))
    small = polygon_mask((hull - (x1, y1)) / step, (0, 0, -(-(x2 - x1) // step), -(-(y2 - y1) // step)))
    small = np.asarray(cv2.GaussianBlur(small, (0, 0), max(0.5, blur / step)), dtype=np.uint8)
    mask = cv2.resize(small, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)
    keep = cv2.convertScaleAbs(mask, alpha=-darkness, beta=255)
    # convertScaleAbs folds negatives, which 255 - darkness * 255 never is.
    frame[y1:y2, x1:x2] = cv2.multiply(frame[y1:y2, x1:x2], cv2.merge([keep, keep, keep]), scale=1 / 255)


def _draw_see_through_shadow(
    frame: Image, instrument: Instrument, pose: PlanePose, mounting: Mounting, height: float
) -> None:
    """Draw the shadow of what is not solid, such as a tube between rods: from its texture's opacity."""
    alpha = instrument.layers[0].bgra[:, :, 3]
    h, w = alpha.shape
    step = max(1.0, max(h, w) / 128)
    pad = 8
    small = cv2.resize(
        alpha, (max(1, round(w / step)), max(1, round(h / step))), interpolation=cv2.INTER_AREA
    )
    small = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    small = cv2.GaussianBlur(small, (0, 0), 1.0 + 20.0 * mounting.softness)
    sheet = np.zeros((*small.shape, 4), np.uint8)
    sheet[:, :, 3] = cv2.convertScaleAbs(small, alpha=mounting.shadow)
    sx, sy = w / (small.shape[1] - 2 * pad), h / (small.shape[0] - 2 * pad)
    reach = 0.05 * max(h, w)
    dx, dy = mounting.light[0] * reach, mounting.light[1] * reach
    place = np.array([[sx, 0.0, dx - pad * sx], [0.0, sy, dy - pad * sy], [0.0, 0.0, 1.0]])
    draw_sheet(frame, sheet, pose.homography(height) @ place)


def _is_solid(instrument: Instrument) -> bool:
    """Tell whether the lowest sheet fills the outline, so that there is a body behind it."""
    alpha = instrument.layers[0].bgra[:, :, 3]
    middle = instrument.outline.mean(axis=0)
    points = np.vstack([middle + (instrument.outline - middle) * share for share in (0.5, 0.8, 0.95)])
    x, y = np.clip(points.astype(int), 0, (alpha.shape[1] - 1, alpha.shape[0] - 1)).T
    filled = np.maximum.reduce([layer.bgra[y, x, 3] for layer in instrument.layers])
    return float((filled > 200).mean()) > 0.85


def _draw_case(frame: Image, front: NDArray[np.float64], back: NDArray[np.float64], color: Color) -> None:
    hull = cv2.convexHull(np.vstack([front, back]).astype(np.float32))[:, 0].astype(np.float64)
    region = region_of(hull, frame.shape)
    x1, y1, x2, y2 = region
    if x2 <= x1 or y2 <= y1:
        return
    mask = polygon_mask(hull, region)
    # A cylinder's shine runs across its axis, which is seen along front -> back.
    axis = back.mean(axis=0) - front.mean(axis=0)
    length = float(np.hypot(*axis))
    across = np.array([-axis[1], axis[0]]) / length if length > 1e-6 else np.array([1.0, 0.0])
    middle = front.mean(axis=0)
    radius = max(1.0, float(np.abs((front - middle) @ across).max()))
    xs = (np.arange(x1, x2) + 0.5 - middle[0]) * (across[0] / radius)
    ys = (np.arange(y1, y2) + 0.5 - middle[1]) * (across[1] / radius)
    t = (xs[None, :] + ys[:, None]).astype(np.float32)
    index = np.clip((t + 1.0) * 127.5, 0, 255).astype(np.uint8)
    blend_color(frame[y1:y2, x1:x2], _metal_ramp(color)[index], mask)


def _metal_ramp(color: Color) -> Image:
    """Return (256, 3): the shine of a metal cylinder across its width."""
    x = np.linspace(-1.0, 1.0, 256)
    shine = 0.45 + 0.4 * np.sqrt(np.maximum(0.0, 1.0 - x * x)) + 0.5 * np.exp(-(((x + 0.35) / 0.12) ** 2))
    shine += 0.25 * np.exp(-(((x - 0.55) / 0.1) ** 2))
    return np.asarray(np.clip(shine[:, None] * np.array(color), 0, 255), dtype=np.uint8)


def _draw_stem(
    frame: Image, instrument: Instrument, pose: PlanePose, mounting: Mounting, size: float, height: float
) -> None:
    w, h = 48, 96
    ramp = cv2.resize(_metal_ramp(mounting.stem_color)[None], (w, 1), interpolation=cv2.INTER_AREA)
    sheet = np.zeros((h, w, 4), np.uint8)
    neck, nut = int(0.15 * h), int(0.45 * h)
    for y1, y2, half, shade in ((0, neck, 0.3, 0.8), (neck, nut, 0.5, 1.0), (nut, h, 0.34, 0.85)):
        x1, x2 = round(w * (0.5 - half)), round(w * (0.5 + half))
        part = cv2.resize(ramp, (x2 - x1, 1), interpolation=cv2.INTER_AREA)
        sheet[y1:y2, x1:x2, :3] = np.clip(part * shade, 0, 255)
        sheet[y1:y2, x1:x2, 3] = 255
    sheet[neck, :, :3] //= 2
    sheet[nut - 1, :, :3] //= 2
    low, high = instrument.outline.min(axis=0), instrument.outline.max(axis=0)
    width, length = mounting.stem_width * size, mounting.stem * size + 0.06 * size
    left, top = (low[0] + high[0] - width) / 2, high[1] - 0.06 * size
    place = np.array([[width / w, 0.0, left], [0.0, length / h, top], [0.0, 0.0, 1.0]])
    draw_sheet(frame, premultiply(sheet), pose.homography(height) @ place)


def _is_round(outline: NDArray[np.float64]) -> bool:
    """Tell a dial from a panel meter, which has no stem."""
    shape = outline.astype(np.float32)
    return float(cv2.contourArea(shape)) > 11.5 * (float(cv2.arcLength(shape, True)) / (4 * np.pi)) ** 2


def _weights(count: int) -> list[float]:
    return [1.0 / count if i < count else 0.0 for i in range(len(_METALS))]


def _vary(rng: np.random.Generator, color: Color) -> Color:
    b, g, r = np.clip(np.array(color) * rng.uniform(0.6, 1.1) + rng.normal(0, 6, 3), 5, 250)
    return float(b), float(g), float(r)
