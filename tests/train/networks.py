"""Small networks and data sets for tests of training; skips where ultralytics cannot be imported."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from meter_infer.train.recipe import Recipe, Task, default_recipe


def need_ultralytics() -> None:
    """Skip the module's tests where the extra [train] is missing or its compiled parts do not load."""
    try:
        import onnx  # noqa: F401
        import ultralytics.nn.tasks  # noqa: F401
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"the extra [train] is not usable here: {error}", allow_module_level=True)


def tiny(task: Task, **changes: object) -> Recipe:
    """A recipe that trains in seconds."""
    size = {"architecture": "yolov8n-seg" if task is Task.SEGMENT else "yolov8n", "input_size": 64}
    return default_recipe(
        task,
        **({"read_size": 64, "larger_sizes": (), "batch": 2, "steps": 4, "epoch_steps": 2} | size | changes),
    )


def write_squares(root: Path, task: Task, count: int = 4) -> Path:
    """A data set of light squares on dark ground."""
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        for part in ("images", "labels"):
            (root / part / split).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            picture = np.full((64, 64, 3), 40, np.uint8)
            x, y = rng.integers(8, 30, 2)
            picture[y : y + 24, x : x + 24] = 220
            cv2.imwrite(str(root / "images" / split / f"{number}.png"), picture)
            corners = np.array([[x, y], [x + 24, y], [x + 24, y + 24], [x, y + 24]]) / 64
            numbers = [*(corners[0] + corners[2]) / 2, 24 / 64, 24 / 64]
            values = corners.ravel() if task is Task.SEGMENT else numbers
            line = "0 " + " ".join(f"{v:.4f}" for v in values)
            (root / "labels" / split / f"{number}.txt").write_text(line + "\n", encoding="utf-8")
    return root
