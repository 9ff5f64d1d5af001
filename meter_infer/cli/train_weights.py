"""`meter-infer train graduations`, `choices` and `confidence`: weights that belong to a pair of networks.

After new networks they are fitted in this order: the confidence judges what the other two choose.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from meter_infer.cli.outputs import make_room
from meter_infer.types import MeterKind

if TYPE_CHECKING:
    from meter_infer.pipeline import MeterDetector, MeterSegmenter

    Collected = TypeVar("Collected")
    Collect = Callable[[Iterable[Path], MeterDetector, MeterSegmenter, Callable[[], None]], Collected]

LabelsArgument = Annotated[
    list[Path], typer.Argument(help="Label files of gauges that no network was trained on.")
]
ModelsOption = Annotated[Path | None, typer.Option(help="Folder with the networks; else the packaged.")]


def _shares(text: str) -> Any:
    """Return an option of two shares, of dials and of level gauges."""
    return typer.Option(help=text, metavar="DIALS LEVELS", min=0.0, max=0.5)


def graduations(
    labels: LabelsArgument,
    out: Annotated[Path, typer.Option(help="The module to write, meter_infer/reading/comb_weights.py.")],
    models: ModelsOption = None,
) -> None:
    """Fit what tells the graduation of a level gauge from other combs; the first of three fits.

    Example: meter-infer train graduations data/tune/truth.json --out meter_infer/reading/comb_weights.py
    """
    from meter_infer.networks import load_strips
    from meter_infer.train.graduations import collect_combs, write_comb_weights

    make_room(out)
    console = Console(stderr=True, markup=False)
    with load_strips(models=models) as strips:
        fit = _collected(partial(collect_combs, strips=strips), labels, models, console).fit()
    write_comb_weights(out, fit.weights)
    console.print(f"{fit.seen} combs, {fit.share:.1%} of them graduations")


def choices(
    labels: LabelsArgument,
    out: Annotated[Path, typer.Option(help="The module to write, meter_infer/reading/choice_weights.py.")],
    models: ModelsOption = None,
) -> None:
    """Fit what speaks for a dial's scale ends and pointer; the second of three fits.

    Example: meter-infer train choices data/tune/truth.json --out meter_infer/reading/choice_weights.py
    """
    from meter_infer.train.choices import collect_choices, write_choice_weights

    make_room(out)
    console = Console(stderr=True, markup=False)
    collected = _collected(collect_choices, labels, models, console)
    ends, pointer = (choice.fit() for choice in collected)
    write_choice_weights(out, ends.weights, pointer.weights)
    for choice, fit in zip(collected, (ends, pointer), strict=True):
        console.print(
            f"{choice.what}: {fit.looks} looks, in {fit.possible} the right choice is possible; wrong with "
            f"the weights so far {fit.before}, with new ones fitted to other pictures {fit.after}"
        )


def confidence(
    labels: LabelsArgument,
    out: Annotated[Path, typer.Option(help="The module to write, meter_infer/reading/weights.py.")],
    wanted: Annotated[
        tuple[float, float],
        _shares("Largest shares of wrong readings among the good ones, of dials and of level gauges."),
    ] = (0.015, 0.015),
    wanted_placed: Annotated[
        tuple[float, float],
        _shares("The same of meters calibrated by points in the picture."),
    ] = (0.005, 0.01),
    models: ModelsOption = None,
) -> None:
    """Fit when a reading may be called good: the weights of its evidence and their threshold; the last fit.

    Example: meter-infer train confidence data/tune/truth.json --out meter_infer/reading/weights.py
    """
    from meter_infer.networks import load_strips
    from meter_infer.train.confidence import collect_looks, write_weights

    make_room(out)
    console = Console(stderr=True, markup=False)
    with load_strips(models=models) as strips:
        looks = _collected(partial(collect_looks, strips=strips), labels, models, console)
    shares = {
        False: dict(zip(MeterKind, wanted, strict=True)),
        True: dict(zip(MeterKind, wanted_placed, strict=True)),
    }
    fits = {use: found.fit(shares[use.placed][use.kind]) for use, found in looks.items()}
    write_weights(out, fits)
    for use, fit in fits.items():
        how = "calibrated by points" if use.placed else "by its scale's ends"
        console.print(
            f"{use.kind}, {how}: {len(looks[use].errors)} looks, threshold {fit.accept:.2f}; "
            f"of those held out {fit.coverage:.1%} are good, {fit.wrong:.1%} of these wrong"
        )


def _collected(
    collect: "Collect[Collected]", labels: list[Path], models: Path | None, console: Console
) -> "Collected":
    """Return what `collect` finds in the labelled pictures, with a bar that shows how far it is."""
    from meter_infer.evaluation.labels import load_labels
    from meter_infer.networks import load_detector, load_segmenter

    count = sum(len(load_labels(path)) for path in labels)
    detector, segmenter = load_detector(models=models), load_segmenter(models=models)
    with Progress(TextColumn("looking"), BarColumn(), TimeElapsedColumn(), console=console) as bar:
        line = bar.add_task("looking", total=count)
        return collect(labels, detector, segmenter, lambda: bar.advance(line))
