"""Small stand-ins for what is slow or far away: pictures, a reader, a sink."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from meter_infer.errors import SinkError
from meter_infer.events import Item
from meter_infer.pipeline import MeterSetup
from meter_infer.sources.base import Closing
from meter_infer.types import Frame, MeterKind, Quality, Reading, Reason

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def frame(camera: str, index: int = 0, received_s: float | None = None, at: datetime | None = None) -> Frame:
    luma = np.random.default_rng(index).integers(0, 255, (96, 96), dtype=np.uint8)
    received = time.monotonic() if received_s is None else received_s
    return Frame(camera, index, at or START + timedelta(seconds=index), luma, received_s=received)


def reading(
    camera: str = "cam",
    meter: str = "m",
    value: float | None = 1.0,
    at_s: float = 0.0,
    quality: Quality = Quality.GOOD,
    index: int = 0,
) -> Reading:
    return Reading(
        captured_at=START + timedelta(seconds=at_s),
        camera=camera,
        meter=meter,
        kind=MeterKind.POINTER,
        value=value,
        unit="bar",
        raw=value,
        fraction=None if value is None else value / 10,
        quality=quality,
        reason=Reason.OK if quality is Quality.GOOD else Reason.OCCLUDED,
        confidence=0.9,
        frame=index,
        latency_ms=1.0,
    )


class FakeReader:
    """Reads every frame as the value of its index; breaks on the cameras in `broken`."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.batches: deque[list[str]] = deque(maxlen=100)
        self.meters: dict[str, tuple[MeterSetup, ...]] = {}
        self.hold = threading.Event()
        self.hold.set()
        self.held: tuple[Frame, ...] = ()
        """The last batch that had to wait because `hold` was clear."""
        self.threads: set[str] = set()

    def read(self, frames: Sequence[Frame]) -> list[Reading]:
        self.threads.add(threading.current_thread().name)
        if not self.hold.is_set():
            self.held = tuple(frames)
            self.hold.wait(60)
        self.batches.append([frame.camera for frame in frames])
        bad = self.broken & {frame.camera for frame in frames}
        if bad:
            raise ValueError(f"cannot read {sorted(bad)}")
        return [
            replace(
                reading(item.camera, setup.meter, float(item.index), index=item.index),
                captured_at=item.captured_at,
            )
            for item in frames
            for setup in self.meters.get(item.camera, ())
        ]

    def verify(self, frame: Frame) -> list[Reading]:
        return []

    def configure(self, camera: str, meters: Sequence[MeterSetup]) -> None:
        self.meters[camera] = tuple(meters)

    def forget(self, camera: str) -> None:
        self.meters.pop(camera, None)


class FakeSource(Closing):
    """Frames from memory at a given rate; `fail` ends them."""

    name = "fake"
    fps: float | None = None
    frame_count: int | None = None
    problem: str | None = None

    def __init__(self, camera: str, period_s: float = 0.01, count: int | None = None) -> None:
        self._camera = camera
        self._period_s = period_s
        self._count = count
        self.stop = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        index = 0
        while not self.stop.wait(self._period_s) and (self._count is None or index < self._count):
            yield frame(self._camera, index, at=datetime.now(UTC))
            index += 1

    def close(self) -> None:
        self.stop.set()


class ListSink:
    """Keeps what it is given; raises SinkError while `full`, and waits while `hold` is clear."""

    backlog = 0
    dropped = 0
    problem: str | None = None

    def __init__(self, name: str = "list") -> None:
        self.name = name
        self.items: list[Item] = []
        self.full = False
        self.hold = threading.Event()
        self.hold.set()
        self.closed = False
        self.poison: Item | None = None

    def write(self, items: Sequence[Item]) -> None:
        self.hold.wait(60)
        if self.full:
            raise SinkError("The disk is full; free some space.")
        if self.poison is not None and self.poison in items:
            raise ValueError("poison")
        self.items += items

    def tick(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    @property
    def readings(self) -> list[Reading]:
        return [item for item in self.items if isinstance(item, Reading)]


def until(true: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Wait until a condition holds; fail where it does not in time, which a busy machine may need much of."""
    stop = threading.Event()
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, "the condition did not come true in time"
        stop.wait(0.01)
