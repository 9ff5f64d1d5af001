"""`meter-infer draft`: from a camera or a recording to a site file that is nearly done."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from meter_infer.app import NOT_IN_PICTURE, Reader, ReaderOptions
from meter_infer.backends import options_for
from meter_infer.cli.draft_page import Draft, DraftMeter, page, public_url, site_text
from meter_infer.cli.options import BackendName
from meter_infer.cli.outputs import make_room
from meter_infer.cli.read import Parts
from meter_infer.cli.read_view import stderr_console
from meter_infer.errors import ConfigError, SinkError, SourceError
from meter_infer.overlay import ends_of
from meter_infer.resources import write_whole
from meter_infer.sources import Address, open_source
from meter_infer.sources.address import slug
from meter_infer.types import Box, Frame, MeterKind, Reading
from meter_infer.vision.color import frame_bgr

_LOOKS = 5
"""Frames that are looked at; the one with most meters is taken."""
_EVERY = 10
"""Frames of a recording or a stream from one of them to the next."""
_JPEG_QUALITY = 92


def draft_command(
    ctx: typer.Context,
    source: Annotated[
        str,
        typer.Argument(help="A stream's URL, a video, a picture or a folder of pictures.", metavar="SOURCE"),
    ],
    out: Annotated[
        Path, typer.Option("--out", help="Site file to write; the page goes beside it.", metavar="FILE")
    ] = Path("site.yaml"),
    camera: Annotated[
        str | None, typer.Option(help="What to call the camera; else as SOURCE is called.", metavar="ID")
    ] = None,
    backend: BackendName = "auto",
    models: Annotated[
        Path | None, typer.Option(help="Folder with other models and their manifest.", metavar="DIR")
    ] = None,
) -> None:
    """Look at a camera, and write a site file with the meters that are seen, and a page to complete it.

    The page shows the picture in a browser: there the meters get their names and units, and their marks
    are clicked; it needs no network. The file can be completed by hand as well. Nothing is written over.

    \b
    Examples:
      meter-infer draft pump-house.mp4 --out pump-house.yaml
      meter-infer draft rtsp://reader:secret@camera.example/stream --camera boiler-room
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    if out.suffix.lower() not in (".yaml", ".yml"):
        raise SinkError(f"{out} is no name of a site file; let it end in .yaml.")
    made = out, out.with_suffix(".html")
    for path in made:
        if path.exists():
            raise SinkError(f"{path} is there already; choose another name with --out, or remove it first.")
        make_room(path)
    address = Address(source)
    if camera is not None and camera != slug(camera):
        raise ConfigError(
            f"--camera {camera} is no id; use letters, digits, - and _, such as {slug(camera)}."
        )
    url, variables = public_url(address, out.parent)
    parts = ctx.obj if isinstance(ctx.obj, Parts) else Parts()
    console = stderr_console()
    with ExitStack() as stack:
        frames = stack.enter_context(open_source(address, camera, _EVERY))
        with console.status("loading the networks"):
            reader = parts.build_reader((), ReaderOptions(backend, models, engine=options_for(backend, None)))
        stack.callback(reader.close)
        looks = list(islice(_looks(frames, reader), _LOOKS))
    if not looks:
        raise SourceError(f"{address} shows no picture.")
    frame, meters = max(looks, key=lambda look: len(look[1]))
    draft = Draft(camera or address.name, url, frame.width, frame.height, meters)
    done, jpeg = cv2.imencode(".jpg", frame_bgr(frame), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise SinkError("The picture cannot be encoded.")
    try:
        write_whole(made[0], site_text(draft).encode())
        write_whole(made[1], page(draft, jpeg.tobytes()))
    except OSError as error:
        raise SinkError(f"{out} cannot be written ({error.strerror}); choose another place.") from error
    found = ", ".join(meter.name for meter in meters) or "no meter; draw a box around each on the page"
    typer.echo(f"{draft.camera}, {frame.width} x {frame.height} pixels: {found}.")
    typer.echo(f"{out} is a site file; open {made[1]} in a browser to complete it.")
    for name in variables:
        typer.echo(f"The password is not written: set the environment variable {name}.")


def _looks(frames: Iterable[Frame], reader: Reader) -> Iterator[tuple[Frame, tuple[DraftMeter, ...]]]:
    """Yield each frame with the meters that are seen in it."""
    for frame in frames:
        readings = [
            reading
            for reading in reader.read([frame])
            if reading.box is not None and reading.reason not in NOT_IN_PICTURE
        ]
        yield frame, tuple(_named(frame, readings, reader))


def _named(frame: Frame, readings: list[Reading], reader: Reader) -> Iterator[DraftMeter]:
    """Yield the meters from left to right, each kind counted for itself."""
    counts = dict.fromkeys(MeterKind, 0)
    for reading in sorted(readings, key=lambda each: _box(each).center):
        counts[reading.kind] += 1
        seen = reader.seen(reading.camera, reading.meter)
        ends = () if seen is None else ends_of(seen)
        yield DraftMeter(
            f"{reading.kind.value}-{counts[reading.kind]}",
            reading.kind,
            _inside(_box(reading), frame),
            tuple((round(float(x)), round(float(y))) for x, y in ends),
        )


def _box(reading: Reading) -> Box:
    if reading.box is None:
        raise ValueError("a meter that is nowhere")
    return reading.box


def _inside(box: Box, frame: Frame) -> tuple[int, int, int, int]:
    corners = np.clip(
        np.rint([box.x1, box.y1, box.x2, box.y2]), 0, [frame.width, frame.height, frame.width, frame.height]
    )
    x1, y1, x2, y2 = (int(number) for number in corners)
    return x1, y1, x2, y2
