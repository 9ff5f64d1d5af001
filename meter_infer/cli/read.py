"""`meter-infer read`: a picture, a folder, a video or a stream to readings."""

import sys
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console

from meter_infer.app import (
    BuildReader,
    NetworkReader,
    ReaderOptions,
    cadence_of,
    picture_sink,
    plan_job,
    read_source,
)
from meter_infer.backends import options_for
from meter_infer.cli.doubts import doubts_of_meters
from meter_infer.cli.options import BackendName, Precision
from meter_infer.cli.outputs import keep, require_distinct, require_folder_name
from meter_infer.cli.read_view import ReadView, print_summary, stderr_console
from meter_infer.cli.tally import Tally
from meter_infer.config import load_site
from meter_infer.errors import SinkError, SourceError
from meter_infer.sinks import CsvSink
from meter_infer.sources import open_source
from meter_infer.sources.folder import FolderSource, listed

UNREADABLE = 1


@dataclass(frozen=True, slots=True)
class Parts:
    """What the command is made of; a test passes its own as the context's `obj`."""

    build_reader: BuildReader = NetworkReader


def read_command(
    ctx: typer.Context,
    source: Annotated[
        str | None,
        typer.Argument(
            help="A picture, a folder of pictures, a video or a stream's URL. May be left out where --config "
            "names a camera.",
            metavar="SOURCE",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Site file with the meters in view.", metavar="FILE")
    ] = None,
    camera: Annotated[
        str | None, typer.Option(help="Which camera of the site file SOURCE is.", metavar="ID")
    ] = None,
    csv: Annotated[
        str | None, typer.Option(help="Write every reading here; - is standard output.", metavar="FILE")
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option(
            help="Write what was seen: a video (.mp4), a picture, or a folder of pictures, as SOURCE is.",
            metavar="FILE",
        ),
    ] = None,
    backend: BackendName = "auto",
    precision: Precision = None,
    no_build: Annotated[
        bool, typer.Option("--no-build", help="Fail where a TensorRT engine must be built first.")
    ] = False,
    every: Annotated[int, typer.Option(help="Read one of every N frames.", metavar="N", min=1)] = 1,
    cadence: Annotated[
        float | None,
        typer.Option(
            help="Seconds of recording between two passes of the networks; in between, known meters are "
            "read from the luma plane alone. 0: networks at every frame. 1 where nothing is said.",
            min=0.0,
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when something could not be read.")
    ] = False,
    models: Annotated[
        Path | None, typer.Option(help="Folder with other models and their manifest.", metavar="DIR")
    ] = None,
) -> None:
    """Read the meters in a picture, a folder, a video or a stream.

    \b
    Examples:
      meter-infer read gauge.jpg
      meter-infer read plant.mp4 --config site.yaml --csv readings.csv --annotate seen.mp4
      meter-infer read photos/ --annotate seen/ --csv - | column -s, -t
      meter-infer read rtsp://camera.example/stream --every 20 --csv readings.csv

    Exit codes: 0 done; 1 with --strict, something was unreadable; 2 bad input, said in one sentence;
    130 after Ctrl-C: what was read by then is kept.
    """
    # what OpenCV says about damaged files would stand beside our own sentence
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    if source is not None and not source.strip():
        raise SourceError("SOURCE is empty; give a picture, a folder, a video or the URL of a stream.")
    _check_csv(csv)
    parts = ctx.obj if isinstance(ctx.obj, Parts) else Parts()
    site = load_site(config) if config else None
    job = plan_job(site, source, camera)
    outputs = (csv if csv != "-" else None, annotate)
    keep([None if job.address.is_stream else job.address.path], "is what is being read", outputs)
    keep([config], "is the site file", outputs)
    require_distinct(outputs)
    engine = options_for(backend, precision, build=not no_build)
    if site is not None and job.camera is not None:
        for what, problem in doubts_of_meters(site.cameras[job.camera]):
            typer.echo(f"warning: cameras.{job.camera}.{what}: {problem}", err=True)
    console = stderr_console()
    tally = Tally()
    empty: list[str] = []
    began_s = time.monotonic()
    with ExitStack() as stack:
        frames = stack.enter_context(open_source(job.address, job.camera, every))
        if isinstance(frames, FolderSource):
            keep(frames.paths, "is one of the pictures that are being read", outputs)
            if annotate is not None:
                require_folder_name(annotate, "a folder")
        pictures = stack.enter_context(closing(picture_sink(frames, annotate))) if annotate else None
        with console.status("loading the networks"):
            reader = parts.build_reader(
                job.meters, ReaderOptions(backend, models, cadence_of(frames, cadence), engine)
            )
        stack.callback(reader.close)
        sinks = []
        if csv is not None:
            target = sys.stdout.buffer if csv == "-" else Path(csv)
            sinks.append(stack.enter_context(CsvSink(target)))
        console.print(f"reading {frames.name} with {reader.engine}")
        began_s = time.monotonic()
        stack.callback(lambda: _conclude(console, tally, time.monotonic() - began_s))
        with ReadView(console, tally, Path(frames.name).name, frames.frame_count) as view:
            for frame, readings in read_source(frames, reader, sinks, pictures):
                tally.add(readings)
                if isinstance(frames, FolderSource) and not readings:
                    empty.append(frames.paths[frame.index].name)
                view.update()
    if empty and tally.count:  # they have no row anywhere
        typer.echo(f"warning: no meter was found in {listed(empty)}.", err=True)
    if frames.problem:
        typer.echo(f"warning: {frames.problem}", err=True)
    if strict and (frames.problem or tally.bad or empty or not tally.count):
        raise typer.Exit(UNREADABLE)


def _check_csv(csv: str | None) -> None:
    """Refuse what can be seen to be no output before anything is loaded. Raises SinkError."""
    if csv is not None and not csv.strip():
        raise SinkError("--csv is empty; give it the name of a file, or - for standard output.")
    if csv == "-" and sys.stdout is None:
        raise SinkError("Standard output is closed; give --csv the name of a file.")


def _conclude(console: Console, tally: Tally, elapsed_s: float) -> None:
    """Print the summary; where nothing could be read, the error alone says so."""
    if tally.frames:
        print_summary(console, tally, elapsed_s)
