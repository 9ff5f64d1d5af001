"""Which frame was which, when it came, and what was published of it."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from meter_infer.events import Item
from meter_infer.render.stamp import read_number
from meter_infer.sources.base import Closing, Source
from meter_infer.types import Frame, Quality, Reading, Reason

_OWED = frozenset({Reason.NO_SIGNAL, Reason.STALE})


def _is_owed(reading: Reading) -> bool:
    """Say whether a reading was not made from a picture."""
    return reading.quality is Quality.BAD and reading.reason in _OWED


@dataclass(slots=True)
class _Camera:
    clip_frames: int
    numbers: list[int | None] = field(default_factory=list)
    """By the service's index of a frame: its number in all that the camera sent."""
    arrived_s: list[float] = field(default_factory=list)
    """The same for its arrival, monotonic."""
    last: int = -1


@dataclass(frozen=True, slots=True)
class Published:
    """A reading that reached the sinks."""

    camera: str
    number: int
    """Which of the camera's frames it was made from, counted from the first that was sent."""
    meter: str
    value: float | None
    good: bool
    arrived_s: float
    published_s: float


class Ledger:
    """Knows each frame by the number drawn into it. Written by the cameras' threads and the sink's."""

    def __init__(self, clip_frames: dict[str, int]) -> None:
        self._cameras = {camera: _Camera(frames) for camera, frames in clip_frames.items()}
        self._items: list[tuple[float, Reading]] = []
        self._lock = threading.Lock()

    def arrived(self, frame: Frame) -> None:
        """Note a frame that was decoded; to be called for each, in order."""
        camera = self._cameras[frame.camera]
        drawn = read_number(frame.luma)
        number = None
        if drawn is not None:  # a recording that is repeated counts on
            number = camera.last + 1 + (drawn - camera.last - 1) % camera.clip_frames
            camera.last = number
        camera.numbers.append(number)
        camera.arrived_s.append(frame.received_s)

    def published(self, items: Sequence[Item]) -> None:
        """Note what reached the sinks."""
        now = time.monotonic()
        readings = [(now, item) for item in items if isinstance(item, Reading) and not _is_owed(item)]
        with self._lock:
            self._items += readings

    def decoded(self) -> dict[str, list[tuple[int, float]]]:
        """Return (number, arrival) of the frames that were decoded and recognised, by camera."""
        return {
            name: [(n, at) for n, at in zip(camera.numbers, camera.arrived_s, strict=False) if n is not None]
            for name, camera in self._cameras.items()
        }

    def last_numbers(self) -> dict[str, int]:
        """Return the highest number of each camera of which a reading was published; -1 for none."""
        with self._lock:
            latest = {item.camera: item.frame for _, item in self._items}
        return {
            name: next((n for n in reversed(camera.numbers[: latest.get(name, -1) + 1]) if n is not None), -1)
            for name, camera in self._cameras.items()
        }

    def count(self) -> int:
        """Return how many readings were published so far."""
        return len(self._items)

    def readings(self) -> Iterator[Published]:
        """Return what was published, of frames that were recognised."""
        with self._lock:
            items = list(self._items)
        for at, item in items:
            camera = self._cameras[item.camera]
            number = camera.numbers[item.frame] if item.frame < len(camera.numbers) else None
            if number is not None:
                good = item.quality is Quality.GOOD
                arrived = camera.arrived_s[item.frame]
                yield Published(item.camera, number, item.meter, item.value, good, arrived, at)


class LedgerSink:
    """A sink of the live service that only notes when what came."""

    name = "ledger"
    backlog = 0
    dropped = 0
    problem: str | None = None

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def write(self, items: Sequence[Item]) -> None:
        """Note the readings."""
        self._ledger.published(items)

    def tick(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


class NotedSource(Closing):
    """A source whose frames are noted as they come."""

    def __init__(self, source: Source, ledger: Ledger) -> None:
        self._source, self._ledger = source, ledger
        self.name, self.fps, self.frame_count = source.name, source.fps, source.frame_count

    @property
    def problem(self) -> str | None:
        """What could not be read."""
        return self._source.problem

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._source:
            self._ledger.arrived(frame)
            yield frame

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()
