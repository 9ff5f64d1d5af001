"""Strips to train on: crops of the segmenter's data sets, unrolled as the segmenter sees them."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import LabelError
from meter_infer.evaluation.labels import COMPRESSED_ZERO
from meter_infer.pipeline import MeterSegmenter
from meter_infer.reading.dial import view_dial
from meter_infer.reading.geometry import TubeGeometry
from meter_infer.reading.level import view_tube
from meter_infer.reading.opinion import dial_sights, tube_sights
from meter_infer.reading.pointer import crossing
from meter_infer.reading.strip import (
    HINTS,
    PLACES,
    ROWS,
    THINGS,
    DialAxis,
    Sights,
    TubeAxis,
    distances,
    strip_of,
)
from meter_infer.train.data import DataFolder, Labelled, load, read_training_picture
from meter_infer.train.recipe import Task
from meter_infer.types import Box, MeterKind, SegmentClass
from meter_infer.vision.color import frame_from_bgr
from meter_infer.vision.letterbox import CROP_MARGIN
from meter_infer.vision.unroll import unroll

SHIFT, FAR_SHIFT, FAR_SHARE = 0.01, 0.03, 0.15
"""Errors that are added to the axis, shares of the dial's radius or the tube's length: of most strips, and of
some."""
TOLD, TOLD_BY_HAND = 0.9, 0.6
"""Share of strips with hints; less where the segmenter itself was trained on the pictures."""
KEPT = 0.95
"""Share of the rows of hints that are left."""
EXACT, BY_HAND = 1.0, 2.2
"""Standard deviation of the truth, columns: of rendered pictures, and of labels drawn by hand."""
_MOST_VAIN = 300
_NEVER = datetime.fromtimestamp(0, UTC)
GREY, TINTED, CONTRAST, BLURRED, NOISY, MIRRORED = 0.12, 0.5, 0.7, 0.25, 0.3, 0.5
"""Shares of strips whose picture is changed. Only tubes are mirrored: left and right are alike to a level."""


class Sample(NamedTuple):
    """One strip with its truth."""

    image: NDArray[np.float32]
    """Input of a strip network, (3 + hints, ROWS, places)."""
    target: NDArray[np.float32]
    """Chance of each place, (THINGS, places); a row of zeros where a truth is not known."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What is kept of a picture: where it is unrolled, what was seen, and the truth, in its pixels."""

    axis: DialAxis | TubeAxis
    sights: Sights
    truth: dict[SegmentClass, NDArray[np.float64]]
    zero: NDArray[np.float64] | None
    """What `Thing.ZERO` is, (2,); None where nobody knows."""


@dataclass(slots=True)
class StripFolder:
    """A data set of the segmenter."""

    folder: DataFolder
    by_hand: bool
    """Photographs: the segmenter was trained on them, and their labels are less exact."""
    seen: dict[Path, _Seen | None] = field(default_factory=dict)
    _zeros: dict[str, NDArray[np.float64]] | None = None

    def zero(self, picture: Path) -> NDArray[np.float64] | None:
        """Return what a dial's `Thing.ZERO` is, pixels (2,); None where the data set does not say.

        Raises LabelError for a truth.json that cannot be read.
        """
        if self._zeros is None:
            self._zeros = _zeros(self.folder.root / "truth.json")
        return self._zeros.get(picture.relative_to(self.folder.root).as_posix())


class StripSource:
    """Draws strips of one kind of meter from data sets; each picture is segmented once."""

    def __init__(self, kind: MeterKind, folders: list[StripFolder], segmenter: MeterSegmenter) -> None:
        """Raises LabelError where the data sets have no pictures."""
        self._kind, self._folders, self._segmenter = kind, folders, segmenter
        self.counts: dict[str, int] = {}
        self.rescan()
        if not any(self.counts.values()):
            raise LabelError(
                f"no pictures below {', '.join(self.counts)}; a data set has images/train and labels/train"
            )

    def rescan(self) -> None:
        """Look for new pictures."""
        self.counts = {str(each.folder.root): each.folder.scan() for each in self._folders}

    def draw(self, rng: np.random.Generator) -> Sample:
        """Return a strip of a picture drawn by weight, changed at random.

        Raises LabelError where many pictures in a row show nothing to learn from.
        """
        weights = np.array([each.folder.weight if each.folder.pictures else 0.0 for each in self._folders])
        for _ in range(_MOST_VAIN):
            source = self._folders[int(rng.choice(len(weights), p=weights / weights.sum()))]
            pictures = source.folder.pictures
            sample = self.sample(source, pictures[int(rng.integers(len(pictures)))], rng)
            if sample is not None:
                return sample
        raise LabelError(
            f"of {_MOST_VAIN} pictures below {', '.join(self.counts)} none shows a {self._kind.value} gauge "
            "that the segmenter finds and whose landmarks are labelled; give crops of such gauges"
        )

    def sample(self, source: StripFolder, path: Path, rng: np.random.Generator | None) -> Sample | None:
        """Return a picture's strip, changed at random unless `rng` is None; None where there is nothing."""
        if path not in source.seen:
            zero = source.zero(path) if self._kind is MeterKind.POINTER else None
            source.seen[path] = self._look(load(path, Task.SEGMENT), zero)
        seen = source.seen[path]
        if seen is None:
            return None
        frame = frame_from_bgr(read_training_picture(path), path.stem, 0, _NEVER)
        axis = seen.axis if rng is None else _moved(seen.axis, rng)
        image = np.zeros((3 + HINTS[self._kind], ROWS, PLACES[self._kind]), np.float32)
        unroll(frame, *axis.table(), axis.step, image[:3])
        image[3:, 0] = strip_of(axis, seen.sights).hints
        if rng is not None:
            if self._kind is MeterKind.LEVEL and rng.random() < MIRRORED:
                image[:3] = image[:3, ::-1].copy()
            _recolour(image[:3], rng)
            _forget(image[3:, 0], TOLD_BY_HAND if source.by_hand else TOLD, rng)
        return Sample(image, _target(axis, seen, BY_HAND if source.by_hand else EXACT))

    def _look(self, labelled: Labelled, zero: NDArray[np.float64] | None) -> _Seen | None:
        frame = frame_from_bgr(labelled.picture, "crop", 0, _NEVER)
        truth = _landmarks(labelled)
        reading = SegmentClass.SURFACE if self._kind is MeterKind.LEVEL else SegmentClass.TIP
        if reading not in truth:
            return None
        # A crop of the training sets is a little wider than those that are read.
        inset = 0.5 * (1 - 1 / CROP_MARGIN)
        width, height = frame.width, frame.height
        box = Box(inset * width, inset * height, (1 - inset) * width, (1 - inset) * height)
        (segments,) = self._segmenter.segment([(frame, box)])
        if self._kind is MeterKind.LEVEL:
            tube = view_tube(segments)
            if tube is None or tube.axis is None:
                return None
            return _Seen(tube.axis, tube_sights(tube, segments), truth, None)
        view = view_dial(segments)
        if view is None:
            return None
        return _Seen(DialAxis(view.geometry), dial_sights(view, segments), truth, zero)


def _landmarks(labelled: Labelled) -> dict[SegmentClass, NDArray[np.float64]]:
    """Return the landmarks of a crop, pixels (2,) each; those that it has twice are left out."""
    found: dict[SegmentClass, list[NDArray[np.float64]]] = {}
    for number, outline in zip(labelled.classes.tolist(), labelled.outlines, strict=True):
        middle = 0.5 * (outline.min(axis=0) + outline.max(axis=0))
        found.setdefault(SegmentClass(number), []).append(middle.astype(np.float64))
    return {label: points[0] for label, points in found.items() if len(points) == 1}


def _moved(axis: DialAxis | TubeAxis, rng: np.random.Generator) -> DialAxis | TubeAxis:
    """Return the axis a little off, as the masks put it."""
    share = FAR_SHIFT if rng.random() < FAR_SHARE else SHIFT
    if isinstance(axis, DialAxis):
        x, y, growth, stretch, shear = rng.normal(0.0, share, 5).tolist()
        dial = axis.dial
        change = np.array([[1 + growth + stretch, shear], [shear, 1 + growth - stretch]])
        moved = dial.axes @ change
        # symmetric, as every dial's: a turn within its plane would turn the hints too
        center = dial.center + dial.radius * np.array([x, y])
        return DialAxis(replace(dial, center=center, axes=0.5 * (moved + moved.T)))
    along, growth = rng.normal(0.0, 1.3 * share, 2).tolist()
    aside, wide, turn = rng.normal(0.0, (0.08, 0.12, 0.02)).tolist()
    tube = axis.tube
    direction = np.cos(turn) * tube.direction + np.sin(turn) * tube.normal
    foot = tube.start + along * tube.length * tube.direction + aside * tube.width * tube.normal
    head = foot + tube.length * np.exp(growth) * direction
    return TubeAxis(TubeGeometry(foot, head, tube.width * np.exp(wide)))


def _zeros(path: Path) -> dict[str, NDArray[np.float64]]:
    """Return what `Thing.ZERO` is in a data set's pictures, by their names; none without a truth.json."""
    try:
        pictures = json.loads(path.read_text(encoding="utf-8"))["images"]
        found = {}
        for picture in pictures:
            dials = [gauge for gauge in picture["gauges"] if gauge["kind"] == MeterKind.POINTER]
            if len(dials) != 1:
                continue
            (dial,) = dials
            place = dial.get("zero")
            if (
                place is None
                and dial.get("scale") == "nonlinear"
                and COMPRESSED_ZERO not in dial["conditions"]
            ):
                place = dial.get("end")
            if place is not None:
                found[picture["file"]] = np.array(place, np.float64)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LabelError(
            f"{path} is not what `synth images` writes: {error}; render the set again"
        ) from error
    return found


def _target(axis: DialAxis | TubeAxis, seen: _Seen, sigma: float) -> NDArray[np.float32]:
    """Return the chance of each place, float32 (THINGS, places)."""
    truth = seen.truth
    reading = truth[SegmentClass.SURFACE if axis.kind is MeterKind.LEVEL else SegmentClass.TIP]
    places = axis.place_of(reading)
    if isinstance(axis, DialAxis) and SegmentClass.PIVOT in truth:
        # What a pointer reads is where its axis meets the scale, however far off the middle its pivot lies.
        dial = axis.dial
        angle = crossing(dial.to_dial(truth[SegmentClass.PIVOT]), dial.to_dial(reading))
        places = places if angle is None else axis.place_of_angle(angle)
    others = [truth.get(SegmentClass.START), truth.get(SegmentClass.END), seen.zero][: THINGS[axis.kind] - 1]
    target = np.zeros((THINGS[axis.kind], PLACES[axis.kind]), np.float32)
    for row, place in zip(
        target, (places, *(None if p is None else axis.place_of(p) for p in others)), strict=True
    ):
        if place is None:
            continue
        bump = np.exp(-0.5 * (distances(axis.kind, place) / sigma) ** 2)
        if bump.sum() > 0.5:  # else it lies beyond the strip
            row[:] = bump / bump.sum()
    return target


def _recolour(picture: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Change colours, contrast, sharpness and noise of a picture (3, rows, columns), 0 to 1, in place."""
    if rng.random() < GREY:
        picture[:] = picture.mean(axis=0)
    elif rng.random() < TINTED:
        picture *= rng.uniform(0.85, 1.15, (3, 1, 1)).astype(np.float32)
    if rng.random() < CONTRAST:
        mean = picture.mean()
        picture[:] = (picture - mean) * np.float32(rng.uniform(0.6, 1.3)) + mean * np.float32(
            rng.uniform(0.7, 1.3)
        )
    if rng.random() < BLURRED:
        sigma = rng.uniform(0.4, 1.3)
        for plane in picture:
            cv2.GaussianBlur(plane, (0, 0), sigma, dst=plane)
    if rng.random() < NOISY:
        picture += rng.normal(0.0, rng.uniform(0.004, 0.035), picture.shape).astype(np.float32)
    np.clip(picture, 0.0, 1.0, out=picture)


def _forget(hints: NDArray[np.float32], told: float, rng: np.random.Generator) -> None:
    """Take away what a segmenter may not have seen, and change its scores, in place."""
    if rng.random() >= told:
        hints[:] = 0
    hints[rng.random(len(hints)) >= KEPT] = 0
    hints *= np.float32(rng.uniform(0.7, 1.1))
