"""`meter-infer train`: networks from data sets; and ONNX files from networks."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from meter_infer.cli.train_weights import choices, confidence, graduations
from meter_infer.errors import ModelError
from meter_infer.models import MANIFEST, add_to_manifest

if TYPE_CHECKING:
    from meter_infer.train.loop import Progress as TrainingProgress
    from meter_infer.train.loop import Training
    from meter_infer.train.recipe import Recipe, Task
    from meter_infer.train.strips import StripTraining

_SHOWN = frozenset({"map50", "landmark_error", "landmark_miss", "iou_pointer"})
_LINE_STEPS = 25

train_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Train the networks (needs the extra [train])."
)

DataArgument = Annotated[
    list[str],
    typer.Argument(
        help="Data set folders in YOLO's layout, each FOLDER or FOLDER=WEIGHT.", metavar="DATA..."
    ),
]
OutOption = Annotated[Path, typer.Option("--out", help="Folder of the run: weights, recipe, log.")]
ValOption = Annotated[
    list[str] | None, typer.Option("--val", help="Data set folders whose val split is measured each epoch.")
]
WarmOption = Annotated[
    Path | None,
    typer.Option("--warm-start", help="ONNX file whose weights it begins with: of its kind, or a YOLOv8s."),
]
BeginOption = Annotated[Path | None, typer.Option("--begin-with", help="Checkpoint to begin with.")]
RecipeOption = Annotated[
    Path | None, typer.Option("--recipe", help="Recipe (YAML); the options below override it.")
]
StepsOption = Annotated[int | None, typer.Option(help="Optimiser steps in all.", min=1)]
MinutesOption = Annotated[
    float | None, typer.Option(help="Train for so many minutes instead of a number of steps.", min=0.01)
]
BatchOption = Annotated[int | None, typer.Option(help="Pictures a step.", min=1)]
SizeOption = Annotated[
    int | None, typer.Option("--size", help="Input side in pixels, a multiple of 32.", min=32)
]
RateOption = Annotated[float | None, typer.Option("--rate", help="Peak learning rate.", min=1e-7)]
SeedOption = Annotated[int | None, typer.Option(help="Seed of weights and data.", min=0)]
EpochOption = Annotated[int | None, typer.Option("--epoch-steps", help="Steps between checkpoints.", min=1)]


@train_app.command()
def detect(
    data: DataArgument,
    out: OutOption,
    val: ValOption = None,
    warm_start: WarmOption = None,
    begin_with: BeginOption = None,
    recipe: RecipeOption = None,
    steps: StepsOption = None,
    minutes: MinutesOption = None,
    batch: BatchOption = None,
    size: SizeOption = None,
    rate: RateOption = None,
    seed: SeedOption = None,
    epoch_steps: EpochOption = None,
) -> None:
    """Train the detector on pictures with boxes; goes on where the folder's run stopped.

    Example: meter-infer train detect data/scenes data/photographs=0.5 --out runs/detect --minutes 60
    """
    overrides = _overrides(steps, minutes, batch, size, rate, seed, epoch_steps)
    _train("detect", data, out, val or [], warm_start, begin_with, recipe, overrides)


@train_app.command()
def segment(
    data: DataArgument,
    out: OutOption,
    val: ValOption = None,
    warm_start: WarmOption = None,
    begin_with: BeginOption = None,
    recipe: RecipeOption = None,
    steps: StepsOption = None,
    minutes: MinutesOption = None,
    batch: BatchOption = None,
    size: SizeOption = None,
    rate: RateOption = None,
    seed: SeedOption = None,
    epoch_steps: EpochOption = None,
) -> None:
    """Train the segmenter on crops with polygons; goes on where the folder's run stopped.

    Example: meter-infer train segment data/crops data/photo_crops=0.3 --out runs/segment --minutes 120
    """
    overrides = _overrides(steps, minutes, batch, size, rate, seed, epoch_steps)
    _train("segment", data, out, val or [], warm_start, begin_with, recipe, overrides)


@train_app.command()
def photographs(
    labels: Annotated[Path, typer.Argument(help="Label file; its pictures lie beside it.")],
    out: OutOption,
    copies: Annotated[int, typer.Option(help="Crops made of every trusted dial.", min=1)] = 20,
    scenes: Annotated[int, typer.Option(help="Detection scenes with pasted instruments.", min=0)] = 1500,
    backgrounds: Annotated[
        list[Path] | None, typer.Option(help="Folders of pictures without gauges, to paste onto.")
    ] = None,
    crop_px: Annotated[int, typer.Option(help="Side of the crops.", min=64, max=1024)] = 256,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Make detection and segmentation data sets out of labelled photographs.

    Example: meter-infer train photographs gauges/train.json --out data/photographs
    """
    from meter_infer.train.photographs import make_data_sets

    summary = make_data_sets(labels, out, copies, scenes, backgrounds or [], seed, crop_px=crop_px)
    Console(stderr=True, markup=False).print("\n".join(f"{name}: {value}" for name, value in summary.items()))


@train_app.command()
def strips(
    task: Annotated[str, typer.Argument(help="dial or tube.", metavar="dial|tube")],
    data: DataArgument,
    out: OutOption,
    photographs: Annotated[
        list[str] | None,
        typer.Option("--photographs", help="The same, labelled by hand; the segmenter has seen them."),
    ] = None,
    begin_with: Annotated[
        Path | None,
        typer.Option("--begin-with", help="Checkpoint, or a strip network's ONNX file, to begin with."),
    ] = None,
    keep: Annotated[
        float,
        typer.Option(help="Share of the weights begun with in those that come out.", min=0.0, max=0.99),
    ] = 0.0,
    minutes: Annotated[float, typer.Option(help="How long to train.", min=0.01)] = 60.0,
    batch: Annotated[int, typer.Option(help="Strips a step.", min=1)] = 32,
    rate: Annotated[float, typer.Option("--rate", help="Peak learning rate.", min=1e-7)] = 2e-3,
    seed: Annotated[int, typer.Option(help="Seed of weights and data.", min=0)] = 0,
    models: Annotated[Path | None, typer.Option(help="Folder with the segmenter; else the packaged.")] = None,
) -> None:
    """Train a strip network on the segmenter's data sets; goes on where the folder's run stopped.

    Example: meter-infer train strips dial data/crops --photographs data/photographs/crops=0.3 --out runs/dial
    """
    _need_extra()
    from meter_infer.backends import BackendOptions
    from meter_infer.models import load_model
    from meter_infer.networks import load_segmenter
    from meter_infer.train.data import DataFolder
    from meter_infer.train.strip_data import StripFolder, StripSource
    from meter_infer.train.strip_network import KINDS
    from meter_infer.train.strips import StripRecipe, StripTraining

    if task not in KINDS:
        raise typer.BadParameter(f"give dial or tube, not '{task}'")
    if keep and begin_with is None:
        raise typer.BadParameter("--keep is a share of the weights begun with; name them by --begin-with")
    console = Console(stderr=True, markup=False)
    folders = [StripFolder(DataFolder.parse(text), by_hand=False) for text in data]
    folders += [StripFolder(DataFolder.parse(text), by_hand=True) for text in photographs or []]
    options = BackendOptions(threads=1, precision="auto")
    console.print(f"the segmenter is {load_model('segment', models).path}")
    with load_segmenter(options=options, models=models) as segmenter:
        source = StripSource(KINDS[task], folders, segmenter)
        recipe = StripRecipe(task, minutes, batch, rate, seed=seed, keep=keep)
        _run(StripTraining(recipe, out, source, begin_with), source.counts, console)


for fit in (graduations, choices, confidence):
    train_app.command()(fit)


def export_onnx_file(
    checkpoint: Path, out: Path, data: str, command: list[str], *, full_precision: bool
) -> None:
    """Write a network as ONNX (free batch, height and width; fp16 on disk) and enter it into the manifest.

    Args:
        checkpoint: of `meter-infer train`.
        out: the file to write.
        data: what the network was trained on.
        command: the commands that made it.
        full_precision: keep float32 weights on disk.
    """
    _need_extra()
    from meter_infer.train.export import export_onnx
    from meter_infer.train.strips import export_strips, is_strips

    if is_strips(checkpoint):
        spec = export_strips(checkpoint, out, data, command, half=not full_precision)
        difference = ""
    else:
        exported = export_onnx(checkpoint, out, half=not full_precision)
        spec, difference = exported.spec(data, command), f", differs by {exported.difference:.2g} at most"
    add_to_manifest(out.parent, spec)
    console = Console(stderr=True, markup=False)
    console.print(f"{out}: {out.stat().st_size / 1e6:.1f} MB{difference}")
    console.print(f"sha256 {spec.sha256}, entered into {out.parent / MANIFEST}")


def _overrides(
    steps: int | None,
    minutes: float | None,
    batch: int | None,
    size: int | None,
    rate: float | None,
    seed: int | None,
    epoch_steps: int | None,
) -> dict[str, object]:
    given = {
        "steps": steps, "minutes": minutes, "batch": batch, "input_size": size, "learning_rate": rate,
        "seed": seed, "epoch_steps": epoch_steps,
    }  # fmt: skip
    if size is not None and size % 32:
        raise typer.BadParameter(f"--size must be a multiple of 32, not {size}")
    return {name: value for name, value in given.items() if value is not None}


def _train(
    task: str,
    data: list[str],
    out: Path,
    val: list[str],
    warm_start: Path | None,
    begin_with: Path | None,
    recipe_file: Path | None,
    overrides: dict[str, object],
) -> None:
    console = Console(stderr=True, markup=False)
    _need_extra()
    from meter_infer.train.data import DataFolder
    from meter_infer.train.loop import Training
    from meter_infer.train.recipe import Task

    recipe = _recipe(Task(task), recipe_file, overrides, warm_start)
    folders = [DataFolder.parse(text) for text in data]
    held_out = [DataFolder(Path(text), split="val") for text in val]
    training = Training(recipe, out, folders, held_out, warm_start, begin_with)
    if training.warm and not training.step:
        console.print(f"warm start: {training.warm}")
    _run(training, training.counts, console)


def _run(training: "Training | StripTraining", counts: Mapping[str, int], console: Console) -> None:
    """Train to the end, and say how it goes; an interrupt ends the command."""
    if training.step:
        console.print(f"going on in {training.out} at step {training.step}")
    for root, count in counts.items():
        console.print(f"{root}: {count} pictures")
    with _terminate_as_interrupt(), _bar(console) as report:
        try:
            training.run(report)
        except KeyboardInterrupt:
            console.print(f"interrupted at step {training.step}; the same command goes on from here")
            raise typer.Exit(130) from None
    console.print(f"done: {training.out / 'last.pt'}")


def _recipe(
    task: "Task", file: Path | None, overrides: dict[str, object], warm_start: Path | None
) -> "Recipe":
    from dataclasses import replace

    from meter_infer.train.recipe import Recipe, default_recipe

    recipe = Recipe.load(file) if file is not None else default_recipe(task)
    if recipe.task is not task:
        raise ModelError(f"{file} is a recipe for `train {recipe.task.value}`, not `train {task.value}`")
    if warm_start is not None:
        overrides = overrides | {"warm_start": warm_start.name}
    return replace(recipe, **overrides)  # type: ignore[arg-type]


@contextmanager
def _bar(console: Console) -> "Iterator[Callable[[TrainingProgress], None]]":
    """Show a progress bar on a terminal, a line now and then elsewhere."""
    bar = Progress(
        BarColumn(), TextColumn("{task.percentage:5.1f} %"), TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console, disable=not console.is_terminal,
    )  # fmt: skip
    task = bar.add_task("", total=1.0)

    def report(progress: "TrainingProgress") -> None:
        text = f"step {progress.step}  {progress.seconds_per_picture * 1000:.0f} ms/picture  " + "  ".join(
            f"{name.removesuffix('_loss')} {value:.3f}" for name, value in progress.losses.items()
        )
        text += "".join(f"  {name} {value:.3f}" for name, value in progress.figures.items() if name in _SHOWN)
        bar.update(task, completed=progress.done, description=text)
        if not console.is_terminal and progress.step % _LINE_STEPS == 0:
            console.print(f"{progress.done:6.1%}  {text}", soft_wrap=True, highlight=False)

    with bar:
        yield report


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Let SIGTERM save the run as Ctrl-C does."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _need_extra() -> None:
    """Raise ModelError when the extra [train] is not installed."""
    for module in ("torch", "ultralytics", "onnx"):
        if find_spec(module) is None:
            raise ModelError(f"training needs {module}: pip install '.[train]' in the checkout")
