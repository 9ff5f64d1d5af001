"""Training a strip network: the loop, and the ONNX file."""

import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import torch
from torch import nn
from torch.nn import functional

from meter_infer.errors import ModelError
from meter_infer.models import CLASSES, ModelSpec, sha256_of
from meter_infer.reading.strip import HINTS, PLACES, ROWS
from meter_infer.train.loop import Progress, Report, rate_share
from meter_infer.train.networks import has_fast_bfloat16, pick_device, read_state, write_state
from meter_infer.train.onnx_fp16 import store_fp16
from meter_infer.train.strip_data import StripSource
from meter_infer.train.strip_network import ARCHITECTURE, KINDS, PLAIN, StripNetwork, StripTask, grown
from meter_infer.train.warmstart import warm_start_strips

LAST = "last.pt"
OPSET = 17
_AVERAGE, _AVERAGE_FROM = 0.998, 10.0
_GRADIENT_LIMIT = 5.0
_FINAL_RATE = 0.01
_TOLERANCE = 0.05
_UNFOLD_WITH = 64
"""Strips that show the statistics of a network that begins with an ONNX file."""
_RESCAN = 500
"""Steps between two looks for new pictures, and between two checkpoints."""


@dataclass(frozen=True, slots=True)
class StripRecipe:
    """How to train one strip network."""

    task: StripTask
    minutes: float = 60.0
    """Length of the schedule by the clock."""
    batch: int = 32
    learning_rate: float = 2e-3
    """Peak of AdamW's rate; a linear warm-up precedes and a half cosine follows it."""
    warmup_steps: int = 200
    weight_decay: float = 1e-3
    seed: int = 0
    keep: float = 0.0
    """Share of the weights begun with in those that come out, 0 to 1: the mean of two ends of one way is
    often better than either (Wortsman et al., Robust fine-tuning of zero-shot models, 2022)."""


class StripTraining:
    """One training run in one folder; a run that is there already is taken up where it stopped."""

    def __init__(
        self, recipe: StripRecipe, out: Path, source: StripSource, begin_with: Path | None = None
    ) -> None:
        """`begin_with`: a checkpoint of another run, or `export_strips`'s ONNX file. Raises ModelError."""
        self.recipe, self.out = recipe, out
        self._source = source
        self.device = pick_device()
        self.step, self._elapsed_s, self.earlier = 0, 0.0, 0
        torch.manual_seed(recipe.seed)
        network = StripNetwork(KINDS[recipe.task])
        state = load_strip_state(out / LAST, recipe.task) if (out / LAST).exists() else None
        if state is not None and state["architecture"] == PLAIN:
            raise ModelError(
                f"{out / LAST} is a run of the network before this one, which is not trained any more; begin "
                f"another with it: --begin-with {out / LAST} --out NEW"
            )
        if state is None and begin_with is not None:
            if begin_with.suffix.lower() == ".onnx":
                sample = np.random.default_rng([recipe.seed, *b"begin"])
                strips = np.stack([source.draw(sample).image for _ in range(_UNFOLD_WITH)])
                warm_start_strips(network, begin_with, torch.from_numpy(strips))
            else:
                first = load_strip_state(begin_with, recipe.task)
                _take(network, outcome(first))
                self.earlier = int(first["step"]) + int(first["earlier"])
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self._average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self._first = {k: v.clone() for k, v in self._average.items()}
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        if state is not None:
            self.network.load_state_dict(state["network"])
            for name, value in state["average"].items():
                self._average[name].copy_(value)  # wherever the network is
            for name, value in state.get("first", {}).items():
                self._first[name].copy_(value)
            self._optimiser.load_state_dict(state["optimiser"])
            self.step, self.earlier = int(state["step"]), int(state["earlier"])
            self._elapsed_s = float(state["elapsed_s"])

    @property
    def done(self) -> float:
        """Part of the schedule that lies behind, 0 to 1."""
        return min(1.0, self._elapsed_s / (60 * self.recipe.minutes))

    def run(self, report: Report = lambda progress: None) -> None:
        """Train to the end of the schedule. An interrupt saves first and is then raised again."""
        self.out.mkdir(parents=True, exist_ok=True)
        cv2.setNumThreads(1)
        self.network.train()
        smooth: float | None = None
        began = self.step
        try:
            with ThreadPoolExecutor(1, "strips") as pool:
                ahead = pool.submit(self._batch, self.step)
                while self.done < 1.0:
                    start = time.monotonic()
                    images, targets = ahead.result()
                    ahead = pool.submit(self._batch, self.step + 1)
                    loss = self._train_step(images, targets)
                    took = time.monotonic() - start
                    self._elapsed_s += took
                    self.step += 1
                    smooth = loss if smooth is None else 0.98 * smooth + 0.02 * loss
                    rate = float(self._optimiser.param_groups[0]["lr"])
                    pictures = sum(self._source.counts.values())
                    pace = self._elapsed_s / self.step / len(images)
                    report(Progress(self.step, self.done, {"nats": smooth}, pace, rate, pictures, {}))
                    if self.step % _RESCAN == 0:
                        self._save()
                        self._source.rescan()
                ahead.cancel()
        finally:
            if self.step > began:  # else there is nothing to keep, and weights at random are no run
                self._save()

    def _batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        rng = np.random.default_rng([self.recipe.seed, step])
        samples = [self._source.draw(rng) for _ in range(self.recipe.batch)]
        images, targets = (np.stack(part) for part in zip(*samples, strict=True))
        return torch.from_numpy(images), torch.from_numpy(targets)

    def _train_step(self, images: torch.Tensor, targets: torch.Tensor) -> float:
        recipe = self.recipe
        share = rate_share(self.step, recipe.warmup_steps, self.done, _FINAL_RATE)
        for group in self._optimiser.param_groups:
            group["lr"] = recipe.learning_rate * share
        images, targets = images.to(self.device), targets.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=has_fast_bfloat16(self.device)):
            scores = self.network(images)
        # A row of zeros, whose truth nobody knows, adds nothing.
        loss = -(functional.log_softmax(scores.float(), 2) * targets).sum() / targets.sum().clamp(min=1.0)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), _GRADIENT_LIMIT)
        self._optimiser.step()
        keep = min(_AVERAGE, 1 - 1 / ((self.step + self.earlier) / _AVERAGE_FROM + 2))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                mean = self._average[name]
                mean.lerp_(value, 1 - keep) if mean.is_floating_point() else mean.copy_(value)
        return float(loss.detach())

    def _save(self) -> None:
        state = {
            "recipe": asdict(self.recipe),
            "architecture": ARCHITECTURE,
            "step": self.step,
            "earlier": self.earlier,
            "elapsed_s": self._elapsed_s,
            "network": self.network.state_dict(),
            "average": self._average,
            **({"first": self._first} if self.recipe.keep else {}),
            "optimiser": self._optimiser.state_dict(),
        }
        write_state(self.out / LAST, state)


def outcome(state: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Return the weights that came out of a run: its average, and of the weights begun with what it keeps."""
    average: dict[str, torch.Tensor] = state["average"]
    keep = float(state["recipe"].get("keep", 0.0))
    if not keep:
        return average
    first: dict[str, torch.Tensor] = state["first"]
    return {
        name: torch.lerp(value, first[name], keep) if value.is_floating_point() else value
        for name, value in average.items()
    }


def _take(network: StripNetwork, weights: dict[str, torch.Tensor]) -> None:
    """Give a network the weights of a run; what an earlier one lacks adds nothing as yet."""
    network.load_state_dict({**network.state_dict(), **grown(weights, network)})


def load_strip_state(path: Path, task: StripTask | None = None) -> dict[str, Any]:
    """Read a checkpoint of `StripTraining`, of `task` unless that is None. Raises ModelError."""
    state = read_state(path)
    if not isinstance(state, dict) or state.get("architecture") not in (ARCHITECTURE, PLAIN):
        raise ModelError(f"{path} is no run of `meter-infer train strips`.")
    if task is not None and state["recipe"]["task"] != task:
        raise ModelError(
            f"{path} is a run of `train strips {state['recipe']['task']}`; choose another folder."
        )
    return state


def is_strips(path: Path) -> bool:
    """Say whether a file is a checkpoint of a strip network."""
    try:
        load_strip_state(path)
    except ModelError:
        return False
    return True


def export_strips(
    checkpoint: Path, out: Path, data: str, commands: list[str], *, half: bool = True
) -> ModelSpec:
    """Write a checkpoint's averaged network as ONNX (free batch); return its manifest entry.

    `half`: fp16 weights on disk.

    Raises ModelError for a checkpoint that cannot be used, a file that cannot be written, and a file that
    computes something else than the network.
    """
    state = load_strip_state(checkpoint)
    task: StripTask = state["recipe"]["task"]
    kind = KINDS[task]
    network = StripNetwork(kind)
    _take(network, outcome(state))
    network.eval()
    shape = 3 + HINTS[kind], ROWS, PLACES[kind]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            plain = Path(folder) / "plain.onnx"
            # the tracer warns of conditions on shapes, all of which are fixed but the batch
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network, (torch.zeros(2, *shape),), str(plain), input_names=["images"],
                output_names=["scores"], dynamic_axes={"images": {0: "batch"}, "scores": {0: "batch"}},
                opset_version=OPSET, dynamo=False,
            )  # fmt: skip
            if half:
                store_fp16(plain, out)
            else:
                out.write_bytes(plain.read_bytes())
    except OSError as error:
        raise ModelError(f"cannot write {out}: {error}") from error
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    images = np.random.default_rng(0).random((3, *shape), np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(images)).numpy()
    difference = float(
        np.abs(session.run(None, {"images": images})[0] - expected).max() / np.abs(expected).max()
    )
    if not difference <= _TOLERANCE:
        raise ModelError(f"{out} differs from the network by {difference:.2g}; do not use it")
    steps = int(state["step"]) + int(state["earlier"])
    trained = {"commands": commands, "data": data, "steps": steps, "recipe": dict(state["recipe"])}
    return ModelSpec(
        out.name, sha256_of(out), task, ARCHITECTURE, CLASSES[task], PLACES[kind], trained=trained
    )
