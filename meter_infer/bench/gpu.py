"""How long each stage takes on the card, by its own clock, and how much of its memory's speed is used."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from meter_infer.bench.clips import Clip
from meter_infer.cuda.device import Device, Event, Stream
from meter_infer.gpu.networks import GpuNetworks
from meter_infer.gpu.session import GpuSession
from meter_infer.pipeline import MeterReader
from meter_infer.reading.strip import MeterStrips
from meter_infer.sources.open import open_source
from meter_infer.types import Detection, Frame
from meter_infer.vision.letterbox import input_shape

_WARM_UP = 3
_COPY_BYTES = 256 << 20
_COPIES = 10


@dataclass(frozen=True, slots=True)
class GpuFigures:
    """What was measured; times are medians over all rounds."""

    device: str
    engine: str
    batch: int
    meters: float
    """Meters found in a frame, mean."""
    rounds: int
    stages_ms: dict[str, float]
    """Of one batch: each stage of the detector (`detect ...`) and the segmenter (`segment ...`)."""
    networks_ms: float
    """One batch from frames in host memory to segments, by the wall clock."""
    reading_ms: float
    """One batch from frames in host memory to readings, by the wall clock."""
    host_ms: float
    """Processor time of this process for a frame, from frames to readings."""
    copy_gb_s: float
    """Bytes read and written by a copy within the card, each second."""
    resample_share: float
    """Bytes that the picture kernel must move for the detector over its time, as a share of `copy_gb_s`."""

    @property
    def frames_per_s(self) -> float:
        """Frames a second, from frames to readings, one batch after the other."""
        return self.batch / self.reading_ms * 1000

    def as_json(self) -> dict[str, Any]:
        """Return all of it for a JSON file."""
        return asdict(self) | {"frames_per_s": self.frames_per_s}


class _Stages:
    """Records an event after each stage, and sums the times between them."""

    def __init__(self, device: Device, stream: Stream) -> None:
        self._device, self._stream = device, stream
        self._events: list[Event] = []
        self._names: list[str] = []
        self.prefix = ""
        self.rounds: dict[str, list[float]] = defaultdict(list)

    def begin(self, prefix: str) -> None:
        self.prefix = prefix
        self._names.clear()
        self("begin")

    def __call__(self, stage: str) -> None:
        if len(self._names) == len(self._events):
            self._events.append(self._device.event())
        self._device.record(self._events[len(self._names)], self._stream)
        self._names.append(stage)

    def end(self) -> None:
        self._device.synchronize(self._events[len(self._names) - 1])
        total: dict[str, float] = defaultdict(float)
        for place, name in enumerate(self._names[1:]):
            total[name] += self._device.elapsed_ms(self._events[place], self._events[place + 1])
        for name, value in total.items():
            self.rounds[f"{self.prefix} {name}"].append(value)


def measure_gpu(
    networks: GpuNetworks, strips: MeterStrips, batches: Sequence[Sequence[Frame]], rounds: int
) -> GpuFigures:
    """Run every batch in turn, `rounds` times in all. Raises BackendError where the card fails.

    Each batch has the same number of frames, of one size.
    """
    chosen = [batches[k % len(batches)] for k in range(rounds + _WARM_UP)]
    stages, walls, found = networks.session(lambda device, session: _staged(device, session, chosen))
    reader = MeterReader(networks, networks, strips=strips)
    readings: list[float] = []
    cpu: list[float] = []
    for frames in chosen:
        began, used = time.perf_counter(), time.process_time()
        reader.read(frames)
        readings.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - used) * 1000 / len(frames))
    copy = networks.session(lambda device, session: _copy_rate(device, session.stream))
    frame, count = batches[0][0], len(batches[0])
    width, height = input_shape((frame.width, frame.height), 640)
    planes = frame.luma.size + sum(plane.size for plane in frame.chroma or ())
    half = networks.session(lambda device, session: session.takes_half)
    moved = count * (planes + 3 * width * height * (2 if half else 4))
    resample_ms = median(stages["detect resample"][_WARM_UP:])
    return GpuFigures(
        device=networks.session(lambda device, session: f"{device.name} sm_{device.architecture}"),
        engine=networks.name,
        batch=count,
        meters=sum(len(each) for each in found) / max(1, len(found)),
        rounds=rounds,
        stages_ms={name: median(times[_WARM_UP:]) for name, times in stages.items()},
        networks_ms=median(walls[_WARM_UP:]),
        reading_ms=median(readings[_WARM_UP:]),
        host_ms=median(cpu[_WARM_UP:]),
        copy_gb_s=copy,
        resample_share=moved / resample_ms / 1e6 / copy,
    )


def load_batches(clips: Sequence[Clip], sets: int) -> list[list[Frame]]:
    """Return `sets` batches of one frame of each clip, spread over the clips. Raises SourceError."""
    batches: list[list[Frame]] = [[] for _ in range(sets)]
    for number, clip in enumerate(clips):
        every = max(1, clip.frames // sets)
        with open_source(str(clip.path), f"camera-{number}", every) as source:
            for batch, frame in zip(batches, source, strict=False):
                batch.append(frame)
    return [batch for batch in batches if len(batch) == len(clips)]


def _staged(
    device: Device, session: GpuSession, batches: Sequence[Sequence[Frame]]
) -> tuple[dict[str, list[float]], list[float], list[list[Detection]]]:
    stages = _Stages(device, session.stream)
    walls: list[float] = []
    found: list[list[Detection]] = []
    before, session.mark = session.mark, stages
    try:
        for frames in batches:
            began = time.perf_counter()
            stages.begin("detect")
            detections = session.detect(frames)
            stages.end()
            items = [(f, each.box) for f, some in zip(frames, detections, strict=True) for each in some]
            stages.begin("segment")
            session.segment(items)
            stages.end()
            walls.append((time.perf_counter() - began) * 1000)
            found += detections
    finally:
        session.mark = before
    return stages.rounds, walls, found


def _copy_rate(device: Device, stream: Stream) -> float:
    """Return bytes read and written by copies within the card, GB/s."""
    source, target = device.allocate(_COPY_BYTES), device.allocate(_COPY_BYTES)
    first, last = device.event(), device.event()
    try:
        for _ in range(2):  # the first run warms up
            device.record(first, stream)
            for _ in range(_COPIES):
                device.copy(target.address, source.address, _COPY_BYTES, stream)
            device.record(last, stream)
            device.synchronize(last)
        return 2 * _COPIES * _COPY_BYTES / device.elapsed_ms(first, last) / 1e6
    finally:
        source.free()
        target.free()
