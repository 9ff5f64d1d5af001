"""Batches of decoded frames through this product and through ultralytics' `predict`, on the same card.

    python -m benchmarks.gpu_peers [--backend tensorrt] [--device cuda:0] [--streams 8] [--rounds 60]

Prints frames a second. Needs the extras [train] and [gpu]. A batch is one 1080p frame of each of `--streams`
rendered cameras with two meters. Both sides get it in the computer's memory, ours as the decoder's planes,
ultralytics as BGR arrays, which spares it the conversion, and both run the same weights at every frame: the
detector on the batch, the segmenter on all squares around what was found, again in batches. Ours goes on to
readings; theirs ends at masks. The sides take turns of a few rounds each. On a computer without a card,
`--backend openvino --device cpu` shows that the program runs; its figures say nothing about cards.
"""

import argparse
import logging
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from ultralytics import YOLO

from benchmarks.peers import square
from benchmarks.single_frame import torch_network
from meter_infer.backends import ON_GPU, BackendOptions
from meter_infer.bench.clips import cache_folder, make_clips
from meter_infer.bench.gpu import load_batches
from meter_infer.models import load_model
from meter_infer.networks import load_gpu_networks, load_networks, load_strips
from meter_infer.pipeline import MeterReader
from meter_infer.render.video import VideoSpec
from meter_infer.types import Frame
from meter_infer.vision.color import frame_bgr

SETS = 4
WARM_UP = 3
ROUNDS_A_TURN = 10


def predicting(networks: tuple[YOLO, YOLO], sizes: tuple[int, int], device: str) -> Callable[[Any], int]:
    """Return what runs `predict` on a batch of BGR arrays; it returns how many meters were found."""
    find, part = networks
    half = device != "cpu"

    def run(images: Sequence[Any]) -> int:
        results = find.predict(list(images), imgsz=sizes[0], device=device, half=half, verbose=False)
        squares = [square(r.orig_img, box) for r in results for box in r.boxes.xyxy.tolist()]
        if squares:
            part.predict(squares, imgsz=sizes[1], device=device, half=half, verbose=False)
        return len(squares)

    return run


def reading(reader: MeterReader) -> Callable[[Sequence[Frame]], int]:
    """Return what reads a batch of frames; it returns how many readings there were."""
    return lambda frames: len(reader.read(frames))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, help="folder with manifest.yaml (default: the shipped one)")
    parser.add_argument("--backend", default="tensorrt")
    parser.add_argument("--device", default="cuda:0", help="where ultralytics runs")
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=60)
    arguments = parser.parse_args()
    logging.getLogger("ultralytics").setLevel(logging.ERROR)

    specs = [
        VideoSpec(seconds=2, size=(1920, 1080), seed=seed, pointers=2, levels=0, as_camera=True)
        for seed in range(arguments.streams)
    ]
    batches = load_batches(make_clips(cache_folder(), specs, lambda _: None), SETS)
    images = [[frame_bgr(frame) for frame in frames] for frames in batches]
    files = (load_model("detect", arguments.models), load_model("segment", arguments.models))
    sizes = (files[0].spec.input_size, files[1].spec.input_size)
    theirs = predicting((torch_network(files[0]), torch_network(files[1])), sizes, arguments.device)
    load = load_gpu_networks if arguments.backend in ON_GPU else load_networks
    networks = load(arguments.backend, BackendOptions(precision="auto"), arguments.models)
    strips = load_strips(arguments.backend, models=arguments.models)
    reader = MeterReader(networks, networks, strips=strips)
    try:
        sides: dict[str, tuple[Callable[[Any], int], Sequence[Any]]] = {
            f"meter_infer, {networks.name}": (reading(reader), batches),
            f"ultralytics, PyTorch on {arguments.device}": (theirs, images),
        }
        times: dict[str, list[float]] = {name: [] for name in sides}
        found = dict.fromkeys(sides, 0)
        for turn in range(-1, max(1, arguments.rounds // ROUNDS_A_TURN)):
            for name, (run, inputs) in sides.items():
                for number in range(WARM_UP if turn < 0 else ROUNDS_A_TURN):
                    began = time.perf_counter()
                    found[name] = run(inputs[number % len(inputs)])
                    if arguments.device != "cpu":
                        torch.cuda.synchronize()
                    if turn >= 0:
                        times[name].append(time.perf_counter() - began)
    finally:
        networks.close()
    rates = {name: arguments.streams / statistics.median(each) for name, each in times.items()}
    for name, rate in rates.items():
        print(f"{name:48}{rate:8.1f} frames a second ({found[name]} meters in the last batch)")
    ours, predict = rates.values()
    print(f"{arguments.streams} frames of 1920 x 1080 a batch: {ours / predict:.1f} times ultralytics")


if __name__ == "__main__":
    main()
