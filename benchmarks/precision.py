"""How far readings move when the networks compute in fewer bits, or on the GPU's kernels: no GPU needed.

    python benchmarks/precision.py PICTURES [LIMIT]

Each picture is read by the CPU path in float32, and by the networks rewritten for float16 and for int8, in
ONNX Runtime on the CPU, which rounds every tensor as a GPU does. Printed is the difference of the fraction of
the scale, for meters that are read in both and trusted in the first.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from meter_infer.backends import BackendOptions, create_backend
from meter_infer.backends.precision import activation_ranges, half_network, int8_network
from meter_infer.gpu.engines import TASKS, calibration_inputs
from meter_infer.models import Task, load_model
from meter_infer.networks import Detector, Segmenter
from meter_infer.pipeline import MeterReader
from meter_infer.reading.quality import GOOD
from meter_infer.types import Frame
from meter_infer.vision.color import frame_from_bgr

SAME_PX = 20
Places = dict[tuple[float, float], tuple[float, bool]]


class Half:
    """A float16 network as a backend; its ports are those of the float32 network."""

    name = "onnxruntime-f16"

    def __init__(self, model: bytes) -> None:
        import onnxruntime as ort

        settings = ort.SessionOptions()
        settings.log_severity_level, settings.intra_op_num_threads = 4, 1
        providers = ["CPUExecutionProvider"]
        self._session = ort.InferenceSession(half_network(model), settings, providers=providers)
        with create_backend("onnxruntime", model) as plain:
            self.inputs, self.outputs = plain.inputs, plain.outputs

    def infer(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run a batch."""
        return tuple(self._session.run(None, {self.inputs[0].name: images.astype(np.float16)}))

    def close(self) -> None:
        """Nothing is held."""


def networks(kind: str) -> MeterReader:
    """Return a reader whose networks compute in `kind`."""
    loaded = {}
    for task in TASKS:
        model = load_model(task)
        if kind == "f16":
            backend = Half(model.data)
        else:
            data = model.data if kind == "f32" else quantised(task, model.data, model.spec.input_size)
            backend = create_backend("onnxruntime", data, BackendOptions(threads=1))
        made = Detector if task == "detect" else Segmenter
        loaded[task] = made(backend, model.spec.input_size)
    return MeterReader(loaded["detect"], loaded["segment"])


def quantised(task: Task, model: bytes, size: int) -> bytes:
    """Return the int8 network, calibrated with the pictures that ship."""
    return int8_network(model, activation_ranges(model, calibration_inputs(task, size, None)))


def main() -> None:
    """Read all pictures in all kinds and print how far the readings are apart."""
    folder, limit = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None
    paths = sorted(folder.glob("*.jpg"))[:limit]
    frames: list[Frame] = [
        frame_from_bgr(cv2.imread(str(path)), path.stem, 0, datetime(2024, 1, 1, tzinfo=UTC))
        for path in paths
    ]
    plain = looks(networks("f32"), frames)
    for kind in ("f16", "int8"):
        compare(kind, plain, looks(networks(kind), frames))


def looks(reader: MeterReader, frames: list[Frame]) -> list[Places]:
    """Return each frame's readings by their place: the fraction, and whether it is trusted."""
    found: list[Places] = []
    for frame in frames:
        readings = [r for r in reader.read([frame]) if r.fraction is not None and r.box is not None]
        # not the quality: a meter without a configuration is never called good
        found.append({r.box.center: (r.fraction, r.confidence >= GOOD) for r in readings})
    reader.close()
    return found


def compare(kind: str, plain: list[Places], others: list[Places]) -> None:
    """Print how far trusted readings moved."""
    moved, lost = [], 0
    for places, other in zip(plain, others, strict=True):
        for place, (fraction, trusted) in places.items():
            if not trusted:
                continue
            near = min(other, key=lambda o, p=place: np.hypot(o[0] - p[0], o[1] - p[1]), default=None)
            if near is None or np.hypot(near[0] - place[0], near[1] - place[1]) > SAME_PX:
                lost += 1
            else:
                moved.append(100 * abs(other[near][0] - fraction))
    if not moved:
        print(f"{kind}: no trusted readings to compare")
        return
    p50, p95, p99 = np.percentile(moved, (50, 95, 99))
    within = np.mean(np.array(moved) <= 0.1)
    print(
        f"{kind}: {len(moved)} trusted readings, {lost} lost; moved by p50 {p50:.3f}, p95 {p95:.3f}, "
        f"p99 {p99:.3f}, most {max(moved):.3f} % of span; {within:.1%} within 0.1 %",
        flush=True,
    )


if __name__ == "__main__":
    main()
