"""Time each step of the network path on its own, and each engine.

    python benchmarks/pieces.py [--models DIR] [--threads 2]

Inputs are random pictures and crowded random outputs, so decoding is at its worst here.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from meter_infer.backends import BACKENDS, BackendOptions, create_backend
from meter_infer.errors import BackendError, ModelError
from meter_infer.models import load_model
from meter_infer.types import Box
from meter_infer.vision.color import frame_bgr, frame_from_bgr
from meter_infer.vision.detect import decode_detections
from meter_infer.vision.letterbox import crop, crop_affine, letterbox, letterbox_affine
from meter_infer.vision.segment import decode_segments

FRAME = (1920, 1080)
INPUT = (640, 384)
SIDE = 256


def clock(name: str, run: Callable[[], Any], runs: int = 30) -> None:
    """Print the median and the least of some runs."""
    run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    print(f"{name:44}{statistics.median(times):9.2f}{min(times):9.2f}")


def steps() -> None:
    """Time colour, resampling and decoding."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (FRAME[1], FRAME[0], 3), dtype=np.uint8)
    frame = frame_from_bgr(cv2.GaussianBlur(noise, (0, 0), 2).astype(np.uint8), "bench", 0, datetime.now(UTC))
    clock("whole frame to BGR", lambda: frame_bgr(frame))
    clock("letterbox 1920 x 1080 to 640 x 384", lambda: letterbox(frame, INPUT))
    for side in (100, 200, 400, 800):
        box = Box(300.3, 100.2, 300.3 + side, 100.2 + side)
        clock(f"crop of a {side} px meter to 256 x 256", lambda box=box: crop(frame, box, SIDE))  # type: ignore[misc]
    for count in (20, 200, 2000):
        output = np.zeros((6, 5040), np.float32)
        output[:4] = rng.uniform(20, 300, (4, 5040))
        output[4, :count] = rng.uniform(0.3, 1, count)
        affine = letterbox_affine(FRAME, INPUT)
        clock(
            f"decode and suppress {count} candidates",
            lambda output=output, affine=affine: decode_detections(output, affine, FRAME),  # type: ignore[misc]
        )
    output = np.zeros((45, 1344), np.float32)
    output[:4] = rng.uniform(20, 200, (4, 1344))
    for label in range(9):
        output[4 + label, label * 40 : label * 40 + 10] = 0.8
    output[13:] = rng.normal(0, 1, (32, 1344))
    prototypes = rng.normal(0, 1, (32, 64, 64)).astype(np.float32)
    affine = crop_affine(Box(300, 200, 500, 400), SIDE)
    clock(
        "decode parts and masks, 90 candidates",
        lambda: decode_segments(output, prototypes, affine, FRAME, SIDE),
    )


def engines(models: Path | None, threads: int) -> None:
    """Time each network in each engine."""
    for task, (width, height) in (("detect", INPUT), ("segment", (SIDE, SIDE))):
        try:
            model = load_model(task, models)  # type: ignore[arg-type]  # the two tasks there are
        except ModelError as error:
            print(f"left out: {error}")
            continue
        for name in BACKENDS:
            for precision in ("f32", "bf16"):
                try:
                    backend = create_backend(name, model.data, BackendOptions(threads, precision))
                except BackendError as error:
                    print(f"left out: {error}")
                    continue
                with backend:
                    for count in (1, 2):
                        images = np.random.default_rng(0).random((count, 3, height, width), dtype=np.float32)
                        clock(
                            f"{backend.name} {task} {width} x {height}, batch {count}",
                            lambda backend=backend, images=images: backend.infer(images),  # type: ignore[misc]
                            12,
                        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, help="folder with manifest.yaml (default: the shipped one)")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    cv2.setNumThreads(arguments.threads)
    print(f"{'':44}{'median':>9}{'min ms':>9}")
    steps()
    engines(arguments.models, arguments.threads)


if __name__ == "__main__":
    main()
