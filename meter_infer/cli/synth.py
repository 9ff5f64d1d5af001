"""`meter-infer synth`: rendered data sets and videos with their truth."""

import os
from contextlib import suppress
from enum import StrEnum
from math import radians
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from meter_infer.errors import ConfigError, MeterInferError, SinkError
from meter_infer.render.camera import Severity
from meter_infer.render.dataset import DatasetJob, Task, dataset_spec, find_pictures, write_dataset
from meter_infer.render.video import VideoSpec, render_video
from meter_infer.types import MeterKind

synth_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Render data sets and videos with known readings."
)

OutArgument = Annotated[Path, typer.Argument(help="Folder to make.", metavar="OUT")]
CountOption = Annotated[int, typer.Option("--count", help="Pictures to render.", min=1)]
SeedOption = Annotated[int, typer.Option("--seed", help="The same seed gives the same pictures.", min=0)]
SizeOption = Annotated[
    str | None,
    typer.Option("--size", help="Side in pixels, or WIDTHxHEIGHT; 640 for detect, 256 for segment."),
]
FrameSizeOption = Annotated[
    str, typer.Option("--size", help="WIDTHxHEIGHT in pixels, or the side of a square frame.")
]
TaskOption = Annotated[
    Task,
    typer.Option("--task", help="detect: whole frames with boxes; segment: crops with masks and landmarks."),
]
BackgroundsOption = Annotated[
    list[Path] | None, typer.Option("--backgrounds", help="Folder of pictures to use as backgrounds as well.")
]
OnlyOption = Annotated[MeterKind | None, typer.Option("--only", help="Only this kind of instrument.")]
TiltOption = Annotated[
    tuple[float, float] | None, typer.Option("--tilt", help="Limits of the tilt, degrees.", metavar="LO HI")
]
DialOption = Annotated[
    tuple[float, float] | None,
    typer.Option("--dial-px", help="Limits of an instrument's longer side, pixels.", metavar="LO HI"),
]
SeverityOption = Annotated[Severity, typer.Option("--severity", help="How rough the pictures are.")]
PerImageOption = Annotated[
    tuple[int, int] | None,
    typer.Option("--per-image", help="Least and most instruments a frame.", metavar="LO HI"),
]
OccludedOption = Annotated[
    float | None,
    typer.Option("--occluded", help="Share of pictures with something in front.", min=0.0, max=1.0),
]
ValOption = Annotated[
    float, typer.Option("--val", help="Share of the pictures put aside as val.", min=0.0, max=1.0)
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", help="Processes; one a core by default.", min=1)
]


@synth_app.command()
def images(
    out: OutArgument,
    count: CountOption = 1000,
    seed: SeedOption = 0,
    size: SizeOption = None,
    task: TaskOption = Task.DETECT,
    backgrounds: BackgroundsOption = None,
    only: OnlyOption = None,
    tilt: TiltOption = None,
    dial_px: DialOption = None,
    severity: SeverityOption = Severity.MIXED,
    per_image: PerImageOption = None,
    occluded: OccludedOption = None,
    val: ValOption = 0.05,
    workers: WorkersOption = None,
) -> None:
    """Render a data set: pictures, YOLO labels, data.yaml and truth.json.

    Examples: meter-infer synth images data/scenes --count 20000 --task detect

    meter-infer synth images data/crops --count 40000 --task segment --backgrounds photographs

    meter-infer synth images data/eval --count 2000 --seed 900 --size 1280x720 --per-image 1 1 --tilt 0 35
    --dial-px 100 600 --val 1
    """
    console = Console(stderr=True, markup=False)
    try:
        _check_limits("--tilt", tilt, 0.0, 60.0)
        _check_limits("--dial-px", dial_px, 8.0, 4000.0)
        _check_limits("--per-image", per_image, 0, 50)
        spec = dataset_spec(
            task,
            parse_size(size, 256 if task is Task.SEGMENT else 640),
            kind=only,
            count=per_image,
            tilt=None if tilt is None else (radians(tilt[0]), radians(tilt[1])),
            dial_px=dial_px,
            severity=severity,
            occluders=occluded,
            backgrounds=tuple(p for folder in backgrounds or () for p in find_pictures(folder)),
        )
        job = DatasetJob(out=out, task=task, count=count, seed=seed, spec=spec, val_share=val)
        with _progress(console) as bar:
            line = bar.add_task("rendering", total=count)
            write_dataset(job, workers, lambda done: bar.advance(line, done))
    except MeterInferError as error:
        console.print(f"error: {error}", style="red", highlight=False)
        raise typer.Exit(2) from None
    console.print(f"{count} pictures in {out}; the truth is in {out / 'truth.json'}", highlight=False)


class EvalSet(StrEnum):
    """Which pictures to evaluate on."""

    PLAIN = "plain"
    """Dials of 100 px and more, tilt to 35 degrees, nothing in front of them."""
    STEEP = "steep"
    """The same at 35 to 55 degrees."""
    ROUGH = "rough"
    """Dials from 24 px, blur, glare, occlusion, little light."""


@synth_app.command("eval")
def eval_set(
    out: OutArgument,
    conditions: Annotated[EvalSet, typer.Option("--set", help="Which pictures.")] = EvalSet.PLAIN,
    count: Annotated[int, typer.Option("--count", help="Gauges, one a picture.", min=1)] = 2000,
    seed: SeedOption = 900_000,
    size: FrameSizeOption = "1280x720",
    only: OnlyOption = None,
    backgrounds: BackgroundsOption = None,
    workers: WorkersOption = None,
) -> None:
    """Render a set to evaluate on: one instrument a picture, and truth.json for `meter-infer eval`.

    Train with other seeds than these: 900000 and the two after it.

    Example: meter-infer synth eval data/steep --set steep && meter-infer eval data/steep/truth.json
    """
    rough = conditions is EvalSet.ROUGH
    images(
        out=out,
        count=count,
        seed=seed + list(EvalSet).index(conditions),
        size=size,
        task=Task.DETECT,
        backgrounds=backgrounds,
        only=only,
        tilt=(35.0, 55.0) if conditions is EvalSet.STEEP else (0.0, 55.0) if rough else (0.0, 35.0),
        dial_px=(24.0, 400.0) if rough else (100.0, 600.0),
        severity=Severity.HARD if rough else Severity.MILD,
        per_image=(1, 1),
        occluded=None if rough else 0.0,
        val=1.0,
        workers=workers,
    )


@synth_app.command()
def video(
    out: Annotated[
        Path, typer.Argument(help="Video to write; its truth (.csv) and site file (.yaml) go beside it.")
    ],
    seconds: Annotated[float, typer.Option("--seconds", help="Length.", min=0.1, max=36000.0)] = 20.0,
    fps: Annotated[int, typer.Option("--fps", help="Frames a second.", min=1, max=60)] = 20,
    size: FrameSizeOption = "1280x720",
    seed: SeedOption = 0,
    pointers: Annotated[int, typer.Option("--pointers", help="Dials in view.", min=0, max=12)] = 2,
    levels: Annotated[int, typer.Option("--levels", help="Level gauges in view.", min=0, max=12)] = 1,
    tilt: TiltOption = None,
    severity: SeverityOption = Severity.MILD,
    backgrounds: BackgroundsOption = None,
    points: Annotated[
        bool, typer.Option("--points", help="Calibrate by points in the picture in the site file.")
    ] = False,
) -> None:
    """Render a video of a fixed camera before instruments that move, with the truth of every frame.

    Nothing is written over: neither a video, nor a site file or a table that lies beside it.

    Example: meter-infer synth video demo.mp4 --seconds 30 --fps 20 --size 1920x1080 --pointers 2 --levels 1
    """
    console = Console(stderr=True, markup=False)
    try:
        _check_limits("--tilt", tilt, 0.0, 60.0)
        if pointers + levels == 0:
            raise ConfigError("--pointers 0 --levels 0 leaves nothing to show; ask for one instrument")
        made = out, out.with_suffix(".csv"), out.with_suffix(".yaml")
        _refuse_to_replace(*made)
        w, h = parse_size(size, 0)
        spec = VideoSpec(
            seconds=seconds,
            fps=fps,
            size=(w - w % 2, h - h % 2),
            seed=seed,
            pointers=pointers,
            levels=levels,
            tilt=(0.0, radians(35.0)) if tilt is None else (radians(tilt[0]), radians(tilt[1])),
            severity=severity,
            backgrounds=tuple(p for folder in backgrounds or () for p in find_pictures(folder)),
            points=points,
        )
        with _progress(console) as bar:
            line = bar.add_task("rendering", total=spec.frames)
            try:
                render_video(out, spec, lambda done: bar.advance(line, done))
            except SinkError:
                for path in made:  # none was there before, and the next try wants their names
                    with suppress(OSError):
                        path.unlink()
                raise
    except MeterInferError as error:
        console.print(f"error: {error}", style="red", highlight=False)
        raise typer.Exit(2) from None
    console.print(f"{spec.frames} frames in {out}; truth in {out.with_suffix('.csv')}", highlight=False)


def parse_size(text: str | None, default: int) -> tuple[int, int]:
    """Return width and height of "640" or "1280x720". Raises ConfigError for anything else."""
    if text is None:
        return default, default
    parts = text.lower().split("x")
    if len(parts) not in (1, 2) or not all(p.isdecimal() for p in parts):
        raise ConfigError(f"--size {text} is not a size; write 640 or 1280x720")
    w, h = int(parts[0]), int(parts[-1])
    if not (32 <= w <= 4096 and 32 <= h <= 4096):
        raise ConfigError(f"--size {text} is out of bounds; both sides must be 32 to 4096 pixels")
    return w, h


def _refuse_to_replace(*paths: Path) -> None:
    """Raise SinkError where a file is there already: it may be somebody's recording or site file."""
    for path in paths:
        if os.path.lexists(path):
            raise SinkError(f"{path} is there already; choose another name or remove it first")


def _check_limits(name: str, limits: tuple[float, float] | None, low: float, high: float) -> None:
    if limits is not None and not low <= limits[0] <= limits[1] <= high:
        raise ConfigError(
            f"{name} {limits[0]:g} {limits[1]:g} cannot be used; give LO and HI within {low:g} to {high:g}"
        )


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
