"""Data sets in YOLO's layout, several at once, each with a weight; new parts are found while training runs.

A data set is a folder with ``images/train`` and ``labels/train`` (or ``val``). A label file has a
line per object: the class and then either ``cx cy w h`` or a polygon ``x1 y1 x2 y2 ...``, all
divided by the picture's width and height. A picture without a label file has no objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import LabelError
from meter_infer.train.recipe import CLASS_NAMES, Task
from meter_infer.types import MeterKind

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_OUTLINE_POINTS = 24
_DETECT_POINTER = list(MeterKind).index(MeterKind.POINTER)


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A picture and the outlines of what it shows."""

    picture: NDArray[np.uint8]
    """BGR, (height, width, 3)."""
    classes: NDArray[np.int64]
    """(n,)"""
    outlines: tuple[NDArray[np.float32], ...]
    """n polygons (points, 2) in pixels. A detector's box of a dial is given as the ellipse it encloses."""


@dataclass(slots=True)
class DataFolder:
    """One data set and how often it is drawn from, relative to the others."""

    root: Path
    weight: float = 1.0
    split: str = "train"
    pictures: list[Path] = field(default_factory=list)

    def scan(self) -> int:
        """Look for pictures again; return how many there are now."""
        folder = self.root / "images" / self.split
        try:
            found = [p for p in folder.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES]
        except OSError as error:
            raise LabelError(f"cannot list the data set {self.root}: {error}") from error
        self.pictures = sorted(found)
        return len(self.pictures)

    @classmethod
    def parse(cls, text: str) -> "DataFolder":
        """Read ``FOLDER`` or ``FOLDER=WEIGHT``, as the command line takes it."""
        root, separator, weight = text.rpartition("=")
        if not separator:
            return cls(Path(text))
        try:
            folder = cls(Path(root), float(weight))
        except ValueError:
            return cls(Path(text))
        if not folder.weight > 0:
            raise LabelError(f"the weight in {text!r} must be above 0")
        return folder


def read_labels(
    path: Path, task: Task, width: int, height: int
) -> tuple[NDArray[np.int64], list[NDArray[np.float32]]]:
    """Return the classes and outlines (pixels) of a label file, none when there is no such file.

    Raises LabelError with file and line for a line that cannot be used.
    """
    classes: list[int] = []
    outlines: list[NDArray[np.float32]] = []
    if not path.exists():
        return np.zeros(0, np.int64), outlines
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        if not words:
            continue
        try:
            label, values = int(words[0]), np.array(words[1:], np.float32)
        except ValueError as error:
            raise LabelError(f"{path}:{number}: expected a class and numbers, found {line[:40]!r}") from error
        if not 0 <= label < len(CLASS_NAMES[task]) or values.size < 4 or values.size % 2:
            raise LabelError(f"{path}:{number}: not a box or polygon of a class that `{task.value}` knows")
        if values.size == 4:
            outline = _box_outline(values, ellipse=task is Task.DETECT and label == _DETECT_POINTER)
        else:
            outline = values.reshape(-1, 2)
        classes.append(label)
        outlines.append(outline * np.array([width, height], np.float32))
    return np.array(classes, np.int64), outlines


def _box_outline(box: NDArray[np.float32], ellipse: bool) -> NDArray[np.float32]:
    """Turn ``cx cy w h`` into a polygon; the inscribed ellipse keeps a dial's box tight under rotation."""
    if ellipse:
        turn = np.arange(_OUTLINE_POINTS) * (2 * np.pi / _OUTLINE_POINTS)
        unit = np.stack([np.cos(turn), np.sin(turn)], 1)
    else:
        unit = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    outline: NDArray[np.float32] = (box[:2] + unit * box[2:] / 2).astype(np.float32)
    return outline


def read_training_picture(path: Path) -> NDArray[np.uint8]:
    """Return a picture, BGR uint8 (height, width, 3). Raises LabelError when it cannot be decoded."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise LabelError(f"cannot decode the training picture {path}; remove it or draw it again")
    return np.asarray(picture, np.uint8)


def load(path: Path, task: Task) -> Labelled:
    """Read a picture and the labels that lie beside it. Raises LabelError when it cannot be decoded."""
    picture = read_training_picture(path)
    parts = list(path.parts)
    # the last "images" of the path: a data set may itself lie below a folder of that name
    at = len(parts) - 1 - parts[::-1].index("images")
    parts[at] = "labels"
    height, width = picture.shape[:2]
    classes, outlines = read_labels(Path(*parts).with_suffix(".txt"), task, width, height)
    return Labelled(picture, classes, tuple(outlines))


class Mixture:
    """Several data sets drawn from by weight."""

    def __init__(self, folders: Sequence[DataFolder], task: Task) -> None:
        self._folders = list(folders)
        self._task = task
        self._chances = np.zeros(0)

    def rescan(self) -> dict[str, int]:
        """Look for new pictures; return how many each data set has. Raises LabelError when all are empty."""
        counts = {str(folder.root): folder.scan() for folder in self._folders}
        weights = np.array([f.weight if f.pictures else 0.0 for f in self._folders])
        if weights.sum() <= 0:
            raise LabelError(
                f"no pictures below {', '.join(counts)}; a data set has images/train and labels/train"
            )
        self._chances = weights / weights.sum()
        return counts

    def draw(self, rng: np.random.Generator) -> Labelled:
        """Return a random picture with its labels."""
        folder = self._folders[int(rng.choice(len(self._folders), p=self._chances))]
        return load(folder.pictures[int(rng.integers(len(folder.pictures)))], self._task)
