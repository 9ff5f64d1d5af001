"""Engines for the two networks: which one is wanted, for which card, and what it is calibrated with."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.backends.engines import EngineRequest, engine_key
from meter_infer.errors import ConfigError, ModelError
from meter_infer.models import ModelSpec, Task, load_model
from meter_infer.resources import data_dir
from meter_infer.types import Frame
from meter_infer.vision.color import frame_from_bgr
from meter_infer.vision.letterbox import input_shape, letterbox

_EPOCH = datetime.fromtimestamp(0, UTC)
TASKS: tuple[Task, ...] = ("detect", "segment")


def image_sides(spec: ModelSpec) -> tuple[int, int]:
    """Return the smallest and the largest side of a network's input, pixels."""
    size = spec.input_size
    return (min(input_shape((16, 1), size)), size) if spec.task == "detect" else (size, size)


def engine_request(
    task: Task, precision: str, gpu: str, models: Path | None = None, images: Path | None = None
) -> EngineRequest:
    """Return the engine that `task` wants on the card `gpu`.

    Args:
        task: which network.
        precision: one of `engines.PRECISIONS`.
        gpu: as in `EngineKey.gpu`.
        models: folder of other models than the shipped ones.
        images: folder of other calibration pictures, with the folders `detect` and `segment`.

    Raises ModelError, BackendUnavailable without TensorRT, and BackendError where the precision is unknown.
    """
    model = load_model(task, models)
    size = model.spec.input_size
    key = engine_key(model.data, precision, gpu, image_sides(model.spec))
    return EngineRequest(key, model.data, partial(calibration_inputs, task, size, images))


def calibration_inputs(task: Task, input_size: int, folder: Path | None) -> Iterator[NDArray[np.float32]]:
    """Yield a network's inputs (1, 3, height, width) from the pictures in ``folder/task``.

    Raises ModelError where there are none.
    """
    try:
        place = (folder if folder is not None else data_dir("calibration") / "images") / task
    except ConfigError as error:
        raise ModelError(str(error)) from error
    pictures = sorted([*place.glob("*.jpg"), *place.glob("*.png")])
    if not pictures:
        raise ModelError(
            f"There are no calibration pictures (.jpg, .png) in '{place}'; put some dozens there."
        )
    for path in pictures:
        image = cv2.imread(str(path))
        if image is None:
            raise ModelError(f"The calibration picture '{path}' cannot be read; remove it.")
        frame = frame_from_bgr(np.asarray(image, np.uint8), path.stem, 0, _EPOCH)
        yield _input(frame, task, input_size)[None]


def _input(frame: Frame, task: Task, input_size: int) -> NDArray[np.float32]:
    size = input_shape((frame.width, frame.height), input_size) if task == "detect" else (input_size,) * 2
    return letterbox(frame, (size[0], size[1]))[0]
