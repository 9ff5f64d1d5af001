"""8-bit twins of the ONNX networks, and whether they read as well.

The twins come from `backends.precision.int8_network`: convolutions in int8 with scales measured over the
calibration pictures; the first one and the last ones (boxes, scores, mask coefficients, prototypes) keep
their precision. Whether a twin may be used is not a matter of opinion: both pairs of networks read the same
rendered pictures, and a twin `holds` when it finds as many meters and reads them as well.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from meter_infer.backends import BackendOptions, create_backend
from meter_infer.backends.precision import activation_ranges, int8_network
from meter_infer.errors import ModelError
from meter_infer.gpu.engines import TASKS, calibration_inputs
from meter_infer.models import Int8Spec, ModelFile, add_to_manifest, load_model, sha256_of
from meter_infer.networks import Detector, Segmenter
from meter_infer.reading.look import Look, look
from meter_infer.reading.quality import GOOD
from meter_infer.render.scene import SceneSpec, render_scene
from meter_infer.types import Detection, Frame, MeterKind
from meter_infer.vision.color import frame_from_bgr

SEED = 8_800_000
SCENE = SceneSpec(size=(1280, 720), count=(1, 1), tilt=(0.0, 0.6), dial_px=(90.0, 420.0))
MATCH = 0.5
"""Least intersection over union of a detection with the true box."""
RIGHT = 0.02
"""A good reading farther off than this share of the scale is wrong."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What one pair of networks made of the pictures."""

    found: int
    good: int
    """Of those found, readings with a confidence that counts as good."""
    wrong: int
    """Of the good ones, those off by more than 2 % of the scale."""
    median_error: float
    """Of all that were read, % of the scale."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The networks and their 8-bit twins on the same pictures."""

    pictures: int
    full: Readings
    int8: Readings
    median_difference: float
    """Between what the two read of the same meter, % of the scale."""

    @property
    def holds(self) -> bool:
        """The twins find and read as much, but for what chance does to so few pictures."""
        slack = 0.04 * self.pictures
        return (
            self.int8.found >= self.full.found - slack
            and self.int8.good >= self.full.good - slack
            and self.int8.wrong <= self.full.wrong + 0.5 * slack
            and self.int8.median_error <= 1.25 * self.full.median_error + 0.02
        )


def make_int8(
    models: Path | None, images: Path | None, pictures: int, step: Callable[[str], None] = lambda _: None
) -> Comparison:
    """Make both networks' 8-bit twins beside them, compare, and enter them into the manifest.

    Args:
        models: folder of the networks and their manifest; None: the shipped one.
        images: folder of calibration pictures, with the folders `detect` and `segment`; None: the shipped.
        pictures: rendered pictures to compare on.
        step: is told what is done next.

    Raises ModelError, and BackendUnavailable without ONNX Runtime.
    """
    if pictures < 1:
        raise ModelError("A comparison needs at least one picture.")
    files = [load_model(task, models) for task in TASKS]
    twins = []
    for file in files:
        step(f"measuring the ranges of {file.spec.task}")
        inputs = calibration_inputs(file.spec.task, file.spec.input_size, images)  # type: ignore[arg-type]
        twins.append(int8_network(file.data, activation_ranges(file.data, inputs)))
    step(f"reading {pictures} rendered pictures with both")
    result = compare(files, twins, pictures)
    figures = asdict(result)
    command = f"meter-infer export --int8 --pictures {pictures}" + (" --images DIR" if images else "")
    for file, twin in zip(files, twins, strict=True):
        path = file.path.with_suffix(".int8.onnx")
        try:
            path.write_bytes(twin)
            spec = Int8Spec(path.name, sha256_of(path), file.spec.sha256, result.holds, (command,), figures)
            add_to_manifest(file.path.parent, replace(file.spec, int8=spec))
        except OSError as error:
            raise ModelError(f"'{path}' cannot be written ({error.strerror}).") from error
    return result


def compare(files: list[ModelFile], twins: list[bytes], pictures: int) -> Comparison:
    """Read rendered pictures with the networks (detect, segment) and with their twins."""
    errors: list[list[float | None]] = [[], []]
    goods: list[list[bool]] = [[], []]
    found = [0, 0]
    apart: list[float] = []
    readers = [_Pair(files, [file.data for file in files]), _Pair(files, twins)]
    for frame, truth, fraction in _scenes(pictures):
        seen = [pair.look(frame, truth) for pair in readers]
        for place, each in enumerate(seen):
            found[place] += each is not None
            read = None if each is None or each.fraction is None else abs(each.fraction - fraction)
            errors[place].append(read)
            goods[place].append(read is not None and each is not None and each.confidence >= GOOD)
        first, second = seen
        if first and second and first.fraction is not None and second.fraction is not None:
            apart.append(abs(first.fraction - second.fraction))
    for pair in readers:
        pair.close()
    full, int8 = (_readings(found[place], errors[place], goods[place]) for place in (0, 1))
    return Comparison(pictures, full, int8, _percent(apart))


class _Pair:
    """A detector and a segmenter, as the engine that ships runs them."""

    def __init__(self, files: list[ModelFile], contents: list[bytes]) -> None:
        engines = [create_backend("auto", content, BackendOptions(precision="auto")) for content in contents]
        self._detector = Detector(engines[0], files[0].spec.input_size)
        self._segmenter = Segmenter(engines[1], files[1].spec.input_size)

    def look(self, frame: Frame, truth: Detection) -> Look | None:
        """Return what is read of the true meter; None where it is not found."""
        found = [each for each in self._detector.detect([frame])[0] if each.kind is truth.kind]
        best = max(found, key=lambda each: each.box.iou(truth.box), default=None)
        if best is None or best.box.iou(truth.box) < MATCH:
            return None
        (parts,) = self._segmenter.segment([(frame, best.box)])
        return look(truth.kind, frame.luma, best.box, parts)[0]

    def close(self) -> None:
        self._detector.close()
        self._segmenter.close()


def _scenes(count: int) -> Iterator[tuple[Frame, Detection, float]]:
    """Yield rendered frames with one meter each: its kind and box, and its fraction."""
    for place in range(count):
        kind = MeterKind.LEVEL if place % 4 == 3 else MeterKind.POINTER
        scene = render_scene(np.random.default_rng(SEED + place), replace(SCENE, kind=kind))
        frame = frame_from_bgr(scene.image, "int8", place, datetime.fromtimestamp(0, UTC))
        for item in scene.objects[:1]:
            yield frame, Detection(item.kind, item.box, 1.0), item.fraction


def _readings(found: int, errors: list[float | None], good: list[bool]) -> Readings:
    read = [error for error in errors if error is not None]
    trusted = [error for error, fine in zip(errors, good, strict=True) if fine and error is not None]
    return Readings(found, len(trusted), sum(error > RIGHT for error in trusted), _percent(read))


def _percent(values: list[float]) -> float:
    return round(100 * float(np.median(values)), 4) if values else 0.0
