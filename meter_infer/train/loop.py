"""The training loop: ultralytics' networks and losses, this project's data and schedule.

Ultralytics' own trainer was not used because on a CPU it trains in float32, validates with operators
compiled for one exact torch, reads one fixed data set, and cannot follow the clock. What it
computes is the same: task-aligned assignment, box, class, distribution-focal and mask losses, AdamW
with a half cosine, and an exponential average of the weights.
"""

import csv
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn
from ultralytics.utils.torch_utils import ModelEMA

from meter_infer.errors import ModelError
from meter_infer.train.augment import Batch, make_batch
from meter_infer.train.data import DataFolder, Mixture
from meter_infer.train.networks import (
    build_network,
    has_fast_bfloat16,
    load_checkpoint,
    pick_device,
    save_checkpoint,
)
from meter_infer.train.recipe import Recipe
from meter_infer.train.validate import measure
from meter_infer.train.warmstart import is_wider, read_folded_weights, warm_start

LAST = "last.pt"
BEST = "best.pt"
RECIPE = "recipe.yaml"
LOG = "log.csv"
_GRADIENT_LIMIT = 10.0
_FINAL_RATE = 0.02
_UNFOLD_PICTURES = 64
_AVERAGE, _AVERAGE_FROM = 0.998, 200.0
"""The weights kept are an average over some 500 steps, over fewer in the first 200. Ultralytics' own
constants suit runs of 100,000 steps: after 3,000 they average over 4."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is reported after every step."""

    step: int
    done: float
    """Part of the schedule, 0 to 1."""
    losses: dict[str, float]
    """Per picture; smoothed over some dozen steps."""
    seconds_per_picture: float
    learning_rate: float
    pictures: int
    """Training pictures found at the last look."""
    figures: dict[str, float]
    """The last measurement on the validation folders, if any."""


Report = Callable[[Progress], None]


class Training:
    """One training run in one folder; a run that is there already is taken up where it stopped."""

    def __init__(
        self,
        recipe: Recipe,
        out: Path,
        train: Sequence[DataFolder],
        val: Sequence[DataFolder] = (),
        warm_start_file: Path | None = None,
        begin_with: Path | None = None,
    ) -> None:
        """`warm_start_file` is an ONNX file, `begin_with` a checkpoint; neither matters when resuming."""
        self.recipe = recipe
        self.out = out
        self.device = pick_device()
        self._mixture = Mixture(train, recipe.task)
        self._val = list(val)
        self.counts = self._mixture.rescan()
        self._warm_start_file, self._begin_with = warm_start_file, begin_with
        self.warm = ""
        self.step = 0
        self._elapsed_s = 0.0
        self._best = -math.inf
        self._figures: dict[str, float] = {}
        network = build_network(recipe)
        state = self._unfinished()
        if state is None:
            self._begin(network)
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self._ema = ModelEMA(self.network, decay=_AVERAGE, tau=_AVERAGE_FROM)
        self._optimiser = _optimiser(self.network, recipe)
        if state is not None:
            self._resume(state)

    def _begin(self, network: nn.Module) -> None:
        """Put the first weights into a new network."""
        if self._begin_with is not None:
            other, state = load_checkpoint(self._begin_with)
            if (other.task, other.architecture) != (self.recipe.task, self.recipe.architecture):
                raise ModelError(
                    f"{self._begin_with} holds {other.architecture}, not {self.recipe.architecture}"
                )
            network.load_state_dict(state["ema"])
            self.warm = f"all of {self._begin_with.name}"
        elif self._warm_start_file is not None:
            self.warm = self._warm_start(network, self._warm_start_file)

    def _warm_start(self, network: nn.Module, file: Path) -> str:
        weights = read_folded_weights(file)
        rng = np.random.default_rng([self.recipe.seed, 1])
        sample = replace(self.recipe, batch=_UNFOLD_PICTURES, larger_sizes=())
        batch = make_batch(self._mixture, sample, rng, mosaic=False)
        pictures = torch.from_numpy(batch.pictures).float() / 255
        if is_wider(weights, network):
            # imported on use: only this path needs it
            from meter_infer.train.prune import narrow_start

            return str(narrow_start(network, weights, pictures))
        return str(warm_start(network, weights, pictures))

    def _unfinished(self) -> dict[str, Any] | None:
        """Return the state of the run in this folder if there is one."""
        path = self.out / LAST
        if not path.exists():
            return None
        other, state = load_checkpoint(path)
        ours = (self.recipe.task, self.recipe.architecture)
        if (other.task, other.architecture) != ours:
            raise ModelError(f"{path} is a run of {other.architecture}; choose another folder")
        return state

    def _resume(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self._ema.ema.load_state_dict(state["ema"])
        self._ema.updates = int(state["step"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.step = int(state["step"])
        self._elapsed_s = float(state["elapsed_s"])
        self._best = float(state["best"])
        self.warm = str(state["warm_start"])

    @property
    def done(self) -> float:
        """Part of the schedule that lies behind, 0 to 1."""
        if self.recipe.minutes > 0:
            return min(1.0, self._elapsed_s / (60 * self.recipe.minutes))
        return min(1.0, self.step / max(1, self.recipe.steps))

    def run(self, report: Report = lambda progress: None) -> None:
        """Train to the end of the schedule. An interrupt saves first and is then raised again."""
        self.out.mkdir(parents=True, exist_ok=True)
        self.recipe.save(self.out / RECIPE)
        cv2.setNumThreads(1)
        self.network.train()
        try:
            with ThreadPoolExecutor(1, "batches") as pool:
                while self.done < 1.0:
                    self._epoch(pool, report)
                    self._finish_epoch()
        except KeyboardInterrupt:
            self._save(LAST)
            raise

    def _epoch(self, pool: ThreadPoolExecutor, report: Report) -> None:
        self.counts = self._mixture.rescan()
        total = sum(self.counts.values())
        ahead = pool.submit(self._batch, self.step)
        smooth: dict[str, float] = {}
        pace = 0.0
        for _ in range(self.recipe.epoch_steps):
            start = time.monotonic()
            batch = ahead.result()
            ahead = pool.submit(self._batch, self.step + 1)
            losses = self._train_step(batch)
            took = time.monotonic() - start
            self._elapsed_s += took
            self.step += 1
            keep = 0.95 if smooth else 0.0
            smooth = {k: keep * smooth.get(k, 0.0) + (1 - keep) * v for k, v in losses.items()}
            pace = keep * pace + (1 - keep) * took / len(batch.pictures)
            rate = self._optimiser.param_groups[0]["lr"]
            report(Progress(self.step, self.done, smooth, pace, rate, total, self._figures))
            if self.done >= 1.0:
                break
        ahead.cancel()
        self._log(smooth, pace)

    def _batch(self, step: int) -> Batch:
        # seeded by the step alone, so that a resumed run sees what an unbroken one would have seen
        rng = np.random.default_rng([self.recipe.seed, 2, step])
        return make_batch(self._mixture, self.recipe, rng, mosaic=self.done < self.recipe.mosaic_until)

    def _train_step(self, batch: Batch) -> dict[str, float]:
        self._set_rate()
        x = torch.from_numpy(batch.pictures).to(self.device).float().div_(255)
        x = x.contiguous(memory_format=torch.channels_last)
        targets = {
            "batch_idx": torch.from_numpy(batch.picture_index),
            "cls": torch.from_numpy(batch.classes),
            "bboxes": torch.from_numpy(batch.boxes),
            "masks": torch.from_numpy(batch.masks),
        }
        targets = {name: value.to(self.device) for name, value in targets.items()}
        with torch.autocast(self.device.type, torch.bfloat16, enabled=has_fast_bfloat16(self.device)):
            outputs = self.network(x)
        loss, items = self.network.loss(targets | {"img": x}, _as_float32(outputs))
        self._optimiser.zero_grad(set_to_none=True)
        loss.sum().backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), _GRADIENT_LIMIT)
        self._optimiser.step()
        self._ema.update(self.network)
        return {name: float(value) for name, value in items.items() if float(value) != 0.0}

    def _set_rate(self) -> None:
        share = rate_share(self.step, self.recipe.warmup_steps, self.done, _FINAL_RATE)
        for group in self._optimiser.param_groups:
            group["lr"] = self.recipe.learning_rate * share

    def _finish_epoch(self) -> None:
        if self._val:
            self._figures = measure(self._ema.ema, self.recipe, self._val, self.device)
            if self._figures["score"] >= self._best:
                self._best = self._figures["score"]
                self._save(BEST)
            with (self.out / "figures.csv").open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([self.step, k, f"{v:.5g}"] for k, v in self._figures.items())
        self._save(LAST)

    def _save(self, name: str) -> None:
        state: dict[str, Any] = {
            "step": self.step,
            "elapsed_s": self._elapsed_s,
            "best": float(self._best),
            "warm_start": self.warm,
            "ema": self._ema.ema.state_dict(),
        }
        if name == LAST:
            state |= {"network": self.network.state_dict(), "optimiser": self._optimiser.state_dict()}
        save_checkpoint(self.out / name, self.recipe, state)

    def _log(self, losses: dict[str, float], pace: float) -> None:
        path = self.out / LOG
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "done", "elapsed_s", "s_per_picture", "pictures", *losses])
            row = [self.step, f"{self.done:.4f}", f"{self._elapsed_s:.0f}", f"{pace:.4f}"]
            writer.writerow([*row, sum(self.counts.values()), *(f"{v:.4f}" for v in losses.values())])


def rate_share(step: int, warmup_steps: int, done: float, final: float) -> float:
    """Return the share of the peak learning rate: a linear warm-up, then half a cosine down to `final`."""
    warm = min(1.0, (step + 1) / max(1, warmup_steps))
    return warm * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * done)))


def _optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW; norms and biases do not decay."""
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for parameter in network.parameters():
        if parameter.requires_grad:
            (decayed if parameter.ndim > 1 else free).append(parameter)
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.999))


def _as_float32(outputs: dict[str, Any]) -> dict[str, Any]:
    """The losses run in float32 whatever the network ran in."""
    return {
        name: [part.float() for part in value] if isinstance(value, list) else value.float()
        for name, value in outputs.items()
    }
