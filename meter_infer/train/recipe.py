"""A recipe: everything that decides how a network is trained, saved as YAML beside its weights."""

from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from meter_infer.errors import ConfigError
from meter_infer.models import CLASSES


class Task(StrEnum):
    """What a network is trained for."""

    DETECT = "detect"
    SEGMENT = "segment"


CLASS_NAMES: dict[Task, tuple[str, ...]] = {task: CLASSES[task.value] for task in Task}
"""Class names in the order of each network's outputs."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train one network. Lengths are pixels of the network's input unless a name says otherwise."""

    task: Task
    architecture: str
    """Name of an ultralytics model description, such as ``yolov8s-seg``."""
    input_size: int
    """Side of the square that training sees; a multiple of 32."""
    read_size: int
    """Side of the input when the network reads (and is measured); a multiple of 32."""
    larger_sizes: tuple[int, ...] = ()
    """Sides that some batches have instead, smaller in number by the area; drawn with `input_size`."""
    batch: int = 16
    steps: int = 20_000
    """Length of the learning-rate schedule in optimiser steps."""
    minutes: float = 0.0
    """When above 0, the schedule follows the wall clock instead and ends after so many minutes."""
    epoch_steps: int = 250
    """Steps between two looks at the data folders, checkpoints and measurements."""
    learning_rate: float = 1e-3
    """Peak of AdamW's rate; a linear warm-up precedes and a half cosine follows it."""
    warmup_steps: int = 200
    weight_decay: float = 5e-4
    box_gain: float = 7.5
    class_gain: float = 0.5
    dfl_gain: float = 1.5
    seed: int = 0
    rotation_deg: float = 0.0
    """Largest turn of a picture. There is no mirroring: it would exchange the scale's two ends."""
    turned: float = 0.0
    """Probability that a dial is turned by any angle instead; never a level, whose liquid lies below."""
    scale: tuple[float, float] = (1.0, 1.0)
    """Range of the zoom, drawn log-uniformly."""
    stretch: float = 0.0
    """Largest relative difference between the zooms along x and y."""
    translate: float = 0.0
    """Largest shift as a part of the input's side."""
    mosaic: float = 0.0
    """Probability of putting four pictures into one."""
    mosaic_until: float = 0.85
    """Part of the schedule after which mosaics end."""
    colour: float = 1.0
    """Strength of the changes of hue, saturation and brightness; 0 turns them off."""
    degrade: float = 0.25
    """Probability of each of blur, low resolution, noise and JPEG artefacts."""
    warm_start: str = ""
    """Name of the ONNX file whose convolutions the network begins with, if any."""

    def save(self, path: Path) -> None:
        """Write the recipe as YAML."""
        plain = self.to_plain()
        path.write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")

    def to_plain(self) -> dict[str, Any]:
        """Return the settings as plain values for YAML."""
        plain = asdict(self)
        plain |= {"task": self.task.value, "scale": list(self.scale), "larger_sizes": list(self.larger_sizes)}
        return plain

    @classmethod
    def load(cls, path: Path) -> "Recipe":
        """Read a recipe; raises ConfigError for one that cannot be used."""
        try:
            plain = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise ConfigError(f"cannot read the recipe {path}: {error}") from error
        return cls.from_plain(plain, str(path))

    @classmethod
    def from_plain(cls, plain: Any, origin: str) -> "Recipe":
        """Build a recipe from parsed YAML; ``origin`` names it in errors."""
        if not isinstance(plain, dict):
            raise ConfigError(f"{origin} holds no recipe: expected a mapping of settings")
        unknown = sorted(set(plain) - {field.name for field in fields(cls)})
        if unknown:
            raise ConfigError(f"{origin}: unknown settings {', '.join(map(str, unknown))}; remove them")
        try:
            low, high = plain.get("scale", (1.0, 1.0))
            sizes = tuple(int(side) for side in plain.get("larger_sizes", ()))
            parsed = {"task": Task(plain["task"]), "scale": (float(low), float(high)), "larger_sizes": sizes}
            return cls(**(plain | parsed))
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"{origin}: incomplete or malformed recipe ({error})") from error


def default_recipe(task: Task, **changes: Any) -> Recipe:
    """Return the project's recipe for a task with some fields replaced."""
    if task is Task.DETECT:
        # windows of frames at the scale they are read at; the larger ones hold dials that fill a frame
        base = Recipe(
            task=task, architecture="yolov8n", input_size=320, read_size=640, larger_sizes=(480, 640),
            rotation_deg=6.0, scale=(0.5, 2.0), stretch=0.15, translate=0.2, mosaic=0.4,
        )  # fmt: skip
    else:
        base = Recipe(
            task=task, architecture="yolov8s-seg", input_size=256, read_size=256, rotation_deg=10.0,
            turned=0.1, scale=(0.88, 1.1), stretch=0.08, translate=0.05, degrade=0.15,
        )  # fmt: skip
    return replace(base, **changes)
