"""`meter-infer bench --gpu`: the networks and kernels on the card, stage by stage."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from meter_infer.backends import ON_GPU, BackendOptions
from meter_infer.bench.clips import cache_folder, make_clips
from meter_infer.bench.gpu import GpuFigures, load_batches, measure_gpu
from meter_infer.errors import ConfigError
from meter_infer.networks import load_gpu_networks, load_strips
from meter_infer.render.video import VideoSpec

_SETS = 4
_ROUNDS = 100


def bench_gpu(specs: list[VideoSpec], backend: str, models: Path | None, console: Console) -> GpuFigures:
    """Measure batches of one frame of each rendered camera; the networks look at every frame.

    Raises ConfigError, ModelError and BackendError.
    """
    name = "tensorrt" if backend == "auto" else backend
    if name not in ON_GPU:
        raise ConfigError(f"--gpu measures {' or '.join(ON_GPU)}; give one of them as --backend.")
    networks = load_gpu_networks(name, BackendOptions(precision="auto"), models)
    try:
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
        ) as bar:
            line = bar.add_task("rendering the cameras", total=sum(spec.frames for spec in specs))
            clips = make_clips(cache_folder(), specs, lambda frames: bar.advance(line, frames))
            bar.update(line, description="measuring", total=None)
            with load_strips(name, models=models) as strips:
                figures = measure_gpu(networks, strips, load_batches(clips, _SETS), _ROUNDS)
    finally:
        networks.close()
    table = Table(title=None, show_header=False, box=None)
    for row in rows_of_gpu(figures):
        table.add_row(*row)
    Console(highlight=False, markup=False).print(table)
    return figures


def rows_of_gpu(figures: GpuFigures) -> list[tuple[str, str]]:
    """Return the figures as they are shown."""
    batch = f"{figures.batch} frames, {figures.meters:.1f} meters each; medians of {figures.rounds} rounds"
    return [
        ("card", figures.device),
        ("engine", figures.engine),
        ("a batch", batch),
        *((stage, f"{value:.3f} ms") for stage, value in figures.stages_ms.items()),
        ("frames to segments", f"{figures.networks_ms:.2f} ms a batch"),
        (
            "frames to readings",
            f"{figures.reading_ms:.2f} ms a batch, {figures.frames_per_s:.0f} frames a second",
        ),
        ("host", f"{figures.host_ms:.2f} ms of processor time a frame"),
        ("copy within the card", f"{figures.copy_gb_s:.0f} GB/s read and written"),
        ("picture kernel", f"{figures.resample_share:.0%} of that, by the bytes it must move"),
    ]
