"""`meter-infer check` and `meter-infer schema`: site files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from meter_infer.config import CameraConfig, MeterConfig, Site, load_site, site_json_schema
from meter_infer.types import MeterKind

_PLAIN_WIDTH = 140
_BARE_VARIABLE = re.compile(r"\$[A-Za-z_]")


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
    if not camera.url.is_stream and not site.resolve(camera.url.path).exists():
        yield "url", f"{camera.url} does not exist"
    if _BARE_VARIABLE.search(camera.url.reveal()):
        yield "url", "has a $ and a name; a variable of the environment is written ${NAME}"
    for name, meter in camera.meters.items():
        if not meter.range and not meter.calibration:
            yield f"meters.{name}", "has neither range nor calibration: no reading of it has a value"
    for kind in MeterKind:
        names = [name for name, meter in camera.meters.items() if meter.kind is kind and not meter.box]
        if len(names) > 1:
            yield (
                "meters",
                f"{' and '.join(names)} have no box and are told apart by their order in the picture alone, "
                "once all of them are in view; give each a box",
            )


def _table(camera: CameraConfig) -> Table:
    table = Table("meter", "kind", "range", "unit", "box", "calibration", "max rate")
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
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
