"""Time a full read of one 1080p frame with two meters, against ultralytics with the same weights.

    python benchmarks/single_frame.py [--models DIR] [--rounds 8] [--threads 2]

Needs the extra [train]. Both sides get the decoded frame: ours as the decoder's planes, ultralytics
as a BGR array, which spares it the conversion. Both find the meters in the frame and segment the
same two crops, those around the true boxes, so that neither gains by missing a meter; ours goes on
to geometry, reading and calibration. Ultralytics runs as its own format does, in PyTorch with this
model's weights put back into its network, and through ONNX Runtime with the file itself. The
contestants take turns of a few runs each, so that a busy machine is busy for all of them.
"""

import argparse
import logging
import os
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from ultralytics import YOLO
from ultralytics.nn.tasks import DetectionModel, SegmentationModel

from meter_infer.backends import BackendOptions
from meter_infer.calibration import Calibration
from meter_infer.errors import BackendError
from meter_infer.models import ModelFile, load_model
from meter_infer.networks import Detector, load_detector, load_segmenter, load_strips
from meter_infer.pipeline import MeterReader, MeterSetup
from meter_infer.render.scene import Scene, SceneSpec, render_scene
from meter_infer.types import Detection, Frame, MeterKind, Reading
from meter_infer.vision.color import frame_bgr, frame_from_bgr, region_bgr
from meter_infer.vision.letterbox import crop_affine

RUNS_A_TURN = 4
SIZE = (1920, 1080)


class KnownMeters:
    """Runs a detector for its time and answers with the truth, so that all sides read the same meters."""

    def __init__(self, detector: Detector, truth: Sequence[Detection]) -> None:
        self._detector = detector
        self._truth = list(truth)
        self.found = 0

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """Detect, and return the true meters."""
        self.found = sum(map(len, self._detector.detect(frames)))
        return [self._truth for _ in frames]


def draw(seed: int) -> tuple[Scene, list[Detection]]:
    """Render the frame; returns it with its two meters."""
    spec = SceneSpec(size=SIZE, kind=MeterKind.POINTER, count=(2, 2), tilt=(0.0, 0.4), dial_px=(200.0, 420.0))
    for attempt in range(seed, seed + 50):
        scene = render_scene(np.random.default_rng(attempt), spec)
        if len(scene.objects) == 2:
            return scene, [Detection(item.kind, item.box, 1.0) for item in scene.objects]
    raise SystemExit("No frame with two meters could be drawn; give another --seed.")


def our_reads(
    options: BackendOptions, models: Path | None, frame: Frame, truth: Sequence[Detection]
) -> dict[str, Callable[[], list[Reading]]]:
    """The whole path of the product, from frame to readings.

    As on the first look at a camera, which asks for a second crop of a meter in doubt, and as on later ones,
    when only every tenth may, and what earlier looks saw is weighed as well.
    """
    detector = load_detector("openvino", options, models=models)
    segmenter = load_segmenter("openvino", options, models=models)
    strips = load_strips("openvino", options, models)
    known = KnownMeters(detector, truth)
    setups = [
        MeterSetup(
            frame.camera, f"m{i}", each.kind, each.box, Calibration(((0.0, 0.0), (1.0, 10.0))), unit="bar"
        )
        for i, each in enumerate(truth)
    ]

    standing = MeterReader(known, segmenter, setups, strips=strips)
    name = f"{detector.backend.name}"
    return {
        f"{name}, first look": lambda: MeterReader(known, segmenter, setups, strips=strips).read([frame]),
        f"{name}, later looks": lambda: standing.read([frame]),
    }


def torch_network(model: ModelFile) -> YOLO:
    """Ultralytics' own network with the weights of an ONNX file that was exported from one."""
    kind = SegmentationModel if model.spec.task == "segment" else DetectionModel
    network = kind(f"{model.spec.architecture}.yaml", nc=len(model.spec.classes), verbose=False)
    network = network.eval().fuse(verbose=False)
    state = {name: torch.from_numpy(value) for name, value in convolutions(model.data).items()}
    missing = [n for n in network.state_dict() if n not in state and ".dfl." not in n]
    if missing:
        raise SystemExit(f"The ONNX file names its weights otherwise; '{missing[0]}' is not among them.")
    network.load_state_dict(state, strict=False)
    network.names = dict(enumerate(model.spec.classes))
    yolo = YOLO(f"{model.spec.architecture}.yaml", task=model.spec.task, verbose=False)
    yolo.model = network
    return yolo


def convolutions(model: bytes) -> dict[str, NDArray[np.float32]]:
    """Weights and biases of an ONNX file, by ultralytics' names. Equal biases may share an initialiser."""
    graph = onnx.load_from_string(model).graph
    stored = {tensor.name: numpy_helper.to_array(tensor).astype(np.float32) for tensor in graph.initializer}
    for node in graph.node:
        source = node.input[0].removesuffix("_f32") if node.input else ""
        if node.op_type == "Identity" and source in stored:
            stored[node.output[0]] = stored[source]
    found: dict[str, NDArray[np.float32]] = {}
    for node in graph.node:
        if node.op_type in ("Conv", "ConvTranspose"):
            sources = [source.removesuffix("_f32") for source in node.input[1:]]
            name = sources[0].removesuffix(".weight")
            for kind, source in zip(("weight", "bias"), sources, strict=False):
                found[f"{name}.{kind}"] = stored[source].copy()
    return found


def their_read(
    networks: tuple[YOLO, YOLO], sizes: tuple[int, int], frame: Frame, truth: Sequence[Detection]
) -> Callable[[], Any]:
    """Ultralytics' predict: the frame, then the crops. It stops at masks."""
    image = frame_bgr(frame)
    find, part = networks

    def read() -> Any:
        find.predict(image, imgsz=sizes[0], device="cpu", verbose=False)
        return part.predict(crops(frame, image, truth), imgsz=sizes[1], device="cpu", verbose=False)

    return read


def crops(frame: Frame, image: NDArray[np.uint8], truth: Sequence[Detection]) -> list[NDArray[np.uint8]]:
    """The segmenter's squares at native size, as a user of ultralytics would cut them."""
    squares = []
    for each in truth:
        x1, y1, x2, y2 = (round(value) for value in crop_affine(each.box, 1).corners((1, 1)))
        inside = x1 >= 0 and y1 >= 0 and x2 <= frame.width and y2 <= frame.height
        squares.append(
            image[y1:y2, x1:x2] if inside else region_bgr(frame, (x1, y1, x2, y2), (x2 - x1, y2 - y1))
        )
    return squares


def race(contestants: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each run, by contestant.

    They take turns, in an order that is turned by one each round, so that none always follows the same
    other; a turn's first run finds the caches full of another's data and does not count.
    """
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():
        run()
    names = list(contestants)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            contestants[name]()
            for _ in range(RUNS_A_TURN):
                start = time.perf_counter()
                contestants[name]()
                times[name].append((time.perf_counter() - start) * 1000)
    return times


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, help="folder with manifest.yaml (default: the shipped one)")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", nargs="+", default=["auto", "bf16", "f32"], help="of ours, to compare")
    parser.add_argument("--seed", type=int, default=4_000_000)
    arguments = parser.parse_args()
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(arguments.threads)

    scene, truth = draw(arguments.seed)
    frame = frame_from_bgr(scene.image, "bench", 0, datetime.now(UTC), time.monotonic())
    contestants: dict[str, Callable[[], Any]] = {}
    for precision in arguments.precision:
        options = BackendOptions(arguments.threads, precision)
        try:
            reads = our_reads(options, arguments.models, frame, truth)
        except BackendError as error:
            print(f"left out: {error}")
            continue
        for name, read in reads.items():
            contestants.setdefault(name, read)
            for reading in read():
                print(f"{name}: {reading.meter} {reading.fraction} {reading.quality}/{reading.reason}")
    files = (load_model("detect", arguments.models), load_model("segment", arguments.models))
    sizes = (files[0].spec.input_size, files[1].spec.input_size)
    own = (torch_network(files[0]), torch_network(files[1]))
    through_onnx = tuple(YOLO(file.path, task=file.spec.task, verbose=False) for file in files)
    contestants["ultralytics predict, PyTorch"] = their_read(own, sizes, frame, truth)
    contestants["ultralytics predict, ONNX Runtime"] = their_read(
        (through_onnx[0], through_onnx[1]), sizes, frame, truth
    )

    times = race(contestants, arguments.rounds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    base = medians["ultralytics predict, PyTorch"]
    print(
        f"\na {SIZE[0]} x {SIZE[1]} frame, two meters; {arguments.threads} threads each for OpenVINO, torch "
        f"and OpenCV, {cores()} cores; {arguments.rounds} rounds of {RUNS_A_TURN} runs"
    )
    print(f"{'':36}{'median ms':>10}{'mean ms':>9}{'min ms':>9}{'ratio':>8}")
    for name, median in medians.items():
        mean = statistics.fmean(times[name])
        print(f"{name:36}{median:10.1f}{mean:9.1f}{min(times[name]):9.1f}{median / base:8.2f}")


if __name__ == "__main__":
    main()
