"""Composes pictures of instruments with their truth: whole frames, and crops around one instrument."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import degrees, pi
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.render.camera import CameraSettings, Severity, apply_camera, sample_camera
from meter_infer.render.dial import draw_dial
from meter_infer.render.lens import Lens, distort_image
from meter_infer.render.level import draw_level
from meter_infer.render.model import Instrument
from meter_infer.render.mounting import sample_mounting
from meter_infer.render.occlude import draw_occluder, hide
from meter_infer.render.panel import draw_panel
from meter_infer.render.place import Target, draw_instrument, pose_instrument, stretch, texture_size
from meter_infer.render.pose import sample_lean
from meter_infer.render.scenery import add_clutter, around, draw_scenery, free_place
from meter_infer.render.truth import SceneObject
from meter_infer.types import Box, MeterKind

Image = NDArray[np.uint8]

PADDING_GREY = 114
"""What the crop shows where it reaches past the frame."""
SMALL_PX = 100.0
FRONT_RAD = 15.0 * pi / 180


class Layout(StrEnum):
    """What a picture shows."""

    FRAME = "frame"
    """A camera's whole frame: none to several instruments among clutter."""
    CROP = "crop"
    """What the segmentation network sees: a square around one instrument."""


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """What to draw."""

    size: tuple[int, int] = (640, 640)
    """Width and height; a crop is square."""
    layout: Layout = Layout.FRAME
    kind: MeterKind | None = None
    """Only this kind; None: both, dials twice as often."""
    count: tuple[int, int] | None = None
    """Least and most instruments a frame; None: none in 12 % of frames, otherwise 1 to 5."""
    tilt: tuple[float, float] | None = None
    """Limits of the tilt, radians; None: mostly mild, to 55 degrees."""
    dial_px: tuple[float, float] | None = None
    """Limits of the longer side of an instrument's box in the frame (a crop: before it is resampled)."""
    severity: Severity = Severity.MIXED
    occluders: float | None = None
    """Share of pictures with something in front of an instrument; None: 6 %, of the hard ones 30 %."""
    backgrounds: tuple[Path, ...] = ()
    """Pictures to use as backgrounds as well as drawn ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture and its truth."""

    image: Image
    """BGR uint8 (h, w, 3)."""
    objects: tuple[SceneObject, ...]
    """A crop has its one main instrument only."""


def render_scene(rng: np.random.Generator, spec: SceneSpec | None = None) -> Scene:
    """Render a picture with its truth; the same generator state gives the same pixels.

    Raises SourceError if a background picture cannot be read.
    """
    spec = SceneSpec() if spec is None else spec
    return _render_crop(rng, spec) if spec.layout is Layout.CROP else _render_frame(rng, spec)


def draw_meter(
    rng: np.random.Generator,
    kind: MeterKind,
    longer_side_px: float,
) -> tuple[Instrument, float]:
    """Draw an instrument of this kind with a texture fit to be seen at this size.

    Returns it and how far it leans from the plumb line, radians: a level's liquid does not lean with it.
    """
    size = texture_size(longer_side_px)
    if kind is MeterKind.POINTER:
        return draw_dial(rng, size), 0.0
    lean = sample_lean(rng)
    return draw_level(rng, size, surface_tilt_rad=-lean), lean


def _render_frame(rng: np.random.Generator, spec: SceneSpec) -> Scene:
    w, h = spec.size
    frame = draw_scenery(rng, w, h, spec.backgrounds)
    taken: list[Box] = []
    objects: list[SceneObject] = []
    hard = spec.severity is Severity.HARD or (spec.severity is Severity.MIXED and rng.random() < 0.3)
    if spec.count is not None:
        count = int(rng.integers(spec.count[0], spec.count[1] + 1))
    else:
        count = (
            0 if rng.random() < 0.12 else int(rng.choice((1, 2, 3, 4, 5), p=(0.36, 0.26, 0.18, 0.12, 0.08)))
        )
    # A panel takes its place first, then single instruments, then clutter what is left.
    if count >= 2 and spec.dial_px is None and rng.random() < 0.3:
        objects += draw_panel(
            rng, frame, taken, count, _sample_kind(rng, spec), _sample_px(rng, spec), spec.tilt
        )
    places = [_reserve(rng, taken, spec) for _ in range(count - len(objects))]
    add_clutter(rng, frame, taken, int(rng.integers(0, 7)))
    objects += [_add_instrument(rng, frame, place, spec, hard) for place in places if place is not None]
    objects = _add_occluders(rng, frame, objects, _occluder_share(spec, hard))
    size = objects[int(rng.integers(len(objects)))].dial_px if objects else 200.0
    return _through_lens_and_camera(rng, frame, objects, sample_camera(rng, _resolved(hard), size), 0.3)


def _render_crop(rng: np.random.Generator, spec: SceneSpec) -> Scene:
    out = spec.size[0]
    low, high = spec.dial_px or (28.0, 800.0)
    native = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    margin = float(np.clip(rng.normal(1.2, 0.08), 1.0, 1.4))
    # A crop seen at more than its own resolution is shrunk anyway: draw it little larger than it ends.
    shown = min(native, 1.05 * out)
    side = max(16, round(shown * margin))
    longer = side / margin
    hard = spec.severity is Severity.HARD or (spec.severity is Severity.MIXED and rng.random() < 0.3)
    kind = _sample_kind(rng, spec)
    instrument, lean = draw_meter(rng, kind, longer)
    jitter = rng.uniform(-0.06, 0.06, 2) * longer
    target = Target((side / 2 + float(jitter[0]), side / 2 + float(jitter[1])), longer)
    pose = pose_instrument(rng, instrument, target, spec.tilt, lean)
    if rng.random() < 0.06:
        # Stretched pictures; the stretch keeps the middle of the crop.
        factor = float(rng.uniform(0.75, 0.95))
        pose = stretch(pose, factor).moved(1.0, (side / 2 * (1 - factor), 0.0))
    frame = draw_scenery(rng, side, side, spec.backgrounds)
    if rng.random() < 0.5:
        add_clutter(rng, frame, [around(target)], int(rng.integers(1, 3)), beside=target)
    if rng.random() < 0.15:
        _add_neighbour(rng, frame, target, instrument)
    item = draw_instrument(rng, frame, instrument, pose, sample_mounting(rng, kind), hard)
    objects = _add_occluders(rng, frame, [item], _occluder_share(spec, hard))
    settings = sample_camera(rng, _resolved(hard), shown, overlay_share=0.06)
    scene = _through_lens_and_camera(rng, frame, objects, settings, 0.15)
    scene = _cut_at_frame_edge(rng, scene) if rng.random() < 0.04 else scene
    scale = out / side
    shrink = cv2.INTER_AREA if rng.random() < 0.7 else cv2.INTER_LINEAR
    image = cv2.resize(scene.image, (out, out), interpolation=shrink if scale < 1 else cv2.INTER_LINEAR)
    resized = tuple(o.mapped(lambda p: p * scale, (out, out)) for o in scene.objects)
    return Scene(np.asarray(image, dtype=np.uint8), resized)


def _through_lens_and_camera(
    rng: np.random.Generator,
    frame: Image,
    objects: Sequence[SceneObject],
    settings: CameraSettings,
    share: float,
) -> Scene:
    h, w = frame.shape[:2]
    if rng.random() < share:
        center = (w * float(rng.uniform(0.4, 0.6)), h * float(rng.uniform(0.4, 0.6)))
        lens = Lens(center, float(np.hypot(w, h)) / 2, float(rng.uniform(-0.06, 0.14)))
        frame = distort_image(frame, lens)
        objects = [o.mapped(lens.distort, (w, h)) for o in objects]
    image = apply_camera(frame, settings)
    return Scene(image, tuple(with_conditions(o, image, settings) for o in objects))


def with_conditions(item: SceneObject, image: Image, settings: CameraSettings) -> SceneObject:
    """Add the conditions that the picture shows: front or tilted, steep, small, dark, blurred, ..."""
    found = {"front" if item.tilt_rad < FRONT_RAD else "tilted"}
    if degrees(item.tilt_rad) > 35:
        found.add("steep")
    if item.dial_px < SMALL_PX:
        found.add("small")
    b = item.box
    part = image[int(b.y1) : int(b.y2) + 1, int(b.x1) : int(b.x2) + 1]
    if part.size:
        luma = part.mean()
        found |= {"dark"} if luma < 55 else {"overexposed"} if luma > 225 else set()
    if settings.blur_px > 0.006 * item.dial_px:
        found.add("blurred")
    if settings.infrared:
        found.add("infrared")
    if not item.linear:
        found.add("nonlinear")
    return replace(item, conditions=item.conditions | found)


def _resolved(hard: bool) -> Severity:
    return Severity.HARD if hard else Severity.MILD


def _occluder_share(spec: SceneSpec, hard: bool) -> float:
    if spec.occluders is not None:
        return spec.occluders
    return 0.3 if hard else 0.06


def _sample_kind(rng: np.random.Generator, spec: SceneSpec) -> MeterKind:
    if spec.kind is not None:
        return spec.kind
    return MeterKind.POINTER if rng.random() < 0.66 else MeterKind.LEVEL


def _sample_px(rng: np.random.Generator, spec: SceneSpec) -> float:
    low, high = spec.dial_px or (24.0, 900.0)
    high = min(high, 0.92 * min(spec.size))
    return float(np.exp(rng.uniform(np.log(min(low, high)), np.log(high))))


def _reserve(rng: np.random.Generator, taken: list[Box], spec: SceneSpec) -> Target | None:
    """Find a place for an instrument, smaller where the frame is full; it is then taken."""
    px = _sample_px(rng, spec)
    outside = 0.35 if rng.random() < 0.08 and spec.dial_px is None else 0.0
    target = free_place(rng, taken, spec.size, px, outside)
    while target is None and px > 40.0 and (spec.dial_px is None or 0.8 * px > spec.dial_px[0]):
        px *= 0.8
        target = free_place(rng, taken, spec.size, px, 0.0)
    if target is not None:
        taken.append(around(target))
    return target


def _add_instrument(
    rng: np.random.Generator, frame: Image, target: Target, spec: SceneSpec, hard: bool
) -> SceneObject:
    kind = _sample_kind(rng, spec)
    instrument, lean = draw_meter(rng, kind, target.longer_side)
    pose = pose_instrument(rng, instrument, target, spec.tilt, lean)
    hard_glass = hard and rng.random() < 0.5
    return draw_instrument(rng, frame, instrument, pose, sample_mounting(rng, kind), hard_glass)


def _add_neighbour(rng: np.random.Generator, frame: Image, target: Target, twin: Instrument) -> None:
    """Draw a second instrument beside a crop's main one, mostly outside the picture; often the same again."""
    angle = float(rng.uniform(0, 2 * pi))
    px = target.longer_side * float(rng.uniform(0.6, 1.1))
    reach = (target.longer_side + px) / 2 * float(rng.uniform(1.0, 1.15))
    place = Target((target.center[0] + reach * np.cos(angle), target.center[1] + reach * np.sin(angle)), px)
    # A texture of half the size will do: it is a neighbour's edge that shows.
    other, lean = (twin, 0.0) if rng.random() < 0.6 else draw_meter(rng, twin.kind, px / 2)
    pose = pose_instrument(rng, other, place, None, lean)
    draw_instrument(rng, frame, other, pose, sample_mounting(rng, twin.kind))


def _add_occluders(
    rng: np.random.Generator, frame: Image, objects: Sequence[SceneObject], share: float
) -> list[SceneObject]:
    if not objects or rng.random() >= share:
        return list(objects)
    mask = draw_occluder(rng, frame, objects[int(rng.integers(len(objects)))])
    return [hide(o, mask) for o in objects]


def _cut_at_frame_edge(rng: np.random.Generator, scene: Scene) -> Scene:
    """Grey out one side of a crop, as where it reaches past the camera's frame."""
    image = scene.image.copy()
    h, w = image.shape[:2]
    cut = float(rng.uniform(0.02, 0.2))
    hidden = np.zeros((h, w), np.uint8)
    n = round(cut * w)
    side = int(rng.integers(4))
    region = (np.s_[:, :n], np.s_[:, w - n :], np.s_[:n], np.s_[h - n :])[side]
    image[region] = PADDING_GREY
    hidden[region] = 255
    return Scene(image, tuple(replace(hide(o, hidden), conditions=o.conditions) for o in scene.objects))
