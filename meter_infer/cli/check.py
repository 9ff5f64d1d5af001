"""`meter-infer check` and `meter-infer schema`: site files."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from meter_infer.calibration import mixed_units
from meter_infer.config import CameraConfig, MeterConfig, Site, load_site, site_json_schema
from meter_infer.errors import SourceError
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
    size = _picture_size(site, camera)
    for name, meter in camera.meters.items():
        if not meter.range and not meter.calibration:
            yield f"meters.{name}", "has neither range nor calibration: no reading of it has a value"
        for what, problem in _doubts(meter, size):
            yield f"meters.{name}.{what}", problem
    for kind in MeterKind:
        names = [name for name, meter in camera.meters.items() if meter.kind is kind and not meter.box]
        if len(names) > 1:
            yield (
                "meters",
                f"{' and '.join(names)} have no box and are told apart by their order in the picture alone, "
                "once all of them are in view; give each a box",
            )


def _doubts(meter: MeterConfig, size: tuple[int, int] | None) -> Iterator[tuple[str, str]]:
    """Yield what is odd about one meter; `size`: width and height of its picture, px."""
    first = "first mark" if meter.kind is MeterKind.POINTER else "lower end"
    if meter.range and meter.range[0] > meter.range[1]:
        yield "range", f"runs backwards: {meter.range[0]:g} is at the {first}; is that so on the scale?"
    if meter.range and not meter.calibration and meter.kind is MeterKind.POINTER:
        mixed = mixed_units(meter.range, meter.unit)
        if mixed:
            yield "range", f"{mixed}; give it a calibration"
    curve = meter.scale if meter.calibration else None
    if curve is not None and not meter.pixel_points and curve.points[0][1] > curve.points[-1][1]:
        yield "calibration", f"runs backwards: its values fall from the {first} on; is that so on the scale?"
    if curve is not None and (flaw := curve.flaw()):
        yield "calibration", f"its points {flaw}"
    if ends := _ends(meter):
        low, high = min(ends), max(ends)
        for key, limit in _limits(meter):
            if not low <= limit <= high:
                scale = f"{low:g} to {high:g}"
                yield (
                    f"alarms.{key}",
                    f"{limit:g} is not on the scale, {scale}: it hardly ever fires, or always",
                )
    if size is not None:
        width, height = size
        picture = f"the picture, which has {width} x {height} pixels"
        if meter.box and (meter.box[2] > width or meter.box[3] > height or min(meter.box[:2]) < 0):
            yield "box", f"reaches beyond {picture}"
        for value, (x, y) in meter.pixel_points or ():
            if x > width or y > height:
                yield "calibration", f"the point of value {value:g} lies outside {picture}"


def _ends(meter: MeterConfig) -> tuple[float, ...]:
    """Return values that stand on the scale, its ends among them as far as they are known."""
    if meter.range:
        return meter.range
    scale = meter.scale
    if scale is not None:
        return scale.value(0.0), scale.value(1.0)
    return ()  # points in the picture need not reach the ends


def _limits(meter: MeterConfig) -> Iterator[tuple[str, float]]:
    """Yield the key and the limit of each alarm."""
    if meter.alarms is None:
        return
    for side, tiers in (("low", meter.alarms.low), ("high", meter.alarms.high)):
        for tier, limit in (("warn", tiers.warn), ("critical", tiers.critical)):
            if limit is not None:
                yield f"{side}.{tier}", limit


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
        ", ".join(f"{key.replace('.', ' ')} {limit:g}" for key, limit in _limits(meter)) or "-",
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
