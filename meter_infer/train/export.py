"""From a checkpoint to the ONNX file that ships: free batch and picture size, float16 on disk."""

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from meter_infer.errors import ModelError
from meter_infer.models import ModelSpec, sha256_of
from meter_infer.train.networks import load_checkpoint, load_network
from meter_infer.train.onnx_fp16 import store_fp16
from meter_infer.train.recipe import CLASS_NAMES, Recipe, Task

OPSET = 17
_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Exported:
    """A written ONNX file and how it was checked."""

    path: Path
    recipe: Recipe
    steps: int
    """Optimiser steps behind the weights."""
    warm_start: str
    """What the training began with; empty for a fresh network."""
    difference: float
    """Largest difference from the network's own outputs, as a part of their largest value."""

    def spec(self, data: str, commands: list[str]) -> ModelSpec:
        """Return the manifest's entry; figures are filled in by the commands that measure."""
        recipe = self.recipe.to_plain()
        trained: dict[str, Any] = {"commands": commands, "data": data, "steps": self.steps, "recipe": recipe}
        if self.warm_start:
            trained["warm_start"] = self.warm_start
        return ModelSpec(
            file=self.path.name,
            sha256=sha256_of(self.path),
            task=self.recipe.task.value,
            architecture=self.recipe.architecture,
            classes=CLASS_NAMES[self.recipe.task],
            input_size=self.recipe.read_size,
            trained=trained,
        )


def export_onnx(checkpoint: Path, out: Path, half: bool = True) -> Exported:
    """Write a checkpoint's averaged network as ONNX and compare the two on random pictures.

    Raises ModelError for a checkpoint that cannot be used, a file that cannot be written, and a file
    that computes something else than the network.
    """
    recipe, network = load_network(checkpoint)
    _, state = load_checkpoint(checkpoint)
    network = network.fuse(verbose=False)
    head = network.model[-1]
    head.export, head.dynamic, head.format = True, True, "onnx"
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "plain.onnx"
            _trace(network, recipe, plain)
            if half:
                store_fp16(plain, out)
            else:
                out.write_bytes(plain.read_bytes())
    except OSError as error:
        raise ModelError(f"cannot write {out}: {error}") from error
    difference = _compare(network, recipe, out)
    if not difference <= _TOLERANCE:
        raise ModelError(f"{out} differs from the network by {difference:.2g}; do not use it")
    return Exported(out, recipe, int(state["step"]), str(state["warm_start"]), difference)


def _trace(network: nn.Module, recipe: Recipe, path: Path) -> None:
    """Trace to ONNX with batch, height and width left open; simplify when onnxslim is there."""
    outputs = ["output0"] + (["output1"] if recipe.task is Task.SEGMENT else [])
    axes = {"images": {0: "batch", 2: "height", 3: "width"}, "output0": {0: "batch", 2: "anchors"}}
    if recipe.task is Task.SEGMENT:
        axes["output1"] = {0: "batch", 2: "mask_height", 3: "mask_width"}
    sample = torch.zeros(2, 3, recipe.read_size, recipe.read_size)
    with warnings.catch_warnings():
        # the tracer warns of Python conditions on shapes, which ultralytics' dynamic head does not have
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (sample,), str(path), input_names=["images"], output_names=outputs,
            dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    try:
        import onnxslim
    except ImportError:
        return
    onnx.save(onnxslim.slim(onnx.load(str(path))), str(path))


def _compare(network: nn.Module, recipe: Recipe, path: Path) -> float:
    """Largest relative difference over two shapes other than the traced one."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for batch, height, width in ((1, recipe.read_size, recipe.read_size), (3, 192, 256)):
        pictures = rng.random((batch, 3, height, width), np.float32)
        with torch.no_grad():
            expected = network(torch.from_numpy(pictures))
        expected = expected if isinstance(expected, tuple) else (expected,)
        for ours, theirs in zip(session.run(None, {"images": pictures}), expected, strict=True):
            scale = float(theirs.abs().max())
            worst = max(worst, float(np.abs(ours - theirs.numpy()).max()) / scale)
    return worst
