"""The same recordings through this product and through ultralytics' own multi-stream `predict`.

    python -m benchmarks.peers [--streams 8] [--seconds 20]

Prints frames a second. Needs the extra [train]. Both sides decode the same clips themselves, as fast as they
can, with the same weights. Ours is the live service on recordings: it decodes, reads every meter of every
frame, and writes CSV; the networks verify each camera once a second. Theirs is `predict(stream=True)` on all
clips with the detector, and the segmenter's `predict` on the squares around what it found; it ends at masks.
It runs in PyTorch and in ONNX Runtime, and the better of the two counts. The sides take turns.
"""

import argparse
import logging
import tempfile
import threading
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import torch
import yaml
from ultralytics import YOLO

from benchmarks.single_frame import torch_network
from meter_infer.app import ReaderOptions
from meter_infer.backends import options_for
from meter_infer.bench.clips import Clip, cache_folder, make_clips, repeat
from meter_infer.config import load_site
from meter_infer.events import Item
from meter_infer.models import load_model
from meter_infer.render.video import VideoSpec
from meter_infer.service import Service, ServiceOptions
from meter_infer.types import Box, Reading
from meter_infer.vision.letterbox import crop_affine

WARM_S = 6.0


class Counter:
    """A sink of the live service that counts the frames it heard of."""

    name = "counter"
    backlog = 0
    dropped = 0
    problem: str | None = None

    def __init__(self) -> None:
        self.frames: set[tuple[str, int]] = set()

    def write(self, items: Sequence[Item]) -> None:
        """Note the frames."""
        self.frames |= {(item.camera, item.frame) for item in items if isinstance(item, Reading)}

    def tick(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


def ours(clips: list[Clip], seconds: float, models: Path | None) -> float:
    """Frames a second that the service reads of recordings, all meters of each."""
    with tempfile.TemporaryDirectory(prefix="meter-infer-peers-") as name:
        folder = Path(name)
        cameras = {}
        for number, clip in enumerate(clips):
            long = folder / f"cam{number}.mp4"
            repeat(clip.path, long, 30 * seconds)
            meters = {meter: truth.config for meter, truth in clip.meters.items()}
            cameras[f"cam{number}"] = {"url": long.name, "meters": meters}
        content: dict[str, Any] = {
            "cameras": cameras,
            "sinks": {"csv": {"directory": "readings", "every": "frame"}},
        }
        site = folder / "site.yaml"
        site.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        counter = Counter()
        reader = ReaderOptions("openvino", models, engine=options_for("openvino", None))
        service = Service(load_site(site), ServiceOptions(reader, sinks=(counter,)))
        service.start()
        try:
            pause = threading.Event()
            pause.wait(WARM_S)
            before, began = len(counter.frames), time.perf_counter()
            pause.wait(seconds)
            return (len(counter.frames) - before) / (time.perf_counter() - began)
        finally:
            service.stop()


def theirs(networks: tuple[YOLO, YOLO], sizes: tuple[int, int], clips: list[Clip], seconds: float) -> float:
    """Frames a second of ultralytics' `predict` over all clips at once."""
    find, part = networks
    with tempfile.TemporaryDirectory(prefix="meter-infer-peers-") as name:
        sources = Path(name) / "clips.streams"
        sources.write_text("\n".join(str(clip.path) for clip in clips))
        results = find.predict(
            str(sources), stream=True, stream_buffer=True, imgsz=sizes[0], device="cpu", verbose=False
        )
        for _ in islice(results, len(clips)):  # the first of each warms up
            pass
        began, frames = time.perf_counter(), 0
        for result in results:
            squares = [square(result.orig_img, box) for box in result.boxes.xyxy.tolist()]
            if squares:
                part.predict(squares, imgsz=sizes[1], device="cpu", verbose=False)
            frames += 1
            if time.perf_counter() - began > seconds:
                break
        elapsed = time.perf_counter() - began
        results.close()
    return frames / elapsed


def square(image: Any, corners: list[float]) -> Any:
    """The segmenter's square around a box, as far as it lies in the picture."""
    x1, y1, x2, y2 = (round(value) for value in crop_affine(Box(*corners), 1).corners((1, 1)))
    return image[max(0, y1) : max(1, y2), max(0, x1) : max(1, x2)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, help="folder with manifest.yaml (default: the shipped one)")
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clip-seconds", type=float, default=20)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    torch.set_num_threads(arguments.threads)

    specs = [
        VideoSpec(
            seconds=arguments.clip_seconds, size=(1920, 1080), seed=seed, pointers=2, levels=0, as_camera=True
        )
        for seed in range(arguments.streams)
    ]
    clips = make_clips(cache_folder(), specs, lambda _: None)
    files = (load_model("detect", arguments.models), load_model("segment", arguments.models))
    sizes = (files[0].spec.input_size, files[1].spec.input_size)
    own = (torch_network(files[0]), torch_network(files[1]))
    onnx = (
        YOLO(files[0].path, task="detect", verbose=False),
        YOLO(files[1].path, task="segment", verbose=False),
    )
    share = arguments.seconds / 2
    rates: dict[str, float] = {}
    for name, networks in (("ultralytics, PyTorch", own), ("ultralytics, ONNX Runtime", onnx)):
        rates[name] = theirs(networks, sizes, clips, share)
        print(f"{name:28}{rates[name]:8.1f} frames a second", flush=True)
    best = max(rates, key=lambda name: rates[name])
    cv2.setNumThreads(1)
    fast = ours(clips, arguments.seconds, arguments.models)
    print(f"{'meter_infer':28}{fast:8.1f} frames a second", flush=True)
    again = theirs(own if "PyTorch" in best else onnx, sizes, clips, share)
    print(f"{best + ', again':28}{again:8.1f} frames a second")
    print(f"{arguments.streams} streams of 1920 x 1080: {fast / max(again, rates[best]):.1f} times {best}")


if __name__ == "__main__":
    main()
