"""`meter-infer eval`: how good the readings and the detector are on labelled pictures."""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import cv2
import typer
from rich.console import Console
from rich.table import Table

from meter_infer.binding import FOUND_SCORE
from meter_infer.cli.eval_run import (
    Evaluation,
    annotated_names,
    detection_result,
    evaluate_picture,
    far_outside,
    missed_detections,
    missed_outcomes,
    negatives_in,
)
from meter_infer.cli.outputs import (
    keep,
    make_folder,
    make_room,
    require_distinct,
    require_folder_name,
    write_output,
)
from meter_infer.errors import LabelError, SourceError
from meter_infer.evaluation.detection import DetectionFigures, PictureResult, detection_figures
from meter_infer.evaluation.labels import PictureLabel, ScaleUse, load_labels, misspelt_keys
from meter_infer.evaluation.plot import draw_plot
from meter_infer.evaluation.scoring import Figures, Outcome, figures, figures_by_condition
from meter_infer.networks import load_detector, load_segmenter, load_strips
from meter_infer.sinks.pictures import require_picture_name, write_picture
from meter_infer.sources.picture import PICTURE_SUFFIXES
from meter_infer.vision import detect

_CURVE_SCORE = 0.01
"""Average precision looks at detections down to this score, far below the working threshold."""
_WORST = 10


def eval_command(
    labels: Annotated[
        Path, typer.Argument(help="Label file, as described in docs/labels.md.", metavar="LABELS.json")
    ],
    json_out: Annotated[
        Path | None, typer.Option("--json", help="Write the figures and every gauge here.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw errors and figures into this PNG.")] = None,
    annotate: Annotated[
        Path | None, typer.Option(help="Write every picture, with its readings and the truth, here.")
    ] = None,
    calibrated: Annotated[
        bool,
        typer.Option(
            "--calibrated", help="Calibrate each gauge with its labelled numbers; score those gauges alone."
        ),
    ] = False,
    nonlinear: Annotated[
        bool,
        typer.Option("--nonlinear", help="Score non-linear gauges as well, calibrated with their numbers."),
    ] = False,
    by_ends: Annotated[
        bool,
        typer.Option("--by-ends", help="Score non-linear gauges as well, by the values of their ends alone."),
    ] = False,
    detection: Annotated[
        bool, typer.Option("--detection", help="Score where meters are found (mAP50), not what they show.")
    ] = False,
    negatives: Annotated[
        Path | None,
        typer.Option(help="With --detection: a folder of pictures without any meter, searched in depth."),
    ] = None,
    backend: Annotated[str, typer.Option(help="Inference engine: auto, openvino or onnxruntime.")] = "auto",
    models: Annotated[
        Path | None, typer.Option(help="Folder with other models and their manifest.yaml.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Only the first so many pictures.", min=1)] = None,
) -> None:
    """Measure on labelled pictures: error, coverage and confident-wrong readings, by condition.

    Errors are in % of the scale's span and over the GOOD readings alone.
    Coverage is the share of all labelled gauges with a good reading: an
    undetected gauge counts against it. Confident-wrong is the share of good
    readings off by more than 2 % of span. After Ctrl-C or SIGTERM the figures
    are of the pictures that were read so far; the files say "interrupted".

    \b
    Examples:
      meter-infer eval val.json --json val-result.json --plot val.png
      meter-infer eval val.json --calibrated
      meter-infer eval val.json --detection --negatives pictures-without-meters/
    """
    if negatives is not None and not detection:
        raise LabelError("--negatives belongs to --detection; give both.")
    # what OpenCV says about damaged files would stand beside our own sentence
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    every = load_labels(labels)
    empty = _negatives(negatives)
    drawn = None if annotate is None else [annotate / name for name in annotated_names(every)]
    _prepare_outputs(json_out, plot, annotate, drawn or [], labels, [*every, *empty])
    pictures = list(every)[:limit]
    console = Console(stderr=True, markup=False)
    run = Evaluation(backend, models, console)
    if detection:
        _eval_detection(run, [*pictures, *empty], json_out)
        return
    wanted = {ScaleUse.CALIBRATED: calibrated, ScaleUse.MIXED: nonlinear, ScaleUse.ENDS: by_ends}
    uses = [use for use, asked in wanted.items() if asked]
    if len(uses) > 1:
        raise LabelError("--calibrated, --nonlinear and --by-ends exclude each other; give one.")
    use = uses[0] if uses else ScaleUse.RANGE
    _warn(_misspelt(labels))
    if told := _unscored(pictures, use):
        typer.echo(told, err=True)
    title = labels.name if use is ScaleUse.RANGE else f"{labels.name}, {use}"
    _eval_readings(run, pictures, use, drawn, json_out, plot, title)


def _eval_detection(run: Evaluation, pictures: Sequence[PictureLabel], json_out: Path | None) -> None:
    """Score the detector, print and write the figures; of what was looked at, if somebody interrupts."""
    results: list[PictureResult] = []
    with run.keeping(results):
        _detection(run, pictures, results)
    result = detection_figures(results, FOUND_SCORE)
    with ExitStack() as files:  # a closed pipe costs no file
        files.callback(_write_json, json_out, run.marked({"detection": asdict(result)}))
        Console(markup=False).print(_detection_table(result))
        _warn(run.damaged.told(), run.told())
    run.conclude()


def _eval_readings(
    run: Evaluation,
    pictures: Sequence[PictureLabel],
    use: ScaleUse,
    drawn: Sequence[Path] | None,
    json_out: Path | None,
    plot: Path | None,
    title: str,
) -> None:
    """Score the readings, print and write the figures; of what was read, if somebody interrupts."""
    outcomes: list[Outcome] = []
    with run.keeping(outcomes):
        _readings(run, pictures, use, drawn, outcomes)
    by_condition = figures_by_condition(outcomes)
    out = Console(markup=False)
    with ExitStack() as files:  # neither a closed pipe nor a file that fails costs another file
        if plot is not None:
            title += ", interrupted" if run.stopped else ""
            files.callback(_draw, plot, outcomes, by_condition, title)
        files.callback(_write_json, json_out, run.marked(report(outcomes, by_condition)))
        out.print(_figures_table(figures(outcomes), by_condition))
        if any(item.is_good for item in outcomes):
            out.print(_worst_table(outcomes))
        _warn(run.damaged.told(), far_outside(outcomes), run.told())
    run.conclude()


def report(outcomes: Sequence[Outcome], by_condition: dict[str, Figures]) -> dict[str, Any]:
    """Return the content of the JSON file: plain data. Errors in % of span, shares 0 to 1."""
    gauges = []
    for item in outcomes:
        gauge = asdict(item)
        gauge["conditions"] = list(item.conditions)
        gauge["error_pct"] = item.error_pct
        gauges.append(gauge)
    return {
        "all": asdict(figures(outcomes)),
        "by_condition": {name: asdict(item) for name, item in by_condition.items()},
        "gauges": gauges,
    }


def _negatives(folder: Path | None) -> list[PictureLabel]:
    if folder is None:
        return []
    found = list(negatives_in(folder, PICTURE_SUFFIXES))
    if not found:
        raise LabelError(f"{folder} holds no pictures; name a folder of pictures without meters.")
    return found


def _prepare_outputs(
    json_out: Path | None,
    plot: Path | None,
    annotate: Path | None,
    drawn: Sequence[Path],
    labels: Path,
    pictures: Sequence[PictureLabel],
) -> None:
    """Fail before the work where an output cannot be written or would destroy what is read."""
    outputs = (json_out, plot, *drawn)
    require_distinct(outputs)
    keep([labels], "is the label file", outputs)
    keep([picture.path for picture in pictures], "is a picture that is evaluated", outputs)
    if plot is not None:
        require_picture_name(plot)
    if annotate is not None:
        require_folder_name(annotate, "labelled pictures")
        make_folder(annotate)
    for target in (json_out, plot):
        make_room(target)


def _warn(*sentences: str | None) -> None:
    for sentence in sentences:
        if sentence is not None:
            typer.echo(f"warning: {sentence}", err=True)


def _misspelt(labels: Path) -> str | None:
    """Say which keys of the label file are read by nobody and look like mistakes; None without any."""
    keys = misspelt_keys(labels)
    return f"{labels} has keys that are not read: {', '.join(keys)}." if keys else None


def _unscored(pictures: Sequence[PictureLabel], use: ScaleUse) -> str | None:
    """Say how many labelled gauges take no part in the figures, and why; None where all do."""
    missing = [gauge.lacks(use) for picture in pictures for gauge in picture.gauges]
    counts = Counter(key for key in missing if key is not None)
    if not counts:
        return None
    scored = len(missing) - counts.total()
    without = ", ".join(f"{count} without '{key}'" for key, count in counts.most_common())
    return f"{scored} of {len(missing)} labelled gauges are scored; the others cannot be: {without}."


def _readings(
    run: Evaluation,
    pictures: Sequence[PictureLabel],
    use: ScaleUse,
    drawn: Sequence[Path] | None,
    outcomes: list[Outcome],
) -> None:
    """Add the outcomes of each picture to `outcomes`."""
    places = {id(item): path for item, path in zip(pictures, drawn or (), strict=False)}
    scored = [item for item in pictures if any(gauge.scale_for(use) for gauge in item.gauges)]
    if not scored:
        needs = "'scale_points'" if use is ScaleUse.CALIBRATED else "'range'"
        raise LabelError(
            f"No gauge in the label file can be scored; that needs 'box', 'reading' and {needs}."
        )
    with (
        load_detector(run.backend, models=run.models) as detector,
        load_segmenter(run.backend, models=run.models) as segmenter,
        load_strips(run.backend, models=run.models) as strips,
        closing(run.progress(scored)) as labels,
    ):
        run.console.print(f"reading with {detector.engine}")
        for label in labels:
            place = places.get(id(label))
            try:
                result = evaluate_picture(
                    label, detector, segmenter, strips=strips, use=use, draw=place is not None
                )
            except SourceError as error:
                run.damaged.add(label, error)
                outcomes += missed_outcomes(label, use)
                continue
            outcomes += result.outcomes
            if place is not None and result.annotated is not None:
                write_picture(place, result.annotated)
    run.damaged.require_any()


def _detection(run: Evaluation, pictures: Sequence[PictureLabel], results: list[PictureResult]) -> None:
    """Add what was found in each picture to `results`."""
    decode = replace(detect.DEFAULTS, score=_CURVE_SCORE)
    with (
        load_detector(run.backend, decode=decode, models=run.models) as detector,
        closing(run.progress(pictures)) as labels,
    ):
        run.console.print(f"looking with {detector.engine}")
        for label in labels:
            try:
                result = detection_result(label, detector)
            except SourceError as error:
                run.damaged.add(label, error)
                result = missed_detections(label)
            if result is not None:
                results.append(result)
    run.damaged.require_any()


def _figures_table(total: Figures, by_condition: dict[str, Figures]) -> Table:
    table = Table(title="Readings", caption="MAE and p95: good readings, % of span")
    for name in ("condition", "n", "found", "MAE", "p95", "coverage", "confident-wrong"):
        table.add_column(name, justify="left" if name == "condition" else "right")
    for name, item in {"all": total, **by_condition}.items():
        table.add_row(
            name,
            str(item.n),
            str(item.detected),
            _number(item.mae),
            _number(item.p95),
            _share(item.coverage),
            _share(item.confident_wrong),
            style="bold" if name == "all" else None,
        )
    return table


def _worst_table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(title="Largest errors of good readings, % of span")
    for name in ("file", "truth", "read", "off", "confidence"):
        table.add_column(name, justify="left" if name == "file" else "right")
    good = sorted((item for item in outcomes if item.is_good), key=lambda item: -(item.error_pct or 0.0))
    for item in good[:_WORST]:
        read = "" if item.value is None else f"{item.value:.4g}"
        table.add_row(
            f"{item.file} [{item.index}]",
            f"{item.truth:.4g}",
            read,
            _number(item.error_pct),
            f"{item.confidence:.2f}",
        )
    return table


def _detection_table(result: DetectionFigures) -> Table:
    table = Table(title="Detection", show_header=False)
    table.add_row("pictures, boxes", f"{result.pictures}, {result.boxes}")
    for name, value in result.ap50.items():
        table.add_row(f"AP50 {name}", _number(value))
    table.add_row("mAP50", _number(result.map50))
    table.add_row("boxes found above the working threshold", _share(result.recall))
    table.add_row("pictures without a meter", str(result.negatives))
    table.add_row("of those with nothing found", _share(result.clean_negatives))
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.1f} %"


def _draw(path: Path, outcomes: Sequence[Outcome], by_condition: dict[str, Figures], title: str) -> None:
    write_picture(path, draw_plot(outcomes, by_condition, title))


def _write_json(path: Path | None, content: dict[str, Any]) -> None:
    if path is not None:
        write_output(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())
