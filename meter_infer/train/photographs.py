"""Labelled photographs made into data sets: crops for segmentation, pictures and scenes for detection."""

from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import LabelError
from meter_infer.sources.folder import flat_names
from meter_infer.train.augment import PADDING
from meter_infer.train.data import PICTURE_SUFFIXES
from meter_infer.train.photo_dials import (
    Cutout,
    Matrix,
    MovablePointer,
    Picture,
    cut_out,
    place_box,
    polygons,
    random_view,
    render,
)
from meter_infer.train.photo_labels import PhotoGauge, load_photographs, refusal
from meter_infer.train.recipe import CLASS_NAMES, Task
from meter_infer.types import MeterKind

CROP_PX = 256
"""Side of a crop where nothing else is said."""
CROP_FACTOR = 1.2
"""Side of a crop in longer sides of the instrument's box."""
_PICTURE_PX = 960
_PACKAGES = {
    "skimage": "data", "sklearn": "datasets/images", "matplotlib": "mpl-data/sample_data",
    "ultralytics": "assets",
}  # fmt: skip
_MIN_BACKGROUND_PX = 160
_KINDS = list(MeterKind)


def make_data_sets(
    labels: Path,
    out: Path,
    copies: int,
    scenes: int,
    backgrounds: Sequence[Path],
    seed: int,
    split: str = "train",
    crop_px: int = CROP_PX,
) -> dict[str, str]:
    """Write `crops`, `pictures`, `levels` and `scenes` below ``out``; return a line of summary for each.

    With a ``split`` other than train the crops are single and unchanged and there are no scenes: such
    a data set measures. Raises LabelError for a label file that cannot be used.
    """
    rng = np.random.default_rng(seed)
    photographs = load_photographs(labels)
    crops = _Writer(out / "crops", Task.SEGMENT, split)
    pictures = _Writer(out / "pictures", Task.DETECT, split)
    levels = _Writer(out / "levels", Task.DETECT, split)
    refused: Counter[str] = Counter()
    empty = list(_background_pictures([*_package_folders(), *backgrounds]))
    cutouts: list[Cutout] = []
    for (path, gauges, complete), stem in zip(photographs, _stems(photographs, labels.parent), strict=True):
        photograph = _read(path)
        height, width = photograph.shape[:2]
        if complete:  # else what looks empty may hold a gauge that nobody placed
            empty += list(_empty_parts(photograph, gauges))
        whole = all(gauge.kind is MeterKind.LEVEL for gauge in gauges)
        if complete:
            _write_whole(levels if whole and gauges else pictures, stem, photograph, gauges)
        for index, gauge in enumerate(gauges):
            reason = refusal(gauge, (width, height))
            if reason is not None:
                refused[reason] += 1
                continue
            cutout = cut_out(photograph, gauge)
            cutouts.append(cutout)
            name = f"{stem}_{index}"
            if split == "train":
                _write_crops(crops, name, cutout, copies, empty, crop_px, rng)
            else:
                _write_plain_crop(crops, name, cutout, crop_px)
    summary = {
        "crops": f"{crops.count} of {len(cutouts)} dials",
        "left out of the crops": ", ".join(f"{count} {reason}" for reason, count in refused.most_common()),
        "pictures": str(pictures.count),
        "levels": str(levels.count),
        "backgrounds": str(len(empty)),
    }
    if split == "train":
        scenery = _Writer(out / "scenes", Task.DETECT, split)
        for number in range(scenes):
            _write_scene(scenery, f"scene_{number:05d}", cutouts, empty, rng)
        summary["scenes"] = str(scenery.count)
    return summary


def _stems(photographs: Sequence[tuple[Path, list[PhotoGauge], bool]], folder: Path) -> list[str]:
    """Names for what is made of the photographs: photographs of equal names in two folders stay apart."""
    return flat_names(
        [path.relative_to(folder) if path.is_relative_to(folder) else path for path, *_ in photographs]
    )


class _Writer:
    """Writes one data set in YOLO's layout."""

    def __init__(self, root: Path, task: Task, split: str) -> None:
        self.count = 0
        self._split = split
        self._images, self._labels = root / "images" / split, root / "labels" / split
        try:
            for folder in (self._images, self._labels):
                folder.mkdir(parents=True, exist_ok=True)
            names = "\n".join(f"  {i}: {name}" for i, name in enumerate(CLASS_NAMES[task]))
            (root / "data.yaml").write_text(
                f"path: .\ntrain: images/train\nval: images/val\nnames:\n{names}\n", encoding="utf-8"
            )
        except OSError as error:
            raise LabelError(f"cannot write the data set {root}: {error}") from error

    def write(self, name: str, picture: Picture, objects: Sequence[tuple[int, NDArray[np.float64]]]) -> None:
        """Write a picture and its objects: class and polygon, or class and a box as [[x1, y1], [x2, y2]]."""
        height, width = picture.shape[:2]
        size = np.array([width, height], np.float64)
        lines = []
        for label, points in objects:
            unit = np.clip(points / size, 0, 1)
            if len(points) == 2:
                unit = np.stack([unit.mean(0), unit[1] - unit[0]])
            lines.append(f"{label} " + " ".join(f"{value:.5f}" for value in unit.ravel()))
        ok = cv2.imwrite(str(self._images / f"{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 93])
        if not ok:
            raise LabelError(f"cannot write {self._images / name}.jpg; is the disk full?")
        (self._labels / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.count += 1


def _read(path: Path) -> Picture:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise LabelError(f"cannot decode the labelled picture {path}")
    return np.asarray(picture, np.uint8)


def _package_folders() -> list[Path]:
    """Folders of photographs without gauges that installed packages ship."""
    folders = []
    for package, inner in _PACKAGES.items():
        spec = find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            folders.append(Path(next(iter(spec.submodule_search_locations))) / inner)
    return folders


def _background_pictures(folders: Sequence[Path]) -> Iterator[Picture]:
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if path.suffix.lower() in PICTURE_SUFFIXES:
                picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
                if picture is not None and min(picture.shape[:2]) >= _MIN_BACKGROUND_PX:
                    yield _shrink(np.asarray(picture, np.uint8))[0]


def _empty_parts(photograph: Picture, gauges: Sequence[PhotoGauge]) -> Iterator[Picture]:
    """Yield the strips of a photograph beside, above and below all of its gauges, unless they are plain."""
    if not gauges:
        yield _shrink(photograph)[0]
        return
    height, width = photograph.shape[:2]
    boxes = np.stack([gauge.box for gauge in gauges])
    margin = 0.06 * (boxes[:, 2:] - boxes[:, :2]).max()
    x1, y1 = (boxes[:, :2].min(0) - margin).astype(int)
    x2, y2 = (boxes[:, 2:].max(0) + margin).astype(int)
    parts = [
        photograph[:, : max(0, x1)], photograph[:, min(width, x2) :],
        photograph[: max(0, y1)], photograph[min(height, y2) :],
    ]  # fmt: skip
    for part in parts:
        if min(part.shape[:2]) >= _MIN_BACKGROUND_PX and part.std(axis=(0, 1)).max() > 12:
            yield _shrink(part)[0]


def _shrink(picture: Picture) -> tuple[Picture, float]:
    ratio = min(1.0, _PICTURE_PX / max(picture.shape[:2]))
    if ratio == 1.0:
        return picture.copy(), ratio
    small = cv2.resize(picture, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), ratio


def _write_whole(writer: _Writer, name: str, photograph: Picture, gauges: Sequence[PhotoGauge]) -> None:
    picture, ratio = _shrink(photograph)
    distinct: list[PhotoGauge] = []
    for gauge in gauges:
        # two scales in one case are one instrument to the detector
        if not any(np.allclose(gauge.box, other.box, atol=8) for other in distinct):
            distinct.append(gauge)
    objects = [(_KINDS.index(g.kind), g.box.reshape(2, 2) * ratio) for g in distinct]
    writer.write(name, picture, objects)


def _background(empty: Sequence[Picture], width: int, height: int, rng: np.random.Generator) -> Picture:
    """Return a random part of a random background, or a plain colour."""
    if not empty or rng.random() < 0.15:
        return np.full((height, width, 3), rng.integers(0, 256, 3) if rng.random() < 0.5 else 255, np.uint8)
    source = empty[int(rng.integers(len(empty)))]
    rows, columns = source.shape[:2]
    zoom = max(width / columns, height / rows) * float(np.exp(rng.uniform(0.0, 0.9)))
    cut_w, cut_h = max(1, int(width / zoom)), max(1, int(height / zoom))
    x, y = (int(rng.integers(0, most + 1)) for most in (columns - cut_w, rows - cut_h))
    part = source[y : y + cut_h, x : x + cut_w]
    if rng.random() < 0.5:
        part = part[:, ::-1]  # a background without gauges may be mirrored
    return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _crop_matrix(
    view: Matrix, gauge: PhotoGauge, side: int, shift: NDArray[np.float64], zoom: float
) -> Matrix:
    return place_box(view, gauge, side * (0.5 + shift), side / CROP_FACTOR * zoom)


def _write_plain_crop(writer: _Writer, name: str, cutout: Cutout, side: int) -> None:
    matrix = _crop_matrix(np.eye(3), cutout.gauge, side, np.zeros(2), 1.0)
    grey = np.full((side, side, 3), PADDING, np.uint8)
    picture, _ = render(cutout, matrix, grey, keep_surroundings=True)
    writer.write(name, picture, [(int(k), outline) for k, outline in polygons(cutout, matrix)])


def _write_crops(
    writer: _Writer,
    name: str,
    cutout: Cutout,
    copies: int,
    empty: Sequence[Picture],
    side: int,
    rng: np.random.Generator,
) -> None:
    """Write copies of a dial: as it is, seen from elsewhere, elsewhere, with its pointer elsewhere."""
    movable = MovablePointer(cutout) if cutout.pointer_found else None
    for number in range(copies):
        dial = cutout
        if movable is not None and rng.random() < 0.65:
            dial = movable.at(float(rng.uniform(-0.01, 1.01)))
        view = random_view(dial.gauge, rng) if rng.random() < 0.8 else np.eye(3)
        matrix = _crop_matrix(view, dial.gauge, side, rng.normal(0, 0.02, 2), float(rng.uniform(0.93, 1.05)))
        own = rng.random() < 0.6
        if own and rng.random() < 0.5:
            background = np.full((side, side, 3), PADDING, np.uint8)
        else:
            background = _background(empty, side, side, rng)
        picture, _ = render(dial, matrix, background, keep_surroundings=own)
        objects = [(int(k), outline) for k, outline in polygons(dial, matrix)]
        writer.write(f"{name}_{number:03d}", picture, objects)


def _write_scene(
    writer: _Writer, name: str, cutouts: Sequence[Cutout], empty: Sequence[Picture], rng: np.random.Generator
) -> None:
    """Paste some dials, small to large, onto a background; some scenes stay empty."""
    width, height = int(rng.integers(420, 800)), int(rng.integers(360, 640))
    picture = _background(empty, width, height, rng)
    objects: list[tuple[int, NDArray[np.float64]]] = []
    wanted = int(rng.choice([0, 1, 2, 3, 5], p=[0.15, 0.35, 0.25, 0.15, 0.1])) if cutouts else 0
    for _ in range(wanted):
        cutout = cutouts[int(rng.integers(len(cutouts)))]
        longer = float(np.exp(rng.uniform(np.log(24), np.log(0.75 * min(width, height)))))
        center = rng.uniform(0.0, 1.0, 2) * np.array([width, height])
        matrix = place_box(random_view(cutout.gauge, rng, 15.0), cutout.gauge, center, longer)
        box = cutout.gauge.mapped(matrix).box.reshape(2, 2)
        inside = np.clip(box, 0, (width, height))
        if np.prod(inside[1] - inside[0]) < 0.6 * np.prod(box[1] - box[0]):
            continue
        if any((np.minimum(box[1], o[1]) > np.maximum(box[0], o[0])).all() for _, o in objects):
            continue
        picture, _ = render(cutout, matrix, picture, keep_surroundings=False)
        objects.append((_KINDS.index(cutout.gauge.kind), inside))
    writer.write(name, picture, objects)
