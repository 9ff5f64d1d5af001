"""`meter-infer bench`: rendered cameras, the real service, and figures of how it did."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from meter_infer.app import ReaderOptions
from meter_infer.backends import options_for
from meter_infer.bench.clips import cache_folder, make_clips
from meter_infer.bench.growth import CAMERAS, Point, Step, draw_growth, grow
from meter_infer.bench.live import Run, measure
from meter_infer.bench.plot import draw_report
from meter_infer.bench.report import Report
from meter_infer.bench.serving import why_no_rtsp
from meter_infer.cli.read_view import stderr_console
from meter_infer.cli.synth import parse_size
from meter_infer.errors import ConfigError, SinkError, SourceError
from meter_infer.render.stamp import WIDTH
from meter_infer.render.video import VideoSpec


def bench_command(
    ctx: typer.Context,
    streams: Annotated[int, typer.Option(help="Cameras.", min=1, max=64)] = 8,
    size: Annotated[str, typer.Option(help="Of the pictures.", metavar="WIDTHxHEIGHT")] = "1920x1080",
    fps: Annotated[int, typer.Option(help="Frames a second and camera.", min=1, max=60)] = 20,
    seconds: Annotated[float, typer.Option(help="To measure, after a warm-up.", min=1, max=86_400)] = 60,
    meters_per_camera: Annotated[int, typer.Option(help="Meters in view of each camera.", min=1, max=12)] = 2,
    levels: Annotated[int, typer.Option(help="How many of these are level gauges.", min=0, max=12)] = 0,
    cadence: Annotated[
        float, typer.Option(help="Seconds between two passes of the networks over a camera.", min=0)
    ] = 1.0,
    backend: Annotated[str, typer.Option(help="auto, openvino or onnxruntime.", metavar="NAME")] = "auto",
    precision: Annotated[
        str | None, typer.Option(help="As in meter-infer run.", metavar="NAME", show_default=False)
    ] = None,
    models: Annotated[
        Path | None, typer.Option(help="Folder of other models than those shipped.", metavar="DIR")
    ] = None,
    calibrated: Annotated[
        bool,
        typer.Option(
            "--calibrated/--by-range",
            help="Meters are calibrated by points in their picture, as on site, or by their range alone.",
        ),
    ] = True,
    clip_seconds: Annotated[
        float, typer.Option(help="What is rendered of each camera, and then repeated.", min=2, max=600)
    ] = 20,
    seed: Annotated[int, typer.Option(help="Another seed gives other cameras.", min=0)] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here.", metavar="FILE")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the run here, a PNG.", metavar="FILE")] = None,
    with_growth: Annotated[
        bool, typer.Option("--grow", help="Measure 1 to 16 cameras, and 1 to 8 meters, for --seconds each.")
    ] = False,
    gpu: Annotated[
        bool, typer.Option("--gpu", help="Measure the networks and kernels on an NVIDIA GPU, stage by stage.")
    ] = False,
) -> None:
    """Measure the live service on this machine, with cameras that are rendered and whose truth is known.

    The pictures are rendered once and kept in the user's cache. They are served over RTSP in real time where
    GStreamer's RTSP server is installed (scripts/install-system-packages), else paced from their files.

    \b
    Examples:
      meter-infer bench
      meter-infer bench --grow --seconds 10 --clip-seconds 8 --plot growth.png
      meter-infer bench --gpu --backend tensorrt
      meter-infer bench --streams 2 --size 640x360 --seconds 10 --json figures.json --plot run.png
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    for output in (json_file, plot):
        _check_output(output)
    specs = _specs(streams, size, fps, meters_per_camera, levels, clip_seconds, seed)
    if gpu and not calibrated:
        raise typer.BadParameter("changes nothing with --gpu, which times stages", param_hint="--by-range")
    if gpu:
        from meter_infer.cli.bench_gpu import bench_gpu

        figures = bench_gpu(specs, backend, models, stderr_console())
        if json_file is not None:
            _write(json_file, json.dumps(figures.as_json(), indent=2).encode())
        return
    cv2.setNumThreads(1)
    engine = options_for(backend, precision)
    run = Run(streams, fps, seconds, cadence, ReaderOptions(backend, models, engine=engine))
    if isinstance(ctx.obj, Run):  # a test's own reader
        run = replace(run, build_reader=ctx.obj.build_reader)
    console = stderr_console()
    with _quiet():
        lacks = why_no_rtsp()
        if lacks:
            console.print(f"no RTSP here ({lacks}): the cameras are paced from their files")
        if with_growth:
            points = _grow(run, specs[0], calibrated, console)
            if json_file is not None:
                _write(json_file, json.dumps([point.as_json() for point in points], indent=2).encode())
            if plot is not None:
                _write(plot, cv2.imencode(".png", draw_growth(points, fps))[1].tobytes())
            return
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
        ) as bar:
            line = bar.add_task("rendering the cameras", total=sum(spec.frames for spec in specs))
            clips = make_clips(cache_folder(), specs, lambda frames: bar.advance(line, frames), calibrated)
            bar.update(line, total=1.0, completed=0.0)
            report = measure(
                run, clips, lambda what, share: bar.update(line, description=what, completed=share)
            )
            bar.update(line, description="done", completed=1.0)
        _show(report, calibrated)
        if json_file is not None:
            _write(json_file, json.dumps(report.as_json(), indent=2).encode())
        if plot is not None:
            _write(plot, cv2.imencode(".png", draw_report(report))[1].tobytes())


def _grow(run: Run, like: VideoSpec, calibrated: bool, console: Console) -> list[Point]:
    table = Table("cameras", "meters each", "frames sent", "read", "p95 ms", "cores", "server", "MiB")

    def step(each: Step) -> Report | None:
        specs = [
            replace(like, seed=like.seed + 2 * number, pointers=each.meters, levels=0)
            for number in range(min(CAMERAS, each.streams))
        ]
        with console.status(f"{each.streams} cameras, {each.meters} meters each"):
            clips = make_clips(cache_folder(), specs, lambda _: None, calibrated)
            try:
                report = measure(replace(run, streams=each.streams), clips, lambda _what, _share: None)
            except SourceError as error:  # too much for this machine: that is a result as well
                console.print(str(error))
                table.add_row(str(each.streams), str(each.meters), "-")
                return None
        latency = f"{report.latency_ms.p95:.0f}" if report.latency_ms else "-"
        read = f"{report.read_share:.1%}"
        used = f"{report.cores:.2f}", f"{report.server_cores:.2f}", f"{report.rss_mib:.0f}"
        table.add_row(str(each.streams), str(each.meters), str(report.frames_sent), read, latency, *used)
        return report

    points = grow(step)
    Console(highlight=False, markup=False).print(table)
    return points


def _specs(
    streams: int, size: str, fps: int, meters: int, levels: int, seconds: float, seed: int
) -> list[VideoSpec]:
    width, height = parse_size(size, 0)
    if levels > meters:
        raise ConfigError(
            f"--levels {levels} is more than --meters-per-camera {meters}; give at most {meters}."
        )
    if width % 2 or height % 2 or width < WIDTH:
        raise ConfigError(f"--size {size} cannot be used; give even numbers, and a width of {WIDTH} or more.")
    return [
        VideoSpec(
            seconds=seconds,
            fps=fps,
            size=(width, height),
            seed=seed + number,
            pointers=meters - levels,
            levels=levels,
            as_camera=True,
        )
        for number in range(streams)
    ]


def _check_output(path: Path | None) -> None:
    if path is not None and not path.resolve().parent.is_dir():
        raise SinkError(f"The folder of {path} does not exist; make it, or choose another file.")


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror}.") from error


def _show(report: Report, calibrated: bool) -> None:
    table = Table(title=None, show_header=False, box=None)
    table.add_row("calibration", "points in the picture" if calibrated else "the range of each meter")
    for name, value in rows_of(report):
        table.add_row(name, value)
    Console(highlight=False, markup=False).print(table)


def rows_of(report: Report) -> list[tuple[str, str]]:
    """Return the figures as they are shown."""
    dropped = ", ".join(f"{count} {cause}" for cause, count in report.dropped.items()) or "none"
    rows = [
        ("cameras", f"{report.streams}, {report.meters} meters, over {report.served}, on {report.engine}"),
        ("measured", f"{report.seconds:g} s, after {report.ready_s:g} s of warming up"),
        ("frames sent", f"{report.frames_sent}"),
        ("decoded", f"{report.frames_decoded}"),
        ("read", f"{report.frames_read} ({report.read_share:.2%})"),
        ("dropped", dropped),
        ("waiting at the end", f"{report.waiting_at_end} frames"),
        ("readings", f"{report.readings_per_s:g} a second"),
    ]
    for name, times in (
        ("arrival to publication", report.latency_ms),
        ("behind the camera", report.behind_ms),
    ):
        text = "-" if times is None else f"p50 {times.p50:g} ms, p95 {times.p95:g} ms, p99 {times.p99:g} ms"
        rows.append((name, text))
    rows.append(("processor", f"{report.cores:.2f} cores, and {report.server_cores:.2f} for the server"))
    rows.append(("memory", f"{report.rss_mib:.0f} MiB"))
    if report.mae is not None:
        rows.append(
            ("error of good readings", f"mean {report.mae:.2f} %, p95 {report.p95_error:.2f} % of span")
        )
        rows.append(("confident-wrong", f"{report.confident_wrong:.2%} of the good readings"))
    if report.coverage is not None:
        rows.append(("coverage", f"{report.coverage:.1%} of frames and meters have a good reading"))
    return rows


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the service says of its cameras out of the report's way."""
    service = logging.getLogger("meter_infer")
    before = service.level
    service.setLevel(logging.ERROR)
    try:
        yield
    finally:
        service.setLevel(before)
