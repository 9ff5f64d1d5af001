"""Writes data sets of rendered pictures: for detection, for segmentation, and for evaluation.

    OUT/images/{train,val}/000000.jpg
    OUT/labels/{train,val}/000000.txt     YOLO: boxes (detect) or polygons (segment), shares of the picture
    OUT/data.yaml                         classes and folders
    OUT/truth.json                        everything known of each instrument, as `meter-infer eval` reads it

Picture `i` of seed `s` comes from the generator of `[s, i]`: the same whatever the number of processes.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from math import degrees
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from meter_infer.errors import SinkError, SourceError
from meter_infer.render.scene import Layout, Scene, SceneSpec, render_scene
from meter_infer.render.truth import SceneObject, landmark_disc
from meter_infer.types import MeterKind, SegmentClass

Points = NDArray[np.float64]

DETECT_CLASSES = {MeterKind.POINTER: "pointer_gauge", MeterKind.LEVEL: "level_gauge"}
"""In the order of the detector's outputs."""
LEAST_VISIBLE = 0.3
"""An instrument of which less shows is not labelled."""
JPEG_QUALITY = 95
_PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
_CHUNK = 16


class Task(StrEnum):
    """What a data set is for."""

    DETECT = "detect"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class DatasetJob:
    """A data set to write."""

    out: Path
    task: Task
    count: int
    """Pictures."""
    seed: int
    spec: SceneSpec
    val_share: float = 0.05
    """Share of the pictures that go to `val`: 0 to 1."""

    def split(self, index: int) -> str:
        """Return "train" or "val" for a picture; spread evenly."""
        return "val" if int((index + 1) * self.val_share) > int(index * self.val_share) else "train"


def write_dataset(
    job: DatasetJob, workers: int | None = None, progress: Callable[[int], None] | None = None
) -> None:
    """Write a data set with `workers` processes (None: one for each core).

    `progress` is called with the number of pictures finished since its last call. Raises SinkError if
    the folder cannot be written or already holds a data set, SourceError if a background cannot be read.
    """
    prepare_folder(job.out)
    processes = max(1, min(workers or cpu_count() or 1, -(-job.count // _CHUNK)))
    records: list[dict[str, Any]] = []
    chunks = [range(i, min(i + _CHUNK, job.count)) for i in range(0, job.count, _CHUNK)]
    try:
        for part in _run(job, chunks, processes):
            records += part
            if progress is not None:
                progress(len(part))
        names = list(DETECT_CLASSES.values())
        if job.task is Task.SEGMENT:
            names = [c.name.lower() for c in SegmentClass]
        held_out = "val" if job.val_share > 0 else "train"
        folders = {
            "train": "images/train" if job.val_share < 1 else "images/val",
            "val": f"images/{held_out}",
        }
        content = {"path": ".", **folders, "names": dict(enumerate(names))}
        (job.out / "data.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        (job.out / "truth.json").write_text(json.dumps({"images": records}), encoding="utf-8")
    except BrokenExecutor as error:
        raise SinkError(
            "a rendering process was ended from outside, perhaps for want of memory; try fewer workers"
        ) from error
    except OSError as error:
        raise SinkError(
            f"cannot write the data set to {job.out}: {error.strerror}; choose another folder"
        ) from error


def prepare_folder(out: Path) -> None:
    """Make the folders of a data set. Raises SinkError if that fails or one is there already."""
    if (out / "images").exists():
        raise SinkError(f"{out} already holds a data set; choose another folder or remove it first")
    try:
        for folder in ("images", "labels"):
            for split in ("train", "val"):
                (out / folder / split).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"cannot make the folder {out}: {error.strerror}; choose another one") from error


def find_pictures(folder: Path) -> tuple[Path, ...]:
    """Return the pictures below a folder, sorted. Raises SourceError if there are none."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _PICTURE_SUFFIXES)
    if not found:
        raise SourceError(f"there are no pictures in {folder}; name a folder with .jpg or .png files")
    return tuple(found)


def _run(job: DatasetJob, chunks: Sequence[range], processes: int) -> Iterator[list[dict[str, Any]]]:
    if processes == 1:
        for chunk in chunks:
            yield write_pictures(job, chunk)
        return
    # spawn: forking a process that has OpenCV's threads running can deadlock.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        yield from pool.map(write_pictures, [job] * len(chunks), chunks)


def _one_thread() -> None:
    cv2.setNumThreads(1)


def write_pictures(job: DatasetJob, indices: Sequence[int]) -> list[dict[str, Any]]:
    """Render and write some pictures of a data set; return their records of truth.json."""
    return [_write_picture(job, index) for index in indices]


def _write_picture(job: DatasetJob, index: int) -> dict[str, Any]:
    scene = render_scene(np.random.default_rng([job.seed, index]), job.spec)
    split, name = job.split(index), f"{index:06d}"
    file = f"images/{split}/{name}.jpg"
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    ok, data = cv2.imencode(".jpg", scene.image, options)
    if not ok:
        raise SinkError(f"cannot encode {file}; report this as a bug")
    lines = segment_labels(scene) if job.task is Task.SEGMENT else detect_labels(scene)
    (job.out / "labels" / split / f"{name}.txt").write_text(
        "".join(f"{s}\n" for s in lines), encoding="utf-8"
    )
    # Training may watch the folder: a picture appears whole, and after its labels.
    partial = job.out / f"{file}.part"
    partial.write_bytes(data.tobytes())
    partial.replace(job.out / file)
    return picture_record(file, scene)


def detect_labels(scene: Scene) -> list[str]:
    """Return YOLO's lines `class cx cy w h`, shares of the picture."""
    h, w = scene.image.shape[:2]
    classes = list(DETECT_CLASSES)
    lines = []
    for item in scene.objects:
        if item.visible < LEAST_VISIBLE:
            continue
        b = item.box
        values = (*(b.center[0] / w, b.center[1] / h), b.width / w, b.height / h)
        lines.append(" ".join([str(classes.index(item.kind)), *(f"{v:.6f}" for v in values)]))
    return lines


def segment_labels(scene: Scene) -> list[str]:
    """Return YOLO's lines `class x1 y1 x2 y2 ...`, shares of the picture; landmarks are discs."""
    h, w = scene.image.shape[:2]
    lines = []
    for item in scene.objects:
        shapes = dict(item.polygons)
        for mark, (x, y) in item.landmarks.items():
            if 0 <= x < w and 0 <= y < h:
                shapes[mark] = landmark_disc((x, y), item.full_box)
        for label in sorted(shapes):
            polygon = clip_polygon(shapes[label], w, h)
            if len(polygon) < 3 or _area(polygon) < 0.4 * min(_area(shapes[label]), 0.4 * w * h):
                continue
            numbers = (polygon / (w, h)).ravel()
            lines.append(" ".join([str(int(label)), *(f"{v:.5f}" for v in numbers)]))
    return lines


def clip_polygon(polygon: Points, width: float, height: float) -> Points:
    """Clip (n, 2) points to the picture (Sutherland and Hodgman 1974); (0, 2) where nothing is left."""
    points = np.asarray(polygon, dtype=np.float64)
    if (points >= 0).all() and (points <= (width, height)).all():
        return points
    for axis, limit, sign in ((0, 0.0, 1.0), (0, width, -1.0), (1, 0.0, 1.0), (1, height, -1.0)):
        if len(points) == 0:
            break
        inside = sign * (points[:, axis] - limit)
        kept = []
        for i in range(len(points)):
            j = (i + 1) % len(points)
            if inside[i] >= 0:
                kept.append(points[i])
            if (inside[i] >= 0) != (inside[j] >= 0):
                kept.append(points[i] + (points[j] - points[i]) * (inside[i] / (inside[i] - inside[j])))
        points = np.array(kept).reshape(-1, 2)
    return points


def picture_record(file: str, scene: Scene) -> dict[str, Any]:
    """Return a picture's record in the format of the label files."""
    h, w = scene.image.shape[:2]
    gauges = [gauge_record(o) for o in scene.objects if o.visible >= LEAST_VISIBLE]
    return {"file": file, "source": "rendered", "width": w, "height": h, "gauges": gauges}


def gauge_record(item: SceneObject) -> dict[str, Any]:
    """Return an instrument's record in the format of the label files; a non-linear one has no `range`."""
    b = item.box
    record: dict[str, Any] = {
        "kind": str(item.kind),
        "box": _rounded((b.x1, b.y1, b.x2, b.y2)),
        "unit": item.unit,
        "reading": round(item.value, 6),
        **{mark.name.lower(): _rounded(point) for mark, point in sorted(item.landmarks.items())},
        "scale_points": {_printed(value): _rounded(point) for value, point in item.scale_points},
        **({} if item.zero is None else {"zero": _rounded(item.zero)}),
        "fraction": round(item.fraction, 6),
        "mechanical_fraction": round(item.mechanical_fraction, 6),
        "tilt_deg": round(degrees(item.tilt_rad), 2),
        "dial_px": round(item.dial_px, 1),
        "visible": round(item.visible, 3),
        "conditions": sorted(item.conditions),
    }
    if item.linear:
        record["range"] = [float(_printed(value)) for value in item.range]
    else:
        record["scale"] = "nonlinear"
    return record


def _printed(value: float) -> str:
    """A number of a scale as it is printed there: without what adding up its steps has left behind."""
    return f"{round(value, 9) + 0.0:.10g}"


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(float(v), 2) for v in values]


def _area(polygon: Points) -> float:
    x, y = polygon[:, 0], polygon[:, 1]
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def dataset_spec(task: Task, size: tuple[int, int], **options: Any) -> SceneSpec:
    """Return what to draw for a task: crops for segmentation, frames for detection."""
    return SceneSpec(size=size, layout=Layout.CROP if task is Task.SEGMENT else Layout.FRAME, **options)
