"""`meter-infer check` and `meter-infer schema`: site files."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from meter_infer.cli.doubts import doubts_of_meters, doubts_of_url, limits_of
from meter_infer.config import CameraConfig, MeterConfig, Site, load_site, site_json_schema
from meter_infer.errors import SourceError

_PLAIN_WIDTH = 140


def check_command(
    file: Annotated[Path, typer.Argument(help="The site file.", metavar="FILE", show_default=False)],
) -> None:
    """Validate a site file: show what it says, or every mistake with its line and key (exit code 2).

    \b
    Examples:
      meter-infer check site.yaml
      CAM_PASSWORD=secret meter-infer check site.yaml
    """
    site = load_site(file)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_PLAIN_WIDTH)
    for name, camera in site.cameras.items():
        console.print(f"{name}: {camera.url}")
        if camera.meters:
            console.print(_table(camera))
        for what, problem in _warnings(site, camera):
            typer.echo(f"warning: cameras.{name}.{what}: {problem}", err=True)
    meters = sum(len(camera.meters) for camera in site.cameras.values())
    typer.echo(f"{file} is valid: {_count(len(site.cameras), 'camera')}, {_count(meters, 'meter')}.")


def schema_command() -> None:
    """Print the JSON schema of site files, for editors that complete and check YAML.

    \b
    Example:
      meter-infer schema > site.schema.json
    """
    typer.echo(json.dumps(site_json_schema(), indent=2, ensure_ascii=False))


def _warnings(site: Site, camera: CameraConfig) -> Iterator[tuple[str, str]]:
    """Yield what can be meant as it is and hardly ever is: the key below the camera, and what is odd."""
    yield from doubts_of_url(site, camera)
    yield from doubts_of_meters(camera, _picture_size(site, camera))


def _picture_size(site: Site, camera: CameraConfig) -> tuple[int, int] | None:
    """Return width and height of a recording, px; None of a stream, and where nothing is asked of them."""
    asked = any(meter.box or meter.pixel_points for meter in camera.meters.values())
    if camera.url.is_stream or not asked:
        return None
    from meter_infer.sources import Address, open_source  # the decoders take a while to load

    try:
        with closing(open_source(Address(str(site.resolve(camera.url.path))))) as source:
            frame = next(iter(source), None)
    except SourceError:
        return None
    return (frame.width, frame.height) if frame is not None else None


def _table(camera: CameraConfig) -> Table:
    table = Table("meter", "kind", "range", "unit", "box", "calibration", "max rate", "median", "alarms")
    for name, meter in camera.meters.items():
        table.add_row(name, *_cells(meter))
    return table


def _cells(meter: MeterConfig) -> tuple[str, ...]:
    pixels = meter.pixel_points
    points = f"{len(pixels)} in the picture" if pixels else f"{len(meter.calibration or ())} points"
    return (
        meter.kind.value,
        f"{meter.range[0]:g} to {meter.range[1]:g}" if meter.range else "-",
        meter.unit or "-",
        " ".join(f"{number:g}" for number in meter.box) if meter.box else "by order",
        points if meter.calibration else "linear" if meter.range else "none",
        f"{meter.max_rate:g}/s" if meter.max_rate else "-",
        f"{meter.median}" if meter.median > 1 else "-",
        ", ".join(f"{key.replace('.', ' ')} {limit:g}" for key, limit in limits_of(meter)) or "-",
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
