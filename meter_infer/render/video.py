"""Renders videos of a fixed camera before several instruments, with the truth of every frame.

Beside OUT.mp4 stand OUT.csv, a row for each frame and meter, and OUT.yaml, a site file for it.
What does not move is composed once; a frame redraws only the sheets that changed, in their regions.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from math import dist, radians
from pathlib import Path
from typing import Any, TextIO

import av
import numpy as np
import yaml
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from meter_infer.calibration import NEAREST_PX
from meter_infer.errors import SinkError
from meter_infer.render.camera import CameraSettings, Severity
from meter_infer.render.moving import FixedCamera, MovingMeter
from meter_infer.render.process import sample_process
from meter_infer.render.scene import with_conditions
from meter_infer.render.scenery import add_clutter, draw_scenery
from meter_infer.render.stamp import draw_number
from meter_infer.render.truth import SceneObject
from meter_infer.resources import require_video_name
from meter_infer.types import Box, MeterKind

Image = NDArray[np.uint8]

CSV_COLUMNS = (
    "frame", "time_s", "meter", "kind", "value", "unit", "fraction", "mechanical_fraction",
    "x1", "y1", "x2", "y2", "conditions",
)  # fmt: skip
_ENCODERS = ("libx264", "libopenh264", "h264", "mpeg4")


@dataclass(frozen=True, slots=True)
class VideoSpec:
    """A video to render."""

    seconds: float = 20.0
    fps: int = 20
    size: tuple[int, int] = (1280, 720)
    """Width and height, even."""
    seed: int = 0
    pointers: int = 2
    levels: int = 1
    tilt: tuple[float, float] = (0.0, radians(35.0))
    """Limits of the instruments' tilt, radians."""
    severity: Severity = Severity.MILD
    backgrounds: tuple[Path, ...] = ()
    points: bool = False
    """The site file calibrates the meters by points in the picture, as is done once on site."""
    as_camera: bool = False
    """Coded as cameras code: no B-frames, a keyframe every two seconds, a tenth of a bit a pixel. Each
    frame carries its number (`render.stamp`)."""

    @property
    def frames(self) -> int:
        """Number of frames."""
        return max(1, round(self.seconds * self.fps))


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """A rendered frame and its truth."""

    image: Image
    """BGR uint8."""
    meters: dict[str, SceneObject]
    """By id."""


class VideoScene:
    """A fixed camera before instruments whose values move."""

    def __init__(self, spec: VideoSpec) -> None:
        """Compose what does not move."""
        rng = np.random.default_rng([spec.seed, 0x76])
        self.spec = spec
        w, h = spec.size
        frame = draw_scenery(rng, w, h, spec.backgrounds)
        kinds = [MeterKind.POINTER] * spec.pointers + [MeterKind.LEVEL] * spec.levels
        rng.shuffle(kinds)
        places = _places(rng, spec.size, len(kinds))
        add_clutter(rng, frame, [_square(p) for p in places], int(rng.integers(0, 5)))
        counts = dict.fromkeys(MeterKind, 0)
        self.meters: dict[str, MovingMeter] = {}
        for kind, place in zip(kinds, places, strict=True):
            counts[kind] += 1
            course = sample_process(rng, spec.frames, spec.fps, kind is MeterKind.POINTER)
            hard = spec.severity is not Severity.MILD and rng.random() < 0.5
            meter = MovingMeter(rng, frame, kind, place, course, spec.tilt, hard)
            self.meters[f"{'gauge' if kind is MeterKind.POINTER else 'level'}-{counts[kind]}"] = meter
        self._camera = FixedCamera(rng, frame, spec.severity)
        self._conditions: dict[str, frozenset[str]] = {}

    def __iter__(self) -> Iterator[VideoFrame]:
        return (self.frame(i) for i in range(self.spec.frames))

    def frame(self, index: int) -> VideoFrame:
        """Return a frame; any order gives the same pixels."""
        picture = self._camera.still.copy()
        truth = {}
        for name, meter in self.meters.items():
            region, part, item = meter.draw(index)
            self._camera.expose(picture, region, part)
            truth[name] = item
        out = self._camera.finish(picture, index, index / self.spec.fps, self.spec.seed)
        if not self._conditions:
            settings = CameraSettings(defocus=self._camera.blur_px * 2)
            self._conditions = {n: with_conditions(o, out, settings).conditions for n, o in truth.items()}
        named = {n: replace(o, conditions=o.conditions | self._conditions[n]) for n, o in truth.items()}
        return VideoFrame(out, named)


def render_video(out: Path, spec: VideoSpec, progress: Callable[[int], None] | None = None) -> None:
    """Write a video (H.264, yuv420p), its truth and its site file.

    `progress` is called after each frame with 1. Raises SinkError if a file cannot be written.
    """
    require_video_name(out)
    scene = VideoScene(spec)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        truth = out.with_suffix(".csv")
        with truth.open("w", newline="", encoding="utf-8") as table, _encoder(out, spec) as encode:
            rows = _writer(table)
            for index, frame in enumerate(scene):
                if spec.as_camera:
                    draw_number(frame.image, index)
                encode(frame.image)
                rows(index, index / spec.fps, frame.meters)
                if progress is not None:
                    progress(1)
        first = scene.frame(0).meters
        text = yaml.safe_dump(site_of(out, first, spec.points), sort_keys=False, allow_unicode=True)
        out.with_suffix(".yaml").write_text(text, encoding="utf-8")
    except (OSError, av.FFmpegError) as error:
        raise SinkError(
            f"cannot write the video {out}: {error.strerror or error}; choose another file"
        ) from error


def site_of(video: Path, meters: dict[str, SceneObject], calibrated: bool = False) -> dict[str, Any]:
    """Return the content of a site file for a video beside it.

    Non-linear meters get their calibration. With `calibrated` every meter gets the places of its printed
    numbers, to a pixel, as somebody would click them in the picture.
    """
    entries: dict[str, Any] = {}
    for name, item in meters.items():
        entry: dict[str, Any] = {
            "kind": str(item.kind),
            "range": [float(v) for v in item.range],
            "unit": item.unit,
            "box": [round(v) for v in (item.box.x1, item.box.y1, item.box.x2, item.box.y2)],
        }
        clicked = _clicked(item) if calibrated else []
        if len(clicked) > 1:
            entry["calibration"] = [{"at": list(place), "value": value} for value, place in clicked]
        elif not item.linear:
            entry["calibration"] = [[round(f, 6), float(v)] for f, v in item.anchors]
        entries[name] = entry
    return {"cameras": {camera_id(video): {"url": video.name, "meters": entries}}}


def _clicked(item: SceneObject) -> list[tuple[float, tuple[int, int]]]:
    """Return the printed numbers that somebody can click: in the picture, and not all at one pixel."""
    kept: list[tuple[float, tuple[int, int]]] = []
    for value, (x, y) in item.scale_points:
        place = round(x), round(y)
        if min(place) >= 0 and all(dist(place, other) >= NEAREST_PX for _, other in kept):
            kept.append((float(value), place))
    return kept


def camera_id(video: Path) -> str:
    """Return an id for a site file from a file's name."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in video.stem) or "camera"


def _writer(table: TextIO) -> Callable[[int, float, dict[str, SceneObject]], None]:
    rows = csv.writer(table)
    rows.writerow(CSV_COLUMNS)

    def write(index: int, time_s: float, meters: dict[str, SceneObject]) -> None:
        for name, item in meters.items():
            b = item.box
            box = (f"{v:.1f}" for v in (b.x1, b.y1, b.x2, b.y2))
            shares = (f"{item.fraction:.6f}", f"{item.mechanical_fraction:.6f}")
            conditions = " ".join(sorted(item.conditions))
            first = (index, f"{time_s:.4f}", name, item.kind, f"{item.value:.6g}", item.unit)
            rows.writerow([*first, *shares, *box, conditions])

    return write


@contextmanager
def _encoder(out: Path, spec: VideoSpec) -> Iterator[Callable[[Image], None]]:
    w, h = spec.size
    with av.open(str(out), "w") as container:
        stream = _add_stream(container, spec)
        stream.width, stream.height, stream.pix_fmt = w, h, "yuv420p"

        def encode(image: Image) -> None:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))

        yield encode
        container.mux(stream.encode(None))


def _add_stream(container: OutputContainer, spec: VideoSpec) -> VideoStream:
    name = next((n for n in _ENCODERS if n in av.codecs_available), None)
    if name is None:
        raise SinkError("this build of PyAV has no H.264 encoder; install the package av from PyPI")
    rate = int(0.1 * spec.size[0] * spec.size[1] * spec.fps)
    options = {"preset": "veryfast"} if name == "libx264" else {}
    if name == "libx264" and spec.as_camera:
        options |= {"bf": "0", "g": str(2 * spec.fps), "maxrate": str(rate), "bufsize": str(rate)}
    elif name == "libx264":
        options["crf"] = "21"
    stream = container.add_stream(name, rate=Fraction(spec.fps), options=options)
    assert isinstance(stream, VideoStream)  # noqa: S101 - for the type checker: each name is a video codec
    if "crf" not in options:
        stream.bit_rate = rate
    return stream


def _places(rng: np.random.Generator, size: tuple[int, int], count: int) -> list[tuple[float, float, float]]:
    """Return (x, y, longer side) for instruments side by side, in up to two rows."""
    w, h = size
    rows = 2 if count > 4 else 1
    columns = -(-count // rows)
    cell = w / columns, h / rows
    places = []
    for i in range(count):
        px = min(cell) * float(rng.uniform(0.45, 0.82))
        slack = [(c - px) / 2 * 0.9 for c in cell]
        x = (i % columns + 0.5) * cell[0] + float(rng.uniform(-slack[0], slack[0]))
        y = (i // columns + 0.5) * cell[1] + float(rng.uniform(-slack[1], slack[1]))
        places.append((x, y, px))
    return places


def _square(place: tuple[float, float, float]) -> Box:
    x, y, px = place
    return Box(x - 0.6 * px, y - 0.6 * px, x + 0.6 * px, y + 0.6 * px)
