"""The streams of the benchmark: rendered once, kept, repeated up to the length that is asked for."""

import csv
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import yaml
from numpy.typing import NDArray

from meter_infer.errors import SinkError
from meter_infer.render.video import VideoScene, VideoSpec, render_video, site_of

_VERSION = "2"  # to be raised when the renderer draws other pictures from the same seed


@dataclass(frozen=True, slots=True)
class MeterTruth:
    """What one meter of a clip shows."""

    config: dict[str, Any]
    """Its section of a site file."""
    values: NDArray[np.float64]
    """Its value in each frame, float64 (frames,)."""

    @property
    def limits(self) -> tuple[float, float]:
        """The scale's least and greatest value."""
        first, last = self.config["range"]
        return min(first, last), max(first, last)


@dataclass(frozen=True, slots=True)
class Clip:
    """A rendered recording of a camera and its truth."""

    path: Path
    meters: dict[str, MeterTruth]

    @property
    def frames(self) -> int:
        """Number of frames."""
        return min(len(meter.values) for meter in self.meters.values())


def cache_folder() -> Path:
    """Return the user's cache folder of this program (`XDG_CACHE_HOME`, else ``~/.cache``)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "meter_infer" / "bench"


def clip_path(folder: Path, spec: VideoSpec) -> Path:
    """Return where the clip of a specification is kept."""
    width, height = spec.size
    meters = f"{spec.pointers}p{spec.levels}l"
    name = f"v{_VERSION}-{width}x{height}-{spec.fps}fps-{spec.seconds:g}s-{meters}-{spec.seed}.mp4"
    return folder / name


def make_clips(
    folder: Path, specs: Sequence[VideoSpec], progress: Callable[[int], None], calibrated: bool = False
) -> list[Clip]:
    """Return the clips of all specifications, rendering those that are not in `folder` yet.

    With `calibrated` their meters are calibrated by points in the picture. `progress` is told how many
    frames are there, with each clip that is. Raises SinkError where the folder cannot be written.
    """
    paths = [clip_path(folder, spec) for spec in specs]
    missing = []
    for spec, path in zip(specs, paths, strict=True):
        if path.exists():
            progress(spec.frames)
        else:
            missing.append(spec)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(
            f"The folder {folder} cannot be made ({error.strerror}); set XDG_CACHE_HOME."
        ) from error
    if len(missing) == 1:
        _render(folder, missing[0])
        progress(missing[0].frames)
    elif missing:
        workers = min(len(missing), len(os.sched_getaffinity(0)))
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            jobs = {pool.submit(_render, folder, spec): spec for spec in missing}
            for job in as_completed(jobs):
                job.result()
                progress(jobs[job].frames)
    if calibrated:
        return [_calibrated(load_clip(path), spec) for path, spec in zip(paths, specs, strict=True)]
    return [load_clip(path) for path in paths]


def _calibrated(clip: Clip, spec: VideoSpec) -> Clip:
    """Return a clip whose meters' configuration has points in its first picture."""
    site = site_of(clip.path, VideoScene(spec).frame(0).meters, calibrated=True)
    (camera,) = site["cameras"].values()
    return replace(
        clip,
        meters={m: replace(truth, config=camera["meters"][m]) for m, truth in clip.meters.items()},
    )


def _render(folder: Path, spec: VideoSpec) -> None:
    """Render a clip under another name first: what bears the right name is whole."""
    path = clip_path(folder, spec)
    draft = path.with_name(f"draft-{os.getpid()}-{path.name}")
    render_video(draft, spec)
    for suffix in (".csv", ".yaml", ".mp4"):
        draft.with_suffix(suffix).replace(path.with_suffix(suffix))


def load_clip(path: Path) -> Clip:
    """Return a clip that is there. Raises SinkError where its truth cannot be read."""
    try:
        site = yaml.safe_load(path.with_suffix(".yaml").read_text(encoding="utf-8"))
        with path.with_suffix(".csv").open(newline="", encoding="utf-8") as table:
            rows = [(row["meter"], float(row["value"])) for row in csv.DictReader(table)]
    except (OSError, ValueError, KeyError, yaml.YAMLError) as error:
        raise SinkError(f"The truth beside {path} cannot be read; delete {path.parent}.") from error
    (camera,) = site["cameras"].values()
    truths: dict[str, list[float]] = {}
    for meter, value in rows:
        truths.setdefault(meter, []).append(value)
    meters = {m: MeterTruth(config, np.array(truths[m])) for m, config in camera["meters"].items()}
    return Clip(path, meters)


def repeat(once: Path, out: Path, length_s: float) -> None:
    """Write a video that repeats another up to a length, packet by packet; a round begins with a keyframe."""
    with av.open(str(once)) as source, av.open(str(out), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        base = float(stream.time_base or 1)
        offset = 0
        while offset * base < length_s:
            source.seek(0)
            end = 0
            for packet in source.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                end = max(end, packet.pts + (packet.duration or 0))
                packet.pts += offset
                packet.dts += offset
                packet.stream = copy
                target.mux(packet)
            offset += end
