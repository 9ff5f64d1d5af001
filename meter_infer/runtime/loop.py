"""The threads that read: batches from the intake, through the reader, to the dispatcher."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from meter_infer.errors import MeterInferError
from meter_infer.events import Item
from meter_infer.pipeline import MeterSetup
from meter_infer.runtime.intake import Drop, Intake
from meter_infer.runtime.settings import BatchLimits
from meter_infer.types import Frame, Reading

logger = logging.getLogger(__name__)

_TAKE_S = 0.25


class FrameReader(Protocol):
    """Reads the meters of frames; `pipeline.MeterReader` is one.

    With several lanes `read` is called by several threads, never for one camera at the same time, and the
    other methods while nothing is being read.
    """

    def read(self, frames: Sequence[Frame]) -> list[Reading]:
        """Return the readings of all meters of all frames, frame by frame."""

    def verify(self, frame: Frame) -> list[Reading]:
        """Do for a frame what need not hold up its readings, once they are out; return what comes of it."""

    def configure(self, camera: str, meters: Sequence[MeterSetup]) -> None:
        """Replace a camera's meters; those that did not change keep what is known of them."""

    def forget(self, camera: str) -> None:
        """Forget a camera and its meters."""


class LoopListener(Protocol):
    """Who is told what the loop does; called from its thread."""

    def on_batch(self, frames: Sequence[Frame], waited_s: Sequence[float], took_s: float) -> None:
        """Count a batch that was read: how long each frame waited, and how long the reading took."""

    def on_drop(self, camera: str, cause: Drop) -> None:
        """Count a frame that could not be read."""


class ReadingLoop:
    """Takes batches, reads them, and publishes what `judge` makes of the readings.

    Any number of threads may `run` it, each with other cameras' frames in hand. A batch that fails is read
    again frame by frame, so that a frame which breaks the reading costs only itself.
    """

    def __init__(
        self,
        intake: Intake,
        limits: BatchLimits,
        judge: Callable[[Sequence[Frame], Sequence[Reading]], Sequence[Item]],
        publish: Callable[[Sequence[Item]], None],
        listener: LoopListener,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader: FrameReader | None = None
        self._intake = intake
        self.limits = limits
        self._judge = judge
        self._publish = publish
        self._listener = listener
        self._clock = clock
        self._calls: queue.SimpleQueue[Callable[[FrameReader], None]] = queue.SimpleQueue()
        self._gate = threading.Condition()
        self._inside = 0
        """Threads that take or read a batch just now."""
        self._began_s: dict[int, float] = {}
        """When each thread's batch in work began, by the thread's identity."""
        self.failing = 0
        """Batches in a row of which no frame could be read."""
        self.last_failure: str | None = None

    def use(self, reader: FrameReader) -> None:
        """Say what reads; to be called before the thread starts."""
        self._reader = reader

    def call(self, action: Callable[[FrameReader], None]) -> None:
        """Have `action(reader)` run soon, in a thread of the loop, while no batch is being read."""
        self._calls.put(action)

    @property
    def busy_since_s(self) -> float | None:
        """When the oldest batch in work began, monotonic; None while there is none."""
        return min(tuple(self._began_s.values()), default=None)

    def run(self, stop: threading.Event) -> None:
        """Body of the thread."""
        while not stop.is_set():
            self.step()

    def step(self, timeout_s: float = _TAKE_S) -> int:
        """Do what was asked for, then read one batch; return how many frames it had."""
        reader = self._reader
        if reader is None:
            raise RuntimeError("the reading loop runs before it was told what to use")
        self._enter(reader)
        try:
            frames = self._intake.take(self.limits, timeout_s)
            if frames:
                self._work(reader, frames)
            return len(frames)
        finally:
            with self._gate:
                self._inside -= 1
                if not self._calls.empty():
                    self._gate.notify_all()

    def _enter(self, reader: FrameReader) -> None:
        """Do what was asked for, once nobody reads; then count as one who does."""
        with self._gate:
            # another that waited may have done it meanwhile, and be inside by now
            while self._inside and not self._calls.empty():
                self._gate.wait()
            try:
                while not self._calls.empty():
                    self._calls.get()(reader)
            finally:
                self._gate.notify_all()
            self._inside += 1

    def _work(self, reader: FrameReader, frames: Sequence[Frame]) -> None:
        thread = threading.get_ident()
        self._began_s[thread] = began = self._clock()
        try:
            done, readings = self._read(reader, frames)
            took = self._clock() - began
            self._publish(self._judge(done, readings))
            self._listener.on_batch(done, [began - frame.received_s for frame in done], took)
        finally:
            self._intake.done(frames)
            del self._began_s[thread]
        for frame in done:
            self._began_s[thread] = self._clock()
            self._verify(reader, frame)
            del self._began_s[thread]

    def _verify(self, reader: FrameReader, frame: Frame) -> None:
        try:
            readings = reader.verify(frame)
        except Exception as error:  # noqa: BLE001  # logged and counted; what is known of the camera stays
            self._failed(error)
        else:
            if readings:
                self._publish(self._judge([frame], readings))

    def _read(self, reader: FrameReader, frames: Sequence[Frame]) -> tuple[list[Frame], list[Reading]]:
        try:
            readings = reader.read(frames)
        except Exception as error:  # noqa: BLE001  # logged and counted; the frames get a second chance
            self._failed(error)
        else:
            self.failing = 0
            return list(frames), readings
        if len(frames) == 1:
            self._listener.on_drop(frames[0].camera, Drop.ERROR)
            return [], []
        return self._read_singly(reader, frames)

    def _read_singly(self, reader: FrameReader, frames: Sequence[Frame]) -> tuple[list[Frame], list[Reading]]:
        done: list[Frame] = []
        readings: list[Reading] = []
        for frame in frames:
            try:
                readings += reader.read([frame])
            except Exception as error:  # noqa: BLE001  # logged and counted; the other cameras go on
                self._failed(error)
                self._listener.on_drop(frame.camera, Drop.ERROR)
            else:
                done.append(frame)
        if done:
            self.failing = 0
        return done, readings

    def _failed(self, error: Exception) -> None:
        self.failing += 1
        text = f"{type(error).__name__}: {error}"
        if text != self.last_failure or self.failing % 1000 == 0:
            known = isinstance(error, MeterInferError)
            logger.error("Reading a batch failed: %s", text, exc_info=not known)
        self.last_failure = text
