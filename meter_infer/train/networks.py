"""The networks under training: built from ultralytics' descriptions, saved without pickled code."""

import platform
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn
from ultralytics.nn.tasks import DetectionModel, SegmentationModel

from meter_infer.errors import ModelError
from meter_infer.train.recipe import CLASS_NAMES, Recipe, Task

CHECKPOINT_FORMAT = 1


def build_network(recipe: Recipe) -> nn.Module:
    """Return the recipe's network with freshly drawn weights (seeded by the recipe)."""
    torch.manual_seed(recipe.seed)
    names = CLASS_NAMES[recipe.task]
    kind = SegmentationModel if recipe.task is Task.SEGMENT else DetectionModel
    network: nn.Module = kind(f"{recipe.architecture}.yaml", nc=len(names), verbose=False)
    network.names = dict(enumerate(names))
    # what ultralytics' losses ask for; masks overlap because landmarks lie on pointer and scale
    network.args = SimpleNamespace(
        box=recipe.box_gain, cls=recipe.class_gain, dfl=recipe.dfl_gain, overlap_mask=False
    )
    return network


def pick_device() -> torch.device:
    """Return the GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_fast_bfloat16(device: torch.device) -> bool:
    """Tell whether bfloat16 is worth using: emulated on a CPU it is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if platform.system() != "Linux":
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def save_checkpoint(path: Path, recipe: Recipe, state: dict[str, Any]) -> None:
    """Write a checkpoint that ``torch.load(weights_only=True)`` accepts, whole or not at all."""
    names = list(CLASS_NAMES[recipe.task])
    write_state(path, {"format": CHECKPOINT_FORMAT, "recipe": recipe.to_plain(), "names": names} | state)


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write what `read_state` reads, whole or not at all. Raises ModelError."""
    partial = path.with_suffix(".partial")
    try:
        torch.save(state, partial)
        partial.replace(path)
    except (OSError, RuntimeError) as error:  # torch's own word for a full disk is RuntimeError
        raise ModelError(f"{path} cannot be written; free some space or choose another folder") from error


def read_state(path: Path) -> Any:
    """Read what was saved with torch, without running any code from it.

    Raises ModelError when the file is missing, damaged, or holds code.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch wonders at files that are refused below anyway
            return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ModelError(f"there is no checkpoint {path}; train one with `meter-infer train`") from error
    except (OSError, RuntimeError, ValueError, EOFError, KeyError) as error:
        raise ModelError(f"{path} is not a readable checkpoint of this project: {error}") from error
    except Exception as error:
        # pickle.UnpicklingError and zipfile.BadZipFile have no common base below Exception
        if type(error).__name__ in {"UnpicklingError", "BadZipFile"}:
            raise ModelError(f"{path} is not a checkpoint of this project; it is refused") from error
        raise


def load_checkpoint(path: Path) -> tuple[Recipe, dict[str, Any]]:
    """Read a checkpoint of detector or segmenter without running any code from it.

    Raises ModelError when the file is missing, damaged, or of another kind.
    """
    state = read_state(path)
    if not isinstance(state, dict) or state.get("format") != CHECKPOINT_FORMAT:
        raise ModelError(f"{path} is not a checkpoint of this project; train it with `meter-infer train`")
    recipe = Recipe.from_plain(state["recipe"], str(path))
    if tuple(state["names"]) != CLASS_NAMES[recipe.task]:
        raise ModelError(f"{path} was trained for other classes ({', '.join(state['names'])}); train anew")
    return recipe, state


def load_network(path: Path) -> tuple[Recipe, nn.Module]:
    """Return a checkpoint's recipe and its averaged (EMA) network in evaluation mode."""
    recipe, state = load_checkpoint(path)
    network = build_network(recipe)
    network.load_state_dict(state["ema"])
    return recipe, network.eval()
