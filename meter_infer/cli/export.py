"""`meter-infer export`: a trained network to ONNX, or the ONNX networks to TensorRT engines."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from meter_infer.errors import ConfigError


def export_command(
    checkpoint: Annotated[
        Path | None, typer.Argument(help="Checkpoint of `meter-infer train`, such as last.pt.")
    ] = None,
    out: Annotated[
        Path | None, typer.Argument(help="The ONNX file to write, such as models/detect.onnx.")
    ] = None,
    data: Annotated[str, typer.Option(help="What the network was trained on, for the manifest.")] = "",
    command: Annotated[
        list[str] | None, typer.Option(help="Command that made the weights, for the manifest; repeatable.")
    ] = None,
    full_precision: Annotated[bool, typer.Option(help="Keep float32 weights on disk.")] = False,
    engine: Annotated[
        bool, typer.Option("--engine", help="Build TensorRT engines from the ONNX networks instead.")
    ] = False,
    fp16: Annotated[
        bool, typer.Option("--fp16", help="With --engine: compute in float16 (the default).")
    ] = False,
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Make the networks' 8-bit twins for CPUs; with --engine: int8 engines."),
    ] = False,
    fp32: Annotated[bool, typer.Option("--fp32", help="With --engine: compute in float32.")] = False,
    gpu: Annotated[
        str | None,
        typer.Option(
            help="With --engine: build for this compute capability, such as sm86, not the card here."
        ),
    ] = None,
    models: Annotated[
        Path | None,
        typer.Option(help="With --engine or --int8: folder of other models than those shipped."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            help="With --int8: calibration pictures, in the folders detect and segment of this one."
        ),
    ] = None,
    pictures: Annotated[
        int, typer.Option(help="With --int8: rendered pictures on which the twins must read as well.", min=1)
    ] = 120,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="With --engine: build even what was built before.")
    ] = False,
) -> None:
    """Write a network as ONNX, or make 8-bit twins of the ONNX networks, or build TensorRT engines from them.

    ONNX files have free batch, height and width, and fp16 weights; they are entered into the manifest.
    The twins are entered into it as well, with what they read of rendered pictures beside the networks they
    were made from; they are used where the processor computes with 8-bit integers, if they read as well.
    Engines are kept in the cache by model, precision, GPU and TensorRT version; `run` takes them from there.

    \b
    Examples:
      meter-infer export runs/detect/last.pt models/detect.onnx --data "20,000 rendered scenes"
      meter-infer export --int8
      meter-infer export --engine --fp16
    """
    if engine:
        if checkpoint is not None or out is not None:
            raise typer.BadParameter("--engine builds from the networks in the manifest; give --models DIR")
        if fp16 + int8 + fp32 > 1:
            raise typer.BadParameter("give one of --fp16, --int8 and --fp32")
        precision = "int8" if int8 else "f32" if fp32 else "f16"
        _engines(precision, gpu, models, images, rebuild=rebuild or images is not None)
        return
    if int8:
        if checkpoint is not None or out is not None:
            raise typer.BadParameter("--int8 works on the networks in the manifest; give --models DIR")
        _twins(models, images, pictures)
        return
    if checkpoint is None or out is None:
        raise typer.BadParameter("give a checkpoint and the ONNX file to write, or --int8 or --engine")
    from meter_infer.cli.train import export_onnx_file

    export_onnx_file(checkpoint, out, data, command or [], full_precision=full_precision)


def _twins(models: Path | None, images: Path | None, pictures: int) -> None:
    from meter_infer.train.int8 import make_int8

    console = Console(stderr=True, markup=False)
    result = make_int8(models, images, pictures, console.print)
    for name, each in (("networks", result.full), ("8-bit twins", result.int8)):
        console.print(
            f"{name}: of {result.pictures} meters {each.found} found, {each.good} read well, {each.wrong} of "
            f"these wrong by more than 2 %; median error {each.median_error:.3f} % of the scale",
            soft_wrap=True,
        )
    console.print(f"the two differ by {result.median_difference:.3f} % of the scale (median)")
    use = "will be used where the processor suits" if result.holds else "read worse and will not be used"
    console.print(f"the twins {use}; entered into the manifest")


def _engines(
    precision: str, gpu: str | None, models: Path | None, images: Path | None, *, rebuild: bool
) -> None:
    from meter_infer.backends.engines import ensure_engine
    from meter_infer.gpu.engines import TASKS, engine_request

    capability = None if gpu is None else _capability(gpu)
    if capability is None:
        from meter_infer.cuda.pycuda_device import gpu_name

        card = gpu_name()
    else:
        card = f"sm_{capability}"
    console = Console(stderr=True, markup=False)
    for task in TASKS:
        request = engine_request(task, precision, card, models, images)
        with Progress(
            TextColumn("{task.fields[name]}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"),
            TimeElapsedColumn(), TextColumn("{task.description}"),
            console=console, disable=not console.is_terminal,
        ) as bar:  # fmt: skip
            line = bar.add_task("", total=1.0, name=f"{task} {precision}")

            def report(phase: str, share: float, line: int = line, bar: Progress = bar) -> None:
                bar.update(line, completed=share, description=phase)  # type: ignore[arg-type]

            path, built = ensure_engine(request, report, capability=capability, rebuild=rebuild)
        size = path.stat().st_size / 1e6
        state = "built" if built else "there already"
        console.print(f"{task} {precision}, {request.key.gpu}, {request.key.library}: {state}, {size:.1f} MB")
        console.print(str(path), soft_wrap=True, highlight=False)


def _capability(text: str) -> int:
    digits = text.lower().removeprefix("sm").lstrip("_").replace(".", "")
    if not digits.isdigit():
        raise ConfigError(f"'{text}' is no compute capability; give one such as sm86.")
    return int(digits)
